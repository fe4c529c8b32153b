"""What a workflow can reach: conditions that never change, steps that never run, outputs of skipped steps."""

import pytest

from innominatus_cli.checks import reach
from innominatus_cli.checks.checking import check_document
from innominatus_cli.documents.loading import load
from innominatus_cli.findings.finding import Finding, Severity

VARIABLES = "  variables: {MODE: fast, TAG: '${application.name}'}\n"
READS = ", env: {A: '${variables.MODE} ${variables.TAG}'}"


def found(steps: str, spec: str = "", kind: str = "Workflow", meta: str = "") -> list[Finding]:
    lines = "".join(f"    {line}\n" for line in steps.splitlines())
    head = f"apiVersion: workflow.dev/v1\nkind: {kind}\nmetadata: {{name: w{meta}}}\nspec:\n{spec}  steps:\n"
    loaded = load("w.yaml", f"{head}{lines}".encode())
    assert [one for one in loaded.findings if one.severity is Severity.ERROR] == []
    return check_document(loaded.documents[0])


def codes(steps: str, spec: str = "", kind: str = "Workflow", meta: str = "") -> list[str]:
    return [one.code.number for one in found(steps, spec, kind, meta)]


def step(name: str, more: str = "") -> str:
    return f"- {{name: {name}, type: script, config: {{script: make}}{more}}}\n"


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        ("if: 1 < 2", "ORC-2130"),
        ('if: \'"a" == "b"\'', "ORC-2131"),
        ("unless: 'true'", "ORC-2131"),
        ("unless: false", "ORC-2130"),
        ("if: '${variables.MODE} == \"fast\"'", "ORC-2130"),
        ("if: 'MODE == \"slow\"'", "ORC-2131"),
        ("if: 'false and ${environment.name} == \"x\"'", "ORC-2131"),
        ("if: '${environment.name} == \"x\" or 2 in [1, 2]'", "ORC-2130"),
        ('if: \'"abc" matches "^[a-c]+$"\'', "ORC-2130"),
    ],
)
def test_a_condition_of_literals_never_changes(condition: str, code: str) -> None:
    assert codes(step("a", f", {condition}{READS}"), VARIABLES) == [code]


@pytest.mark.parametrize(
    "condition",
    [
        "'${environment.name} == \"production\"'",
        "'${variables.TAG} == \"web\"'",
        "'${parameters.size} == \"large\"'",
        "always()",
        "failure()",
        "'${env.CI} != null'",
        '\'${application.name} in ["a", "b"]\'',
    ],
)
def test_what_only_a_run_knows_may_change(condition: str) -> None:
    spec = "  variables: {TAG: '${application.name}'}\n  parameters: [{name: size, default: small}]\n"
    reads = ", env: {A: '${variables.TAG} ${parameters.size}'}"
    assert codes(step("a", f", if: {condition}{reads}"), spec) == []


@pytest.mark.parametrize(
    "left", ["environment.name", "${env.CI}", "steps.z.outputs.x", "secrets.token", "variables.TAG"]
)
@pytest.mark.parametrize(
    "rest", ["== 'a'", "!= null", "in ['a', 3]", "not in []", "== word", "> 3", "contains 'x'", ""]
)
def test_conditions_that_need_no_folding_say_what_folding_them_says(
    left: str, rest: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = step("z", ", outputs: [x]") + step("a", f', when: on_failure, if: "{left} {rest}", outputs: [x]')
    steps += step("b", READ)
    quick = found(steps, "  variables: {TAG: a}\n")
    monkeypatch.setattr(reach, "_has_nothing_static", lambda _tree: False)
    assert quick == found(steps, "  variables: {TAG: a}\n")


def test_a_variable_that_a_step_sets_may_change() -> None:
    steps = step("a", ", setVariables: {MODE: slow}") + step("b", ", if: '${variables.MODE} == \"fast\"'")
    assert codes(steps, "  variables: {MODE: fast}\n") == []


def test_two_literals_that_cannot_be_compared_are_an_error() -> None:
    (finding,) = found(step("a", ", if: '1 < \"b\"'"))
    assert (finding.code.number, finding.severity) == ("ORC-2029", Severity.ERROR)
    assert finding.message == "'<' cannot order a number and text"


PLATFORM = ", description: d, owner: o, phase: pre-deployment"
ALWAYS = "  triggers: [all_deployments]\n"


def test_on_failure_waits_for_something_that_can_fail() -> None:
    told = step("tell", ", when: on_failure")
    assert codes(told, ALWAYS, "PlatformWorkflow", PLATFORM) == ["ORC-2131"]
    assert codes(step("a") + told, ALWAYS, "PlatformWorkflow", PLATFORM) == []
    lenient = step("a", ", continueOnError: true")
    assert codes(lenient + told, ALWAYS, "PlatformWorkflow", PLATFORM) == ["ORC-2131"]


def test_an_earlier_workflow_may_have_failed() -> None:
    told = step("tell", ", when: on_failure")
    assert codes(told, ALWAYS, "PlatformWorkflow", PLATFORM.replace("pre-", "post-")) == []
    assert codes(told) == []
    assert codes(told, ALWAYS, "PlatformWorkflow", f"{PLATFORM}, dependsOn: [scan]") == []


@pytest.mark.parametrize(
    "second",
    [
        ", when: on_success, if: failure()",
        ", when: on_success, if: a.failed and always()",
        ", when: on_failure, if: success()",
    ],
)
def test_when_and_if_may_exclude_each_other(second: str) -> None:
    assert codes(step("a") + step("b", second)) == ["ORC-2131"]


def test_the_failure_of_a_lenient_step_stops_nothing() -> None:
    assert codes(step("a", ", continueOnError: true") + step("b", ", when: on_success, if: a.failed")) == []


STAGING = "'${environment.name} == \"staging\"'"
READ = ", env: {X: '${steps.a.outputs.x}'}"


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [
        (f", if: {STAGING}", f", unless: {STAGING}", "ORC-2132"),
        (f", unless: {STAGING}", f", if: {STAGING}", "ORC-2132"),
        (", if: 'false'", "", "ORC-2132"),
        (", when: on_failure", "", "ORC-2132"),
        (f", if: {STAGING}", "", "ORC-2133"),
        (", when: manual", "", "ORC-2133"),
        (", when: on_failure", ", when: always", "ORC-2133"),
        (f", if: {STAGING}", ", if: '${application.name} == \"b\"'", "ORC-2133"),
    ],
)
def test_an_output_is_read_of_a_step_that_has_run(first: str, second: str, code: str) -> None:
    steps = step("z") + step("a", f"{first}, outputs: [x]") + step("b", second + READ)
    (finding,) = (one for one in found(steps) if one.place.line == 8)
    assert finding.code.number == code
    assert finding.related[0].place.line == 7


@pytest.mark.parametrize("first", [f", if: {STAGING}", ", when: on_failure"])
def test_a_template_may_say_what_holds_without_an_output(first: str) -> None:
    def steps(template: str) -> str:
        return step("z") + step("a", f"{first}, outputs: [x]") + step("b", f', env: {{X: "{template}"}}')

    assert codes(steps("{{ steps.a.outputs.x | default('none') }}")) == []
    assert codes(steps("{{ steps.a.outputs.x | upper }}")) != []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (f", if: {STAGING}", f", if: {STAGING}"),
        (f", if: {STAGING}", ', if: \'${environment.name} == "staging" and ${application.name} == "b"\''),
        (f", if: {STAGING}", ", if: a.succeeded"),
        (f", if: {STAGING}", ", if: '${steps.a.outputs.x} != null'"),
        (f", unless: {STAGING}", f", unless: {STAGING}"),
        (", when: on_failure", ", when: on_failure"),
        ("", ""),
        (", when: always", ""),
    ],
)
def test_nothing_is_said_where_both_run_together(first: str, second: str) -> None:
    assert codes(step("z") + step("a", f"{first}, outputs: [x]") + step("b", second + READ)) == []


def test_a_cleanup_step_reads_what_may_be_missing() -> None:
    spec = f"  finally:\n    {step('c', READ)}"
    assert codes(step("a", f", if: {STAGING}, outputs: [x]"), spec) == ["ORC-2133"]
    assert codes(step("a", ", outputs: [x]"), spec) == []


def test_many_steps_take_linear_time() -> None:
    steps = "".join(step(f"s{number}", ", when: on_failure") for number in range(1_500))
    assert codes(steps, ALWAYS, "PlatformWorkflow", PLATFORM).count("ORC-2131") == 1
