"""The oracle: what a run promises, I1 to I17, held against everything that a repository holds after whatever befell it.

I1 what has ended well never runs again · I2 every step has a final state · I3 what began has one end or one mark · I4
what ran is recorded · I5 nothing begins before what it needs · I6 the ledger verifies · I7 one record a run, the fold
of its journal · I8 going on once more changes nothing · I9 no secret is left anywhere · I10 no process is left · I11 no
lock is left · I12 no file of the user changes · I13 documented statuses, no traceback · I14 it ends · I15 memory is
bounded · I16 what ran is taken back in reverse order · I17 looking starts git alone and opens no socket.

I13 and I14 are seen as each command ends (`tests.faults.commands`), the others here.
"""

import os
import subprocess
import time
from collections import Counter
from collections.abc import Mapping, Sequence
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
from tests.faults.commands import Trial, run, started_by
from tests.faults.scenes import LOOKING, SECRET_FORMS, Scene

if TYPE_CHECKING:
    from innominatus_cli.documents.plan import PlannedStep

MOST_KIB = 300 * 1024


def judge(found: Trial, scene: Scene, before: Mapping[str, bytes], finished: Mapping[str, int]) -> None:
    """Notes every promise that is broken. `before` and `finished` are `own_files` and `durable_ends` of earlier."""
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
    if scene.takes_back:
        _judge_order(found)
    _judge_surroundings(found, before)
    _judge_looking(found)
    commits = store.commits()
    again = run(repository, scene.on)
    if again.status not in {ExitStatus.OK, ExitStatus.RUN_FAILED}:
        found.wrong.append(f"I8: going on once more ends with {again.status}: {again.said}")
    changed = open_ledger(repository).store.commits() != commits or _effects(repository) != effects
    if again.status == ExitStatus.OK and changed:
        found.wrong.append("I8: going on once more changed something")
    _judge_secrecy(found)
    if found.most_kib > MOST_KIB:
        found.wrong.append(f"I15: {found.most_kib} KiB of memory")


def judge_once(found: Trial) -> None:
    """Every step ran once, and nobody was asked."""
    ran = Counter(step for (_, step), count in _effects(found.repository).items() for _ in range(count))
    found.wrong += [f"I4: {step} ran {count} times, though its probe knows" for step, count in ran.items() if count > 1]
    if any(status == ExitStatus.DECISION_NEEDED for status in found.statuses):
        found.wrong.append("I2: a person is asked, though every probe knows")


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


def own_files(repository: Path) -> dict[str, bytes]:
    """What people have in the working tree: everything but git's folder and the ledger."""
    files = (path for path in repository.rglob("*") if path.is_file())
    ours = (repository / ".git", repository / ".innominatus")
    return {str(path): path.read_bytes() for path in files if not any(path.is_relative_to(one) for one in ours)}


def _ran(repository: Path) -> list[tuple[str, str]]:
    """The run and the step of all that really ran, in order."""
    paths = (repository / ".git/innominatus/state").glob("*/*/effects")
    lines = [line for path in paths for line in path.read_text().splitlines()]
    return [(run_id, step) for run_id, _, step in (line.partition(" ") for line in lines)]


def _effects(repository: Path) -> Counter[tuple[str, str]]:
    """How often each step of each run really ran."""
    return Counter(_ran(repository))


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


def _judge_order(found: Trial) -> None:
    """What had run is taken back, all of it, the last first."""
    names = [step.rpartition("/")[2] for _, step in _ran(found.repository)]
    done = list(dict.fromkeys(name for name in names if not name.startswith("undo-")))
    undone = list(dict.fromkeys(name.removeprefix("undo-") for name in names if name.startswith("undo-")))
    if undone != done[::-1]:
        found.wrong.append(f"I16: {done} ran, and {undone} were taken back in this order")


def _judge_surroundings(found: Trial, before: Mapping[str, bytes]) -> None:
    repository = found.repository
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


def _judge_looking(found: Trial) -> None:
    """I6, and I17: commands that only look, watched."""
    for words in LOOKING:
        done, started = started_by(found.repository, words)
        found.most_kib = max(found.most_kib, done.kib)
        found.said.append(f"$ {' '.join(words)}\n{done.said}")
        if done.status != 0:
            found.wrong.append(f"I6: {' '.join(words)} says {done.status}: {done.said}")
        if started - {"git"}:
            found.wrong.append(f"I17: {' '.join(words)} starts {sorted(started - {'git'})}")


def _judge_secrecy(found: Trial) -> None:
    """I9: over all that was said, every file and every object of git, unpacked."""
    repository = found.repository
    objects = ["git", "cat-file", "--batch", "--batch-all-objects", "--unordered"]
    sinks = {"an object of git": subprocess.run(objects, cwd=repository, capture_output=True, check=True).stdout}
    sinks["the terminal"] = "".join(found.said).encode()
    for path in repository.rglob("*"):
        if path.is_file() and "objects" not in path.parts:
            sinks[str(path.relative_to(repository))] = path.read_bytes()
    for sink, data in sinks.items():
        found.wrong += [f"I9: a secret as {name} in {sink}" for name, form in SECRET_FORMS.items() if form in data]
