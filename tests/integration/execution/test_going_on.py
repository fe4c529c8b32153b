"""A run that goes on with one that was cut off at any line of its journal: nothing is lost, nothing is done twice."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from innominatus_cli.documents.plan import Expansion, Plan, PlannedProbe, PlannedRetry
from innominatus_cli.documents.run_record import RunRecord
from innominatus_cli.documents.vocabulary import Idempotency, When
from innominatus_cli.drivers.contract import Driver, DriverResult, DriverSteps, StepContext
from innominatus_cli.execution.engine import execute_plan
from innominatus_cli.execution.opening import open_run, read_run
from innominatus_cli.execution.options import ExecutionOptions, ExecutionResult
from innominatus_cli.execution.past import NO_WISHES, Wishes, is_in_doubt, past_of
from innominatus_cli.execution.replay import concluded, replay
from innominatus_cli.execution.setting import RunSetting
from tests.integration.execution.conftest import FLOW, MakePlan, MakeSetting
from tests.integration.execution.test_replay import events_in, opening_of

ONCE, AGAIN, CHECK = Idempotency.ONCE, Idempotency.CONVERGENT, Idempotency.CHECK
RETRY = PlannedRetry(attempts=3, delay_seconds=0, backoff="constant", max_delay_seconds=1, jitter="none")
GIVES = "echo '{\"list\": [1, 2]}'"
LOG = 'echo "${INNOMINATUS_STEP##*/}" >>"$INNOMINATUS_STATE_DIR/log"\n'
PLANS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "a chain with an output": {
        "a": {"script": f"{LOG}echo OUTPUT_n=1", "declared_outputs": ["n"], "set_variables": {"v": "x"}},
        "b": {"script": LOG + 'test "$N" = 1', "needs": ["a"], "env": {"N": {"$ref": "steps.a.outputs.n"}}},
        "c": {"script": LOG + 'test "$V" = x', "needs": ["b"], "env": {"V": {"$ref": "variables.v"}}},
    },
    "a loop over outputs": {
        "find": {"script": LOG + GIVES, "declared_outputs": ["list"]},
        "each": {
            "script": LOG,
            "needs": ["find"],
            "expansion": Expansion(for_each={"$ref": "steps.find.outputs.list"}, max_items=9),
        },
        "use": {"script": LOG, "needs": ["each"]},
    },
    "a failure with what cleans up": {
        "a": {"script": LOG},
        "b": {"script": LOG + 'test -e "$INNOMINATUS_STATE_DIR/mended"', "needs": ["a"], "retry": RETRY},
        "c": {"script": LOG, "needs": ["b"]},
        "d": {"script": LOG, "needs": ["c"], "cleanup": True},
        "e": {"script": LOG},
    },
}


@pytest.fixture(params=[*PLANS])
def steps(request: pytest.FixtureRequest) -> dict[str, dict[str, Any]]:
    return {name: dict(step) for name, step in PLANS[request.param].items()}


def first_run(setting: RunSetting) -> None:
    told = replace(setting, opening=open_run(setting.state, opening_of(setting), setting.plan))
    execute_plan(told, ExecutionOptions(max_parallel=1))


def cut_off(setting: RunSetting, lines: int) -> RunRecord:
    """The record of the run, had it been killed behind this line of its journal."""
    folder = setting.state.run_dir(setting.run)
    return replay(opening_of(setting), setting.plan, events_in(folder, lines))


def go_on(
    setting: RunSetting, record: RunRecord, wishes: Wishes = NO_WISHES
) -> tuple[RunSetting, ExecutionResult, RunRecord]:
    """A new run that goes on with the one of this record; the second record is the replay of its journal."""
    past = past_of(record, setting.plan, setting.plan, lambda _: None, wishes)
    run = setting.clock.new_id()
    again = replace(setting, run=run)
    opening = opening_of(again)
    again = replace(again, opening=open_run(again.state, opening, again.plan), started_at=opening.started_at)
    result = execute_plan(again, ExecutionOptions(max_parallel=1, past=past))
    stored = read_run(again.state.run_dir(run))
    replayed = replay(stored.opening, stored.plan, events_in(stored.folder))
    assert replayed.canonical == concluded(opening, result).canonical
    return again, result, replayed


def executed(setting: RunSetting) -> list[str]:
    log = setting.tool_state_dir / "log"
    return log.read_text().split() if log.exists() else []


def every_cut(setting: RunSetting) -> range:
    return range(1, len(read_run(setting.state.run_dir(setting.run)).journal.lines) + 1)


def test_convergent_steps_go_on_from_any_line_and_what_has_succeeded_is_never_run_again(
    steps: dict[str, dict[str, Any]], make_plan: MakePlan, make_setting: MakeSetting
) -> None:
    plan = make_plan({name: {**step, "idempotency": AGAIN} for name, step in steps.items()})
    setting = make_setting(plan)
    first_run(setting)
    (setting.tool_state_dir / "mended").touch()
    cleanups = {step.id for step in plan.steps if step.cleanup}
    for cut in every_cut(setting):
        record = cut_off(setting, cut)
        done = {one.step for one in record.steps if one.status == "succeeded"} - cleanups
        before = len(executed(setting))
        _, result, _ = go_on(setting, record)
        ran = executed(setting)[before:]
        assert result.status == "succeeded", (cut, result)
        assert {one.status for one in result.steps} == {"succeeded"}
        assert len(ran) == len(set(ran))
        assert not {name.rpartition("/")[2] for name in done} & set(ran), cut
        loops = {step.id for step in plan.steps if step.expansion is not None}
        assert {one.step for one in result.steps if one.reused_from} >= done - loops
        assert {one.reused_from for one in result.steps} <= {None, setting.run}


def test_a_step_that_must_not_run_twice_waits_for_a_word_and_keeps_waiting(
    steps: dict[str, dict[str, Any]], make_plan: MakePlan, make_setting: MakeSetting
) -> None:
    plan = make_plan({name: {**step, "idempotency": ONCE} for name, step in steps.items()})
    setting = make_setting(plan)
    first_run(setting)
    (setting.tool_state_dir / "mended").touch()
    asked = 0
    for cut in every_cut(setting):
        record = cut_off(setting, cut)
        doubts = {one.step for one in record.steps if is_in_doubt(one)}
        if not doubts:
            continue
        asked += 1
        before = executed(setting)
        second, result, waiting = go_on(setting, record)
        assert result.status == "waiting"
        third, again, _ = go_on(second, waiting)
        assert again.status == "waiting", "nobody has said anything yet"
        new = executed(setting)[len(before) :]
        assert len(new) == len(set(new))
        assert not {step.rpartition("/")[2] for step in doubts} & set(new)
        _, done, _ = go_on(third, waiting, Wishes(assumed=dict.fromkeys(doubts, "not_done")))
        assert done.status == "succeeded"
        whole = executed(setting)[len(before) :]
        assert {step.rpartition("/")[2] for step in doubts} <= set(whole)
        assert len(whole) == len(set(whole)), "every step once, whichever run did it"
    assert asked


PROBES = {
    "done": 'echo OUTPUT_n=1; grep -qx "${INNOMINATUS_STEP##*/}" "$INNOMINATUS_STATE_DIR/log"',
    "wordless": 'grep -qx "${INNOMINATUS_STEP##*/}" "$INNOMINATUS_STATE_DIR/log"',
    "lost": "exit 2",
}


def probed_plan(make_plan: MakePlan, script: str) -> Plan:
    steps = PLANS["a chain with an output"]
    probe = PlannedProbe(inputs={"script": script})
    return make_plan({name: {**step, "idempotency": CHECK, "probe": probe} for name, step in steps.items()})


def journal_of(setting: RunSetting) -> list[Mapping[str, Any]]:
    return list(read_run(setting.state.run_dir(setting.run)).journal.lines)


def test_a_probe_decides_of_every_step_in_doubt_and_nothing_runs_twice(
    make_plan: MakePlan, make_setting: MakeSetting
) -> None:
    plan = probed_plan(make_plan, PROBES["done"])
    setting = make_setting(plan)
    first_run(setting)
    log = setting.tool_state_dir / "log"
    answers = set()
    for cut in every_cut(setting):
        record = cut_off(setting, cut)
        doubts = {one.step for one in record.steps if is_in_doubt(one)}
        done = [one.step.rpartition("/")[2] for one in record.steps if one.status == "succeeded"]
        for ran in (True, False):
            log.write_text("".join(f"{name}\n" for name in [*done, *(["abc"[len(done)]] if ran and doubts else [])]))
            again, result, replayed = go_on(setting, record)
            assert result.status == "succeeded", (cut, ran, result)
            assert executed(setting) == ["a", "b", "c"]
            said = {line["said"] for line in journal_of(again) if line["type"] == "probed"}
            answers |= said
            assert len(said) == len(doubts)
            for one in replayed.steps:
                if one.step in doubts and ran:
                    assert (one.reused_from, "its probe says that it is done" in one.reason) == (setting.run, True)
                    assert one.outputs == ({"n": "1"} if one.step.endswith("/a") else {})
    assert answers == {"its probe says that it is done", "its probe says that it is not done"}


@pytest.mark.parametrize("probe", ["lost", "wordless"])
def test_a_probe_that_does_not_know_or_cannot_give_what_is_needed_leaves_the_doubt_to_a_person(
    probe: str, make_plan: MakePlan, make_setting: MakeSetting
) -> None:
    plan = probed_plan(make_plan, PROBES[probe])
    setting = make_setting(plan)
    first_run(setting)
    begun = next(cut for cut in every_cut(setting) if any(map(is_in_doubt, cut_off(setting, cut).steps)))
    second, result, waiting = go_on(setting, cut_off(setting, begun))
    assert (result.status, executed(setting)) == ("waiting", ["a", "b", "c"])
    assert is_in_doubt(waiting.steps[0])
    (finding,) = result.findings
    assert finding.code.number == "ORC-5202"
    wanted = {"lost": "does not know either", "wordless": "'n' of it is needed, and nobody has it"}
    assert wanted[probe] in finding.message
    _, done, _ = go_on(second, waiting, Wishes(assumed={waiting.steps[0].step: "not_done"}))
    assert done.status == "succeeded"
    assert executed(setting) == ["a", "b", "c"] * 2


def test_a_run_that_is_cut_off_while_a_probe_runs_is_in_doubt_again(
    make_plan: MakePlan, make_setting: MakeSetting
) -> None:
    plan = probed_plan(make_plan, PROBES["done"])
    setting = make_setting(plan)
    first_run(setting)
    begun = next(cut for cut in every_cut(setting) if any(map(is_in_doubt, cut_off(setting, cut).steps)))
    second, _, _ = go_on(setting, cut_off(setting, begun))
    for cut in every_cut(second):
        events = events_in(second.state.run_dir(second.run), cut)
        if events.nothing_began:
            continue
        record = replay(opening_of(second), plan, events)
        (setting.tool_state_dir / "log").write_text("a\nb\nc\n")
        _, result, _ = go_on(second, record)
        assert result.status == "succeeded", cut
        assert executed(setting)[:3] == ["a", "b", "c"]
        assert executed(setting).count("a") == 1, cut


def test_a_step_that_says_check_and_has_no_probe_waits_for_a_word(
    make_plan: MakePlan, make_setting: MakeSetting
) -> None:
    setting = make_setting(make_plan({"a": {"script": LOG, "idempotency": CHECK}}))
    first_run(setting)
    begun = next(cut for cut in every_cut(setting) if any(map(is_in_doubt, cut_off(setting, cut).steps)))
    _, result, _ = go_on(setting, cut_off(setting, begun))
    assert (result.status, executed(setting)) == ("waiting", ["a"])
    assert "nothing can be asked" in result.findings[0].message


def test_the_probe_of_a_step_type_is_asked_where_the_step_has_none(
    make_plan: MakePlan, make_setting: MakeSetting
) -> None:
    def says(done: object) -> Driver:
        def probe(ctx: StepContext) -> DriverSteps:
            outcome = yield ctx.command("true")
            return DriverResult(outputs={"done": done} if outcome.succeeded else {})

        return probe

    setting = make_setting(make_plan({"a": {"script": LOG, "idempotency": CHECK}}))
    first_run(setting)
    begun = next(cut for cut in every_cut(setting) if any(map(is_in_doubt, cut_off(setting, cut).steps)))
    for done, status, runs in ((True, "succeeded", 1), ("yes", "waiting", 1), (False, "succeeded", 2)):
        asking = replace(setting, probe_for={"script": says(done)}.get)
        _, result, _ = go_on(asking, cut_off(setting, begun))
        assert (result.status, len(executed(setting))) == (status, runs)


def test_a_resumed_run_that_is_itself_cut_off_knows_all_that_the_first_one_knew(
    steps: dict[str, dict[str, Any]], make_plan: MakePlan, make_setting: MakeSetting
) -> None:
    plan = make_plan({name: {**step, "idempotency": AGAIN} for name, step in steps.items()})
    setting = make_setting(plan)
    first_run(setting)
    (setting.tool_state_dir / "mended").touch()
    middle = cut_off(setting, len(every_cut(setting)) // 2)
    second, _, _ = go_on(setting, middle)
    cleanups = {step.id for step in plan.steps if step.cleanup}
    done = {one.step for one in middle.steps if one.status == "succeeded"} - cleanups
    assert done
    for cut in every_cut(second):
        events = events_in(second.state.run_dir(second.run), cut)
        if events.nothing_began:
            continue
        record = replay(opening_of(second), plan, events)
        known = {one.step for one in record.steps if one.status == "succeeded"} - cleanups
        assert done <= known, cut
        before = len(executed(setting))
        _, result, _ = go_on(second, record)
        assert result.status == "succeeded"
        ran = set(executed(setting)[before:])
        assert not {step.rpartition("/")[2] for step in known} & ran, cut


def test_a_retry_counts_the_attempts_of_the_earlier_run_and_has_one_more(
    make_plan: MakePlan, make_setting: MakeSetting
) -> None:
    setting = make_setting(make_plan({"a": {"script": LOG + "exit 1", "retry": RETRY}}))
    first_run(setting)
    record = cut_off(setting, len(every_cut(setting)))
    assert [one.number for one in record.steps[0].attempts] == [1, 2, 3]
    _, result, _ = go_on(setting, record)
    assert [one.number for one in result.steps[0].attempts] == [1, 2, 3, 4]
    _, fresh, _ = go_on(setting, record, Wishes(fresh_budget=True))
    assert [one.number for one in fresh.steps[0].attempts] == [1, 2, 3]


def test_a_step_that_was_asked_for_runs_again_and_takes_others_along_only_if_told(
    make_plan: MakePlan, make_setting: MakeSetting
) -> None:
    setting = make_setting(make_plan({"a": {"script": LOG}, "b": {"script": LOG, "needs": ["a"]}}))
    first_run(setting)
    record = cut_off(setting, len(every_cut(setting)))
    wish = Wishes(again=frozenset({f"{FLOW}/a"}))
    go_on(setting, record, wish)
    assert executed(setting) == ["a", "b", "a"]
    go_on(setting, record, replace(wish, downstream=True))
    assert executed(setting) == ["a", "b", "a", "a", "b"]


@pytest.mark.parametrize(("idempotency", "status", "ran"), [(AGAIN, "succeeded", ["a", "b"]), (ONCE, "waiting", [])])
def test_a_secret_output_that_is_needed_again_is_fetched_again_unless_its_step_must_not_run_twice(
    idempotency: Idempotency, status: str, ran: list[str], make_plan: MakePlan, make_setting: MakeSetting
) -> None:
    secret = {"declared_outputs": ["key"], "secret_outputs": ["key"], "idempotency": idempotency}
    plan = make_plan(
        {
            "a": {"script": f"{LOG}echo OUTPUT_key=hush-hush", **secret},
            "other": {"script": LOG, "needs": ["a"]},
            "b": {
                "script": LOG + 'test "$KEY" = hush-hush && test -e "$INNOMINATUS_STATE_DIR/mended"',
                "needs": ["other"],
                "env": {"KEY": {"$ref": "steps.a.outputs.key"}},
            },
        }
    )
    setting = make_setting(plan)
    first_run(setting)
    (setting.tool_state_dir / "mended").touch()
    before = len(executed(setting))
    second, result, record = go_on(setting, cut_off(setting, len(every_cut(setting))))
    assert (result.status, executed(setting)[before:]) == (status, ran)
    if status == "waiting":
        _, again, _ = go_on(second, record, Wishes(assumed={f"{FLOW}/a": "not_done"}))
        assert (again.status, executed(setting)[before:]) == ("succeeded", ["a", "b"])


def test_a_step_whose_definition_differs_is_new(make_plan: MakePlan, make_setting: MakeSetting) -> None:
    def planned(script: str) -> Plan:
        return make_plan({"a": {"script": LOG}, "b": {"script": script, "needs": ["a"]}})

    setting = make_setting(planned(LOG))
    first_run(setting)
    record = cut_off(setting, len(every_cut(setting)))
    past = past_of(record, setting.plan, planned(f"{LOG}true"), lambda _: None)
    assert [*past.steps] == [f"{FLOW}/a"]


def test_a_step_that_is_started_by_a_failure_is_decided_anew(make_plan: MakePlan, make_setting: MakeSetting) -> None:
    when = {"conditions": {"when": When.ON_FAILURE}}
    mended = LOG + 'test -e "$INNOMINATUS_STATE_DIR/mended"'
    setting = make_setting(make_plan({"a": {"script": mended}, "b": {"script": LOG, "needs": ["a"], **when}}))
    first_run(setting)
    (setting.tool_state_dir / "mended").touch()
    _, result, _ = go_on(setting, cut_off(setting, len(every_cut(setting))))
    assert [one.status for one in result.steps] == ["succeeded", "skipped"]
