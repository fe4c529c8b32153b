"""Names of variables and parameters, and what references name in their contexts."""

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


def step(name: str, more: str = "", script: str = "make") -> str:
    return f"    - {{name: {name}, type: script, config: {{script: '{script}'}}{more}}}\n"


def found(steps: str, spec: str = "", facts: Facts = NO_FACTS) -> list[Finding]:
    head = f"apiVersion: workflow.dev/v1\nkind: Workflow\nmetadata: {{name: w}}\nspec:\n{spec}  steps:\n"
    return check_document(document(head + steps), facts)


def said(steps: str, spec: str = "", facts: Facts = NO_FACTS) -> list[tuple[str, str]]:
    return [(one.code.number, one.message) for one in found(steps, spec, facts)]


MODE = "  variables: {MODE: fast}\n"
SIZE = "  parameters: [{name: size}]\n"


@pytest.mark.parametrize(
    "more",
    [
        ", env: {A: '${variables.MODE}-${parameters.size}'}",
        ", env: {A: '${workflow.MODE}${size}'}",
        ", env: {A: '${MODE}', B: '{{ .parameters.size }}'}",
        ', if: \'MODE == "x" and ${parameters.size} == "y"\'',
        ", if: '$MODE == \"x\"', unless: 'size == \"y\"'",
        ", env: {A: '{{ if .parameters.size }}{{ .variables.MODE | upper }}{{ end }}'}",
        ", forEach: '${variables.MODE}', env: {A: '${item}', B: '${size}'}",
    ],
)
def test_every_way_to_read_a_name_counts(more: str) -> None:
    codes = {number for number, _ in said(step("a", more), MODE + SIZE)}
    assert not codes & {"ORC-2148", "ORC-2149"}


def test_outputs_of_the_workflow_read_too() -> None:
    assert said(step("a"), MODE + "  outputs: {mode: '${variables.MODE}'}\n") == []


def test_the_text_of_a_script_alone_reads_nothing() -> None:
    assert said(step("a", "", "echo MODE"), MODE) == [("ORC-2148", "variable 'MODE' is never read")]


@pytest.mark.parametrize("script", ["echo $MODE", 'echo "${MODE}"', "x=1; curl $MODE/path"])
def test_a_variable_of_the_workflow_is_none_of_the_shell(script: str) -> None:
    (finding,) = found(step("a", "", script), MODE)
    assert finding.code.number == "ORC-2154"
    assert finding.help == 'Write `env: {MODE: "${variables.MODE}"}` in the step.'


@pytest.mark.parametrize(
    ("script", "more"),
    [
        ("MODE=x; echo $MODE", ", if: 'MODE == \"x\"'"),
        ("for MODE in a b; do echo $MODE; done", ", if: 'MODE == \"x\"'"),
        ("read -r OTHER MODE; echo $MODE", ", if: 'MODE == \"x\"'"),
        ("echo ${MODE:-fast}", ", if: 'MODE == \"x\"'"),
        ("echo $MODEL \\$MODE $$MODE", ", if: 'MODE == \"x\"'"),
        ("echo $MODE", ", env: {MODE: '${variables.MODE}'}"),
    ],
)
def test_a_name_that_the_shell_knows_is_its_own(script: str, more: str) -> None:
    assert "ORC-2154" not in {number for number, _ in said(step("a", more, script), MODE)}


def test_what_every_step_is_given_needs_no_env() -> None:
    facts = Facts(document("env: [MODE]\n", "admin-config.yaml"))
    assert said(step("a", ", if: 'MODE == \"x\"'", "echo $MODE"), MODE) != []
    assert said(step("a", ", if: '${environment.name} == MODE'", "echo $MODE"), MODE, facts) == []


@pytest.mark.parametrize(("name", "count"), [("a.b", 1), ("a b", 1), ("a-b", 0), ("404", 0), ("A_1", 0)])
def test_a_variable_has_a_name_that_references_can_read(name: str, count: int) -> None:
    spec = f"  variables: {{'{name}': x}}\n"
    assert [number for number, _ in said(step("a", ", env: {A: '${variables.a-b}'}"), spec)].count("ORC-2147") == count


@pytest.mark.parametrize(("name", "count"), [("A-B", 1), ("1A", 1), ("A.B", 1), ("_a1", 0)])
def test_an_environment_variable_has_a_name_that_a_shell_can_read(name: str, count: int) -> None:
    assert len(found(step("a", f", env: {{'{name}': x}}"))) == count


def test_steps_do_not_hide() -> None:
    assert [one.message for one in found(step("env") + step("Build") + step("build"))] == [
        "step 'env' hides behind the context of that name: `${env.…}` never means the step",
        "step 'build' differs from step 'Build' only in case",
    ]


def test_two_steps_in_order_may_set_one_variable() -> None:
    first, second = (step(name, f", setVariables: {{MODE: {name}}}") for name in ("a", "b"))
    read = step("c", ", env: {A: '${variables.MODE}'}")
    assert said(first + second + read) == []
    apart = second.replace("name: b,", "name: b, dependsOn: [],")
    (finding,) = found(first + apart + read)
    assert finding.code.number == "ORC-2152"


def test_a_set_variable_is_read_by_a_later_step() -> None:
    setter = step("a", ", outputs: [x], setVariables: {X: '${outputs.x}'}")
    reader = step("b", ", env: {A: '${variables.X}'}")
    assert said(setter + reader) == []
    assert said(reader + setter) == [
        ("ORC-2017", "'${variables.X}': the variable is set by step 'a', which is not ordered before 'b'")
    ]


def test_set_variables_speak_of_outputs_that_the_step_has() -> None:
    (finding,) = (
        one for one in found(step("a", ", outputs: [x], setVariables: {X: '${outputs.y}'}")) if "y" in one.message
    )
    assert (finding.code.number, finding.message) == ("ORC-2015", "'${outputs.y}': step 'a' declares no output 'y'")


CONFIG = "env: [CI]\nenvironments: {staging: {variables: {LOG_LEVEL: info}}}\n"


@pytest.mark.parametrize(
    ("reference", "code", "remedy"),
    [
        ("run.di", "ORC-2015", "did you mean 'id'?"),
        ("git.comit", "ORC-2015", "did you mean 'commit'?"),
        ("admin.defaultBudgt", "ORC-2015", "did you mean 'defaultBudget'?"),
        ("application.nmae", "ORC-2015", "did you mean 'name'?"),
        ("environment.LOG_LEVLE", "ORC-2015", "did you mean 'LOG_LEVEL'?"),
        ("env.HOSTNAME", "ORC-2019", "List HOSTNAME under 'env' in admin-config.yaml."),
        ("variables.x", "ORC-2015", ""),
        ("terraform.vpc", "ORC-2015", ""),
    ],
)
def test_a_context_has_what_is_read(reference: str, code: str, remedy: str) -> None:
    (finding,) = found(step("a", f", env: {{A: '${{{reference}}}'}}"), "", Facts(document(CONFIG, "admin-config.yaml")))
    assert (finding.code.number, finding.remedy) == (code, remedy)


@pytest.mark.parametrize(
    "reference",
    [
        "run.id",
        "git.branch",
        "admin.splunkIndex",
        "application.metadata.team",
        "environment.LOG_LEVEL",
        "environment.variables.ANY",
        "env.CI",
        "metadata.anything",
        "resources.db.host",
    ],
)
def test_what_is_there_or_nobody_can_know_is_fine(reference: str) -> None:
    assert found(step("a", f", env: {{A: '${{{reference}}}'}}"), "", Facts(document(CONFIG, "admin-config.yaml"))) == []


def test_a_condition_may_ask_whether_something_is_there() -> None:
    assert said(step("a", ", if: '${variables.x} != null'")) == []
    assert [number for number, _ in said(step("a", ", if: '${variables.x} == \"y\"'"))] == ["ORC-2015"]


def tier(name: str, phase: str, body: str = "", meta: str = "", product: str = "") -> Document:
    kind = "ProductWorkflow" if product else "PlatformWorkflow"
    owner = f"product: {product}, " if product else ""
    return document(
        f"apiVersion: workflow.dev/v1\nkind: {kind}\nmetadata: {{name: {name}, {owner}description: d, owner: o, "
        f"phase: {phase}{meta}}}\nspec:\n  triggers: [manual]\n  outputs: {{x: y}}\n  steps:\n{step('a', body)}",
        f"{name}.yaml",
    )


def of_others(reader: Document, *others: Document) -> list[str]:
    known = {}
    for one in (*others, reader):
        metadata = one.mapping.mapping("metadata")
        known["/".join(filter(None, (metadata.text("product"), metadata.text("name"))))] = one
    facts = Facts(workflows=lambda: known)
    return [one.message for one in check_document(reader, facts) if one.code.number == "ORC-2189"]


READS = ", env: {A: '${workflows.first.outputs.x}'}"


@pytest.mark.parametrize(
    ("first", "second", "is_good"),
    [
        (tier("first", "pre-deployment"), tier("r", "deployment", READS), True),
        (tier("first", "deployment"), tier("r", "deployment", READS), False),
        (tier("first", "deployment"), tier("r", "deployment", READS, ", dependsOn: [first]"), True),
        (tier("first", "deployment"), tier("r", "deployment", READS, product="shop"), True),
        (tier("first", "post-deployment"), tier("r", "deployment", READS, product="shop"), False),
        (tier("first", "deployment", meta=", phases: [pre-deployment]"), tier("r", "deployment", READS), True),
    ],
)
def test_another_workflow_has_ended_by_then(first: Document, second: Document, *, is_good: bool) -> None:
    wrong = "'${workflows.first.outputs.x}': workflow 'first' does not end before this one starts"
    assert of_others(second, first) == ([] if is_good else [wrong])


def test_workflows_of_applications_are_not_known_here_and_those_of_other_products_never_run() -> None:
    reader = tier("r", "post-deployment", ", env: {A: '${workflows.web-shop/resources.outputs.x}'}", product="shop")
    assert of_others(reader) == []
    other = tier("first", "pre-deployment", product="books")
    reader = tier("r", "post-deployment", ", env: {A: '${workflows.books/first.outputs.x}'}", product="shop")
    assert of_others(reader, other) == [
        "'${workflows.books/first.outputs.x}': workflow 'books/first' does not end before this one starts"
    ]


def test_a_reference_to_a_workflow_names_an_output() -> None:
    first, reader = tier("first", "pre-deployment"), tier("r", "deployment", ", env: {A: '${workflows.first.x}'}")
    assert of_others(reader, first) == ["'${workflows.first.x}': it names no output"]


@pytest.mark.parametrize(
    ("definition", "message"),
    [
        ("{name: size, type: list, default: small}", "the default of parameter 'size' is a string, not a list"),
        ("{name: size, type: string, default: [a]}", "the default of parameter 'size' is a list, not a single value"),
        ("{name: size, type: object, default: 3}", "the default of parameter 'size' is an integer, not a mapping"),
        (
            "{name: size, type: int, default: {a: 1}}",
            "the default of parameter 'size' is a mapping, not a single value",
        ),
        (
            "{name: size, allowed_values: [a, b, a]}",
            "the allowed value 'a' of parameter 'size' is already listed at line 5",
        ),
        (
            "{name: size, pattern: '^[a-z]+$', allowed_values: [a, B]}",
            "the allowed value 'B' of parameter 'size' does not",
        ),
    ],
)
def test_parameters_do_not_contradict_themselves(definition: str, message: str) -> None:
    (finding,) = found(step("a", ", env: {A: '${size}'}"), f"  parameters: [{definition}]\n")
    assert finding.message.startswith(message)


@pytest.mark.parametrize(
    "definition", ["{type: list, default: [a]}", "{type: map, default: {a: 1}}", "{type: list, default: ''}"]
)
def test_defaults_of_lists_and_mappings_are_such(definition: str) -> None:
    spec = f"  parameters: [{definition.replace('{type', '{name: size, type', 1)}]\n"
    assert found(step("a", ", env: {A: '${size}'}"), spec) == []


@pytest.mark.parametrize(
    ("value", "severity"),
    [
        ("${env.HOSTNAME}", Severity.ERROR),
        ("{{ env.HOSTNAME | upper }}", Severity.ERROR),
        ("{{ env.HOSTNAME | default(1) }}", Severity.WARNING),
        ("{% if env.HOSTNAME %}x{% endif %}", Severity.WARNING),
    ],
)
def test_a_variable_that_is_not_listed_is_no_error_where_a_template_does_without(
    value: str, severity: Severity
) -> None:
    facts = Facts(document(CONFIG, "admin-config.yaml"))
    assert [(one.code.number, one.severity) for one in found(step("a", f", env: {{A: '{value}'}}"), "", facts)] == [
        ("ORC-2019", severity)
    ]


@pytest.mark.parametrize(
    ("spec", "code"), [("", "ORC-2220"), ("  variables: {now: later}\n", ""), ("  parameters: [{name: now}]\n", "")]
)
def test_now_is_the_time_of_the_run_where_nothing_else_is_called_so(spec: str, code: str) -> None:
    assert [number for number, _ in said(step("a", ", env: {A: '{{ now }}'}"), spec)] == ([code] if code else [])
