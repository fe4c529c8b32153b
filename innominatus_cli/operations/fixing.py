"""`validate --fix` and `--diff`: mends what can be mended safely, file by file, until nothing is left to mend.

A fix that does not do what it promises is not kept: after each round the file is checked again. Its finding must be
gone, no file gets an error that it did not have, and what only changes shapes and spellings must mean what it meant.
"""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from innominatus_cli.documents.edits import apart
from innominatus_cli.documents.loading import load
from innominatus_cli.documents.meaning import meaning_of
from innominatus_cli.documents.snapshot import MAX_FILE
from innominatus_cli.findings.catalogue.document import DUPLICATE_KEY, KEY_NOT_TEXT, NOT_FIXED
from innominatus_cli.findings.finding import Finding, Fix, Place, Severity
from innominatus_cli.operations.fixes import KEEPS_MEANING, fixed_data, with_fixes
from innominatus_cli.operations.validation import Validation, repository_around
from innominatus_cli.system.files import read_below, replace_below

if TYPE_CHECKING:
    from collections.abc import Callable

    from innominatus_cli.operations.checking import CheckRequest

_ROUNDS = 50
"""A shape takes four or five; each round keeps at least one fix, and a file needs few that follow each other."""
_ATTEMPTS = 500
"""So often one file is checked at most; what is left then stays as it is."""
_LAST_OF_READING = "ORC-1022"
_MENDABLE_READING = (DUPLICATE_KEY, KEY_NOT_TEXT)


class Applied(NamedTuple):
    """One fix that was kept: the findings' code, and what it did, in its own words."""

    code: str
    title: str


class FixedFile(NamedTuple):
    """A file with its old and new bytes, and the fixes in the order in which they were applied."""

    path: str
    before: bytes
    after: bytes
    fixes: tuple[Applied, ...]


class Fixing(NamedTuple):
    """What `--fix` or `--diff` did: the files that changed, or would change where nothing is `written`."""

    files: tuple[FixedFile, ...]
    written: bool
    shows_diff: bool

    @property
    def mended(self) -> int:
        """How many findings were mended."""
        return sum(len(file.fixes) for file in self.files)


def check_and_fix(request: "CheckRequest", check: "Callable[[CheckRequest], Validation]") -> Validation:
    """Checks what the request selects, mends it, and answers what is left, with what was `fixed`.

    Nothing is written without `request.fix`. Files behind symbolic links, and files that somebody else changes
    meanwhile, are not written: ORC-1082. Raises CannotContinue (exit 73) where the disk refuses.
    """
    plain = request._replace(fix=False, diff=False, write_baseline=None)
    found = check(plain)
    mended: list[tuple[str, str, FixedFile]] = []
    refused: list[Finding] = []
    for path in _candidates(found):
        root, relative = found.origins[path]
        data = read_below(root, relative, MAX_FILE)
        if isinstance(data, bytes) and _is_behind_link(root, relative):
            own = [
                one._replace(place=one.place._replace(path=relative))
                for one in found.findings
                if one.place.path == path
            ]
            if any(one.fix for one in with_fixes(relative, data, own, verified=True)):
                refused.append(_not_written(path, "it is reached through a symbolic link"))
        elif isinstance(data, bytes):
            after, applied = _Mending(plain, check, root, relative).run(data)
            if applied:
                mended.append((root, relative, FixedFile(path, data, after, tuple(applied))))
    files: list[FixedFile] = []
    for root, relative, file in mended:
        reason = replace_below(root, relative, file.before, file.after) if request.fix else None
        if reason is None:
            files.append(file)
        else:
            refused.append(_not_written(file.path, reason))
    fixing = Fixing(tuple(files), written=request.fix, shows_diff=request.diff)
    if files or request.write_baseline is not None:
        edited = (
            {} if request.fix else {relative: file.after for root, relative, file in mended if _is_home(plain, root)}
        )
        found = check(plain._replace(edited=edited or plain.edited, write_baseline=request.write_baseline))
    findings = sorted((*found.findings, *refused), key=lambda finding: finding.sort_key)
    return found._replace(findings=tuple(findings), fixed=fixing)


def _not_written(path: str, reason: str) -> Finding:
    return Finding(NOT_FIXED, f"the file could be mended, but {reason}", Place(path))


def _is_behind_link(root: str, path: str) -> bool:
    full = os.path.join(root, *path.split("/"))
    return os.path.realpath(full) != full


def _candidates(found: Validation) -> list[str]:
    """The files in which something may be mended, and the reader found nothing that it had to guess at."""
    unreadable = {one.place.path for one in found.findings if _hinders(one)}
    paths = dict.fromkeys(one.place.path for one in found.findings if one.fix or one.code.number in _MAYBE)
    return [path for path in paths if path in found.origins and path not in unreadable]


_MAYBE = KEEPS_MEANING | {"ORC-2010"}
"""Codes whose fixes are made from the file's text, when they are asked for."""


def _hinders(finding: Finding) -> bool:
    is_error = finding.severity is Severity.ERROR and finding.code not in _MENDABLE_READING
    return is_error and finding.code.number <= _LAST_OF_READING


def _is_home(request: "CheckRequest", root: str) -> bool:
    return root == repository_around(os.path.join(request.directory, ""))


class _Mending:
    """The mending of one file of a repository."""

    def __init__(
        self, request: "CheckRequest", check: "Callable[[CheckRequest], Validation]", root: str, path: str
    ) -> None:
        self._path = path
        self._check = check
        self._request = request._replace(paths=(os.path.join(root, *path.split("/")),), repository=root)
        self._refused: set[tuple[str, str, str]] = set()
        self._attempts = 0

    def run(self, data: bytes) -> tuple[bytes, list[Applied]]:
        """The bytes after all fixes that could be kept, and what they were."""
        applied: list[Applied] = []
        for _ in range(_ROUNDS):
            findings = self._findings(data)
            mendable = self._mendable(data, findings)
            kept, after = self._kept(data, findings, mendable)
            if not kept:
                break
            data = after
            chosen = set(kept)
            applied += [Applied(one.code.number, one.fix.title) for one in mendable if one.fix and one.fix in chosen]
        return data, applied

    def _findings(self, data: bytes) -> list[Finding]:
        found = self._check(self._request._replace(edited={self._path: data}))
        return [finding for finding in found.findings if finding.place.path == self._path]

    def _mendable(self, data: bytes, findings: Sequence[Finding]) -> list[Finding]:
        """The findings with a fix: first of all those that only say how something is written."""
        found = [
            one
            for one in with_fixes(self._path, data, findings)
            if one.fix is not None and _identity(one) not in self._refused
        ]
        return [one for one in found if one.code.number in KEEPS_MEANING] or found

    def _kept(self, data: bytes, findings: Sequence[Finding], mendable: Sequence[Finding]) -> tuple[list[Fix], bytes]:
        """The fixes that do no harm together, and the bytes with them; those that do harm are not tried again."""
        while mendable:
            fixes = apart(one.fix for one in mendable if one.fix is not None)
            good = self._harmless(data, findings, mendable, fixes)
            if len(good) > 1 and len(good) < len(fixes) and not self._is_better(data, findings, mendable, good):
                good = good[:1]
            if good:
                return good, fixed_data(data, good)
            mendable = [one for one in mendable if _identity(one) not in self._refused]
        return [], data

    def _harmless(
        self, data: bytes, findings: Sequence[Finding], mendable: Sequence[Finding], fixes: list[Fix]
    ) -> list[Fix]:
        """The fixes that do no harm: all of them, or else those of each half. Those that do some alone are refused."""
        if self._is_better(data, findings, mendable, fixes):
            return fixes
        if len(fixes) > 1:
            half = len(fixes) // 2
            parts = (fixes[:half], fixes[half:])
            return [fix for part in parts for fix in self._harmless(data, findings, mendable, part)]
        self._refused |= {_identity(one) for one in mendable if one.fix in fixes}
        return []

    def _is_better(
        self, data: bytes, findings: Sequence[Finding], mendable: Sequence[Finding], fixes: Sequence[Fix]
    ) -> bool:
        """Whether the bytes after some fixes have none of their findings, no new error, and still the same meaning."""
        self._attempts += 1
        if self._attempts > _ATTEMPTS:
            return False
        after, chosen = fixed_data(data, fixes), set(fixes)
        mended = [one for one in mendable if one.fix in chosen]
        if after == data:
            return False
        if any(one.code.number in KEEPS_MEANING for one in mended):
            before, now = load(self._path, data), load(self._path, after)
            if meaning_of(before.documents) != meaning_of(now.documents):
                return False
        left = self._findings(after)
        if _errors(left) - _errors(findings):
            return False
        were, are = _said(findings), _said(left)
        return all(are[what] <= were[what] - count for what, count in _said(mended).items())


def _identity(finding: Finding) -> tuple[str, str, str]:
    """What a finding is known by while the lines around it move."""
    return finding.code.number, finding.message, finding.place.pointer


def _errors(findings: Iterable[Finding]) -> Counter[str]:
    return Counter(one.code.number for one in findings if one.severity is Severity.ERROR)


def _said(findings: Iterable[Finding]) -> Counter[tuple[str, str]]:
    return Counter((one.code.number, one.message) for one in findings)
