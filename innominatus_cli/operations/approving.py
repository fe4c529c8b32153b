"""`approve`, `reject` and `approvals`: what waits for whom, and decisions of people, signed and kept in the ledger."""

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

from innominatus_cli.documents.action_record import ActionRecord, Evidence
from innominatus_cli.documents.approval_statement import SIGNATURE_NAMESPACE, ApprovalStatement
from innominatus_cli.documents.plan import Plan
from innominatus_cli.findings.catalogue import approvals as codes
from innominatus_cli.findings.catalogue.locks import RUN_HAS_ENDED
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.ledger.store import WrittenAction
from innominatus_cli.operations.acting import new_action
from innominatus_cli.operations.approval_evidence import Unproved, review_of, signers_of
from innominatus_cli.operations.cancelling import is_cancelled
from innominatus_cli.operations.gatekeeping import Gatekeeper, Lineage
from innominatus_cli.operations.history import OpenLedger, cancelled_runs
from innominatus_cli.operations.judging import policies_for
from innominatus_cli.operations.logs import find_run
from innominatus_cli.operations.plan_files import read_plan_file
from innominatus_cli.operations.resources.permission import is_by_hand, waiting_by_hand
from innominatus_cli.policies.approvals import Decision, GateState
from innominatus_cli.policies.facts import teams_of
from innominatus_cli.policies.gates import AskedGate
from innominatus_cli.system.clock import Clock, SystemClock, later, timestamp
from innominatus_cli.system.files import is_named_file

_DIGEST: Final = re.compile(r"(?:sha256:)?([0-9a-f]{7,64})")
_NOT_YET: Final = (
    "Approve the run when it waits, or its plan before: a file that `plan --out` wrote. One that was killed has its "
    "record with the next command that runs."
)
_LARGEST: Final = 256 * 1024
_NONCE_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Proof:
    """With what a person proves who they are; all empty: git's own signing key."""

    key: str | None = None
    """An ssh key, as `ssh_signatures.sign` takes it."""
    gpg: bool = False
    token: str | None = None
    """The path of a file with an OpenID token."""
    review: str | None = None
    """The path of a file with a review, as GitHub's API gave it."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A decision that somebody wants to give on a plan: a file, a digest or a run."""

    action: Literal["approve", "reject"]
    target: str
    gates: tuple[str, ...] = ()
    reason: str = ""
    proof: Proof = Proof()
    policies_from: str | None = None
    commit: bool = True
    push: bool = False


@dataclass(frozen=True, slots=True)
class Given:
    """A decision that stands in the ledger, and what has come of the gates that it is for."""

    statement: ApprovalStatement
    written: WrittenAction
    states: tuple[GateState, ...]
    findings: tuple[Finding, ...]
    by_hand: str = ""
    """What somebody may do by hand now; empty where it is a run that goes on."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is approved: a plan, and the run that waits, where one was named."""

    plan: Plan
    run: str | None = None


def decide_on(ledger: OpenLedger, wish: Wish, clock: Clock | None = None) -> Given:
    """Signs a decision and writes it, where it counts. Raises CannotContinue where it would not: nothing is written."""
    now = clock or SystemClock()
    target = target_of(ledger, wish.target)
    if target.run is not None and is_cancelled(ledger, target.run):
        raise CannotContinue(Finding(RUN_HAS_ENDED, f"run {target.run} has ended: cancelled", Place(target.run)))
    keeper = keeper_of(ledger, target.plan, wish.policies_from, now)
    lineage = Lineage.of(ledger.store, target.run) if target.run is not None else Lineage()
    gates = _chosen(keeper, wish.gates)
    email = _email(keeper, wish.proof, ledger.store.who.email)
    action = new_action(
        ledger,
        wish.action,
        application=target.plan.application.name,
        environment=target.plan.environment,
        run=target.run,
        plan=target.plan.digest,
        reason=wish.reason,
        clock=now,
    )
    decided_at = _decided_at(wish.proof) or action.at
    statement = _statement(action, gates, email, teams_of(email, keeper.rules.teams), decided_at)
    statement = _for_gates_that_count(keeper, lineage, action, statement)
    action = action.model_copy(update={"evidence": _signed(keeper, statement, wish.proof)})
    decision = Decision(action, action.digest, wish.target, statement)
    _prove(keeper, decision)
    written = ledger.store.write_action(action, ledger.store.git.head(), commit=wish.commit)
    findings = list(written.findings)
    if wish.push:
        written, unpushed = ledger.store.push(written)
        findings += unpushed
    states = keeper.states(lineage)
    opened = tuple(states[gate] for gate in statement.gates)
    return Given(statement, written, opened, tuple(findings), _by_hand(target.plan))


def target_of(ledger: OpenLedger, named: str) -> Target:
    """The plan that a person means. Raises CannotContinue where there is none."""
    if is_named_file(named):
        return Target(read_plan_file(named).file.plan)
    store = ledger.store
    digest = _DIGEST.fullmatch(named)
    if digest:
        plans = {record.record.plan for record in store.records() if record.record.plan}
        meant = [plan for plan in plans if plan.removeprefix("sha256:").startswith(digest[1])]
        plan = store.plan(meant[0]) if len(meant) == 1 else None
        if plan is not None:
            return Target(plan)
    elif "/" not in named and not named.endswith(".json"):
        run = find_run(ledger, named)
        stored = store.record(run)
        plan = store.plan(stored.record.plan) if stored is not None and stored.record.plan is not None else None
        if plan is not None:
            return Target(plan, run)
        if stored is None:
            message = f"run {run} has no record yet: it works, or it was killed"
            raise CannotContinue(Finding(codes.NO_SUCH_PLAN, message, Place(named), _NOT_YET))
        raise CannotContinue(Finding(codes.NO_SUCH_PLAN, f"run {run} left no plan in the ledger", Place(named)))
    raise CannotContinue(Finding(codes.NO_SUCH_PLAN, f"there is no plan '{named}'", Place(named)))


def keeper_of(ledger: OpenLedger, plan: Plan, policies_from: str | None, clock: Clock) -> Gatekeeper:
    """Who judges the gates of a plan, by the working tree's policies or those of a revision."""
    store = ledger.store
    policies = policies_for(ledger.repository, store.git, policies_from)
    snapshot = policies.repository.snapshot
    return Gatekeeper(store.git, store, plan, policies.rules, policies.admin, snapshot, clock)


def waiting(
    ledger: OpenLedger, run: str | None = None, application: str | None = None, policies_from: str | None = None
) -> list[dict[str, Any]]:
    """The gates of one run, or of the last run of each application and environment that waits, as rows.

    What somebody asked to do by hand, and may not do yet, is among them.
    """
    clock = SystemClock()
    if run is not None:
        runs = [find_run(ledger, run)]
    else:
        last = {
            (one.record.application, one.record.environment): one.record
            for one in ledger.store.records(application)
            if one.record.kind != "refusal"
        }
        waits = [record.run for record in last.values() if record.status == "waiting"]
        cancelled = cancelled_runs(ledger) if waits else frozenset()
        runs = [name for name in waits if name not in cancelled]
        runs += waiting_by_hand(ledger.store, application)
    rows = []
    for name in runs:
        target = target_of(ledger, name)
        keeper = keeper_of(ledger, target.plan, policies_from, clock)
        states = keeper.states(Lineage.of(ledger.store, name))
        rows += [_row(target, state) for state in states.values()]
    return rows


def _row(target: Target, state: GateState) -> dict[str, Any]:
    return {
        "application": target.plan.application.name,
        "environment": target.plan.environment,
        "run": target.run,
        "plan": target.plan.digest,
        "gate": state.gate.id,
        "teams": list(state.gate.teams),
        "count": state.gate.quorum,
        "state": "open" if state.is_open else "rejected" if state.rejections else "waiting",
        "asks": state.gate.asks,
        "message": _message(target.plan, state.gate.id),
        "given": [one.as_json() for one in state.counted],
        "by": ", ".join(one.email for one in state.counted) or "-",
        "against": [f"{one.code.number}: {one.message}" for one in (*state.rejections, *state.refused)],
    }


def _message(plan: Plan, gate: str) -> str:
    """What a step of type `approval` tells those who approve, or what is to be done by hand; empty for other gates."""
    by_hand = _by_hand(plan)
    if by_hand:
        return by_hand
    inputs = next((step.inputs for step in plan.steps if step.id == gate and step.type == "approval"), {})
    return str(inputs.get("message", ""))


def _by_hand(plan: Plan) -> str:
    return plan.steps[0].description if is_by_hand(plan) else ""


def _chosen(keeper: Gatekeeper, named: Iterable[str]) -> list[AskedGate]:
    """The gates that are meant: all of the plan, or those named by id or by the end of an id."""
    known = keeper.gates.by_id
    if not known:
        raise CannotContinue(Finding(codes.NOTHING_TO_APPROVE, "the plan has no gate", Place("plan")))
    chosen = []
    for name in named:
        meant = [gate for gate in known.values() if gate.id == name or gate.id.endswith(f"/{name}")]
        if len(meant) != 1:
            what = f"{len(meant)} gates end in '{name}'" if meant else f"the plan has no gate '{name}'"
            raise CannotContinue(Finding(codes.UNKNOWN_GATE, what, Place("--gate"), did_you_mean(name, known)))
        chosen += meant
    return chosen or list(known.values())


def _email(keeper: Gatekeeper, proof: Proof, own: str) -> str:
    """Who decides: the operator, or the member that a token or review stands for."""
    if proof.token is None and proof.review is None:
        return own
    text = _evidence_text(proof.token or proof.review or "")
    if proof.token is not None:
        from innominatus_cli.operations.openid_tokens import BadToken, take_apart  # noqa: PLC0415 - few approve so

        try:
            subject, kind = str(take_apart(text).claims.get("sub")), "oidc"
        except BadToken as bad:
            raise _unreadable(proof.token, str(bad)) from bad
    else:
        try:
            subject, kind = review_of(text)["login"], "github"
        except Unproved as wrong:
            raise _unreadable(proof.review or "", wrong.problem[1]) from wrong
    meant = [
        email
        for email, signer in signers_of(keeper.admin).items()
        if subject in {name.lower() if kind == "github" else name for name in getattr(signer, kind)}
    ]
    if len(meant) != 1:
        message = f"admin-config names {len(meant) or 'no'} members for '{subject}'"
        raise CannotContinue(Finding(codes.SIGNATURE_WRONG, message, Place("evidence")))
    return meant[0]


def _decided_at(proof: Proof) -> str | None:
    """When a review was given: the same one shown again later must not hold for longer. None for other proofs."""
    if proof.review is None:
        return None
    try:
        return timestamp(datetime.fromisoformat(review_of(_evidence_text(proof.review))["at"]).astimezone(UTC))
    except (Unproved, ValueError) as wrong:
        raise _unreadable(proof.review, "it does not say when it was submitted") from wrong


def _statement(
    action: ActionRecord, gates: list[AskedGate], email: str, teams: list[str], decided_at: str
) -> ApprovalStatement:
    if action.plan is None or action.application is None or action.environment is None:
        raise AssertionError("an approval is of a plan")
    ends = later(datetime.fromisoformat(decided_at), max(gate.expires_seconds for gate in gates))
    return ApprovalStatement(
        action="reject" if action.action == "reject" else "approve",
        record=action.id,
        plan=action.plan,
        run=action.run,
        gates=sorted(gate.id for gate in gates),
        application=action.application,
        environment=action.environment,
        teams=teams,
        email=email,
        decided_at=decided_at,
        expires_at=timestamp(ends),
        nonce=secrets.token_hex(_NONCE_BYTES),
    )


def _for_gates_that_count(
    keeper: Gatekeeper, lineage: Lineage, action: ActionRecord, statement: ApprovalStatement
) -> ApprovalStatement:
    """The statement for those of its gates that it counts for, its evidence aside. Raises CannotContinue for none."""
    new = Decision(action, action.digest, statement.email, statement)
    states = keeper.states(lineage, [new])
    against = {gate: [one for one in states[gate].refused if one.place.path == new.path] for gate in statement.gates}
    counting = [gate for gate, findings in against.items() if not findings]
    if not counting:
        raise CannotContinue(*dict.fromkeys(one for findings in against.values() for one in findings))
    return statement.model_copy(update={"gates": counting})


def _signed(keeper: Gatekeeper, statement: ApprovalStatement, proof: Proof) -> Evidence:
    """The evidence for a statement. Raises CannotContinue where there is nothing to sign with."""
    text = statement.text
    if proof.token is not None or proof.review is not None:
        kind: Literal["oidc", "github-review"] = "oidc" if proof.token is not None else "github-review"
        given = _evidence_text(proof.token or proof.review or "")
        return Evidence(kind=kind, statement=text, signature=given.strip(), signer=statement.email)
    if proof.gpg:
        from innominatus_cli.system.gpg_signatures import sign as sign_with_gpg  # noqa: PLC0415 - few approve so

        fingerprints = signers_of(keeper.admin)[statement.email.lower()].gpg if _knows_gpg(keeper, statement) else []
        signature = sign_with_gpg(proof.key or (fingerprints[0] if fingerprints else None), text.encode())
        return Evidence(kind="gpg", statement=text, signature=signature, signer=statement.email)
    from innominatus_cli.system.ssh_signatures import sign, signing_key  # noqa: PLC0415 - only who approves signs

    key = proof.key or signing_key(keeper.git)
    if key is not None:
        signature = sign(key, SIGNATURE_NAMESPACE, text.encode())
        return Evidence(kind="ssh", statement=text, signature=signature, signer=statement.email)
    if keeper.admin.approvals.unsigned == "allow":
        return Evidence(kind="git-identity", statement=text, signature="", signer=statement.email)
    message = "no key is named by --key or --gpg, nor by git's user.signingkey"
    raise CannotContinue(Finding(codes.NO_SIGNING_KEY, message, Place("git config")))


def _knows_gpg(keeper: Gatekeeper, statement: ApprovalStatement) -> bool:
    signer = signers_of(keeper.admin).get(statement.email.lower())
    return signer is not None and bool(signer.gpg)


def _prove(keeper: Gatekeeper, decision: Decision) -> None:
    """Looks at the evidence as every run will. Raises CannotContinue where it does not hold."""
    if decision.statement is None or decision.action.evidence is None:
        raise AssertionError("a decision is signed before it is proved")
    try:
        keeper.room.check(decision.action.evidence, decision.statement, decision.action.actor.email)
    except Unproved as wrong:
        code, message = wrong.problem
        raise CannotContinue(Finding(code, message, Place(decision.statement.email))) from wrong


def _evidence_text(path: str) -> str:
    try:
        with Path(path).open("rb") as stream:
            data = stream.read(_LARGEST + 1)
        if len(data) > _LARGEST:
            raise _unreadable(path, "it is too large")
        return data.decode("utf-8")
    except OSError as problem:
        raise _unreadable(path, problem.strerror or "it cannot be read") from problem
    except UnicodeDecodeError as problem:
        raise _unreadable(path, "it is no text") from problem


def _unreadable(path: str, why: str) -> CannotContinue:
    return CannotContinue(Finding(codes.EVIDENCE_UNREADABLE, f"'{path}': {why}", Place("evidence")))
