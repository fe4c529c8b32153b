"""What a repository says that it ignores: in comments, and under `validation.ignores` of admin-config.yaml."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from itertools import islice
from typing import NamedTuple

from innominatus_cli.documents.comments import Comment, comments_with
from innominatus_cli.documents.nodes import Document, MappingNode, ScalarNode
from innominatus_cli.documents.words import short
from innominatus_cli.findings.catalogue import every_code
from innominatus_cli.findings.catalogue import ignores as codes
from innominatus_cli.findings.finding import Code, Finding, Place
from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.findings.suppressed import By

MOST_ENTRIES = 1_000
"""Entries of `validation.ignores` that are read; the schema allows no more."""
MARKER = "innominatus:"
"""What a comment that speaks to the tool begins with."""
_WORDS = ("ignore", "ignore-file")
_CODE = re.compile(r"ORC-[0-9]{4}")
_REASON = re.compile(r"(?:^|\s)--(?:\s|$)")
_UNTIL = re.compile(r"(?:^|\s)until(?:\s+(\S*))?\s*$")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOST = 200
"""Ignores of a file, and codes of one ignore: nobody reads more."""
_WHOLE_FILE = (0, 2**31)


class Ignore(NamedTuple):
    """One or more codes that somebody ignores.

    A comment speaks of the lines `first` to `last` of its own file (0 is a finding without a line); an entry of
    admin-config.yaml of all files that the glob `files` matches. `until` is the last day on which it holds.
    """

    codes: tuple[str, ...]
    reason: str
    place: Place
    by: By
    first: int = _WHOLE_FILE[0]
    last: int = _WHOLE_FILE[1]
    files: str = ""
    until: date | None = None


class Ignores(NamedTuple):
    """The ignores that can be understood, and what is wrong with all."""

    ignores: tuple[Ignore, ...]
    findings: tuple[Finding, ...]


def ignores_in(path: str, text: str) -> Ignores:
    """The ignores in the comments of a file; `text` is the whole file's."""
    found: list[Ignore] = []
    findings: list[Finding] = []
    for number, comment in enumerate(comments_with(MARKER, text.removeprefix("\ufeff"))):
        if number == _MOST:
            message = f"the file has more than {_MOST} comments for the tool; this one and those behind it are not read"
            findings.append(Finding(codes.UNREADABLE_IGNORE, message, _place_of(comment, path), "Write `ignore-file`."))
            break
        for one in _read_comment(comment, path):
            if isinstance(one, Ignore):
                found.append(one)
            else:
                findings.append(one)
    return Ignores(tuple(found), tuple(findings))


def configured_ignores(document: Document) -> Ignores:
    """The entries of `validation.ignores` of an admin-config document; those of a wrong shape are left aside."""
    found: list[Ignore] = []
    findings: list[Finding] = []
    for entry in islice(document.mapping.mapping("validation").mappings("ignores"), MOST_ENTRIES):
        code, reason, until = entry.text("code"), (entry.text("reason") or "").strip(), _date_of(entry)
        files, place = entry.text("path"), document.place(entry.get("code") or entry)
        if not code or not _CODE.fullmatch(code) or files is None or not reason or isinstance(until, str):
            if isinstance(until, str) and _DATE.fullmatch(until):
                findings.append(_no_date(until, document.place(entry.get("until"))))
            continue
        findings += _unknown((code,), place)
        found.append(Ignore((code,), reason, place, "admin-config", files=files, until=until))
    return Ignores(tuple(found), tuple(findings))


def _read_comment(comment: Comment, path: str) -> Iterator[Ignore | Finding]:
    place = _place_of(comment, path)
    said = comment.text.removeprefix(MARKER).strip()
    word, _, rest = said.partition(" ")
    if word not in _WORDS:
        hint = did_you_mean(word, _WORDS)
        if hint:
            yield Finding(
                codes.UNREADABLE_IGNORE, f"'{word}' is nothing that a comment can say to the tool", place, hint
            )
        return
    if word == "ignore-file" and not comment.at_top:
        message = "'ignore-file' stands at the top of the file, above its first document"
        yield Finding(codes.UNREADABLE_IGNORE, message, place, "Move it there, or write `ignore`.")
        return
    before, after = (*_REASON.split(rest, maxsplit=1), "")[:2]
    until = _UNTIL.search(before)
    split = re.split(r"[,\s]+", before[: until.start()] if until else before)
    written = tuple(dict.fromkeys(one for one in split if one))
    wrong = next((one for one in written if not _CODE.fullmatch(one)), None)
    day = _date(until[1] or "") if until else None
    if not written or wrong is not None or len(written) > _MOST:
        message = f"'{short(wrong)}' is no code" if wrong is not None else "no code is named"
        message = message if len(written) <= _MOST else f"more than {_MOST} codes are named"
        yield Finding(codes.UNREADABLE_IGNORE, message, place)
    elif until and day is None:
        yield _no_date(until[1] or "", place)
    elif not after.strip():
        yield Finding(codes.IGNORE_WITHOUT_REASON, f"it is not said why {' and '.join(written)} is fine here", place)
    else:
        yield from _unknown(written, place)
        first, last = _WHOLE_FILE if word == "ignore-file" else (comment.first, comment.last)
        yield Ignore(written, after.strip(), place, "comment", first, last, until=day)


def _place_of(comment: Comment, path: str) -> Place:
    return Place(path, comment.line, comment.column, comment.line, comment.column + 1 + len(comment.text))


@cache
def known_codes() -> Mapping[str, Code]:
    """All codes by number."""
    return every_code()


def _unknown(written: tuple[str, ...], place: Place) -> Iterator[Finding]:
    for code in written:
        if code not in known_codes():
            yield Finding(codes.UNKNOWN_IGNORED_CODE, f"there is no code {code}", place)


def _date_of(entry: MappingNode) -> date | str | None:
    """The date under `until`; its text where it is none, None where there is none."""
    node = entry.get("until")
    if node is None:
        return None
    text = node.text if isinstance(node, ScalarNode) else ""
    return _date(text) or text


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        return None


def _no_date(text: str, place: Place) -> Finding:
    return Finding(codes.UNREADABLE_IGNORE, f"'{text}' is no day, as 2027-01-31 is one", place)


def cannot_be_ignored(code: Code, *, judged_elsewhere: bool) -> bool:
    """Whether no comment and no baseline of the files that are judged may silence a code.

    Never what is wrong with ignores themselves; and where the policies come from another revision, neither policies
    (ORC-4xxx) nor what guards security.
    """
    number = code.number
    return number.startswith("ORC-107") or (judged_elsewhere and (number.startswith("ORC-4") or code.guards))
