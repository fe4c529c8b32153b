"""What a plain (unquoted) scalar means in the YAML 1.2 core schema, and what other readers make of it.

Sources: YAML 1.2.2 section 10.3.2; YAML 1.1's type repository (bool, int, float, timestamp); Go's yaml.v3, with which
Score files are read upstream, is a mixture of both.
"""

import re
from functools import lru_cache

PLAIN_FORM = r"[A-Za-z0-9._/:@][A-Za-z0-9._/:@-]*"
"""The form of values whose meaning no quoting of a shell can change: only they may stand in the text of a script."""
_LARGEST_DIGITS = 400
"""No finite number needs more characters; longer digit strings are infinite as floats."""

_LONGEST_REMEMBERED = 64
_MOST_REMEMBERED = 20_000
_LARGEST = 2**53 - 1
"""The largest integer that every reader of JSON has exactly."""
_PATH_STARTS = ("./", "../")
"""What nothing but text begins with, though `.` alone may begin a number."""
_certain: dict[str, str | int | float | bool | None] = {}
"""Numbers and the like that every reader takes alike, by their text. Large repositories repeat most of theirs."""

_CONSTANTS: dict[str, bool | None] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
_BOOLEANS_OF_YAML_1_1 = frozenset(
    ("yes", "Yes", "YES", "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF"),
)
UNUSUAL_WORDS = frozenset(_CONSTANTS) | _BOOLEANS_OF_YAML_1_1
"""The plain scalars that are no text, or none to YAML 1.1, of those that no number can begin like."""
_INTEGER = r"[-+]?[0-9]+"
_OCTAL = r"0o[0-7]+"
_HEX = r"0x[0-9a-fA-F]+"
_FLOAT = r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
_NOT_FINITE = r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
_FLOAT_OF_YAML_1_1 = r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+][0-9]+)?"
_NUMBER_OF_YAML_1_1 = r"[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?|\.[0-9_]+)"
_SEXAGESIMAL = r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?"
_DATE = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?"
    r"(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::?[0-9]{2})?))?"
)
NUMBER_STARTS = frozenset("0123456789+-.")
"""The first characters of all others that are no text."""


def value_of(text: str) -> str | float | bool | None:
    """The core schema's value of a plain scalar; infinities and NaN are floats."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    return _number_or_text(text) if text[0] in NUMBER_STARTS else text


def _number_or_text(text: str) -> str | float:
    if (text.isascii() and text.isdigit()) or re.fullmatch(_INTEGER, text):
        return int(text) if len(text) <= _LARGEST_DIGITS else float("inf")
    if re.fullmatch(_FLOAT, text):
        return float(text)
    if re.fullmatch(_OCTAL, text) or re.fullmatch(_HEX, text):
        return int(text, 0)
    return float(text.replace(".", "", 1)) if re.fullmatch(_NOT_FINITE, text) else text


def other_reading(text: str) -> str:
    """What YAML 1.1 (or yaml.v3) makes of a plain scalar where that is not what 1.2 makes of it; else empty.

    One of `boolean`, `number`, `date`, `time` (a number of seconds), `octal` (another number) and `text`.
    """
    if text in _BOOLEANS_OF_YAML_1_1:
        return "boolean"
    if not text or text[0] not in NUMBER_STARTS:
        return ""
    if (text.isascii() and text.isdigit()) or re.fullmatch(_INTEGER, text):
        return _other_reading_of_integer(text.lstrip("+-"))
    if re.fullmatch(_FLOAT, text):
        return "" if re.fullmatch(_FLOAT_OF_YAML_1_1, text) else "text"
    return _other_reading_of_text(text)


def _other_reading_of_integer(digits: str) -> str:
    if len(digits) == 1 or digits[0] != "0":
        return ""
    return "text" if "8" in digits or "9" in digits else "octal"


def _other_reading_of_text(text: str) -> str:
    found = ""
    if re.fullmatch(_OCTAL, text):
        found = "text"
    elif re.fullmatch(_DATE, text):
        found = "date"
    elif re.fullmatch(_SEXAGESIMAL, text):
        found = "time"
    elif re.fullmatch(_NUMBER_OF_YAML_1_1, text) and not re.fullmatch(_HEX, text) and any(c.isdigit() for c in text):
        found = "number"
    return found


class NotQuickly(Exception):  # noqa: N818 - ends the quick reading of one file, in whichever reader began it
    """A text holds something that the reader of events has to see."""


def certain_value(text: str) -> str | float | bool | None:
    """What an unquoted text is worth. Raises NotQuickly where other readers, or JSON, see something else."""
    if text in _certain:
        return _certain[text]
    if text.startswith(_PATH_STARTS):
        return text
    value = value_of(text)
    if other_reading(text) or (isinstance(value, int | float) and not -_LARGEST <= value <= _LARGEST):
        raise NotQuickly
    if len(text) <= _LONGEST_REMEMBERED and len(_certain) < _MOST_REMEMBERED:
        _certain[text] = value
    return value


def is_text_upstream(text: str) -> bool:
    """Whether Score's own tools (Go's yaml.v3) read this plain scalar, which is text to us, as text too."""
    return _is_text(text) if len(text) <= _LONGEST_REMEMBERED else _is_text.__wrapped__(text)


@lru_cache(maxsize=4096)
def _is_text(text: str) -> bool:
    return other_reading(text) not in {"number", "date"}
