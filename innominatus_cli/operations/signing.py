"""`ledger sign`: a statement of what the ledger of the branch holds, signed with the operator's ssh key."""

from typing import NamedTuple

from innominatus_cli.documents.ledger_heads import HEADS_NAMESPACE, HeadsStatement
from innominatus_cli.findings.catalogue.ledger import GIT_FAILED, HEADS_NOT_TRUSTED, NOT_SIGNED
from innominatus_cli.findings.finding import CannotContinue, Finding, Place, Severity
from innominatus_cli.ledger.heads import HEADS_REF, write_heads
from innominatus_cli.operations.history import OpenLedger
from innominatus_cli.operations.verifying import VerifyOptions, trust_of, verify
from innominatus_cli.system.clock import Clock, SystemClock, timestamp
from innominatus_cli.system.git_command import GitFailed
from innominatus_cli.system.ssh_signatures import sign, signers, signing_key
from innominatus_cli.system.ssh_signatures import verify as verifies


class SignOptions(NamedTuple):
    """What `ledger sign` was asked for. `key` is what `ssh_signatures.sign` takes; None is git's `user.signingkey`."""

    key: str | None = None
    unsigned: bool = False
    branch: str | None = None
    push: bool = False
    """Also push `refs/innominatus/heads`, which is refused where somebody else's statements are newer there."""


class SignedHeads(NamedTuple):
    """What came of signing: `statement` and `commit` are None where the ledger is not sound."""

    statement: HeadsStatement | None
    signature: str
    commit: str | None
    findings: tuple[Finding, ...]


def sign_heads(ledger: OpenLedger, options: SignOptions, clock: Clock | None = None) -> SignedHeads:
    """Verifies the ledger, and writes a statement of it into this clone's `refs/innominatus/heads`.

    Raises CannotContinue where no branch, no commit or no key is known, or nothing can be written.
    """
    now = clock or SystemClock()
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
        message = "no ssh key is named by `--key`, nor by git's `user.signingkey`"
        raise CannotContinue(Finding(NOT_SIGNED, message, Place("git config")))
    statement = HeadsStatement(
        branch=report.branch,
        commit=report.commit,
        tips=report.tips,
        count=report.counts.runs + report.counts.actions,
        at=timestamp(now.now()),
        by=store.who.email,
    )
    signature = ""
    if key and not options.unsigned:
        statement, signature = _signed(statement, key, trust_of(ledger, VerifyOptions()).allowed_signers)
    try:
        commit = write_heads(store.git, store.state, store.who, now, statement, signature)
    except (GitFailed, OSError) as problem:
        raise CannotContinue(Finding(GIT_FAILED, str(problem), Place(HEADS_REF))) from problem
    return SignedHeads(statement, signature, commit, _pushed(ledger) if options.push else ())


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


def _pushed(ledger: OpenLedger) -> tuple[Finding, ...]:
    from innominatus_cli.system.git_push import push  # noqa: PLC0415 - few push

    problem = push(ledger.store.git, HEADS_REF)
    return (problem,) if problem else ()
