"""Canonical JSON (RFC 8785) and digests: the same value gives the same bytes on every machine.

Our documents hold no floats but those that a user wrote in a step's inputs; integers stay within ±(2^53-1).
"""

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from typing import Final

_LARGEST = 2**53 - 1
_PLAIN = frozenset({str, bool, type(None)})


def _encoder() -> Callable[[object], str]:
    """Writes JSON with sorted keys and no space: the C encoder, made once where the interpreter shows how."""
    encoder = json.JSONEncoder(
        ensure_ascii=False, check_circular=False, separators=(",", ":"), sort_keys=True, allow_nan=False
    )
    made = getattr(json.encoder, "c_make_encoder", None)
    if made is None:
        return encoder.encode
    write = made(None, encoder.default, json.encoder.encode_basestring, None, ":", ",", True, False, False)
    return lambda value: "".join(write(value, 0))


quick_json: Final = _encoder()
"""What RFC 8785 asks for, where keys are ASCII and there are no fractions and no huge integers; ten times as fast."""


def canonical_json(value: object) -> bytes:
    """The RFC 8785 bytes of plain data. Raises ValueError for what JSON cannot hold exactly (NaN, huge integers)."""
    return (quick_json(value) if _is_simple(value) else _text(value)).encode()


def simple_json(value: object) -> bytes | None:
    """The RFC 8785 bytes of data with ASCII keys and no fractions, which any encoder gives; None for other data."""
    return quick_json(value).encode() if _is_simple(value) else None


def check_exact(value: object) -> None:
    """Raises ValueError for what `canonical_json` cannot write; quicker than writing it."""
    if not _is_simple(value):
        _text(value)


def digest(value: object) -> str:
    """`sha256:` and the hex SHA-256 of the canonical bytes."""
    return "sha256:" + hashlib.sha256(canonical_json(value)).hexdigest()


def digest_of_bytes(data: bytes) -> str:
    """`sha256:` and the hex SHA-256 of `data`."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def git_blob_id(data: bytes) -> str:
    """The object id that git (SHA-1 object format) gives a blob of these bytes."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _is_simple(value: object) -> bool:
    """Whether the C encoder gives this value's canonical text."""
    kind = type(value)
    if kind in _PLAIN:
        return True
    if kind is dict and isinstance(value, dict):
        for key, item in value.items():
            if type(key) is not str or not key.isascii() or (type(item) not in _PLAIN and not _is_simple(item)):
                return False
        return True
    if kind is list and isinstance(value, list):
        for item in value:  # noqa: SIM110 - a generator costs as much as the work
            if type(item) not in _PLAIN and not _is_simple(item):
                return False
        return True
    return kind is int and isinstance(value, int) and -_LARGEST <= value <= _LARGEST


def _text(value: object) -> str:
    if value is None or isinstance(value, bool | str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int):
        if abs(value) > _LARGEST:
            raise ValueError(f"{value} is outside the integers that JSON keeps exactly")
        return str(value)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, Mapping):
        keys = sorted(value, key=lambda key: str(key).encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(f"{_text(str(key))}:{_text(value[key])}" for key in keys) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(_text(item) for item in value) + "]"
    raise ValueError(f"{type(value).__name__} is not JSON")


def _number(value: float) -> str:
    """ECMAScript's Number::toString (ECMA-262 6.1.6.1.20), which RFC 8785 3.2.2.3 asks for."""
    if not math.isfinite(value):
        raise ValueError("NaN and infinities are not JSON")
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, exponent_text = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).rstrip("0") if fraction == "0" else whole + fraction
    point = len(whole) + int(exponent_text or "0")
    stripped = digits.lstrip("0")
    point -= len(digits) - len(stripped)
    digits = stripped.rstrip("0") or "0"
    size = len(digits)
    if size <= point <= 21:  # noqa: PLR2004 - the limits of ECMA-262
        return sign + digits + "0" * (point - size)
    if 0 < point <= 21:  # noqa: PLR2004
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:  # noqa: PLR2004
        return f"{sign}0.{'0' * -point}{digits}"
    rest = f".{digits[1:]}" if size > 1 else ""
    exponent = point - 1
    return f"{sign}{digits[0]}{rest}e{'+' if exponent > 0 else '-'}{abs(exponent)}"
