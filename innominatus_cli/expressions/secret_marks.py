"""Marks that stand in a text for the key of a Kubernetes Secret, in the form of score-k8s.

A mark is `🔐💬<name of the Secret>_<key>💬🔐`; the name ends at the first underscore, which no name of a Secret has.
Older versions of score-k8s wrote `<base64 of the name>.<base64 of the key>`, and published provisioners still do.
"""

import base64
import binascii
import re
from typing import Final, NamedTuple

_BEGIN: Final = "\U0001f510\U0001f4ac"
_END: Final = "\U0001f4ac\U0001f510"
_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
_KEY: Final = re.compile(r"[A-Za-z0-9._-]{1,253}")
_NOT_OF_KEYS: Final = re.compile(r"[^A-Za-z0-9._-]")


class SecretKey(NamedTuple):
    """A key of a Secret in the workload's own namespace."""

    name: str
    key: str


class WrongMark(ValueError):  # noqa: N818 - a sentence about a text that people may have written
    """What a mark says is no key of a Secret."""


def mark_of(name: str, key: str) -> str:
    """The mark of a key. Whether the Secret can be called so is told where the mark is read."""
    return f"{_BEGIN}{name}_{key}{_END}"


def has_mark(text: str) -> bool:
    """Whether a text has a mark, or the beginning of one."""
    return _BEGIN in text


def parts_of(text: str) -> list[str | SecretKey]:
    """A text as literal pieces and keys, in their order, without empty pieces. Raises WrongMark."""
    found: list[str | SecretKey] = []
    at = 0
    while (begin := text.find(_BEGIN, at)) >= 0:
        end = text.find(_END, begin + len(_BEGIN))
        if end < 0:  # looked for once: a text may have many beginnings
            break
        if begin > at:
            found.append(text[at:begin])
        found.append(_key_of(text[begin + len(_BEGIN) : end]))
        at = end + len(_END)
    if at < len(text):
        found.append(text[at:])
    if any(isinstance(part, str) and (_BEGIN in part or _END in part) for part in found):
        raise WrongMark("a reference to a secret has no end")
    return found


def key_for(path: tuple[str, ...]) -> str:
    """The key under which a value of the plan stands in a Secret: `db.password` for `resources.db.password`."""
    return _NOT_OF_KEYS.sub("-", ".".join(path[1:] if path[0] == "resources" else path))[:253]


def secret_name(workload: str) -> str:
    """The Secret that holds what a workload is given of secret outputs."""
    return f"{workload}-secrets"


def _key_of(inside: str) -> SecretKey:
    name, underscore, key = inside.partition("_")
    if not underscore and "." in inside:
        name, _, key = inside.partition(".")
        try:
            name, key = (base64.b64decode(part, validate=True).decode().strip() for part in (name, key))
        except (binascii.Error, ValueError):
            raise WrongMark(f"'{inside[:60]}' names no key of a Secret") from None
    if not _NAME.fullmatch(name) or not _KEY.fullmatch(key):
        raise WrongMark(f"'{inside[:60]}' names no key of a Secret")
    return SecretKey(name, key)
