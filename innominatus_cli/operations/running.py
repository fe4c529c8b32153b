"""`run`: read, plan, judge, execute, record. The plan that `plan` prints is the plan that runs."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import SystemRandom
from typing import TYPE_CHECKING

from innominatus_cli import __version__
from innominatus_cli.documents.admin_config import AdminConfigDocument
from innominatus_cli.documents.plan import Plan
from innominatus_cli.documents.repository import Repository
from innominatus_cli.documents.run_record import Assumption, RecordKind, RunRecord
from innominatus_cli.documents.snapshot import WorkingTreeSnapshot
from innominatus_cli.execution.engine import DEFAULT_PARALLEL, ExecutionOptions, execute_plan
from innominatus_cli.execution.observer import Observer
from innominatus_cli.execution.opening import close_run, open_run
from innominatus_cli.execution.options import INTENTS_AHEAD
from innominatus_cli.execution.past import Past
from innominatus_cli.execution.redaction import Redactor
from innominatus_cli.execution.replay import concluded, told
from innominatus_cli.execution.secrecy import clean_errors
from innominatus_cli.execution.setting import RunSetting
from innominatus_cli.findings.catalogue import ledger as ledger_codes
from innominatus_cli.findings.catalogue.plan_files import PLAN_STALE
from innominatus_cli.findings.catalogue.policy import APPROVAL_NEEDED
from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import CannotContinue, Finding, Place, Severity
from innominatus_cli.ledger.opening import store_for
from innominatus_cli.ledger.store import Written
from innominatus_cli.operations.gatekeeping import Gatekeeper, Lineage, RunGates
from innominatus_cli.operations.input_comparison import InputComparison
from innominatus_cli.operations.judging import Policies, judgement_on, policies_for
from innominatus_cli.operations.locking import RunLocks
from innominatus_cli.operations.plan_files import HeldPlan, request_of
from innominatus_cli.operations.planning import PlanWish, plan_with
from innominatus_cli.operations.record_gate import through_the_gate
from innominatus_cli.operations.recovering import recover
from innominatus_cli.operations.resources.changes import orphans_left
from innominatus_cli.operations.run_exit import exit_status_of
from innominatus_cli.operations.secret_values import delivery_of, secrets_for
from innominatus_cli.planning.request import PlanOutcome
from innominatus_cli.planning.rollback import rolls_back_now
from innominatus_cli.policies.facts import Judgement
from innominatus_cli.system.child import CI_LADDER, StopLadder
from innominatus_cli.system.clock import Clock, later, timestamp
from innominatus_cli.system.git import Git, Head
from innominatus_cli.system.locks import Holder
from innominatus_cli.system.signals import SignalPipe
from innominatus_cli.system.state_folder import StateFolder

if TYPE_CHECKING:
    from innominatus_cli.documents.plan_file import PlannedRequest
    from innominatus_cli.operations.checkpoints import Checkpoints


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a run is done, beside what is run (`PlanWish`)."""

    max_parallel: int | None = None
    timeout_seconds: int | None = None
    """How long the steps may take in all; exit 124 when they take longer."""
    policies_from: str | None = None
    dry_run: bool = False
    commit: bool = True
    push: bool = False
    rollback_on_failure: bool = False
    """Whether a run that fails is rolled back at once, whatever its golden path and workflows say."""
    checkpoint: bool = False
    """Whether the journal goes to the remote too, whenever it has reached the disk."""
    lock_remote: str | None = None
    """The remote that holds the lock beside the clone's own; None: what admin-config.yaml says."""


@dataclass(frozen=True, slots=True)
class Undertaking:
    """What kind of run it is, and what of an earlier one it goes on with or undoes."""

    kind: RecordKind = "run"
    resumes: str | None = None
    rolls_back: str | None = None
    past: Past | None = None
    assumptions: tuple[Assumption, ...] = ()


@dataclass(frozen=True, slots=True)
class RunReport:
    """What came of a command that runs: everything that a person or a program wants to know."""

    exit_status: int
    outcome: PlanOutcome
    judgement: Judgement | None = None
    record: RunRecord | None = None
    written: Written | None = None
    findings: tuple[Finding, ...] = field(default=())
    """Warnings of the plan, violations of policies, trouble of the run and of the ledger; in the order they came."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """The texts that findings point into, by path."""
    rollback: "RunReport | None" = None
    """What came of the rollback, where the run failed and was to be rolled back then."""
    gates: RunGates | None = None
    """What the run asks of approvals."""

    def everything(self) -> list[Finding]:
        """All findings, and those of steps that failed; where the run went on after one, it is a warning."""
        steps = self.record.steps if self.record else []
        failed = [
            step.finding.as_finding(Severity.WARNING if step.continued else None)
            for step in steps
            if step.finding is not None and step.status in {"failed", "timed_out"}
        ]
        return [*self.findings, *failed]


class RunOperation:
    """One run in one repository. `observer` watches the steps; `held` is a plan file that alone may be run."""

    def __init__(
        self, directory: str, clock: Clock, observer: Observer | None = None, held: HeldPlan | None = None
    ) -> None:
        git = Git.open(Path(directory))
        if git is None:
            message = "there is no git repository here to keep the record of a run"
            raise CannotContinue(Finding(ledger_codes.NOT_A_REPOSITORY, message, Place(directory)))
        self.git = git
        self.clock = clock
        self.observer = observer
        self.held = held
        self.repository = Repository(WorkingTreeSnapshot(git.root))
        admin = self.repository.admin_config()
        self.admin = admin.model if admin else AdminConfigDocument()
        self.state = StateFolder(git.common_dir)
        self.store = store_for(git, self.admin.ledger, clock)
        self.head = git.head()
        self.ledger_commit = self.store.commit()
        self.run_id = clock.new_id()
        self.redactor = Redactor()
        self.locks = RunLocks(git, self.state, clock, self.admin.locks)
        self.checkpoints: Checkpoints | None = None
        self.undertaking = Undertaking()
        self.wish: PlanWish | None = None
        """What was asked for; None where nobody knows."""

    def run(self, wish: PlanWish, options: RunOptions) -> RunReport:
        """Plans, judges and, unless it is a dry run, executes under the lock of the application and environment."""
        self.wish = wish
        with clean_errors(self.redactor):
            report = self._run(wish, options)
        return self._told(report)

    def _told(self, report: RunReport) -> RunReport:
        """The report with the trouble of checkpoints and locks, and with the texts of this repository."""
        unsaved = self.checkpoints.finding if self.checkpoints else None
        findings = (*report.findings, *([unsaved] if unsaved else []), *self.locks.findings)
        return replace(report, findings=findings, sources={**self.repository.sources(), **report.sources})

    def _run(self, wish: PlanWish, options: RunOptions) -> RunReport:
        outcome = self._planned(wish)
        plan = outcome.plan
        if plan is None:
            return self._without_plan(outcome, options)
        if options.dry_run:
            return self._judged(outcome, plan, options)
        holder = Holder.of_this_process(run=self.run_id, who=self.store.who.email, since=timestamp(self.clock.now()))
        left_over = tuple(recover(self.store, self.clock))
        self.locks.acquire(plan.application.name, plan.environment, holder, options.lock_remote)
        try:
            if left_over or (self.git.head().commit, self.store.commit()) != (self.head.commit, self.ledger_commit):
                # Another run has ended since, and its record may say something else of first deployments.
                outcome = self._planned(wish)
                plan = outcome.plan
                if plan is None:
                    return self._without_plan(outcome, options)
            report = self._judged(outcome, plan, options, left_over)
            if report.exit_status not in {ExitStatus.OK, ExitStatus.WAITS_FOR_APPROVAL}:
                return self._refuse(plan, report, options)
            return self._rolled_back(plan, self._execute(plan, report, options), options)
        finally:
            self.locks.release()

    def _rolled_back(self, plan: Plan, report: RunReport, options: RunOptions) -> RunReport:
        """The report, with that of a rollback where the run failed and somebody asked for one then."""
        if report.record is None or not rolls_back_now(plan, report.record, asked=options.rollback_on_failure):
            return report
        from innominatus_cli.operations.rolling_back import rolled_back_at_once  # noqa: PLC0415 - few runs do

        return rolled_back_at_once(self, report, options)

    def _planned(self, wish: PlanWish) -> PlanOutcome:
        """The plan; where a plan file is to be run and another plan came out, what differs."""
        outcome = plan_with(self.repository, self.store, wish)
        stale = self.held.stale(outcome, self.git.root) if self.held else ()
        if stale:
            return PlanOutcome(None, stale)
        orphans = orphans_left(self.repository, self.store, outcome.plan)
        return replace(outcome, findings=(*outcome.findings, *orphans)) if orphans else outcome

    def _without_plan(self, outcome: PlanOutcome, options: RunOptions) -> RunReport:
        """Errors stand in the way of a plan; what policies refuse of it is refused, and recorded, all the same."""
        if outcome.sketch is None:
            stale = any(finding.code is PLAN_STALE for finding in outcome.findings)
            status = ExitStatus.PLAN_STALE if stale else outcome.exit_status
            return RunReport(status, outcome, findings=outcome.findings)
        report = self._judged(outcome, outcome.sketch, options)
        if report.exit_status == ExitStatus.OK:
            return RunReport(
                outcome.exit_status, outcome, report.judgement, findings=report.findings, sources=report.sources
            )
        return report if options.dry_run else self._refuse(outcome.sketch, report, options)

    def _judged(
        self, outcome: PlanOutcome, plan: Plan, options: RunOptions, findings: tuple[Finding, ...] = ()
    ) -> RunReport:
        policies = self._policies(options.policies_from)
        who = self.store.who
        gates = self._gates(outcome.plan, policies)
        if gates is not None and options.rollback_on_failure and not gates.then:
            gates.then = f"run `innominatus-ctl resume {self.run_id} --rollback-on-failure`"
        approved = gates is not None and gates.environment_is_open()
        now = timestamp(self.clock.now())
        judgement = judgement_on(plan, outcome, policies.rules, who, now, self.admin, approved=approved)
        refused = [one for one in judgement.findings if one.severity is Severity.ERROR]
        waits = bool(refused) and gates is not None and all(one.code is APPROVAL_NEEDED for one in refused)
        judged = judgement.findings
        if waits and not options.dry_run:  # the gate itself will say who must approve
            judged = tuple(one for one in judged if one.code is not APPROVAL_NEEDED)
        status = ExitStatus.WAITS_FOR_APPROVAL if waits else ExitStatus.POLICY_REFUSED if refused else ExitStatus.OK
        unknown_operator = tuple(filter(None, [who.finding()]))
        told = (*findings, *unknown_operator, *outcome.findings, *judged)
        return RunReport(status, outcome, judgement, findings=told, sources=policies.sources, gates=gates)

    def _policies(self, revision: str | None) -> Policies:
        return policies_for(self.repository, self.git, revision)

    def _gates(self, plan: Plan | None, policies: Policies) -> RunGates | None:
        if plan is None:
            return None
        snapshot = policies.repository.snapshot
        keeper = Gatekeeper(self.git, self.store, plan, policies.rules, policies.admin, snapshot, self.clock)
        resumes = self.undertaking.resumes
        return RunGates(keeper, self.run_id, Lineage.of(self.store, self.run_id, self.store.who.email, resumes))

    def _refuse(self, plan: Plan, report: RunReport, options: RunOptions) -> RunReport:
        refusal = self._opening(plan, report).model_copy(update={"kind": "refusal", "status": "refused"})
        return self._written(refusal, plan, {}, report, options)

    def _execute(self, plan: Plan, report: RunReport, options: RunOptions) -> RunReport:
        gates = report.gates
        if gates is None:
            raise AssertionError("a plan is judged before it is executed")
        opening = self._opening(plan, report)
        if options.checkpoint:
            from innominatus_cli.operations.checkpoints import Checkpoints  # noqa: PLC0415 - few runs have any

            remote = options.lock_remote or self.admin.locks.remote or "origin"
            self.checkpoints = Checkpoints(self.git, self.state, self.run_id, remote, self.clock)
        state_dir = self.state.tool_state_dir(plan.application.name, plan.environment)
        setting = RunSetting(
            plan=plan,
            run=self.run_id,
            work_dir=self.git.root,
            state=self.state,
            clock=self.clock,
            random=SystemRandom().random,
            outside=os.environ,
            allowed_env=tuple(self.admin.env),
            ledger_root=self.admin.ledger.root,
            secrets=secrets_for(self.admin, plan, self.git.root, state_dir, self.clock, self.redactor),
            redactor=self.redactor,
            delivery=delivery_of(self.admin.secrets_in(plan.environment)),
            circuit_breaker=self.admin.circuit_breaker,
            keeps_excerpts=self.admin.ledger.output == "excerpt",
            compare_inputs=self._compare(plan),
            asked_to_end=self.locks.asked_to_end,
            checkpoint=self.checkpoints.push if self.checkpoints else lambda: None,
            fencing_token=self.locks.token,
            gates=gates,
            opening=open_run(self.state, opening, plan, self._request(plan), commit=options.commit),
            started_at=opening.started_at,
        )
        limit = options.max_parallel or self.admin.limits.max_parallel or DEFAULT_PARALLEL
        execution = ExecutionOptions(
            max_parallel=limit,
            deadline_seconds=options.timeout_seconds,
            lock_fd=self.locks.fd,
            ladder=_ladder(),
            past=self.undertaking.past,
            ahead=0 if options.checkpoint else INTENTS_AHEAD,
        )
        with SignalPipe() as signals:  # held until the record is written: no late signal loses a run that has ended
            result = execute_plan(setting, execution, self.observer, signals)
            executed = RunReport(
                exit_status_of(result),
                report.outcome,
                report.judgement,
                findings=(*report.findings, *result.findings),
                sources=report.sources,
                gates=gates,
            )
            return self._written(concluded(opening, result), plan, result.artifacts, executed, options)

    def _request(self, plan: Plan) -> "PlannedRequest | None":
        """What was asked for, as data that plans it again."""
        return None if self.wish is None else request_of(self.wish, self.git.root, plan.environment)

    def _compare(self, plan: Plan) -> InputComparison:
        return InputComparison(self.git.root, {source.path: source.object_id for source in plan.sources})

    def _opening(self, plan: Plan, report: RunReport) -> RunRecord:
        """The record as it is before anything has happened; if nothing else ever did, the run was interrupted."""
        judgement = report.judgement
        if judgement is None:
            raise AssertionError("a plan is judged before it is recorded")
        now = timestamp(self.clock.now())
        return RunRecord(
            kind=self.undertaking.kind,
            run=self.run_id,
            parents=[],
            application=plan.application.name,
            environment=plan.environment,
            operation=plan.operation.value,
            golden_path=plan.golden_path,
            status="interrupted",
            plan=plan.digest if report.outcome.plan else None,
            policies=judgement.verdict.policies,
            policies_from=judgement.verdict.policies_from,
            actor=judgement.verdict.actor,
            started_at=now,
            finished_at=now,
            duration_ms=0,
            commit=self.head.commit,
            branch=self.head.branch,
            dirty=bool(self.git.differing([source.path for source in plan.sources], self.head.commit)),
            tool_version=__version__,
            expires_at=_expiry(plan, self.clock),
            lock=self.locks.token,
            resumes=self.undertaking.resumes,
            rolls_back=self.undertaking.rolls_back,
            assumptions=list(self.undertaking.assumptions) or None,
            findings=told(report.findings),
        )

    def _written(
        self, record: RunRecord, plan: Plan, artifacts: Mapping[str, bytes], report: RunReport, options: RunOptions
    ) -> RunReport:
        head: Head = self.head
        record, artifacts, held = through_the_gate(self.redactor, record, artifacts)
        written = self.store.write(
            record, plan.canonical if record.plan else None, artifacts, head, commit=options.commit
        )
        if not written.lost:
            close_run(self.state, record.run)
        findings = (*report.findings, *held, *written.findings)
        pushed: tuple[Finding, ...] | None = None
        if options.push and written.ref is not None:
            written, pushed = self.store.push(written)
            findings = (*findings, *pushed)
        if self.checkpoints is not None and (_is_pushed(pushed) or record.status == "succeeded"):
            self.checkpoints.delete()
        status = ExitStatus.INTERNAL if held else report.exit_status
        if status == ExitStatus.OK and written.failed:
            status = ExitStatus.CANNOT_WRITE_STATE
        return replace(report, exit_status=status, record=written.record, written=written, findings=findings)


def _expiry(plan: Plan, clock: Clock) -> str | None:
    """When what a plan deploys may be removed, counted from now."""
    if plan.lifetime_seconds is None:
        return None
    return timestamp(later(clock.now(), plan.lifetime_seconds))


def _is_pushed(findings: tuple[Finding, ...] | None) -> bool:
    return findings is not None and all(finding.code is not ledger_codes.PUSH_FAILED for finding in findings)


def _ladder() -> StopLadder:
    """How running steps are stopped: within what CI runners allow before they kill, where this is CI."""
    return CI_LADDER if os.environ.get("CI", "") not in {"", "false"} else StopLadder()
