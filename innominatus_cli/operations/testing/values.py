"""Expected values held against those that are there: where they first differ, in words."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

_WIDEST = 200


class Mismatch(NamedTuple):
    """The keys to where two values differ, and what stands there in each; in words."""

    keys: tuple[str | int, ...]
    expected: str
    found: str


def mismatches(expected: object, found: object, *, exact: bool) -> list[Mismatch]:
    """Where `found` is not as `expected`. Unless `exact`, mappings may hold more keys; lists have as many items."""
    differing: list[Mismatch] = []
    _compare(expected, found, (), differing, exact=exact)
    return differing


def in_words(value: object) -> str:
    """A value as JSON on one line, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"


def pointer_of(keys: tuple[str | int, ...]) -> str:
    """`paths[0].name`."""
    text = ""
    for key in keys:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else key
    return text


def _compare(
    expected: object, found: object, keys: tuple[str | int, ...], into: list[Mismatch], *, exact: bool
) -> None:
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        for key, value in expected.items():
            if key not in found:
                into.append(Mismatch((*keys, key), in_words(value), "nothing"))
            else:
                _compare(value, found[key], (*keys, key), into, exact=exact)
        more = [key for key in found if key not in expected] if exact else []
        into.extend(Mismatch((*keys, key), "nothing", in_words(found[key])) for key in more)
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for number, (one, other) in enumerate(zip(expected, found, strict=True)):
            _compare(one, other, (*keys, number), into, exact=exact)
    elif not _equal(expected, found):
        into.append(Mismatch(keys, in_words(expected), in_words(found)))


def _equal(expected: Any, found: Any) -> bool:  # noqa: ANN401 - JSON data
    """Equal, and of one type: `true` is not 1, and `1` not `"1"`."""
    same = type(expected) is type(found) or _is_number(expected, found)
    return same and bool(expected == found)


def _is_number(*values: object) -> bool:
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
