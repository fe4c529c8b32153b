"""Whether the ledger holds all that is known of it from outside: statements, what this clone saw, what somebody names.

A chain whose newest records are gone is a valid, shorter chain; only an anchor outside of it tells.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

from innominatus_cli.documents.durations import duration_text
from innominatus_cli.documents.ledger_heads import HEADS_NAMESPACE
from innominatus_cli.documents.ledger_verification import Anchor
from innominatus_cli.documents.words import counted
from innominatus_cli.findings.catalogue.ledger import HEADS_NOT_TRUSTED, HEADS_OLD, LEDGER_ROLLED_BACK, NO_HEADS
from innominatus_cli.findings.finding import Finding, Place
from innominatus_cli.ledger.earlier_commits import Loss
from innominatus_cli.ledger.graves import Graves
from innominatus_cli.ledger.heads import HEADS_REF, StoredHeads, read_heads
from innominatus_cli.ledger.seen_heads import Seen
from innominatus_cli.system.git import Git
from innominatus_cli.system.ssh_signatures import verify

_SHORT: Final = 19
_MINUTE: Final = 60
_DAY: Final = 24 * 3600


class Trust(NamedTuple):
    """Whose signatures count, and how old a statement may be. Without signers, statements count unsigned."""

    allowed_signers: str = ""
    """The text of an allowed signers file."""
    max_age_seconds: int = 30 * _DAY
    approvers: str = ""
    """The same for approvals and commits only: a key that approves signs no statement."""


class Named(NamedTuple):
    """What `--head` names: a statement of a file, or the records of another commit, by path with their object ids."""

    name: str
    statement: StoredHeads | None = None
    files: Mapping[str, str] | None = None


@dataclass(slots=True)
class Anchoring:
    """The anchors that were found, and what they say against the ledger."""

    anchors: list[Anchor] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    signatures: int = 0
    statement_at: str = ""
    """When the last trusted statement on the branch was made; empty without one."""


class Anchors:
    """Holds one ledger against its anchors.

    `digests` are those of all its records, removed ones included; `files` the object ids of those that stand.
    """

    def __init__(
        self,
        git: Git,
        commit: str | None,
        branch: str | None,
        digests: frozenset[str],
        files: Mapping[str, str],
        graves: Graves,
    ) -> None:
        self._graves = graves
        self._git = git
        self._commit = commit
        self._branch = branch
        self._digests = digests
        self._files = files
        self._found = Anchoring()

    def check(self, trust: Trust, now: datetime, seen: Seen | None, named: Named | None) -> Anchoring:
        """All of it. Raises GitFailed, CannotContinue."""
        found = self._found
        statements, problems = read_heads(self._git, self._git.commit_of(HEADS_REF))
        found.findings += problems
        own = next((one for one in statements if one.statement.branch == self._branch), None)
        for stored in statements:
            if stored is own or self._is_before(stored.statement.commit):
                self._statement(stored, trust, "statement", stored.statement.branch)
        if own is not None and self._trusts(own, trust):
            found.statement_at = own.statement.at
            found.findings += _age(own, trust, now)
        elif own is None and self._branch and (trust.allowed_signers or (seen and seen.statement_at)):
            found.findings.append(
                Finding(NO_HEADS, f"'{HEADS_REF}' says nothing of '{self._branch}'", Place(HEADS_REF))
            )
        if seen is not None and self._branch:
            self._remembered(seen, own)
        if named is not None:
            self._named(named, trust)
        return found

    def _is_before(self, commit: str) -> bool:
        """Whether a commit is an ancestor of the one that is verified."""
        if self._commit is None or not commit.isalnum():
            return False
        outcome = self._git.command.outcome("merge-base", "--is-ancestor", "--end-of-options", commit, self._commit)
        return outcome.succeeded

    def _trusts(self, stored: StoredHeads, trust: Trust) -> bool:
        if not trust.allowed_signers:
            return True
        by = stored.statement.by
        return verify(trust.allowed_signers, by, HEADS_NAMESPACE, stored.data, stored.signature)

    def _statement(self, stored: StoredHeads, trust: Trust, kind: str, name: str) -> None:
        found = self._found
        statement = stored.statement
        signed = bool(trust.allowed_signers) and self._trusts(stored, trust)
        found.signatures += signed
        if trust.allowed_signers and not signed:
            what = f"the signature is not one of '{statement.by}'" if stored.signature else "it is not signed"
            found.findings.append(Finding(HEADS_NOT_TRUSTED, what, Place(stored.place)))
            return
        said = f"the statement of {statement.at} by {statement.by}"
        lost = self._lost(statement.tips, statement.count, said, stored.place)
        found.findings += lost
        found.anchors.append(
            Anchor.model_validate(
                {
                    "kind": kind,
                    "name": name,
                    "at": statement.at,
                    "by": statement.by,
                    "count": statement.count,
                    "signed": signed,
                    "holds": not lost,
                }
            )
        )

    def _remembered(self, seen: Seen, own: StoredHeads | None) -> None:
        branch = self._branch or ""
        place = f"branch {branch}"
        lost = self._lost(seen.tips, seen.records, f"what this clone saw at {seen.at}", place)
        if own is not None and own.statement.at < seen.statement_at:
            message = f"a statement of {own.statement.at} stands where one of {seen.statement_at} stood"
            lost.append(Finding(LEDGER_ROLLED_BACK, message, Place(own.place)))
        self._found.findings += lost
        self._found.anchors.append(
            Anchor(kind="remembered", name=branch, at=seen.at, count=seen.records, holds=not lost)
        )

    def _named(self, named: Named, trust: Trust) -> None:
        if named.statement is not None:
            self._statement(named.statement, trust, "named", named.name)
            return
        files = named.files or {}
        differing = [Loss(path, "", blob) for path, blob in files.items() if self._files.get(path) != blob]
        left, untrue = self._graves.unexplained(differing, self._files)
        message = f"'{named.name}' has this record, and it is not here as it is there"
        lost = [*untrue, *(Finding(LEDGER_ROLLED_BACK, message, Place(loss.path)) for loss in left)]
        self._found.findings += lost
        self._found.anchors.append(Anchor(kind="named", name=named.name, count=len(files), holds=not lost))

    def _lost(self, tips: tuple[str, ...] | list[str], count: int, said: str, place: str) -> list[Finding]:
        missing = [tip for tip in tips if tip not in self._digests]
        if missing:
            others = len(missing) - 1
            also = f", nor {'is' if others == 1 else 'are'} {counted(others, 'other')}" if others else ""
            message = f"{said} names record {missing[0][:_SHORT]}…, which is not in the ledger{also}"
            return [Finding(LEDGER_ROLLED_BACK, message, Place(place))]
        if count > len(self._digests):
            message = f"{said} counts {counted(count, 'record')}, and there are {len(self._digests)}"
            return [Finding(LEDGER_ROLLED_BACK, message, Place(place))]
        return []


def _age(stored: StoredHeads, trust: Trust, now: datetime) -> Iterator[Finding]:
    try:
        age = now - datetime.fromisoformat(stored.statement.at)
    except (ValueError, TypeError):
        yield Finding(HEADS_NOT_TRUSTED, f"'{stored.statement.at}' is no time", Place(stored.place))
        return
    if age.total_seconds() > trust.max_age_seconds:
        minutes = int(age.total_seconds()) // _MINUTE * _MINUTE
        old = counted(age.days, "day") if age.days else duration_text(minutes) if minutes else "less than a minute"
        yield Finding(HEADS_OLD, f"it is {old} old", Place(stored.place))
