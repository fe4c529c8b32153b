"""What the ledger holds of a run that is to be rolled back: its plan, what it went on from, what is undone already."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from innominatus_cli.documents.plan import Plan, PlannedStep
from innominatus_cli.documents.revision_snapshot import RevisionSnapshot
from innominatus_cli.documents.run_record import RunRecord
from innominatus_cli.execution.expansion import steps_of
from innominatus_cli.findings.catalogue import rollback as codes
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.ledger.store import StoredRecord
from innominatus_cli.ledger.working_tree import WorkingTreeStore
from innominatus_cli.operations.logs import LATEST
from innominatus_cli.planning.rollback import History, OlderRun, doubts_of, in_doubt, started


class RunsOf:
    """The records of one application in one environment, the oldest first."""

    def __init__(self, store: WorkingTreeStore, application: str, environment: str) -> None:
        self._store = store
        self._stored = {one.record.run: one for one in store.records(application, environment)}

    def record(self, run: str) -> RunRecord | None:
        """The record of a run."""
        found = self._stored.get(run)
        return None if found is None else found.record

    def standing(self, after: str = "") -> list[RunRecord]:
        """Runs behind `after` that did something which nothing has taken back, the newest first.

        A run that another one went on from is part of that one, and not named beside it.
        """
        gone_on = {record.resumes for record in self._records() if record.resumes and record.kind != "refusal"}
        return [
            record
            for record in reversed(self._records())
            if record.run > after
            and record.run not in gone_on
            and self.rolls_back(record) is None
            and any(map(started, record.steps))
            and not self.is_taken_back(record)
        ]

    def chain(self, record: RunRecord) -> list[RunRecord]:
        """The record behind those of the runs that it went on from, the oldest first."""
        found = [record]
        while found[0].resumes and (older := self.record(found[0].resumes)) is not None and older not in found:
            found.insert(0, older)
        return found

    def rolls_back(self, record: RunRecord) -> str | None:
        """The run that a record takes back: its own, or that of the rollback that it went on from."""
        return next((one.rolls_back for one in reversed(self.chain(record)) if one.rolls_back), None)

    def rollbacks_of(self, record: RunRecord) -> list[RunRecord]:
        """Every record of a rollback of a run, of one that it went on from, or of one that went on with it."""
        runs = {one.run for one in self.chain(record)}
        waiting = [record.run]
        while waiting:
            later = [run for run in self._gone_on.get(waiting.pop(), ()) if run not in runs]
            runs.update(later)
            waiting += later
        return sorted((one for run in runs for one in self._undoing.get(run, ())), key=lambda one: one.run)

    @cached_property
    def _gone_on(self) -> dict[str, list[str]]:
        """By run, the runs that went on with it."""
        found: dict[str, list[str]] = {}
        for one in self._records():
            if one.resumes:
                found.setdefault(one.resumes, []).append(one.run)
        return found

    @cached_property
    def _undoing(self) -> dict[str, list[RunRecord]]:
        """By run, the records of its rollbacks."""
        found: dict[str, list[RunRecord]] = {}
        for one in self._records():
            undone = self.rolls_back(one)
            if undone is not None:
                found.setdefault(undone, []).append(one)
        return found

    def goes_on_with(self, later: RunRecord, record: RunRecord) -> bool:
        """Whether a run went on from another one, or is that one."""
        return record.run in {one.run for one in self.chain(later)}

    def is_taken_back(self, record: RunRecord) -> bool:
        """Whether a rollback of the run has succeeded."""
        return any(one.status == "succeeded" for one in self.rollbacks_of(record))

    def undone(self, record: RunRecord) -> dict[str, bool]:
        """Steps of rollbacks of the run that have ended well, with whether their rollback has as a whole."""
        found: dict[str, bool] = {}
        for one in self.rollbacks_of(record):
            for result in one.steps:
                if result.status == "succeeded":
                    found[result.step] = found.get(result.step, False) or one.status == "succeeded"
        return found

    def assumed(self, record: RunRecord) -> dict[str, bool]:
        """What people said of steps in doubt for earlier rollbacks of the run, as far as it still answers a doubt."""
        found: dict[str, bool] = {}
        for one in self.rollbacks_of(record):
            found |= {said.step: said.happened == "done" for said in one.assumptions or ()}
            for result in one.steps:
                if in_doubt(result):
                    found.pop(result.step, None)
        return found

    def doubted(self, record: RunRecord) -> frozenset[str]:
        """Steps that were at work when a rollback of the run was killed, and that no later one has seen to its end."""
        found: set[str] = set()
        for one in self.rollbacks_of(record):
            for result in one.steps:
                if in_doubt(result):
                    found.add(result.step)
                elif started(result):
                    found.discard(result.step)
        return frozenset(found)

    def doubts(self, record: RunRecord) -> set[str]:
        """Steps of the run, and of rollbacks of it, of which nobody knows whether they are done."""
        return doubts_of(self.chain(record)) | self.doubted(record)

    def history(self, record: RunRecord, plan: Plan, assumed: Mapping[str, bool]) -> History:
        """All of it for `planning.rollback`. Raises CannotContinue where a file that stood before is no text."""
        chain = self.chain(record)
        paths = {path for one in chain for result in one.steps for path in result.artifacts}
        return History(
            chain=chain,
            steps=_expanded(plan.steps, chain),
            older=self._older(chain, plan),
            undone=self.undone(record),
            doubted=self.doubted(record),
            before=self._before(chain[0].commit, sorted(paths)),
            assumed={**self.assumed(record), **assumed},
            evidence=self._stored[record.run].evidence,
        )

    def _older(self, chain: Sequence[RunRecord], plan: Plan) -> list[OlderRun]:
        """The runs of a chain by another plan than its last. Raises CannotContinue where the ledger lacks one."""
        found = []
        for number, one in enumerate(chain[:-1], 1):
            if one.plan in {None, plan.digest}:
                continue
            other = self._store.plan(str(one.plan))
            if other is None:
                message = f"the ledger does not hold the plan of run {one.run}"
                raise CannotContinue(Finding(codes.NOT_ROLLED_BACK, message, Place(one.application)))
            found.append(OlderRun(one, other, _expanded(other.steps, chain[:number])))
        return found

    def _records(self) -> list[RunRecord]:
        return [one.record for one in self._stored.values()]

    def _before(self, commit: str | None, paths: Iterable[str]) -> dict[str, str]:
        """The texts of files in a commit, those left out that it does not have."""
        found: dict[str, str] = {}
        snapshot: RevisionSnapshot | None = None
        for path in paths:
            if commit is None:
                break
            snapshot = snapshot or RevisionSnapshot(self._store.git, commit)
            if not snapshot.exists(path):
                continue
            data = snapshot.read(path)
            if isinstance(data, Finding):
                raise CannotContinue(data)
            try:
                found[path] = data.decode()
            except UnicodeDecodeError:
                message = "it is no UTF-8 text, and cannot be put back"
                raise CannotContinue(Finding(codes.NOT_ROLLED_BACK, message, Place(path))) from None
        return found


def find_record(store: WorkingTreeStore, wanted: str) -> StoredRecord | None:
    """The record of the run that `wanted` names: an id, the start of one, or `latest`; None without just one."""
    if wanted == LATEST:
        return store.newest()
    meant = [run for run in store.runs() if wanted and run.startswith(wanted.upper())]
    return store.record(meant[0]) if len(meant) == 1 else None


def _expanded(steps: Sequence[PlannedStep], chain: Iterable[RunRecord]) -> list[PlannedStep]:
    """The plan's steps, with those that loops over outputs became in the place of their pattern."""
    cells = {result.step: result.cells for record in chain for result in record.steps if result.cells}
    return [
        one
        for step in steps
        for one in (steps_of(step, cells.get(step.id, ())) if step.expansion is not None else [step])
    ]
