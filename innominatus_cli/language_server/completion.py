"""What may be typed at a position: keys, values, step types, names of this document and of the repository."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from innominatus_cli.checks.facts import Facts, known_step_types, table
from innominatus_cli.checks.own_config import schema_of_type
from innominatus_cli.checks.scope import WorkflowScope
from innominatus_cli.documents.kinds import WORKFLOW_KINDS
from innominatus_cli.documents.nodes import Document, MappingNode
from innominatus_cli.documents.schemas import Schema
from innominatus_cli.expressions.references import CONTEXTS
from innominatus_cli.language_server.cursor import ITEM, Cursor, Level, cursor_at, siblings
from innominatus_cli.language_server.schema_walk import schemas_at, types_in_words, words_of

_OPEN_REFERENCE = re.compile(r"\$\{(?P<path>[^}${]*)$")
_TABLES = ("secrets", "healthChecks", "alerts", "dashboards")
_CONTAINERS = ("object", "array")


class Proposal(NamedTuple):
    """One thing to type: `text` replaces what stands from column `start` (from 0, in code points) to the position."""

    label: str
    kind: str
    """`key`, `value`, `type`, `name` or `reference`."""
    text: str
    start: int
    detail: str = ""
    documentation: str = ""


def proposals(
    lines: Sequence[str], line: int, column: int, kind: str, document: Document | None, facts: Facts
) -> list[Proposal]:
    """What may be typed at a position of a document of the given kind, in the order in which people want it.

    `document` is the last state of the text that could be read; `facts` is what surrounds it.
    """
    cursor = cursor_at(lines, line, column)
    if (reference := _OPEN_REFERENCE.search(cursor.before)) is not None:
        return list(_references(reference, cursor, document, facts, column))
    if cursor.in_text:
        return []
    if cursor.in_value or cursor.path[-1:] == (ITEM,):
        found = list(_values(lines, cursor, kind, document, facts))
        if cursor.in_value:
            return found
        return found or list(_keys(lines, cursor, kind, facts))
    return list(_keys(lines, cursor, kind, facts))


def step_type_around(lines: Sequence[str], levels: Iterable[Level]) -> str:
    """The type of the step that a position is in; empty where it is in none."""
    for level in levels:
        if level.path[-2:-1] in {("steps",), ("finally",)} and level.path[-1:] == (ITEM,):
            return _unquoted(siblings(lines, level).get("type", ""))
    return ""


def _unquoted(text: str) -> str:
    return text.partition(" #")[0].strip().strip("\"'")


def _keys(lines: Sequence[str], cursor: Cursor, kind: str, facts: Facts) -> Iterator[Proposal]:
    there = siblings(lines, cursor.levels[0]) if cursor.levels else {}
    for schema in schemas_at(kind, cursor.path, step_type_around(lines, cursor.levels), facts):
        required = schema.get("required", ())
        properties: Mapping[str, Schema] = schema.get("properties", {})
        for key in sorted(properties, key=lambda one: one not in required):
            if key not in there:
                detail = "required" if key in required else types_in_words(properties[key])
                colon = ":" if _holds_more(properties[key]) else ": "
                yield Proposal(key, "key", key + colon, cursor.start, detail, properties[key].get("description", ""))


def _holds_more(schema: Schema) -> bool:
    return schema.get("type") in _CONTAINERS


def _values(
    lines: Sequence[str], cursor: Cursor, kind: str, document: Document | None, facts: Facts
) -> Iterator[Proposal]:
    listed = cursor.before.lstrip().startswith("[")
    start = cursor.start + max(cursor.before.rfind(mark) + 1 for mark in "[, ") if listed else cursor.start
    path = (*cursor.path, cursor.key) if cursor.in_value else cursor.path
    named = path[:-1] if path[-1:] == (ITEM,) else path
    in_list = (*path, ITEM) if listed else path
    if named[-1:] == ("type",) and named[-3:-2] in {("steps",), ("finally",)}:
        for name in sorted(known_step_types(facts)):
            schema = schema_of_type(name, facts) or {}
            yield Proposal(name, "type", name, start, "step type", schema.get("description", ""))
        return
    for word in words_of(schemas_at(kind, in_list, step_type_around(lines, cursor.levels), facts)):
        yield Proposal(word, "value", word, start)
    own = _own_step(lines, cursor)
    yield from (Proposal(name, "name", name, start) for name in _names(named, kind, document, facts) if name != own)


def _own_step(lines: Sequence[str], cursor: Cursor) -> str:
    steps = (level for level in cursor.levels if level.path[-2:] in {("steps", ITEM), ("finally", ITEM)})
    level = next(steps, None)
    return "" if level is None else _unquoted(siblings(lines, level).get("name", ""))


def _names(path: Sequence[str], kind: str, document: Document | None, facts: Facts) -> Iterator[str]:
    """Names that a value at the path may speak of."""
    key = path[-1] if path else ""
    if key == "dependsOn" and document is not None and kind in WORKFLOW_KINDS and "steps" in path:
        yield from WorkflowScope(document, facts).steps
    elif key in {"dependsOn", "overrides", "requiredPlatformWorkflows", "allowedProductWorkflows"}:
        yield from sorted(facts.workflows() if facts.workflows is not None else ())
    elif key == "allowedStepTypes":
        yield from sorted(known_step_types(facts))
    elif key in _TABLES and "config" in path:
        defined = table(facts, key)
        yield from () if defined is None else defined.values
    elif key == "workflow" and kind == "GoldenPath":
        yield from (file for file in facts.files() if "workflows/" in file)
    elif key == "workflow" and kind in WORKFLOW_KINDS:
        root = f"{facts.workflows_root}/"
        yield from sorted(facts.workflows() if facts.workflows is not None else ())
        yield from (file.removeprefix(root) for file in facts.files() if file.startswith(root))


def _references(
    found: "re.Match[str]", cursor: Cursor, document: Document | None, facts: Facts, column: int
) -> Iterator[Proposal]:
    written = found["path"]
    parts = written.split(".")
    start = column - len(parts[-1])
    for name, detail in _next_parts(parts[:-1], cursor, document, facts):
        yield Proposal(name, "reference", name.replace(".", "\\."), start, detail)


def _next_parts(
    before: Sequence[str], cursor: Cursor, document: Document | None, facts: Facts
) -> Iterator[tuple[str, str]]:
    """The names that may follow the parts of a reference, each with what it is."""
    if document is not None and document.kind == "Workload" and "workflows" not in cursor.path:
        yield from _parts_in_score(before, document)
    elif list(before) == ["secrets"]:
        defined = table(facts, "secrets")
        yield from () if defined is None else ((name, "secret") for name in defined.values)
    elif list(before) == ["application"]:
        yield from ((name, "of the application") for name in ("name", "product"))
    elif document is not None:
        yield from _parts_in_workflow(list(before), WorkflowScope(document, facts))
    elif not before:
        yield from ((name, "context") for name in sorted(CONTEXTS))


def _parts_in_workflow(before: list[str], scope: WorkflowScope) -> Iterator[tuple[str, str]]:
    match before:
        case []:
            yield from ((name, "context") for name in sorted(CONTEXTS))
            yield from ((name, "step") for name in scope.steps)
        case ["steps"]:
            yield from ((name, "step") for name in scope.steps)
        case ["steps", step]:
            yield ("outputs", f"of step {step}")
        case ["steps", step, "outputs"] | [step] if step in scope.steps:
            yield from ((name, f"output of {step}") for name in sorted(scope.outputs.get(step, ())))
        case ["variables" | "workflow"]:
            yield from ((name, "variable") for name in scope.variables)
        case ["item"]:
            yield from ((name, "of the loop") for name in ("index", "key", "value"))
        case ["parameters"]:
            yield from ((name, "parameter") for name in scope.parameters)
        case _:
            pass


def _parts_in_score(before: Sequence[str], document: Document) -> Iterator[tuple[str, str]]:
    if not before:
        yield from (("metadata", "context"), ("resources", "context"))
    elif before[0] == "resources" and len(before) == 1:
        yield from ((name, "resource") for name in document.mapping.mapping("resources").values)
    elif before[0] == "metadata":
        node: MappingNode = document.mapping.mapping("metadata")
        for part in before[1:]:
            node = node.mapping(part)
        yield from ((name, "metadata") for name in node.values)
