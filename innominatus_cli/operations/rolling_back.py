"""`rollback`: a run of its own that takes back what another one did, by the plan of `planning.rollback`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from innominatus_cli.documents.run_record import Assumption, RunRecord
from innominatus_cli.execution.observer import Observer
from innominatus_cli.findings.catalogue import rollback as codes
from innominatus_cli.findings.catalogue.resuming import WRONG_ASSUMPTION
from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import CannotContinue, Code, Finding, Place, Severity
from innominatus_cli.operations.collected import collected
from innominatus_cli.operations.planning import PlanWish
from innominatus_cli.operations.recovering import recover
from innominatus_cli.operations.resources.recorded import is_of_a_resource
from innominatus_cli.operations.resources.sharing import used_by_others
from innominatus_cli.operations.run_history import RunsOf, find_record
from innominatus_cli.operations.running import RunOperation, RunOptions, RunReport, Undertaking
from innominatus_cli.operations.step_names import names_step
from innominatus_cli.planning.request import PlanOutcome
from innominatus_cli.planning.rollback import UNDO, rollback_plan

if TYPE_CHECKING:
    from innominatus_cli.documents.plan import Plan
    from innominatus_cli.system.clock import Clock

_NO_WISH: Final = PlanWish()


@dataclass(frozen=True, slots=True)
class RollbackWish:
    """What somebody typed: a run or an application; `to` is the run behind which everything is taken back."""

    wanted: str
    to: str | None = None
    environment: str | None = None
    assumed: Mapping[str, bool] = field(default_factory=dict)
    """By step in doubt, whether it happened."""


class RollbackOperation(RunOperation):
    """One rollback run, of `record`. Everything but where its plan comes from is as in any run."""

    def __init__(
        self,
        directory: str,
        clock: "Clock",
        record: RunRecord,
        assumed: Mapping[str, bool] | None = None,
        observer: Observer | None = None,
    ) -> None:
        super().__init__(directory, clock, observer)
        self._record_of = record
        self._assumed = dict(assumed or {})
        said = (Assumption(step=step, happened="done" if it else "not_done") for step, it in self._assumed.items())
        self.undertaking = Undertaking(kind="rollback", rolls_back=record.run, assumptions=tuple(said))

    def roll_back(self, options: RunOptions) -> RunReport:
        """Judges, executes and records; where nothing is left to be taken back, it only says so."""
        outcome = self._planned(_NO_WISH)
        if outcome.plan is None or not (outcome.plan.steps or self._assumed):
            return self._nothing_done(outcome)
        return self.run(_NO_WISH, options)

    def behind(self, operation: RunOperation, failed: RunReport, options: RunOptions) -> RunReport:
        """The same right behind a run that failed, under its lock.

        Who approved that run has approved the rollback that its plan carries: gates are asked once, by the run.
        """
        self.locks = operation.locks
        self.locks.hand_over(self.run_id)
        outcome = self._planned(_NO_WISH)
        plan = outcome.plan
        if plan is None or not plan.steps:
            return self._nothing_done(outcome)
        report = self._judged(outcome, plan, options)
        if report.exit_status == ExitStatus.WAITS_FOR_APPROVAL:
            report = replace(report, exit_status=ExitStatus.OK)
        report = replace(report, gates=failed.gates)
        return self._refuse(plan, report, options) if report.exit_status else self._execute(plan, report, options)

    def _nothing_done(self, outcome: PlanOutcome) -> RunReport:
        return RunReport(_status_of(outcome), outcome, findings=outcome.findings, sources=self.repository.sources())

    def _planned(self, wish: PlanWish) -> PlanOutcome:  # noqa: ARG002 - a rollback is asked for by a record
        record = self._record_of
        runs = RunsOf(self.store, record.application, record.environment)
        plan = self._plan_of(record)
        later = runs.standing(record.run)
        if later:
            named = ", ".join(one.run for one in later)
            message = f"run {record.run} cannot be rolled back before {named}"
            if runs.goes_on_with(later[0], record):
                message += ", which went on with it: roll that back, and both are taken back"
            return _refused(codes.LATER_RUNS, message, record)
        history = runs.history(record, plan, self._assumed)
        steps = (*(step for run in history.older for step in run.steps), *plan.steps)
        asked = {str(one.inputs["resource"]): one.inputs for one in steps if is_of_a_resource(one)}
        others = used_by_others(self.store, record.application, record.environment, asked)
        shared = {name: users for name, users in others.items() if users}
        made = rollback_plan(plan, replace(history, shared=shared))
        return PlanOutcome(made.plan, made.findings)

    def _plan_of(self, record: RunRecord) -> "Plan":
        """The plan of the run. Raises CannotContinue where it cannot be rolled back at all."""
        if record.kind in {"rollback", "refusal"} or record.operation == "undeploy":
            what = {"rollback": "a rollback", "refusal": "a refusal: no step of it ran"}.get(record.kind, "a removal")
            raise CannotContinue(*_refused(codes.NOT_ROLLED_BACK, f"run {record.run} is {what}", record).findings)
        plan = self.store.plan(record.plan) if record.plan else None
        if plan is None:
            message = f"the ledger does not hold the plan of run {record.run}"
            raise CannotContinue(*_refused(codes.NOT_ROLLED_BACK, message, record).findings)
        return plan


def roll_back(
    directory: str, clock: "Clock", wish: RollbackWish, options: RunOptions, observer: Observer | None = None
) -> list[RunReport]:
    """Takes back one run, or with `to` everything behind a run, the newest first, up to the first that fails.

    Raises CannotContinue where no run is meant, or the one that is cannot be taken back.
    """
    first = RunOperation(directory, clock)
    left_over = tuple(recover(first.store, clock))
    reports: list[RunReport] = []
    meant = _meant(first, wish)
    said = _said(first, meant, wish.assumed)
    for record in meant:
        report = RollbackOperation(directory, clock, record, said.get(record.run), observer).roll_back(options)
        reports.append(replace(report, findings=(*left_over, *report.findings)))
        left_over = ()
        if reports[-1].exit_status:
            break
    return reports


def _said(
    operation: RunOperation, meant: Sequence[RunRecord], assumed: Mapping[str, bool]
) -> dict[str, dict[str, bool]]:
    """By run and step what is said of it: the steps of several runs have the same ids, and a word is about one run.

    That is the newest one in which the step is in doubt; where it is in none, and what takes it back is named, the
    newest that has it. Raises CannotContinue where a word is about no step, or about one of which all is known.
    """
    said: dict[str, dict[str, bool]] = {}
    steps: dict[str, list[str]] = {}
    undoing: dict[str, list[str]] = {}
    in_doubt: dict[str, set[str]] = {}
    for record in meant if assumed else ():
        runs = RunsOf(operation.store, record.application, record.environment)
        steps[record.run] = [*dict.fromkeys(result.step for one in runs.chain(record) for result in one.steps)]
        undoing[record.run] = _undo_ids(steps[record.run])
        in_doubt[record.run] = runs.doubts(record)
    for word, it in assumed.items():
        named = [
            (record, step)
            for record in meant
            for step in (*steps[record.run], *undoing[record.run])
            if names_step(word, step)
        ]
        if meant and not named:
            raise _wrong(f"no run that is to be taken back has a step '{word}'")
        doubts = [(record, step) for record, step in named if step in in_doubt[record.run]]
        about = doubts or [(record, step) for record, step in named if step in undoing[record.run]]
        if named and not about:
            raise _wrong(f"what came of step '{word}' in run {named[0][0].run} is known")
        for record, step in about:
            if record.run == about[0][0].run:
                said.setdefault(record.run, {})[step] = it
    return said


def _wrong(message: str) -> CannotContinue:
    return CannotContinue(Finding(WRONG_ASSUMPTION, message, Place("--assume")))


def _undo_ids(steps: Iterable[str]) -> list[str]:
    """The ids of what takes these steps back."""
    return [f"{flow}/{UNDO}{name}" for flow, _, name in (step.rpartition("/") for step in steps)]


def rolled_back_at_once(operation: RunOperation, failed: RunReport, options: RunOptions) -> RunReport:
    """The report of a run that failed, with that of its rollback, which happens under the same lock.

    The exit status stays that of the failure; a rollback that fails too is an error among the findings.
    """
    record = failed.record
    if record is None or failed.written is None or failed.written.failed:
        message = "the run has no record, and without one nothing can be rolled back"
        return replace(failed, findings=(*failed.findings, Finding(codes.ROLLBACK_FAILED, message, Place(""))))
    undoing = RollbackOperation(str(operation.git.root), operation.clock, record, observer=operation.observer)
    try:
        report = undoing.behind(operation, failed, options)
    except CannotContinue as problem:
        report = RunReport(ExitStatus.RUN_FAILED, failed.outcome, findings=problem.findings)
    findings = (*failed.findings, *report.everything())
    if report.exit_status:
        message = f"run {record.run} failed, and its rollback did too: what it did stands in part"
        findings = (*findings, Finding(codes.ROLLBACK_FAILED, message, Place(record.application)))
    return replace(failed, findings=findings, rollback=report)


def _meant(operation: RunOperation, wish: RollbackWish) -> list[RunRecord]:
    """The runs to take back, the newest first."""
    stored = find_record(operation.store, wish.wanted)
    if stored is not None and wish.to is None:
        return [stored.record]
    last = stored.record if stored is not None else _last_of(operation, wish)
    runs = RunsOf(operation.store, last.application, last.environment)
    if wish.to is None:
        return runs.standing()[:1]
    good = find_record(operation.store, wish.to)
    if good is None or (good.record.application, good.record.environment) != (last.application, last.environment):
        where = f"{last.application} in {last.environment}"
        if good is None and (gone := collected(operation.store, wish.to, codes.NOTHING_TO_ROLL_BACK)) is not None:
            raise CannotContinue(gone)
        raise CannotContinue(Finding(codes.NOTHING_TO_ROLL_BACK, f"{where} has no run '{wish.to}'", Place(wish.to)))
    return runs.standing(good.record.run)


def _last_of(operation: RunOperation, wish: RollbackWish) -> RunRecord:
    """The last run of an application, in the environment that was named or the only one that it has."""
    records = [one.record for one in operation.store.records(wish.wanted, wish.environment)]
    gone = None if records else collected(operation.store, wish.wanted, codes.NOTHING_TO_ROLL_BACK)
    if gone is not None:
        raise CannotContinue(gone)
    environments = sorted({record.environment for record in records})
    if len(environments) == 1:
        return records[-1]
    if environments:
        message = f"'{wish.wanted}' runs in {', '.join(environments)}: say which with --env"
    elif wish.environment:
        message = f"there is no run of '{wish.wanted}' in environment '{wish.environment}'"
    else:
        several = sum(bool(wish.wanted) and run.startswith(wish.wanted.upper()) for run in operation.store.runs())
        message = f"'{wish.wanted}' is neither a run nor an application that has one"
        if several:
            message = f"'{wish.wanted}' is the start of {several} runs"
    raise CannotContinue(Finding(codes.NOTHING_TO_ROLL_BACK, message, Place(wish.wanted)))


def _refused(code: Code, message: str, record: RunRecord) -> PlanOutcome:
    return PlanOutcome(None, (Finding(code, message, Place(record.application)),))


def _status_of(outcome: PlanOutcome) -> ExitStatus:
    return next((one.code.exit_status for one in outcome.findings if one.severity is Severity.ERROR), ExitStatus.OK)
