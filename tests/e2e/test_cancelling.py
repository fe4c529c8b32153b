"""Three ways to cancel a run, from another terminal and from another clone."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.clones import Clone, as_ada, clones_of_a_remote, until

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
          trap '' INT TERM
          echo $$ > "$HOME/works"
          while test -e "$HOME/wait"; do sleep 0.05; done
    - name: after
      type: script
      dependsOn: [wait]
      config:
        script: touch "$HOME/after"
  finally:
    - name: tidy
      type: script
      config:
        script: touch "$HOME/tidied"
"""


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    return as_ada(monkeypatch, tmp_path)


@pytest.fixture
def clone(home: Path) -> Callable[[str], Clone]:
    return clones_of_a_remote(home, WORK)


def statuses(clone: Clone) -> dict[str, str]:
    return {step["step"].rpartition("/")[2]: step["status"] for step in clone.record()["steps"]}


def test_steps_come_to_their_end_where_that_is_asked_for(home: Path, clone: Callable[[str], Clone]) -> None:
    first = clone("first")
    (home / "wait").touch()
    running = first.start("run", "work")
    until((home / "works").exists, running)
    status, out, told = first.run("cancel", "latest", "--let-steps-end", "--reason", "a release", "-o", "json")
    assert status == 0, told
    assert (json.loads(out)["how"], json.loads(out)["way"]) == ("interrupted", "finish")
    (home / "wait").unlink()
    _, err = running.communicate(timeout=30)
    assert (running.returncode, "ada@example.org cancelled it: a release" in err) == (130, True), err
    assert statuses(first) == {"wait": "succeeded", "after": "skipped", "tidy": "succeeded"}
    assert (home / "tidied").exists()
    (action,) = (first.path / ".innominatus" / "actions").rglob("*.json")
    assert json.loads(action.read_bytes())["details"] == {"how": "interrupted", "way": "finish"}


def test_a_run_of_another_clone_that_takes_its_time_is_killed_when_asked_again(
    home: Path, clone: Callable[[str], Clone]
) -> None:
    first, second = clone("first"), clone("second")
    (home / "wait").touch()
    running = first.start("run", "work")
    until((home / "works").exists, running)
    run = first.lock()["run"]
    assert second.run("cancel", run, "--let-steps-end")[0] == 0
    cancelled = first.path / ".git" / "innominatus" / "runs" / run / "cancel.json"
    until(lambda: cancelled.exists() and b"finish" in cancelled.read_bytes(), running)
    assert second.run("cancel", run, "--kill")[0] == 0
    _, err = running.communicate(timeout=30)
    assert running.returncode == 130, err
    assert statuses(first) == {"wait": "interrupted", "after": "skipped", "tidy": "skipped"}
    assert not (home / "tidied").exists()
    assert [finding["code"] for finding in first.record()["findings"]].count("ORC-6112") == 1


def test_the_ways_exclude_each_other(clone: Callable[[str], Clone]) -> None:
    status, _, told = clone("first").run("cancel", "latest", "--kill", "--let-steps-end")
    assert (status, "--let-steps-end" in told) == (2, True), told


FAILS = """apiVersion: workflow.dev/v1
kind: Workflow
metadata:
  name: work
spec:
  rollbackOnFailure: true
  steps:
    - name: fail
      type: script
      config:
        script: exit 1
      rollback:
        script: |
          touch "$HOME/undoes"
          while test -e "$HOME/wait"; do sleep 0.05; done
"""


def test_a_rollback_at_once_is_known_as_the_run_that_works_and_can_be_cancelled(home: Path) -> None:
    first = clones_of_a_remote(home, FAILS)("first")
    (home / "wait").touch()
    running = first.start("run", "work")
    until((home / "undoes").exists, running)
    assert "was interrupted" not in first.run("status")[2]
    status, out, told = first.run("cancel", "latest", "-o", "json")
    assert (status, json.loads(out)["how"]) == (0, "interrupted"), told
    _, err = running.communicate(timeout=30)
    assert (running.returncode, "ada@example.org cancelled it" in err) == (4, True), err
    assert (first.record()["kind"], first.record()["status"]) == ("rollback", "interrupted")
    assert first.record()["run"] == json.loads(out)["run"]
