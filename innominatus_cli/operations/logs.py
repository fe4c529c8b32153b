"""`logs`: what the steps of a run printed, from this clone's state folder."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from innominatus_cli.execution.journal import read_journal
from innominatus_cli.findings.catalogue.ledger import LOG_ELSEWHERE, UNKNOWN_RUN, UNKNOWN_STEP
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.ledger.store import StoredRecord
from innominatus_cli.operations.collected import collected
from innominatus_cli.operations.history import OpenLedger
from innominatus_cli.operations.step_names import ends_like, names_step
from innominatus_cli.system.state_folder import Stream

_STREAMS: Final[tuple[Stream, ...]] = ("stdout", "stderr")
_CHUNK: Final = 64 * 1024
LATEST: Final = "latest"


@dataclass(frozen=True, slots=True)
class StepLog:
    """One step of a run and the files that hold what it wrote, by stream; a stream that it never used has none."""

    step: str
    status: str
    files: dict[str, Path]

    def chunks(self, stream: str, tail: int | None = None) -> Iterator[bytes]:
        """What the step wrote to a stream: all of it, or its last `tail` lines."""
        path = self.files.get(stream)
        if path is None or tail == 0:
            return
        with path.open("rb") as file:
            if tail is not None:
                file.seek(_start_of_tail(path, tail))
            while chunk := file.read(_CHUNK):
                yield chunk


@dataclass(frozen=True, slots=True)
class RunLogs:
    """The logs of one run, in the order of its plan; `status` is the run's, empty while it has no record."""

    run: str
    status: str
    steps: list[StepLog]


def run_logs(ledger: OpenLedger, wanted: str, step: str | None = None) -> RunLogs:
    """The logs of the run that `wanted` names: an id, the start of one, or `latest`.

    Raises CannotContinue where no run, several runs, or no step is meant, and where the logs are on another machine.
    """
    run = find_run(ledger, wanted)
    stored = ledger.store.record(run)
    if stored is not None and stored.record.kind == "refusal" and step is None:
        return RunLogs(run, stored.record.status, [])
    if not ledger.state.run_dir(run).is_dir():
        if stored is not None and stored.record.kind == "refusal":
            message = f"run {run} was refused: no step of it ran"
            raise CannotContinue(Finding(UNKNOWN_STEP, message, Place(run)))
        message = f"run {run} did not run in this clone{_where(stored)}"
        raise CannotContinue(Finding(LOG_ELSEWHERE, message, Place(run)))
    ids = _step_ids(ledger, run, stored)
    statuses = {result.step: result.status for result in stored.record.steps} if stored else {}
    logs = [
        StepLog(name, statuses.get(name, ""), _files(ledger, run, index))
        for index, name in ids.items()
        if step is None or names_step(step, name)
    ]
    if step is not None and not logs:
        hint = did_you_mean(step, ends_like(step, ids.values()))
        message = " ".join(filter(None, [f"run {run} has no step '{step}';", hint])).rstrip(";")
        raise CannotContinue(Finding(UNKNOWN_STEP, message, Place(run)))
    status = stored.record.status if stored else ""
    return RunLogs(run, status, logs if step is not None else [log for log in logs if log.files])


def find_run(ledger: OpenLedger, wanted: str) -> str:
    """The id of the run that a person means. Raises CannotContinue where there is none, or more than one."""
    here = ledger.state.runs()
    if wanted == LATEST:
        newest = ledger.store.newest()
        meant = sorted({*here, *([newest.record.run] if newest is not None else [])})[-1:]
    else:
        meant = sorted({run for run in (*here, *ledger.store.runs()) if wanted and run.startswith(wanted.upper())})
    if len(meant) == 1 and (meant[0] in here or ledger.store.record(meant[0]) is not None):
        return meant[0]
    if not meant and (gone := collected(ledger.store, wanted)) is not None:
        raise CannotContinue(gone)
    message = f"'{wanted}' is the start of {len(meant)} runs" if len(meant) > 1 else f"there is no run '{wanted}'"
    remedy = ""
    if wanted and ledger.store.records(wanted):
        remedy = f"It is an application: `innominatus-ctl history {wanted}` lists its runs."
    raise CannotContinue(Finding(UNKNOWN_RUN, message, Place(wanted or "run"), remedy))


def _step_ids(ledger: OpenLedger, run: str, stored: StoredRecord | None) -> dict[int, str]:
    """The ids of the run's steps by index, in order: from its plan, and from its journal what loops became.

    The steps of a loop stand behind it, though their indices follow those of the plan.
    """
    plan = ledger.store.plan(stored.record.plan) if stored is not None and stored.record.plan else None
    planned = {} if plan is None else {index: step.id for index, step in enumerate(plan.steps) if step.kind == "step"}
    if plan is not None and not any(step.expansion for step in plan.steps):
        return planned
    try:
        lines = read_journal(ledger.state.journal_path(run)).lines
    except OSError:
        return planned
    found = planned | {line["index"]: line["step"] for line in lines if "index" in line and "step" in line}
    loops = {
        line["first"] + number: line["index"]
        for line in lines
        if line["type"] == "expanded"
        for number in range(line["count"])
    }
    return dict(sorted(found.items(), key=lambda one: (loops.get(one[0], one[0]), one[0])))


def _files(ledger: OpenLedger, run: str, index: int) -> dict[str, Path]:
    paths = {stream: ledger.state.log_path(run, index, stream) for stream in _STREAMS}
    return {stream: path for stream, path in paths.items() if path.is_file()}


def _where(stored: StoredRecord | None) -> str:
    return f"; {stored.record.actor.name} ran it at {stored.record.started_at}" if stored is not None else ""


def _start_of_tail(path: Path, lines: int) -> int:
    """Where the last `lines` lines of a file begin."""
    with path.open("rb") as file:
        position = end = file.seek(0, os.SEEK_END)
        missing = lines
        while position > 0:
            start = max(0, position - _CHUNK)
            file.seek(start)
            chunk = file.read(position - start)
            if position == end and chunk.endswith(b"\n"):
                chunk = chunk[:-1]
            found = chunk.count(b"\n")
            if found >= missing:
                for _ in range(missing):
                    chunk = chunk[: chunk.rindex(b"\n")]
                return start + len(chunk) + 1
            missing -= found
            position = start
    return 0
