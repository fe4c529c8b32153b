"""How two plans differ: what is told, what is left out, and because of what."""

from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from innominatus_cli.documents.plan import Application, Plan, PlannedStep
from innominatus_cli.planning.comparison import Change, compare, differences
from innominatus_cli.planning.effects import effects
from innominatus_cli.planning.request import Facts

Planner = Callable[..., Any]
ADMIN = "environments: {development: {}}\n"
WORKFLOW = """
    apiVersion: workflow.dev/v1
    kind: PlatformWorkflow
    metadata: {name: NAME, description: d, owner: o, phase: PHASE}
    spec:
      triggers: [TRIGGER]
      steps:
        - name: look
          type: script
          timeout: 5m
          config: {script: make look}
"""


def workflow(
    name: str = "scan", phase: str = "pre-deployment", trigger: str = "all_deployments", more: str = "", **changed: str
) -> str:
    text = WORKFLOW.replace("NAME", name).replace("PHASE", phase).replace("TRIGGER", trigger) + more
    for old, new in changed.items():
        text = text.replace(old.replace("_", " "), new)
    return text


def planned(plan: Planner, files: dict[str, str], facts: Facts | None = None, **wish: Any) -> Plan:
    outcome = plan({"admin-config.yaml": ADMIN, **files}, facts, **wish)
    assert outcome.plan is not None, outcome.findings
    found: Plan = outcome.plan
    return found


def told(old: Plan, new: Plan) -> list[tuple[str, str, str]]:
    return [(one.part, one.change, one.name) for one in compare(old, new).telling]


def step(old: Plan, new: Plan) -> Change:
    (one,) = compare(old, new).steps
    return one


SCAN = "workflows/platform/scan.yaml"


def test_a_plan_does_not_differ_from_itself(plan: Planner) -> None:
    one, other = planned(plan, {SCAN: workflow()}), planned(plan, {SCAN: workflow()})
    assert not compare(one, other)
    assert effects(compare(one, other)) == ()


def test_a_new_workflow_is_told_and_the_barriers_that_follow_from_it_are_not(plan: Planner) -> None:
    old = planned(plan, {})
    new = planned(plan, {SCAN: workflow()})
    assert told(old, new) == [
        ("workflow", "added", "pre-deployment/platform/-/scan"),
        ("step", "added", "pre-deployment/platform/-/scan/look"),
    ]
    (added,) = compare(old, new).steps
    assert added.because == (f"{SCAN}:7 added",)
    assert added.type == "script"
    assert effects(compare(old, new)) == ("+1 step",)
    assert effects(compare(new, old)) == ("-1 step",)


def test_an_input_is_told_with_its_pointer_old_and_new_value_and_the_line_that_changed(plan: Planner) -> None:
    changed = step(planned(plan, {SCAN: workflow()}), planned(plan, {SCAN: workflow(make_look="make deep")}))
    assert [(one.pointer, one.was, one.now) for one in changed.details] == [
        ("/inputs/script", "make look", "make deep")
    ]
    assert changed.because == (f"{SCAN}:7 changed",)


def test_a_timeout_a_retry_and_a_gate_have_their_own_words(plan: Planner) -> None:
    more = "          retry: {attempts: 2}\n          approval: {teams: [sre], count: 2}\n"
    old = planned(plan, {SCAN: workflow()})
    new = planned(plan, {SCAN: workflow(more=more, **{"5m": "10m"})})
    assert {one.aspect for one in step(old, new).details} == {"timeout_seconds", "retry", "gate"}
    words = ("1 step changed", "approval now needed", "timeouts changed", "retries changed")
    assert effects(compare(old, new)) == words
    assert "approval no longer needed" in effects(compare(new, old))


def test_a_gate_of_a_new_step_means_an_approval_too(plan: Planner) -> None:
    more = "        - {name: ask, type: script, approval: {teams: [sre], count: 1}, config: {script: 'true'}}\n"
    old, new = planned(plan, {SCAN: workflow()}), planned(plan, {SCAN: workflow(more=more)})
    assert effects(compare(old, new)) == ("+1 step", "approval now needed")


def test_what_a_step_waits_for_is_told_by_what_comes_and_goes(plan: Planner) -> None:
    more = "        - {name: end, type: script, dependsOn: [NEEDS], config: {script: 'true'}}\n"
    second = "        - {name: second, type: script, dependsOn: [], config: {script: 'true'}}\n"
    old = planned(plan, {SCAN: workflow(more=second + more.replace("NEEDS", "look"))})
    new = planned(plan, {SCAN: workflow(more=second + more.replace("NEEDS", "second"))})
    needs = [(one.change, one.was, one.now) for one in step(old, new).details]
    home = "pre-deployment/platform/-/scan"
    assert needs == [("removed", f"{home}/look", None), ("added", None, f"{home}/second")]
    assert "order changed" in effects(compare(old, new))


def test_a_barrier_between_two_large_groups_is_no_need_of_its_own(plan: Planner) -> None:
    group = "        - {name: NAME, type: script, parallelGroup: 1, config: {script: 'true'}}\n"
    then = "        - {name: NAME, type: script, parallelGroup: 2, config: {script: 'true'}}\n"

    def steps(first: int, second: int) -> str:
        texts = [group.replace("NAME", f"a{n}") for n in range(first)]
        return "".join([*texts, *(then.replace("NAME", f"b{n}") for n in range(second))])

    old, new = (planned(plan, {SCAN: workflow(more=steps(4, second))}) for second in (4, 5))
    assert any(one.id.endswith("]") for one in new.steps)
    assert not any(one.id.endswith("]") for one in old.steps)
    assert told(old, new) == [("step", "added", "pre-deployment/platform/-/scan/b4")]


def test_a_workflow_of_another_phase_has_moved_with_its_steps(plan: Planner) -> None:
    old, new = (planned(plan, {SCAN: workflow(phase=phase)}) for phase in ("pre-deployment", "post-deployment"))
    found = compare(old, new)
    assert [(one.part, one.change, one.was, one.now) for one in found.telling] == [
        ("workflow", "moved", "pre-deployment/platform/-/scan", "post-deployment/platform/-/scan"),
        ("step", "moved", "pre-deployment/platform/-/scan/look", "post-deployment/platform/-/scan/look"),
    ]
    assert effects(found) == ("1 step moved",)


def test_a_workflow_with_another_name_in_the_same_file_has_moved(plan: Planner) -> None:
    old, new = planned(plan, {SCAN: workflow("scan")}), planned(plan, {SCAN: workflow("audit")})
    assert {one.change for one in compare(old, new).telling} == {"moved"}


def test_a_step_that_moves_to_another_workflow_is_no_other_step(plan: Planner) -> None:
    more = "        - {name: extra, type: script, config: {script: make extra}}\n"
    audit = "workflows/platform/audit.yaml"
    old = planned(plan, {SCAN: workflow(more=more), audit: workflow("audit")})
    new = planned(plan, {SCAN: workflow(), audit: workflow("audit", more=more)})
    (moved,) = [one for one in compare(old, new).steps if one.change == "moved"]
    assert (moved.was, moved.now) == (
        "pre-deployment/platform/-/scan/extra",
        "pre-deployment/platform/-/audit/extra",
    )


def test_lines_that_shift_are_a_position_and_no_telling_change(plan: Planner) -> None:
    old, new = planned(plan, {SCAN: workflow()}), planned(plan, {SCAN: "# a remark\n" + workflow()})
    found = compare(old, new)
    assert found.telling == ()
    assert effects(found) == ("same steps, another digest",)
    assert [one.name for one in found.changes if one.part == "source"] == [SCAN]


def test_a_fact_that_changed_is_the_reason_for_a_step_that_is_gone(plan: Planner) -> None:
    files = {SCAN: workflow(trigger="first_deployment")}
    old = planned(plan, files)
    new = planned(plan, files, Facts(first_deployment=False, first_deployment_evidence="record x"))
    assert step(old, new).because == ("input first_deployment changed",)
    (fact,) = [one for one in differences(old, new) if one.name == "first_deployment"]
    assert (fact.was, fact.now) == ("true (no record of a successful deployment)", "false (record x)")


def test_a_file_that_a_step_reads_is_the_reason(plan: Planner) -> None:
    files = {SCAN: workflow().replace("script\n", "kubernetes\n").replace("script: make look", "manifests: k8s")}
    old = planned(plan, {**files, "k8s/a.yaml": "a: 1\n"})
    new = planned(plan, {**files, "k8s/a.yaml": "a: 2\n", "k8s/b.yaml": "b: 1\n"})
    changed = step(old, new)
    assert changed.because == ("k8s/a.yaml changed", "k8s/b.yaml added")


def test_admin_config_is_the_reason_where_a_table_changed(plan: Planner) -> None:
    files = {SCAN: workflow().replace("script\n", "validation\n").replace("script: make look", "healthChecks: [up]")}
    checks = "healthChecks: {up: {type: http, url: 'https://example.com/PATH'}}\n"
    old = planned(plan, {**files, "admin-config.yaml": checks.replace("PATH", "a")})
    new = planned(plan, {**files, "admin-config.yaml": checks.replace("PATH", "b")})
    changed = step(old, new)
    assert changed.because == ("admin-config.yaml changed",)
    assert changed.details[0].pointer == "/inputs/healthChecks/0/url"


STEPS = st.lists(
    st.builds(
        PlannedStep,
        id=st.sampled_from([f"deployment/platform/-/w/{name}" for name in "abc"]),
        name=st.sampled_from("abc"),
        phase=st.just("deployment"),
        tier=st.just("platform"),
        workflow_id=st.just("deployment/platform/-/w"),
        inputs=st.dictionaries(
            st.sampled_from(("a", "b/c", "d~e")),
            st.recursive(
                st.none() | st.booleans() | st.integers(0, 2) | st.text(max_size=2),
                lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("xy"), inner, max_size=2),
                max_leaves=4,
            ),
        ),
        timeout_seconds=st.integers(1, 3),
        needs=st.lists(st.sampled_from(["deployment/platform", "pre-deployment/platform"]), max_size=1),
    ),
    max_size=3,
    unique_by=lambda step: step.id,
)
PLANS = st.builds(
    Plan,
    operation=st.sampled_from(("deploy", "task")),
    application=st.builds(Application, name=st.sampled_from("ab")),
    environment=st.sampled_from(("development", "production")),
    parameters=st.dictionaries(st.sampled_from("pq"), st.integers(0, 1)),
    sources=st.just([]),
    inputs=st.just([]),
    workflows=st.just([]),
    steps=STEPS,
    limits=st.dictionaries(st.sampled_from(("workflows", "platform")), st.integers(1, 2)),
)


@settings(max_examples=300, deadline=None)
@given(old=PLANS, new=PLANS)
def test_two_plans_differ_exactly_where_their_digests_do(old: Plan, new: Plan) -> None:
    assert bool(compare(old, new)) == (old.digest != new.digest)
    assert not compare(old, Plan.model_validate(old.as_json()))


def _at(data: Any, pointer: str) -> Any:
    for key in pointer.split("/")[1:]:
        data = data[int(key)] if isinstance(data, list) else data[key.replace("~1", "/").replace("~0", "~")]
    return data


@settings(max_examples=200, deadline=None)
@given(old=PLANS, new=PLANS)
def test_every_pointer_leads_to_the_values_that_are_told(old: Plan, new: Plan) -> None:
    for change in compare(old, new).steps:
        if change.change == "changed":
            before, after = (plan.step(change.name).as_json() for plan in (old, new))
            for one in change.details:
                if one.aspect != "needs":
                    assert one.change == "added" or _at(before, one.pointer) == one.was
                    assert one.change == "removed" or _at(after, one.pointer) == one.now
