"""`--param-file`: typed values from YAML and JSON, and what is told where."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from innominatus_cli.documents.repository import Repository
from innominatus_cli.documents.snapshot import WorkingTreeSnapshot
from innominatus_cli.operations.param_files import STDIN, ParamFile, read_param_files
from innominatus_cli.operations.planning import PlanReport, PlanWish, plan_with

GOLDEN_PATH = """
apiVersion: workflow.dev/v1
kind: GoldenPath
metadata: {name: ship, version: 1.0.0, description: d, owner: o}
spec:
  operation: deploy
  parameters:
    replicas: {type: int, max: 9, default: 1}
    version: {type: string}
    wait: {type: duration, default: 5m}
    token: {secret: true}
"""
SCORE = "apiVersion: score.dev/v1b1\nmetadata: {name: web}\ncontainers: {web: {image: 'nginx:1.27'}}\n"
Planned = Callable[..., PlanReport]


def plan_for(wish: PlanWish) -> PlanReport:
    repository = Repository(WorkingTreeSnapshot("."))
    outcome = plan_with(repository, None, wish)
    return PlanReport(outcome, sources=repository.sources())


@pytest.fixture
def planned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Planned:
    (tmp_path / "workflows/golden-paths").mkdir(parents=True)
    (tmp_path / "workflows/golden-paths/ship.yaml").write_text(GOLDEN_PATH.lstrip())
    (tmp_path / "admin-config.yaml").write_text("secrets: {key: {}}\n")
    (tmp_path / "score.yaml").write_text(SCORE)
    monkeypatch.chdir(tmp_path)

    def plan(text: str, *parameters: str, name: str = "params.yaml") -> PlanReport:
        (tmp_path / name).write_text(text)
        wish = PlanWish("ship", "score.yaml", parameters=parameters, param_files=(ParamFile(name),))
        return plan_for(wish)

    return plan


def parameters(report: PlanReport) -> dict[str, Any]:
    assert report.outcome.plan is not None, report.outcome.findings
    return dict(report.outcome.plan.parameters)


def told(report: PlanReport) -> list[tuple[str, str, str]]:
    assert report.outcome.plan is None
    return [
        (one.code.number, str(one.place), one.message) for one in report.outcome.findings if one.severity == "error"
    ]


def test_values_are_typed_and_texts_stay_as_they_are_written(planned: Planned) -> None:
    report = planned("replicas: 3\nversion: 1.10\nwait: 90s\ntoken: ${secrets.key}\n")
    assert parameters(report) == {
        "replicas": 3,
        "version": "1.10",
        "wait": "90s",
        "token": {"$ref": "secrets.key"},
    }


def test_json_is_read_too_and_an_argument_comes_before_the_file(planned: Planned) -> None:
    report = planned('{"replicas": 3, "version": "a"}', "replicas=4", name="params.json")
    assert parameters(report)["replicas"] == 4


def test_the_same_values_give_the_same_plan_wherever_they_come_from(planned: Planned) -> None:
    of_file, of_argument = planned("replicas: 3\n"), planned("{}\n", "replicas=3")
    assert of_file.outcome.plan is not None
    assert of_argument.outcome.plan is not None
    assert of_file.outcome.plan.digest == of_argument.outcome.plan.digest


@pytest.mark.parametrize(
    ("text", "code", "place", "message"),
    [
        (
            "version: v\nreplicas: 30\n",
            "ORC-3013",
            "params.yaml:2:11",
            "parameter 'replicas' must be at most 9, not '30'",
        ),
        ("replicas:\n", "ORC-3013", "params.yaml:1:10", "parameter 'replicas' must be an integer"),
        ("replicsa: 3\n", "ORC-3011", "params.yaml:1:11", "golden path 'ship' has no parameter 'replicsa'"),
        ("token: s3cret\n", "ORC-3014", "params.yaml:1:8", "parameter 'token' is a secret, and no reference to one"),
        ("- 3\n", "ORC-3126", "params.yaml:1:1", "a mapping of names to values is expected, and this is a list"),
        (
            "a: 1\n---\nb: 2\n",
            "ORC-3126",
            "params.yaml:3:1",
            "the file has several documents, and parameters stand in one",
        ),
    ],
)
def test_what_is_wrong_is_told_at_its_place_in_the_file(
    planned: Planned, text: str, code: str, place: str, message: str
) -> None:
    report = planned(text)
    assert told(report) == [(code, place, message)]
    assert report.sources["params.yaml"] == text


def test_broken_yaml_and_a_missing_file_are_findings_of_that_file(planned: Planned) -> None:
    assert [place.partition(":")[0] for _, place, _ in told(planned("a: [1\n"))] == ["params.yaml"]
    report = plan_for(PlanWish("ship", "score.yaml", param_files=(ParamFile("none.yaml"),)))
    assert [place for _, place, _ in told(report)] == ["none.yaml"]


def test_a_later_file_comes_before_an_earlier_one_and_stdin_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("x: 1\ny: 1\n")
    found = read_param_files((ParamFile("a.yaml"), ParamFile(STDIN, b"y: 2\n")), str(tmp_path))
    assert dict(found.values) == {"x": 1, "y": 2}
    assert str(found.places["y"]) == "-:1:4"
    huge = read_param_files((ParamFile(STDIN, b"#" * 1_100_000),))
    assert [one.code.number for one in huge.findings] == ["ORC-1004"]
