"""Rules over the typed parameters of golden paths and workflows: a parameter does not contradict itself."""

from collections.abc import Iterator

from innominatus_cli.checks.facts import Facts
from innominatus_cli.documents.durations import seconds_of
from innominatus_cli.documents.nodes import Document, MappingNode, Node, ScalarNode, SequenceNode
from innominatus_cli.documents.words import a
from innominatus_cli.expressions.references import may_refer
from innominatus_cli.findings.catalogue import steps
from innominatus_cli.findings.catalogue import workflow as codes
from innominatus_cli.findings.finding import Finding, Related

_WHOLE_NUMBERS = frozenset({"int", "integer", "number"})
_FORMS = dict.fromkeys(("string", "int", "integer", "number", "bool", "boolean", "duration", "enum"), "a single value")
_FORMS |= {"list": "a list", "object": "a mapping", "map": "a mapping"}
_BOOLEANS = frozenset({"true", "false", "yes", "no", "1", "0", "on", "off"})


def check_workflow_parameters(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2040 to ORC-2045, ORC-2156, ORC-2157: the parameters do not contradict themselves."""
    for definition in document.mapping.mapping("spec").mappings("parameters"):
        yield from check_definition(document, definition.text("name") or "", definition, facts)


def check_declared_once(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2155: each parameter of a workflow is declared once."""
    first: dict[str, Node] = {}
    for definition in document.mapping.mapping("spec").mappings("parameters"):
        name, node = definition.text("name"), definition.get("name")
        if name is None or node is None:
            continue
        earlier = first.setdefault(name, node)
        if earlier is not node:
            message = f"parameter '{name}' is already declared at line {earlier.line}"
            related = (Related("declared here", document.place(earlier)),)
            yield Finding(steps.DUPLICATE_PARAMETER, message, document.place(node), related=related)


def check_definition(document: Document, name: str, definition: MappingNode, _facts: Facts) -> Iterator[Finding]:
    """ORC-2040 to ORC-2045, ORC-2156 and ORC-2157 for one parameter."""
    kind = definition.text("type") or "string"
    if kind == "enum" and not definition.sequence("allowed_values"):
        here = definition.key("allowed_values") if "allowed_values" in definition.values else definition.key("type")
        message = f"enum parameter '{name}' lists no values"
        yield Finding(codes.ENUM_WITHOUT_VALUES, message, document.place(here))
    given = definition.values
    if "min" in given or "max" in given:
        yield from _check_limits(document, name, kind, definition)
    if "pattern" in given:
        yield from _check_pattern(document, name, definition)
    if "default" in given:
        yield from _check_default(document, name, kind, definition)
        yield from _check_required(document, name, definition)
    yield from _check_allowed_values(document, name, kind, definition)


def _check_limits(document: Document, name: str, kind: str, definition: MappingNode) -> Iterator[Finding]:
    low, high = _number(definition.get("min")), _number(definition.get("max"))
    if low is not None and high is not None and low > high:
        message = f"parameter '{name}' has min {low} over max {high}"
        yield Finding(codes.BAD_LIMITS, message, document.place(definition.get("min")))
    if kind not in _WHOLE_NUMBERS:
        for key in ("min", "max"):
            if definition.get(key) is not None:
                message = f"parameter '{name}' is of type {kind}, which has no {key}"
                yield Finding(codes.BAD_LIMITS, message, document.place(definition.key(key)))


def _check_pattern(document: Document, name: str, definition: MappingNode) -> Iterator[Finding]:
    from innominatus_cli.expressions.patterns import PatternError, compile_pattern  # noqa: PLC0415 - few have one

    pattern = definition.text("pattern")
    if pattern is None:
        return
    try:
        compile_pattern(pattern)
    except PatternError as problem:
        message = f"the pattern of parameter '{name}' cannot be used: {problem}"
        yield Finding(codes.BAD_PATTERN, message, document.place(definition.get("pattern")))


def _check_default(document: Document, name: str, kind: str, definition: MappingNode) -> Iterator[Finding]:
    default = definition.get("default")
    if default is not None and kind in _FORMS and not _has_form(default, kind):
        message = f"the default of parameter '{name}' is {a(default.type_name)}, not {_FORMS[kind]}"
        yield Finding(codes.DEFAULT_OUT_OF_BOUNDS, message, document.place(default))
        return
    if not isinstance(default, ScalarNode) or default.value is None:
        return
    text = _text_of(default)
    if may_refer(text):
        return
    secret = definition.get("secret")
    if isinstance(secret, ScalarNode) and secret.value is True and text:
        message = f"secret parameter '{name}' has a default in plain text"
        yield Finding(codes.SECRET_DEFAULT, message, document.place(default))
        return
    problem = _problem_of(text, kind, definition) if text else ""
    if problem:
        message = f"the default of parameter '{name}' {problem}"
        yield Finding(codes.DEFAULT_OUT_OF_BOUNDS, message, document.place(default))


def _has_form(default: Node, kind: str) -> bool:
    """Whether a default is a list, a mapping or a single value, as its type says; a reference may become any."""
    if isinstance(default, ScalarNode):
        return kind not in {"list", "object", "map"} or default.value in {None, ""} or may_refer(default.text)
    return isinstance(default, SequenceNode if kind == "list" else MappingNode) and kind in {"list", "object", "map"}


def _check_required(document: Document, name: str, definition: MappingNode) -> Iterator[Finding]:
    required, default = definition.get("required"), definition.get("default")
    if default is None or (isinstance(default, ScalarNode) and default.value in {None, ""}):
        return
    if isinstance(required, ScalarNode) and required.value is True:
        message = f"parameter '{name}' is required, so that its default is never used"
        place, related = document.place(definition.key("required")), (Related("the default", document.place(default)),)
        yield Finding(steps.REQUIRED_WITH_DEFAULT, message, place, related=related)


def _check_allowed_values(document: Document, name: str, kind: str, definition: MappingNode) -> Iterator[Finding]:
    first: dict[str, Node] = {}
    for item in definition.sequence("allowed_values"):
        if not isinstance(item, ScalarNode):
            continue
        text = _text_of(item)
        problem = _problem_of_type(text, kind, definition) or _problem_of_pattern(text, definition)
        earlier = first.setdefault(text, item)
        if earlier is not item:
            problem = f"is already listed at line {earlier.line}"
        if problem:
            message = f"the allowed value '{text}' of parameter '{name}' {problem}"
            yield Finding(steps.UNUSABLE_ALLOWED_VALUE, message, document.place(item))


def problem_of(value: Node, kind: str, definition: MappingNode) -> str:
    """What keeps a written value from being one of the parameter, as the end of a sentence; else empty."""
    if kind in _FORMS and not _has_form(value, kind):
        return f"is {a(value.type_name)}, not {_FORMS[kind]}"
    if not isinstance(value, ScalarNode) or value.value is None:
        return ""
    return _problem_of(_text_of(value), kind, definition)


def _problem_of(text: str, kind: str, definition: MappingNode) -> str:
    """What keeps a text from being a value of the parameter, as the end of a sentence; empty where nothing does."""
    allowed = definition.get("allowed_values")
    if isinstance(allowed, SequenceNode) and allowed.items:
        values = [_text_of(item) for item in allowed.items if isinstance(item, ScalarNode)]
        if text not in values:
            return f"is not one of {', '.join(values)}"
    return _problem_of_type(text, kind, definition) or _problem_of_pattern(text, definition)


def _problem_of_type(text: str, kind: str, definition: MappingNode) -> str:
    if kind in _WHOLE_NUMBERS:
        if not _is_whole_number(text):
            return "is not a whole number"
        low, high = _number(definition.get("min")), _number(definition.get("max"))
        if low is not None and int(text) < low:
            return f"is below min {low}"
        if high is not None and int(text) > high:
            return f"is over max {high}"
    if kind in {"bool", "boolean"} and text.lower() not in _BOOLEANS:
        return "is neither true nor false"
    if kind == "duration":
        try:
            seconds_of(text)
        except ValueError:
            return "is not a duration such as 90s, 5m, 1h30m or 7d"
    return ""


def _problem_of_pattern(text: str, definition: MappingNode) -> str:
    pattern = definition.text("pattern")
    if pattern is None:
        return ""
    from innominatus_cli.expressions.patterns import PatternError, compile_pattern  # noqa: PLC0415 - few have one

    try:
        matches = compile_pattern(pattern).search(text)
    except PatternError:
        return ""
    return "" if matches else f"does not match the pattern {pattern}"


def _is_whole_number(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit() and len(digits) < 20  # noqa: PLR2004 - beyond any limit we can hold


def _number(node: Node | None) -> int | None:
    value = node.plain() if isinstance(node, ScalarNode) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _text_of(node: ScalarNode) -> str:
    if isinstance(node.value, bool):
        return "true" if node.value else "false"
    return "" if node.value is None else str(node.value)


RULES = (check_workflow_parameters, check_declared_once)
