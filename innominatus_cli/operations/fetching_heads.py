"""Heads statements between this clone and a remote: fetched without losing any, pushed by compare-and-swap."""

from innominatus_cli.findings.catalogue.ledger import GIT_FAILED
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.ledger.heads import HEADS_REF, read_heads, write_heads
from innominatus_cli.operations.history import OpenLedger
from innominatus_cli.system.clock import Clock
from innominatus_cli.system.git_command import GitFailed
from innominatus_cli.system.git_refs import RemoteRefs
from innominatus_cli.system.git_writing import move_ref


def fetch_heads(ledger: OpenLedger, remote: str, clock: Clock) -> str | None:
    """Brings a remote's statements into `refs/innominatus/heads` of this clone; the commit that the remote has.

    What this clone has beyond it stays: an older state of the remote changes nothing, and where both have something of
    their own, the newer statement of each branch counts. None where the remote has no statements.
    Raises CannotContinue where the remote or git does not do what it should.
    """
    git = ledger.store.git
    refs = RemoteRefs.open(git, remote)
    try:
        theirs = refs.listed(HEADS_REF).get(HEADS_REF)
        ours = git.commit_of(HEADS_REF)
        if theirs is None or theirs == ours or _is_ancestor(ledger, theirs, ours):
            return theirs
        theirs = refs.fetch(HEADS_REF).get(HEADS_REF)
        if theirs is not None and git.commit_of(theirs) == theirs:
            _take(ledger, theirs, ours, clock)
    except (GitFailed, OSError) as problem:
        raise CannotContinue(Finding(GIT_FAILED, str(problem), Place(HEADS_REF))) from problem
    return theirs


def push_heads(ledger: OpenLedger, remote: str, theirs: str | None) -> bool:
    """Pushes this clone's statements, where the remote still has `theirs`; False where it has others by now.

    Raises CannotContinue where the remote does not do what it should.
    """
    git = ledger.store.git
    ours = git.commit_of(HEADS_REF)
    return ours is not None and RemoteRefs.open(git, remote).set(HEADS_REF, ours, theirs)


def _is_ancestor(ledger: OpenLedger, commit: str, of: str | None) -> bool:
    if of is None or ledger.store.git.commit_of(commit) != commit:
        return False
    outcome = ledger.store.git.command.outcome("merge-base", "--is-ancestor", "--end-of-options", commit, of)
    return outcome.succeeded


def _take(ledger: OpenLedger, theirs: str, ours: str | None, clock: Clock) -> None:
    """Makes theirs the base, and puts on top what only this clone has, or has newer."""
    store = ledger.store
    known = {stored.statement.branch: stored.statement.at for stored in read_heads(store.git, theirs)[0]}
    mine = [] if ours is None or _is_ancestor(ledger, ours, theirs) else read_heads(store.git, ours)[0]
    if not move_ref(store.git, HEADS_REF, theirs, ours, "statements of a remote", store.who):
        raise GitFailed("update-ref", None, f"'{HEADS_REF}' is locked or moves all the time")
    for stored in mine:
        if stored.statement.at > known.get(stored.statement.branch, ""):
            write_heads(store.git, store.state, store.who, clock, stored.statement, stored.signature)
