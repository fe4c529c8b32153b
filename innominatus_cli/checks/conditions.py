"""Rules over the conditions `if` and `unless` of steps."""

from collections.abc import Iterator
from typing import Any

from innominatus_cli.checks.facts import Facts
from innominatus_cli.checks.places import place_within
from innominatus_cli.checks.references import check_reference
from innominatus_cli.checks.scope import Text, WorkflowScope, scope_of
from innominatus_cli.documents.nodes import Document, ScalarNode
from innominatus_cli.expressions.references import CONTEXTS, Reference, split_path
from innominatus_cli.findings.catalogue import workflow as codes
from innominatus_cli.findings.finding import Finding


def check_conditions(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2029, ORC-2030, and what is wrong with references: a condition can be understood and speaks of something."""
    scope = scope_of(document, facts)
    for step in scope.step_nodes:
        for key in ("if", "unless"):
            node = step.get(key)
            if isinstance(node, ScalarNode) and isinstance(node.value, str):
                yield from _check_condition(scope, Text(node, step.text("name") or ""))


def _check_condition(scope: WorkflowScope, text: Text) -> Iterator[Finding]:
    from innominatus_cli.expressions.conditions import parse_condition  # noqa: PLC0415 - most workflows have none

    written = str(text.node.value)
    parsed = parse_condition(written)
    if parsed.problem is not None:
        place = place_within(scope.document, text.node, parsed.problem.offset, _word_at(written, parsed.problem.offset))
        yield Finding(codes.BAD_CONDITION, parsed.problem.message, place, parsed.problem.remedy)
    trees = [parsed.tree] if parsed.tree is not None else []
    may_be_absent: set[int] = set()
    for tree in trees:
        trees += tree.get("args", ())
        if tree.get("op") in {"==", "!="} and any("value" in one and one["value"] is None for one in tree["args"]):
            may_be_absent.update(map(id, tree["args"]))
        yield from _check_tree(scope, text, tree)
        if "ref" in tree and id(tree) not in may_be_absent:
            yield from _check_name(scope, text, tree)


def _check_name(scope: WorkflowScope, text: Text, tree: dict[str, Any]) -> Iterator[Finding]:
    """What a reference names in its context is there; only a comparison with `null` may ask for what is not."""
    from innominatus_cli.checks.contexts import check_context  # noqa: PLC0415 - most workflows have no conditions

    path = split_path(tree["ref"])
    if isinstance(path, tuple) and path[0] in CONTEXTS:
        yield from check_context(scope, text, _reference(text, path, tree["at"]))


def _check_tree(scope: WorkflowScope, text: Text, tree: dict[str, Any]) -> Iterator[Finding]:
    written = str(text.node.value)
    if "status" in tree:
        yield from check_reference(scope, text, _reference(text, ("steps", tree["status"]), tree["at"]))
    elif "ref" in tree:
        path = split_path(tree["ref"])
        if isinstance(path, tuple) and (not tree.get("bare") or path[0] in CONTEXTS or path[0] in scope.steps):
            yield from check_reference(scope, text, _reference(text, path, tree["at"]))
    elif len(tree.get("args", ())) == 2 and tree["op"] not in {"and", "or", "list"}:  # noqa: PLR2004 - two sides
        sides = tree["args"]
        for side, other in (sides, reversed(sides)):
            word = side.get("word")
            if word and "ref" in other and word not in scope.variables and word not in scope.parameters:
                place = place_within(scope.document, text.node, side["at"], _word_at(written, side["at"]))
                message = f"'{word}' is compared as a bare word"
                remedy = f'Put it between quotes: "{word}".'
                yield Finding(codes.CONDITION_AGAINST_BARE_WORD, message, place, remedy)


def _reference(text: Text, path: tuple[str, ...], offset: int) -> Reference:
    written = _word_at(text.value, offset)
    return Reference(path, offset, offset + len(written), written)


def _word_at(text: str, offset: int) -> str:
    """What is written at an offset: a reference, or what goes up to the next blank."""
    rest = text[offset:]
    if rest.startswith("${") and "}" in rest:
        return rest[: rest.index("}") + 1]
    return rest.split(maxsplit=1)[0] if rest.split() else ""


RULES = (check_conditions,)
