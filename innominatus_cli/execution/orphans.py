"""What a killed run left behind: processes that still work, a journal without an end, the facts beside its lock.

A run that was ended by SIGKILL, or whose machine crashed, cleans up nothing. The next command does: it ends processes
of that run, known by pid, start time and boot from the journal and by `INNOMINATUS_RUN` in their environment, marks
what had started as interrupted, and tells. A run that lives is never touched; neither is one of another machine.
"""

import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from innominatus_cli.execution.journal import Journal, JournalRead, read_journal
from innominatus_cli.findings.catalogue.execution import ORPHANS_ENDED, RUN_WAS_KILLED
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.system.clock import Clock
from innominatus_cli.system.locks import Holder, RunLock, held_locks, read_holder, try_lock
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


@dataclass(frozen=True, slots=True)
class _Left:
    """Steps of a journal that started and did not end: plan index to step id."""

    steps: dict[int, str]
    processes: dict[int, int]
    """Pid to start ticks, of those steps."""


def recover_killed_runs(state: StateFolder, clock: Clock) -> list[Finding]:
    """Ends and closes what killed runs of this clone left; returns warnings that tell of it.

    Called before a run takes its lock. What cannot be ended keeps its lock, and the next `acquire` names its holder.
    """
    findings: list[Finding] = []
    for lock_path in held_locks(state):
        holder = read_holder(lock_path)
        if holder is not None and not holder.lives:
            findings.extend(_recover(state, clock, lock_path, holder))
    return findings


def _recover(state: StateFolder, clock: Clock, lock_path: Path, holder: Holder) -> list[Finding]:
    try:
        journal_path = state.journal_path(holder.run)
        read = read_journal(journal_path)
    except (OSError, ValueError, CannotContinue):
        journal_path, read = lock_path, JournalRead((), 0)
    left = _left(read)
    ended = _end_processes(holder, left, clock)
    lock = _take(lock_path, clock)
    if lock is None:
        return []
    try:
        if read.lines and not read.has("run_end"):
            _close_journal(journal_path, clock, left)
    finally:
        lock.release()
        state.remove_scratch(holder.run)
    return _told(holder, left, ended, journal_path, done=read.has("run_end")) if read.lines else []


def _left(read: JournalRead) -> _Left:
    begun: dict[int, str] = {}
    processes: dict[int, tuple[int, int]] = {}
    for line in read.lines:
        index: int = line.get("index", -1)
        match line["type"]:
            case "step_start":
                begun[index] = line["step"]
            case "process":
                processes[line["pid"]] = (index, line["start_ticks"])
            case "step_end" | "step_interrupted":
                begun.pop(index, None)
            case _:
                pass
    return _Left(begun, {pid: ticks for pid, (index, ticks) in processes.items() if index in begun})


def _end_processes(holder: Holder, left: _Left, clock: Clock) -> int:
    """SIGTERM, then SIGKILL, until no process of the run lives; returns how many there were."""
    if holder.boot_id != boot_id():
        return 0
    found: set[tuple[int, int]] = set()
    started = clock.monotonic()
    told: set[tuple[int, int]] = set()
    while clock.monotonic() - started < _TERMINATE_SECONDS + _KILL_SECONDS:
        alive = _processes_of(holder, left)
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


def _processes_of(holder: Holder, left: _Left) -> list[ProcessFacts]:
    tag = f"INNOMINATUS_RUN={holder.run}".encode()
    roots = {pid for pid, ticks in left.processes.items() if _is_same(pid, ticks)}
    table = all_processes()
    us = os.getpid()
    roots.update(pid for pid in table if environment_holds(pid, tag))
    return [table[pid] for pid in with_descendants(roots, table) if pid != us]


def _is_same(pid: int, ticks: int) -> bool:
    facts = process_facts(pid)
    return facts is not None and abs(facts.start_ticks - ticks) <= _TICKS


def _take(lock_path: Path, clock: Clock) -> RunLock | None:
    for _ in range(50):
        lock = try_lock(lock_path)
        if lock is not None:
            return lock
        clock.sleep(_LOOK_SECONDS)
    return None


def _close_journal(path: Path, clock: Clock, left: _Left) -> None:
    journal = Journal.reopen(path, clock)
    for index, step in sorted(left.steps.items()):
        journal.add("step_interrupted", step=step, index=index)
    journal.add("run_end", status="interrupted", failures=len(left.steps))
    journal.close()


def _told(holder: Holder, left: _Left, ended: int, journal_path: Path, *, done: bool) -> list[Finding]:
    place = Place(str(journal_path))
    steps = ", ".join(f"'{step}'" for _, step in sorted(left.steps.items()))
    when = f" while {steps} ran" if steps else ""
    if done:
        when = " after its last step: it may have no record"
    findings = [
        Finding(
            RUN_WAS_KILLED,
            f"run {holder.run} of '{holder.application}' in '{holder.environment}' was killed{when}",
            place,
        )
    ]
    if ended:
        count = f"{ended} process{'es' if ended > 1 else ''}"
        findings.append(Finding(ORPHANS_ENDED, f"{count} of run {holder.run} still worked and ended now", place))
    return findings
