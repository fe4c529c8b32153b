"""Whether the evidence of an approval holds: signatures, tokens and reviews against what admin-config knows of people.

Everything that decides comes from the revision whose policies judge: who has which key, which issuers count, and what
is let pass without proof.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from innominatus_cli.documents.action_record import Evidence
from innominatus_cli.documents.admin_config import AdminConfigDocument
from innominatus_cli.documents.approval_statement import AUDIENCE, SIGNATURE_NAMESPACE, ApprovalStatement
from innominatus_cli.documents.approvers import Signer
from innominatus_cli.documents.plan import Plan
from innominatus_cli.documents.snapshot import Snapshot
from innominatus_cli.findings.catalogue import approvals as codes
from innominatus_cli.findings.finding import Code, Finding
from innominatus_cli.ledger.store import StoredAction
from innominatus_cli.policies.approvals import Decision
from innominatus_cli.system.git import Git
from innominatus_cli.system.git_command import GitFailed

_ANYBODY = "approver"
"""The one name in the list of allowed signers that we write: keys of others are not in it."""

_STATES = {"approve": "approved", "reject": "changes_requested"}
"""What a review says, by what stands in the record."""


class Unproved(Exception):  # noqa: N818 - what happened, as CannotContinue
    """Evidence that does not hold, with the code that says so."""

    def __init__(self, why: str, code: Code = codes.SIGNATURE_WRONG) -> None:
        super().__init__(why)
        self.problem = (code, why)


def signers_of(admin: AdminConfigDocument) -> dict[str, Signer]:
    """What proves approvals of each person, by address in lower case; entries of several teams are united."""
    found: dict[str, dict[str, list[str]]] = {}
    for team in admin.teams.values():
        for email, signer in team.signers.items():
            kinds = found.setdefault(email.strip().lower(), {})
            for kind, values in signer.model_dump().items():
                kinds.setdefault(kind, []).extend(values)
    return {email: Signer(**kinds) for email, kinds in found.items()}


@dataclass(frozen=True)
class EvidenceRoom:
    """Where evidence for one plan is looked at. `snapshot` is that of the judging revision."""

    git: Git
    plan: Plan
    admin: AdminConfigDocument
    snapshot: Snapshot

    def decision_of(self, stored: StoredAction) -> Decision:
        """An approval or rejection with what its evidence is worth. Raises CannotContinue where a program lacks."""
        action = stored.record
        try:
            statement = self._statement(action.evidence)
        except Unproved as wrong:
            return Decision(action, stored.digest, stored.path, None, wrong.problem)
        problem = None
        if action.evidence is not None and statement.plan == self.plan.digest:
            try:
                self.check(action.evidence, statement, action.actor.email)
            except Unproved as wrong:
                problem = wrong.problem
        return Decision(action, stored.digest, stored.path, statement, problem)

    def check(self, evidence: Evidence, statement: ApprovalStatement, actor: str) -> None:
        """Looks at evidence for a statement. Raises Unproved, and CannotContinue where a program lacks."""
        signer = signers_of(self.admin).get(statement.email.lower(), Signer())
        text = statement.text.encode()
        match evidence.kind:
            case "ssh":
                self._ssh(signer, text, evidence.signature, statement.email)
            case "gpg":
                self._gpg(signer, text, evidence.signature, statement.email)
            case "oidc":
                self._token(signer, evidence.signature, statement)
            case "github-review":
                self._review(signer, evidence.signature, statement)
            case "git-identity":
                self._git_identity(statement.email, actor)

    @staticmethod
    def _statement(evidence: Evidence | None) -> ApprovalStatement:
        if evidence is None:
            raise Unproved("its record holds no evidence", codes.APPROVAL_UNSIGNED)
        try:
            statement = ApprovalStatement.model_validate_json(evidence.statement)
        except ValidationError as error:
            raise Unproved("its statement cannot be read") from error
        if statement.text != evidence.statement:
            raise Unproved("its statement is not in canonical form")
        return statement

    @staticmethod
    def _ssh(signer: Signer, text: bytes, signature: str, email: str) -> None:
        from innominatus_cli.system.ssh_signatures import verify  # noqa: PLC0415 - few approvals are read

        allowed = "".join(f'{_ANYBODY} namespaces="{SIGNATURE_NAMESPACE}" {key}\n' for key in signer.ssh)
        if not signer.ssh:
            raise Unproved(f"admin-config names no ssh key of {email}")
        if not verify(allowed, _ANYBODY, SIGNATURE_NAMESPACE, text, signature):
            raise Unproved(f"the signature is by no ssh key of {email}, or of something else")

    @staticmethod
    def _gpg(signer: Signer, text: bytes, signature: str, email: str) -> None:
        from innominatus_cli.system.gpg_signatures import fingerprint_of  # noqa: PLC0415 - few approvals are read

        if not signer.gpg:
            raise Unproved(f"admin-config names no gpg key of {email}")
        if fingerprint_of(text, signature) not in {key.upper() for key in signer.gpg}:
            raise Unproved(f"the signature is by no gpg key of {email}, of something else, or its key is not here")

    def _token(self, signer: Signer, text: str, statement: ApprovalStatement) -> None:
        from innominatus_cli.operations.openid_tokens import (  # noqa: PLC0415 - few approvals are read
            BadToken,
            check_token,
            take_apart,
        )

        try:
            token = take_apart(text)
            keys = self._keys_of(token.claims.get("iss"))
            check_token(token, keys, f"{AUDIENCE}{statement.plan}", statement.decided_at)
        except BadToken as bad:
            raise Unproved(f"the token does not hold: {bad}") from bad
        if token.claims.get("sub") not in signer.oidc:
            raise Unproved(f"admin-config does not name the subject '{token.claims.get('sub')}' for {statement.email}")

    def _keys_of(self, issuer: object) -> bytes:
        known = next((one for one in self.admin.approvals.oidc if one.issuer == issuer), None)
        if known is None:
            raise Unproved(f"admin-config knows no issuer '{issuer}'")
        keys = self.snapshot.read(known.jwks)
        if isinstance(keys, Finding):
            raise Unproved(f"the keys of '{issuer}' cannot be read: {keys.message}")
        return keys

    def _review(self, signer: Signer, text: str, statement: ApprovalStatement) -> None:
        if self.admin.approvals.reviews != "allow":
            message = "a review is the word of whoever fetched it, and `approvals.reviews` is not 'allow'"
            raise Unproved(message, codes.APPROVAL_UNSIGNED)
        review = review_of(text)
        if review["login"] not in {login.lower() for login in signer.github}:
            raise Unproved(f"admin-config does not name the account '{review['login']}' for {statement.email}")
        if _moment(review["at"]) != _moment(statement.decided_at):
            raise Unproved(f"the review is of {review['at']}, not of {statement.decided_at}")
        if review["state"] != _STATES[statement.action]:
            raise Unproved(f"the review is '{review['state']}', and the record says {statement.action}")
        self._same_sources(review["commit"])

    def _same_sources(self, commit: str) -> None:
        """What was reviewed has every source of the plan as the plan has it."""
        wanted = {source.path: source.object_id for source in self.plan.sources}
        try:
            there = self.git.entries_at(commit, sorted(wanted)) if self.git.commit_of(commit) else None
        except GitFailed:
            there = None
        if there is None:
            raise Unproved(f"the reviewed commit {commit[:12]} is not here")
        for path, object_id in wanted.items():
            if path not in there or there[path].object_id != object_id:
                raise Unproved(f"the reviewed commit {commit[:12]} has another '{path}' than the plan")

    def _git_identity(self, email: str, actor: str) -> None:
        if self.admin.approvals.unsigned != "allow":
            raise Unproved("git's own name and address prove nothing", codes.APPROVAL_UNSIGNED)
        if email.lower() != actor.lower():
            raise Unproved(f"its record is by {actor}, not by {email}")


def review_of(text: str) -> Mapping[str, str]:
    """What counts of a review, as GitHub's REST API gives one: login and state in lower case, commit, time.

    Raises Unproved where it is none.
    """
    try:
        data: Any = json.loads(text)
        found = {"login": data["user"]["login"].lower(), "state": data["state"].lower(), "commit": data["commit_id"]}
        found["at"] = data["submitted_at"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Unproved("it is no review of GitHub's API") from error
    if not all(isinstance(value, str) for value in found.values()) or len(found["commit"]) not in {40, 64}:
        raise Unproved("it is no review of GitHub's API")
    return found


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(microsecond=0)
    except ValueError:
        return None
