"""The real command, killed in the middle of a step: no orphan, a record that says so, and the next run works."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from innominatus_cli.execution.journal import read_journal
from innominatus_cli.execution.opening import read_run
from innominatus_cli.execution.replay import replay
from innominatus_cli.ledger.working_tree import WorkingTreeStore
from innominatus_cli.operations.recovering import events_in, recover
from innominatus_cli.system.clock import SystemClock
from innominatus_cli.system.commands import CommandOutcome, CommandRequest
from innominatus_cli.system.git import Git
from innominatus_cli.system.process_tree import process_facts
from innominatus_cli.system.state_folder import StateFolder

DONE, DIED, BROKE = 0, 9, 1
MANY = 5

FILES = {
    "score.yaml": "apiVersion: score.dev/v1b1\nmetadata:\n  name: shop\ncontainers:\n  web:\n    image: nginx:1.27\n",
    "admin-config.yaml": "limits:\n  maxParallel: 2\n",
    "workflows/golden-paths/slow.yaml": "apiVersion: workflow.dev/v1\nkind: GoldenPath\nmetadata:\n  name: slow\n"
    "spec:\n  operation: task\n  workflow: workflows/slow.yaml\n",
    "workflows/golden-paths/quick.yaml": "apiVersion: workflow.dev/v1\nkind: GoldenPath\nmetadata:\n  name: quick\n"
    "spec:\n  operation: task\n  workflow: workflows/quick.yaml\n",
    "workflows/quick.yaml": "apiVersion: workflow.dev/v1\nkind: Workflow\nmetadata:\n  name: quick\n"
    "spec:\n  steps:\n    - name: nothing\n      type: script\n      config:\n        script: 'true'\n",
    "workflows/slow.yaml": "apiVersion: workflow.dev/v1\nkind: Workflow\nmetadata:\n  name: slow\n"
    "spec:\n  steps:\n    - name: wait\n      type: script\n      config:\n        script: |\n"
    '          cd "$INNOMINATUS_STATE_DIR"\n'
    "          mkdir once || exit 0\n"
    "          setsid sh -c 'trap \"\" INT TERM; echo $$ > hidden; sleep 300' >/dev/null 2>&1 &\n"
    "          while ! test -s hidden; do sleep 0.01; done\n"
    "          echo $$ > pid\n"
    "          sleep 300\n"
    "    - name: after\n      type: script\n      config:\n        script: 'true'\n",
}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / "repo" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for argv in (["init", "-q"], ["config", "user.name", "Me"], ["config", "user.email", "me@example.org"],
                 ["add", "."], ["commit", "-q", "-m", "start"]):  # fmt: skip
        subprocess.run(["git", *argv], cwd=tmp_path / "repo", check=True)
    return tmp_path / "repo"


def command(repository: Path, name: str = "slow") -> "subprocess.Popen[bytes]":
    argv = [sys.executable, "-m", "innominatus_cli", "run", name, "score.yaml", "--env", "development", "-o", "json"]
    return subprocess.Popen(
        argv, cwd=repository, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )


def started(running: "subprocess.Popen[bytes]", repository: Path) -> list[int]:
    """The pids of the step and of what it hid, once both work."""
    folder = StateFolder(repository / ".git").tool_state_dir("shop", "development")
    for _ in range(3000):
        if running.poll() is not None:
            raise AssertionError(running.communicate())
        if (folder / "pid").exists() and (folder / "pid").read_text().strip():
            return [int((folder / name).read_text()) for name in ("pid", "hidden")]
        time.sleep(0.01)
    raise AssertionError("the step never started")


def lives(pid: int) -> bool:
    facts = process_facts(pid)
    return facts is not None and facts.alive


def head_record(repository: Path) -> dict[str, object]:
    path = max((repository / ".innominatus" / "runs").rglob("*.json"))
    record: dict[str, object] = json.loads(path.read_bytes())
    return record


def the_record(repository: Path, run: str) -> dict[str, Any]:
    """The one record of a run, as the branch has it."""
    listed = subprocess.run(
        ["git", "ls-tree", "-r", "--name-only", "HEAD", ".innominatus/runs"],
        cwd=repository, capture_output=True, text=True, check=True,
    )  # fmt: skip
    (path,) = (line for line in listed.stdout.splitlines() if line.endswith(f"/{run}.json"))
    shown = subprocess.run(["git", "show", f"HEAD:{path}"], cwd=repository, capture_output=True, check=True)
    record: dict[str, Any] = json.loads(shown.stdout)
    return record


def record_is_the_replay(repository: Path, run: str) -> bool:
    """Whether the record equals the fold of the run's journal, byte for byte but for its parents."""
    stored = read_run(StateFolder(repository / ".git").run_dir(run))
    record = replay(stored.opening, stored.plan, events_in(stored))
    return record.as_json() == {**the_record(repository, run), "parents": []}


def recovery_killed_at(repository: Path, number: int) -> int:
    """Recovers in a child process that ends before its git command `number`, or its write of the journal before."""
    child = os.fork()
    if child == 0:
        status = BROKE
        try:
            git = Git.open(repository)
            assert git is not None
            plain, left = git.command.run, [number]

            def run(request: CommandRequest) -> CommandOutcome:
                left[0] -= 1
                if left[0] == 0:
                    os._exit(DIED)
                return plain(request)

            object.__setattr__(git.command, "run", run)
            recover(WorkingTreeStore(git), SystemClock())
            status = DONE
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="hidden grandchildren are found through /proc")


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_leaves_no_orphan_and_a_record_that_says_interrupted(
    repository: Path, number: signal.Signals, status: int
) -> None:
    running = command(repository)
    pids = started(running, repository)
    running.send_signal(number)
    time.sleep(0.2)
    for harder in (signal.SIGINT, signal.SIGINT):
        if running.poll() is None:
            running.send_signal(harder)
            time.sleep(0.2)
    stdout, stderr = running.communicate(timeout=60)
    assert running.returncode == status, (stdout, stderr)
    assert not [pid for pid in pids if lives(pid)]
    record = head_record(repository)
    assert (record["status"], record["signal"]) == ("interrupted", number)
    assert (
        subprocess.run(["git", "status", "--porcelain"], cwd=repository, capture_output=True, check=True).stdout == b""
    )
    again = command(repository)
    stdout, stderr = again.communicate(timeout=60)
    assert again.returncode == 0, (stdout, stderr)
    assert head_record(repository)["status"] == "succeeded"


def test_after_sigkill_the_next_command_ends_what_was_left_and_tells(repository: Path) -> None:
    running = command(repository)
    pids = started(running, repository)
    running.kill()
    running.communicate()
    assert all(lives(pid) for pid in pids)
    state = StateFolder(repository / ".git")
    (killed,) = state.runs()
    again = command(repository)
    stdout, stderr = again.communicate(timeout=60)
    assert again.returncode == 0, (stdout, stderr)
    assert not [pid for pid in pids if lives(pid)]
    assert b"ORC-5031" in stderr + stdout
    assert b"ORC-5030" in stderr + stdout
    assert killed.encode() in stderr + stdout
    lines = read_journal(state.journal_path(killed)).lines
    assert [line["type"] for line in lines][-3:] == ["recovery", "step_interrupted", "run_end"]
    record = the_record(repository, killed)
    assert (record["status"], record["recovered"]) == ("interrupted", True)
    assert [step["status"] for step in record["steps"]] == ["interrupted", "planned"]
    assert record_is_the_replay(repository, killed)
    assert not state.scratch_dir(killed).exists()
    third = command(repository)
    stdout, stderr = third.communicate(timeout=60)
    assert b"ORC-503" not in stderr + stdout


def test_a_second_run_is_told_who_holds_the_lock(repository: Path) -> None:
    running = command(repository)
    started(running, repository)
    second = command(repository)
    stdout, stderr = second.communicate(timeout=60)
    assert second.returncode == 75, (stdout, stderr)
    assert b"ORC-6041" in stderr + stdout
    assert f"pid {running.pid}".encode() in stderr + stdout
    assert running.poll() is None
    for _ in range(3):
        os.kill(running.pid, signal.SIGINT)
        time.sleep(0.2)
    running.communicate(timeout=60)


def writing_its_record(repository: Path) -> "subprocess.Popen[bytes]":
    """A run whose steps have ended, and whose commit waits for the index."""
    (repository / ".git" / "index.lock").touch()
    running = command(repository, "quick")
    state = StateFolder(repository / ".git")
    for _ in range(3000):
        if running.poll() is not None:
            raise AssertionError(running.communicate())
        paths = [state.journal_path(run) for run in state.runs()]
        if any(path.exists() and b'"run_end"' in path.read_bytes() for path in paths):
            return running
        time.sleep(0.01)
    raise AssertionError("the run never ended")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_the_record_is_written_loses_no_record(repository: Path, number: signal.Signals) -> None:
    running = writing_its_record(repository)
    running.send_signal(number)
    time.sleep(0.2)
    (repository / ".git" / "index.lock").unlink()
    stdout, stderr = running.communicate(timeout=60)
    assert running.returncode == 0, (stdout, stderr)
    assert head_record(repository)["status"] == "succeeded"


def test_a_run_that_was_killed_while_its_record_was_written_is_told_of(repository: Path) -> None:
    running = writing_its_record(repository)
    running.kill()
    running.communicate()
    (repository / ".git" / "index.lock").unlink()
    (killed,) = StateFolder(repository / ".git").runs()
    stdout, stderr = command(repository, "quick").communicate(timeout=60)
    assert b"ORC-5031" in stderr, (stdout, stderr)
    assert killed.encode() in stderr
    record = the_record(repository, killed)
    assert (record["status"], record["recovered"]) == ("succeeded", True)
    assert record_is_the_replay(repository, killed)
    stdout, stderr = command(repository, "quick").communicate(timeout=60)
    assert b"ORC-5031" not in stderr


def test_a_run_whose_lock_says_nothing_any_more_is_recovered_all_the_same(repository: Path) -> None:
    running = command(repository)
    pids = started(running, repository)
    running.kill()
    running.communicate()
    state = StateFolder(repository / ".git")
    (killed,) = state.runs()
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    for path in (state.root / "locks").rglob("*"):
        if path.is_file():
            path.unlink()
    stdout, stderr = command(repository, "quick").communicate(timeout=60)
    assert b"ORC-5031" in stderr, (stdout, stderr)
    assert the_record(repository, killed)["status"] == "interrupted"
    assert state.open_runs() == []


def test_a_recovery_that_is_killed_at_any_git_command_is_done_again_and_leaves_one_record(repository: Path) -> None:
    running = command(repository)
    started(running, repository)
    running.kill()
    running.communicate()
    state = StateFolder(repository / ".git")
    (killed,) = state.runs()
    deaths = 0
    while recovery_killed_at(repository, deaths + 1) == DIED:
        deaths += 1
        assert state.open_runs() == [killed]
    assert deaths > MANY
    record = the_record(repository, killed)
    assert (record["status"], record["recovered"]) == ("interrupted", True)
    assert record_is_the_replay(repository, killed)
    marks = [line["type"] for line in read_journal(state.journal_path(killed)).lines]
    assert (marks.count("recovery"), marks.count("step_interrupted"), marks.count("run_end")) == (1, 1, 1)
    assert recovery_killed_at(repository, 1) == DONE, "there is nothing left to do"
    assert state.open_runs() == []
    status = subprocess.run(["git", "status", "--porcelain"], cwd=repository, capture_output=True, check=True)
    assert status.stdout == b""


def test_a_record_that_nothing_takes_is_printed_and_the_status_says_so(repository: Path) -> None:
    (repository / ".innominatus").write_text("a file of the user's")
    for argv in (["add", ".innominatus"], ["commit", "-q", "-m", "in the way"]):
        subprocess.run(["git", *argv], cwd=repository, check=True)
    (repository / ".git" / "innominatus").mkdir()
    (repository / ".git" / "innominatus" / "unwritten").write_text("in the way as well")
    argv = [sys.executable, "-m", "innominatus_cli", "run", "quick", "score.yaml", "--env", "development"]
    told = subprocess.run(argv, cwd=repository, capture_output=True, text=True, check=False, timeout=60)
    assert told.returncode == 73, told
    (line,) = [line for line in told.stdout.splitlines() if "lost, but for this: " in line]
    assert json.loads(line.partition("this: ")[2])["status"] == "succeeded"
