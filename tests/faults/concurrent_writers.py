"""Many clones that write records to one branch of one remote, under one lock on it: `python -m … 16 50` prints figures.

Each writer is a process with a clone of its own. In each round it waits for the lock on the remote, looks whether
anybody else believes to hold it, commits a record, pushes it, and gives the lock back; the pushes of the even writers
come after that, so that they race.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from random import SystemRandom
from typing import Any

from innominatus_cli.documents.run_record import RunRecord
from innominatus_cli.documents.verdict import Actor
from innominatus_cli.findings.catalogue.ledger import PUSH_FAILED
from innominatus_cli.findings.finding import CannotContinue
from innominatus_cli.ledger.pushing import push_records
from innominatus_cli.ledger.working_tree import WorkingTreeStore
from innominatus_cli.operations.remote_locks import RemoteLock, acquire_on_remote
from innominatus_cli.system.clock import SystemClock, timestamp
from innominatus_cli.system.git import Git
from innominatus_cli.system.git_refs import RemoteRefs
from innominatus_cli.system.locks import Holder
from innominatus_cli.system.state_folder import StateFolder

_CONFIGURATION = ("user.name=Ada", "user.email=ada@example.org", "gc.auto=0")


def play(folder: Path, writers: int, rounds: int) -> dict[str, Any]:
    """Lets so many writers write so many records each; what came of it."""
    started = time.monotonic()
    _git(folder, "init", "-q", "--bare", "-b", "main", "remote.git")
    _git(folder, "clone", "-q", f"file://{folder}/remote.git", "seed")
    (folder / "seed" / "README").write_text("hello\n")
    _git(folder / "seed", "add", ".")
    _git(folder / "seed", *_options(), "commit", "-q", "-m", "start")
    _git(folder / "seed", "push", "-q", "origin", "HEAD:refs/heads/main")
    running = []
    for number in range(writers):
        _git(folder, "clone", "-q", f"file://{folder}/remote.git", f"writer-{number}")
        for setting in _CONFIGURATION:
            name, _, value = setting.partition("=")
            _git(folder / f"writer-{number}", "config", name, value)
        argv = [sys.executable, "-P", __file__, "write", str(folder), str(number), str(rounds)]
        env = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
        running.append(subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env))
    told = []
    for writer in running:
        out, err = writer.communicate()
        assert writer.returncode == 0, err
        sys.stderr.write(err)
        told.append(json.loads(out))
    _git(folder, "clone", "-q", f"file://{folder}/remote.git", "reader")
    _git(folder / "reader", "fsck", "--full", "--strict")
    git = Git.open(folder / "reader")
    assert git is not None
    store = WorkingTreeStore(git)
    found = {stored.record.run for stored in store.records()}
    written = {run for one in told for run in one["runs"]}
    return {
        "writers": writers,
        "rounds": rounds,
        "records": len(found),
        "lost": len(written - found),
        "damaged": len(store.findings),
        "two_holders": sum(one["two_holders"] for one in told),
        "lock_waits": sum(one["waits"] for one in told),
        "push_failed": sum(one["push_failed"] for one in told),
        "locks_left": len(RemoteRefs(git, "origin").listed("refs/innominatus/*")),
        "seconds": round(time.monotonic() - started, 1),
    }


def write(folder: Path, number: int, rounds: int) -> dict[str, Any]:
    """What one writer does."""
    git = Git.open(folder / f"writer-{number}")
    assert git is not None
    clock = SystemClock()
    store = WorkingTreeStore(git, clock=clock)
    state = StateFolder(git.common_dir)
    refs = RemoteRefs.open(git, "origin", clock=clock)
    facts: dict[str, Any] = {"runs": [], "two_holders": 0, "waits": 0, "push_failed": 0}
    for _ in range(rounds):
        run = clock.new_id()
        holder = Holder.of_this_process(run=run, who="ada@example.org", since=timestamp(clock.now()))
        holder = replace(holder, application="shop", environment="production")
        while (lock := _try(refs, state, clock, holder)) is None:
            facts["waits"] += 1
            time.sleep(0.2 + SystemRandom().random())
        try:
            descriptor = os.open(folder / "held", os.O_CREAT | os.O_EXCL)
            os.close(descriptor)
        except FileExistsError:
            facts["two_holders"] += 1
        written = store.write(_record(run, clock), None, {}, git.head())
        assert written.ref is not None, written
        facts["runs"].append(run)
        if number % 2:
            facts["push_failed"] += _push(store, written.ref)
        with suppress(FileNotFoundError):
            (folder / "held").unlink()
        told = [finding for finding in lock.release() if finding.code.number != "ORC-6105"]
        assert not told, told
        if not number % 2:
            facts["push_failed"] += _push(store, written.ref)
    return facts


def _try(refs: RemoteRefs, state: StateFolder, clock: SystemClock, holder: Holder) -> RemoteLock | None:
    try:
        return acquire_on_remote(refs, state, clock, holder, 60)
    except CannotContinue as taken:
        if taken.findings[0].code.number != "ORC-6103":
            raise
        return None


def _push(store: WorkingTreeStore, ref: str) -> int:
    findings = push_records(store, ref)
    failed = [finding for finding in findings if finding.code is PUSH_FAILED]
    for finding in failed:
        print(finding.message, file=sys.stderr)  # noqa: T201 - a script
    return len(failed)


def _record(run: str, clock: SystemClock) -> RunRecord:
    now = timestamp(clock.now())
    return RunRecord(
        kind="run",
        run=run,
        parents=[],
        application="shop",
        environment="production",
        operation="deploy",
        status="succeeded",
        actor=Actor(name="Ada", email="ada@example.org", source="git config"),
        started_at=now,
        finished_at=now,
        duration_ms=1,
        dirty=False,
        tool_version="0.1.0",
    )


def _options() -> list[str]:
    return [part for setting in _CONFIGURATION for part in ("-c", setting)]


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


def main() -> None:
    """`write FOLDER NUMBER ROUNDS` is one writer; `WRITERS ROUNDS` plays all and prints what came of it."""
    if sys.argv[1:2] == ["write"]:
        print(json.dumps(write(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))))  # noqa: T201
        return
    writers, rounds = (int(word) for word in (sys.argv[1:3] if len(sys.argv) > 2 else ("16", "50")))
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(play(Path(folder), writers, rounds), indent=2))  # noqa: T201


if __name__ == "__main__":
    main()
