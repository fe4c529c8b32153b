"""What `validate` says of loops and of calls, in the situations that their cases do not show."""

from collections.abc import Mapping

import pytest

from innominatus_cli.checks.checking import check_document
from innominatus_cli.checks.facts import Facts
from innominatus_cli.documents.loading import load
from innominatus_cli.documents.nodes import Document
from innominatus_cli.findings.finding import Severity

RUN = "type: script, config: {script: make}"
CALLER = "workflows/caller.yaml"


def document(path: str, text: str) -> Document:
    loaded = load(path, text.encode())
    assert [one for one in loaded.findings if one.severity is Severity.ERROR] == []
    return loaded.documents[0]


def workflow(steps: str, spec: str = "", name: str = "w", kind: str = "Workflow", more: str = "") -> str:
    body = f"{spec}\n" if spec else ""
    return (
        f"apiVersion: workflow.dev/v1\nkind: {kind}\nmetadata: {{name: {name}{more}}}\nspec:\n{body}  steps:\n{steps}"
    )


def said(steps: str, files: Mapping[str, str] | None = None, spec: str = "") -> list[str]:
    """What is said of a workflow in a repository with these files."""
    documents = {path: document(path, text) for path, text in (files or {}).items()}
    documents[CALLER] = document(CALLER, workflow("".join(f"    - {line}\n" for line in steps.splitlines()), spec))
    known = {
        f"{one.mapping.mapping('metadata').text('product')}/{one.mapping.mapping('metadata').text('name')}": one
        for one in documents.values()
        if one.kind == "ProductWorkflow"
    }
    facts = Facts(
        workflows=lambda: known,
        is_file=lambda path: path in documents,
        files=lambda: sorted(documents),
        documents_of=lambda path: [documents[path]] if path in documents else [],
    )
    found = check_document(documents[CALLER], facts)
    return [f"{one.code.number} {one.message}{f' ({one.remedy})' if one.remedy else ''}" for one in found]


NO_KEY = "there is no key in {} '{}' (did you mean '{}'?)"
NO_CALL = "ORC-2191 step 'a' calls '{}', which is no workflow here (did you mean '{}'?)"
PART = workflow(
    f"    - {{name: x, {RUN}, env: {{N: '${{parameters.n}}'}}}}\n",
    "  parameters: [{name: n, type: list}]\n  outputs: {file: a, bytes: b}",
)


@pytest.mark.parametrize(
    ("loop", "reference", "problem"),
    [
        ("forEach: [a]", "${item}", ""),
        ("forEach: [a]", "${item.index}", ""),
        ("forEach: [a]", "${item.nam}", "there is no key in the values: 'nam' (Known: index.)"),
        ("forEach: [{name: x}, {port: 1}]", "${item.nme}", NO_KEY.format("the values:", "nme", "name")),
        ("forEach: [{name: x}, '${parameters.p}']", "${item.nme}", ""),
        ("forEach: {a: 1}", "${item.value}", ""),
        ("forEach: {a: 1}", "${item.a}", "there is no key in the values: 'a' (Known: index, key, value.)"),
        ("forEach: '${parameters.p}'", "${item.anything}", ""),
        ("matrix: {os: [a], include: [{arch: b}]}", "${matrix.arch}", ""),
        ("matrix: {os: [a], include: [{arch: b}]}", "${matrix.arhc}", NO_KEY.format("'matrix':", "arhc", "arch")),
        ("matrix: {os: [a], include: '${parameters.p}'}", "${matrix.arch}", ""),
        ("matrix: {os: [a]}", "${item}", "the step has no 'forEach'"),
        ("forEach: [a]", "${matrix.os}", "the step has no 'matrix'"),
        ("timeout: 1", "${item}", "the step has no 'forEach'"),
    ],
)  # fmt: skip
def test_item_and_matrix_are_known_by_what_the_loop_goes_over(loop: str, reference: str, problem: str) -> None:
    step = f"{{name: a, {RUN}, {loop}, env: {{X: '{reference}'}}}}"
    found = said(step, spec="  parameters: [{name: p, type: list}]")
    told = [one for one in found if one.startswith("ORC-2015")]
    assert told == ([f"ORC-2015 '{reference}': {problem}"] if problem else [])


@pytest.mark.parametrize(
    ("matrix", "problem"),
    [
        ("{os: [a], exclude: [{arch: b}]}", "'exclude' names 'arch', which is no key of the matrix"),
        ("{os: [a], exclude: [{os: a}]}", "'exclude' leaves no combination of 'matrix'"),
        ("{os: [a], include: [b]}", "an entry of 'include' is no mapping of keys and values"),
        ("{os: [a], include: {b: 1}}", "'include' of 'matrix' is neither a list nor a reference to one"),
        ("{include: [{b: 1}]}", ""),
        ("{os: [a, b], exclude: [{os: a}]}", ""),
    ],
)
def test_include_and_exclude_fit_their_matrix(matrix: str, problem: str) -> None:
    found = [one for one in said(f"{{name: a, {RUN}, matrix: {matrix}}}") if one.startswith("ORC-2135")]
    assert [one.partition(" (")[0] for one in found] == ([f"ORC-2135 {problem}"] if problem else [])


@pytest.mark.parametrize(
    ("script", "is_told"),
    [
        ("echo ${item}", True),
        ("echo $item", True),
        ("for item in a b; do echo $item; done", False),
        ("item=1; echo $item", False),
        ("echo $items \\$item", False),
    ],
)
def test_a_script_in_a_loop_takes_no_item_of_the_shell(script: str, is_told: bool) -> None:
    found = said(f"{{name: a, type: script, forEach: [1], config: {{script: '{script}'}}}}")
    assert any(one.startswith("ORC-2196") for one in found) is is_told


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        ("workflow: part.yaml, parameters: {n: [1]}", ""),
        ("workflow: workflows/part.yaml, parameters: {n: '${variables.v}'}", ""),
        ("workflow: part", ""),
        ("workflow: shop/w", ""),
        ("workflow: part.yml", NO_CALL.format("part.yml", "part.yaml")),
        ("workflow: shop/ww", NO_CALL.format("shop/ww", "shop/w")),
        ("workflow: part.yaml, parameters: {n: 1}",
         "ORC-2194 step 'a': parameter 'n' of 'workflows/part.yaml' is an integer, not a list"),
        ("workflow: part.yaml, parameters: {other: 1}",
         "ORC-2194 step 'a': 'workflows/part.yaml' has no parameter 'other' (Known: n.)"),
        ("workflow: part.yaml, lock: x", "ORC-2193 step 'a' calls a workflow, where 'lock' has no meaning"),
        ("workflow: caller.yaml", "ORC-2192 workflow 'workflows/caller.yaml' calls itself"),
        ("timeout: 1", "ORC-2193 step 'a' is of type 'workflow' and names none"),
    ],
)  # fmt: skip
def test_a_call_names_a_workflow_that_is_there_as_it_wants_to_be_called(call: str, problem: str) -> None:
    product = workflow(f"    - {{name: x, {RUN}}}\n", kind="ProductWorkflow", more=", product: shop")
    files = {"workflows/part.yaml": PART, "workflows/products/shop/w.yaml": product}
    found = said(f"{{name: a, type: workflow, {call}}}", files, "  variables: {v: '[1]'}")
    assert [one for one in found if one.startswith("ORC-219")] == ([problem] if problem else [])


def test_outputs_of_a_call_are_those_of_the_called_workflow() -> None:
    steps = "{name: a, type: workflow, workflow: part.yaml}\n"
    steps += f"{{name: b, {RUN}, env: {{X: '${{steps.a.outputs.bytes}}', Y: '${{a.fil}}'}}}}"
    (told,) = [one for one in said(steps, {"workflows/part.yaml": PART}) if one.startswith("ORC-2015")]
    assert told.startswith("ORC-2015 '${a.fil}': step 'a' declares no output 'fil' (did you mean 'file'?")
    assert told.endswith("Outputs are declared under 'outputs:' of the called workflow.)")


def test_workflow_and_parameters_mean_nothing_for_another_step() -> None:
    found = said(f"{{name: a, {RUN}, workflow: part.yaml, parameters: {{n: 1}}}}", {"workflows/part.yaml": PART})
    assert [one for one in found if one.startswith("ORC-2193")] == [
        "ORC-2193 step 'a' is of type 'script', where 'workflow' has no meaning",
        "ORC-2193 step 'a' is of type 'script', where 'parameters' has no meaning",
    ]


def test_what_is_called_is_not_told_where_nobody_knows_the_repository() -> None:
    text = workflow("    - {name: a, type: workflow, workflow: none.yaml}\n")
    assert [one.code.number for one in check_document(document(CALLER, text)) if one.code.number == "ORC-2191"] == []


@pytest.mark.parametrize(
    ("loop", "index", "problem"),
    [
        ("[a, b]", "1", ""),
        ("[a, b]", "2", "has 2 values, the last one [1]"),
        ("{a: 1}", "1", "has 1 value"),
        ("'${parameters.many}'", "7", ""),
        ("[a, b]", "999", "has 2 values, the last one [1]"),
    ],
)
def test_a_round_that_the_loop_cannot_have_is_told(loop: str, index: str, problem: str) -> None:
    reader = f"{{name: t, {RUN}, env: {{X: '${{steps.s[{index}].outputs.y}}'}}}}"
    found = said(f"{{name: s, forEach: {loop}, {RUN}}}\n{reader}", spec="  parameters: [{name: many, type: list}]")
    told = [one for one in found if one.startswith("ORC-2016")]
    assert told == (
        [f"ORC-2016 '${{steps.s[{index}].outputs.y}}': loop 's' {problem} (Correct the number.)"] if problem else []
    )
