"""Signatures in the ledger: on the evidence of actions, and on the commits that touched it."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from innominatus_cli.documents.action_record import ActionRecord
from innominatus_cli.findings.catalogue.ledger import SIGNATURE_BAD
from innominatus_cli.findings.finding import Finding, Place
from innominatus_cli.ledger.chain import Link
from innominatus_cli.ledger.records import read_action
from innominatus_cli.system.git import Git
from innominatus_cli.system.ssh_signatures import namespace_of, signers, verify

_OURS: Final = "@innominatus"
_COMMITS: Final = "git"
_ARMOR: Final = "-----BEGIN SSH SIGNATURE-----"
_SHORT: Final = 12
_AT_ONCE: Final = 256


class SignedCommit(NamedTuple):
    """A commit with an ssh signature: what was signed, and the signature."""

    commit: str
    data: bytes
    signature: str


def check_signatures(
    git: Git, commit: str, root: str, links: Sequence[Link], allowed_signers: str
) -> tuple[int, list[Finding]]:
    """How many signatures were verified, and which do not hold. Raises GitFailed, CannotContinue."""
    verified = 0
    findings = []
    for action, place in _actions(git, commit, root, links):
        evidence = action.evidence
        if evidence is None or evidence.kind != "ssh":
            continue
        verified += 1
        namespace = namespace_of(evidence.signature) or ""
        data = evidence.statement.encode()
        if not namespace.endswith(_OURS) or not verify(
            allowed_signers, evidence.signer, namespace, data, evidence.signature
        ):
            message = f"the evidence of action {action.id} is not signed by '{evidence.signer}'"
            findings.append(Finding(SIGNATURE_BAD, message, Place(place)))
    for signed in _commits(git, commit, root):
        verified += 1
        who = signers(allowed_signers, signed.signature)
        if not any(verify(allowed_signers, one, _COMMITS, signed.data, signed.signature) for one in who):
            message = f"no allowed signer signed commit {signed.commit[:_SHORT]}"
            findings.append(Finding(SIGNATURE_BAD, message, Place(f"commit {signed.commit}")))
    return verified, findings


def _actions(git: Git, commit: str, root: str, links: Sequence[Link]) -> Iterator[tuple[ActionRecord, str]]:
    paths = [link.path for link in links if link.action]
    for start in range(0, len(paths), _AT_ONCE):
        batch = {f"{commit}:{path}": path for path in paths[start : start + _AT_ONCE]}
        for name, (_, data) in git.objects(batch).items():
            found = read_action(root, batch[name], data)
            if isinstance(found, ActionRecord):
                yield found, batch[name]


def _commits(git: Git, commit: str, root: str) -> Iterator[SignedCommit]:
    """The commits that touched the ledger and are signed with ssh."""
    listed = git.command.text("rev-list", "--full-history", commit, "--", root).split()
    for start in range(0, len(listed), _AT_ONCE):
        for one, (_, data) in git.objects(listed[start : start + _AT_ONCE]).items():
            signed = signed_commit(one, data)
            if signed is not None:
                yield signed


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
    return SignedCommit(commit, b"\n".join(kept) + separator + body, f"{armored}\n")
