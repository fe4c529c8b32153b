"""Addresses of git repositories as `git help clone` (GIT URLS) has them, and names of what is in one.

Which of them may stand in a configuration is stricter than what git takes: see `problem_of`.
"""

import posixpath
import re
from typing import Final, NamedTuple

from innominatus_cli.system.files import parts_of

_HELPER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9+.-]*::")
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(.*)\Z", re.DOTALL)
_SCP: Final = re.compile(r"(?:([^@:/]+)@)?([^:/@]+):(.*)\Z", re.DOTALL)
"""`user@host:path`; a path with a slash before the colon is a file's (git help clone)."""
_PASSWORD_IN_SCP: Final = re.compile(r"[^/@:]+:[^/@]*@")
_HOST: Final = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?\Z")
_USER: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*\Z")
_NO_TEXT: Final = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\ud800-\udfff]")
_NO_REF: Final = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(?:/|\Z)|\A[-./]|[./]\Z|\A@\Z")
"""What git help check-ref-format forbids, and a dash at the beginning."""
_COMMIT: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")
_SHORT_COMMIT: Final = re.compile(r"[0-9a-f]{7,63}\Z")
SOURCE_NAME: Final = r"^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$"
"""A name that is a folder on every disk."""


class AddressProblem(NamedTuple):
    """Why nothing is fetched from an address; `is_secret` where it holds credentials, which nobody may repeat."""

    message: str
    is_secret: bool = False


def problem_of(address: str) -> AddressProblem | None:
    """Why nothing is fetched from an address: https, ssh, `user@host:path`, `file://` and paths are good."""
    if _HELPER.match(address):
        return AddressProblem(f"'{address.partition('::')[0]}::' names a program that git would start")
    if not address or address.startswith("-") or _NO_TEXT.search(address):
        return AddressProblem("it is empty, begins with a dash, or holds a blank or a control character")
    if written := _SCHEME.match(address):
        return _problem_of_url(written[1].lower(), written[2])
    if _PASSWORD_IN_SCP.match(address):
        return AddressProblem("it holds a password", is_secret=True)
    if scp := _SCP.match(address):
        good = _HOST.match(scp[2]) and (scp[1] is None or _USER.match(scp[1])) and not scp[3].startswith("-")
        return None if good and scp[3] else AddressProblem("its host, user or path cannot be one")
    return None


def _problem_of_url(scheme: str, rest: str) -> AddressProblem | None:
    authority, slash, path = rest.partition("/")
    user, at, host = authority.rpartition("@")
    if ":" in user or (at and scheme != "ssh"):
        return AddressProblem("it holds a user name with a password or token", is_secret=True)
    if scheme not in {"https", "ssh", "file"}:
        return AddressProblem(f"nothing is fetched by '{scheme}'")
    if "?" in rest or "#" in rest:
        return AddressProblem("it has a query or fragment, where tokens stand", is_secret=True)
    if scheme == "file":
        return None if not authority and slash and path else AddressProblem("`file://` needs an absolute path")
    if not _HOST.match(host) or (at and not _USER.match(user)) or not path:
        return AddressProblem("its host, user or path cannot be one")
    return None


def is_path(address: str) -> bool:
    """Whether an address without a problem is a path of this machine."""
    return not _SCHEME.match(address) and not _SCP.match(address)


def is_ref(text: str) -> bool:
    """Whether a branch, tag or commit can be called so."""
    return bool(text) and not _NO_REF.search(text)


def is_commit(text: str) -> bool:
    """Whether this is a commit's whole id."""
    return bool(_COMMIT.match(text))


def may_be_commit(text: str) -> bool:
    """Whether this can be the beginning of a commit's id."""
    return bool(_SHORT_COMMIT.match(text))


def folder_of(written: str) -> str | None:
    """A folder of the other repository without `./` and such; empty for its root, None for what leaves it."""
    clean = posixpath.normpath(written) if written else ""
    if clean == ".":
        return ""
    parts = parts_of(clean)
    return None if parts is None or _NO_TEXT.search(clean.replace(" ", "")) else "/".join(parts)
