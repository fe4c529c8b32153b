"""The text of a YAML file: what its bytes must be before a parser sees them, and where in it a character stands."""

import re

from innominatus_cli.findings.catalogue import document as codes
from innominatus_cli.findings.finding import Finding, Place

MAX_BYTES = 1024 * 1024
INVISIBLE = "[\u200b-\u200f\u2060-\u2064\ufeff]"
"""Characters of no width, which make two keys of what looks like one."""
_CONTROL = "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]"
_BIDI = "[\u202a-\u202e\u2066-\u2069]"
_HARMLESS = bytes((*range(0x20, 0x7F), *b"\n\r\t"))
"""The bytes of which most files are; nothing is hidden among them."""
_LINE_END = r"\r\n|\r|\n"


def text_of(path: str, data: bytes) -> tuple[str | None, list[Finding]]:
    """The file's text without its byte order mark; None where it must not reach the parser."""
    if len(data) > MAX_BYTES:
        return None, [Finding(codes.TOO_LARGE, f"the file has {len(data):,} bytes, over {MAX_BYTES:,}", Place(path))]
    if b"\0" in data:
        message = "the file is UTF-16 or UTF-32" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "the file is binary"
        return None, [Finding(codes.BINARY, message, Place(path))]
    if not data.translate(None, _HARMLESS):
        return data.decode("ascii"), []
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode()
        message = f"byte 0x{data[error.start]:02x} is not UTF-8"
        return None, [Finding(codes.NOT_UTF8, message, place_at(path, before, len(before)))]
    return (text, []) if text.replace("\n", "").replace("\t", "").isprintable() else _without_traps(path, text)


def _without_traps(path: str, text: str) -> tuple[str | None, list[Finding]]:
    """The text and a finding for what nobody sees in it; None where the parser would stumble over it."""
    if (found := re.search(_CONTROL, text)) is not None:
        message = f"the control character {name_of(found.group())} stands here"
        return None, [Finding(codes.CONTROL_CHARACTER, message, place_at(path, text, found.start()))]
    if (found := re.search(_BIDI, text)) is None:
        return text, []
    message = f"the invisible character {name_of(found.group())} changes the direction of the text behind it"
    return text, [Finding(codes.HIDDEN_CHARACTER, message, place_at(path, text, found.start()))]


def name_of(character: str) -> str:
    """A character as Unicode writes it: `U+200B`."""
    return f"U+{ord(character):04X}"


def place_at(path: str, text: str, index: int) -> Place:
    """The place of the character at `index`."""
    before = re.split(_LINE_END, text[:index])
    return Place(path, len(before), len(before[-1]) + 1)


def line_count(text: str) -> int:
    """How many lines a text has, a last one without an end included."""
    return 1 + len(re.findall(_LINE_END, text))
