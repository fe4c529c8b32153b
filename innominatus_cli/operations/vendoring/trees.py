"""Which files of a fetched tree are vendored, and why a tree is refused. Pure: entries in, findings out."""

from collections.abc import Iterator, Sequence
from typing import Final

from innominatus_cli.checks.tree import folded
from innominatus_cli.documents.snapshot import MAX_FILE, SKIPPED_FOLDERS
from innominatus_cli.findings.catalogue.vendoring import UNUSABLE_TREE
from innominatus_cli.findings.finding import Finding, Place
from innominatus_cli.system.files import parts_of
from innominatus_cli.system.git_fetching import RemoteEntry

MOST_FILES: Final = 1_000
MOST_BYTES: Final = 20 * 1024 * 1024
_LONGEST_NAME: Final = 200
_SHOWN: Final = 20
"""Findings of one tree that are told: a hostile one has a million."""
_OF_GIT: Final = frozenset((".gitattributes", ".gitignore", ".gitmodules", ".gitkeep", ".mailmap"))
_LINK: Final = "120000"
_SUBMODULE: Final = "160000"
_NEVER_READ: Final = frozenset((*SKIPPED_FOLDERS, "git~1"))
"""`git~1` is what Windows may call a `.git`."""
_IGNORED_BY_MACOS: Final = frozenset((*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF))
"""Characters that HFS+ passes over in names (as git's core.protectHFS knows them)."""


def files_of(entries: Sequence[RemoteEntry]) -> list[RemoteEntry]:
    """The files of a tree that are to be vendored: all but git's own."""
    return [entry for entry in entries if entry.path.rpartition("/")[2].lower() not in _OF_GIT]


def problems_of(entries: Sequence[RemoteEntry], place: Place) -> list[Finding]:
    """Why a tree is refused: links, submodules, names that cannot be, and too much of it."""
    if len(entries) > MOST_FILES:
        return [_refused(f"it has {len(entries):,} files, over {MOST_FILES:,}", place)]
    if not entries:
        return [_refused("it has no files", place)]
    messages = list(_messages(entries))
    more = len(messages) - _SHOWN
    told = [_refused(message, place) for message in messages[:_SHOWN]]
    return [*told, _refused(f"and {more:,} more", place)] if more > 0 else told


def _messages(entries: Sequence[RemoteEntry]) -> Iterator[str]:
    total = sum(entry.size for entry in entries)
    if total > MOST_BYTES:
        yield f"its files have {total:,} bytes together, over {MOST_BYTES:,}"
    first: dict[str, str] = {}
    for entry in entries:
        shown = ascii(entry.path)
        if entry.mode == _LINK:
            yield f"{shown} is a symbolic link"
        elif entry.mode == _SUBMODULE:
            yield f"{shown} is a submodule"
        elif entry.size > MAX_FILE:
            yield f"{shown} has {entry.size:,} bytes, over {MAX_FILE:,}"
        if why := _why_no_name(entry.path):
            yield f"{shown} {why}"
            continue
        parts = entry.path.split("/")
        for end in range(1, len(parts) + 1):
            here = "/".join(parts[:end])
            earlier = first.setdefault(folded(here), here)
            if earlier != here:
                yield f"{here!a} and {earlier!a} are one on other disks"
                break


def _why_no_name(path: str) -> str:
    """Why a path cannot be that of a file here; the end of a sentence."""
    parts = parts_of(path)
    if parts is None or "/".join(parts) != path:
        return "leaves the folder"
    if not path.isprintable():
        return "has a character that is none of a name"
    for part in parts:
        plain = "".join(character for character in part if ord(character) not in _IGNORED_BY_MACOS)
        if folded(plain.rstrip(" .")) in _NEVER_READ or folded(plain.split(":", 1)[0]) in _NEVER_READ:
            return f"is in a folder '{part}', which is never read" if part != parts[-1] else "is never read"
        if len(part.encode()) > _LONGEST_NAME:
            return f"has a name of more than {_LONGEST_NAME} bytes"
    return ""


def _refused(message: str, place: Place) -> Finding:
    return Finding(UNUSABLE_TREE, message, place)
