"""The stage of a check that takes out what is ignored, and tells which ignores have no right to be there."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import NamedTuple

from innominatus_cli.checks.ignores import (
    Ignore,
    cannot_be_ignored,
    configured_ignores,
    ignores_in,
    known_codes,
)
from innominatus_cli.checks.repository import CODES as OF_REPOSITORIES
from innominatus_cli.checks.workflow_sources import CODES as OF_VENDORED_FILES
from innominatus_cli.documents.globs import matches
from innominatus_cli.findings.catalogue import ignores as codes
from innominatus_cli.findings.finding import Code, Finding, Severity
from innominatus_cli.findings.suppressed import Suppressed
from innominatus_cli.operations.validation import Validation

_FOUND_TOGETHER = OF_REPOSITORIES | OF_VENDORED_FILES
_BROKEN = tuple(f"ORC-10{number:02}" for number in range(1, 23))
"""Errors after which the rest of a file was not read: what is ignored there may be behind."""


class Judging(NamedTuple):
    """By what ignores are judged.

    `today` is the day in UTC. `together` tells that documents were held against each other, `whole` that all files
    of the repository were checked: without them nobody knows whether an ignore of another file, or of what
    documents get wrong together, is in vain.
    """

    today: date
    policies_from: str | None = None
    together: bool = True
    whole: bool = True


def without_ignored(found: Validation, by: Judging) -> Validation:
    """The same, with the ignored findings under `suppressed`, and findings about the ignores themselves."""
    return _Ignoring(found, by).result()


class _Ignoring:
    def __init__(self, found: Validation, by: Judging) -> None:
        self._found = found
        self._by = by
        self._told: list[Finding] = []
        self._used: set[tuple[Ignore, str]] = set()
        self._suppressed: list[Suppressed] = []
        self._comments = self._in_comments()
        self._configured = self._in_admin_configs()

    def result(self) -> Validation:
        """What is left, and what was taken out."""
        kept = [finding for finding in self._found.findings if not self._is_ignored(finding)]
        for path, ignores in self._comments.items():
            self._told += self._unused(path, ignores)
        if self._by.whole and self._by.policies_from is None:
            for ignores in self._configured.values():
                self._told += (one for ignore in ignores for one in self._unused_codes(ignore, ignore.codes))
        ordered = sorted((*kept, *self._told), key=lambda finding: finding.sort_key)
        suppressed = (*self._found.suppressed, *self._suppressed)
        return self._found._replace(findings=tuple(ordered), suppressed=suppressed)

    def _in_comments(self) -> dict[str, list[Ignore]]:
        found: dict[str, list[Ignore]] = {}
        for path in self._found.marked:
            read = ignores_in(path, self._found.sources.get(path, ""))
            self._told += read.findings
            found[path] = list(self._valid(read.ignores))
        return found

    def _in_admin_configs(self) -> Mapping[str, list[Ignore]]:
        """The ignores of admin-config.yaml by the prefix that paths of its repository have."""
        found = {}
        for prefix, repository in self._found.repositories.items():
            document = repository.ignoring
            if document is None:
                continue
            read = configured_ignores(document)
            told = len(self._told)
            found[prefix] = [*self._valid(read.ignores)]
            self._told += read.findings
            if f"{prefix}{document.path}" not in self._found.kinds:
                del self._told[told:]  # nobody asked for the findings of that file
        return found

    def _valid(self, ignores: tuple[Ignore, ...]) -> Iterator[Ignore]:
        """The ignores that count today, without the codes that none may ignore."""
        for ignore in ignores:
            if ignore.until is not None and ignore.until < self._by.today:
                message = f"the ignore of {', '.join(ignore.codes)} held until {ignore.until}"
                self._told.append(Finding(codes.IGNORE_EXPIRED, message, ignore.place))
                continue
            allowed = tuple(code for code in ignore.codes if self._may_ignore(ignore, code))
            if allowed:
                yield ignore._replace(codes=allowed)

    def _may_ignore(self, ignore: Ignore, number: str) -> bool:
        code = known_codes().get(number)
        if code is None:
            return False
        elsewhere = self._by.policies_from is not None and ignore.by == "comment"
        if not cannot_be_ignored(code, judged_elsewhere=elsewhere):
            return True
        self._told.append(self._refusal(code, ignore))
        return False

    def _refusal(self, code: Code, ignore: Ignore) -> Finding:
        if cannot_be_ignored(code, judged_elsewhere=False):
            message, remedy = f"{code.number} cannot be ignored", "Mend the ignore or the baseline that it speaks of."
        else:
            message = f"{code.number} cannot be ignored by the change itself: {self._by.policies_from} judges"
            remedy = ""
        return Finding(codes.IGNORE_NOT_HONOURED, message, ignore.place, remedy)

    def _is_ignored(self, finding: Finding) -> bool:
        place = finding.place
        used = [
            ignore
            for ignore in self._comments.get(place.path, ())
            if finding.code.number in ignore.codes and ignore.first <= place.line <= ignore.last
        ]
        for prefix, ignores in self._configured.items():
            if place.path.startswith(prefix):
                path = place.path[len(prefix) :]
                used += [one for one in ignores if finding.code.number in one.codes and matches(path, one.files)]
        if not used:
            return False
        self._used |= {(ignore, finding.code.number) for ignore in used}
        first = used[0]
        until = "" if first.until is None else first.until.isoformat()
        self._suppressed.append(Suppressed(finding, first.by, first.reason, first.place, until))
        return True

    def _unused(self, path: str, ignores: list[Ignore]) -> Iterator[Finding]:
        """The ignores of a file that ignore nothing, as far as the check can tell."""
        errors = {one.code.number for one in self._found.findings if one.place.path == path and _is_error(one)}
        if not errors.isdisjoint(_BROKEN):
            return
        for ignore in ignores:
            known = [code for code in ignore.codes if self._by.together or code not in _FOUND_TOGETHER]
            yield from self._unused_codes(ignore, known)

    def _unused_codes(self, ignore: Ignore, numbers: Iterable[str]) -> Iterator[Finding]:
        for number in numbers:
            if (ignore, number) not in self._used:
                where = f"in {ignore.files}" if ignore.files else "here"
                yield Finding(codes.UNUSED_IGNORE, f"there is no {number} {where} to ignore", ignore.place)


def _is_error(finding: Finding) -> bool:
    return finding.severity is Severity.ERROR
