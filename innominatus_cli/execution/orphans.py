"""What a killed run left behind: processes that still work, a journal without an end, a run without a record.

A run that was ended by SIGKILL, or whose machine crashed, cleans up nothing. The next command does: it ends processes
of that run, known by pid, start time and boot from the journal and by `INNOMINATUS_RUN` in their environment, marks
what had started as interrupted, closes the journal, and has the record written. Every part of it can itself be killed
and done again: an attempt is marked once, the journal is closed once, and there is one record.

A run that lives is never touched; neither is one of another machine.
"""

import os
import signal
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from innominatus_cli.execution.journal import Journal, JournalRead, lost, read_journal
from innominatus_cli.execution.kept import kept_value, read_value
from innominatus_cli.execution.opening import close_run, read_opening, read_run
from innominatus_cli.execution.replay import FAILED
from innominatus_cli.execution.run_events import Begun, RunEvents, events_of, may_have_begun, moment
from innominatus_cli.findings.catalogue.execution import ORPHANS_ENDED, RUN_WAS_KILLED
from innominatus_cli.findings.catalogue.resuming import RECORD_NOT_RECOVERED
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.system.clock import Clock
from innominatus_cli.system.locks import RunLock, held_locks, read_holder, try_lock
from innominatus_cli.system.process_tree import (
    ProcessFacts,
    all_processes,
    boot_id,
    environment_holds,
    process_facts,
    send_signal,
    with_descendants,
)
from innominatus_cli.system.state_folder import StateFolder

_TERMINATE_SECONDS: Final = 5.0
_KILL_SECONDS: Final = 5.0
_LOOK_SECONDS: Final = 0.02
_TICKS: Final = os.sysconf("SC_CLK_TCK")
"""A second: the journal's start time of a process is taken just after it started."""


class Records(Protocol):
    """Whoever writes records, as far as recovery needs it."""

    def has(self, run: str) -> bool:
        """Whether this run has a record."""

    def recover(self, run: str) -> list[Finding]:
        """Writes the record of this run, from its folder; returns what is to be told of that."""


@dataclass(frozen=True, slots=True)
class _Killed:
    """A run that did not come to its end, as far as its lock and its opening tell."""

    run: str
    application: str
    environment: str
    lock_path: Path
    boot_id: str = ""


def recover_killed_runs(state: StateFolder, clock: Clock, records: Records | None = None) -> list[Finding]:
    """Ends, closes and has recorded what killed runs of this clone left; returns warnings that tell of it.

    Called before a run takes its lock. What cannot be ended keeps its lock, and the next `acquire` names its holder.
    Without `records` no record is written. Raises CannotContinue (exit 73) where the disk refuses.
    """
    findings: list[Finding] = []
    for killed in _killed_runs(state):
        findings.extend(_recover(state, clock, killed, records))
    return findings


def _killed_runs(state: StateFolder) -> Iterator[_Killed]:
    """Runs whose lock names a dead process, and runs without a record of which no lock says anything any more."""
    seen: set[str] = set()
    for lock_path in held_locks(state):
        holder = read_holder(lock_path)
        if holder is not None:
            seen.add(holder.run)
            if not holder.lives:
                yield _Killed(holder.run, holder.application, holder.environment, lock_path, holder.boot_id)
    for run in state.open_runs():
        if run in seen:
            continue
        opening = read_opening(state, run)
        if opening is not None:
            lock_path = state.lock_path(opening.application, opening.environment)
            yield _Killed(run, opening.application, opening.environment, lock_path)
        elif not state.journal_path(run).exists():
            close_run(state, run)  # it was killed before it stored anything


def _recover(state: StateFolder, clock: Clock, killed: _Killed, records: Records | None) -> list[Finding]:
    left = _read(state, killed)
    ended = _end_processes(killed, left.events, clock)
    lock = _take(killed.lock_path, clock)
    if lock is None:
        return []
    try:
        if not _is_still_open(state, killed):
            return []
        if left.problem:
            return [
                Finding(
                    RECORD_NOT_RECOVERED,
                    f"the record of killed run {killed.run} cannot be made: {left.problem}",
                    left.place,
                )
            ]
        if records is None or left.events.nothing_began or not _has_opening(left.read):
            return _closed(state, clock, killed, left, ended)
        if records.has(killed.run):
            close_run(state, killed.run)
            return []
        return [*_closed(state, clock, killed, left, ended, recorded=True), *records.recover(killed.run)]
    finally:
        lock.release()
        state.remove_scratch(killed.run)


@dataclass(frozen=True, slots=True)
class _Left:
    """The journal of a killed run; `problem` says why it cannot be read."""

    place: Place
    read: JournalRead
    events: RunEvents
    problem: str = ""


def _read(state: StateFolder, killed: _Killed) -> _Left:
    nothing = JournalRead((), 0)
    try:
        path = state.journal_path(killed.run)
        read = read_journal(path)
        events = events_of(read.lines, lambda name, written: read_value(path.parent, name, written))
    except (OSError, ValueError):
        return _Left(Place(str(killed.lock_path)), nothing, RunEvents())
    except CannotContinue as error:
        finding = error.findings[0]
        return _Left(finding.place, nothing, RunEvents(), finding.message)
    return _Left(Place(str(path)), read, events)


def _has_opening(read: JournalRead) -> bool:
    return bool(read.lines) and "opening" in read.lines[0]


def _is_still_open(state: StateFolder, killed: _Killed) -> bool:
    """Whether nobody has recovered the run, and it has not written its record itself, before the lock was ours."""
    holder = read_holder(killed.lock_path)
    return state.open_path(killed.run).exists() or (holder is not None and holder.run == killed.run)


def _end_processes(killed: _Killed, events: RunEvents, clock: Clock) -> int:
    """SIGTERM, then SIGKILL, until no process of the run lives; returns how many there were."""
    if boot_id() not in {killed.boot_id, events.start.get("boot_id")}:
        return 0
    known = {pid: ticks for pid, (index, ticks) in events.processes.items() if index in events.begun}
    found: set[tuple[int, int]] = set()
    started = clock.monotonic()
    told: set[tuple[int, int]] = set()
    while clock.monotonic() - started < _TERMINATE_SECONDS + _KILL_SECONDS:
        alive = _processes_of(killed.run, known)
        if not alive:
            break
        harder = clock.monotonic() - started >= _TERMINATE_SECONDS
        for facts in alive:
            key = (facts.pid, facts.start_ticks)
            found.add(key)
            if harder or key not in told:
                told.add(key)
                send_signal(facts, signal.SIGKILL if harder else signal.SIGTERM)
        clock.sleep(_LOOK_SECONDS)
    return len(found)


def _processes_of(run: str, known: Mapping[int, int]) -> list[ProcessFacts]:
    tag = f"INNOMINATUS_RUN={run}".encode()
    roots = {pid for pid, ticks in known.items() if _is_same(pid, ticks)}
    table = all_processes()
    us = os.getpid()
    roots.update(pid for pid in table if environment_holds(pid, tag))
    return [table[pid] for pid in with_descendants(roots, table) if pid != us]


def _is_same(pid: int, ticks: int) -> bool:
    facts = process_facts(pid)
    return facts is not None and abs(facts.start_ticks - ticks) <= _TICKS


def _take(lock_path: Path, clock: Clock) -> RunLock | None:
    if not lock_path.parent.is_dir():
        return None
    for _ in range(50):
        lock = try_lock(lock_path)
        if lock is not None:
            return lock
        clock.sleep(_LOOK_SECONDS)
    return None


def _closed(
    state: StateFolder, clock: Clock, killed: _Killed, left: _Left, ended: int, *, recorded: bool = False
) -> list[Finding]:
    """Closes the journal, and says what was left; `recorded`: the record is written from the journal afterwards."""
    if left.events.nothing_began:
        close_run(state, killed.run)
        return []
    done = left.events.end is not None
    if recorded or not done:
        _close_journal(state, killed.run, clock, left.events, recorded=recorded)
    return _told(killed, left, ended, done=done, recorded=recorded)


def _close_journal(state: StateFolder, run: str, clock: Clock, events: RunEvents, *, recorded: bool) -> None:
    path = state.journal_path(run)
    journal = Journal.reopen(path, clock)
    if recorded and not events.recovered:
        journal.add("recovery", boot_id=boot_id())
    if events.end is None:
        for index, begun in sorted(_open_attempts(state, run, events).items()):
            result = begun.interrupted(events.last_ms)
            value = kept_value(state, run, index, result.as_json(), len(begun.step.encode()))
            journal.add("step_interrupted", step=begun.step, index=index, result=value)
        failures = len(_open_attempts(state, run, events)) + sum(
            one.status in FAILED and not one.continued for one in events.results.values()
        )
        journal.add(
            "run_end",
            status="interrupted",
            failures=failures,
            finished_at=moment(events.last_ms),
            duration_ms=events.last_ms - events.first_ms,
        )
    journal.close()
    if journal.problem:
        raise CannotContinue(lost(path, journal.problem))


def _open_attempts(state: StateFolder, run: str, events: RunEvents) -> dict[int, Begun]:
    """The attempts that have no end; after a power cut those too that were intended, and may have begun."""
    if events.start.get("boot_id") == boot_id() or "opening" not in events.start or not events.intended:
        return events.begun
    return {**events.begun, **may_have_begun(read_run(state.run_dir(run)).plan, events)}


def _told(killed: _Killed, left: _Left, ended: int, *, done: bool, recorded: bool) -> list[Finding]:
    steps = ", ".join(f"'{one.step}'" for _, one in sorted(left.events.begun.items()) if not one.pauses)
    when = f" while {steps} ran" if steps else ""
    if done:
        when = " after its last step" + ("" if recorded else ": it may have no record")
    who = f"run {killed.run} of '{killed.application}' in '{killed.environment}'"
    findings = [Finding(RUN_WAS_KILLED, f"{who} was killed{when}", left.place)]
    if ended:
        count = f"{ended} process{'es' if ended > 1 else ''}"
        findings.append(Finding(ORPHANS_ENDED, f"{count} of run {killed.run} still worked and ended now", left.place))
    return findings
