"""Overlays are checked together with their Score file, and what is wrong stands where somebody wrote it."""

from pathlib import Path

import pytest

from innominatus_cli.documents.kinds import base_of_overlay, overlay_path
from innominatus_cli.operations.checking import CheckRequest, check

SCORE = """\
apiVersion: score.dev/v1b1
metadata: {name: shop}
containers:
  web:
    image: registry.example.com/web:1.2
    variables: {LEVEL: info}
"""
OVERLAY = "score.overrides.staging.yaml"


@pytest.fixture
def there(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / "score.yaml").write_text(SCORE)
    return tmp_path


def found(there: Path, *paths: str) -> list[tuple[str, str]]:
    result = check(CheckRequest(paths=paths, directory=str(there), cache=False))
    return [(f"{one.place.path}:{one.place.line}:{one.place.column}", one.code.number) for one in result.findings]


@pytest.mark.parametrize("paths", [(OVERLAY,), (".",), (), (OVERLAY, "score.yaml")], ids=str)
def test_a_broken_overlay_is_found_at_its_place_however_it_is_asked_for(there: Path, paths: tuple[str, ...]) -> None:
    (there / OVERLAY).write_text(
        "containers:\n  wbe: {imge: x}\n  web: {variables: [1], image: 5}\nservice: {ports: {web: {port: none}}}\n"
    )
    assert found(there, *paths) == [
        (f"{OVERLAY}:2:3", "ORC-2227"),
        (f"{OVERLAY}:2:8", "ORC-1034"),
        (f"{OVERLAY}:2:9", "ORC-1033"),
        (f"{OVERLAY}:3:20", "ORC-1035"),
        (f"{OVERLAY}:3:32", "ORC-1035"),
        (f"{OVERLAY}:4:31", "ORC-1035"),
    ]


def test_a_score_file_alone_is_not_held_against_its_overlays(there: Path) -> None:
    (there / OVERLAY).write_text("containers: 5\n")
    assert found(there, "score.yaml") == []


def test_what_is_wrong_with_the_score_file_is_told_once_and_there(there: Path) -> None:
    (there / "score.yaml").write_text(SCORE.replace("variables: {LEVEL: info}", "variables: 7"))
    for environment in ("staging", "production"):
        (there / f"score.overrides.{environment}.yaml").write_text("containers: {web: {command: [serve]}}\n")
    assert found(there) == [("score.yaml:6:16", "ORC-1035")]
    assert found(there, OVERLAY) == []


def test_a_key_that_an_overlay_deletes_and_the_workload_needs_is_told_at_the_overlay(there: Path) -> None:
    (there / OVERLAY).write_text("containers:\n  web:\n    image: null\n")
    (one,) = check(CheckRequest(paths=(OVERLAY,), directory=str(there), cache=False)).findings
    assert (one.place.path, one.place.line, one.code.number) == (OVERLAY, 1, "ORC-1034")
    assert [related.place.path for related in one.related] == ["score.yaml"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("metadata: {name: shop-staging}\n", [(f"{OVERLAY}:1:18", "ORC-2228")]),
        ("metadata: {name: shop}\n", []),
        ("metadata: {annotations: {example.com/stage: shop-staging}}\n", []),
        ("metadata: {name: null}\n", [(f"{OVERLAY}:1:1", "ORC-1034")]),
    ],
)
def test_an_overlay_does_not_rename_the_application(there: Path, text: str, expected: list[tuple[str, str]]) -> None:
    (there / OVERLAY).write_text(text)
    assert found(there) == found(there, OVERLAY) == expected


def test_rules_of_score_files_hold_for_the_two_together(there: Path) -> None:
    (there / OVERLAY).write_text("containers:\n  web:\n    variables:\n      DB: ${resources.database.host}\n")
    assert [code for place, code in found(there) if place.startswith(f"{OVERLAY}:4:")] == ["ORC-2082"]
    (there / OVERLAY).write_text(
        "containers:\n  web:\n    variables:\n      DB: ${resources.database.host}\n"
        "resources:\n  database: {type: postgres}\n"
    )
    assert found(there) == []


@pytest.mark.parametrize(
    ("text", "code"),
    [("- a\n", "ORC-2100"), ("a: [\n", "ORC-1009"), ("a: 1\n---\nb: 1\n", "ORC-2100"), ("a: 1\na: 2\n", "ORC-1014")],
    ids=["a list", "no YAML", "two documents", "a key twice"],
)
def test_an_overlay_that_is_no_mapping_is_one_finding(there: Path, text: str, code: str) -> None:
    (there / OVERLAY).write_text(text)
    codes = {number for place, number in found(there) if place.startswith(OVERLAY)}
    assert code in codes


def test_an_overlay_that_leads_out_of_the_repository_is_not_read(
    there: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "secret.yaml"
    outside.write_text("token: s3cret\n")
    (there / OVERLAY).symlink_to(outside)
    assert {code for _, code in found(there, OVERLAY)} == {"ORC-1003"}


def test_ignores_of_an_overlay_count_in_it(there: Path) -> None:
    (there / OVERLAY).write_text(
        "containers:\n  wbe: {image: x}  # innominatus: ignore ORC-2227, ORC-2089 -- it is meant\n"
    )
    assert found(there) == []


def test_other_overrides_files_stay_what_somebody_names(there: Path) -> None:
    (there / "overrides.yaml").write_text("containers: 5\n")
    (there / "web.overrides.small.yaml").write_text("containers: 5\n")
    assert found(there) == []
    assert found(there, "overrides.yaml") == [("overrides.yaml:1:1", "ORC-1030")]


@pytest.mark.parametrize("score", ["score.yaml", "a/score.yml", "a.b/score.web.yaml"])
def test_an_overlay_says_its_score_file_and_environment(score: str) -> None:
    assert base_of_overlay(overlay_path(score, "staging")) == (score, "staging")
    assert base_of_overlay(score) is None


@pytest.mark.parametrize(
    "path", ["overrides.yaml", "overrides.prod.yaml", "a/.overrides.x.yaml", "score.overrides.yaml"]
)
def test_other_names_are_no_overlays(path: str) -> None:
    assert base_of_overlay(path) is None
