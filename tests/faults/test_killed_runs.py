"""The real command, killed in the middle of a step: no orphan, a record that says so, and the next run works."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from innominatus_cli.execution.journal import read_journal
from innominatus_cli.system.process_tree import process_facts
from innominatus_cli.system.state_folder import StateFolder

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
    assert [line["type"] for line in lines][-2:] == ["step_interrupted", "run_end"]
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
    stdout, stderr = command(repository, "quick").communicate(timeout=60)
    assert b"ORC-5031" not in stderr


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
