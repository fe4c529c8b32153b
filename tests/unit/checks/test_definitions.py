"""Golden paths, step types, policies, admin-config.yaml and providers in the situations that cases do not show."""

import pytest

from innominatus_cli.checks.checking import check_document, check_repository
from innominatus_cli.checks.facts import NO_FACTS, Facts, RepositoryFacts
from innominatus_cli.documents.loading import load
from innominatus_cli.documents.nodes import Document
from innominatus_cli.findings.finding import Severity


def document(text: str, path: str = "w.yaml") -> Document:
    loaded = load(path, text.encode())
    assert [one for one in loaded.findings if one.severity is Severity.ERROR] == []
    return loaded.documents[0]


def said(text: str, facts: Facts = NO_FACTS, path: str = "w.yaml") -> list[str]:
    return [f"{one.code.number} {one.message}" for one in check_document(document(text, path), facts)]


HEAD = "apiVersion: workflow.dev/v1\nkind: {}\nmetadata: {{name: w}}\nspec:\n"


def step_type(inputs: str, rest: str = 'command: [tool, "${inputs}"]') -> list[str]:
    return said(f"{HEAD.format('StepType')}  inputs: {inputs}\n  {rest}\n")


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ("{type: array}", "the inputs of a step are a mapping, and their schema is of type 'array'"),
        ("{properties: {a: {typ: string}}}", "'typ' is no keyword that is known in a schema of inputs"),
        ("{url: {type: string}}", "'url' is no keyword that is known in a schema of inputs"),
        ("{properties: {a: {patternProperties: {}}}}", "'patternProperties' is no keyword that is known"),
        ("{properties: {a: string}}", "'properties' holds a string where a schema is expected"),
        ("{properties: {a: {minLength: -1}}}", "'minLength' must be an integer from 0, not -1"),
        ("{properties: {a: {maximum: many}}}", "'maximum' must be a number, not a string"),
        ("{properties: {a: {enum: []}}}", "'enum' is an empty list, so that no value is good"),
        ("{properties: {a: {anyOf: [1]}}}", "'anyOf' holds an integer where a schema is expected"),
        ("{properties: {a: {pattern: '(?=x)'}}}", "'pattern' cannot be used: "),
        ("{properties: {a: {minimum: 5, maximum: 3}}}", "'minimum' 5 is over 'maximum' 3, so that no value is good"),
        ("{properties: {a: {}}, required: [b]}", "'b' is required, and is not among the properties"),
        ("{properties: {a: {}}, required: [1]}", "'required' holds an integer where a name is expected"),
        ("{properties: {a: {type: integer, default: x}}}", "the default does not fit its own schema: "),
        ("{properties: {a: {type: [string, text]}}}", "'type' is 'text', which is not one of "),
    ],
)
def test_a_schema_of_inputs_can_be_used(inputs: str, message: str) -> None:
    (found,) = step_type(inputs)
    assert found.startswith(f"ORC-2171 {message}")


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ("{properties: {a: {$ref: 'file:///etc/passwd'}}}", "'file:///etc/passwd' leads out of the schema"),
        ("{properties: {a: {$ref: '#/properties/b'}}}", "'#/properties/b' leads out of the schema"),
        ("{properties: {a: {$ref: '#/$defs/nmae'}}, $defs: {name: {}}}", "there is no 'nmae' under '$defs'"),
        ("{$defs: {a: {$ref: '#/$defs/b'}, b: {$ref: '#/$defs/a'}}}", "definitions stand for each other: a → b → a"),
        (
            "{$defs: {a: {anyOf: [{type: string}, {$ref: '#/$defs/a'}]}}}",
            "definitions stand for each other: a → a",
        ),
    ],
)
def test_a_schema_stays_in_itself(inputs: str, message: str) -> None:
    assert step_type(inputs) == [f"ORC-2172 {message}"]


def test_alternatives_of_alternatives_are_bounded() -> None:
    doubled = ", ".join(
        f"d{n}: {{anyOf: [{{$ref: '#/$defs/d{n + 1}'}}, {{$ref: '#/$defs/d{n + 1}'}}]}}" for n in range(40)
    )
    inputs = f"{{properties: {{a: {{$ref: '#/$defs/d0', default: 1}}}}, $defs: {{{doubled}, d40: {{type: string}}}}}}"
    assert step_type(inputs) == ["ORC-2171 'd31' holds one value against more than 1,000 alternatives"]


TWICE = "type: object, properties: {x: {$ref: '#/$defs/a'}, y: {}, z: {}}"
DEEP = "{x: " * 40 + "1" + "}" * 40


def test_a_default_that_fits_in_too_many_ways_is_not_checked_for_ever() -> None:
    ways = f"[{{{TWICE}, required: [y]}}, {{{TWICE}, required: [z]}}, {{type: integer}}]"
    inputs = f"{{properties: {{a: {{$ref: '#/$defs/a', default: {DEEP}}}}}, $defs: {{a: {{anyOf: {ways}}}}}}}"
    (found,) = step_type(inputs)
    assert "too many ways" in found


def test_a_good_schema_is_fine() -> None:
    inputs = (
        "{type: object, required: [a], additionalProperties: false, properties: {a: {$ref: '#/$defs/name'}, "
        "b: {type: array, items: {type: integer, minimum: 1}, default: [1, 2]}, c: {oneOf: [{type: string}, "
        "{type: 'null'}]}, pattern: {type: string, pattern: '^(a+)+$', default: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!}}, "
        "$defs: {name: {type: string, minLength: 1}, tree: {properties: {left: {$ref: '#/$defs/tree'}}}}}"
    )
    assert step_type(inputs) == []


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ('[sh, -c, "deploy ${inputs.a}"]', "an input stands in a program for sh"),
        ('["${inputs.a}", x]', "an input decides which program is started"),
        ('["{{inputs.a}}", x]', "an input decides which program is started"),
        ('["deploy --url ${inputs.a}"]', "'deploy …' is a whole command line in one item"),
    ],
)
def test_a_command_is_a_program_with_arguments(command: str, message: str) -> None:
    assert step_type("{properties: {a: {default: x}}}", f"command: {command}") == [f"ORC-2173 {message}"]


def test_a_script_may_take_an_input_as_an_argument() -> None:
    command = 'command: [sh, -c, "deploy \\"$1\\"", sh, "${inputs.a}"]'
    assert step_type("{properties: {a: {default: x}}}", command) == []


def test_inputs_are_read_in_env_and_in_the_path_of_outputs_too() -> None:
    rest = (
        "command: [tool]\n  env: {A: '${inputs.a}', B: '${git.commit}'}\n  outputs: {from: file, path: '${inputs.b}'}"
    )
    assert step_type("{properties: {a: {default: x}, b: {default: y}}}", rest) == []
    assert step_type("{properties: {a: {default: x}}}", 'command: [tool, "${inputs.a}", "${parameters.b}"]') == [
        "ORC-2174 '${parameters.b}' is no input"
    ]


def test_outputs_of_a_file_name_it_and_nothing_can_be_probed() -> None:
    rest = 'command: [tool, "${inputs}"]\n  outputs: {from: file}\n  idempotency: check'
    assert step_type("{}", rest) == [
        "ORC-2176 the outputs are in a file, and no 'path' says in which",
        "ORC-2144 a step type of a repository has no probe",
    ]


def policies(spec: str, facts: Facts = NO_FACTS) -> list[str]:
    return said(f"{HEAD.format('WorkflowPolicies')}  {spec}\n", facts)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("maxWorkflowDuration: 0s", "'maxWorkflowDuration' is 0, so that no workflow has any time"),
        ("security: {allowedExecutors: []}", "'allowedExecutors' is an empty list, which allows nothing"),
        ("resources: {allowedStepTypes: []}", "'allowedStepTypes' is an empty list, which allows nothing"),
    ],
)
def test_a_policy_allows_something(spec: str, message: str) -> None:
    assert policies(spec) == [f"ORC-2177 {message}"]


def test_an_empty_list_of_product_workflows_is_a_decision() -> None:
    assert policies("allowedProductWorkflows: []") == []


def test_two_lists_without_a_common_entry_allow_nothing_together() -> None:
    admin = document("workflowPolicies: {allowedStepTypes: [script]}\n", "admin-config.yaml")
    other = document(f"{HEAD.format('WorkflowPolicies')}  allowedStepTypes: [kubernetes]\n")
    facts = Facts(admin, (other,))
    told = [one for one in check_document(other, facts) if one.code.number == "ORC-2177"]
    assert [one.related[0].place.path for one in told] == ["admin-config.yaml"]
    assert check_document(admin, facts) == []


def workflow(steps: str, kind: str = "PlatformWorkflow", path: str = "scan.yaml", spec: str = "") -> Document:
    meta = "metadata: {name: scan, description: d, owner: o, phase: deployment}\n"
    triggers = "  triggers: [all_deployments]\n" if kind != "Workflow" else ""
    return document(f"apiVersion: workflow.dev/v1\nkind: {kind}\n{meta}spec:\n{triggers}{spec}  steps:\n{steps}", path)


STEP = "    - {name: a, type: script, config: {script: make}}\n"


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ("allowedStepTypes: [policy]", "'scan' is required, and its step type 'script' is not allowed"),
        ("maxStepsPerWorkflow: 1", "'scan' is required, and has 2 steps where 1 are allowed"),
    ],
)
def test_what_is_required_is_allowed(limits: str, message: str) -> None:
    scan = workflow(STEP + STEP.replace("a,", "b,", 1))
    text = f"workflowPolicies: {{requiredPlatformWorkflows: [scan], {limits}}}\n"
    admin = document(text, "admin-config.yaml")
    found = check_document(admin, Facts(admin, workflows=lambda: {"scan": scan}))
    assert [f"{one.code.number} {one.message}" for one in found] == [f"ORC-2179 {message}"]


def test_patterns_of_applications_may_match_nothing_in_a_new_repository() -> None:
    admin = document("applications: [apps/*/score.yaml, '**/shop.yaml']\n", "admin-config.yaml")
    files = ["apps/web/score.yaml", "deep/down/shop.yaml"]
    assert check_document(admin, Facts(admin, files=lambda: files)) == []
    some = check_document(admin, Facts(admin, files=lambda: files[:1]))
    none = check_document(admin, Facts(admin))
    assert [one.severity for one in some] == [Severity.WARNING]
    assert [one.severity for one in none] == [Severity.INFO, Severity.INFO]
    assert check_document(admin) == []


def golden(spec: str, part: Document | None, tiers: dict[str, Document] | None = None) -> list[str]:
    facts = Facts(
        workflows=lambda: tiers or {},
        is_file=lambda path: part is not None and path == part.path,
        documents_of=lambda _path: [] if part is None else [part],
    )
    text = f"{HEAD.format('GoldenPath')}  workflow: parts/a.yaml\n  {spec}\n"
    return [one for one in said(text, facts, "golden-paths/g.yaml") if "ORC-2043" not in one]


def reads(name: str) -> str:
    return STEP.replace("{script: make}", f"{{script: make}}, env: {{A: '${{parameters.{name}}}'}}")


def test_a_parameter_of_a_golden_path_may_be_read_by_another_tier() -> None:
    part = workflow(STEP, "Workflow", "parts/a.yaml")
    spec = "parameters: {size: {type: int}}"
    assert golden(spec, part) == ["ORC-2165 no workflow reads the parameter 'size'"]
    assert golden(spec, part, {"scan": workflow(reads("size"))}) == []
    assert golden(spec, workflow(reads("size"), "Workflow", "parts/a.yaml")) == []
    assert golden(spec, None) == []


def test_a_workflow_reads_what_it_or_its_golden_path_declares() -> None:
    part = workflow(reads("sise"), "Workflow", "parts/a.yaml")
    assert golden("parameters: {}", part) == [
        "ORC-2153 its workflow reads a parameter 'sise', which neither of the two declares"
    ]
    own = workflow(reads("sise"), "Workflow", "parts/a.yaml", "  parameters: [{name: sise}]\n")
    assert golden("parameters: {}", own) == []


@pytest.mark.parametrize(
    ("theirs", "ours", "count"),
    [
        ("{name: size, type: integer, default: 5}", "{type: int, default: '5'}", 0),
        ("{name: size, type: string, default: a}", "{type: int, default: 5}", 2),
        ("{name: size}", "{type: int, default: 5}", 0),
    ],
)
def test_both_say_the_same_of_a_parameter(theirs: str, ours: str, count: int) -> None:
    part = workflow(reads("size"), "Workflow", "parts/a.yaml", f"  parameters: [{theirs}]\n")
    assert [one[:8] for one in golden(f"parameters: {{size: {ours}}}", part)] == ["ORC-2167"] * count


def test_the_built_in_golden_paths_are_always_there() -> None:
    for name in ("deploy-app", "undeploy-app"):
        admin = document(f"defaultGoldenPath: {name}\n", "admin-config.yaml")
        assert check_document(admin, Facts(admin, golden_paths=list)) == []


def test_nothing_is_unused_where_only_a_part_is_checked() -> None:
    part = workflow(STEP, "Workflow", "workflows/parts/scan.yaml")
    kind = document(f"{HEAD.format('StepType')}  command: [tool]\n", "workflows/step-types/w.yaml")
    assert check_repository(RepositoryFacts((part, kind))) == []
    whole = check_repository(RepositoryFacts((part, kind), everything=(part, kind)))
    assert [one.code.number for one in whole] == ["ORC-2187", "ORC-2188"]


@pytest.mark.parametrize("named", ["parts/scan.yaml", "workflows/parts/scan.yaml", "scan", "../parts/scan.yaml"])
def test_a_step_may_run_a_workflow_by_path_or_name(named: str) -> None:
    part = workflow(STEP, "Workflow", "workflows/parts/scan.yaml")
    caller = workflow(f"    - {{name: a, type: workflow, workflow: {named}}}\n", path="workflows/platform/other.yaml")
    assert check_repository(RepositoryFacts((part, caller), everything=(part, caller))) == []
