"""The functions of Go templates that published Score provisioner files use, and no others.

Builtins are those of Go's text/template, the rest is of Sprig 3 (masterminds.github.io/sprig) and score-k8s
(`encodeSecretRef`). Values are JSON data; Go's nil is None.
"""

import base64
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from innominatus_cli.expressions.patterns import LONGEST_TEXT, PatternError, compile_pattern
from innominatus_cli.expressions.secret_marks import mark_of

Value: TypeAlias = Any
Word: TypeAlias = Callable[..., Value]

_VERB: Final = re.compile(r"%(?:(%)|([-+0# ]*)([0-9]{0,3})(?:\.([0-9]{1,3}))?([a-zA-Z]))")
_ESCAPES: Final = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}
_LARGEST_BYTE: Final = 0x7F
_LARGEST_PLAIN: Final = 0xFFFF
MOST_REPEATED: Final = 10_000
"""The longest random text, and the deepest indentation."""


class WordProblem(ValueError):  # noqa: N818 - a sentence about a template that people may edit
    """What a function says against its arguments."""


def is_true(value: Value) -> bool:
    """Go's truth: nothing that is empty, zero or nil is true."""
    return value is not None and value is not False and value not in (0, 0.0, "", [], {})


def text_of(value: Value) -> str:
    """A value as `fmt.Print` has it."""
    if value is None:
        return "<no value>"
    return _plain(value)


def _plain(value: Value) -> str:
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, Mapping):
        return f"map[{' '.join(f'{key}:{_plain(value[key])}' for key in sorted(value))}]"
    if isinstance(value, list):
        return f"[{' '.join(_plain(item) for item in value)}]"
    return str(value)


def _float(value: float) -> str:
    """Go's %v of a float64: the shortest form, with an exponent below 1e-4 and from 1e21 on."""
    if value == int(value) and abs(value) < 1e21:  # noqa: PLR2004 - where Go goes over to exponents
        return str(int(value))
    return repr(value)


def _escaped(number: int) -> str:
    """A character that cannot be printed, in as many digits as Go writes."""
    if number <= _LARGEST_BYTE:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number <= _LARGEST_PLAIN else f"\\U{number:08x}"


def quoted(text: str) -> str:
    """Go's %q of a text."""
    found = []
    for character in text:
        if character in {'"', "\\"}:
            found.append(f"\\{character}")
        elif character in _ESCAPES:
            found.append(_ESCAPES[character])
        elif character.isprintable():
            found.append(character)
        else:
            found.append(_escaped(ord(character)))
    return f'"{"".join(found)}"'


def _print(*values: Value) -> str:
    """A blank stands between two values of which none is a text."""
    found = ""
    for at, value in enumerate(values):
        if at and not isinstance(value, str) and not isinstance(values[at - 1], str):
            found += " "
        found += _plain(value)
    return found


def _printf(form: Value, *values: Value) -> str:
    left = list(values)
    found, at = "", 0
    text = _text(form, "printf")
    for verb in _VERB.finditer(text):
        found += text[at : verb.start()]
        at = verb.end()
        if verb[1]:
            found += "%"
        elif not left:
            found += f"%!{verb[5]}(MISSING)"
        else:
            found += _formatted(left.pop(0), verb[2], verb[3], verb[4], verb[5])
    return found + text[at:]


def _formatted(value: Value, flags: str, width: str, precision: str | None, verb: str) -> str:
    match verb:
        case "v" | "s":
            text = _plain(value)
            text = text if precision is None or verb == "v" else text[: int(precision)]
        case "q":
            text = quoted(_plain(value))
        case "d" | "x":
            return format(_integer(value, "printf"), f"{'0' if '0' in flags else ''}{width}{verb}")
        case "f":
            return format(float(value), f"{'0' if '0' in flags else ''}{width}.{precision or 6}f")
        case "t":
            text = _plain(bool(value))
        case _:
            raise WordProblem(f"printf knows no %{verb}")
    fill = "0" if "0" in flags and "-" not in flags else " "
    size = int(width or 0)
    return text.ljust(size) if "-" in flags else text.rjust(size, fill)


def _eq(first: Value, *others: Value) -> bool:
    if not others:
        raise WordProblem("eq needs two values")
    return any(_is_same(first, other) for other in others)


def _is_same(one: Value, other: Value) -> bool:
    if one is None or other is None:
        return one is other
    if _sort(one) != _sort(other):
        raise WordProblem(f"values of two types are compared: {_plain(one)[:40]} and {_plain(other)[:40]}")
    return bool(one == other)


def _sort(value: Value) -> str:
    if isinstance(value, bool):
        return "bool"
    return {int: "number", float: "number", str: "text"}.get(type(value), type(value).__name__)


class Structs(dict[str, Value]):
    """A Go map of structs: what it does not have is an empty struct, whose fields are nothing.

    Here it is not true. In Go it would be, and templates that ask for it go on with a service that is not there.
    """


def _index(value: Value, *keys: Value) -> Value:
    for key in keys:
        if isinstance(value, Mapping):
            value = value.get(_text(key, "index"), {} if isinstance(value, Structs) else None)
        elif isinstance(value, list):
            at = _integer(key, "index")
            if not 0 <= at < len(value):
                raise WordProblem(f"index {at} is out of range: there are {len(value)} items")
            value = value[at]
        else:
            raise WordProblem(f"{_plain(value)[:40]} has no items")
    return value


def _len(value: Value) -> int:
    if isinstance(value, str):
        return len(value.encode())
    if isinstance(value, list | Mapping):
        return len(value)
    raise WordProblem(f"{_plain(value)[:40]} has no length")


def _dig(*values: Value) -> Value:
    """`dig KEY… DEFAULT MAP`."""
    if len(values) < 3:  # noqa: PLR2004 - a key, the default and the map
        raise WordProblem("dig needs a key, a default and a map")
    *keys, default, found = values
    for key in keys:
        if not isinstance(found, Mapping):
            raise WordProblem(f"dig looks for '{_plain(key)[:40]}' in what is no map")
        if key not in found:
            return default
        found = found[key]
    return found


def _default(default: Value, *given: Value) -> Value:
    return given[0] if given and is_true(given[0]) else default


def _fail(message: Value) -> Value:
    raise WordProblem(_plain(message))


def _dict(*values: Value) -> dict[str, Value]:
    pairs = [*values, ""] if len(values) % 2 else values
    return {_plain(pairs[at]): pairs[at + 1] for at in range(0, len(pairs), 2)}


def _merge(first: Value, *others: Value) -> Value:
    """Values of the first map win; maps inside are merged likewise."""
    found = dict(_map(first, "merge"))
    for other in others:
        for key, value in _map(other, "merge").items():
            if not is_true(found.get(key)):
                found[key] = value
            elif isinstance(found[key], Mapping) and isinstance(value, Mapping):
                found[key] = _merge(found[key], value)
    return found


def _append(items: Value, *values: Value) -> list[Value]:
    return [*_items(items, "append"), *values]


def _last(items: Value) -> Value:
    found = _items(items, "last")
    return found[-1] if found else None


def _first(items: Value) -> Value:
    found = _items(items, "first")
    return found[0] if found else None


def _trunc(length: Value, text: Value) -> str:
    """The first so many bytes of a text, or, below zero, the last ones."""
    most, data = _integer(length, "trunc"), _text(text, "trunc").encode()
    kept = data[most:] if most < 0 else data[:most]
    return (data if abs(most) > len(data) else kept).decode(errors="replace")


def _substr(start: Value, end: Value, text: Value) -> str:
    first, last, found = _integer(start, "substr"), _integer(end, "substr"), _text(text, "substr")
    if first < 0:
        return found[:last]
    return found[first:] if last < 0 or last > len(found) else found[first:last]


def _regex_match(pattern: Value, text: Value) -> bool:
    """Go matches in linear time, and a template that somebody published must not hang a run here either."""
    searched = _text(text, "regexMatch")
    if len(searched) > LONGEST_TEXT:
        raise WordProblem(f"regexMatch: the text has more than {LONGEST_TEXT:,} characters")
    try:
        return compile_pattern(_text(pattern, "regexMatch")).search(searched)
    except PatternError as wrong:
        raise WordProblem(f"regexMatch: {wrong}") from wrong


def _atoi(text: Value) -> int:
    found = _text(text, "atoi")
    return int(found) if re.fullmatch(r"[+-]?[0-9]{1,18}", found) else 0


def _split_list(separator: Value, text: Value) -> list[Value]:
    by, found = _text(separator, "splitList"), _text(text, "splitList")
    return [*found.split(by)] if by else [*found]


def _indent(blanks: Value, text: Value) -> str:
    pad = " " * min(max(_integer(blanks, "indent"), 0), MOST_REPEATED)
    return pad + _text(text, "indent").replace("\n", f"\n{pad}")


def _json(value: Value) -> str:
    text = _raw_json(value)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _raw_json(value: Value) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, sort_keys=True)


def _secret_ref(name: Value, key: Value) -> str:
    """The mark by which score-k8s knows that a text is a key of a Secret."""
    return mark_of(_text(name, "encodeSecretRef"), _text(key, "encodeSecretRef"))


def _text(value: Value, word: str) -> str:
    if not isinstance(value, str):
        raise WordProblem(f"{word}: {_plain(value)[:40]} is no text")
    return value


def _integer(value: Value, word: str) -> int:
    if isinstance(value, float) and value == int(value):
        return int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise WordProblem(f"{word}: {_plain(value)[:40]} is no integer")
    return value


def _number(value: Value) -> int:
    """What Sprig's toInt64 makes of it."""
    if isinstance(value, str):
        return _atoi(value)
    return int(value) if isinstance(value, int | float) else 0


def _map(value: Value, word: str) -> Mapping[str, Value]:
    if not isinstance(value, Mapping):
        raise WordProblem(f"{word}: {_plain(value)[:40]} is no map")
    return value


def _items(value: Value, word: str) -> list[Value]:
    if not isinstance(value, list):
        raise WordProblem(f"{word}: {_plain(value)[:40]} is no list")
    return value


WORDS: Final[Mapping[str, Word]] = {
    "not": lambda value: not is_true(value),
    "eq": _eq,
    "ne": lambda one, other: not _is_same(one, other),
    "index": _index,
    "len": _len,
    "print": _print,
    "printf": _printf,
    "dig": _dig,
    "quote": lambda *values: " ".join(quoted(_plain(value)) for value in values if value is not None),
    "squote": lambda *values: " ".join(f"'{_plain(value)}'" for value in values if value is not None),
    "fail": _fail,
    "lower": lambda text: _text(text, "lower").lower(),
    "upper": lambda text: _text(text, "upper").upper(),
    "default": _default,
    "b64enc": lambda text: base64.b64encode(_text(text, "b64enc").encode()).decode(),
    "dict": _dict,
    "list": lambda *values: [*values],
    "append": _append,
    "merge": _merge,
    "first": _first,
    "last": _last,
    "trunc": _trunc,
    "substr": _substr,
    "regexMatch": _regex_match,
    "cat": lambda *values: " ".join(_plain(value) for value in values if value is not None),
    "replace": lambda old, new, text: _text(text, "replace").replace(_text(old, "replace"), _text(new, "replace")),
    "atoi": _atoi,
    "splitList": _split_list,
    "indent": _indent,
    "trimSuffix": lambda suffix, text: _text(text, "trimSuffix").removesuffix(_text(suffix, "trimSuffix")),
    "toJson": _json,
    "toRawJson": _raw_json,
    "add": lambda *values: sum(map(_number, values)),
    "min": lambda *values: min(map(_number, values)),
    "encodeSecretRef": _secret_ref,
}
RANDOM: Final = ("randAlphaNum", "randAlpha")
"""Functions that are made anew for each rendering: they take from what is derived for the resource."""
SPECIAL: Final = ("or",)
"""Functions whose arguments are evaluated one by one."""
KNOWN: Final = frozenset({*WORDS, *RANDOM, *SPECIAL})
