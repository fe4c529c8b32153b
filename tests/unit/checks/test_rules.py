"""Rules in the situations that their cases do not show."""

from textwrap import dedent

import pytest

from innominatus_cli.checks.checking import check_document
from innominatus_cli.checks.facts import NO_FACTS, Facts
from innominatus_cli.documents.loading import load
from innominatus_cli.documents.nodes import Document
from innominatus_cli.findings.finding import Finding, Severity


def _document(text: str, path: str = "w.yaml") -> Document:
    loaded = load(path, text.encode())
    assert [one for one in loaded.findings if one.severity is Severity.ERROR] == []
    return loaded.documents[0]


def _found(text: str, facts: Facts = NO_FACTS, path: str = "w.yaml") -> list[Finding]:
    return check_document(_document(text, path), facts)


def _places(text: str, facts: Facts = NO_FACTS, path: str = "w.yaml") -> list[tuple[str, int]]:
    return [(one.code.number, one.place.line) for one in _found(text, facts, path)]


def _workflow(steps: str, spec: str = "") -> str:
    indented = "".join(f"    {line}\n" for line in steps.splitlines())
    return f"apiVersion: workflow.dev/v1\nkind: Workflow\nmetadata: {{name: w}}\nspec:\n{spec}  steps:\n{indented}"


def _script(name: str, text: str = "make all", more: str = "") -> str:
    return f"- {{name: {name}, type: script, config: {{script: '{text}'}}{more}}}\n"


def test_a_finally_step_reads_every_step_and_no_other_step_reads_it() -> None:
    good = _workflow(_script("build")) + "  finally:\n    " + _script("clean", more=", env: {A: '${build.image}'}")
    assert _places(good) == []
    bad = _workflow(_script("build", more=", env: {A: '${clean.x}'}")) + "  finally:\n    " + _script("clean")
    assert _places(bad) == [("ORC-2017", 6)]


def test_a_step_of_a_parallel_group_has_no_output_for_the_others() -> None:
    steps = _script("a", more=", parallel: true") + _script("b", more=", parallel: true, env: {A: '${a.x}'}")
    assert _places(_workflow(steps)) == [("ORC-2017", 7)]


def test_a_step_cannot_read_itself() -> None:
    found = _found(_workflow(_script("a", more=", env: {A: '${steps.a.outputs.x}'}")))
    assert [one.message for one in found] == ["'${steps.a.outputs.x}': a step cannot read its own output"]


@pytest.mark.parametrize(
    "text",
    [
        "echo ${NAMESPACE:-default} $HOME $(date) %{http_code} ${#x} ${x%%.*}",
        "for i in {1..30}; do echo $i; done",
        "kubectl get -o jsonpath={.items[0].metadata.name}",
    ],
)
def test_the_text_of_a_script_is_left_alone(text: str) -> None:
    assert _places(_workflow(_script("a", text))) == []


def test_a_script_is_given_no_value_that_is_known_not_to_be_plain() -> None:
    spec = "  variables: {GOOD: a-b.c, BAD: 'a b'}\n"
    steps = _script("a", "echo ${variables.GOOD} ${workflow.BAD} ${parameters.unknown}")
    found = _found(_workflow(steps, spec))
    assert [one.code.number for one in found] == ["ORC-2018"]
    assert "env:" in found[0].help


def test_an_output_is_one_that_the_step_declares_or_its_type_has() -> None:
    steps = (
        "- {name: a, type: resource-provisioning, config: {resource: r, resourceType: volume}, outputs: [path]}\n"
        "- {name: b, type: script, config: {script: 'true'}, secretOutputs: [token]}\n"
        "- {name: c, type: script, config: {script: 'true'}, env: {A: '${steps.a.outputs.%s}'}}\n"
    )
    (found,) = _found(_workflow(steps % "paht"))
    assert (found.code.number, found.place.line) == ("ORC-2015", 8)
    assert found.message.endswith("step 'a' declares no output 'paht'")
    assert found.help == "Did you mean 'path'? Outputs are declared under 'outputs:' of 'a'."
    for known in ("path", "name"):
        assert _found(_workflow(steps % known)) == []
    assert [one.code.number for one in _found(_workflow(steps.replace("steps.a.outputs.%s", "a.paht")))] == ["ORC-2015"]


def test_outputs_of_steps_that_do_not_say_which_they_have_are_not_judged() -> None:
    steps = "- {name: a, type: %s, config: {script: 'true'}%s}\n" + _script("b", more=", env: {A: '${steps.a.x}'}")
    assert _found(_workflow(steps % ("script", ""))) == []
    assert _found(_workflow(steps % ("ours", ", outputs: [y]")), Facts(step_types=("ours",))) == []


def test_a_bare_name_is_a_variable_a_parameter_or_a_finding() -> None:
    spec = "  variables: {IMAGE: a}\n  parameters: [{name: size}]\n"
    steps = _script("a", more=", setVariables: {TAG: b}") + _script(
        "b", more=", env: {A: '${IMAGE} ${size} ${TAG} ${IMAEG}'}"
    )
    found = _found(_workflow(steps, spec))
    assert [one.remedy for one in found] == ["did you mean 'IMAGE'?"]


def test_what_a_template_names_is_looked_up_at_its_place() -> None:
    text = '{{ if eq .variables.size "small" }}a{{ else }}{{ .variables.sizee }}{{ end }}'
    workflow = _workflow(_script("a", more=f", env: {{A: '{text}'}}"), "  variables: {size: small}\n")
    (found,) = _found(workflow)
    assert (found.code.number, found.remedy) == ("ORC-2015", "did you mean 'size'?")
    line = workflow.splitlines()[found.place.line - 1]
    assert line[found.place.column - 1 : found.place.end_column - 1] == "{{ .variables.sizee }}"


def test_conditions_speak_of_steps_before_them() -> None:
    steps = _script("a", more=", if: b.succeeded") + _script("b", more=", unless: 'a.failed or steps.c.skipped'")
    assert _places(_workflow(steps)) == [("ORC-2017", 6), ("ORC-2016", 7)]


def test_a_word_that_is_a_variable_is_no_bare_word() -> None:
    spec = "  variables: {TARGET: production}\n"
    assert _places(_workflow(_script("a", more=", if: '${environment.name} == TARGET'"), spec)) == []


def test_every_list_of_allowed_step_types_counts() -> None:
    admin = _document("workflowPolicies: {allowedStepTypes: [script, kubernetes]}\n", "admin-config.yaml")
    policies = _document(
        "apiVersion: workflow.dev/v1\nkind: WorkflowPolicies\nmetadata: {name: p}\n"
        "spec: {resources: {allowedStepTypes: [kubernetes]}}\n"
    )
    text = _workflow(_script("a"))
    assert _places(text, Facts(admin)) == []
    assert _places(text, Facts(admin, (policies,))) == [("ORC-4004", 6)]


def test_an_empty_list_of_allowed_workflows_allows_none_and_an_absent_one_all() -> None:
    text = _workflow(_script("a")).replace("kind: Workflow", "kind: ProductWorkflow")
    text = text.replace("{name: w}", "{name: w, product: shop, description: d, owner: o, phase: deployment}")
    text = text.replace("spec:\n", "spec:\n  triggers: [manual]\n")
    none = _document("workflowPolicies: {allowedProductWorkflows: []}\n", "admin-config.yaml")
    silent = _document("workflowPolicies: {}\n", "admin-config.yaml")
    assert _places(text, Facts(none)) == [("ORC-4023", 3)]
    assert _places(text, Facts(silent)) == []


def test_what_is_not_known_gives_no_finding() -> None:
    steps = "- {name: v, type: vault-setup, config: {secrets: [anything]}}\n- {name: x, type: ours}\n"
    assert _places(_workflow(steps), Facts(step_types=("ours",))) == []
    assert _places(_workflow(steps)) == [("ORC-2002", 7)]


def test_a_whole_table_and_an_inline_check_need_no_entry() -> None:
    admin = _document("secrets: {a: {generate: true}}\nhealthChecks: {}\n", "admin-config.yaml")
    steps = (
        "- {name: v, type: vault-setup, config: {secrets: [a]}}\n"
        "- {name: c, type: validation, config: {checks: [{name: own, type: tcp, host: h, port: 1}]}}\n"
    )
    assert _places(_workflow(steps), Facts(admin)) == []


def test_a_golden_path_may_run_a_file_that_is_there() -> None:
    text = "goldenpaths:\n  one: ./parts/one.yaml\n  two: {workflow: parts/two.yaml}\n"
    facts = Facts(is_file=lambda path: path == "parts/one.yaml", files=lambda: ["parts/one.yaml", "parts/too.yaml"])
    loaded = load("goldenpaths.yaml", text.encode())
    found = [finding for document in loaded.documents for finding in check_document(document, facts)]
    assert [(one.code.number, one.place.line, one.remedy) for one in found] == [
        ("ORC-2043", 3, "did you mean 'parts/too.yaml' or 'parts/one.yaml'?")
    ]


@pytest.mark.parametrize(
    ("definition", "message"),
    [
        ("{type: int, default: many}", "is not a whole number"),
        ("{type: int, default: 0, min: 1}", "is below min 1"),
        ("{type: bool, default: perhaps}", "is neither true nor false"),
        ("{type: duration, default: soon}", "is not a duration such as 90s, 5m, 1h30m or 7d"),
        ("{type: enum, default: huge, allowed_values: [small, large]}", "is not one of small, large"),
        ("{type: string, default: ABC, pattern: '^[a-z]+$'}", "does not match the pattern ^[a-z]+$"),
    ],
)
def test_a_default_is_a_value_of_its_parameter(definition: str, message: str) -> None:
    text = f"goldenpaths:\n  one:\n    workflow: a.yaml\n    parameters:\n      size: {definition}\n"
    assert [one.message for one in _found(text, path="goldenpaths.yaml")] == [
        f"the default of parameter 'size' {message}"
    ]


def test_a_hostile_pattern_is_matched_in_no_time() -> None:
    definition = f"{{pattern: '^(a+)+$', default: {'a' * 5000}!}}"
    text = f"goldenpaths:\n  one:\n    workflow: a.yaml\n    parameters:\n      p: {definition}\n"
    assert [one.code.number for one in _found(text, path="goldenpaths.yaml")] == ["ORC-2041"]


def test_secrets_are_found_at_any_depth_and_never_shown() -> None:
    text = "gitea: {url: u, nested: [{adminPassword: hunter2}], token: '', apiKey: '${secrets.a}'}\n"
    found = _found(f"admin: {{}}\n{text}", path="admin-config.yaml")
    assert [one.message for one in found] == ["'gitea.nested.adminPassword' holds a secret in plain text"]
    assert "hunter2" not in repr(found)


def test_a_score_workflow_is_checked_like_any_other_at_its_own_place() -> None:
    text = (
        "apiVersion: score.dev/v1b1\nmetadata: {name: shop}\ncontainers:\n  web: {image: 'a/b:1'}\n"
        "workflows:\n  deploy:\n    steps:\n      - {name: a, type: scrpt}\n"
        "      - {name: a, type: script, config: {script: x}}\n"
    )
    found = [one for one in _found(text) if one.severity is Severity.ERROR]
    assert [(one.code.number, one.place.line, one.place.pointer) for one in found] == [
        ("ORC-2002", 8, "/workflows/deploy/steps/0/type"),
        ("ORC-2001", 9, "/workflows/deploy/steps/1/name"),
    ]


def test_escaped_dots_and_nested_metadata_are_score() -> None:
    text = (
        "apiVersion: score.dev/v1b1\nmetadata: {name: shop, annotations: {example.com/ab: x}, team: {mail: m}}\n"
        "containers:\n  web:\n    image: a/b:1\n    variables:\n"
        "      A: ${metadata.annotations.example\\.com/ab} ${metadata.team.mail} $${not.one} $$ ${metadata.team.fax}\n"
    )
    assert [(one.code.number, one.place.line) for one in _found(text)] == [("ORC-2083", 7)]


@pytest.mark.parametrize(
    "text",
    [
        """
        {kind: ProductWorkflow, apiVersion: workflow.dev/v1, metadata: [], spec: 3}
        """,
        """
        kind: PlatformWorkflow
        apiVersion: workflow.dev/v1
        metadata: {name: [], phase: {}, dependsOn: 3, overrides: []}
        spec: {steps: [1, {}, {name: 1, type: []}, {name: a, if: [], dependsOn: x, config: 3}], finally: {}}
        """,
        """
        apiVersion: score.dev/v1b1
        metadata: x
        containers: {a: 1, b: {before: 3, files: 2, volumes: [1], image: []}}
        resources: {r: 1, s: {params: 3, id: []}}
        workflows: {w: 1, v: {steps: 2}}
        """,
        """
        apiVersion: v1
        kind: Provider
        capabilities: {resourceTypes: 1, resourceTypeCapabilities: [1, {type: 2, operations: {create: 3}}]}
        workflows: [4]
        """,
        """
        goldenpaths: {a: {parameters: {b: {type: [], min: x, default: {}, allowed_values: 3}}}}
        """,
        """
        workflowPolicies: {allowedStepTypes: 3, security: [], requiredPlatformWorkflows: {}}
        providers: {}
        productProvisioners: [1, {product: []}]
        secrets: []
        healthChecks: {a: 1}
        """,
    ],
)
@pytest.mark.parametrize("path", ["w.yaml", "admin-config.yaml"])
def test_rules_say_nothing_where_the_shape_is_wrong(text: str, path: str) -> None:
    loaded = load(path, dedent(text).encode())
    assert loaded.findings
    for document in loaded.documents:
        facts = Facts(document, (document,), workflows=dict, is_file=lambda _path: False)
        assert all(one.place.path == path for one in check_document(document, facts))
