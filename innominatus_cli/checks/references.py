"""Rules over the references `${…}` of a workflow: whether they speak of something, and of something known by then."""

from collections.abc import Callable, Iterator

from innominatus_cli.checks.facts import Facts, table
from innominatus_cli.checks.places import place_within
from innominatus_cli.checks.scope import Text, WorkflowScope, scope_of
from innominatus_cli.documents.nodes import Document, MappingNode, ScalarNode, SequenceNode
from innominatus_cli.expressions.loops import beyond_loop
from innominatus_cli.expressions.references import (
    CLOCK,
    CONTEXTS,
    Problem,
    Reference,
    Template,
    is_plain,
    may_refer,
)
from innominatus_cli.findings.catalogue import workflow as codes
from innominatus_cli.findings.finding import Code, Finding
from innominatus_cli.findings.near_names import did_you_mean

_OWN_VALUES = ("variables", "workflow")
"""Two words for one context: the variables of the workflow."""
_OF_OTHER_RULES = frozenset(CONTEXTS) - {"steps", "outputs", "secrets"}
"""Contexts whose names `checks.contexts` knows; outside of scripts there is nothing else to say of them."""
_Make = Callable[..., Finding]


def check_references(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2015 to ORC-2019, ORC-2031: every reference speaks of something, and in time."""
    scope = scope_of(document, facts)
    for text in scope.texts:
        if not may_refer(text.value):
            continue
        parsed = text.parsed
        problems = parsed.problems
        if parsed.template is not None and not problems:
            problems = _problems_of_template(parsed.template, text.value)
        for problem in problems:
            yield _problem_finding(document, text.node, problem)
        for reference in parsed.references:
            if reference.path[0] not in _OF_OTHER_RULES or text.is_script:
                yield from check_reference(scope, text, reference)


def _problems_of_template(template: Template, text: str) -> tuple[Problem, ...]:
    from innominatus_cli.expressions.templates import syntax_problem  # noqa: PLC0415 - few files have templates

    wrong = syntax_problem(template, text)
    return () if wrong is None else (wrong,)


def _problem_finding(document: Document, node: ScalarNode, problem: Problem) -> Finding:
    """A problem of a text as a finding."""
    place = place_within(document, node, problem.offset, str(node.value)[problem.offset : problem.offset + 2])
    return Finding(codes.MALFORMED_REFERENCE, problem.message, place, problem.remedy)


def check_reference(scope: WorkflowScope, text: Text, reference: Reference) -> Iterator[Finding]:
    """What is wrong with one reference of a text."""
    head, rest = reference.path[0], reference.path[1:]

    def finding(code: Code, message: str, remedy: str = "") -> Finding:
        place = place_within(scope.document, text.node, reference.offset, reference.written)
        return Finding(code, message, place, remedy)

    shown = f"'{reference.written}'"
    if head == "steps" and rest:
        yield from _check_step(scope, text, rest, finding, shown)
    elif head == "outputs" and text.is_after:
        yield from _check_output(scope, text.step, rest, finding, shown)
    elif head in CONTEXTS:
        yield from _check_value(scope, text, reference, finding)
    elif head in scope.steps and rest:
        yield from _check_step(scope, text, reference.path, finding, shown)
    elif rest:
        message = f"{shown}: '{head}' is neither a context nor a step of this workflow"
        yield finding(codes.UNKNOWN_REFERENCE, message, did_you_mean(head, {*CONTEXTS, *scope.steps}))
    elif head == CLOCK and head not in scope.variables and head not in scope.parameters:
        message = f"{shown} is read as '{{{{ run.startedAt }}}}', the time at which the run began: a plan asks no clock"
        yield finding(codes.OLD_TEMPLATE, message, "Write '{{ run.startedAt }}'.")
    elif head not in scope.variables and head not in scope.parameters:
        message = f"{shown}: there is no variable or parameter '{head}' in this workflow"
        near = did_you_mean(head, {*scope.variables, *scope.parameters})
        yield finding(codes.UNKNOWN_REFERENCE, message, near)


def _check_step(
    scope: WorkflowScope, text: Text, path: tuple[str, ...], finding: _Make, shown: str
) -> Iterator[Finding]:
    """The step that a path begins with exists, is finished by then, and has the output that is read."""
    (step, bracket, index), rest = path[0].partition("["), path[1:]
    values = scope.steps[step].values.get("forEach") if bracket and step in scope.steps else None
    size = _size(values)
    if size is not None and (beyond := beyond_loop(index, size)):
        yield finding(codes.UNKNOWN_STEP_REFERENCE, f"{shown}: loop '{step}' {beyond}", "Correct the number.")
    elif bracket and step in scope.steps and scope.steps[step].values.keys().isdisjoint(("forEach", "matrix")):
        message = f"{shown}: step '{step}' is no loop"
        yield finding(codes.UNKNOWN_STEP_REFERENCE, message, f"Write `${{steps.{step}.outputs.<name>}}`.")
    elif step not in scope.steps:
        message = f"{shown}: there is no step '{step}' in this workflow"
        yield finding(codes.UNKNOWN_STEP_REFERENCE, message, did_you_mean(step, scope.steps))
    elif text.step and not scope.is_known_by(step, text.step) and not (text.is_rollback and step == text.step):
        yield finding(codes.REFERENCE_TO_LATER_STEP, _too_early(shown, step, text.step))
    else:
        yield from _check_output(scope, step, rest, finding, shown)


def _size(values: object) -> int | None:
    """How many values a loop has; None where only references know."""
    if isinstance(values, SequenceNode):
        return len(values.items)
    return len(values.values) if isinstance(values, MappingNode) else None


def _too_early(shown: str, target: str, reader: str) -> str:
    if target == reader:
        return f"{shown}: a step cannot read its own output"
    return f"{shown}: step '{target}' is not ordered before '{reader}', so that it has no output yet"


def _check_output(
    scope: WorkflowScope, step: str, path: tuple[str, ...], finding: _Make, shown: str
) -> Iterator[Finding]:
    """A step that says which outputs it has, has the one that is read."""
    known = scope.outputs.get(step)
    path = path[1:] if path[:1] == ("outputs",) else path
    if known is not None and path and path[0] not in known:
        where = "the called workflow" if step in scope.called else f"'{step}'"
        remedy = f"{did_you_mean(path[0], known)} Outputs are declared under 'outputs:' of {where}.".lstrip()
        yield finding(codes.UNKNOWN_REFERENCE, f"{shown}: step '{step}' declares no output '{path[0]}'", remedy)


def _check_value(scope: WorkflowScope, text: Text, reference: Reference, finding: _Make) -> Iterator[Finding]:
    """Secrets exist; a script is given neither a secret nor a value that is known not to be plain."""
    head, rest = reference.path[0], reference.path[1:]
    shown = f"'{reference.written}'"
    if head == "secrets" and rest:
        defined = table(scope.facts, "secrets")
        if defined is not None and rest[0] not in defined.values:
            message = f"{shown}: secret '{rest[0]}' is not defined under 'secrets' in admin-config.yaml"
            yield finding(codes.UNDEFINED_NAME, message, did_you_mean(rest[0], defined.values))
    if not text.is_script or not (reference.is_shown or head == "secrets"):
        return
    remedy = f'Write `env: {{VALUE: "{reference.written}"}}` in the step, and "$VALUE" in the script.'
    if head == "secrets":
        yield finding(codes.VALUE_IN_SCRIPT, f"{shown} would write a secret into the text of a script", remedy)
        return
    values = scope.variables if head in _OWN_VALUES else scope.parameters if head == "parameters" else {}
    value = values.get(rest[0]) if rest else None
    if value is not None and _is_literal(value) and not is_plain(str(value.value)):
        line = scope.document.place(value).line
        message = f"{shown}: its value at line {line} has characters that a shell could take for code"
        yield finding(codes.VALUE_IN_SCRIPT, message, remedy)


def _is_literal(node: ScalarNode) -> bool:
    return not may_refer(node.text)


RULES = (check_references,)
