"""Which gates are open: every approval held against every rule, without I/O or a clock.

An approval counts for a gate where its evidence holds, its record says what was signed, it names this plan, run and
gate, it comes from a member of one of the gate's teams who neither runs the plan nor has written what changed, and it
has not expired. A gate is open when enough different people have approved, and none who may has rejected since.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from innominatus_cli.documents.action_record import ActionRecord
from innominatus_cli.documents.approval_statement import ApprovalStatement
from innominatus_cli.documents.run_record import CountedApproval
from innominatus_cli.findings.catalogue import approvals as codes
from innominatus_cli.findings.finding import Code, Finding, Place
from innominatus_cli.policies.facts import teams_of
from innominatus_cli.policies.gates import AskedGate
from innominatus_cli.system.clock import later


class Decision(NamedTuple):
    """An approval or rejection of the ledger, after somebody looked at its evidence."""

    action: ActionRecord
    digest: str
    """Of its record."""
    path: str
    statement: ApprovalStatement | None
    """What the evidence says; None where that is no statement."""
    problem: tuple[Code, str] | None = None
    """Why its evidence does not hold."""

    @property
    def evidence(self) -> str:
        """What proves who it was."""
        return self.action.evidence.kind if self.action.evidence is not None else "git-identity"


class ApprovalFacts(NamedTuple):
    """What the rules take from outside: of the plan, the run, the repository's history and the judging revision."""

    plan: str
    application: str
    environment: str
    now: str
    """RFC 3339 in UTC."""
    teams: Mapping[str, tuple[str, ...]]
    runs: Collection[str] = ()
    """The run that asks and those that it goes on with."""
    invokers: Collection[str] = ()
    """Addresses of who started those."""
    authors: Collection[str] = ()
    """Addresses of who changed the plan's sources since the last successful deployment."""
    aliases: Mapping[str, tuple[str, ...]] = {}
    """Other addresses of people, by the one under which they approve, in lower case."""


class GateState(NamedTuple):
    """What came of one gate."""

    gate: AskedGate
    counted: tuple[CountedApproval, ...]
    refused: tuple[Finding, ...]
    """Approvals that do not count, each with its code."""
    rejections: tuple[Finding, ...]

    @property
    def is_open(self) -> bool:
        """Whether a step behind it may start."""
        return not self.rejections and len(self.counted) >= self.gate.quorum

    @property
    def lacks(self) -> str:
        """The same, with what the gate stands before."""
        return f"{self.gate.what}: {self.wants}"

    @property
    def wants(self) -> str:
        """Why it is closed, in words: `2 of platform-team must approve it (1 has)`."""
        if self.rejections:
            return "it was rejected"
        had = f" ({len(self.counted)} has)" if len(self.counted) == 1 else f" ({len(self.counted)} have)"
        return f"{self.gate.asks} must approve it{had if self.counted else ''}"


def judge_approvals(
    gates: Iterable[AskedGate], decisions: Iterable[Decision], facts: ApprovalFacts
) -> dict[str, GateState]:
    """The state of each gate by its id. `decisions` are in the order of the ledger, the oldest first."""
    nonces: set[str] = set()
    known = [(decision, _unfit(decision, facts, nonces)) for decision in decisions]
    return {gate.id: _state(gate, known, facts) for gate in gates}


def _state(gate: AskedGate, known: list[tuple[Decision, Finding | None]], facts: ApprovalFacts) -> GateState:
    counted: dict[str, CountedApproval] = {}
    rejections: dict[str, Finding] = {}
    refused: list[Finding] = []
    for decision, unfit in known:
        statement = decision.statement
        if unfit is not None or statement is None:
            if unfit is not None and (statement is None or gate.id in statement.gates):
                refused.append(unfit)
            continue
        if gate.id not in statement.gates:
            continue
        person = min(_addresses(statement.email, facts.aliases))
        against = _not_for(gate, decision, statement, facts)
        if against is not None:
            refused.append(against)
        elif statement.action == "reject":
            counted.pop(person, None)
            why = f": {decision.action.reason}" if decision.action.reason else ""
            rejections[person] = _finding(decision, codes.GATE_REJECTED, f"{statement.email.lower()} rejected it{why}")
        else:
            rejections.pop(person, None)
            counted[person] = CountedApproval(
                gate=gate.id,
                record=decision.digest,
                email=statement.email,
                team=_teams(gate, statement, facts)[0],
                evidence=decision.evidence,
            )
    return GateState(gate, tuple(counted.values()), tuple(refused), tuple(rejections.values()))


def _unfit(decision: Decision, facts: ApprovalFacts, nonces: set[str]) -> Finding | None:
    """Why a decision counts for no gate of this plan."""
    if decision.problem is not None:
        return _finding(decision, *decision.problem)
    statement = decision.statement
    if statement is None:
        return _finding(decision, codes.SIGNATURE_WRONG, "its statement cannot be read")
    copied = _copied(decision, statement)
    if copied or statement.nonce in nonces:
        why = copied or "another record has the same statement"
        return _finding(decision, codes.APPROVAL_REPLAYED, f"the signature of {statement.email} is not its own: {why}")
    nonces.add(statement.nonce)
    if (statement.plan, statement.application, statement.environment) != (
        facts.plan,
        facts.application,
        facts.environment,
    ):
        message = f"{statement.email} approved plan {_short(statement.plan)}, and this is {_short(facts.plan)}"
        return _finding(decision, codes.OTHER_PLAN_APPROVED, message)
    if statement.run is not None and statement.run not in facts.runs:
        message = f"{statement.email} approved run {statement.run} only"
        return _finding(decision, codes.OTHER_PLAN_APPROVED, message)._replace(remedy=_OF_A_RUN)
    return None


def _copied(decision: Decision, statement: ApprovalStatement) -> str:
    """Where the record says something else than what was signed."""
    action = decision.action
    pairs = {
        "record": (action.id, statement.record),
        "action": (action.action, statement.action),
        "plan": (action.plan, statement.plan),
        "run": (action.run, statement.run),
        "application": (action.application, statement.application),
        "environment": (action.environment, statement.environment),
    }
    return next(
        (
            f"it was made for {name} '{signed}', not '{said}'"
            for name, (said, signed) in pairs.items()
            if said != signed
        ),
        "",
    )


def _not_for(gate: AskedGate, decision: Decision, statement: ApprovalStatement, facts: ApprovalFacts) -> Finding | None:
    """Why a decision does not count for one gate; a rejection may come from anybody of the teams, at any time."""
    if not _teams(gate, statement, facts):
        message = f"{statement.email} is not of {', '.join(gate.teams) or 'any team'}"
        return _finding(decision, codes.NOT_IN_TEAM, f"{gate.what}: {message}")
    if statement.action == "reject":
        return None
    own = _addresses(statement.email, facts.aliases)
    if own.intersection(_lower(facts.invokers)):
        return _finding(decision, codes.APPROVED_BY_INVOKER, f"{gate.what}: {statement.email} runs it")
    if own.intersection(_lower(facts.authors)):
        message = f"{gate.what}: {statement.email} has changed what it is made from"
        return _finding(decision, codes.APPROVED_BY_AUTHOR, message)
    return _expired(gate, decision, statement, facts)


def _addresses(email: str, aliases: Mapping[str, tuple[str, ...]]) -> set[str]:
    """All addresses of a person, by any of them: a new one may name the old one as its alias, or the other way."""
    found = {email.lower()}
    groups = [{one, *others} for one, others in aliases.items()]
    while grown := next((group for group in groups if group & found and not group <= found), None):
        found |= grown
    return found


def _expired(gate: AskedGate, decision: Decision, statement: ApprovalStatement, facts: ApprovalFacts) -> Finding | None:
    try:
        now, decided = datetime.fromisoformat(facts.now), datetime.fromisoformat(statement.decided_at)
        ends = min(later(decided, gate.expires_seconds), datetime.fromisoformat(statement.expires_at))
        if now < decided - _SKEW:
            message = f"the approval of {statement.email} is dated {statement.decided_at}, which is in the future"
        elif now < ends:
            return None
        else:
            message = f"the approval of {statement.email} held until {_text(ends)}"
    except (ValueError, TypeError, OverflowError):
        message = f"the approval of {statement.email} has no readable time"
    return _finding(decision, codes.APPROVAL_EXPIRED, f"{gate.what}: {message}")


_SHORT: Final = len("sha256:") + 12
_OF_A_RUN: Final = (
    "Approve this run too. An approval of the plan's digest, or of a plan file, is for every run of the plan."
)
_SKEW: Final = timedelta(minutes=5)
"""How far the clocks of two machines may be apart."""


def _teams(gate: AskedGate, statement: ApprovalStatement, facts: ApprovalFacts) -> list[str]:
    """The teams that a person may decide for, and does."""
    may = teams_of(statement.email, facts.teams)
    return [team for team in may if team in statement.teams and (not gate.teams or team in gate.teams)]


def _finding(decision: Decision, code: Code, message: str) -> Finding:
    return Finding(code, message, Place(decision.path))


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _lower(addresses: Iterable[str]) -> set[str]:
    return {address.lower() for address in addresses}


def _short(digest: str) -> str:
    return f"{digest[:_SHORT]}…"
