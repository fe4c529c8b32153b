"""`ledger sign`: a statement of what the ledger of the branch holds, signed with the operator's ssh key."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from innominatus_cli.documents.ledger_heads import HEADS_NAMESPACE, HeadsStatement
from innominatus_cli.documents.ledger_verification import Anchor
from innominatus_cli.documents.words import counted
from innominatus_cli.findings.catalogue.ledger import (
    GIT_FAILED,
    HEADS_AHEAD,
    HEADS_NOT_TRUSTED,
    NOT_SIGNED,
    PUSH_FAILED,
)
from innominatus_cli.findings.finding import CannotContinue, Finding, Place, Severity
from innominatus_cli.ledger.heads import HEADS_REF, write_heads
from innominatus_cli.operations.history import OpenLedger
from innominatus_cli.operations.verifying import VerifyOptions, heads_remote, records_at, trust_of, verify
from innominatus_cli.system.clock import Clock, SystemClock, timestamp
from innominatus_cli.system.files import not_writable
from innominatus_cli.system.git_command import GitFailed
from innominatus_cli.system.ssh_signatures import sign, signers, signing_key
from innominatus_cli.system.ssh_signatures import verify as verifies

_ATTEMPTS: Final = 5


class SignOptions(NamedTuple):
    """What `ledger sign` was asked for. `key` is what `ssh_signatures.sign` takes; None is git's `user.signingkey`."""

    key: str | None = None
    unsigned: bool = False
    branch: str | None = None
    push: bool = False
    """Fetch `refs/innominatus/heads` of the remote first, and push it afterwards."""
    remote: str | None = None
    """None: `ledger.remote` of admin-config.yaml."""


class SignedHeads(NamedTuple):
    """What came of signing: `statement` and `commit` are None where the ledger is not sound."""

    statement: HeadsStatement | None
    signature: str
    commit: str | None
    findings: tuple[Finding, ...]


def sign_heads(ledger: OpenLedger, options: SignOptions, clock: Clock | None = None) -> SignedHeads:
    """Verifies the ledger, and writes a statement of it into this clone's `refs/innominatus/heads`.

    With `push`, the remote's statements are fetched before, so that the ledger is held against them, and the ref is
    pushed by compare-and-swap; whoever loses a race begins anew.
    Raises CannotContinue where no branch, no commit or no key is known, nothing can be written, or the remote fails.
    """
    now = clock or SystemClock()
    if not options.push:
        return _sign(ledger, options, now)
    from innominatus_cli.operations.fetching_heads import fetch_heads, push_heads  # noqa: PLC0415 - few push

    left, remote = _ATTEMPTS, heads_remote(ledger, options.remote)
    while True:
        left -= 1
        theirs = fetch_heads(ledger, remote, now)
        signed = _sign(ledger, options, now)
        if signed.statement is None:
            return signed
        if push_heads(ledger, remote, theirs):
            return signed._replace(findings=(*signed.findings, *_ahead(ledger, signed.statement)))
        if not left:
            break
    message = f"'{HEADS_REF}' was not pushed to '{remote}': others push to it all the time"
    return signed._replace(findings=(Finding(PUSH_FAILED, message, Place(HEADS_REF)),))


def _ahead(ledger: OpenLedger, statement: HeadsStatement) -> list[Finding]:
    """A warning where the remote's branch, as it was seen last, lacks records that the statement names."""
    pushed = ledger.store.pushed()
    if pushed is None or pushed == statement.commit:
        return []
    missing = sorted(records_at(ledger, statement.commit).keys() - records_at(ledger, pushed).keys())
    if not missing:
        return []
    others = len(missing) - 1
    more = f", nor {'is' if others == 1 else 'are'} {counted(others, 'other record')}" if others else ""
    return [Finding(HEADS_AHEAD, f"it is not in the remote's branch yet{more}", Place(missing[0]))]


def _sign(ledger: OpenLedger, options: SignOptions, now: Clock) -> SignedHeads:
    store = ledger.store
    verified = verify(ledger, VerifyOptions(branch=options.branch), now)
    findings = tuple(one for one in verified.findings if one.severity is Severity.ERROR)
    if any(one.code is not HEADS_NOT_TRUSTED for one in findings):  # that one is what signing anew mends
        return SignedHeads(None, "", None, findings)
    report = verified.report
    if report.branch is None or report.commit is None:
        message = "no branch is checked out" if report.commit else "there is no commit yet"
        raise CannotContinue(Finding(NOT_SIGNED, message, Place("HEAD"), "Check a branch out, or name it: `--branch`."))
    key = options.key or signing_key(store.git)
    if key is None and not options.unsigned:
        message = "no ssh key is named by `--key`, nor, by its whole path, by git's `user.signingkey`"
        raise CannotContinue(Finding(NOT_SIGNED, message, Place("git config")))
    trusted = trust_of(ledger, VerifyOptions()).allowed_signers
    if options.unsigned and trusted:
        message = "admin-config.yaml names `ledger.signers`: nobody would trust a statement without a signature"
        raise CannotContinue(Finding(NOT_SIGNED, message, Place("--unsigned")))
    statement = HeadsStatement(
        branch=report.branch,
        commit=report.commit,
        tips=report.tips,
        count=report.counts.runs + report.counts.actions + report.counts.removed,
        at=_moment(now, report.anchors if not findings else []),
        by=store.who.email,
    )
    signature = ""
    if key and not options.unsigned:
        statement, signature = _signed(statement, key, trusted)
    try:
        commit = write_heads(store.git, store.state, store.who, now, statement, signature)
    except GitFailed as problem:
        raise CannotContinue(Finding(GIT_FAILED, str(problem), Place(HEADS_REF))) from problem
    except OSError as problem:
        raise CannotContinue(not_writable(str(problem.filename or HEADS_REF), problem)) from problem
    return SignedHeads(statement, signature, commit, ())


def _moment(now: Clock, anchors: Sequence[Anchor]) -> str:
    """The time of a statement: later than that of the one that it replaces, also where this machine's clock is behind.

    An older one in the place of a newer one is what a rollback looks like.
    """
    last = [datetime.fromisoformat(one.at) for one in anchors if one.kind == "statement" and one.at]
    return timestamp(max([now.now(), *(one + timedelta(milliseconds=1) for one in last)]))


def _signed(statement: HeadsStatement, key: str, allowed_signers: str) -> tuple[HeadsStatement, str]:
    """The statement with a signature that whoever verifies will trust, in the name that the signers know the key by.

    Raises CannotContinue where the key is nobody's whom they know.
    """
    signature = sign(key, HEADS_NAMESPACE, statement.canonical)
    if not allowed_signers or verifies(allowed_signers, statement.by, HEADS_NAMESPACE, statement.canonical, signature):
        return statement, signature
    for name in signers(allowed_signers, signature):
        named = statement.model_copy(update={"by": name})
        again = sign(key, HEADS_NAMESPACE, named.canonical)
        if verifies(allowed_signers, name, HEADS_NAMESPACE, named.canonical, again):
            return named, again
    message = "the key is none of `ledger.signers`, or not for this purpose: nobody would trust the statement"
    raise CannotContinue(Finding(NOT_SIGNED, message, Place("admin-config.yaml")))
