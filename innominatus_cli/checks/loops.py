"""Rules over loops: what `forEach` and `matrix` go over, and how the steps of a loop read it."""

import re
from collections.abc import Iterator

from innominatus_cli.checks.facts import Facts
from innominatus_cli.checks.names import SHELLS, assigned
from innominatus_cli.checks.places import place_within
from innominatus_cli.checks.scope import scope_of
from innominatus_cli.documents.nodes import Document, MappingNode, Node, ScalarNode, SequenceNode
from innominatus_cli.expressions.loops import EXCLUDE, INCLUDE, LARGEST, MOST_VALUES, LoopError, combinations
from innominatus_cli.expressions.references import may_refer
from innominatus_cli.findings.catalogue import expansion
from innominatus_cli.findings.catalogue import steps as codes
from innominatus_cli.findings.finding import Finding
from innominatus_cli.findings.near_names import did_you_mean

_ENTRIES = (INCLUDE, EXCLUDE)


def check_loops(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2135: a loop has values, and not too many of them."""
    for step in scope_of(document, facts).step_nodes:
        loop, matrix = step.get("forEach"), step.get("matrix")
        name = f"step '{step.text('name') or ''}'"
        if loop is not None and matrix is not None:
            message = f"{name} has both 'forEach' and 'matrix'"
            yield Finding(codes.UNUSABLE_LOOP, message, document.place(step.key("matrix")), "Remove one of the two.")
        if (loop is not None or matrix is not None) and "approval" in step.values:
            message = f"{name} is a gate inside of a loop"
            remedy = "Put the gate into a step of its own before the loop."
            yield Finding(codes.UNUSABLE_LOOP, message, document.place(step.key("approval")), remedy)
        if isinstance(loop, MappingNode):
            yield from _check_count(document, step, len(loop.values))
        elif loop is not None:
            yield from _check_values(document, step, "forEach", loop)
        if isinstance(matrix, MappingNode):
            yield from _check_matrix(document, step, matrix)


def _check_count(document: Document, step: MappingNode, count: int) -> Iterator[Finding]:
    if count > _most(step):
        message = f"'forEach' has {count} values, over {_most(step)}"
        yield Finding(codes.UNUSABLE_LOOP, message, document.place(step.key("forEach")))


def _check_matrix(document: Document, step: MappingNode, matrix: MappingNode) -> Iterator[Finding]:
    axes = {key: values for key, values in matrix.values.items() if key not in _ENTRIES}
    if not axes and INCLUDE not in matrix.values:
        yield Finding(codes.UNUSABLE_LOOP, "'matrix' has no keys", document.place(step.key("matrix")))
        return
    wrong = [
        *(finding for key, values in axes.items() for finding in _check_values(document, step, key, values)),
        *(finding for key in _ENTRIES if key in matrix.values for finding in _check_entries(document, matrix, key)),
    ]
    yield from wrong
    literal = all(isinstance(values, SequenceNode) for values in matrix.values.values())
    if wrong or not literal:
        return
    values = {key: node.plain() for key, node in matrix.values.items()}
    try:
        found = combinations(
            [(key, values[key]) for key in axes], values.get(INCLUDE), values.get(EXCLUDE), _most(step)
        )
    except LoopError as problem:
        yield Finding(codes.UNUSABLE_LOOP, f"'matrix' {problem.problem}", document.place(step.key("matrix")))
        return
    if not found:
        message = "'exclude' leaves no combination of 'matrix'"
        yield Finding(codes.UNUSABLE_LOOP, message, document.place(matrix.key(EXCLUDE)))


def _check_entries(document: Document, matrix: MappingNode, key: str) -> Iterator[Finding]:
    """The entries of `include` and `exclude` are mappings; an excluded combination has keys of the matrix."""
    entries = matrix.get(key)
    if not isinstance(entries, SequenceNode):
        if not (isinstance(entries, ScalarNode) and may_refer(entries.text)):
            message = f"'{key}' of 'matrix' is neither a list nor a reference to one"
            yield Finding(codes.UNUSABLE_LOOP, message, document.place(entries))
        return
    known = [name for name in matrix.values if name not in _ENTRIES]
    for entry in entries.items:
        if isinstance(entry, ScalarNode) and may_refer(entry.text):
            continue
        if not isinstance(entry, MappingNode) or not entry.values:
            message = f"an entry of '{key}' is no mapping of keys and values"
            yield Finding(codes.UNUSABLE_LOOP, message, document.place(entry))
            continue
        for name in entry.values if key == EXCLUDE else ():
            if name not in known:
                message = f"'exclude' names '{name}', which is no key of the matrix"
                place = document.place(entry.key(name))
                yield Finding(codes.UNUSABLE_LOOP, message, place, did_you_mean(name, known))


def _check_values(document: Document, step: MappingNode, key: str, values: Node) -> Iterator[Finding]:
    if isinstance(values, SequenceNode):
        if not values.items:
            message = f"'{key}' is an empty list, so that step '{step.text('name') or ''}' never runs"
            yield Finding(codes.UNUSABLE_LOOP, message, document.place(values))
        elif key == "forEach":
            yield from _check_count(document, step, len(values.items))
        return
    text = str(values.value) if isinstance(values, ScalarNode) else ""
    if not may_refer(text) and text.strip()[:1] not in {"[", "{"}:
        message = f"'{key}' is neither a list nor a reference to one"
        yield Finding(codes.UNUSABLE_LOOP, message, document.place(values))
    elif "maxItems" not in step.values and _reads_output(text):
        message = f"'{key}' takes its values from an output, and 'maxItems' does not say how many there may be"
        yield Finding(codes.UNUSABLE_LOOP, message, document.place(values), "Add `maxItems`.")


def _most(step: MappingNode) -> int:
    node = step.get("maxItems")
    value = node.plain() if isinstance(node, ScalarNode) else None
    return min(value, LARGEST) if isinstance(value, int) and not isinstance(value, bool) else MOST_VALUES


def _reads_output(text: str) -> bool:
    from innominatus_cli.expressions.references import CONTEXTS, parse  # noqa: PLC0415 - loops over outputs are rare

    outside = {"steps", "workflows", "resources", "terraform"}
    return any(one.path[0] in outside or one.path[0] not in CONTEXTS for one in parse(text).references if one.path[1:])


def check_late_loops(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-3102: a loop over outputs calls no sub-workflow, and is no gate."""
    scope = scope_of(document, facts)
    for step in scope.step_nodes:
        kind = step.text("type")
        if kind in {"workflow", "approval"} and _is_late(step):
            what = "calls a sub-workflow" if kind == "workflow" else "is a gate"
            message = f"step '{step.text('name') or ''}' {what} in a loop whose values only the run knows"
            yield Finding(expansion.NO_LOOP_WHILE_RUNNING, message, document.place(step.get("type")))


def _is_late(step: MappingNode) -> bool:
    """Whether a loop takes its values from an output, as far as the step says so itself."""
    loop, matrix = step.get("forEach"), step.mapping("matrix")
    nodes = [loop, *matrix.values.values()]
    return any(isinstance(node, ScalarNode) and _reads_output(str(node.value)) for node in nodes)


def check_shell_items(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2196: a script in a loop does not take `item` and `matrix` for variables of the shell."""
    scope = scope_of(document, facts)
    for text in scope.texts:
        step = scope.steps.get(text.step)
        if not text.is_script or step is None or step.text("type") not in SHELLS or not _is_loop(step):
            continue
        given = {*step.mapping("env").values, *assigned(text.value)}
        for match in re.finditer(r"(?<![$\\])\$(?:\{(item|matrix)\}|(item|matrix)\b)", text.value):
            name = match[1] or match[2]
            if name not in given:
                place = place_within(document, text.node, match.start(), match[0])
                message = f"'{match[0]}' is a variable of the shell, which has no value"
                value = "${item}" if name == "item" else "${matrix.<key>}"
                remedy = f'Write `env: {{ITEM: "{value}"}}` in the step, and "$ITEM" in the script.'
                yield Finding(expansion.ITEM_OF_THE_SHELL, message, place, remedy)


def _is_loop(step: MappingNode) -> bool:
    return "forEach" in step.values or "matrix" in step.values


RULES = (check_loops, check_late_loops, check_shell_items)
