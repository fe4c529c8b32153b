"""`ledger verify`: the ledger of this repository, by the signers that its admin-config.yaml or somebody names."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from innominatus_cli.documents.admin_config import AdminConfigDocument
from innominatus_cli.documents.approval_statement import SIGNATURE_NAMESPACE
from innominatus_cli.documents.repository import Repository
from innominatus_cli.documents.revision_snapshot import RevisionSnapshot
from innominatus_cli.findings.catalogue.ledger import GIT_FAILED, HEADS_NOT_TRUSTED
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.ledger.anchoring import Named, Trust
from innominatus_cli.ledger.heads import StoredHeads, read_statement
from innominatus_cli.ledger.records import actions_folder, runs_folder
from innominatus_cli.ledger.verifying import Verified, verify_ledger
from innominatus_cli.operations.history import OpenLedger
from innominatus_cli.system.clock import Clock, SystemClock
from innominatus_cli.system.git_command import GitFailed

_PLAIN: Final = re.compile(r"[A-Za-z0-9._+@%-]+")


class VerifyOptions(NamedTuple):
    """What `ledger verify` was asked for."""

    signatures: bool = False
    """Verify the signatures on actions and commits too."""
    head: str | None = None
    """A file with a heads statement, or a revision, that the ledger must hold all of."""
    branch: str | None = None
    """Which branch this is, where none is checked out."""
    allowed_signers: Path | None = None
    fetch: bool = False
    """Fetch the remote's heads statements first."""
    remote: str | None = None
    """None: `ledger.remote` of admin-config.yaml."""
    policies_from: str | None = None
    """The revision whose admin-config.yaml says whose signatures count; None is the working tree."""


def verify(ledger: OpenLedger, options: VerifyOptions | None = None, clock: Clock | None = None) -> Verified:
    """Verifies the ledger. Raises CannotContinue where that is not possible."""
    wanted = options or VerifyOptions()
    now = clock or SystemClock()
    if wanted.fetch:
        from innominatus_cli.operations.fetching_heads import fetch_heads  # noqa: PLC0415 - few fetch

        fetch_heads(ledger, heads_remote(ledger, wanted.remote), now)
    try:
        return verify_ledger(
            ledger.store,
            now,
            trust_of(ledger, wanted),
            branch=wanted.branch or ledger.store.branch(),
            signatures=wanted.signatures,
            named=None if wanted.head is None else _named(ledger, wanted.head),
        )
    except GitFailed as problem:
        raise CannotContinue(Finding(GIT_FAILED, str(problem), Place("git"))) from problem


def trust_of(ledger: OpenLedger, options: VerifyOptions) -> Trust:
    """Whose signatures count. Raises CannotContinue for a file or revision that cannot be read."""
    admin = _admin(ledger, options.policies_from)
    signers = "".join(f"{line}\n" for line in admin.ledger.signers) if admin else ""
    if options.allowed_signers is not None:
        signers = _text(options.allowed_signers).decode("utf-8", "surrogateescape")
    return Trust(signers, admin.ledger.heads_max_age, _approvers(admin)) if admin else Trust(signers)


def _approvers(admin: AdminConfigDocument) -> str:
    """The ssh keys of the people whose approvals count, as lines of allowed signers, for approvals and commits."""
    return "".join(
        f'{email.strip().lower()} namespaces="{SIGNATURE_NAMESPACE},git" {key.strip()}\n'
        for team in admin.teams.values()
        for email, signer in team.signers.items()
        for key in signer.ssh
        if _PLAIN.fullmatch(email.strip()) and "\n" not in key.strip()
    )


def heads_remote(ledger: OpenLedger, remote: str | None) -> str:
    """The remote whose heads statements count: the one that is named, else that of admin-config.yaml."""
    return remote if remote is not None else (_admin(ledger, None) or AdminConfigDocument()).ledger.remote


def _admin(ledger: OpenLedger, revision: str | None) -> AdminConfigDocument | None:
    if revision is None:
        admin = ledger.repository.admin_config()
    else:
        git = ledger.store.git
        admin = Repository(RevisionSnapshot(git, git.resolve(revision), revision)).admin_config()
    return admin.model if admin else None


def _named(ledger: OpenLedger, name: str) -> Named:
    path = Path(name)
    if path.is_file():
        data = _text(path)
        statement = read_statement(data)
        if statement is None:
            raise CannotContinue(Finding(HEADS_NOT_TRUSTED, "it is no heads statement", Place(name)))
        beside = path.with_name(f"{path.name}.sig")
        signature = _text(beside).decode("ascii", "replace") if beside.is_file() else ""
        return Named(name, StoredHeads(statement, data, signature, name))
    git = ledger.store.git
    return Named(name, files=records_at(ledger, git.resolve(name)))


def records_at(ledger: OpenLedger, commit: str) -> Mapping[str, str]:
    """The paths of the records at a commit, with their object ids. Raises GitFailed."""
    root = ledger.store.root
    folders = (runs_folder(root), actions_folder(root))
    return {entry.path: entry.object_id for folder in folders for entry in ledger.store.git.tree(commit, folder)}


def _text(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as problem:
        raise CannotContinue(
            Finding(HEADS_NOT_TRUSTED, f"it cannot be read: {problem.strerror}", Place(str(path)))
        ) from problem
