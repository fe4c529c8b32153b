"""What a position means, as Markdown: a key, a step type, a reference, and the findings there."""

import re
from collections.abc import Iterable, Sequence

from innominatus_cli.checks.facts import Facts, table
from innominatus_cli.checks.own_config import schema_of_type
from innominatus_cli.checks.scope import WorkflowScope
from innominatus_cli.documents.nodes import Document, MappingNode, Node, ScalarNode
from innominatus_cli.findings.finding import Finding
from innominatus_cli.language_server.completion import step_type_around
from innominatus_cli.language_server.cursor import ITEM, Cursor, cursor_at
from innominatus_cli.language_server.schema_walk import schemas_at, types_in_words, words_of

_REFERENCE = re.compile(r"\$\{([^}${]+)\}")


def hover_text(lines: Sequence[str], line: int, column: int, kind: str, document: Document | None, facts: Facts) -> str:
    """What stands at a position (from 0, in code points); empty where there is nothing to say."""
    text = lines[line] if line < len(lines) else ""
    for found in _REFERENCE.finditer(text):
        if found.start() <= column < found.end():
            return _reference_text(found.group(1), document, facts)
    cursor = cursor_at(lines, line, column)
    if cursor.in_text or not cursor.key:
        return ""
    if cursor.in_value and cursor.key == "type" and (name := step_type_around(lines, cursor.levels)):
        return _step_type_text(name, facts)
    return _key_text(lines, cursor, kind, facts)


def findings_text(findings: Iterable[Finding]) -> str:
    """The findings at a position, each with why it matters and what to do."""
    return "\n\n".join(f"**{one.code.number}** {one.message}\n\n{one.code.detail}\n\n*{one.help}*" for one in findings)


def _key_text(lines: Sequence[str], cursor: Cursor, kind: str, facts: Facts) -> str:
    parts = []
    step_type = step_type_around(lines, cursor.levels)
    holders = schemas_at(kind, cursor.path, step_type, facts)
    for schema in schemas_at(kind, (*cursor.path, cursor.key), step_type, facts):
        known = [holder.get("properties", {}).get(cursor.key, {}) for holder in holders]
        description = next((one["description"] for one in (*known, schema) if "description" in one), "")
        shape = types_in_words(schema)
        words = words_of([schema]) or words_of(schemas_at(kind, (*cursor.path, cursor.key, ITEM), step_type, facts))
        parts += [
            part
            for part in (
                description,
                f"{'Some' if shape == 'array' else 'One'} of {', '.join(words)}." if words else "",
            )
            if part
        ]
        parts += [f"Type: {shape}."] if shape and not words else []
    said = list(dict.fromkeys(parts))
    return "\n\n".join([f"**{cursor.key}**", *said]) if said else ""


def _step_type_text(name: str, facts: Facts) -> str:
    schema = schema_of_type(name, facts)
    if schema is None:
        return ""
    required = ", ".join(f"`{key}`" for key in schema.get("required", ()))
    inputs = ", ".join(f"`{key}`" for key in schema.get("properties", {}))
    outputs = ", ".join(f"`{key}`" for key in schema.get("x-outputs", ()))
    told = [("Inputs", inputs), ("Required", required), ("Outputs", outputs)]
    lines = [f"{title}: {names}." for title, names in told if names]
    return "\n\n".join([f"**{name}** {schema.get('description', '')}".rstrip(), *lines])


def _reference_text(path: str, document: Document | None, facts: Facts) -> str:
    """What a reference speaks of, as far as this document and its repository say."""
    parts = path.split(".")
    title = f"`${{{path}}}`"
    if parts[0] == "secrets" and len(parts) > 1:
        defined = table(facts, "secrets")
        known = defined is not None and parts[1] in defined.values
        return f"{title} is the secret `{parts[1]}`{'' if known else ', which admin-config.yaml does not define'}."
    if document is None:
        return title
    if document.kind == "Workload":
        return _score_reference_text(title, parts, document)
    scope = WorkflowScope(document, facts)
    step = parts[1] if parts[0] == "steps" and len(parts) > 1 else parts[0]
    if step in scope.steps:
        node = next(one for one in scope.step_nodes if one.text("name") == step)
        return f"{title} is an output of the step `{step}` (type `{node.text('type') or ''}`, line {node.line})."
    value = {"parameters": scope.parameters, "variables": scope.variables, "workflow": scope.variables}
    found = value.get(parts[0], {}).get(parts[1]) if len(parts) > 1 else None
    return title if found is None else f"{title} is `{_shown(found)}` (line {found.line})."


def _score_reference_text(title: str, parts: list[str], document: Document) -> str:
    if parts[0] == "resources" and len(parts) > 1:
        resource = document.mapping.mapping("resources").mapping(parts[1])
        kind = resource.text("type")
        return f"{title} is an output of the resource `{parts[1]}` (type `{kind}`)." if kind else title
    node: Node | None = document.mapping.mapping("metadata") if parts[0] == "metadata" else None
    for part in parts[1:]:
        node = node.get(part) if isinstance(node, MappingNode) else None
    return title if node is None else f"{title} is `{_shown(node)}` (line {node.line})."


def _shown(node: Node) -> str:
    return node.text.replace("`", "'") if isinstance(node, ScalarNode) else node.type_name
