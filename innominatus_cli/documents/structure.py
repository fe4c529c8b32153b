"""The quick structural check: walks the JSON Schemas of the models over nodes, and puts exact places on findings.

It knows the keywords that `documents.schema_writing` writes, no others; a test holds its verdicts against jsonschema.
A pattern's `$` matches at the very end only, as in Go and ECMAScript.
"""

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

from innominatus_cli.documents.nodes import Document, MappingNode, Node, ScalarNode, SequenceNode
from innominatus_cli.documents.quick_structure import accepts, at_the_very_end
from innominatus_cli.documents.scalars import is_text_upstream, other_reading
from innominatus_cli.documents.schemas import Schema, schema_of_kind, schema_of_step_type
from innominatus_cli.documents.words import TYPE_WORDS, a, either, pattern_in_words, short
from innominatus_cli.findings.catalogue import document as codes
from innominatus_cli.findings.finding import Code, Edit, Finding, Fix, Related, Severity
from innominatus_cli.findings.near_names import did_you_mean, near_names

_MANY = 12
_LONG = 20_000
"""Characters of a text whose shape is looked at faster by functions, those to be made included."""
_MANY_FINDINGS = 200
"""Nobody reads the hints of more unknown keys than these, and looking for near names takes longer than all else."""


def check_structure(document: Document) -> list[Finding]:
    """What is wrong with the shape of a canonical document; nothing for a kind without a schema."""
    schema = schema_of_kind(document.kind)
    return [] if schema is None else _check(document, document.root, schema, "", is_long=len(document.text) > _LONG)


def check_step_config(document: Document, step: MappingNode, type_name: str) -> list[Finding]:
    """What is wrong with the `config` of a step, by the schema of its (built-in) type."""
    schema = schema_of_step_type(type_name)
    if schema is None:
        return []
    config = step.get("config")
    if config is not None:
        return _check(document, config, schema, "config")
    walk = Walk(document, schema)
    walk.mapping(step.empty(), schema, "config", at=step)
    return walk.findings


def _check(document: Document, node: Node, schema: Schema, name: str, *, is_long: bool = False) -> list[Finding]:
    if accepts(schema, node, as_score_reads=document.kind == "Workload", is_long=is_long):
        return []
    walk = Walk(document, schema)
    walk.value(node, schema, name)
    return walk.findings


class Walk:
    """One walk of one schema over one document; `findings` gathers what is wrong."""

    def __init__(self, document: Document, root: Schema) -> None:
        self.document = document
        self.definitions: dict[str, Schema] = root.get("$defs", {})
        self.findings: list[Finding] = []
        self.as_score_reads = document.kind == "Workload"

    def report(self, code: Code, message: str, node: Node, remedy: str = "", *related: Related) -> None:
        """Adds a finding at a node."""
        self.findings.append(Finding(code, message, self.document.place(node), remedy, related))

    def value(self, node: Node, schema: Schema, name: str) -> None:
        """Checks a value; `name` is what messages call it, empty for the document itself."""
        while (reference := schema.get("$ref")) is not None:
            schema = self.definitions[reference.rpartition("/")[2]]
        if (expected := schema.get("type")) is not None and not self.has_type(node, expected):
            self.wrong_type(node, [expected] if isinstance(expected, str) else expected, name)
            return
        if "anyOf" in schema or "oneOf" in schema:
            self._alternatives(node, schema, name)
        if isinstance(node, ScalarNode):
            self._scalar(node, schema, name)
        elif isinstance(node, MappingNode):
            self.mapping(node, schema, name)
        elif isinstance(node, SequenceNode):
            self._sequence(node, schema, name)

    def has_type(self, node: Node, expected: str | list[str]) -> bool:
        """Whether a node has one of JSON Schema's types."""
        if isinstance(expected, list):
            return any(self.has_type(node, one) for one in expected)
        if not isinstance(node, ScalarNode):
            return expected == ("object" if isinstance(node, MappingNode) else "array")
        if expected == "string" and self.as_score_reads and node.plain_style and not is_text_upstream(node.text):
            return False
        return expected in _types_of_value(node.value)

    def wrong_type(self, node: Node, expected: list[str], name: str) -> None:
        """Adds that a node has none of the types that are expected."""
        subject = quoted(name)
        wanted = either([TYPE_WORDS[one] for one in expected])
        remedy = ""
        if isinstance(node, ScalarNode) and node.value is None:
            message = f"{subject} has no value; {wanted} is expected"
            empty = " (`[]` is an empty list)" if expected == ["array"] else ""
            remedy = f"Give it a value{empty}, or remove the key."
        elif isinstance(node, ScalarNode) and node.plain_style and "string" in expected:
            found = other_reading(node.text) if isinstance(node.value, str) else node.type_name
            message = f"{subject} must be {wanted}, not {a(found)}"
            remedy = f'Write "{short(node.text)}", with quotes.'
        else:
            message = f"{subject} must be {wanted}, not {a(node.type_name)}"
        self.report(codes.WRONG_TYPE, message, node, remedy)

    def _alternatives(self, node: Node, schema: Schema, name: str) -> None:
        parts = schema.get("anyOf") or schema["oneOf"]
        if all(set(part) == {"required"} for part in parts):
            self._required_alternatives(node, parts, name, exactly_one="oneOf" in schema)
            return
        fitting = [part for part in parts if self._admits(node, part)]
        if not fitting:
            types = list(dict.fromkeys(kind for part in parts for kind in self.types_of(part)))
            self.wrong_type(node, types, name)
            return
        outcomes = [self._attempt(node, part, name) for part in fitting]
        if not any(_errors(outcome) == 0 for outcome in outcomes):
            self._no_alternative(node, fitting, outcomes, name)
            return
        self.findings += next(outcome for outcome in outcomes if _errors(outcome) == 0)

    def _no_alternative(self, node: Node, parts: list[Schema], outcomes: list[list[Finding]], name: str) -> None:
        """The findings of the alternative that fits best; one for all of them where they are plain texts."""
        if len(parts) == 1 or not isinstance(node, ScalarNode):
            self.findings += min(outcomes, key=_errors)
            return
        ways = [self._in_words(part) for part in parts]
        message = f"{quoted(name)} is '{short(node.text)}', which is not {either(ways)}"
        hint = did_you_mean(
            node.text, [word for part in parts for word in part.get("enum", ()) if isinstance(word, str)]
        )
        self.report(codes.NO_ALTERNATIVE, message, node, hint)

    def _in_words(self, schema: Schema) -> str:
        schema = self._resolved(schema)
        if "enum" in schema:
            return f"one of {', '.join(str(word) for word in schema['enum'])}"
        if "const" in schema:
            return f"'{schema['const']}'"
        if "pattern" in schema:
            return pattern_in_words(schema["pattern"])
        return either([TYPE_WORDS[one] for one in self.types_of(schema)] or ["such a value"])

    def _required_alternatives(self, node: Node, parts: list[Schema], name: str, *, exactly_one: bool) -> None:
        if not isinstance(node, MappingNode):
            return
        keys = [part["required"][0] for part in parts]
        given = [key for key in keys if key in node.values]
        if not given:
            self.report(codes.MISSING_KEY, f"{quoted(name)} needs one of the keys {_listed(keys)}", node)
        elif exactly_one and len(given) > 1:
            message = f"{quoted(name)} may have only one of the keys {_listed(keys)}, not {_listed(given)}"
            self.report(codes.NO_ALTERNATIVE, message, node, f"Remove all of {_listed(given)} but one.")

    def _attempt(self, node: Node, schema: Schema, name: str) -> list[Finding]:
        kept, self.findings = self.findings, []
        self.value(node, schema, name)
        outcome, self.findings = self.findings, kept
        return outcome

    def _resolved(self, schema: Schema) -> Schema:
        while (reference := schema.get("$ref")) is not None:
            schema = self.definitions[reference.rpartition("/")[2]]
        return schema

    def types_of(self, schema: Schema) -> list[str]:
        """The types that a schema asks for; none where it takes any."""
        expected = self._resolved(schema).get("type", [])
        return [expected] if isinstance(expected, str) else expected

    def _admits(self, node: Node, schema: Schema) -> bool:
        types = self.types_of(schema)
        return not types or self.has_type(node, types)

    def _scalar(self, node: ScalarNode, schema: Schema, name: str) -> None:
        if "enum" in schema and not _is_among(node.value, schema["enum"]):
            self._not_allowed(node, schema["enum"], name)
        elif "const" in schema and not _is_among(node.value, [schema["const"]]):
            self._not_allowed(node, [schema["const"]], name)
        if isinstance(node.value, str):
            self.text(node.value, schema, name, node)
        elif isinstance(node.value, int | float) and not isinstance(node.value, bool):
            self._number(node.value, schema, name, node)

    def _not_allowed(self, node: ScalarNode, allowed: list[Any], name: str) -> None:
        words = [str(word) for word in allowed]
        if len(words) == 1:
            message = f"{quoted(name)} must be '{words[0]}', not '{short(node.text)}'"
        else:
            shown = ", ".join(words[:_MANY]) + (", …" if len(words) > _MANY else "")
            message = f"{quoted(name)} is '{short(node.text)}', which is not one of {shown}"
        self.report(codes.NOT_ALLOWED, message, node, did_you_mean(node.text, words))
        self._mend(node, near_names(node.text, words))

    def text(self, text: str, schema: Schema, name: str, node: Node, what: str = "") -> None:
        """Checks a text, or a key (`what` says so)."""
        subject = what or quoted(name)
        if len(text) < schema.get("minLength", 0):
            least = schema["minLength"]
            message = f"{subject} is empty" if not text else f"{subject} has less than {least} characters"
            self.report(codes.OUT_OF_RANGE, message, node)
        elif len(text) > schema.get("maxLength", len(text)):
            self.report(codes.OUT_OF_RANGE, f"{subject} has more than {schema['maxLength']} characters", node)
        elif "pattern" in schema and not _compiled(schema["pattern"]).search(text):
            wanted = pattern_in_words(schema["pattern"])
            message = f"{subject} is not {wanted}" if what else f"{subject} is '{short(text)}', which is not {wanted}"
            self.report(codes.WRONG_FORM, message, node)

    def _number(self, number: float, schema: Schema, name: str, node: Node) -> None:
        if number < schema.get("minimum", number):
            self.report(codes.OUT_OF_RANGE, f"{quoted(name)} is {number}, less than {schema['minimum']}", node)
        elif number > schema.get("maximum", number):
            self.report(codes.OUT_OF_RANGE, f"{quoted(name)} is {number}, more than {schema['maximum']}", node)

    def _sequence(self, node: SequenceNode, schema: Schema, name: str) -> None:
        size = len(node.items)
        if size < schema.get("minItems", 0):
            message = f"{quoted(name)} needs at least {schema['minItems']} item{'s' * (schema['minItems'] > 1)}"
            self.report(codes.OUT_OF_RANGE, message, node)
        elif size > schema.get("maxItems", size):
            self.report(codes.OUT_OF_RANGE, f"{quoted(name)} has more than {schema['maxItems']} items", node)
        items = schema.get("items")
        if items is not None:
            for index, item in enumerate(node.items):
                self.value(item, items, f"{name}[{index}]")

    def mapping(self, node: MappingNode, schema: Schema, name: str, at: Node | None = None) -> None:
        """Checks a mapping; findings about the mapping itself stand at `at`, where it is given."""
        properties: dict[str, Schema] = schema.get("properties", {})
        aliases: dict[str, str] = schema.get("x-aliases", {})
        others: Schema | bool = schema.get("additionalProperties", True)
        given: dict[str, str] = {}
        for key, value in node.values.items():
            known = key if key in properties else aliases.get(key, key)
            if known != key:
                self._alias(node, key, known, given)
            elif key in given:
                self._spelled_twice(node, key, given[key])
            given[known] = key
            if known in properties:
                self.value(value, properties[known], key)
            elif others is False:
                self._unknown_key(node, key, properties, aliases, name)
            elif isinstance(others, dict):
                if (key_schema := schema.get("propertyNames")) is not None:
                    self.text(key, key_schema, key, node.key(key), f"the key '{short(key)}'")
                self.value(value, others, key)
        self._required(at or node, schema, given, name)
        if len(node.values) < schema.get("minProperties", 0):
            self.report(codes.OUT_OF_RANGE, f"{quoted(name)} is empty", at or node, "Add an entry.")

    def _required(self, at: Node, schema: Schema, given: dict[str, str], name: str) -> None:
        for key in schema.get("required", ()):
            if key not in given:
                self.report(codes.MISSING_KEY, f"{quoted(name)} needs the key '{key}'", at, f"Add the key '{key}'.")

    def _alias(self, node: MappingNode, key: str, known: str, given: dict[str, str]) -> None:
        if known in given:
            self._spelled_twice(node, key, given[known])
            return
        message = f"'{key}' is another spelling of '{known}'"
        self.report(codes.OLD_SPELLING, message, node.key(key), f"Write '{known}'.")
        at = node.key(key)
        edit = Edit(at.line, at.column, at.end_line, at.end_column, known)
        self.findings[-1] = self.findings[-1]._replace(fix=Fix(f"Write '{known}'", (edit,)))

    def _spelled_twice(self, node: MappingNode, key: str, first: str) -> None:
        message = f"'{key}' means the same as '{first}', which is there too"
        related = Related(f"'{first}' stands here", self.document.place(node.key(first)))
        self.report(codes.SPELLED_TWICE, message, node.key(key), f"Remove '{key}' or '{first}'.", related)
        if node.values[key].plain() == node.values[first].plain():  # nothing to choose between
            self.findings[-1] = self.findings[-1]._replace(severity_override=Severity.WARNING)

    def _unknown_key(
        self, node: MappingNode, key: str, properties: dict[str, Schema], aliases: dict[str, str], name: str
    ) -> None:
        known = [*properties, *aliases]
        message = f"unknown key '{short(key)}' in {quoted(name)}"
        hint = did_you_mean(key, known) if len(self.findings) < _MANY_FINDINGS else ""
        self.report(codes.UNKNOWN_KEY, message, node.key(key), hint)
        near = near_names(key, known) if hint else []
        schema = properties.get(near[0]) if len(near) == 1 and near[0] not in node.values else None
        if schema is not None and not any(self._attempt(node.values[key], schema, near[0])):
            self._mend(node.key(key), near)

    def _mend(self, node: Node, near: list[str]) -> None:
        """Gives the last finding a fix, where one near name leaves no doubt about what was meant."""
        if len(near) == 1 and self.document.text:
            from innominatus_cli.documents.mending import respelt  # noqa: PLC0415 - most documents have no mistakes

            self.findings[-1] = self.findings[-1]._replace(fix=respelt(node, near))


def _errors(findings: Iterable[Finding]) -> int:
    return sum(finding.code.severity == "error" for finding in findings)


def _types_of_value(value: str | float | bool | None) -> tuple[str, ...]:
    """The names of JSON Schema's types that a scalar has; 8080.0 is an integer (draft 2020-12, 6.1.1)."""
    if isinstance(value, str):
        return ("string",)
    if value is None or isinstance(value, bool):
        return ("null",) if value is None else ("boolean",)
    return ("number", "integer") if float(value).is_integer() else ("number",)


def _is_among(value: object, allowed: list[Any]) -> bool:
    """Membership as JSON has it: true is not 1."""
    return any(value == one and isinstance(value, bool) == isinstance(one, bool) for one in allowed)


def quoted(name: str) -> str:
    """What messages call a value; a document has no name."""
    return f"'{short(name)}'" if name else "the document"


def _listed(keys: list[str]) -> str:
    return either([f"'{key}'" for key in keys])


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(at_the_very_end(pattern), re.ASCII)
