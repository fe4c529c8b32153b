"""Parameters of golden paths and workflows: `--param name=value` against typed definitions, all errors at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from innominatus_cli.documents.golden_path import GoldenPathParameter
from innominatus_cli.documents.model import seconds_of
from innominatus_cli.documents.workflow import ParameterDefinition
from innominatus_cli.documents.written import WrittenFloat, WrittenInt
from innominatus_cli.expressions.patterns import PatternError, compile_pattern
from innominatus_cli.expressions.references import parse, path_text
from innominatus_cli.expressions.values import REF
from innominatus_cli.findings.catalogue import plan as codes
from innominatus_cli.findings.finding import Code, Finding, Place, Related
from innominatus_cli.findings.near_names import did_you_mean

_WORDS = {"true": True, "yes": True, "1": True, "on": True, "false": False, "no": False, "0": False, "off": False}
_NO_PLACES: Final[Mapping[str, Place]] = MappingProxyType({})
_LARGEST = 2**53 - 1
"""Of integers, so that every reader of a plan's JSON has the same number (RFC 8785)."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One definition, wherever it is written. `owner` says whose it is: `golden path 'deploy-app'`."""

    name: str
    type: str
    place: Place
    owner: str
    required: bool = False
    default: Any = None
    secret: bool = False
    pattern: str | None = None
    min: int | None = None
    max: int | None = None
    allowed: tuple[str, ...] | None = None


def parameter_of(name: str, written: GoldenPathParameter | ParameterDefinition, place: Place, owner: str) -> Parameter:
    """The definition as written in a golden path or a workflow."""
    allowed = None if written.allowed_values is None else tuple(written.allowed_values)
    return Parameter(
        name,
        written.type,
        place,
        owner,
        required=written.required,
        default=written.default,
        secret=written.secret,
        pattern=written.pattern,
        min=written.min,
        max=written.max,
        allowed=allowed,
    )


def split_parameters(written: Sequence[str]) -> tuple[tuple[tuple[str, str], ...], list[str]]:
    """Pairs from `name=value` texts, and the texts that are none. The first `=` splits."""
    pairs = [tuple(text.partition("=")) for text in written]
    wrong = [text for text, (name, equals, _) in zip(written, pairs, strict=True) if not name or not equals]
    return tuple((name, value) for name, equals, value in pairs if name and equals), wrong


@dataclass(slots=True)
class ParameterValues:
    """Values by name (a secret's is a reference of the plan), the names that somebody gave, and what is wrong."""

    values: dict[str, Any]
    given: list[str]
    findings: list[Finding]


def resolve_parameters(
    definitions: Mapping[str, Parameter],
    given: Sequence[tuple[str, Any]],
    nobody: Place,
    owner: str,
    places: Mapping[str, Place] = _NO_PLACES,
) -> ParameterValues:
    """Checks what was given, and fills in defaults. `nobody` is the place of a finding about an unknown name.

    `places` are those of values in files: what is wrong with one of them is told there.
    """
    result = ParameterValues({}, [], [])
    for name, value in given:
        definition = definitions.get(name)
        if definition is None:
            result.findings.append(_unknown(name, definitions, places.get(name, nobody), owner))
        elif name in result.given:
            result.findings.append(_wrong(definition, f"parameter '{name}' is given twice"))
        else:
            result.given.append(name)
            at = replace(definition, place=places.get(name, definition.place))
            wrong: list[Finding] = []
            result.values[name] = _checked(at, value, wrong)
            related = (Related("the parameter is defined here", definition.place),) if name in places else ()
            result.findings += [one._replace(related=related) for one in wrong]
    for name, definition in definitions.items():
        if name not in result.given:
            _default(definition, result)
    return result


def _unknown(name: str, definitions: Mapping[str, Parameter], place: Place, owner: str) -> Finding:
    known = f"Known: {', '.join(sorted(definitions))}." if definitions else f"{owner} has no parameters."
    remedy = did_you_mean(name, definitions) or known
    return Finding(codes.UNKNOWN_PARAMETER, f"{owner} has no parameter '{name}'", place, remedy)


def _default(definition: Parameter, result: ParameterValues) -> None:
    if definition.default is not None:
        default = definition.default
        result.values[definition.name] = _checked(definition, default, result.findings, given=False)
    elif definition.required:
        result.findings.append(
            Finding(
                codes.MISSING_PARAMETER,
                f"{definition.owner} needs parameter '{definition.name}' ({definition.type})",
                definition.place,
                f"Give it with --param {definition.name}=VALUE.",
            )
        )


def _wrong(definition: Parameter, message: str, code: Code = codes.WRONG_PARAMETER) -> Finding:
    return Finding(code, message, definition.place)


def _checked(definition: Parameter, value: Any, findings: list[Finding], *, given: bool = True) -> Any:  # noqa: ANN401 - YAML data
    """The typed value; a finding, and the value as it is, where it does not fit."""
    whose = f"parameter '{definition.name}'" if given else f"the default of parameter '{definition.name}'"
    if definition.secret:
        return _secret(definition, value, whose, findings)
    if not given and isinstance(value, str) and parse(value).references:
        return value
    try:
        return typed_value(definition, value)
    except ValueError as problem:
        shown = f", not '{value}'" if isinstance(value, str | int | float) else ""
        findings.append(_wrong(definition, f"{whose} {problem}{shown}"))
        return value


def _secret(definition: Parameter, value: object, whose: str, findings: list[Finding]) -> object:
    reference = parse(value).whole if isinstance(value, str) else None
    if reference is None or reference.path[0] != "secrets" or len(reference.path) != 2:  # noqa: PLR2004 - secrets.<name>
        findings.append(_wrong(definition, f"{whose} is a secret, and no reference to one", codes.SECRET_PARAMETER))
        return None
    return {REF: path_text(reference.path)}


def typed_value(definition: Parameter, value: Any) -> Any:  # noqa: ANN401 - YAML data
    """The value in the parameter's type. Raises ValueError with the rest of a sentence that begins with its name."""
    match definition.type:
        case "int" | "integer" | "number":
            return _bounded(definition, _int(value))
        case "bool" | "boolean":
            return _bool(value)
        case "duration":
            return _duration(definition, value)
        case "object" | "map":
            return _of_type(value, dict, "a mapping")
        case "list":
            return _of_type(value, list, "a list")
        case _:
            return _text(definition, value)


def _of_type(value: object, kind: type, word: str) -> object:
    if not isinstance(value, kind):
        raise ValueError(f"must be {word}")  # noqa: TRY004 - a person's value, told by the caller
    return value


def _int(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    text = str(value).strip()
    if not text.removeprefix("-").isdecimal() or not text.isascii() or len(text) > 16:  # noqa: PLR2004 - digits of 2^53
        raise ValueError("must be an integer")
    number = int(text)
    if abs(number) > _LARGEST:
        raise ValueError(f"must be an integer up to {_LARGEST}")
    return number


def _bounded(definition: Parameter, number: int) -> int:
    if definition.min is not None and number < definition.min:
        raise ValueError(f"must be at least {definition.min}")
    if definition.max is not None and number > definition.max:
        raise ValueError(f"must be at most {definition.max}")
    if definition.allowed is not None and str(number) not in definition.allowed:
        raise ValueError(f"must be one of: {', '.join(definition.allowed)}")
    return number


def _bool(value: object) -> bool:
    if isinstance(value, bool):
        return value
    known = _WORDS.get(str(value).strip().lower())
    if known is None:
        raise ValueError("must be true or false")
    return known


def _duration(definition: Parameter, value: object) -> str:
    text = str(value)
    try:
        seconds_of(value if isinstance(value, int) else text)
    except ValueError:
        raise ValueError("must be a duration like 90s, 5m, 1h30m, 7d") from None
    return _text(definition, text)


def _text(definition: Parameter, value: object) -> str:
    if isinstance(value, dict | list) or value is None:
        raise ValueError("must be text")
    text = value.text if isinstance(value, WrittenInt | WrittenFloat) else str(value)
    text = text.lower() if isinstance(value, bool) else text
    if definition.pattern is not None and not _matches(definition.pattern, text):
        raise ValueError(f"must match the pattern '{definition.pattern}'")
    if definition.type == "enum" and not definition.allowed:
        raise ValueError("has no allowed values: its definition needs 'allowed_values'")
    if definition.allowed is not None and text not in definition.allowed:
        raise ValueError(f"must be one of: {', '.join(definition.allowed)}")
    return text


def _matches(pattern: str, text: str) -> bool:
    try:
        return compile_pattern(pattern).search(text)
    except PatternError as wrong:
        raise ValueError(f"has a definition with a wrong pattern ({wrong})") from wrong
