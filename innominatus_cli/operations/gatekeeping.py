"""The gates of a plan in a repository: what the ledger says of them, judged now; and what a run asks on its way."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from innominatus_cli.documents.admin_config import AdminConfigDocument
from innominatus_cli.documents.plan import Plan, PlannedStep
from innominatus_cli.documents.repository import ADMIN_CONFIG
from innominatus_cli.documents.run_record import CountedApproval
from innominatus_cli.documents.snapshot import Snapshot
from innominatus_cli.findings.catalogue.approvals import AUTHORS_UNKNOWN
from innominatus_cli.findings.catalogue.execution import APPROVAL_NEEDED
from innominatus_cli.findings.finding import CannotContinue, Finding, Place, Severity
from innominatus_cli.ledger.store import Store
from innominatus_cli.operations.approval_evidence import EvidenceRoom, signers_of
from innominatus_cli.policies.approvals import ApprovalFacts, Decision, GateState, judge_approvals
from innominatus_cli.policies.gates import ENVIRONMENT, RESOURCE, WORKFLOW, AskedGate, PlanGates
from innominatus_cli.policies.policy_set import PolicySet
from innominatus_cli.system.clock import Clock, timestamp
from innominatus_cli.system.git import Git

_DEPLOYMENTS: Final = frozenset({"run", "resume"})
_LOOK_SECONDS: Final = 5.0
"""How long what a closed gate said is good for, while a run goes on."""


@dataclass(frozen=True)
class Lineage:
    """A run and those that it goes on with, and who started them."""

    runs: frozenset[str] = frozenset()
    invokers: frozenset[str] = frozenset()

    @classmethod
    def of(cls, store: Store, run: str, invoker: str | None = None, resumes: str | None = None) -> "Lineage":
        """Of a run that has a record, or of one that is about to begin (`invoker`) and may resume another."""
        runs, invokers = [run], [invoker] if invoker else []
        earlier: str | None = resumes if invoker else run
        while earlier is not None:
            stored = store.record(earlier)
            runs.append(earlier)
            if stored is None:
                break
            invokers.append(stored.record.actor.email)
            earlier = stored.record.resumes if stored.record.resumes not in runs else None
        return cls(frozenset(runs), frozenset(invokers))


@dataclass(frozen=True)
class Gatekeeper:
    """Judges the gates of one plan. `rules`, `admin` and `snapshot` are of the revision whose policies judge."""

    git: Git
    store: Store
    plan: Plan
    rules: PolicySet
    admin: AdminConfigDocument
    snapshot: Snapshot
    clock: Clock

    @cached_property
    def gates(self) -> PlanGates:
        """The gates of the plan."""
        required = self.rules.require_approval
        return PlanGates(self.plan, required.value if required is not None else (), self.admin.approvals)

    @property
    def room(self) -> EvidenceRoom:
        """Where evidence is looked at."""
        return EvidenceRoom(self.git, self.plan, self.admin, self.snapshot)

    def states(self, lineage: Lineage, new: Iterable[Decision] = ()) -> dict[str, GateState]:
        """The state of every gate by its id, `new` decisions counted as if they stood in the ledger.

        Raises CannotContinue where nobody can say who the authors are.
        """
        decisions = [*self.decisions(), *new] if self.gates.by_id else []
        return judge_approvals(self.gates.by_id.values(), decisions, self.facts(lineage, known=bool(decisions)))

    def decisions(self) -> list[Decision]:
        """Approvals and rejections of this plan; of other ones, those since the last success that a change voided."""
        since = self._last_success
        found = []
        for stored in self.store.actions(self.plan.application.name, self.plan.environment):
            action = stored.record
            if action.action in {"approve", "reject"} and (action.plan == self.plan.digest or action.at > since[1]):
                found.append(self.room.decision_of(stored))
        return found

    def facts(self, lineage: Lineage, *, known: bool = True) -> ApprovalFacts:
        """What the rules need; authors only where there is something to judge."""
        aliases = {
            email: tuple(one.lower() for one in signer.aliases) for email, signer in signers_of(self.admin).items()
        }
        return ApprovalFacts(
            plan=self.plan.digest,
            application=self.plan.application.name,
            environment=self.plan.environment,
            now=timestamp(self.clock.now()),
            teams=self.rules.teams,
            runs=lineage.runs,
            invokers=lineage.invokers,
            authors=self.authors if known else (),
            aliases=aliases,
        )

    @cached_property
    def authors(self) -> frozenset[str]:
        """Who changed the plan's sources since the last successful deployment. Raises CannotContinue."""
        from innominatus_cli.system.git_authors import authors_since  # noqa: PLC0415 - few plans have gates

        found = authors_since(self.git, self._last_success[0], [source.path for source in self.plan.sources])
        if found is None:
            message = "the history of this clone ends before the last deployment: authors are not known"
            raise CannotContinue(Finding(AUTHORS_UNKNOWN, message, Place("git log")))
        return found

    @cached_property
    def _last_success(self) -> tuple[str | None, str]:
        """The commit of the last successful deployment, and when it ended."""
        records = self.store.records(self.plan.application.name, self.plan.environment)
        for stored in reversed(records):
            if stored.record.kind in _DEPLOYMENTS and stored.record.status == "succeeded":
                return stored.record.commit, stored.record.finished_at
        return None, ""


@dataclass
class RunGates:
    """The gates of a run (`execution.gates`): asked before each step, looked up again while they are closed."""

    keeper: Gatekeeper
    run: str
    lineage: Lineage
    then: str = ""
    """What to do once they are open; empty: resume the run."""
    _open: dict[str, GateState] = field(default_factory=dict)
    _closed: dict[str, GateState] = field(default_factory=dict)
    _looked: float | None = None
    _told: int = 0

    def environment_is_open(self) -> bool:
        """Whether nothing keeps this run out of its environment."""
        gate = self.keeper.gates.by_id.get(ENVIRONMENT)
        return gate is None or self._state(gate).is_open

    def closed(self, step: PlannedStep) -> str:
        """Why a step has to wait; empty where every gate before it is open."""
        if not self.keeper.gates.by_id:
            return ""
        states = map(self._state, self.keeper.gates.before(step))
        closed = next((state for state in states if not state.is_open), None)
        if closed is None:
            return ""
        return closed.wants if closed.gate.id == step.id else closed.lacks

    def counted(self) -> list[CountedApproval]:
        """The approvals that have opened gates since this was asked last."""
        every = [one for state in self._open.values() for one in state.counted]
        new, self._told = every[self._told :], len(every)
        return new

    def findings(self) -> list[Finding]:
        """Each closed gate that was asked, with what to do, and, as warnings, each approval that does not count."""
        asked = list(self._closed.values())
        told = [self._needed(state) for state in asked]
        against = [one for state in asked for one in (*state.rejections, *state.refused)]
        told += [one._replace(severity_override=Severity.WARNING) for one in against]
        return list(dict.fromkeys(told))

    def _needed(self, state: GateState) -> Finding:
        who = f"a member of {', '.join(state.gate.teams) or 'any team'}"
        then = self.then or f"run `innominatus-ctl resume {self.run}`"
        remedy = f"Let {who} run `innominatus-ctl approve {self.run}`; then {then}."
        return Finding(APPROVAL_NEEDED, state.lacks, self._place(state.gate), remedy)

    def _place(self, gate: AskedGate) -> Place:
        plan = self.keeper.plan
        flow = next((flow for flow in plan.workflows if gate.id == f"{WORKFLOW}{flow.id}"), None)
        if flow is not None:
            return Place(flow.path, flow.line, flow.column)
        required = self.keeper.rules.require_approval
        if gate.id == ENVIRONMENT and required is not None and plan.environment in required.value:
            return required.place_of(plan.environment)
        where = next(
            (step.provenance for step in plan.steps if step.id in {gate.id, gate.id.removeprefix(WORKFLOW)}), None
        )
        if where is None:
            return Place(ADMIN_CONFIG if gate.id.startswith((RESOURCE, ENVIRONMENT)) else "")
        return Place(where.path, where.line, where.column)

    def _state(self, gate: AskedGate) -> GateState:
        if gate.id in self._open:
            return self._open[gate.id]
        now = self.keeper.clock.monotonic()
        if gate.id not in self._closed or self._looked is None or now - self._looked > _LOOK_SECONDS:
            states = self.keeper.states(self.lineage)
            self._looked = now
            asked = {*self._closed, *self._open, gate.id}
            for name, state in states.items():
                self._closed.pop(name, None)
                if name in asked:
                    (self._open if state.is_open else self._closed)[name] = state
        return self._open.get(gate.id) or self._closed[gate.id]
