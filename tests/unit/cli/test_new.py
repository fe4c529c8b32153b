"""`new` without a terminal: flags, defaults, and usage errors that name the flag."""

from pathlib import Path

import pytest

from innominatus_cli.cli import main
from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.operations.init import init_repository


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "web-shop"
    init_repository(folder, "web-shop")
    monkeypatch.chdir(folder)
    return folder


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["workflow"], "Missing option --name: its name"),
        (["application", "--no-input"], "Missing option --name: its name"),
        (["provider", "databases"], "Missing option --resource-type: the type"),
        (["workflow", "x", "--product", "storefrnt"], "--product: there is no product 'storefrnt': did you mean"),
        (["product", "x", "--phase", "deploy"], "--phase: there is no phase 'deploy': did you mean 'deployment'?"),
        (
            ["workflow", "x", "--tier", "platform", "--product", "storefront"],
            "--product: with the other answers it has no meaning",
        ),
        (["product", "x", "--step-type", "script,scrpt"], "--step-type: there is no step type 'scrpt'"),
        (["workflow", "Not A Name", "--tier", "platform"], "--name: 'Not A Name' must be a name"),
        (["product", "x", "--description", ""], "--description: something must be said here"),
        (["workflow", "x", "--name", "y"], "NAME is 'x', and --name is 'y'"),
        (["application", "x-y", "--template", "worker", "--port", "80"], "--port: with the other answers"),
        (["application", "x-y", "--image", "node"], "--image: the image of container 'web' has no tag"),
        (["application", "x-y", "--memory", "lots"], "--memory: 'memory' is 'lots'"),
        (["application", "x-y", "--cpu", "fast", "--memory", "lots"], "--cpu: 'cpu' is 'fast'"),
        (["application", "x-y", "--port", "99999"], "--port: '99999' is no port"),
        (
            ["application", "x-y", "--template", "api-with-database", "--language", "go"],
            "--language: there is no language 'go': there is node or python",
        ),
        (["policy", "x", "--allow-step-type", "spaceship"], "there is no step type 'spaceship'"),
        (["policy", "x", "--require-workflow", "spaceship"], "there is no platform workflow 'spaceship'"),
        (["policy", "x", "--require-approval", "mars"], "there is no environment 'mars'"),
        (["policy", "x", "--allow-executor", "ada"], "there is no team 'ada'"),
        (["workflw", "x"], "`new` makes no 'workflw': did you mean 'workflow'?"),
        (["spaceship"], "there is application, workflow, product"),
    ],
)
def test_what_cannot_be_is_a_usage_error_and_writes_nothing(
    repository: Path, arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = files(repository)

    assert main.run(["new", *arguments]) == ExitStatus.USAGE
    assert told in " ".join(capsys.readouterr().err.split())
    assert files(repository) == before


def test_without_a_product_a_workflow_of_one_needs_the_flag(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    assert main.run(["new", "workflow", "x", "--tier", "product"]) == ExitStatus.USAGE
    assert "--product" in capsys.readouterr().err
    assert main.run(["new", "workflow", "x", "--product", "shop"]) == ExitStatus.USAGE
    assert "`innominatus-ctl new product shop` makes it" in capsys.readouterr().err


@pytest.mark.parametrize("name", [["report"], ["--name", "report"], ["report", "--name", "report"]])
def test_a_name_is_an_argument_or_a_flag(repository: Path, name: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["new", "workflow", *name, "--product", "storefront"]) == ExitStatus.OK

    told = capsys.readouterr().out
    assert told.startswith("Wrote 1 file:\n  workflows/products/storefront/report.yaml\n")
    assert (repository / "workflows/products/storefront/report.yaml").is_file()
    assert "test-product-workflow workflows/products/storefront/report.yaml apps/web-shop/score.yaml" in told


def test_a_second_time_is_a_finding_and_force_says_what_it_replaced(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.run(["new", "application", "reports"]) == ExitStatus.OK
    (repository / "apps/reports/server.js").write_text("changed")
    capsys.readouterr()

    assert main.run(["new", "application", "reports"]) == ExitStatus.FINDINGS
    assert capsys.readouterr().err.count("ORC-2098") == 2
    assert (repository / "apps/reports/server.js").read_text() == "changed"
    assert main.run(["new", "application", "reports", "--force"]) == ExitStatus.OK
    assert "  apps/reports/server.js (replaced)\n" in capsys.readouterr().out


def test_a_dry_run_shows_every_file(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = files(repository)

    assert main.run(["new", "product", "cards", "--allow", "--dry-run"]) == ExitStatus.OK
    told = capsys.readouterr().out
    assert told.startswith("Would write 2 files:\n")
    assert "  admin-config.yaml (one entry added)\n" in told
    assert "\n# workflows/products/cards/setup.yaml\n# yaml-language-server: $schema=../../../.innominatus/" in told
    assert "    - cards/setup\n" in told
    assert files(repository) == before


def test_below_the_repository_s_folder_files_go_where_they_belong(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(repository / "workflows/products")

    assert main.run(["new", "application", "reports"]) == ExitStatus.OK
    assert (repository / "apps/reports/score.yaml").is_file()
    assert "Next:\n  cd ../..\n  innominatus-ctl validate apps/reports/score.yaml\n" in capsys.readouterr().out


def test_a_broken_admin_config_is_told_and_nothing_is_written(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "admin-config.yaml").write_text("policies: [\n")
    before = files(repository)

    assert main.run(["new", "application", "reports", "--product", "storefront"]) == ExitStatus.FINDINGS
    assert "admin-config.yaml:" in capsys.readouterr().err
    assert files(repository) == before


def test_values_with_commas_are_several(repository: Path) -> None:
    arguments = ["new", "workflow", "both", "--tier", "platform", "--step-type", "script, security"]

    assert main.run(arguments) == ExitStatus.OK
    text = (repository / "workflows/platform/both.yaml").read_text()
    assert text.index("type: script") < text.index("type: security")


@pytest.mark.usefixtures("repository")
def test_a_product_that_nobody_chose_of_several_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["new", "application", "reports"]) == ExitStatus.OK
    assert "Its product" not in capsys.readouterr().out
    assert main.run(["new", "product", "cards"]) == ExitStatus.OK
    assert main.run(["new", "application", "bills"]) == ExitStatus.OK
    assert "Its product is 'storefront' (`--product` names another one)." in capsys.readouterr().out


def test_a_product_whose_workflows_policies_refuse_is_told_with_the_name_that_was_meant(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = repository / "admin-config.yaml"
    text = config.read_text()
    config.write_text(text.replace("- storefront/database-setup", "- storefront/database-stup"))
    assert config.read_text() != text

    assert main.run(["new", "application", "reports"]) == ExitStatus.OK

    told = capsys.readouterr().out
    assert "Policies will refuse to deploy it" in told
    assert "  'storefront/database-setup' is not in allowedProductWorkflows (admin-config.yaml:" in told
    assert "which has 'storefront/database-stup' and no workflow of that name." in told


def test_of_several_products_the_default_is_one_that_can_be_deployed(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shelf = repository / "workflows" / "products" / "a-shelf"
    shelf.mkdir()
    theirs = (repository / "workflows/products/storefront/database-setup.yaml").read_text()
    (shelf / "database-setup.yaml").write_text(theirs.replace("product: storefront", "product: a-shelf"))
    assert main.run(["new", "application", "reports"]) == ExitStatus.OK
    told = capsys.readouterr().out
    assert "Its product is 'storefront'" in told
    assert "refuse" not in told
