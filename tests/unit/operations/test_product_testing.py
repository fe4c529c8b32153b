from pathlib import Path

import pytest

from innominatus_cli.findings.finding import CannotContinue
from innominatus_cli.operations.overriding import Overriding
from innominatus_cli.operations.planning import PlanWish
from innominatus_cli.operations.product_testing import Trial, try_workflow
from innominatus_cli.reports.product_testing import trial_document, trial_text

WORKFLOW = """\
apiVersion: workflow.dev/v1
kind: {kind}
metadata: {{name: setup, product: shop, phase: deployment}}
spec:
  triggers: {triggers}
  steps:
    - {{name: second, type: script, dependsOn: [first], config: {{script: 'true'}}}}
    - {{name: first, type: validation, dependsOn: [], config: {{script: 'true'}}}}
"""
SCORE = "apiVersion: score.dev/v1b1\nmetadata: {name: app%s}\ncontainers: {web: {image: 'registry.example.com/a:1'}}\n"
FOLDER = "workflows/products/shop"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository without git: planning needs none."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("innominatus_cli.operations.planning.Git.open", lambda _start: None)
    (tmp_path / FOLDER).mkdir(parents=True)
    (tmp_path / "admin-config.yaml").write_text("{}\n")
    (tmp_path / "score.yaml").write_text(SCORE % ", product: shop")
    return tmp_path


def put(folder: Path, path: str, triggers: str = "[product_deployment]", kind: str = "ProductWorkflow") -> None:
    (folder / path).write_text(WORKFLOW.format(kind=kind, triggers=triggers))


def tried(folder: Path, name: str = "shop/setup") -> Trial:
    return try_workflow(name, PlanWish(score="score.yaml"), folder)


def test_the_steps_are_in_the_order_in_which_they_run(shop: Path) -> None:
    put(shop, f"{FOLDER}/setup.yaml")
    trial = tried(shop)
    assert [(step.name, step.type) for step in trial.steps] == [("first", "validation"), ("second", "script")]
    assert trial.runs_as == "shop/setup"
    assert trial_text(trial).splitlines()[1] == "✅ Product workflow triggered: setup"


@pytest.mark.parametrize("triggers", ["[manual]", "[first_deployment]", "[all_deployments]"])
def test_every_trigger_that_may_be_true_is_one(shop: Path, triggers: str) -> None:
    put(shop, f"{FOLDER}/setup.yaml", triggers)
    trial = tried(shop)
    assert (trial.reason, len(trial.steps)) == ("", 2)


def test_an_override_can_make_the_application_one_of_the_product(shop: Path) -> None:
    put(shop, f"{FOLDER}/setup.yaml")
    (shop / "score.yaml").write_text(SCORE % "")
    assert tried(shop).reason
    trial = try_workflow(
        "shop/setup", PlanWish(score="score.yaml", overriding=Overriding(None, ("metadata.product=shop",))), shop
    )
    assert (trial.reason, len(trial.steps)) == ("", 2)


def test_a_file_elsewhere_is_tried_by_its_path(shop: Path) -> None:
    put(shop, "setup.yaml")
    trial = tried(shop, "setup.yaml")
    assert (trial.runs_as, trial.identity, len(trial.steps)) == ("setup.yaml", "shop/setup", 2)


@pytest.mark.parametrize(
    ("product", "reason"),
    [
        ("", "it is for product 'shop', and the application belongs to no product"),
        (", product: other", "it is for product 'shop', and the application belongs to product 'other'"),
    ],
)
def test_an_application_of_another_product_does_not_have_it(shop: Path, product: str, reason: str) -> None:
    put(shop, f"{FOLDER}/setup.yaml")
    (shop / "score.yaml").write_text(SCORE % product)
    trial = tried(shop)
    assert (trial.reason, trial.steps) == (reason, ())
    assert [finding.code.number for finding in trial.findings] == ["ORC-2094"]
    assert trial_document(trial)["triggered"] is False


def test_one_that_is_not_allowed_is_tried_with_a_warning(shop: Path) -> None:
    put(shop, f"{FOLDER}/setup.yaml")
    (shop / "admin-config.yaml").write_text("workflowPolicies: {allowedProductWorkflows: []}\n")
    trial = tried(shop)
    assert len(trial.steps) == 2
    assert [(f.code.number, f.severity.value) for f in trial.findings] == [("ORC-4023", "warning")]


@pytest.mark.parametrize(
    ("kind", "name", "code"), [("Workflow", f"{FOLDER}/setup.yaml", "ORC-2093"), ("ProductWorkflow", "x", "ORC-3020")]
)
def test_what_is_no_product_workflow_ends_the_command(shop: Path, kind: str, name: str, code: str) -> None:
    put(shop, f"{FOLDER}/setup.yaml", kind=kind)
    with pytest.raises(CannotContinue) as ended:
        tried(shop, name)
    assert ended.value.findings[-1].code.number == code


def test_a_workflow_that_cannot_be_planned_says_so(shop: Path) -> None:
    put(shop, f"{FOLDER}/setup.yaml")
    text = (shop / FOLDER / "setup.yaml").read_text().replace("[first]", "[frist]")
    (shop / FOLDER / "setup.yaml").write_text(text)
    trial = tried(shop)
    assert trial.steps == ()
    assert any("frist" in finding.message for finding in trial.findings)
    assert "✅" not in trial_text(trial)
