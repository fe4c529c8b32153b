"""Rules over what a workflow can reach: conditions that never change, steps that never run, outputs of such steps."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from innominatus_cli.checks.edits import without_key
from innominatus_cli.checks.facts import Facts
from innominatus_cli.checks.needs import only_with
from innominatus_cli.checks.order import behind
from innominatus_cli.checks.places import place_within
from innominatus_cli.checks.scope import Text, WorkflowScope, scope_of
from innominatus_cli.documents.nodes import Document, MappingNode, ScalarNode
from innominatus_cli.expressions.references import CONTEXTS, Reference, may_refer, split_path
from innominatus_cli.findings.catalogue import steps as codes
from innominatus_cli.findings.catalogue.workflow import BAD_CONDITION
from innominatus_cli.findings.finding import Finding, Fix, Related

_HOLDS = {"if": True, "unless": False}
"""What lets the step run, by the key of the condition."""
_COMPARISONS = frozenset(("==", "!=", "in"))
_KNOWN_LATER = frozenset(CONTEXTS) - {"variables", "workflow", "parameters"}
"""Contexts of which a file says nothing."""


@only_with("if", "unless")
def check_constant_conditions(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2029, ORC-2130, ORC-2131: a condition depends on something that can change."""
    scope = scope_of(document, facts)
    for step in scope.step_nodes:
        for key, folded in _conditions(scope)[id(step)].items():
            node, text = step.values[key], _text_of(step.values[key])
            for problem in folded.undecidable:
                word = text[problem.offset :].split(maxsplit=1)[0]
                place = place_within(document, node, problem.offset, word) if isinstance(node, ScalarNode) else None
                place = place or document.place(node)
                yield Finding(BAD_CONDITION, problem.message, place, problem.remedy)
            if folded.truth is None:
                continue
            word = "always" if folded.truth else "never"
            if folded.truth is _HOLDS[key]:
                message = f"'{key}: {text}' {word} holds, so that it changes nothing"
                edit = without_key(document, step, key)
                fix = Fix(f"Remove '{key}'", (edit,)) if edit else None
                yield Finding(codes.CONSTANT_CONDITION, message, document.place(node), fix=fix)
            else:
                message = f"'{key}: {text}' {word} holds, so that step {_name(step)} never runs"
                yield Finding(codes.NEVER_RUNS, message, document.place(node))


@only_with("when")
def check_failure_steps(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2131: what `when` waits for can happen: a failure before the step, a condition that does not forbid it."""
    scope = scope_of(document, facts)
    may_follow = _behind_failures(scope)
    for step in scope.step_nodes:
        when, name = step.text("when"), step.text("name")
        if when not in {"on_failure", "on_success"} or name is None:
            continue
        if when == "on_failure" and may_follow is not None and name not in may_follow:
            message = f"nothing before step {_name(step)} can fail, so that it never runs"
            yield Finding(codes.NEVER_RUNS, message, document.place(step.get("when")))
        folded = _conditions(scope)[id(step)].get("if")
        for part in _conjuncts(folded.tree) if folded is not None else ():
            if _contradicts(scope, when, part):
                message = f"'when: {when}' and 'if: {_text_of(step.values['if'])}' never hold together"
                yield Finding(codes.NEVER_RUNS, message, document.place(step.get("when")))


def _contradicts(scope: WorkflowScope, when: str, part: dict[str, Any]) -> bool:
    if when == "on_failure":
        return part.get("op") == "success"
    failing = scope.steps.get(str(part.get("status", "")))
    is_failed = part.get("is") == "failed" and failing is not None and not _is_true(failing, "continueOnError")
    return part.get("op") == "failure" or is_failed


def _behind_failures(scope: WorkflowScope) -> frozenset[str] | None:
    """The steps that a failure may stand before; None where that may be one of an earlier workflow."""
    if scope.order is None or _may_stand_behind_others(scope.document):
        return None
    fallible = [name for name, step in scope.steps.items() if not _is_true(step, "continueOnError")]
    return behind(scope.edges, fallible) | scope.cleanup_steps


def _may_stand_behind_others(document: Document) -> bool:
    """Whether other workflows may end before this one starts: not so for the platform's first ones alone."""
    metadata = document.mapping.mapping("metadata")
    phases = {metadata.text("phase"), *(str(item.plain()) for item in metadata.sequence("phases"))} - {None}
    first = document.kind == "PlatformWorkflow" and phases == {"pre-deployment"}
    return not first or bool(metadata.sequence("dependsOn"))


def check_outputs_of_skipped_steps(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2132, ORC-2133: an output is read of a step that has run whenever its reader does."""
    scope = scope_of(document, facts)
    for text in scope.texts:
        if not text.step or not may_refer(text.value):
            continue
        template = text.parsed.template
        for index, reference in enumerate(text.parsed.references):
            if template is not None and template.optional[index]:
                continue  # the template says what holds without it
            target = _step_of(scope, reference)
            if target and target != text.step and scope.is_known_by(target, text.step):
                yield from _check_read(scope, text, reference, target)


def _step_of(scope: WorkflowScope, reference: Reference) -> str:
    """The step whose output a reference reads; empty where it reads none."""
    path = reference.path
    if path[0] == "steps" and len(path) > 1:
        return path[1] if path[1] in scope.steps else ""
    return path[0] if len(path) > 1 and path[0] in scope.steps and path[0] not in CONTEXTS else ""


def _check_read(scope: WorkflowScope, text: Text, reference: Reference, target: str) -> Iterator[Finding]:
    step, reader = scope.steps[target], scope.steps[text.step]
    if target in scope.cleanup_steps or not step.values.keys().isdisjoint(("forEach", "matrix")):
        return  # outputs of a loop are a list, whatever became of its steps
    keys = [key for key in ("if", "unless", "when") if key in step.values]
    never = _never_together(scope, step, reader)
    if not never and (not _may_be_skipped(scope, step) or _is_guarded(step, reader, target)):
        return
    code = codes.OUTPUT_OF_SKIPPED_STEP if never else codes.OUTPUT_OF_CONDITIONAL_STEP
    what = never or "may be skipped, and then has no output"
    place = place_within(scope.document, text.node, reference.offset, reference.written)
    related = tuple(Related(f"its '{key}'", scope.document.place(step.values[key])) for key in keys)
    yield Finding(code, f"'{reference.written}': step '{target}' {what}", place, related=related)


def _never_together(scope: WorkflowScope, step: MappingNode, reader: MappingNode) -> str:
    """Why the reader never finds an output, as the end of a sentence; empty where it may."""
    for key, folded in _conditions(scope)[id(step)].items():
        if folded.truth is not None and folded.truth is not _HOLDS[key]:
            return "never runs, so that it has no output"
    for key, other in (("if", "unless"), ("unless", "if")):
        if key in step.values and _same(step, key) == _same(reader, other):
            return f"runs only where step {_name(reader)} does not"
    is_plain = reader.text("when") in {None, "on_success"} and not _asks_for_failure(scope, reader)
    is_last = (reader.text("name") or "") in scope.cleanup_steps
    if step.text("when") == "on_failure" and is_plain and not is_last:
        return f"runs only after a failure, and step {_name(reader)} only without one"
    return ""


def _may_be_skipped(scope: WorkflowScope, step: MappingNode) -> bool:
    open_conditions = any(folded.truth is None for folded in _conditions(scope)[id(step)].values())
    return open_conditions or step.text("when") in {"on_failure", "manual"}


def _is_guarded(step: MappingNode, reader: MappingNode, target: str) -> bool:
    """Whether the reader runs only where the step does: it asks for the step, or has the same conditions."""
    own = f"{_same(reader, 'if')} {_same(reader, 'unless')}"
    if target in own.replace(".", " ").replace("{", " ").split():
        return True
    if step.text("when") in {"on_failure", "manual"} and step.text("when") != reader.text("when"):
        return False
    same = [(_same(step, key), _same(reader, key)) for key in ("if", "unless") if key in step.values]
    return all(theirs == ours or f"({theirs})" in ours or theirs in ours.split(" and ") for theirs, ours in same)


def _same(step: MappingNode, key: str) -> str:
    """A condition with its white space made even; empty where there is none."""
    node = step.get(key)
    return " ".join(_text_of(node).split()) if node is not None else ""


class _Folded:
    """A condition in which everything static has become a value; `truth` is None where that is not all of it."""

    __slots__ = ("tree", "truth", "undecidable")

    def __init__(self, tree: dict[str, Any], truth: bool | None, undecidable: list[Any]) -> None:
        self.tree = tree
        self.truth = truth
        self.undecidable = undecidable


@lru_cache(maxsize=1)
def _conditions(scope: WorkflowScope) -> dict[int, dict[str, _Folded]]:
    """By the id of the step's node and the key, every condition that can be understood."""
    return {
        id(step): {
            key: folded
            for key in _HOLDS
            if (node := step.get(key)) is not None and (folded := _fold(scope, _text_of(node))) is not None
        }
        for step in scope.step_nodes
    }


def _fold(scope: WorkflowScope, text: str) -> _Folded | None:
    from innominatus_cli.expressions.conditions import FUNCTIONS, parse_condition  # noqa: PLC0415 - few have one

    parsed = parse_condition(text)
    if parsed.tree is None:
        return None
    if _has_nothing_static(parsed.tree):  # most conditions: a cold start does without what follows
        return _Folded(parsed.tree, None, [])
    from innominatus_cli.expressions.truth import fold_condition, is_true  # noqa: PLC0415

    folded = fold_condition(parsed.tree, _static_scope(scope))
    trees = [folded.tree]
    undecided = set()
    for tree in trees:
        args = tree.get("args", ())
        trees += args
        if args and tree["op"] not in {*FUNCTIONS, "and", "or"} and all("value" in arg for arg in args):
            undecided.add(tree["at"])
    truth = is_true(folded.tree["value"]) if "value" in folded.tree else None
    return _Folded(folded.tree, truth, [one for one in folded.problems if one.offset in undecided])


def _has_nothing_static(tree: dict[str, Any]) -> bool:
    """Whether a condition compares what only a plan or a run knows with literals: folding leaves it as it is."""
    while tree.get("op") == "not":
        (tree,) = tree["args"]
    if tree.get("op") not in _COMPARISONS:
        return False
    left, right = tree["args"]
    path = split_path(left["ref"]) if "ref" in left else ""
    listed = right["args"] if right.get("op") == "list" else [right]
    is_literal = all("value" in one for one in listed)
    return is_literal and isinstance(path, tuple) and len(path) > 1 and path[0] in _KNOWN_LATER


@lru_cache(maxsize=1)
def _static_scope(scope: WorkflowScope) -> Any:  # noqa: ANN401 - a Scope, whose module conditions alone need
    """What conditions know before any run: literals of variables that no step sets. All else is known later."""
    from innominatus_cli.expressions.contexts import Known, Later, Scope, Unresolved  # noqa: PLC0415

    class Context:
        """Values that only a plan or a run knows; of `variables` also those that the file gives."""

        def __init__(self, name: str) -> None:
            self.name = name

        def names(self) -> tuple[str, ...]:
            return ()

        def resolve(self, rest: tuple[str, ...], written: str) -> Known | Later | Unresolved:
            own = {"variables": scope.variables, "workflow": scope.variables, "parameters": scope.parameters}
            known = own.get(self.name)
            if known is not None and (len(rest) != 1 or rest[0] not in known):
                return Unresolved(written)
            value = known[rest[0]] if known is not None and self.name != "parameters" else None
            if value is None or rest[0] in scope.setters or may_refer(value.text):
                return Later((self.name, *rest), "")
            return Known(_text_of(value), "")

    return Scope({name: Context(name) for name in CONTEXTS}, frozenset(scope.steps))


def _asks_for_failure(scope: WorkflowScope, step: MappingNode) -> bool:
    """Whether the step's conditions are asked after a failure too."""
    parts = [folded.tree for folded in _conditions(scope)[id(step)].values()]
    for part in parts:
        parts += part.get("args", ())
        if part.get("op") in {"failure", "always"} or part.get("is") == "failed":
            return True
    return False


def _conjuncts(tree: dict[str, Any]) -> list[dict[str, Any]]:
    """What must all hold where the tree does."""
    found = []
    waiting = [tree]
    for part in waiting:
        if part.get("op") == "and":
            waiting += part["args"]
        else:
            found.append(part)
    return found


def _text_of(node: object) -> str:
    """A condition as it is written; a bare `true` is one too."""
    if not isinstance(node, ScalarNode):
        return ""
    return str(node.value).lower() if isinstance(node.value, bool) else str(node.value)


def _is_true(step: MappingNode, key: str) -> bool:
    node = step.get(key)
    return isinstance(node, ScalarNode) and node.value is True


def _name(step: MappingNode) -> str:
    return f"'{step.text('name') or ''}'"


RULES = (check_constant_conditions, check_failure_steps, check_outputs_of_skipped_steps)
