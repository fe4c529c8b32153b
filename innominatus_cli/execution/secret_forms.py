"""The forms in which a secret's value turns up in output: as it is, and in what programs make of it.

Sources: RFC 4648 (base64, hex), RFC 3986 (percent-encoding), RFC 8259 (JSON), POSIX shell quoting, and the value
encoders of the GitHub Actions runner, whose list this one contains.
"""

import base64
import json
import re
import shlex
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote, quote_plus

LEAST_BYTES: Final = 6
"""A shorter value is in every other text by chance: it can neither be kept out nor be kept secret."""
_LEAST_LINE: Final = 8
_LONGEST: Final = 512
_PIECE: Final = 256
_ARMOUR: Final = re.compile(rb"-{5}(?:BEGIN|END) [A-Z0-9 ]+-{5}")
_STARTS: Final = (0, 2, 3)
"""The first character of base64 that is the value's own, by how many bytes stand before it in its group of three."""
_PERCENT_SAFE: Final = ("", "/", "!*'()", "!$&'()*+,;=", "$&+,;=", ";,/?:@&=+$#!*'()")
"""What is left as it is: nothing, then as Python, `encodeURIComponent`, RFC 3986's userinfo, Go, `encodeURI` do it."""


def is_too_short(value: bytes) -> bool:
    """Whether a value cannot be a secret: it has fewer than `LEAST_BYTES` bytes without blanks around it."""
    return len(value.strip()) < LEAST_BYTES


def forms_of(value: bytes) -> frozenset[bytes]:
    """Every form of a value that is looked for, each of at least `LEAST_BYTES` bytes; none where it is too short.

    A form of more than 512 bytes is given in pieces of 256 that cover it: where all of it stands, all is found.
    """
    if is_too_short(value):
        return frozenset()
    whole = value.strip()
    found: set[bytes] = set()
    for piece in (whole, *_lines(whole)):
        for form in _forms(piece):
            if len(form) > _LONGEST:
                found.update(form[at : at + _PIECE] for at in range(0, len(form) - _PIECE, _PIECE))
                found.add(form[-_PIECE:])
            elif len(form) >= LEAST_BYTES:
                found.add(form)
    return frozenset(found)


def _lines(value: bytes) -> Iterator[bytes]:
    """The lines of a value of many, without indent and CR, but for short ones and those that begin and end a PEM."""
    lines = value.splitlines()
    if len(lines) > 1:
        for line in lines:
            bare = line.strip()
            if len(bare) >= _LEAST_LINE and not _ARMOUR.fullmatch(bare):
                yield bare


def _forms(value: bytes) -> Iterator[bytes]:
    yield value
    yield from _in_base64(value)
    hexadecimal = value.hex()
    yield from (hexadecimal.encode(), hexadecimal.upper().encode())
    yield from _in_percents(value)
    yield repr(value)[2:-1].encode()
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return
    for form in _quoted(text):
        yield form.encode()


def _in_base64(value: bytes) -> Iterator[bytes]:
    """What stands for whole characters of base64 at each of the three positions; `user:value` is one of them."""
    for before, start in enumerate(_STARTS):
        end = (before + len(value)) * 8 // 6
        core = base64.b64encode(bytes(before) + value)[start:end]
        yield core
        yield core.translate(bytes.maketrans(b"+/", b"-_"))


def _in_percents(value: bytes) -> Iterator[bytes]:
    every = "".join(f"%{byte:02X}" for byte in value)
    for form in (*(quote(value, safe=safe) for safe in _PERCENT_SAFE), quote_plus(value), every):
        yield form.encode()
        yield re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), form).encode()


def _quoted(text: str) -> Iterator[str]:
    for ascii_only in (True, False):
        inner = json.dumps(text, ensure_ascii=ascii_only)[1:-1]
        yield inner
        yield inner.replace("/", "\\/")
        yield inner.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
        yield json.dumps(inner, ensure_ascii=ascii_only)[1:-1]
    shown = repr(text)[1:-1]
    yield shown
    yield shown.replace("'", "\\'")
    yield shown.replace('"', '\\"')
    yield shlex.quote(text).strip("'")
    yield text.replace("'", "'\\''")
    yield text.replace("\\", "\\\\")
    yield re.sub(r'(["$`\\])', r"\\\1", text)
    yield text.replace('"', '\\"')
    yield re.sub(r"([^\w@%+=:,./-])", r"\\\1", text)
    yield text.replace('"', '""')
    yield text.replace("'", "''")
    import html  # noqa: PLC0415 - its tables take a millisecond, and few runs have secrets

    escaped = html.escape(text)
    yield escaped
    yield html.escape(text, quote=False)
    yield escaped.replace("&#x27;", "&#39;")
    yield escaped.replace("&#x27;", "&apos;")
    yield escaped.replace("&#x27;", "&#39;").replace("&quot;", "&#34;")
