"""A value of a plan as a person would have written it, on one line: references as `${…}`, other data as JSON."""

import json
from collections.abc import Mapping

from innominatus_cli.expressions.values import LITERAL, REF, SCRIPT, TEMPLATE

_JSON_REF = "$json"


def value_text(value: object) -> str:
    """Text as it is, references and templates as they are written, everything else as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping) and len(value) == 1:
        mark, inner = next(iter(value.items()))
        if mark in {REF, _JSON_REF}:
            return f"${{{inner}}}"
        if mark in {TEMPLATE, SCRIPT} and isinstance(inner, list):
            return "".join(value_text(part) for part in inner)
        if mark == LITERAL:
            return json.dumps(inner, ensure_ascii=False)
    return json.dumps(_written(value), ensure_ascii=False)


def _written(value: object) -> object:
    """Data with its references as text."""
    if isinstance(value, Mapping):
        marked = len(value) == 1 and next(iter(value)) in {REF, _JSON_REF, TEMPLATE, SCRIPT}
        return value_text(value) if marked else {key: _written(item) for key, item in value.items()}
    return [_written(item) for item in value] if isinstance(value, list | tuple) else value
