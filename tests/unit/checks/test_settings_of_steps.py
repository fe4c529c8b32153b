"""Groups, loops, gates, locks, timeouts and retries in the situations that their cases do not show."""

import pytest

from innominatus_cli.checks.checking import check_document
from innominatus_cli.checks.facts import NO_FACTS, Facts
from innominatus_cli.documents.loading import load
from innominatus_cli.documents.nodes import Document
from innominatus_cli.findings.finding import Finding, Severity


def document(text: str, path: str = "w.yaml") -> Document:
    loaded = load(path, text.encode())
    assert [one for one in loaded.findings if one.severity is Severity.ERROR] == []
    return loaded.documents[0]


def admin(text: str) -> Facts:
    return Facts(document(text, "admin-config.yaml"))


def step(name: str, more: str = "", kind: str = "script", config: str = "{script: make}") -> str:
    return f"    - {{name: {name}, type: {kind}, config: {config}{more}}}\n"


def found(steps: str, spec: str = "", facts: Facts = NO_FACTS, kind: str = "Workflow", meta: str = "") -> list[Finding]:
    head = f"apiVersion: workflow.dev/v1\nkind: {kind}\nmetadata: {{name: w{meta}}}\nspec:\n{spec}  steps:\n"
    return check_document(document(head + steps), facts)


def said(steps: str, spec: str = "", facts: Facts = NO_FACTS, kind: str = "Workflow", meta: str = "") -> list[str]:
    return [f"{one.code.number} {one.message}" for one in found(steps, spec, facts, kind, meta)]


def test_groups_of_several_steps_are_groups() -> None:
    pair = step("a", ", parallel: true") + step("b", ", parallel: true")
    assert said(pair) == []
    assert said(pair + step("c", ", parallelGroup: 2")) == ["ORC-2134 step 'c' is alone in its parallel group"]
    assert said(step("a", ", parallelGroup: 0") + step("b", ", parallel: false")) == []


@pytest.mark.parametrize(
    ("loop", "message"),
    [
        ("matrix: {}", "'matrix' has no keys"),
        ("matrix: {os: []}", "'os' is an empty list, so that step 'a' never runs"),
        ("forEach: [1, 2, 3], maxItems: 2", "'forEach' has 3 values, over 2"),
        (f"matrix: {{a: {list(range(20))}, b: {list(range(20))}}}", "'matrix' has 400 combinations, over 256"),
        ("forEach: 3", "'forEach' is neither a list nor a reference to one"),
        (
            "forEach: '${steps.z.outputs.names}'",
            "'forEach' takes its values from an output, and 'maxItems' does not say",
        ),
        ("forEach: [1], matrix: {a: [1]}", "step 'a' has both 'forEach' and 'matrix'"),
        ("forEach: [1], approval: {teams: [t]}", "step 'a' is a gate inside of a loop"),
    ],
)
def test_a_loop_has_values_that_are_known_to_be_few(loop: str, message: str) -> None:
    (finding,) = (one for one in found(step("z") + step("a", f", {loop}")) if one.code.number == "ORC-2135")
    assert finding.message.startswith(message)


@pytest.mark.parametrize(
    "loop",
    [
        "forEach: '${parameters.names}'",
        "forEach: '${steps.z.outputs.names}', maxItems: 5",
        "matrix: {os: [a, b], size: '${variables.sizes}'}",
        "matrix: {a: [1, 2]}, env: {A: '${matrix.a}'}",
        "forEach: [1], env: {A: '${item}'}",
    ],
)
def test_other_loops_are_fine(loop: str) -> None:
    spec = "  variables: {sizes: x}\n"
    codes = {one.code.number for one in found(step("z") + step("a", f", {loop}"), spec)}
    assert not codes & {"ORC-2135", "ORC-2136", "ORC-2015"}


def test_an_item_needs_a_loop_and_a_matrix_its_key() -> None:
    (item,) = found(step("a", ", env: {A: '${item.name}'}"))
    assert item.message == "'${item.name}': the step has no 'forEach'"
    (key,) = found(step("a", ", matrix: {size: [1]}, env: {A: '${matrix.sise}'}"))
    assert key.help == "Did you mean 'size'?"


def test_when_changes_nothing_in_finally() -> None:
    spec = "  finally:\n" + step("c", ", when: on_failure")
    assert said(step("a"), spec) == ["ORC-2136 'when' has no effect in 'finally', whose steps run whatever happened"]


TEAMS = "teams: {small: {members: [a@x.example]}, all: {members: ['*@x.example']}, none: {members: []}}\n"


@pytest.mark.parametrize(
    ("gate", "expected"),
    [
        ("{teams: [small], count: 2}", ["ORC-2141 the gate asks for 2 approvals, and its teams have 1 member"]),
        ("{teams: [none]}", ["ORC-2141 the gate asks for 1 approval, and its teams have no members"]),
        ("{teams: [small, all], count: 9}", []),
        ("{teams: [small], count: 1}", []),
        ("{teams: [smal]}", ["ORC-2140 team 'smal' is not defined under 'teams' in admin-config.yaml"]),
    ],
)
def test_a_gate_can_open(gate: str, expected: list[str]) -> None:
    assert said(step("a", f", approval: {gate}"), facts=admin(TEAMS)) == expected
    assert said(step("a", "", "approval", gate), facts=admin(TEAMS)) == expected


def test_an_old_admin_config_without_teams_gets_a_warning() -> None:
    (finding,) = found(step("a", ", approval: {teams: [x]}"), facts=admin("admin: {}\n"))
    assert finding.severity is Severity.WARNING
    assert found(step("a", ", approval: {teams: [x]}")) == []


def test_locks_that_look_alike_are_told_apart() -> None:
    steps = step("a", ", lock: deploy-web") + step("b", ", lock: Deploy_Web") + step("c", ", lock: deploy-web")
    assert said(steps) == ["ORC-2143 lock 'Deploy_Web' is not the lock 'deploy-web' of line 6"]


def test_a_type_with_a_probe_may_check() -> None:
    assert said(step("a", ", idempotency: check", "gitea-repo", "{repoName: x}")) == []
    assert said(step("a", ", idempotency: check", "ours", "{}"), facts=Facts(step_types=("ours",))) == []


@pytest.mark.parametrize(
    ("rollback", "count"),
    [("{}", 1), ("true", 1), ("{step: a}", 0), ("{step: zz}", 1), ("{script: undo}", 0), ("false", 0)],
)
def test_a_rollback_names_something(rollback: str, count: int) -> None:
    assert len(found(step("a", f", rollback: {rollback}"))) == count


def test_a_type_that_can_undo_its_work_may_say_so() -> None:
    assert found(step("a", ", rollback: true", "kubernetes", "{manifests: x}")) == []


SHOP = ", description: d, owner: o, phase: deployment"
TIER = {"kind": "PlatformWorkflow", "meta": SHOP}
TRIGGER = "  triggers: [all_deployments]\n"


def test_several_programs_without_a_timeout_are_remarked_on_once() -> None:
    two = step("a") + step("b")
    message = "ORC-2137 2 steps start programs, and neither they nor the workflow have a timeout"
    assert said(two, TRIGGER, admin("admin: {}\n"), **TIER) == [message]


@pytest.mark.parametrize(
    ("steps", "spec", "config"),
    [
        (step("a"), TRIGGER, "admin: {}\n"),
        (step("a", ", timeout: 5m") + step("b"), TRIGGER, "admin: {}\n"),
        (step("a") + step("b"), f"{TRIGGER}  timeout: 5m\n", "admin: {}\n"),
        (step("a") + step("b"), TRIGGER, "workflowPolicies: {maxWorkflowDuration: 30m}\n"),
        (step("a", "", "tagging", "{}") + step("b", "", "wait", "{}"), TRIGGER, "admin: {}\n"),
    ],
)
def test_nothing_is_said_where_something_bounds_the_time(steps: str, spec: str, config: str) -> None:
    assert "ORC-2137" not in {one.code.number for one in found(steps, spec, admin(config), **TIER)}


@pytest.mark.parametrize(
    ("retry", "message"),
    [
        ("{attempts: 3, delay: 60, maxDelay: 5}", "'maxDelay' cuts the delay of 60 seconds to 5"),
        ("{attempts: 3, delay: 10m}", "after a delay of 600 seconds the workflow has no time left for another attempt"),
        (
            "{attempts: 3, delay: 60, maxDuration: 1m}",
            "after a delay of 60 seconds 'maxDuration' leaves no time for another attempt",
        ),
        ("{attempts: 3, on: [0, 1]}", "exit code 0 is a success, which is never repeated"),
    ],
)
def test_a_retry_does_what_it_says(retry: str, message: str) -> None:
    assert said(step("a", f", retry: {retry}"), "  timeout: 10m\n") == [f"ORC-2139 {message}"]


def test_a_good_retry_is_fine() -> None:
    retry = "{attempts: 3, delay: 5, maxDelay: 30, maxDuration: 5m, on: [1, timeout]}"
    assert said(step("a", f", retry: {retry}"), "  timeout: 10m\n") == []


def test_a_timeout_of_nothing_is_none() -> None:
    assert said(step("a", ", timeout: 0")) == ["ORC-2138 a timeout of 0 is none: the default of the step type counts"]
    assert said(step("a"), "  timeout: 0\n") == [
        "ORC-2138 a timeout of 0 leaves the workflow no time for its first step"
    ]


def test_policies_bound_what_is_written() -> None:
    facts = admin("workflowPolicies: {maxWorkflowDuration: 10m, maxStepsPerWorkflow: 1}\n")
    steps = step("a", ", timeout: 15m") + step("b")
    assert said(steps, f"{TRIGGER}  timeout: 20m\n", facts, **TIER) == [
        "ORC-4006 the workflow may take 20m; maxWorkflowDuration is 10m",
        "ORC-4008 the workflow has 2 steps; maxStepsPerWorkflow is 1",
        "ORC-4006 step 'a' may take 15m; maxWorkflowDuration is 10m",
    ]
