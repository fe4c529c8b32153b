from pathlib import Path

import pytest
import yaml

from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import CannotContinue
from innominatus_cli.operations.init import application_name_for, init_repository


def _tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_it_says_it_wrote_is_what_is_there(tmp_path: Path) -> None:
    written = init_repository(tmp_path, "web-shop")

    assert sorted(map(str, written)) == sorted(_tree(tmp_path))
    assert Path("apps/web-shop/score.yaml") in written
    assert Path(".gitattributes") in written
    assert Path(".github/workflows/innominatus.yml") in written


def test_no_placeholder_is_left(tmp_path: Path) -> None:
    init_repository(tmp_path, "web-shop")

    for path, text in _tree(tmp_path).items():
        assert b"APPLICATION" not in text, path
        assert b"VERSION" not in text, path
    assert "name: web-shop" in (tmp_path / "apps/web-shop/score.yaml").read_text()


def test_one_file_in_the_way_means_that_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "admin-config.yaml").write_text("mine: true\n")

    with pytest.raises(CannotContinue) as stopped:
        init_repository(tmp_path, "web-shop")

    assert [finding.place.path for finding in stopped.value.findings] == ["admin-config.yaml"]
    assert stopped.value.findings[0].code.number == "ORC-2098"
    assert stopped.value.exit_status is ExitStatus.FINDINGS
    assert _tree(tmp_path) == {"admin-config.yaml": b"mine: true\n"}


def test_a_folder_that_is_a_link_to_elsewhere_is_never_written_through(tmp_path: Path) -> None:
    elsewhere, repository = tmp_path / "elsewhere", tmp_path / "repository"
    elsewhere.mkdir()
    repository.mkdir()
    (repository / "workflows").symlink_to(elsewhere)

    with pytest.raises(CannotContinue):
        init_repository(repository, "web-shop")

    assert _tree(elsewhere) == {}


@pytest.mark.parametrize("name", ["", "x", "Shop", "shop-", "-shop", "a" * 64, "../shop", "shop\n", "7shop"])
def test_a_name_that_score_refuses_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="is no application name"):
        init_repository(tmp_path, name)
    assert _tree(tmp_path) == {}


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("web-shop", "web-shop"),
        ("Web Shop 2", "web-shop-2"),
        ("x", "hello"),
        ("--", "hello"),
        ("a" * 80, "a" * 63),
        ("7 shops", "shops"),
        ("2024", "hello"),
    ],
)
def test_the_folder_names_the_application(tmp_path: Path, folder: str, name: str) -> None:
    assert application_name_for(tmp_path / folder) == name


@pytest.mark.parametrize("name", ["on", "null", "shop"])
def test_the_name_is_text_to_every_reader_of_yaml(tmp_path: Path, name: str) -> None:
    init_repository(tmp_path, name)
    score = (tmp_path / "apps" / name / "score.yaml").read_text()
    assert yaml.safe_load(score)["metadata"]["name"] == name
