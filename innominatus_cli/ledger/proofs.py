"""Signatures in the ledger: on the evidence of actions, and on the commits that touched it."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from pydantic import ValidationError

from innominatus_cli.documents.action_record import ActionRecord, Evidence
from innominatus_cli.documents.approval_statement import SIGNATURE_NAMESPACE, ApprovalStatement
from innominatus_cli.findings.catalogue.ledger import SIGNATURE_BAD
from innominatus_cli.findings.finding import Finding, Place
from innominatus_cli.ledger.chain import Link
from innominatus_cli.ledger.records import read_action
from innominatus_cli.system.forking import Work, can_fork, in_processes, usable_processors
from innominatus_cli.system.git import Git
from innominatus_cli.system.ssh_signatures import Verifier
from innominatus_cli.system.sshsig import parse

_OURS: Final = "@innominatus"
_COMMITS: Final = "git"
_DECISIONS: Final = frozenset({"approve", "reject"})
_ARMOR: Final = "-----BEGIN SSH SIGNATURE-----"
_SHORT: Final = 12
_AT_ONCE: Final = 1_000


class SignedCommit(NamedTuple):
    """A commit with an ssh signature: what was signed, and the signature."""

    commit: str
    data: bytes
    signature: str
    at: datetime | None
    """When it was made, as its committer says."""


def check_signatures(
    git: Git, commit: str, root: str, links: Sequence[Link], allowed_signers: str
) -> tuple[int, list[Finding]]:
    """How many signatures were verified, and which do not hold. Raises GitFailed, CannotContinue."""
    verifier = Verifier(allowed_signers)
    verified = 0
    findings = []
    for action, place in _actions(git, commit, root, links):
        evidence = action.evidence
        if evidence is None or evidence.kind != "ssh":
            continue
        verified += 1
        problem = _problem_of(action, evidence, verifier)
        if problem:
            findings.append(Finding(SIGNATURE_BAD, f"the evidence of action {action.id} {problem}", Place(place)))
    signed, bad = _check_commits(git, commit, root, allowed_signers)
    for one in bad:
        message = f"no allowed signer signed commit {one[:_SHORT]}"
        findings.append(Finding(SIGNATURE_BAD, message, Place(f"commit {one}")))
    return verified + signed, findings


def _problem_of(action: ActionRecord, evidence: Evidence, verifier: Verifier) -> str:
    """What is wrong with evidence that is signed with ssh; empty where it holds, and is of this action."""
    parsed = parse(evidence.signature)
    namespace = parsed.namespace if parsed else ""
    text = evidence.statement.encode()
    names = {evidence.signer, evidence.signer.lower()}
    if not namespace.endswith(_OURS) or not any(
        verifier.verify(name, namespace, text, evidence.signature, _moment(action.at)) for name in sorted(names)
    ):
        return f"is not signed by '{evidence.signer}'"
    if action.action not in _DECISIONS:
        return ""
    try:
        statement = ApprovalStatement.model_validate_json(evidence.statement)
    except ValidationError:
        return "is no statement of an approval"
    if namespace != SIGNATURE_NAMESPACE or (statement.record, statement.action) != (action.id, action.action):
        return "was signed for something else"
    return "" if statement.email.lower() == evidence.signer.lower() else "is signed by another than it names"


def _check_commits(git: Git, commit: str, root: str, allowed_signers: str) -> tuple[int, list[str]]:
    """Of the commits that touched the ledger: how many are signed with ssh, and those that nobody we know signed."""
    listed = git.command.text("rev-list", "--full-history", commit, "--", root).split()
    blocks = [listed[start : start + _AT_ONCE] for start in range(0, len(listed), _AT_ONCE)]

    def do(number: int) -> tuple[int, list[str]]:
        verifier = Verifier(allowed_signers)
        objects = git.objects(blocks[number]).items()
        signed = [found for one, (_, data) in objects if (found := signed_commit(one, data)) is not None]
        bad = [one.commit for one in signed if verifier.signer(_COMMITS, one.data, one.signature, one.at) is None]
        return len(signed), bad

    processes = min(usable_processors(), len(blocks)) if can_fork() else 1
    done = in_processes(Work(do, _same, _same), len(blocks), processes)
    return sum(count for count, _ in done), [one for _, bad in done for one in bad]


def _same(value: tuple[int, list[str]]) -> tuple[int, list[str]]:
    return value


def _actions(git: Git, commit: str, root: str, links: Sequence[Link]) -> Iterator[tuple[ActionRecord, str]]:
    paths = [link.path for link in links if link.action]
    for start in range(0, len(paths), _AT_ONCE):
        batch = {f"{commit}:{path}": path for path in paths[start : start + _AT_ONCE]}
        for name, (_, data) in git.objects(batch).items():
            found = read_action(root, batch[name], data)
            if isinstance(found, ActionRecord):
                yield found, batch[name]


def signed_commit(commit: str, data: bytes) -> SignedCommit | None:
    """What the bytes of a commit object say of its ssh signature; None without one (gitformat-signature(5))."""
    head, separator, body = data.partition(b"\n\n")
    signature: list[bytes] = []
    kept: list[bytes] = []
    inside = False
    for line in head.split(b"\n"):
        inside = line.startswith((b"gpgsig ", b"gpgsig-sha256 ")) or (inside and line.startswith(b" "))
        if inside:
            signature.append(line.partition(b" ")[2])
        else:
            kept.append(line)
    armored = b"\n".join(signature).decode("ascii", "replace")
    if not armored.startswith(_ARMOR):
        return None
    committer = next((line for line in kept if line.startswith(b"committer ")), b"")
    seconds = re.search(rb" ([0-9]{1,11}) [+-][0-9]{4}$", committer)
    at = datetime.fromtimestamp(int(seconds[1]), UTC) if seconds else None
    return SignedCommit(commit, b"\n".join(kept) + separator + body, f"{armored}\n", at)


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
