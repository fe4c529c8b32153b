"""Who is asked about a step in doubt, with what, and what the answer means."""

from pathlib import Path
from typing import Any

import pytest

from innominatus_cli.documents.plan import (
    Application,
    Expansion,
    Plan,
    PlannedProbe,
    PlannedStep,
    PlannedWorkflow,
    Undo,
)
from innominatus_cli.documents.run_record import Attempt
from innominatus_cli.documents.vocabulary import Operation, Phase, Tier
from innominatus_cli.drivers.contract import Driver, DriverResult, DriverSteps, StepContext
from innominatus_cli.execution.probing import Doubt, answer_of, asked, doubt_of_rollback, lacking
from innominatus_cli.findings.catalogue.execution import PROGRAM_FAILED
from innominatus_cli.findings.finding import Finding, Place
from innominatus_cli.step_types.programs import ScriptInputs
from innominatus_cli.system.commands import CommandOutcome, Ending

FLOW = "deployment/application/-/flow"
PROBE = PlannedProbe(inputs={"script": 'test -e "$WHAT"'})


def step_of(name: str = "migrate", **fields: Any) -> PlannedStep:
    facts = {"type": "script", "phase": Phase.DEPLOYMENT, "tier": Tier.APPLICATION, "workflow_id": FLOW}
    return PlannedStep(id=f"{FLOW}/{name}", name=name, **{**facts, **fields})


def context_of(step: PlannedStep) -> StepContext:
    here = Path("/repository")
    inputs = ScriptInputs.model_validate({"script": "do it"})
    return StepContext(
        step,
        inputs,
        "shop",
        "staging",
        Operation.DEPLOY,
        "01JD",
        here,
        here,
        here,
        "m",
        {"WHAT": "old", "PATH": "/bin"},
    )


def never(context: StepContext) -> DriverSteps:
    yield context.command("true")
    return DriverResult()


def other(context: StepContext) -> DriverSteps:
    yield context.command("false")
    return DriverResult()


def by_name(drivers: dict[str, Driver]) -> Any:
    return drivers.get


def no_value(path: tuple[str, ...]) -> object:
    raise AssertionError(f"nobody refers to {path}")


def test_a_step_without_a_probe_of_its_own_is_asked_by_its_type_with_its_own_context() -> None:
    step = step_of()
    context = context_of(step)
    assert asked(step, context, no_value, by_name({}), by_name({"script": never})) == (never, context)
    assert asked(step, context, no_value, by_name({"script": never}), by_name({})) is None


def test_a_probe_is_a_script_whose_variables_come_before_those_of_the_step() -> None:
    written = PlannedProbe(inputs={"script": "test {{ x }}"}, env={"WHAT": {"$ref": "steps.a.outputs.file"}})
    step = step_of(probe=written)
    found = asked(step, context_of(step), "/".join, by_name({"script": never}), by_name({"script": other}))
    assert found is not None
    program, context = found
    assert program is never
    assert context.env == {"WHAT": "steps/a/outputs/file", "PATH": "/bin"}
    assert context.inputs == ScriptInputs.model_validate({"script": "test {{ x }}"})
    assert context.step is step


def test_a_probe_without_variables_has_those_of_the_step() -> None:
    step = step_of(probe=PROBE)
    found = asked(step, context_of(step), no_value, by_name({"script": never}), by_name({}))
    assert found is not None
    assert found[1].env == {"WHAT": "old", "PATH": "/bin"}


def test_nobody_is_asked_where_nothing_can_run_a_script() -> None:
    step = step_of(probe=PROBE)
    assert asked(step, context_of(step), no_value, by_name({}), by_name({"script": never})) is None


@pytest.mark.parametrize(
    ("outcome", "answer"),
    [
        (CommandOutcome(Ending.EXITED, 0), "done"),
        (CommandOutcome(Ending.EXITED, 1), "not_done"),
        (CommandOutcome(Ending.EXITED, 2), "unknown"),
        (CommandOutcome(Ending.EXITED, 127), "unknown"),
        (CommandOutcome(Ending.TIMED_OUT, 0), "unknown"),
        (CommandOutcome(Ending.SIGNALLED, 1, 9), "unknown"),
        (CommandOutcome(Ending.NOT_STARTED), "unknown"),
        (None, "unknown"),
    ],
)
def test_a_probe_says_by_its_exit_status_whether_the_step_is_done(outcome: CommandOutcome | None, answer: str) -> None:
    assert answer_of(step_of(probe=PROBE), outcome, DriverResult(outputs={"done": True})) == answer


def test_a_type_says_it_by_its_output_done() -> None:
    step, ended = step_of(), CommandOutcome(Ending.EXITED, 0)
    failed = Finding(PROGRAM_FAILED, "x", Place(""))
    assert answer_of(step, ended, DriverResult(outputs={"done": True})) == "done"
    assert answer_of(step, ended, DriverResult(outputs={"done": False})) == "not_done"
    for outputs in ({}, {"done": "yes"}, {"done": 1}, {"done": None}):
        assert answer_of(step, ended, DriverResult(outputs=outputs)) == "unknown"
    assert answer_of(step, ended, DriverResult(failed, outputs={"done": True})) == "unknown"


def test_a_step_that_takes_back_is_in_doubt_where_it_has_a_probe_and_the_last_run_that_may_have_done_it_is_told() -> (
    None
):
    undoes = Undo(step="a", how="step", runs=["01JA", "01JB", "01JC"])
    found = doubt_of_rollback(step_of(undoes=undoes, probe=PROBE))
    assert found is not None
    assert (found.run, found.attempts) == ("01JC", ())
    assert "nobody knows whether it did its work" in found.reason
    assert doubt_of_rollback(step_of(undoes=undoes)) is None
    assert doubt_of_rollback(step_of(probe=PROBE)) is None
    assert doubt_of_rollback(step_of()) is None


def test_a_step_that_was_stopped_while_its_probe_ran_keeps_its_attempts_and_its_doubt() -> None:
    attempt = Attempt(number=1, started_at="2026-11-20T20:00:00.000Z", ending="unknown", duration_ms=0)
    result = Doubt("it was running", "01JA", (attempt,)).kept("a/b", "2026-11-20T20:00:00.000Z")
    assert (result.step, result.status, result.started_at) == ("a/b", "interrupted", "2026-11-20T20:00:00.000Z")
    assert result.reason == "it was stopped while its probe ran"
    assert result.attempts == [attempt]


def plan_of(*steps: PlannedStep) -> Plan:
    flow = PlannedWorkflow(
        id=FLOW, identity="flow", name="flow", tier=Tier.APPLICATION, phase=Phase.DEPLOYMENT, path="flow.yaml", line=1,
        trigger="generated",
    )  # fmt: skip
    return Plan(
        operation=Operation.DEPLOY, application=Application(name="shop"), environment="staging", sources=[], inputs=[],
        workflows=[flow], steps=list(steps),
    )  # fmt: skip


def test_outputs_are_lacking_only_where_the_probe_gives_none_and_something_needs_them() -> None:
    gives = step_of("gives", declared_outputs=["one", "two"])
    uses = step_of("uses", env={"ONE": {"$ref": "steps.gives.outputs.one"}})
    assert lacking(plan_of(gives, uses), gives, []) == ["one", "two"]
    assert lacking(plan_of(gives, uses), gives, ["two", "other"]) == ["one"]
    assert lacking(plan_of(gives, uses), gives, ["one"]) == []
    assert lacking(plan_of(gives, uses), gives, ["one", "two"]) == []
    assert lacking(plan_of(gives, step_of("uses")), gives, []) == []


def test_outputs_of_one_step_of_a_loop_are_lacking_where_something_needs_those_of_the_loop() -> None:
    pattern = step_of("each", declared_outputs=["one"], expansion=Expansion(for_each=["a"], max_items=3))
    member = step_of("each[0]", declared_outputs=["one"])
    uses = step_of("uses", env={"ONE": {"$ref": "steps.each.outputs.one"}})
    assert lacking(plan_of(pattern, uses), member, []) == ["one"]
    assert lacking(plan_of(pattern, step_of("uses")), member, []) == []
