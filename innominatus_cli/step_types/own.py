"""Step types that a repository brings (StepType documents): a JSON Schema of inputs, an argv template, outputs.

Planning carries the command template in the plan; it is filled when the step starts, once every input has its value.
An input stays inside the argument that names it: it is never split, and never read by a shell.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, Final, NamedTuple

from innominatus_cli.documents.canonical import canonical_json
from innominatus_cli.documents.plan import ToolNeed
from innominatus_cli.documents.step_type import StepTypeDocument
from innominatus_cli.documents.typed import Typed
from innominatus_cli.documents.words import TYPE_WORDS, a, either, short
from innominatus_cli.expressions.patterns import PatternError, compile_pattern
from innominatus_cli.expressions.references import Reference, parse
from innominatus_cli.expressions.values import text_of
from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.step_types.contract import StepInputs, StepType

INPUTS: Final = "inputs"
"""The one context that a command template has."""
_DEFAULT_SECONDS: Final = 1800
_MOST_TRIES: Final = 100_000
"""Keywords that are held against values before a check of inputs is given up: alternatives in alternatives multiply."""
_LEFT: Final[ContextVar[list[int]]] = ContextVar("_LEFT")


class OwnInputs(StepInputs):
    """What the driver of such a step is given: the command, every value in its place."""

    command: list[str]


def own_step_type(written: Typed[StepTypeDocument], name: str) -> StepType:
    """The step type that a document describes; `name` is what steps call it."""
    spec = written.model.spec
    return StepType(
        name=name,
        summary=written.model.metadata.description,
        inputs=OwnInputs,
        outputs=dict(spec.outputs.names),
        tools=tuple(ToolNeed(name=tool.name, range=tool.range) for tool in spec.tools),
        idempotency=spec.idempotency,
        default_timeout_seconds=spec.timeout or _DEFAULT_SECONDS,
        own=written,
    )


class NoInput(Exception):  # noqa: N818 - it says what is the case; callers make a finding of it
    """A template names an input that has no value; the text is the reference's name."""


def references_of(template: str) -> tuple[Reference, ...]:
    """What a template of an argument names."""
    return tuple(parse(template).references)


def value_of(path: tuple[str, ...], inputs: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON data
    """The input, or the part of one, that `inputs.<name>…` names. Raises NoInput."""
    found: Any = inputs
    for key in path[1:]:
        if not isinstance(found, Mapping) or key not in found:
            raise NoInput(".".join(path))
        found = found[key]
    return found


def as_argument(value: object) -> str:
    """A value as the text that an argument holds: scalars as they are, the rest as JSON on one line."""
    text = text_of(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) if text is None else text


def filled(template: str, inputs: Mapping[str, Any]) -> str:
    """One argument with every `${inputs.<name>}` replaced. Raises NoInput."""
    return "".join(
        part if isinstance(part, str) else as_argument(value_of(part.path, inputs)) for part in parse(template).parts
    )


class _TooManyTriesError(Exception):
    """Checking takes too long."""


class Unknown(NamedTuple):
    """Stands in the place of an input that only the run knows."""

    is_text: bool = False
    """Whether it will be text for sure, as a reference with text around it is."""


class WrongInput(NamedTuple):
    """What is wrong with an input: `message` is the rest of a sentence that begins with its name."""

    at: tuple[str | int, ...]
    """Keys and indexes that lead to the value."""
    message: str
    hint: str = ""
    key: str = ""
    """The key in that value which should not be there; the finding stands at it."""


def wrong_inputs(schema: Mapping[str, Any], inputs: Mapping[str, Any]) -> list[WrongInput]:
    """What is wrong with inputs by their JSON Schema (draft 2020-12); whatever holds an `Unknown` is taken for good.

    Patterns are searched in linear time. A `$ref` out of the schema and a schema without an end are wrong inputs too.
    """
    from referencing.exceptions import Unresolvable  # noqa: PLC0415 - few steps are of such a type

    validator = _validator(canonical_json(dict(schema)))
    _LEFT.set([_MOST_TRIES])
    try:
        errors = sorted(validator.iter_errors(dict(inputs)), key=lambda error: list(map(str, error.absolute_path)))
    except (RecursionError, PatternError, Unresolvable, _TooManyTriesError):
        return [WrongInput((), "cannot be checked: the schema of the step type's inputs is not usable")]
    return list(dict.fromkeys(wrong for error in errors for wrong in _told(error)))


@lru_cache(maxsize=32)
def _validator(schema: bytes) -> Any:  # noqa: ANN401 - jsonschema makes its classes when it runs
    from jsonschema import Draft202012Validator, validators  # noqa: PLC0415 - few steps are of such a type
    from referencing import Registry  # noqa: PLC0415

    guarded = {word: _guarded(word, check) for word, check in Draft202012Validator.VALIDATORS.items()}
    kind = validators.extend(Draft202012Validator, guarded)  # type: ignore[no-untyped-call]
    return kind(json.loads(schema), registry=Registry())  # an empty registry: no schema is ever fetched


def _guarded(word: str, check: Callable[..., Any]) -> Callable[..., Iterator[Any]]:
    """The check of a keyword that lets pass what is not known yet."""

    def guarded(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:  # noqa: ANN401
        from jsonschema import Draft202012Validator, ValidationError  # noqa: PLC0415

        left = _LEFT.get()
        left[0] -= 1
        if left[0] < 0:
            raise _TooManyTriesError
        if isinstance(instance, Unknown):
            if word == "type" and instance.is_text and "string" not in ([value] if isinstance(value, str) else value):
                yield ValidationError("text")
            elif word in {"$ref", "anyOf", "allOf", "oneOf"}:
                inner = "anyOf" if word == "oneOf" else word
                yield from Draft202012Validator.VALIDATORS[inner](validator, value, instance, schema) or ()
        elif word == "pattern":
            if isinstance(instance, str) and not compile_pattern(value).search(instance):
                yield ValidationError("pattern")
        elif word in {"const", "enum"} and _holds_unknown(instance):
            return
        elif word == "oneOf" and _holds_unknown(instance):
            yield from Draft202012Validator.VALIDATORS["anyOf"](validator, value, instance, schema) or ()
        else:
            yield from check(validator, value, instance, schema) or ()

    return guarded


def _holds_unknown(value: object) -> bool:
    if isinstance(value, Unknown):
        return True
    items = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return any(map(_holds_unknown, items))


def _told(error: Any) -> Iterator[WrongInput]:  # noqa: ANN401 - a ValidationError of jsonschema
    """One error of jsonschema in our words; `required` and `additionalProperties` speak of one key each."""
    at, value, rule = tuple(error.absolute_path), error.instance, error.validator_value
    match error.validator:
        case "required":
            yield from (WrongInput((*at, name), "is missing") for name in rule if name not in value)
        case "additionalProperties" if rule is False:
            known = list(error.schema.get("properties", {}))
            for key in value:
                if key not in known:
                    hint = did_you_mean(key, known) or (f"Known: {', '.join(sorted(known))}." if known else "")
                    yield WrongInput(at, "the step type has no such input", hint, key)
        case "enum":
            words = [str(word) for word in rule]
            yield WrongInput(at, f"is {_shown(value)}, which is not one of {', '.join(words)}", _near(value, words))
        case _:
            yield WrongInput(at, _in_words(error.validator, rule, value))


def _near(value: object, words: list[str]) -> str:
    return did_you_mean(value, words) if isinstance(value, str) else ""


_WORDS: Final = {
    "const": "must be '{rule}', not {shown}",
    "pattern": "is {shown}, which does not match the pattern '{rule}'",
    "minimum": "is {shown}, less than {rule}",
    "maximum": "is {shown}, more than {rule}",
    "minLength": "has less than {rule} characters",
    "maxLength": "has more than {rule} characters",
    "minItems": "has less than {rule} items",
    "maxItems": "has more than {rule} items",
    "minProperties": "has less than {rule} entries",
}


def _in_words(word: str, rule: Any, value: object) -> str:  # noqa: ANN401 - the value of any keyword
    if word == "type":
        wanted = either([TYPE_WORDS[one] for one in ([rule] if isinstance(rule, str) else rule)])
        return f"must be {wanted}, not {_shown(value)}"
    told = _WORDS.get(word, "is {shown}, which none of the allowed forms fits")
    return told.format(shown=_shown(value), rule=rule)


def _shown(value: object) -> str:
    if isinstance(value, Unknown):
        return "text"
    if isinstance(value, Mapping | list):
        return a("mapping" if isinstance(value, Mapping) else "list")
    return "nothing" if value is None else f"'{short(as_argument(value))}'"
