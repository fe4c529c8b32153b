"""The chain of records, judged by itself: every record follows records that are there, and none follows itself.

What a `gc` removed is a part of the chain as its tombstone (see `documents.tombstones`).

Pure: it sees of each record what `Link` holds. Digests rule out circles, unless SHA-256 is broken; asked all the same,
because everything that rests on the chain rests on that too.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from innominatus_cli.documents.words import counted
from innominatus_cli.findings.catalogue.ledger import APPROVAL_MISSING, CLOCK_WENT_BACK, PARENT_MISSING, RUN_TWICE
from innominatus_cli.findings.finding import Finding, Place

TOLERANCE: Final = timedelta(minutes=5)
"""How far the clocks of two machines may differ."""
_SHOWN: Final = 19


class Buried(NamedTuple):
    """A tombstone: a record that a `gc` removed. What its fields mean is as in `Link`."""

    path: str
    digest: str
    parents: tuple[str, ...]
    id: str
    kind: str
    at: str


class Link(NamedTuple):
    """A record, as far as the chain and a summary need it. Strings and tuples of strings only: processes pass them."""

    path: str
    digest: str
    parents: tuple[str, ...]
    id: str
    """Of the run or the action."""
    action: str
    """Which action it is; empty for the record of a run."""
    at: str
    """When it was written (RFC 3339); empty where that is not known."""
    application: str
    environment: str
    operation: str
    status: str
    name: str
    email: str
    started: str
    commit: str
    plan: str
    approvals: tuple[str, ...]
    """Who approved, by e-mail address."""
    counted: tuple[str, ...]
    """Digests of the records of those approvals."""
    removed: tuple[Buried, ...] = ()
    """Of a `gc`: what it removed."""

    def followed(self) -> Iterator[str]:
        """The digests of all records that it follows, those that it removed among them."""
        yield from self.parents
        for one in self.removed:
            yield one.digest
            yield from one.parents


def tips(links: Sequence[Link]) -> list[str]:
    """The digests, sorted, of the records that no other of them follows."""
    followed = {digest for link in links for digest in link.followed()}
    return sorted({link.digest for link in links} - followed)


def check_chain(links: Sequence[Link]) -> Iterator[Finding]:
    """What is wrong with the chain of these records."""
    buried = {one.digest: one for link in links for one in link.removed}
    known: dict[str, Link | Buried] = {**buried, **{link.digest: link for link in links}}
    graves = {one.digest: link.path for link in links for one in link.removed}
    yield from _twice(links)
    orphans: dict[str, list[str]] = {}
    for digest, link in known.items():
        for parent in link.parents:
            before = known.get(parent)
            if before is None:
                orphans.setdefault(parent, []).append(graves[digest] if isinstance(link, Buried) else link.path)
            elif _is_much_later(before.at, link.at):
                message = f"it was written at {link.at}, and the record that it follows at {before.at}"
                yield Finding(CLOCK_WENT_BACK, message, Place(link.path))
    for parent, paths in orphans.items():
        others = len(paths) - 1
        also = f", as {'does' if others == 1 else 'do'} {counted(others, 'other')}" if others else ""
        message = f"it follows {parent[:_SHOWN]}…, a record that is not in the ledger{also}"
        yield Finding(PARENT_MISSING, message, Place(paths[0]))
    for link in _in_circles(known):
        yield Finding(PARENT_MISSING, "it follows itself, through other records", Place(link.path))


def check_approvals(links: Sequence[Link], others: Collection[str]) -> Iterator[Finding]:
    """Runs that count approvals which are not there, or are of another plan.

    `others` are digests of records of actions that are outside of the chain.
    """
    approvals = {link.digest: link.plan for link in links if link.action == "approve"}
    for link in links:
        for digest in link.counted:
            if digest in approvals and approvals[digest] != link.plan:
                message = f"it counts approval {digest[:_SHOWN]}…, which is of another plan"
                yield Finding(APPROVAL_MISSING, message, Place(link.path))
            elif digest not in approvals and digest not in others:
                message = f"it counts approval {digest[:_SHOWN]}…, which is not in the ledger"
                yield Finding(APPROVAL_MISSING, message, Place(link.path))


def _twice(links: Sequence[Link]) -> Iterator[Finding]:
    first: dict[str, str] = {one.id: one.path for link in links for one in link.removed}
    for link in sorted(links):
        if first.setdefault(link.id, link.path) != link.path:
            message = f"'{first[link.id]}' is a record of {'action' if link.action else 'run'} {link.id} too"
            yield Finding(RUN_TWICE, message, Place(link.path))


def _is_much_later(one: str, other: str) -> bool:
    try:
        return datetime.fromisoformat(one) - datetime.fromisoformat(other) > TOLERANCE
    except (ValueError, TypeError):  # a time that is not known, or none
        return False


def _in_circles(known: Mapping[str, Link | Buried]) -> list[Link | Buried]:
    """What is left when records that nobody follows are taken away, again and again."""
    followers = Counter(parent for link in known.values() for parent in link.parents)
    free = [digest for digest in known if not followers[digest]]
    left = dict(known)
    while free:
        link = left.pop(free.pop())
        for parent in link.parents:
            followers[parent] -= 1
            if not followers[parent] and parent in left:
                free.append(parent)
    return sorted(left.values(), key=lambda link: link.path)
