"""The record of a run that was killed: the fold of its journal, written by the next command that changes state."""

from collections.abc import Mapping
from pathlib import Path

from innominatus_cli.documents.run_record import RunRecord
from innominatus_cli.execution.kept import read_kept, read_value
from innominatus_cli.execution.opening import StoredRun, close_run, read_run, wants_commit
from innominatus_cli.execution.orphans import recover_killed_runs
from innominatus_cli.execution.replay import replay
from innominatus_cli.execution.run_events import RunEvents, events_of
from innominatus_cli.findings.catalogue.resuming import RECORD_NOT_RECOVERED
from innominatus_cli.findings.finding import CannotContinue, Finding
from innominatus_cli.ledger.store import Standing
from innominatus_cli.ledger.working_tree import WorkingTreeStore
from innominatus_cli.system.clock import Clock


def recover(store: WorkingTreeStore, clock: Clock) -> list[Finding]:
    """Ends, closes and records what killed runs of this clone left; returns what is to be told of it.

    Raises CannotContinue (exit 73) where the disk refuses.
    """
    return recover_killed_runs(store.state, clock, RecordRecovery(store))


class RecordRecovery:
    """Writes records of killed runs into a store, each once."""

    def __init__(self, store: WorkingTreeStore) -> None:
        self._store = store
        self._state = store.state

    def has(self, run: str) -> bool:
        """Whether the run has a record. One that was killed in the middle of its commit has none yet."""
        stored = self._store.record(run)
        return stored is not None and not (stored.standing is Standing.UNCOMMITTED and wants_commit(self._state, run))

    def recover(self, run: str) -> list[Finding]:
        """Writes the record, and for a run that had succeeded the files that its steps made."""
        try:
            stored = read_run(self._state.run_dir(run))
            events = events_in(stored)
            record = replay(stored.opening, stored.plan, events)
            artifacts = artifacts_of(stored.folder, events) if record.status == "succeeded" else {}
        except CannotContinue as error:
            found = error.findings[0]
            return [
                Finding(
                    RECORD_NOT_RECOVERED, f"the record of killed run {run} cannot be made: {found.message}", found.place
                )
            ]
        return self._write(record, stored, artifacts)

    def _write(self, record: RunRecord, stored: StoredRun, artifacts: Mapping[str, bytes]) -> list[Finding]:
        git = self._store.git
        commit = wants_commit(self._state, record.run)
        plan = stored.plan.canonical if record.plan else None
        written = self._store.write(record, plan, artifacts, git.head(), commit=commit)
        if not written.lost:
            close_run(self._state, record.run)
        return [*written.findings]


def events_in(stored: StoredRun) -> RunEvents:
    """What happened in a run. Raises CannotContinue (exit 65) where a file of it is not what the run wrote."""
    return events_of(stored.journal.lines, lambda name, written: read_value(stored.folder, name, written))


def artifacts_of(folder: Path, events: RunEvents) -> dict[str, bytes]:
    """The files that steps of a run made, by repository path; later steps win. Raises CannotContinue (exit 65)."""
    digests: dict[str, str] = {}
    for result in events.results.values():
        digests.update(result.artifacts)
    return {
        path: read_kept(folder / "artifacts" / digest.removeprefix("sha256:"), digest)
        for path, digest in digests.items()
    }
