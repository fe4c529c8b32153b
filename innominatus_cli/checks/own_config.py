"""The config of steps whose type the repository brings, against the schema of that type's inputs."""

from functools import lru_cache
from typing import Any

from innominatus_cli.checks.facts import Facts
from innominatus_cli.checks.input_schema import as_plain_schema, check_schema, check_schema_references
from innominatus_cli.documents import foreign_schemas
from innominatus_cli.documents.nodes import Document, MappingNode
from innominatus_cli.documents.schemas import Schema, schema_of_step_type
from innominatus_cli.expressions.patterns import compile_pattern
from innominatus_cli.expressions.references import parse
from innominatus_cli.findings.finding import Finding, Related


def check_own_config(document: Document, step: MappingNode, facts: Facts) -> list[Finding]:
    """What is wrong with the `config` of a step by the schema of its type; nothing for a type that is not known.

    A value with a reference in it is taken for good: its type is checked when a deployment is planned.
    """
    own = facts.own_types() if facts.own_types is not None else {}
    kind = own.get(step.text("type") or "")
    schema = None if kind is None else _schema(kind)
    if kind is None or schema is None:
        return []
    findings = foreign_schemas.check_own_config(document, step, schema, _reading, _matches)
    inputs = kind.mapping.mapping("spec").mapping("inputs")
    related = (Related(f"the inputs of '{step.text('type')}'", kind.place(inputs)),)
    return [finding._replace(related=(*finding.related, *related)) for finding in findings]


def schema_of_type(name: str, facts: Facts) -> Schema | None:
    """The schema of the inputs of any step type, built in or the repository's own, with its description and outputs."""
    built_in = schema_of_step_type(name)
    if built_in is not None or facts.own_types is None:
        return built_in
    kind = facts.own_types().get(name)
    schema = None if kind is None else _schema(kind)
    if kind is None or schema is None:
        return None
    outputs = kind.mapping.mapping("spec").mapping("outputs").mapping("names").values
    description = kind.mapping.mapping("metadata").text("description") or ""
    return {"description": description, "x-outputs": list(outputs), **schema}


@lru_cache(maxsize=64)
def _schema(kind: Document) -> Schema | None:
    """The schema of a type's inputs; None where it cannot be used, which is a finding about the type."""
    if any(True for rule in (check_schema, check_schema_references) for _ in rule(kind, Facts())):
        return None
    root = kind.mapping.mapping("spec").mapping("inputs")
    schema: dict[str, Any] = as_plain_schema(root, patterns=True)
    definitions = root.mapping("$defs")
    shared = {name: as_plain_schema(definitions.mapping(name), patterns=True) for name in definitions.values}
    return {"type": "object", **schema, "$defs": shared}


def _reading(text: str) -> foreign_schemas.Reading:
    parsed = parse(text)
    if parsed.whole is not None:
        return "later"
    return "fixed" if parsed.literal is not None else "text"


def _matches(pattern: str, text: str) -> bool:
    return bool(compile_pattern(pattern).search(text))
