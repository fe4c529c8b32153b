"""The values that a loop goes over: lists and mappings of `forEach`, combinations of `matrix`. Pure, and counted first.

`matrix` has the meaning of GitHub Actions, which the language takes over: the first key varies slowest; `exclude`
removes every combination that has all of an entry's values; then each entry of `include` is added to the combinations
none of whose own values it would change, and becomes a combination of its own where there is none.
"""

import json
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any, Final

MOST_VALUES: Final = 256
"""How many values a loop has at most where `maxItems` says nothing; as many as a matrix of GitHub Actions."""
LARGEST: Final = 10_000
"""How many it can have at all: a plan has no more steps."""
_BILLION: Final = 1_000_000_000
INCLUDE: Final = "include"
EXCLUDE: Final = "exclude"
_MOST_ENTRIES: Final = 1000
"""Of `include` and of `exclude`: each is held against every combination."""


_LONGEST_INDEX: Final = 20


class LoopError(Exception):
    """What keeps a loop from having values, as the end of a sentence that begins with its key; told by who asked."""

    def __init__(self, problem: str, *, too_many: bool = False) -> None:
        super().__init__(problem)
        self.problem = problem
        self.too_many = too_many


def beyond_loop(index: str, size: int) -> str:
    """What is wrong with the `7]` of `steps.loop[7]` in a loop of `size` values; empty where it is one of them."""
    digits = index.rstrip("]")
    if not digits.isascii() or not digits.isdecimal() or int(digits[:_LONGEST_INDEX]) < size:
        return ""
    return (
        f"has {size} values, the last one [{size - 1}]" if size > 1 else f"has {size or 'no'} value{'s' * (not size)}"
    )


def items_of(value: object, most: int) -> list[Any]:
    """The values of `forEach`: those of a list, or a `{key, value}` for each entry of a mapping, sorted by key.

    Text that is a JSON list or object is read as one, for many outputs are text. Raises LoopError.
    """
    found = _data(value)
    if isinstance(found, Mapping):
        _bounded(len(found), most)
        return [{"key": str(key), "value": found[key]} for key in sorted(found, key=str)]
    if not isinstance(found, list | tuple):
        raise LoopError(f"is {_kind(found)}, neither a list nor a mapping")
    _bounded(len(found), most)
    return list(found)


def combinations(
    axes: Sequence[tuple[str, object]], include: object, exclude: object, most: int
) -> list[dict[str, Any]]:
    """The combinations of `matrix` in order: keys with their values, in the order of the file. Raises LoopError."""
    lists = [(key, _list(key, value)) for key, value in axes]
    added, removed = _entries(INCLUDE, include), _entries(EXCLUDE, exclude)
    size = 1 if lists else 0
    for _, values in lists:
        size *= len(values)
    _bounded(size, max(most, MOST_VALUES) if removed else most, "combinations")
    names = [key for key, _ in lists]
    base = [dict(zip(names, row, strict=True)) for row in product(*(values for _, values in lists))] if lists else []
    base = [one for one in base if not any(_has(one, entry) for entry in removed)]
    found = [dict(one) for one in base]
    for entry in added:
        fitting = [number for number, one in enumerate(base) if _fits(one, entry)]
        for number in fitting:
            found[number].update(entry)
        if not fitting:
            found.append(dict(entry))
        _bounded(len(found), most, "combinations")
    _bounded(len(found), most, "combinations")
    return found


def _fits(combination: Mapping[str, Any], entry: Mapping[str, Any]) -> bool:
    return all(_same(combination[key], value) for key, value in entry.items() if key in combination)


def _has(combination: Mapping[str, Any], entry: Mapping[str, Any]) -> bool:
    return bool(entry) and all(key in combination and _same(combination[key], value) for key, value in entry.items())


def _same(left: object, right: object) -> bool:
    """Equal as JSON: `true` is no number."""
    return left == right and isinstance(left, bool) is isinstance(right, bool)


def _list(key: str, value: object) -> list[Any]:
    found = _data(value)
    if not isinstance(found, list | tuple):
        raise LoopError(f"has under '{key}' {_kind(found)}, which is no list")
    return list(found)


def _entries(key: str, value: object) -> list[dict[str, Any]]:
    found = [] if value is None else _list(key, value)
    if len(found) > _MOST_ENTRIES:
        raise LoopError(f"has {len(found)} entries under '{key}', over {_MOST_ENTRIES}", too_many=True)
    for entry in found:
        if not isinstance(entry, Mapping):
            raise LoopError(f"has under '{key}' {_kind(entry)}, where a mapping of keys and values belongs")
    return [{str(name): item for name, item in entry.items()} for entry in found]


def _bounded(count: int, most: int, what: str = "values") -> None:
    if count > most:
        shown = str(count) if count < _BILLION else "more than a billion"
        raise LoopError(f"has {shown} {what}, over {most}", too_many=True)


def _data(value: object) -> object:
    """The value; of a text that is a JSON list or object, what it says."""
    if isinstance(value, str) and value.strip()[:1] in {"[", "{"}:
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def _kind(value: object) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case Mapping():
            return "a mapping"
        case _:
            return "a list"
