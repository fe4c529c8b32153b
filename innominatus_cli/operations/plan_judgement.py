"""What policies would say to a run of a plan, and which approvals it would wait for, before anybody runs it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from innominatus_cli.documents.admin_config import AdminConfigDocument
from innominatus_cli.documents.plan import Plan
from innominatus_cli.documents.repository import Repository
from innominatus_cli.findings.catalogue.policy import APPROVAL_NEEDED
from innominatus_cli.findings.finding import CannotContinue, Finding, Severity
from innominatus_cli.ledger.working_tree import WorkingTreeStore
from innominatus_cli.operations.gatekeeping import Gatekeeper, Lineage
from innominatus_cli.operations.judging import Policies, judgement_on, policies_for
from innominatus_cli.planning.request import PlanOutcome
from innominatus_cli.policies.approvals import GateState
from innominatus_cli.policies.facts import Judgement
from innominatus_cli.policies.gates import ENVIRONMENT
from innominatus_cli.system.clock import Clock, timestamp


class PlanJudgement(NamedTuple):
    """What would become of a run of a plan, started now by whoever asks."""

    judgement: Judgement
    closed: tuple[GateState, ...] = ()
    """The gates that still lack an approval, those of the environment first."""
    sources: Mapping[str, str] = MappingProxyType({})
    """The texts of policies of another revision."""
    troubles: tuple[Finding, ...] = ()
    """Why nobody can say which approvals count already."""

    @property
    def refused(self) -> tuple[Finding, ...]:
        """The policies that would end the run before its first step; an approval that is waited for is none."""
        errors = (one for one in self.judgement.findings if one.severity is Severity.ERROR)
        return tuple(one for one in errors if one.code is not APPROVAL_NEEDED or not self.waits)

    @property
    def waits(self) -> bool:
        """Whether the environment's gate keeps every step waiting."""
        return any(state.gate.id == ENVIRONMENT for state in self.closed)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is to be told beside the plan: everything but the approvals, which `closed` has."""
        told = (one for one in self.judgement.findings if one.code is not APPROVAL_NEEDED or not self.waits)
        return (*told, *self.troubles)


def judged_plan(
    repository: Repository, store: WorkingTreeStore, outcome: PlanOutcome, revision: str | None, clock: Clock
) -> PlanJudgement | None:
    """What would become of the plan, or of the sketch of one, under the policies of a revision; None without either.

    `revision` None means those of `repository`. Raises CannotContinue where the policies cannot be read.
    """
    judged = outcome.plan or outcome.sketch
    if judged is None:
        return None
    policies = policies_for(repository, store.git, revision)
    closed, troubles = _closed(store, outcome.plan, policies, clock)
    environment_is_open = outcome.plan is not None and all(state.gate.id != ENVIRONMENT for state in closed)
    config = repository.admin_config()
    admin = config.model if config is not None else AdminConfigDocument()
    now = timestamp(clock.now())
    judgement = judgement_on(judged, outcome, policies.rules, store.who, now, admin, approved=environment_is_open)
    return PlanJudgement(judgement, closed, policies.sources, troubles)


def _closed(
    store: WorkingTreeStore, plan: Plan | None, policies: Policies, clock: Clock
) -> tuple[tuple[GateState, ...], tuple[Finding, ...]]:
    """The gates that a new run would find closed, and why some could not be looked at."""
    if plan is None:
        return (), ()
    keeper = Gatekeeper(store.git, store, plan, policies.rules, policies.admin, policies.repository.snapshot, clock)
    if not keeper.gates.by_id:
        return (), ()
    lineage = Lineage.of(store, clock.new_id(), store.who.email)
    try:
        states = keeper.states(lineage)
    except CannotContinue as stop:
        return tuple(GateState(gate, (), (), ()) for gate in keeper.gates.by_id.values()), stop.findings
    return tuple(state for state in states.values() if not state.is_open), ()
