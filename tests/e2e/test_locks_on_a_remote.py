"""Runs of several clones over one remote, as their users start them: one at a time, cancelled, killed, broken."""

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from innominatus_cli.execution.journal import read_journal
from innominatus_cli.operations.checkpoints import fetch_checkpoint
from innominatus_cli.system.git_refs import write_blob
from innominatus_cli.system.state_folder import StateFolder
from tests.e2e.clones import LOCK, Clone, as_ada, clones_of_a_remote, until

if TYPE_CHECKING:
    import subprocess

WORK = """apiVersion: workflow.dev/v1
kind: Workflow
metadata:
  name: work
spec:
  steps:
    - name: wait
      type: script
      config:
        script: |
          echo "token=$INNOMINATUS_FENCING_TOKEN"
          touch "$HOME/works-$INNOMINATUS_RUN"
          while test -e "$HOME/wait"; do sleep 0.05; done
    - name: after
      type: script
      config:
        script: touch "$HOME/after"
"""


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    return as_ada(monkeypatch, tmp_path)


@pytest.fixture
def clone(home: Path) -> Callable[[str], Clone]:
    return clones_of_a_remote(home, WORK)


def working(home: Path, clone: Clone, before: str = "") -> "subprocess.Popen[str]":
    """A run whose first step works until `wait` is gone."""
    (home / "wait").touch()
    running = clone.start("run", "work", before=before)
    until(lambda: list(home.glob("works-*")), running)
    return running


def test_a_second_clone_is_locked_out_until_the_first_has_ended(home: Path, clone: Callable[[str], Clone]) -> None:
    first, second = clone("first"), clone("second")
    running = working(home, first)
    lock = first.lock()
    status, _, told = second.run("run", "work")
    assert status == 75, told
    for fact in ("ORC-6103", "ada@example.org", lock["run"], str(running.pid), lock["id"], lock["since"]):
        assert fact in told
    until(lambda: first.lock()["token"] is not None, running)
    assert first.lock()["id"] == lock["id"]
    assert first.lock()["renewed_at"] > lock["renewed_at"]
    (home / "wait").unlink()
    out, err = running.communicate(timeout=30)
    assert running.returncode == 0, out + err
    assert first.record()["lock"] == lock["id"]
    logs = (first.path / ".git" / "innominatus" / "runs" / lock["run"] / "logs" / "0.stdout").read_text()
    assert logs == f"token={lock['id']}\n"
    assert first.refs.listed(LOCK) == {}
    assert not list((first.path / ".git" / "innominatus" / "locks" / "remote").iterdir())
    status, _, told = second.run("run", "work")
    assert status == 0, told
    assert "ORC-61" not in told


def test_a_run_whose_lock_is_gone_starts_no_step_any_more(home: Path, clone: Callable[[str], Clone]) -> None:
    first = clone("first")
    running = working(home, first)
    standing = first.refs.listed(LOCK)[LOCK]
    until(lambda: first.refs.delete(LOCK, standing) or first.refs.delete(LOCK, first.refs.listed(LOCK)[LOCK]))
    out, err = running.communicate(timeout=30)
    assert running.returncode == 75, out + err
    assert "ORC-6104" in err
    assert not (home / "after").exists()
    record = first.record()
    assert (record["status"], record["signal"]) == ("interrupted", signal.SIGINT)
    assert "ORC-6104" in [finding["code"] for finding in record["findings"]]


def test_a_lock_that_was_taken_away_at_the_very_end_is_told(home: Path, clone: Callable[[str], Clone]) -> None:
    first = clone("first")
    (first.path / "admin-config.yaml").write_text("locks:\n  remote: origin\n  lease: 1h\n")
    running = working(home, first)
    assert first.refs.delete(LOCK, first.refs.listed(LOCK)[LOCK])
    run = next(home.glob("works-*")).name.removeprefix("works-")
    ask = write_blob(first.git, b"nobody hears it any more")
    assert first.refs.set(f"refs/innominatus/cancel/{run}", ask, None)
    (home / "wait").unlink()
    out, err = running.communicate(timeout=30)
    assert running.returncode == 0, out + err
    assert "warning ORC-6104" in err
    assert first.refs.listed("refs/innominatus/*") == {}


def test_a_lock_of_another_is_never_given_back(home: Path, clone: Callable[[str], Clone]) -> None:
    first = clone("first")
    running = working(home, first)
    until(lambda: first.refs.delete(LOCK, first.refs.listed(LOCK).get(LOCK, "0" * 40)))
    other = write_blob(first.git, b"another run's")
    assert first.refs.set(LOCK, other, None)
    running.communicate(timeout=30)
    assert running.returncode == 75
    assert first.refs.listed(LOCK) == {LOCK: other}


def test_the_lock_of_a_killed_run_stands_until_its_clone_runs_again(home: Path, clone: Callable[[str], Clone]) -> None:
    first, second = clone("first"), clone("second")
    running = working(home, first)
    os.kill(running.pid, signal.SIGKILL)
    running.communicate(timeout=30)
    lock = first.lock()
    status, _, told = second.run("run", "work")
    assert (status, lock["id"] in told) == (75, True), told
    time.sleep(4)
    status, _, told = second.run("run", "work")
    assert status == 75
    assert "its lease ran out" in told
    (home / "wait").unlink()
    status, _, told = first.run("run", "work")
    assert status == 0, told
    assert first.refs.listed(LOCK) == {}


def test_a_request_on_the_remote_ends_the_run(home: Path, clone: Callable[[str], Clone]) -> None:
    first = clone("first")
    running = working(home, first)
    run = first.lock()["run"]
    ask = json.dumps({"run": run, "who": "bob@example.org", "at": "now", "reason": "wrong one", "lost_lock": False})
    assert first.refs.set(f"refs/innominatus/cancel/{run}", write_blob(first.git, ask.encode()), None)
    out, err = running.communicate(timeout=30)
    assert running.returncode == 130, out + err
    assert "bob@example.org cancelled it: wrong one" in err
    assert first.record()["status"] == "interrupted"
    assert not (home / "after").exists()
    assert first.refs.listed("refs/innominatus/cancel/*", LOCK) == {}


def test_nothing_runs_while_the_remote_cannot_be_reached(home: Path, clone: Callable[[str], Clone]) -> None:
    first = clone("first")
    (home / "remote.git").rename(home / "away.git")
    status, _, told = first.run("run", "work")
    assert (status, "ORC-6101" in told) == (69, True), told
    assert not (first.path / ".innominatus").exists()


def test_a_run_outlives_a_remote_that_goes_away_and_says_so(home: Path, clone: Callable[[str], Clone]) -> None:
    first = clone("first")
    running = working(home, first)
    away = (home / "remote.git").rename(home / "away.git")
    time.sleep(5)
    (home / "wait").unlink()
    out, err = running.communicate(timeout=60)
    assert running.returncode == 0, out + err
    assert "ORC-6105" in err
    assert "ORC-6106" in err
    away.rename(home / "remote.git")
    status, _, told = first.run("run", "work")
    assert status == 0, told
    assert first.refs.listed(LOCK) == {}


def actions(clone: Clone) -> list[dict[str, Any]]:
    paths = sorted((clone.path / ".innominatus" / "actions").rglob("*.json"))
    return [json.loads(path.read_bytes()) for path in paths]


def test_a_run_is_cancelled_from_another_terminal(home: Path, clone: Callable[[str], Clone]) -> None:
    first = clone("first")
    running = working(home, first)
    run = first.lock()["run"]
    status, out, told = first.run("cancel", run[:20], "--reason", "wrong version", "-o", "json")
    assert status == 0, told
    assert {**json.loads(out), "action": ""} == {
        "schema": "innominatus.dev/run-cancelled/v1",
        "run": run,
        "application": "work",
        "environment": "development",
        "how": "interrupted",
        "way": "interrupt",
        "action": "",
    }
    _, err = running.communicate(timeout=30)
    assert running.returncode == 130
    assert "ORC-6112" in err
    assert "ada@example.org cancelled it: wrong version" in err
    record = first.record()
    assert (record["run"], record["status"]) == (run, "interrupted")
    assert [finding["code"] for finding in record["findings"]] == ["ORC-6112"]
    assert [(one["action"], one["run"], one["reason"]) for one in actions(first)] == [("cancel", run, "wrong version")]
    status, _, told = first.run("cancel", run)
    assert (status, "ORC-6113" in told) == (1, True)
    assert not (home / "after").exists()


def test_a_run_is_cancelled_from_another_clone(home: Path, clone: Callable[[str], Clone]) -> None:
    first, second = clone("first"), clone("second")
    running = working(home, first)
    run = first.lock()["run"]
    status, out, told = second.run("cancel", run)
    assert status == 0, told
    assert "it is told with the next renewal of its lock" in out
    _, err = running.communicate(timeout=30)
    assert running.returncode == 130
    assert "ada@example.org cancelled it" in err
    assert first.record()["status"] == "interrupted"
    assert [one["details"] for one in actions(second)] == [{"how": "asked", "way": "interrupt"}]


def test_a_lock_is_broken_by_its_whole_id_only(home: Path, clone: Callable[[str], Clone]) -> None:
    first, second = clone("first"), clone("second")
    running = working(home, first)
    lock = first.lock()
    until(lambda: first.lock()["token"] is not None, running)
    status, out, told = second.run("locks", "list", "-o", "json")
    assert status == 0, told
    rows = json.loads(out)["locks"]
    assert [(row["id"], row["where"], row["state"], row["run"]) for row in rows] == [
        (lock["id"], "origin", "working", lock["run"])
    ]
    assert lock["id"] in second.run("locks")[1]
    assert [row["where"] for row in json.loads(first.run("locks", "list", "-o", "json")[1])["locks"]] == [
        "this clone",
        "origin",
    ]
    assert second.run("locks", "show", lock["id"])[0] == 0
    for wrong in (lock["id"][:-1], lock["run"], "", f"{lock['id']} "):
        status, _, told = second.run("locks", "break", wrong, "--yes")
        assert (status, "ORC-6107" in told) == (1, True), told
    assert second.run("locks", "break", lock["id"])[0] == 2
    status, _, told = first.run("locks", "break", lock["id"], "--yes")
    assert (status, "ORC-6108" in told) == (75, True), told
    assert first.refs.listed(LOCK) != {}
    status, out, told = second.run("locks", "break", lock["id"], "--yes", "--reason", "runner died", "-o", "json")
    assert status == 0, told
    running.communicate(timeout=30)
    assert running.returncode == 75
    (action,) = actions(second)
    assert (action["action"], action["run"], action["reason"]) == ("break_lock", lock["run"], "runner died")
    assert action["details"]["lock"] == lock["id"]
    assert action["details"]["holder"]["who"] == "ada@example.org"
    assert second.run("locks", "show", lock["id"])[0] == 1
    (home / "wait").unlink()
    assert second.run("run", "work")[0] == 0


def test_a_run_that_nobody_here_knows_is_not_cancelled(home: Path, clone: Callable[[str], Clone]) -> None:
    first, second = clone("first"), clone("second")
    (home / "wait").unlink(missing_ok=True)
    assert first.run("run", "work")[0] == 0
    run = first.record()["run"]
    status, _, told = first.run("cancel", run)
    assert (status, "ORC-6113" in told) == (1, True), told
    status, _, told = second.run("cancel", run)
    assert (status, "ORC-6013" in told) == (1, True), told
    assert actions(first) == actions(second) == []


def test_the_journal_of_a_killed_run_is_in_another_clone_up_to_its_last_intent(
    home: Path, clone: Callable[[str], Clone]
) -> None:
    first, second = clone("first"), clone("second")
    (home / "wait").touch()
    running = first.start("run", "work", "--checkpoint", "push")
    until(lambda: list(home.glob("works-*")), running)
    run = first.lock()["run"]
    os.kill(running.pid, signal.SIGKILL)
    running.communicate(timeout=30)
    folder = fetch_checkpoint(second.git, StateFolder(second.git.common_dir), run, "origin")
    assert folder is not None
    assert {path.name for path in folder.iterdir()} >= {"journal.jsonl", "plan.json", "opening.json"}
    events = [line["type"] for line in read_journal(folder / "journal.jsonl").lines]
    assert events[0] == "run_start"
    assert "intents" in events
    assert json.loads((folder / "opening.json").read_bytes())["run"] == run


def test_the_checkpoint_of_a_run_that_succeeded_is_deleted(home: Path, clone: Callable[[str], Clone]) -> None:
    first = clone("first")
    status, _, told = first.run("run", "work", "--checkpoint", "push")
    assert (status, "ORC-61" in told) == (0, False), told
    assert first.refs.listed("refs/innominatus/*") == {}
    assert (home / "after").exists()


def test_a_run_killed_on_one_clone_goes_on_in_another_from_its_checkpoint(
    home: Path, clone: Callable[[str], Clone]
) -> None:
    first, second = clone("first"), clone("second")
    (home / "wait").touch()
    running = first.start("run", "work", "--checkpoint", "push")
    until(lambda: list(home.glob("works-*")), running)
    lock = first.lock()
    run = lock["run"]
    os.kill(running.pid, signal.SIGKILL)
    running.communicate(timeout=30)
    (home / "wait").unlink()
    status, _, told = second.run("resume", run)
    assert (status, "ORC-6103" in told) == (75, True), told
    assert second.run("locks", "break", lock["id"], "--yes")[0] == 0
    status, _, told = second.run("resume", run)
    assert status == 76, told
    assert not (home / "after").exists()
    status, _, told = second.run("resume", run, "--assume", "wait=done")
    assert status == 0, told
    assert (home / "after").exists()
    assert len(list(home.glob("works-*"))) == 1
    record = second.record()
    assert (record["kind"], record["status"]) == ("resume", "succeeded")
    assert record["lock"] not in {None, lock["id"]}
    assert second.refs.listed("refs/innominatus/*") == {}


def test_a_run_in_the_background_that_ignores_interrupts_is_ended_too(
    home: Path, clone: Callable[[str], Clone]
) -> None:
    first = clone("first")
    running = working(home, first, before="trap '' INT")
    assert first.run("cancel", "latest")[0] == 0
    _, err = running.communicate(timeout=30)
    assert running.returncode == 128 + signal.SIGTERM
    assert "ada@example.org cancelled it" in err
    assert not (home / "after").exists()


def test_what_others_wrote_into_a_lock_is_no_command_to_a_terminal(home: Path, clone: Callable[[str], Clone]) -> None:
    first = clone("first")
    lock: dict[str, Any] = dict.fromkeys(("who", "host", "run", "since", "renewed_at"), "x\x1b[31m\n::error::bad")
    lock |= {"application": "work", "environment": "development", "schema": "innominatus.dev/lock/v1", "token": None}
    data = json.dumps({**lock, "pid": 1, "lease_seconds": 1}).encode()
    assert first.refs.set(LOCK, write_blob(first.git, data), None)
    for arguments in (("run", "work"), ("locks",), ("locks", "list", "-o", "wide"), ("cancel", "x\x1b[31m")):
        _, out, err = first.run(*arguments)
        assert "\x1b" not in out + err, arguments
        assert not [line for line in (out + err).splitlines() if line.startswith("::")], arguments
    assert (home / "after").exists() is False
