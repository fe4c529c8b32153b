"""Runs of plans with loops and sub-workflows: who starts when, what failures stop, what others read of them."""

from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from innominatus_cli.documents.plan import Plan

Player: TypeAlias = Callable[..., Any]

RUN = "type: script, config: {script: 'true'}"
PART = f"""
parameters:
  - {{name: where, default: here}}
variables: {{URL: "https://${{parameters.where}}.example.com"}}
outputs: {{url: "${{variables.URL}}/${{steps.make.outputs.id}}"}}
steps:
  - {{name: make, {RUN}, outputs: [id], env: {{URL: "${{variables.URL}}"}}}}
  - {{name: test, {RUN}}}
finally:
  - {{name: clean, {RUN}}}
"""


def test_a_loop_runs_its_steps_at_once_and_gives_the_list_of_their_outputs(play: Player) -> None:
    world = play(
        f"""
        - {{name: deploy, {RUN}, forEach: [eu, us, asia], outputs: [host], env: {{REGION: "${{item}}"}}}}
        - {{name: check, {RUN},
            env: {{FIRST: "${{steps.deploy.outputs.host.0}}", SECOND: "${{steps.deploy[1].outputs.host}}"}}}}
        """,
        outputs={f"deploy[{number}]": {"host": f"h{number}"} for number in range(3)},
    )
    assert world.started[:4] == ["deploy[0]", "deploy[1]", "deploy[2]", "check"]
    assert world.at_once == 3
    assert [world.env[f"deploy[{number}]"]["REGION"] for number in range(3)] == ["eu", "us", "asia"]
    assert world.env["check"] == {"FIRST": "h0", "SECOND": "h1"}


def test_max_parallel_bounds_how_many_rounds_of_a_loop_are_at_work(play: Player) -> None:
    steps = f"- {{name: deploy, {RUN}, forEach: [1, 2, 3, 4, 5], maxParallel: 2}}"
    assert play(steps).at_once == 2
    calls = "- {name: deploy, type: workflow, workflow: shared/part.yaml, forEach: [1, 2, 3], maxParallel: 1}"
    world = play(calls, {"part": PART}, outputs={f"deploy[{number}].make": {"id": "x"} for number in range(3)})
    assert world.at_once == 1
    rounds = [name.partition(".")[0] for name in world.started if name.startswith("deploy[")]
    assert rounds == sorted(rounds)


def test_what_a_step_of_a_loop_did_not_give_is_null_in_its_place(play: Player) -> None:
    world = play(
        f"""
        - {{name: deploy, {RUN}, matrix: {{os: [linux, mac]}}, if: matrix.os == "linux", outputs: [host]}}
        - {{name: next, {RUN}}}
        """,
        outputs={"deploy[0]": {"host": "h"}},
    )
    assert world.values.outputs[world.plan.workflows[0].id, "deploy"] == {"host": ["h", None]}
    assert "next" in world.started


def test_a_failed_round_fails_its_loop_and_lets_the_others_end(play: Player) -> None:
    world = play(
        f"""
        - {{name: deploy, {RUN}, forEach: [1, 2, 3]}}
        - {{name: next, {RUN}}}
        - {{name: tell, {RUN}, if: deploy.failed}}
        """,
        ends={"deploy[1]": "failed"},
    )
    assert world.failures == ["deploy[1]"]
    assert world.skipped["next"] == "step 'deploy[1]' failed"
    assert "tell" in world.started


def test_a_loop_without_values_is_passed_over(play: Player) -> None:
    world = play(
        f"""
        - {{name: deploy, {RUN}, forEach: "${{parameters.none}}", outputs: [host]}}
        - {{name: next, {RUN}, if: deploy.skipped}}
        """,
        spec="parameters: [{name: none, type: list, default: []}]",
    )
    assert "next" in world.started
    assert world.values.outputs[world.plan.workflows[0].id, "deploy"] == {"host": []}


def test_a_sub_workflow_has_values_of_its_own_and_gives_its_outputs(play: Player) -> None:
    world = play(
        f"""
        - {{name: find, {RUN}, outputs: [where]}}
        - {{name: db, type: workflow, workflow: shared/part.yaml,
            parameters: {{where: "x-${{steps.find.outputs.where}}"}}}}
        - {{name: use, {RUN}, env: {{URL: "${{steps.db.outputs.url}}"}}}}
        """,
        {"part": PART},
        outputs={"find": {"where": "eu"}, "db.make": {"id": "7"}},
    )
    assert world.started[:5] == ["find", "db.make", "db.test", "db.clean", "use"]
    assert world.env["db.make"]["URL"] == "https://x-eu.example.com"
    assert world.env["use"]["URL"] == "https://x-eu.example.com/7"


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        ('if: environment.name == "production"', "'if: environment.name == \"production\"' does not hold"),
        ("when: on_failure", "nothing before it failed"),
        ("when: manual", "it is started by hand only (when: manual)"),
    ],
)
def test_a_sub_workflow_that_does_not_run_runs_none_of_its_steps(play: Player, condition: str, reason: str) -> None:
    call = f"- {{name: db, type: workflow, workflow: shared/part.yaml, {condition}}}"
    world = play(f"{call}\n- {{name: next, {RUN}, if: db.skipped}}", {"part": PART})
    assert world.skipped == {"db.make": reason, "db.test": reason, "db.clean": reason}
    assert "next" in world.started


def test_a_failure_in_a_sub_workflow_skips_its_rest_and_runs_its_finally(play: Player) -> None:
    world = play(
        f"""
        - {{name: db, type: workflow, workflow: shared/part.yaml}}
        - {{name: next, {RUN}}}
        - {{name: tell, {RUN}, when: on_failure}}
        """,
        {"part": PART},
        ends={"db.make": "failed"},
    )
    assert world.failures == ["db.make"]
    assert world.started[:3] == ["db.make", "db.clean", "tell"]
    assert world.skipped["db.test"] == "step 'db.make' failed"
    assert world.skipped["next"] == "step 'db.make' failed"


def test_continue_on_error_of_a_call_lets_its_failure_pass_as_a_whole(play: Player) -> None:
    world = play(
        f"""
        - {{name: db, type: workflow, workflow: shared/part.yaml, continueOnError: true}}
        - {{name: next, {RUN}, if: db.failed}}
        - {{name: last, {RUN}}}
        """,
        {"part": PART},
        ends={"db.make": "failed"},
    )
    assert world.failures == []
    assert world.skipped == {"db.test": "step 'db.make' failed"}
    assert {"db.clean", "next", "last"} <= set(world.started)


def test_a_call_after_a_failure_judges_its_steps_by_themselves(play: Player) -> None:
    world = play(
        f"""
        - {{name: build, {RUN}}}
        - {{name: undo, type: workflow, workflow: shared/part.yaml, when: on_failure}}
        - {{name: next, {RUN}}}
        """,
        {"part": PART},
        ends={"build": "failed"},
        outputs={"undo.make": {"id": "1"}},
    )
    assert world.started[:4] == ["build", "undo.make", "undo.test", "undo.clean"]
    assert world.skipped["next"] == "step 'build' failed"
    assert world.failures == ["build"]


def test_a_call_that_begins_with_a_call_after_a_failure_judges_that_by_itself_too(play: Player) -> None:
    world = play(
        f"""
        - {{name: build, {RUN}}}
        - {{name: undo, type: workflow, workflow: shared/outer.yaml, when: on_failure}}
        - {{name: next, {RUN}}}
        """,
        {"part": PART, "outer": "steps: [{name: inner, type: workflow, workflow: part.yaml}]"},
        ends={"build": "failed"},
        outputs={"undo.inner.make": {"id": "1"}},
    )
    assert world.started[:4] == ["build", "undo.inner.make", "undo.inner.test", "undo.inner.clean"]
    assert world.skipped["next"] == "step 'build' failed"


@pytest.mark.parametrize(
    ("condition", "runs"),
    [
        ("if: find.succeeded", True),
        ("if: find.failed", False),
        ("unless: find.succeeded", False),
        ("unless: find.failed", True),
        ("if: find.succeeded, unless: find.succeeded", False),
        ("if: find.succeeded, unless: find.failed", True),
    ],
)
@pytest.mark.parametrize("called", [False, True])
def test_a_step_or_call_runs_where_its_if_holds_and_its_unless_does_not(
    play: Player, condition: str, runs: bool, called: bool
) -> None:
    what = "type: workflow, workflow: shared/part.yaml" if called else RUN
    world = play(
        f"- {{name: find, {RUN}}}\n- {{name: then, {what}, {condition}}}",
        {"part": PART},
        outputs={"then.make": {"id": "1"}},
    )
    first = "then.make" if called else "then"
    assert (first in world.started, first in world.skipped) == (runs, not runs)


@pytest.mark.parametrize("status", ["succeeded", "failed"])
def test_a_condition_may_ask_whether_anything_before_has_failed(play: Player, status: str) -> None:
    world = play(
        f"""
        - {{name: build, {RUN}}}
        - {{name: tell, {RUN}, if: failure()}}
        - {{name: cheer, {RUN}, if: success()}}
        - {{name: log, {RUN}, if: always()}}
        """,
        ends={"build": status},
    )
    assert world.started[:3] == ["build", "tell" if status == "failed" else "cheer", "log"]


def test_fail_fast_of_a_called_workflow_holds_inside_of_it_alone(play: Player) -> None:
    part = f"""
    failFast: true
    steps:
      - {{name: a, {RUN}}}
      - {{name: b, {RUN}, dependsOn: []}}
      - {{name: c, {RUN}, dependsOn: [b]}}
    """
    world = play(
        f"- {{name: x, type: workflow, workflow: shared/part.yaml}}\n- {{name: y, {RUN}, dependsOn: []}}\n"
        f"- {{name: z, {RUN}, dependsOn: [y]}}",
        {"part": part},
        ends={"x.a": "failed"},
    )
    assert world.skipped == {"x.c": "step 'x.a' failed", "deploy-application": "step 'x.a' of 'flow' failed"}
    assert "z" in world.started


def test_a_condition_that_nobody_can_decide_fails_a_call_once(play: Player) -> None:
    world = play(
        f"""
        - {{name: find, {RUN}}}
        - {{name: db, type: workflow, workflow: shared/part.yaml, if: "${{steps.find.outputs.n}} > 1"}}
        """,
        {"part": PART},
    )
    assert list(world.refused) == ["db.make"]
    assert world.skipped["db.clean"] == "nobody can say whether 'db' runs"
    assert world.failures == ["db.make"]


LATE = f"""
- {{name: find, {RUN}, outputs: [names]}}
- {{name: deploy, {RUN}, forEach: "${{steps.find.outputs.names}}", maxItems: 3, maxParallel: 2, outputs: [host],
    env: {{NAME: "${{item}}", AT: "${{item.index}}"}}}}
- {{name: check, {RUN}, env: {{HOSTS: "${{steps.deploy.outputs.host.1}}"}}}}
"""


def test_a_loop_over_an_output_becomes_its_steps_while_the_run_goes_on(play: Player) -> None:
    hosts = {f"deploy[{number}]": {"host": f"h{number}"} for number in range(3)}
    world = play(LATE, outputs={"find": {"names": ["a", "b", "c"]}, **hosts})
    assert world.started[:5] == ["find", "deploy[0]", "deploy[1]", "deploy[2]", "check"]
    assert world.at_once == 2
    assert world.env["deploy[2]"] == {"NAME": "c", "AT": 2}
    assert world.env["check"] == {"HOSTS": "h1"}


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        (["a", "b", "c", "d"], "ORC-3110 step 'deploy': 'forEach' has 4 values, over 3"),
        ("a b", "ORC-3111 step 'deploy': 'forEach' is text, neither a list nor a mapping"),
        (None, "ORC-3111 step 'deploy': 'forEach' is nothing, neither a list nor a mapping"),
    ],
)
def test_a_loop_that_finds_too_much_or_nothing_to_go_over_fails_and_runs_no_step(
    play: Player, names: object, problem: str
) -> None:
    world = play(LATE, outputs={"find": {"names": names}})
    assert world.refused == {"deploy": problem}
    assert world.started == ["find"]
    assert world.failures == ["deploy"]


def test_text_that_is_a_json_list_is_one(play: Player) -> None:
    world = play(LATE, outputs={"find": {"names": '["a", "b"]'}, "deploy[1]": {"host": "h"}})
    assert world.env["check"] == {"HOSTS": "h"}


def test_a_loop_that_finds_no_value_ends_at_once(play: Player) -> None:
    steps = LATE.replace("steps.deploy.outputs.host.1", "steps.find.outputs.names")
    world = play(steps.replace("HOSTS", "X").replace('env: {X: "${steps.find.outputs.names}"}', "if: deploy.skipped"),
                 outputs={"find": {"names": []}})  # fmt: skip
    assert world.started[:2] == ["find", "check"]


def test_a_failed_step_of_a_late_loop_fails_what_stands_behind_it(play: Player) -> None:
    world = play(LATE, ends={"deploy[0]": "failed"}, outputs={"find": {"names": ["a", "b"]}})
    assert world.failures == ["deploy[0]"]
    assert "deploy[1]" in world.started
    assert world.skipped["check"] == "step 'deploy[0]' failed"


def test_a_loop_behind_a_failure_is_not_expanded(play: Player) -> None:
    world = play(LATE, ends={"find": "failed"})
    assert world.skipped["deploy"] == "step 'find' failed"
    assert world.started == ["find"]


def test_a_matrix_over_outputs_keeps_the_order_of_its_keys_when_the_plan_is_read_again(play: Player) -> None:
    steps = f"""
    - {{name: find, {RUN}, outputs: [zones]}}
    - {{name: deploy, {RUN}, maxItems: 8, env: {{ZONE: "${{matrix.zone}}", ARCH: "${{matrix.arch}}"}},
        matrix: {{zone: "${{steps.find.outputs.zones}}", arch: [x64, arm], exclude: [{{zone: b, arch: arm}}]}}}}
    """
    world = play(steps, outputs={"find": {"zones": ["a", "b"]}})
    combinations = [tuple(world.env[f"deploy[{number}]"].values()) for number in range(3)]
    assert combinations == [("a", "x64"), ("a", "arm"), ("b", "x64")]
    again = Plan.model_validate_json(world.plan.canonical)
    assert again.digest == world.plan.digest


def test_secrets_do_not_leave_a_sub_workflow_through_what_others_read(play: Player) -> None:
    part = f"""
    parameters: [{{name: token, secret: true}}, {{name: plain}}]
    outputs: {{key: "${{steps.make.outputs.key}}", id: "${{steps.make.outputs.id}}"}}
    steps:
      - {{name: make, {RUN}, outputs: [id, key], secretOutputs: [key], env: {{TOKEN: "${{parameters.token}}"}}}}
    """
    call = "{name: db, type: workflow, workflow: shared/part.yaml, parameters: {token: '${secrets.token}', plain: x}}"
    world = play(f"- {call}\n- {{name: next, {RUN}}}", {"part": part})
    flow = world.plan.workflows[0].id
    assert world.values.is_secret(flow, {"$ref": "steps.db.outputs.key"})
    assert not world.values.is_secret(flow, {"$ref": "steps.db.outputs.id"})
    make = next(step for step in world.plan.steps if step.name == "db.make")
    assert make.secrets == ["token"]
    assert make.env == {"TOKEN": {"$ref": "secrets.token"}}
