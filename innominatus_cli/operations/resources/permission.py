"""Whether somebody may do by hand what they ask for: judged as a run is, and a refusal is recorded as that of a run."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple

from innominatus_cli.documents.action_names import ACTIONS, Action
from innominatus_cli.documents.plan import Plan, PlannedStep
from innominatus_cli.documents.run_record import RunRecord
from innominatus_cli.documents.vocabulary import Operation
from innominatus_cli.findings.catalogue.execution import APPROVAL_NEEDED
from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import CannotContinue, Finding
from innominatus_cli.ledger.store import Store
from innominatus_cli.operations.acting import new_action
from innominatus_cli.operations.gatekeeping import Lineage, RunGates
from innominatus_cli.operations.history import OpenLedger
from innominatus_cli.operations.judging import Policies, policies_for
from innominatus_cli.operations.running import RunOperation, RunOptions
from innominatus_cli.planning.request import PlanOutcome
from innominatus_cli.system.clock import Clock, SystemClock

_DECISIONS: Final = frozenset({"approve", "reject"})


class HandOptions(NamedTuple):
    """How something is done by hand, whatever it is."""

    reason: str = ""
    """Why, for the record."""
    policies_from: str | None = None
    """The revision whose policies judge; None: the working tree."""
    clock: Clock | None = None


class Permission(NamedTuple):
    """That it may be done."""

    plan: str
    """The digest of the plan that was judged."""
    approvals: list[dict[str, Any]]
    """What opened the gates, as it is recorded."""
    findings: tuple[Finding, ...]
    """Warnings."""


class DoneByHand(NamedTuple):
    """What was done, and what was wrong on the way."""

    document: dict[str, Any]
    """`application`, `environment`, `action` (the id of its record), what it was done to, and more."""
    findings: tuple[Finding, ...] = ()
    lost: bool = False
    """Whether the record could not be written."""


def plan_by_hand(plan: Plan, step: PlannedStep, action: Action, inputs: Mapping[str, Any], description: str) -> Plan:
    """What is to be done by hand as a plan: one step, that of a deployment's `plan` with `inputs` of its own.

    The same thing to the same deployment is the same plan, so that an approval of it holds until either changes.
    Whoever approves reads the `description`.
    """
    alone: dict[str, Any] = {
        "conditions": type(step.conditions)(),
        "declared_outputs": [],
        "description": description,
        "input_files": [],
        "inputs": {**inputs},
        "name": action,
        "needs": [],
        "output_file": None,
        "retry": None,
        "rollback": None,
        "set_variables": {},
    }
    around: list[PlannedStep] = []
    groups = {one.id: one for one in plan.steps if one.group is not None}
    within = groups.get(step.within or "")
    while within is not None:  # their gates are in the way of this step too
        around.append(within.model_copy(update={"needs": [step.id]}))
        within = groups.get(within.within or "")
    update: dict[str, Any] = {
        "operation": Operation.TASK,
        "golden_path": action,
        "parameters": {},
        "sources": [],
        "workflows": [flow for flow in plan.workflows if flow.id == step.workflow_id],
        "steps": [step.model_copy(update=alone), *around],
        "lifetime_seconds": None,
        "rollback_on_failure": None,
    }
    return plan.model_copy(update=update)


def is_by_hand(plan: Plan) -> bool:
    """Whether a plan is of something done by hand: no task has the name of an action, without sources of its own."""
    return plan.operation is Operation.TASK and plan.golden_path in ACTIONS and not plan.sources


def permit(directory: str, plan: Plan, options: HandOptions) -> Permission:
    """Judges what is to be done by hand, by the policies and gates that a run of the same environment has.

    Raises CannotContinue where it may not be done: exit 3 where policies refuse it, 6 where an approval is missing.
    Then a refusal with the plan is in the ledger, which `approve` takes.
    """
    return _ByHand(directory, options.clock or SystemClock()).permit(plan, options)


def write_done(
    ledger: OpenLedger,
    action: Action,
    plan: Plan,
    run: str | None,
    about: Mapping[str, Any],
    allowed: Permission,
    options: HandOptions,
) -> DoneByHand:
    """Writes the action of what was done to what `run` deployed by `plan`."""
    details = {**about, **({"approvals": allowed.approvals} if allowed.approvals else {})}
    written = new_action(
        ledger,
        action,
        application=plan.application.name,
        environment=plan.environment,
        run=run,
        plan=allowed.plan,
        reason=options.reason,
        details=details,
        clock=options.clock,
    )
    landed = ledger.store.write_action(written, ledger.store.git.head())
    told = {
        "schema": "innominatus.dev/done-by-hand/v1",
        "application": written.application,
        "environment": written.environment,
        **details,
        "action": written.id,
    }
    return DoneByHand(told, (*allowed.findings, *landed.findings), landed.lost)


def waiting_by_hand(store: Store, application: str | None = None) -> list[str]:
    """The ids of refusals that an approval would let pass, one for each plan: not done yet, and not deployed over."""
    newest: dict[tuple[str, str, str], str] = {}
    deployed: dict[tuple[str, str], str] = {}
    for stored in store.records(application):
        record = stored.record
        where = (record.application, record.environment)
        if _lacks_approval(record):
            newest[(*where, record.plan or "")] = record.run
        elif record.status == "succeeded":
            deployed[where] = record.run
    done = {
        (one.record.application or "", one.record.environment or "", one.record.plan or ""): one.record.id
        for one in (store.actions(application) if newest else ())
        if one.record.action not in _DECISIONS
    }
    return [
        run for plan, run in newest.items() if run > done.get(plan, "") and run > deployed.get((plan[0], plan[1]), "")
    ]


def _lacks_approval(record: RunRecord) -> bool:
    return record.kind == "refusal" and any(one.code == APPROVAL_NEEDED.number for one in record.findings)


class _ByHand(RunOperation):
    """The judging of a run, for a plan that is there already."""

    def permit(self, plan: Plan, options: HandOptions) -> Permission:
        name = plan.application.metadata.get("organization")
        self.repository.organization = str(name) if name in self.repository.organizations() else ""
        run_options = RunOptions(policies_from=options.policies_from)
        report = self._judged(PlanOutcome(plan), plan, run_options)
        gates = report.gates
        closed = (
            gates is not None
            and report.exit_status in {ExitStatus.OK, ExitStatus.WAITS_FOR_APPROVAL}
            and any(gates.closed(step) for step in plan.steps)
        )
        if gates is not None and closed:
            findings = (*report.findings, *gates.findings())
            report = replace(report, exit_status=ExitStatus.WAITS_FOR_APPROVAL, findings=findings)
        if report.exit_status != ExitStatus.OK:
            report = self._refuse(plan, report, run_options)
            raise CannotContinue(*report.findings, exit_status=ExitStatus(report.exit_status))
        counted = [one.as_json() for one in gates.counted()] if gates is not None else []
        return Permission(plan.digest, counted, report.findings)

    def _policies(self, revision: str | None) -> Policies:
        """Those for a run, but for how much of a plan can be taken back: this is no deployment."""
        policies = policies_for(self.repository, self.git, revision)
        return policies._replace(rules=replace(policies.rules, rollback_coverage=None))

    def _gates(self, plan: Plan | None, policies: Policies) -> RunGates | None:
        gates = super()._gates(plan, policies)
        if gates is None or plan is None:
            return gates
        lineage = self._asked_before(plan)
        return replace(gates, lineage=lineage, then="give the same command again")

    def _asked_before(self, plan: Plan) -> Lineage:
        """Who asked for the same since it was done the last time: an approval is of one of these, and spent by that."""
        name, environment, digest = plan.application.name, plan.environment, plan.digest
        done = [
            one.record.id
            for one in self.store.actions(name, environment)
            if one.record.plan == digest and one.record.action not in _DECISIONS
        ]
        last = max(done, default="")
        asked = [
            one.record
            for one in self.store.records(name, environment)
            if one.record.kind == "refusal" and one.record.plan == digest and one.record.run > last
        ]
        runs = {self.run_id, *(record.run for record in asked)}
        return Lineage(frozenset(runs), frozenset({self.store.who.email, *(one.actor.email for one in asked)}))
