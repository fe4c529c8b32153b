"""`analyze`, `explain` and `stats` over deployments that happened, and the shapes of what they print."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from jsonschema import Draft202012Validator

from innominatus_cli.cli.main import run
from innominatus_cli.documents.schemas import schema_named

Data: TypeAlias = Callable[..., Any]

SCORE = """\
apiVersion: score.dev/v1b1
metadata: {name: shop-web}
containers:
  web: {image: "registry.example.com/web:1.2"}
resources:
  db: {type: sqlite}
  cache: {type: sqlite}
"""
SCAN = """\
apiVersion: workflow.dev/v1
kind: PlatformWorkflow
metadata: {name: scan, description: d, owner: platform-team, phase: pre-deployment}
spec:
  triggers: [all_deployments]
  steps:
    - {name: fast, type: script, timeout: 10, config: {script: "true"}}
    - name: flaky
      type: script
      dependsOn: []
      timeout: 5
      retry: {attempts: 3, delay: 1, backoff: exponential, jitter: none}
      continueOnError: true
      config: {script: "false"}
    - {name: never, type: script, if: "environment.name == 'production'", config: {script: "true"}}
"""


@pytest.fixture
def shop(tree: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ada@shop.example")
    tree.commit(
        {
            "score.yaml": SCORE,
            "admin-config.yaml": "workflowPolicies: {requiredPlatformWorkflows: [scan]}\nlimits: {maxParallel: 2}\n",
            "workflows/platform/scan.yaml": SCAN,
        }
    )
    return tree


@pytest.fixture
def data(capfd: pytest.CaptureFixture[str]) -> Data:
    """What a command prints as JSON."""

    def call(*arguments: str, status: int = 0) -> Any:
        found = run([*arguments, "-o", "json"])
        out, err = capfd.readouterr()
        assert found == status, err
        return json.loads(out)

    return call


def step(found: Any, name: str) -> Any:
    return next(one for one in found["steps"] if one["name"] == name)


def risks(found: Any) -> dict[str, list[str]]:
    return {one["reason"]: [step.rpartition("/")[2] for step in one["steps"]] for one in found["risks"]}


@pytest.mark.usefixtures("shop")
def test_before_the_first_run_an_analysis_knows_bounds_and_widths(data: Data) -> None:
    found = data("analyze", "shop-web")
    assert "expected_ms" not in found
    assert step(found, "fast")["origin"] == "never run"
    assert step(found, "flaky")["bound_seconds"] == 3 * 5 + 1 + 2
    assert step(found, "never")["never_runs"]
    assert found["max_parallel"] == 2
    assert [(one["phase"], one["steps"], one["width"]) for one in found["phases"]] == [
        ("pre-deployment", 3, 2),
        ("deployment", 3, 2),
    ]
    named = risks(found)
    assert named["first deployment"] == []
    assert named["once only"] == ["flaky", "fast"] or named["once only"] == ["fast", "flaky"]
    assert named["failure allowed"] == ["flaky"]
    assert "fast" not in named["default timeout"]
    assert "production" not in named
    assert "production" in risks(data("analyze", "score.yaml", "--env", "production"))


def test_past_runs_give_the_expectation_and_what_changed_since_the_last_good_one(shop: Any, data: Data) -> None:
    for _ in range(2):
        data("deploy", "score.yaml")
    found = data("analyze", "score.yaml")
    fast = step(found, "fast")
    assert (fast["runs"], fast["origin"]) == (2, "here")
    assert 0 < fast["median_ms"] <= fast["p90_ms"]
    assert found["expected_ms"] > 0
    assert found["slow_ms"] >= found["expected_ms"]
    assert found["past_runs"]["runs"] == 2
    assert found["past_runs"]["median_ms"] >= fast["median_ms"]
    assert risks(found)["failed recently"] == ["flaky"]
    assert "first deployment" not in risks(found)
    assert "changed" not in risks(found)
    shop.write("workflows/platform/scan.yaml", SCAN.replace("timeout: 10", "timeout: 20"))
    assert risks(data("analyze", "score.yaml"))["changed"] == ["fast"]
    elsewhere = data("analyze", "score.yaml", "--env", "staging")
    assert step(elsewhere, "fast")["origin"] == "other environments"


def test_a_step_of_the_platform_is_known_from_other_applications(shop: Any, data: Data) -> None:
    data("deploy", "score.yaml")
    shop.write("ads.yaml", SCORE.replace("shop-web", "ads-web"))
    found = data("analyze", "ads.yaml")
    assert step(found, "fast")["origin"] == "other applications"


@pytest.mark.usefixtures("shop")
def test_the_types_of_steps_are_those_of_their_plans(data: Data) -> None:
    data("deploy", "score.yaml")
    found = data("stats")
    assert {one["name"]: one["runs"] for one in found["by_step_type"]} == {
        "script": 2,
        "resource-provisioning": 2,
        "kubernetes": 1,
    }
    assert found["coverage"] == [{"workflow": "scan", "deployments": 1, "covered": 1, "uncovered": []}]


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("arguments", "schema"),
    [
        (("explain", "shop-web"), "plan-explanation"),
        (("analyze", "shop-web"), "plan-analysis"),
        (("stats", "--all"), "statistics"),
    ],
)
def test_what_is_printed_as_data_has_the_shape_that_its_schema_says(
    data: Data, arguments: tuple[str, ...], schema: str
) -> None:
    data("deploy", "score.yaml")
    shape = schema_named(schema)
    assert shape is not None
    found = data(*arguments)
    Draft202012Validator(shape).validate(found)
    assert found["schema"] == f"innominatus.dev/{schema}/v1"


@pytest.mark.usefixtures("shop")
def test_a_plan_file_has_the_shape_that_its_schema_says(data: Data) -> None:
    data("plan", "score.yaml", "--out", "plan.json")
    shape = schema_named("plan-file")
    assert shape is not None
    Draft202012Validator(shape).validate(json.loads(Path("plan.json").read_bytes()))


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    "arguments",
    [
        ("plan", "score.yaml", "--out", "pipe"),
        ("graph-export", "shop-web", "--output", "pipe"),
        ("test", "--allow-none", "--report", "junit=pipe"),
    ],
)
def test_a_pipe_or_device_that_is_named_as_a_file_stays_one(arguments: tuple[str, ...]) -> None:
    os.mkfifo("pipe")
    reading = os.open("pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert run(list(arguments)) == 0
        assert os.read(reading, 1000)
    finally:
        os.close(reading)
    assert Path("pipe").is_fifo()


@pytest.mark.usefixtures("shop")
def test_a_plan_file_is_for_its_owner_only_whatever_stood_there() -> None:
    Path("plan.json").touch(0o644)
    assert run(["plan", "score.yaml", "--out", "plan.json"]) == 0
    assert Path("plan.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("shop")
def test_a_report_of_tests_does_not_go_to_a_file_called_dash(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["test", "--report", "junit=-"]) == 2
    assert "a report goes to a file; '-o junit' writes it to standard output" in capfd.readouterr().err
    assert run(["test", "--report", "cobertura=-"]) == 2
    assert not Path("-").exists()


def test_an_explanation_names_what_policies_object_to(shop: Any, data: Data, capfd: pytest.CaptureFixture[str]) -> None:
    admin = "workflowPolicies: {allowedStepTypes: [kubernetes, resource-provisioning]}\n"
    shop.write("admin-config.yaml", admin)
    found = data("explain", "shop-web")
    assert {one["code"] for one in found["violations"]} == {"ORC-4004"}
    assert [one["code"] for one in step(found, "fast")["violations"]] == ["ORC-4004"]
    assert step(found, "deploy-application")["violations"] == []
    assert run(["explain", "shop-web", "fast"]) == 0
    assert "allowedStepTypes does not allow type script (admin-config.yaml:1)" in capfd.readouterr().out


@pytest.mark.usefixtures("shop")
def test_tables_and_texts_are_for_people(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["analyze", "shop-web", "-o", "wide"]) == 0
    text = capfd.readouterr().out
    assert "Expected: nobody knows" in text
    assert "never runs" in text
    assert "At most 2 steps may run at once." in text
    assert run(["explain", "shop-web", "-o", "table"]) == 0
    assert "all_deployments" in capfd.readouterr().out
    assert run(["analyze", "shop-wed"]) == 2
    assert "'shop-web'" in capfd.readouterr().err


@pytest.mark.usefixtures("shop")
def test_a_graph_is_written_to_a_file_or_to_stdout(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["graph-export", "shop-web", "--format", "json", "--output", "graph.json"]) == 0
    assert capfd.readouterr().out == ""
    graph = json.loads(Path("graph.json").read_bytes())
    assert "pre-deployment/platform/-/scan/fast" in [one["id"] for one in graph["nodes"]]
    assert run(["graph-export", "score.yaml"]) == 0
    assert capfd.readouterr().out.startswith("flowchart TB\n")
    assert run(["graph-export", "nothing"]) == 2


@pytest.mark.usefixtures("shop")
def test_every_format_of_a_plan_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    for output, begins in (("tree", "deploy: shop-web"), ("mermaid", "flowchart TB"), ("dot", "digraph plan {")):
        assert run(["plan", "score.yaml", "-o", output]) == 0
        assert capfd.readouterr().out.startswith(begins)
