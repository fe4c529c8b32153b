"""Kills the tool right before the N-th system call of a kind, by strace's fault injection, and judges what is left.

Only the tool's own process is traced: its steps and git run as ever. `points_of` finds the calls that matter in one
undisturbed run: everything that changes files of the repository, starts a process or waits for one.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from innominatus_cli.execution.journal import read_journal
from innominatus_cli.execution.opening import read_run
from innominatus_cli.execution.replay import replay
from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.ledger.working_tree import WorkingTreeStore
from innominatus_cli.operations.history import open_ledger
from innominatus_cli.operations.recovering import events_in
from innominatus_cli.system.locks import try_lock
from innominatus_cli.system.process_tree import all_processes, environment_holds
from innominatus_cli.system.state_folder import StateFolder
from tests.faults.scenes import Scene

if TYPE_CHECKING:
    from innominatus_cli.documents.plan import PlannedStep

STORAGE = (
    "write", "pwrite64", "fsync", "fdatasync", "rename", "renameat", "renameat2", "link", "linkat", "unlink",
    "unlinkat", "mkdir", "mkdirat", "rmdir", "ftruncate", "openat", "fchmod", "chmod", "flock",
)  # fmt: skip
SPAWN = ("vfork", "clone", "clone3", "fork")
WAIT = ("waitid", "wait4", "pidfd_open", "epoll_wait", "epoll_pwait", "poll", "ppoll", "select", "pselect6")
_CREATES = ("O_CREAT", "O_TRUNC")
_LONGEST_SECONDS = 60
_NEVER_BEGAN = ("ORC-6013", "ORC-5205")
"""There is no run at all, or one that had not begun: its remedy is to run again."""
_ONCE_MORE = 8
_DECISION = re.compile(r"--assume '?([^\s'=]+)=")
_STATUSES = {int(status) for status in ExitStatus} | {124, 129, 130, 143}


@dataclass(frozen=True, slots=True)
class Point:
    """Right before the `number`-th call of `call` (from 1), by the process of the tool."""

    call: str
    number: int

    def __str__(self) -> str:
        return f"{self.call}-{self.number}"

    @property
    def injection(self) -> list[str]:
        """What strace is told."""
        return ["-e", f"trace={self.call}", "-e", f"inject={self.call}:signal=KILL:when={self.number}"]


@dataclass(slots=True)
class Trial:
    """What happened in one repository, command by command, and what is wrong with it."""

    repository: Path
    statuses: list[int] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


def tool(*words: str) -> list[str]:
    """The command as a process that strace can see into: no launcher in between."""
    return [sys.executable, "-m", "innominatus_cli", *words]


def run(
    repository: Path, words: tuple[str, ...], strace: list[str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """Runs a command, under strace where asked; its streams are files, so that what it leaves holds no pipe of ours.

    One that strace holds for too long is killed all the same, only later than at the point.
    """
    argv = [*(strace or ()), *tool(*words)]
    with (repository.parent / "out").open("w+") as out:
        done = subprocess.Popen(
            argv,
            cwd=repository,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
        try:
            status = done.wait(_LONGEST_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(done.pid, signal.SIGKILL)
            status = done.wait()
            if not strace:
                raise
        out.seek(0)
        return subprocess.CompletedProcess(argv, status, out.read(), "")


def points_of(scene: Scene, template: Path, strace: Path, folder: Path) -> list[Point]:
    """Where the scene's command can be killed with any effect, found by watching it once."""
    repository = shutil.copytree(template, folder / "watched", symlinks=True)
    log = folder / "trace"
    calls = ",".join(f"?{call}" for call in (*STORAGE, *SPAWN, *WAIT))
    run(repository, scene.command, [str(strace), "-qq", "-y", "-s", "0", "-o", str(log), "-e", f"trace={calls}"])
    shutil.rmtree(repository)
    return list(_points_in(log.read_text(errors="replace"), str(repository)))


def _points_in(log: str, repository: str) -> Iterator[Point]:
    """Of waits that follow each other the first one: nothing has happened between them."""
    numbers: Counter[str] = Counter()
    begun = waits = False
    for line in log.splitlines():
        call = line.partition("(")[0]
        numbers[call] += 1
        ours = repository in line
        if call in STORAGE:
            changes = call != "openat" or any(flag in line for flag in _CREATES)
            begun = begun or (ours and changes)
            if ours and changes:
                waits = False
                yield Point(call, numbers[call])
        elif begun and (call in SPAWN or (call in WAIT and not waits)):
            waits = call in WAIT
            yield Point(call, numbers[call])


def trial(scene: Scene, template: Path, folder: Path, strace: Path, *points: Point) -> Trial:
    """Kills the command at the first point, its recovery at each further one, then recovers, and judges everything."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    repository = shutil.copytree(template, folder / "repository", symlinks=True)
    before = own_files(repository)
    found = Trial(repository)
    words = scene.command
    for point in points:
        done = run(repository, words, [str(strace), "-qq", "-o", "/dev/null", *point.injection])
        note(found, words, done)
        words = ("resume", "latest")
    finished = durable_ends(repository)
    go_on(found, repository, scene.command)
    judge(found, before, finished)
    if scene.once:
        judge_once(found)
    return found


def judge_once(found: Trial) -> None:
    """Every step ran once, and nobody was asked."""
    ran = Counter(step for (_, step), count in _effects(found.repository).items() for _ in range(count))
    found.wrong += [f"I4: {step} ran {count} times, though its probe knows" for step, count in ran.items() if count > 1]
    if any(status == ExitStatus.DECISION_NEEDED for status in found.statuses):
        found.wrong.append("I2: a person is asked, though every probe knows")


def note(found: Trial, words: tuple[str, ...], done: "subprocess.CompletedProcess[str]") -> None:
    """Notes how a command ended."""
    found.statuses.append(done.returncode)
    found.said.append(f"$ {' '.join(words)}\n{done.stdout}")
    if "Traceback" in done.stdout or "ORC-9001" in done.stdout:
        found.wrong.append(f"I13: {' '.join(words)} shows a bug of ours")
    if done.returncode >= 0 and done.returncode not in _STATUSES and done.returncode != 128 + 9:
        found.wrong.append(f"I13: exit status {done.returncode}")


def go_on(found: Trial, repository: Path, command: tuple[str, ...]) -> None:
    """Resumes as a person would, saying of steps in doubt that they were not done; or runs again what never began."""
    words: tuple[str, ...] = ("resume", "latest")
    for _ in range(_ONCE_MORE):
        done = run(repository, words)
        note(found, words, done)
        if done.returncode == ExitStatus.FINDINGS and any(code in done.stdout for code in _NEVER_BEGAN):
            words = command
            continue
        if done.returncode != ExitStatus.DECISION_NEEDED:
            return
        doubted = sorted(set(_DECISION.findall(done.stdout)))
        if not doubted:
            found.wrong.append("I2: a decision is asked for, and nothing says of which step")
            return
        words = ("resume", "latest", *(part for step in doubted for part in ("--assume", f"{step}=not-done")))
    found.wrong.append("I14: it never comes to an end")


def durable_ends(repository: Path) -> dict[str, int]:
    """By step that has ended well so far: how often it really ran until now. What cleans up does so for every run."""
    effects = _effects(repository)
    ended: set[str] = set()
    state = StateFolder(repository / ".git")
    for name in state.runs():
        path = state.journal_path(name)
        if not path.exists():
            continue
        lines = read_journal(path).lines
        cleanup = {step.id for step in read_run(state.run_dir(name)).plan.steps if step.cleanup} if lines else set()
        for line in lines:
            if line["type"] == "step_end" and line.get("status") == "succeeded" and line["step"] not in cleanup:
                ended.add(line["step"])
    return {step: sum(count for (_, one), count in effects.items() if one == step) for step in ended}


def _effects(repository: Path) -> Counter[tuple[str, str]]:
    """How often each step of each run really ran."""
    found: Counter[tuple[str, str]] = Counter()
    for path in (repository / ".git/innominatus/state").glob("*/*/effects"):
        for line in path.read_text().splitlines():
            run_id, _, step = line.partition(" ")
            found[run_id, step] += 1
    return found


def own_files(repository: Path) -> dict[str, bytes]:
    """What people have in the working tree: everything but git's folder and the ledger."""
    files = (path for path in repository.rglob("*") if path.is_file())
    ours = (repository / ".git", repository / ".innominatus")
    return {str(path): path.read_bytes() for path in files if not any(path.is_relative_to(one) for one in ours)}


def judge(found: Trial, before: dict[str, bytes], finished: dict[str, int]) -> None:
    """The oracle: I1 to I8 and I10 to I14 of what a run promises, over everything that the repository holds now."""
    repository = found.repository
    ledger = open_ledger(repository)
    state, store = ledger.state, ledger.store
    effects = _effects(repository)
    by_step: Counter[str] = Counter()
    for (_, step), count in effects.items():
        by_step[step] += count
    for step, count in finished.items():
        if by_step[step] > count:
            found.wrong.append(f"I1: {step} had ended well, and ran again")
    for name in state.runs():
        if state.journal_path(name).exists():
            _judge_run(found, store, state, name, effects)
    _judge_surroundings(found, repository, before)
    verified = run(repository, ("ledger", "verify"))
    if verified.returncode != 0:
        found.wrong.append(f"I6: ledger verify says {verified.returncode}: {verified.stdout}")
    commits = store.commits()
    again = run(repository, ("resume", "latest"))
    if again.returncode not in {ExitStatus.OK, ExitStatus.RUN_FAILED}:
        found.wrong.append(f"I8: resuming once more ends with {again.returncode}: {again.stdout}")
    changed = open_ledger(repository).store.commits() != commits or _effects(repository) != effects
    if again.returncode == ExitStatus.OK and changed:
        found.wrong.append("I8: resuming once more changed something")


def _judge_run(
    found: Trial, store: WorkingTreeStore, state: StateFolder, name: str, effects: "Counter[tuple[str, str]]"
) -> None:
    lines = read_journal(state.journal_path(name)).lines
    if not lines:
        return
    stored = read_run(state.run_dir(name))
    starts = _judge_journal(found, lines, {step.id: step for step in stored.plan.steps})
    for (run_id, step), count in effects.items():
        if run_id == name and count > starts[step]:
            found.wrong.append(f"I4: {step} ran {count} times, recorded {starts[step]}")
    records = [one.record for one in store.records() if one.record.run == name]
    if len(records) != 1:
        found.wrong.append(f"I7: run {name} has {len(records)} records")
        return
    folded = replay(stored.opening, stored.plan, events_in(stored))
    if folded.model_copy(update={"parents": records[0].parents}).canonical != records[0].canonical:
        found.wrong.append(f"I7: the record of {name} is not the fold of its journal")
    told = {result.step for result in records[0].steps}
    lost = {step.id for step in stored.plan.steps if step.kind == "step"} - told
    if lost:
        found.wrong.append(f"I2: {sorted(lost)} have no final state in the record of {name}")


def _judge_journal(found: Trial, lines: Sequence[dict[str, Any]], steps: "Mapping[str, PlannedStep]") -> "Counter[str]":
    """What the order of the lines says; returns how often each step started."""
    starts: Counter[str] = Counter()
    ended: set[str] = set()
    for line in lines:
        step = line.get("step", "")
        if line["type"] == "step_start":
            missing = [need for need in steps[step].needs if need in starts and need not in ended]
            starts[step] += 1
            if missing:
                found.wrong.append(f"I5: {step} began before {missing} had ended")
        elif line["type"] in {"step_end", "step_interrupted"}:
            if step in ended:
                found.wrong.append(f"I3: {step} ended twice")
            ended.add(step)
    if starts.keys() - ended:
        found.wrong.append(f"I3: {sorted(starts.keys() - ended)} began and have neither end nor mark")
    return starts


def _judge_surroundings(found: Trial, repository: Path, before: dict[str, bytes]) -> None:
    if own_files(repository) != before:
        found.wrong.append("I12: files outside of the ledger changed")
    status = subprocess.run(
        ["git", "status", "--porcelain"], cwd=repository, capture_output=True, text=True, check=True
    ).stdout
    if status:
        found.wrong.append(f"I12: the working tree is not as the last commit says: {status}")
    tags = [f"INNOMINATUS_RUN={name}".encode() for name in StateFolder(repository / ".git").runs()]
    until = time.monotonic() + 2
    while left := [pid for pid in all_processes() if any(environment_holds(pid, tag) for tag in tags)]:
        if time.monotonic() > until:
            found.wrong.append(f"I10: {len(left)} processes still work")
            break
        time.sleep(0.02)
    for path in (repository / ".git/innominatus/locks").glob("*/*.lock"):
        lock = try_lock(path)
        if lock is None:
            found.wrong.append(f"I11: {path.name} is still held")
        else:
            os.close(lock.fd)
