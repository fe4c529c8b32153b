"""Graphs of plans, read by Mermaid and by graphviz: names that look like syntax stay names."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from innominatus_cli.documents.plan import Plan
from innominatus_cli.documents.repository import Repository
from innominatus_cli.documents.snapshot import WorkingTreeSnapshot
from innominatus_cli.planning.planner import plan_application
from innominatus_cli.planning.request import Facts, PlanRequest
from innominatus_cli.reports.plan_graph import graph_text
from tests.tools.programs import tool_named

Parse: TypeAlias = Callable[[list[str]], list[dict[str, Any]]]

HOSTILE = (
    'a"] --> evil["b',
    "%%{init: {'theme': 'dark'}}%%",
    "<script>alert(1)</script>",
    "`**bold**`",
    "click n0 href",
    "end",
    "#quot; &quot; \\N \\\\",
    '"; evil [label="x',
    "}\n}\nsubgraph cluster_evil {",
    "---\ntitle: evil\n---",
    "\x1b[31mred\u202e",
    "größe 世界",
)


@pytest.fixture(scope="module")
def plan(root: Path) -> Plan:
    repository = Repository(WorkingTreeSnapshot(root / "tests" / "cases" / "repos" / "order"))
    made = plan_application(repository, PlanRequest(environment="development", score_path="score.yaml"), Facts()).plan
    assert made is not None
    return made


@pytest.fixture
def parse(root: Path) -> Parse:
    """What Mermaid reads in graphs; skips without it, fails without it in CI."""
    import os

    diagrams = tool_named("diagrams")
    if not diagrams.is_complete():
        if os.environ.get("CI") == "true":
            pytest.fail("mermaid is missing: run .ci/tools")
        pytest.skip("mermaid is not here (.ci/tools installs it)")

    def ask(texts: list[str]) -> list[dict[str, Any]]:
        argv = ["node", str(root / "tests" / "tools" / "mermaid_parse.mjs"), str(diagrams.folder)]
        done = subprocess.run(argv, input=json.dumps(texts).encode(), capture_output=True, check=False, timeout=120)
        assert done.returncode == 0, done.stderr.decode()
        answers: list[dict[str, Any]] = json.loads(done.stdout)
        return answers

    return ask


def named(plan: Plan, text: str) -> Plan:
    """The plan with a workflow's identity, a step's name and a step's type replaced."""
    first = next(step for step in plan.steps if step.kind == "step")
    step = first.model_copy(update={"name": text, "type": text, "id": f"{first.workflow_id}/{text}"})
    workflow = plan.workflows[0].model_copy(update={"identity": text})
    steps = [
        step
        if one.id == first.id
        else one.model_copy(update={"needs": [step.id if need == first.id else need for need in one.needs]})
        for one in plan.steps
    ]
    return plan.model_copy(update={"steps": steps, "workflows": [workflow, *plan.workflows[1:]]})


def test_mermaid_reads_every_step_and_edge(plan: Plan, parse: Parse) -> None:
    (answer,) = parse([graph_text(plan, "mermaid")])
    labels = answer["nodes"]
    for step in plan.steps:
        assert step.kind == "barrier" or f"{step.name}<br>{step.type}" in labels
    assert answer["edges"] == sum(len(step.needs) for step in plan.steps)


def test_names_that_look_like_syntax_stay_names_in_mermaid(plan: Plan, parse: Parse) -> None:
    expected, *answers = parse([graph_text(one, "mermaid") for one in (plan, *(named(plan, text) for text in HOSTILE))])
    for text, answer in zip(HOSTILE, answers, strict=True):
        assert "error" not in answer, (text, answer)
        assert len(answer["nodes"]) == len(expected["nodes"]), text
        assert answer["edges"] == expected["edges"], text


def dotted(dot: Path, text: str) -> dict[str, Any]:
    done = subprocess.run([str(dot), "-Tjson"], input=text.encode(), capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stderr == b""
    read: dict[str, Any] = json.loads(done.stdout)
    return read


def test_graphviz_reads_every_step_edge_and_box(plan: Plan, tool: Callable[[str], Path]) -> None:
    read = dotted(tool("dot"), graph_text(plan, "dot"))
    boxes = [one for one in read["objects"] if one["name"].startswith("cluster_")]
    phases = {step.phase for step in plan.steps}
    tiers = {(step.phase, step.tier) for step in plan.steps}
    assert len(boxes) == len(phases) + len(tiers) + len(plan.workflows)
    assert len(read["objects"]) - len(boxes) == len(plan.steps)
    assert len(read["edges"]) == sum(len(step.needs) for step in plan.steps)


@pytest.mark.parametrize("text", HOSTILE)
def test_names_that_look_like_syntax_stay_names_in_dot(plan: Plan, tool: Callable[[str], Path], text: str) -> None:
    expected = dotted(tool("dot"), graph_text(plan, "dot"))
    read = dotted(tool("dot"), graph_text(named(plan, text), "dot"))
    assert len(read["objects"]) == len(expected["objects"])
    assert len(read["edges"]) == len(expected["edges"])
