"""The filters of templates: Jinja2's own ones that only look at a value, and ours where its are slow or boundless.

What one rendering goes over and gives is bounded, whatever the template and the values say: `Budget` counts the rounds
of loops, `spend_filters` begins a new count of what filters go over.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from functools import wraps
from typing import Any, Final
from urllib.parse import quote

from jinja2 import Environment, StrictUndefined, pass_environment
from jinja2.filters import sync_do_sum

from innominatus_cli.expressions.references import is_plain

LONGEST_RESULT: Final = 1_048_576
"""Characters that a template may give, and that a filter may."""
MOST_ROUNDS: Final = 10_000
"""How often the loops of one rendering go round, all together."""
ALLOWED: Final = (
    "Templates show values, with filters, 'if' and 'for': they call nothing, set nothing and compute nothing."
)
IN_ENV: Final = "Give the value to the step under 'env:' and use it in the script as \"$NAME\"."
"""The remedy for what may not stand in the text of a script."""
MOST_FILTERED: Final = 10 * LONGEST_RESULT
"""Characters, items and keys that the filters of one rendering go over, all together."""
_LEFT: Final[ContextVar[list[int]]] = ContextVar("_LEFT")
_JSON: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
_WIDEST = 200
"""Blanks that `indent` may put before a line."""
BUILT_IN: Final = (
    "abs",
    "capitalize",
    "count",
    "d",
    "default",
    "dictsort",
    "first",
    "float",
    "int",
    "items",
    "last",
    "length",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "reject",
    "rejectattr",
    "reverse",
    "round",
    "select",
    "selectattr",
    "sort",
    "sum",
    "title",
    "trim",
    "unique",
    "upper",
)


class UnusableTemplateError(ValueError):
    """Why a template is wrong, or has no text with these values: a sentence, and what to do about it."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy or ALLOWED


class Budget:
    """Counts the rounds of all loops of one rendering."""

    def __init__(self) -> None:
        self.left = MOST_ROUNDS

    def over(self, value: object) -> list[Any]:
        """The items of a loop. Raises UnusableTemplateError where they are no list, or too many."""
        if isinstance(value, str) or not isinstance(value, Iterable):
            raise UnusableTemplateError("a loop goes over a list or a mapping")
        items = list(value)
        self.left -= len(items)
        if self.left < 0:
            raise UnusableTemplateError(f"the loops of a template go round more than {MOST_ROUNDS:,} times")
        return items


def counted(function: Callable[..., Any]) -> Callable[..., Any]:
    """A filter whose rendering is given up once its filters have gone over too much."""

    @wraps(function)
    def filtered(*arguments: object, **options: object) -> object:
        left = _LEFT.get()
        left[0] -= sum(len(one) for one in arguments if isinstance(one, str | list | dict))
        if left[0] < 0:
            raise UnusableTemplateError(f"the filters of a template go over more than {MOST_FILTERED:,} characters")
        return function(*arguments, **options)

    return filtered


def shown(value: object) -> object:
    """What a tag puts into the text: a scalar as references put it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _to_json(value)
    if isinstance(value, str | StrictUndefined):
        return value
    kind = "nothing" if value is None else "a mapping" if isinstance(value, Mapping) else "a list"
    raise UnusableTemplateError(f"a tag gives {kind}, which is no text; 'join' and 'tojson' make text of it")


def plain_text(value: object) -> object:
    """The same in the text of a script, where a value must have the plain form."""
    text = shown(value)
    if isinstance(text, str) and not is_plain(text):
        raise UnusableTemplateError("a tag gives a text with characters that a shell could take for code", IN_ENV)
    return text


def _too_long() -> UnusableTemplateError:
    return UnusableTemplateError(f"a template gives more than {LONGEST_RESULT:,} characters")


def _joined(pieces: Iterable[str], separator: str = "") -> str:
    """One text of many, which are not all made where that is too much."""
    made: list[str] = []
    length = 0
    for piece in pieces:
        length += len(piece) + (len(separator) if made else 0)
        if length > LONGEST_RESULT:
            raise _too_long()
        made.append(piece)
    return separator.join(made)


def _replace(value: object, old: str, new: str) -> str:
    text = str(shown(value))
    count = text.count(old)
    if len(text) + count * (len(new) - len(old)) > LONGEST_RESULT:
        raise _too_long()
    return text.replace(old, new)


def _join(value: Iterable[object], separator: str = "") -> str:
    return _joined((str(shown(item)) for item in value), separator)


def _indent(value: object, width: int = 4, first: bool = False) -> str:
    text = str(shown(value))
    if not 0 <= width <= _WIDEST:
        raise UnusableTemplateError(f"'indent' takes 0 to {_WIDEST} blanks")
    blanks = " " * width
    lines = enumerate(text.split("\n"))
    return _joined((blanks + line if line and (first or number) else line for number, line in lines), "\n")


def _to_json(value: object) -> str:
    try:
        return _joined(_JSON.iterencode(value))
    except UnusableTemplateError:
        raise
    except ValueError as wrong:
        raise UnusableTemplateError("a number of a template is too large, or none") from wrong


def _to_base64(value: object) -> str:
    from base64 import b64encode  # noqa: PLC0415 - few templates need it

    return _joined((b64encode(str(shown(value)).encode()).decode("ascii"),))


def _to_url(value: object) -> str:
    return _joined((quote(str(shown(value)), safe="/"),))


@pass_environment
def _sum(
    environment: Environment, values: Iterable[Any], attribute: str | int | None = None, start: float = 0
) -> object:
    """Jinja2's sum, of numbers only: it adds lists in quadratic time."""
    if not isinstance(start, int | float):
        raise UnusableTemplateError("'sum' adds numbers")
    return sync_do_sum(environment, values, attribute, start)


def _pairs(value: object) -> list[tuple[object, object]]:
    """Keys (or positions) and values, as the original's `range` gives them: mappings by key."""
    if isinstance(value, Mapping):
        return sorted(value.items(), key=lambda item: str(item[0]))
    return list(enumerate(value)) if isinstance(value, Sequence) and not isinstance(value, str) else []


def _values(value: object) -> list[object]:
    return [item for _, item in _pairs(value)]


OWN_FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "replace": _replace,
    "join": _join,
    "indent": _indent,
    "string": lambda value: str(shown(value)),
    "tojson": _to_json,
    "b64encode": _to_base64,
    "urlencode": _to_url,
    "sum": _sum,
    "_over": lambda value, budget: budget.over(value),
    "_pairs": _pairs,
    "_values": _values,
}

FILTERS: Final = tuple(sorted({*BUILT_IN, *(name for name in OWN_FILTERS if not name.startswith("_"))}))
"""The filters that a template may use."""


def spend_filters() -> None:
    """A new rendering begins: its filters may go over `MOST_FILTERED`."""
    _LEFT.set([MOST_FILTERED])
