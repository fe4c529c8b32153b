"""`resume` and `retry`: a new run that goes on with an earlier one, by its plan, and repeats nothing that is done."""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from innominatus_cli.documents.plan import Plan
from innominatus_cli.documents.repository import Repository
from innominatus_cli.documents.run_record import Assumption, RunRecord
from innominatus_cli.documents.snapshot import WorkingTreeSnapshot
from innominatus_cli.execution.journal import read_journal
from innominatus_cli.execution.kept import read_kept
from innominatus_cli.execution.observer import Observer
from innominatus_cli.execution.opening import read_opening, read_request, read_run
from innominatus_cli.execution.past import Happened, Past, Wishes, is_in_doubt, past_of
from innominatus_cli.execution.replay import replay
from innominatus_cli.execution.run_events import RunEvents, may_have_begun
from innominatus_cli.execution.secrecy import clean_errors
from innominatus_cli.findings.catalogue import resuming as codes
from innominatus_cli.findings.catalogue.ledger import LOCKED, UNKNOWN_RUN, UNKNOWN_STEP
from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.ledger.facts import is_first_no_more
from innominatus_cli.ledger.listed import runs_of
from innominatus_cli.ledger.store import StoredRecord
from innominatus_cli.operations.cancelling import is_cancelled
from innominatus_cli.operations.checkpoints import fetch_checkpoint, forget_checkpoint
from innominatus_cli.operations.deployed_diff import wish_of as wish_of_plan
from innominatus_cli.operations.history import OpenLedger
from innominatus_cli.operations.logs import LATEST, find_run
from innominatus_cli.operations.plan_files import wish_of
from innominatus_cli.operations.planning import PlanWish, plan_with
from innominatus_cli.operations.recovering import events_in, recover
from innominatus_cli.operations.run_history import RunsOf
from innominatus_cli.operations.running import RunOperation, RunOptions, RunReport, Undertaking
from innominatus_cli.operations.step_names import ends_like, names_step
from innominatus_cli.operations.succession import Successor, may_go_on
from innominatus_cli.planning.request import PlanOutcome
from innominatus_cli.planning.rollback import started
from innominatus_cli.system.clock import Clock, timestamp
from innominatus_cli.system.git_refs import remotes_of
from innominatus_cli.system.locks import Holder, held_locks, read_holder

_ULID: Final = 26
_REFUSAL: Final = "refusal"
_WHOLE_ID: Final = (
    "`innominatus-ctl history` lists the runs. One that was killed in another clone is named by its whole id: "
    "`innominatus-ctl locks` shows it, or `git ls-remote REMOTE 'refs/innominatus/runs/*'`."
)
_WORDS: Final = {"done": "done", "not-done": "not_done", "not_done": "not_done"}


@dataclass(frozen=True, slots=True)
class ResumeWish:
    """What somebody typed behind `resume` or `retry`.

    `assume` are `STEP=done` and `STEP=not-done`. `retry`: attempts of the earlier run do not count. `steps` run again
    though they succeeded, with what stands behind them if `downstream`. `take_over`: nobody is asked whether another
    clone has gone on with the run.
    """

    run: str
    assume: tuple[str, ...] = ()
    accept_changes: bool = False
    retry: bool = False
    steps: tuple[str, ...] = ()
    downstream: bool = False
    take_over: bool = False


@dataclass(frozen=True, slots=True)
class _EarlierRun:
    """The run to go on with: its record, its plan and, where it is on this machine, its folder."""

    record: RunRecord
    plan: Plan
    folder: Path | None = None
    deadline_ms: int | None = None

    def file(self, digest: str) -> bytes | None:
        """The bytes of a file that a step made; None where they are not here."""
        if self.folder is None:
            return None
        path = self.folder / "artifacts" / digest.removeprefix("sha256:")
        return read_kept(path, digest) if path.is_file() else None


class ResumeOperation(RunOperation):
    """A run that goes on with an earlier one, in one repository."""

    def __init__(self, directory: str, clock: Clock, observer: Observer | None = None) -> None:
        super().__init__(directory, clock, observer)
        self.ledger = OpenLedger(self.repository, self.store, self.state)

    def resume(self, wish: ResumeWish, options: RunOptions) -> RunReport:
        """Goes on with the run that `wish` names, under the lock of its application and environment.

        A run that has succeeded is reported as it is, with exit status 0. Raises CannotContinue where the run is
        unknown, runs just now (exit 75), or is not as it was written (exit 65).
        """
        left_over = tuple(recover(self.store, self.clock))
        run = self._last_of(self._found(wish.run, options))
        application, environment = self._where(run, options)
        holder = Holder.of_this_process(run=self.run_id, who=self.store.who.email, since=timestamp(self.clock.now()))
        self.locks.acquire(application, environment, holder, options.lock_remote)
        try:
            with clean_errors(self.redactor):
                report = self._resumed(self._last_of(run), wish, options, left_over)
        finally:
            self.locks.release()
        if report.record is not None and report.record.status == "succeeded":
            report = replace(report, findings=(*report.findings, *self._without_checkpoints()))
        return self._told(report)

    def _without_checkpoints(self) -> list[Finding]:
        """Deletes the checkpoints of the runs that this one has gone on with; a warning for each that stays."""
        left: dict[str, Finding | None] = {}
        run = self.undertaking.resumes
        while run is not None and run not in left:
            left[run] = forget_checkpoint(self.git, self.state, run)
            stored = self.store.record(run)
            run = stored.record.resumes if stored is not None else None
        return [finding for finding in left.values() if finding is not None]

    def _found(self, wanted: str, options: RunOptions) -> str:
        """The id of the run that a person means; a whole id may be one that only the remote has a checkpoint of."""
        if wanted == LATEST and (begun := self._latest_that_began()) is not None:
            return begun
        try:
            return find_run(self.ledger, wanted)
        except CannotContinue as unknown:
            said = unknown.findings[0]
            if said.code is not UNKNOWN_RUN:
                raise
            if len(wanted) != _ULID:
                raise CannotContinue(said if said.remedy else said._replace(remedy=_WHOLE_ID)) from None
            run = wanted.upper()
            if self._last_of(run) == run and self._checkpoint(run, options) is None:
                raise
            return run

    def _latest_that_began(self) -> str | None:
        """The newest run that has a record, or a journal with a line: one that was killed before has not begun."""
        newest = self.store.newest()
        recorded = "" if newest is None else newest.record.run
        later = sorted((run for run in self.state.runs() if run > recorded), reverse=True)
        return next((run for run in later if self._has_begun(run)), recorded or None)

    def _checkpoint(self, run: str, options: RunOptions) -> Path | None:
        remote = options.lock_remote or self.admin.locks.remote or "origin"
        if remote not in remotes_of(self.git):
            return None
        try:
            return fetch_checkpoint(self.git, self.state, run, remote)
        except ValueError:
            return None

    def _last_of(self, run: str) -> str:
        """The newest run that goes on with this one, or itself: what it did must not be done twice.

        It may be one of which there is no record here, where its checkpoint was gone on with.
        """
        stored = self.store.record(run)
        application, environment = (
            (stored.record.application, stored.record.environment) if stored is not None else (None, None)
        )
        found = runs_of(self.store, application, environment, newest=1).related
        oldest_first = sorted(found, key=lambda one: one.run)
        by_earlier = {one.resumes: one.run for one in oldest_first if one.resumes is not None and one.kind != _REFUSAL}
        seen = {run}
        while (later := by_earlier.get(run)) is not None and later not in seen:
            seen.add(later)
            run = later
        return run

    def _where(self, run: str, options: RunOptions) -> tuple[str, str]:
        """The application and environment of a run. Raises CannotContinue for one that runs now, or never began."""
        for path in held_locks(self.state):
            holder = read_holder(path)
            if holder is not None and holder.run == run and holder.lives:
                message = f"run {run} runs now, by {holder.who} (pid {holder.pid} on {holder.host})"
                raise CannotContinue(Finding(LOCKED, message, Place(run)))
        stored = self.store.record(run)
        known = stored.record if stored is not None else read_opening(self.state, run)
        if known is None:
            folder = self.state.run_dir(run) if self._has_begun(run) else self._checkpoint(run, options)
            if folder is None:
                raise _not_resumable(run, "nothing of it had begun")
            known = read_run(folder).opening
        return known.application, known.environment

    def _resumed(self, run: str, wish: ResumeWish, options: RunOptions, left_over: tuple[Finding, ...]) -> RunReport:
        earlier = self._earlier(run, options)
        nothing = self._nothing_to_do(earlier, wish)
        if nothing is not None:
            return nothing
        claim, taken_over = may_go_on(self.git, self.state, earlier.record.run, self.clock, take_over=wish.take_over)
        outcome, changes = self._plan_now(earlier, wish)
        plan = outcome.plan
        if plan is None:
            stale = any(finding.code is codes.SOURCE_CHANGED for finding in outcome.findings)
            status = ExitStatus.PLAN_STALE if stale else outcome.exit_status
            return RunReport(status, outcome, findings=(*left_over, *outcome.findings))
        self._undertake(earlier, plan, wish)
        options = replace(options, timeout_seconds=_time_left(earlier, options))
        report = self._judged(outcome, plan, options, (*left_over, *changes, *taken_over))
        if report.exit_status not in {ExitStatus.OK, ExitStatus.WAITS_FOR_APPROVAL}:
            return self._refuse(plan, report, options)
        if claim is not None:
            claim(Successor(self.run_id, self.store.who.email))
        return self._rolled_back(plan, self._execute(plan, report, options), options)

    def _earlier(self, run: str, options: RunOptions) -> _EarlierRun:
        """The run, from its folder here, from its checkpoint, or from its record alone."""
        stored = self.store.record(run)
        if self._has_begun(run):
            return self._from_folder(self.state.run_dir(run), stored)
        if stored is None:
            folder = self._checkpoint(run, options)
            if folder is None:
                raise _not_resumable(run, "it has neither a record nor a checkpoint, and nothing of it had begun")
            return self._from_folder(folder, None)
        plan = self.store.plan(stored.record.plan) if stored.record.plan else None
        if plan is None:
            raise _not_resumable(run, "its plan is not in the ledger")
        folder = self._checkpoint(run, options) if any(one.artifacts for one in stored.record.steps) else None
        return _EarlierRun(stored.record, plan, folder)

    def _has_begun(self, run: str) -> bool:
        """Whether the journal of a run is here and has a line. Raises CannotContinue (exit 65) for one that is none."""
        journal = self.state.journal_path(run)
        return os.path.lexists(journal) and bool(read_journal(journal).lines)

    def _from_folder(self, folder: Path, stored: StoredRecord | None) -> _EarlierRun:
        """Raises CannotContinue (exit 65) where a file there is not what the run wrote."""
        run = read_run(folder)
        events = events_in(run)
        record = stored.record if stored is not None else replay(run.opening, run.plan, _cut_short(run.plan, events))
        return _EarlierRun(record, run.plan, folder, events.start.get("deadline_ms"))

    def _nothing_to_do(self, earlier: _EarlierRun, wish: ResumeWish) -> RunReport | None:
        record = earlier.record
        if record.kind == _REFUSAL:
            meant = record.resumes
            remedy = "" if meant is None else f"Go on with the run that it was to go on with: {meant}."
            raise _not_resumable(record.run, "it was refused before its first step", remedy)
        if record.status == "waiting" and is_cancelled(self.ledger, record.run):
            raise _not_resumable(record.run, "it was cancelled while it waited")
        if (later := self._taken_back_by(record)) is not None:
            raise _not_resumable(record.run, f"run {later} has taken back what it did")
        if record.status != "succeeded" or wish.steps:
            self._not_overtaken(record)
            return None
        message = f"run {record.run} has succeeded: there is nothing to do"
        finding = Finding(codes.NOTHING_TO_RESUME, message, Place(record.run))
        return RunReport(ExitStatus.OK, PlanOutcome(earlier.plan), findings=(finding,))

    def _not_overtaken(self, record: RunRecord) -> None:
        """Raises CannotContinue for a rollback behind which others worked: what is left to take back is another now."""
        runs = runs_of(self.store, record.application, record.environment).runs if record.rolls_back else ()
        later = next((one.run for one in runs if one.run > record.run and self._has_started(one.run)), None)
        if later is not None:
            remedy = f"Roll back what is left: `innominatus-ctl rollback {record.rolls_back}`."
            raise _not_resumable(record.run, f"it is a rollback, and run {later} worked since", remedy)

    def _taken_back_by(self, record: RunRecord) -> str | None:
        """The rollback of the run, or of one that it went on from, or the later removal: results mean nothing then."""
        if record.rolls_back is not None or record.operation == "undeploy":
            return None
        runs = runs_of(self.store, record.application, record.environment).runs
        chain = self._chain(record)
        for one in reversed(runs):
            is_removal = one.operation == "undeploy" and one.run > record.run
            if (is_removal or one.rolls_back in chain) and self._has_started(one.run):
                return one.run
        return None

    def _chain(self, record: RunRecord) -> set[str]:
        return {one.run for one in RunsOf(self.store, record.application, record.environment).chain(record)}

    def _has_started(self, run: str) -> bool:
        stored = self.store.record(run)
        return stored is not None and any(map(started, stored.record.steps))

    def _plan_now(self, earlier: _EarlierRun, wish: ResumeWish) -> tuple[PlanOutcome, tuple[Finding, ...]]:
        """The plan to go on by: that of the earlier run, or a new one where changes of its sources are accepted."""
        request = read_request(earlier.folder) if earlier.folder is not None else None
        self.wish = (
            wish_of(request, self.git.root) if request is not None else _wish_of_plan(earlier.plan, self.git.root)
        )
        record, changed = earlier.record, _changed(earlier.plan, self.git.root)
        if record.status != "succeeded" and is_first_no_more(self.store, earlier.plan, self._chain(record)):
            changed.append("first_deployment")
        if not changed:
            return PlanOutcome(earlier.plan), ()
        if not wish.accept_changes:
            told = [f"'{path}' is no longer what the plan of run {record.run} was made from" for path in changed]
            findings = [Finding(codes.SOURCE_CHANGED, message, Place(record.run)) for message in told]
            return PlanOutcome(None, tuple(findings)), ()
        if record.rolls_back is not None:
            raise _not_resumable(record.run, "it is a rollback, and what it reads has changed: roll back again")
        if self.wish is None:
            raise _not_resumable(record.run, "nobody knows any more how its plan was asked for")
        self.repository = Repository(WorkingTreeSnapshot(self.git.root))
        names = ", ".join(f"'{path}'" for path in changed)
        message = f"run {record.run} goes on though {names} changed since its plan was made"
        accepted = Finding(codes.CHANGES_ACCEPTED, message, Place(record.run))
        return plan_with(self.repository, self.store, self.wish), (accepted,)

    def _undertake(self, earlier: _EarlierRun, plan: Plan, wish: ResumeWish) -> None:
        """Works out what of the earlier run counts. Raises CannotContinue for words about steps that do not fit."""
        record = earlier.record
        ids = [result.step for result in record.steps]
        wishes = Wishes(
            again=frozenset(step for word in wish.steps for step in _named(word, ids, record.run)),
            downstream=wish.downstream,
            fresh_budget=wish.retry,
        )

        def past(wishes: Wishes) -> Past:
            return past_of(record, earlier.plan, plan, earlier.file, wishes)

        assumed = _assumed(wish.assume, ids, record, lambda: past(wishes))
        self.undertaking = Undertaking(
            kind="rollback" if record.rolls_back else "resume",
            resumes=record.run,
            rolls_back=record.rolls_back,
            past=past(replace(wishes, assumed=assumed)),
            assumptions=tuple(Assumption(step=step, happened=happened) for step, happened in assumed.items()),
        )


def _cut_short(plan: Plan, events: RunEvents) -> RunEvents:
    """The events of a journal that may lack its last lines: what was intended may have begun."""
    if events.end is None:
        events.begun.update(may_have_begun(plan, events))
    return events


def _time_left(earlier: _EarlierRun, options: RunOptions) -> int | None:
    """How many seconds the steps may take: what is said now, else what is left of the earlier run's time."""
    if options.timeout_seconds is not None or earlier.deadline_ms is None:
        return options.timeout_seconds
    return max(1, (earlier.deadline_ms - earlier.record.duration_ms) // 1000)


def _changed(plan: Plan, root: Path) -> list[str]:
    snapshot = WorkingTreeSnapshot(root)
    return [source.path for source in plan.sources if snapshot.object_id(source.path) != source.object_id]


def _wish_of_plan(plan: Plan, root: Path) -> PlanWish | None:
    """What gives such a plan, as the plan itself tells; None where it holds no name of what was run."""
    path = plan.application.path
    wish = wish_of_plan(plan, root, path and str(root / path))
    return wish if wish.name else None


def _named(word: str, ids: Sequence[str], run: str) -> list[str]:
    """The steps that a person means. Raises CannotContinue where there is none."""
    found = [step for step in ids if names_step(word, step)]
    if not found:
        hint = did_you_mean(word, ends_like(word, ids))
        message = " ".join(filter(None, [f"run {run} has no step '{word}';", hint])).rstrip(";")
        raise CannotContinue(Finding(UNKNOWN_STEP, message, Place(run)))
    return found


def _assumed(
    words: Iterable[str], ids: Sequence[str], record: RunRecord, past: Callable[[], Past]
) -> dict[str, Happened]:
    """By step what somebody says of it. Raises CannotContinue where that is about no step in doubt."""
    assumed: dict[str, Happened] = {}
    for word in words:
        name, _, said = word.rpartition("=")
        if said not in _WORDS or not name:
            raise _wrong(f"'{word}' is not of the form STEP=done or STEP=not-done")
        found = _named(name, ids, record.run)
        if len(found) > 1:
            raise _wrong(f"'{name}' names {len(found)} steps of run {record.run}")
        assumed[found[0]] = "done" if said == "done" else "not_done"
    if assumed:
        asked = {step for step, earlier in past().steps.items() if earlier.verdict in {"ask", "probe"}}
        asked |= {result.step for result in record.steps if is_in_doubt(result)}
        for step in assumed:
            if step not in asked:
                raise _wrong(f"what came of step '{step}' in run {record.run} is known")
    return assumed


def _wrong(message: str) -> CannotContinue:
    return CannotContinue(Finding(codes.WRONG_ASSUMPTION, message, Place("--assume")))


def _not_resumable(run: str, why: str, remedy: str = "") -> CannotContinue:
    message = f"run {run} cannot be gone on with: {why}"
    return CannotContinue(Finding(codes.NOT_RESUMABLE, message, Place(run), remedy))
