"""What a shell is offered while somebody types."""

from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from innominatus_cli.cli.main import command_line

PRODUCT = """\
apiVersion: workflow.dev/v1
kind: ProductWorkflow
metadata: {name: database-setup, product: shop, description: d, owner: o, phase: deployment}
spec:
  triggers: [manual]
  steps: [{name: s, type: script, config: {script: 'true'}}]
"""


def offered(*words: str) -> list[tuple[str, str]]:
    """The kind and value of everything that is offered for the last word."""
    shell = ShellComplete(command_line, {}, "innominatus-ctl", "_INNOMINATUS_CTL_COMPLETE")
    return [(item.type, item.value) for item in shell.get_completions(list(words[:-1]), words[-1])]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "admin-config.yaml").write_text("environments: {development: {}, staging: {}}\n")
    folder = tmp_path / "workflows/products/shop"
    folder.mkdir(parents=True)
    (folder / "database-setup.yaml").write_text(PRODUCT)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize(
    ("words", "values"),
    [
        (("run", "dep"), ["deploy-app"]),
        (("run", "shop/"), ["shop/database-setup"]),
        (("run", "deploy-app", "score.yaml", "--env", ""), ["development", "staging"]),
        (("plan", "--env", "st"), ["staging"]),
        (("show", "shop"), ["shop/database-setup"]),
        (("list-product-workflows", ""), ["shop"]),
        (("deploy", "score.yaml", "--workflow", ""), ["shop/database-setup"]),
        (("new", "p"), ["product", "provider", "policy"]),
        (("new", "workflow", "--product", ""), ["shop"]),
        (("new", "workflow", "--step-type", "scr"), ["script"]),
        (("new", "workflow", "--phase", "p"), ["pre-deployment", "post-deployment"]),
        (("new", "application", "--template", "w"), ["web-service", "worker"]),
        (("new", "policy", "--require-approval", "s"), ["staging"]),
    ],
)
def test_names_of_the_repository_are_offered(words: tuple[str, ...], values: list[str]) -> None:
    assert offered(*words) == [("plain", value) for value in values]


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize(
    "words",
    [
        ("run", "deploy-app", "doc"),
        ("deploy", "doc"),
        ("plan", "doc"),
        ("validate", "doc"),
        ("validate-product-workflow", "doc"),
        ("product", "test", "shop/database-setup", "doc"),
        ("show", "doc"),
    ],
)
def test_where_a_file_is_meant_the_shell_completes_paths(words: tuple[str, ...]) -> None:
    assert offered(*words) == [("file", "doc")]


def test_another_directory_is_looked_into(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    assert offered("-C", str(elsewhere), "list-product-workflows", "") == []
    assert offered("-C", str(repository), "list-product-workflows", "") == [("plain", "shop")]


def test_what_cannot_be_read_offers_nothing(repository: Path) -> None:
    (repository / "admin-config.yaml").write_text("environments: [\n")
    assert offered("plan", "--env", "") == []


@pytest.mark.parametrize(
    ("words", "values"),
    [
        (("explain", "ORC-201"), [f"ORC-201{digit}" for digit in range(10)]),
        (("explain", "orc-2001"), ["ORC-2001"]),
        (("explain", "2001"), ["2001"]),
        (("explain", "--block", "p"), ["plan", "policy"]),
        (("explain", "--severity", "w"), ["warning"]),
        (("schema", "Produ"), ["ProductWorkflow"]),
        (("schema", "step-types/scr"), ["step-types/script"]),
        (
            ("schema", "plan"),
            [
                "plan",
                "plan-analysis",
                "plan-analysis.v1",
                "plan-explanation",
                "plan-explanation.v1",
                "plan-file",
                "plan-file.v1",
                "plan.v1",
            ],
        ),
        (("check", "-o", "g"), ["github", "gitlab"]),
        (("validate", "-o", "s"), ["sarif"]),
        (("validate-product-workflow", "-o", "j"), ["json", "junit"]),
        (("check", "--report", "s"), ["sarif="]),
        (("chec",), ["check"]),
    ],
)
def test_codes_schemas_and_formats_are_offered(words: tuple[str, ...], values: list[str]) -> None:
    assert offered(*words) == [("plain", value) for value in values]
