"""A rollback, killed in each of its steps, and the next one: nothing is taken back twice, and nothing is left."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from innominatus_cli.system.state_folder import StateFolder

NAMES = ("one", "two", "three")
KILLED = -9
DOUBT = 76
USAGE = 2
WORKFLOW = """\
apiVersion: workflow.dev/v1
kind: Workflow
metadata: {name: open}
spec:
  steps:
"""
STEP = """\
    - name: NAME
      type: script
      config: {script: "true"}
      rollback:
        script: |
          cd "$INNOMINATUS_STATE_DIR"
          BEFORE
          echo NAME >> log
          AFTER
"""
PATH = """\
apiVersion: workflow.dev/v1
kind: GoldenPath
metadata: {name: open}
spec: {operation: task, workflow: w.yaml}
"""
KILL = "if mkdir killed; then kill -KILL $PPID; sleep 60; fi"


def made(root: Path, killed: str, where: str) -> Path:
    steps = [
        STEP.replace("NAME", name)
        .replace("BEFORE", KILL if (name, where) == (killed, "before") else "true")
        .replace("AFTER", KILL if (name, where) == (killed, "after") else "true")
        for name in NAMES
    ]
    files = {"w.yaml": WORKFLOW + "".join(steps), "workflows/golden-paths/open.yaml": PATH, "admin-config.yaml": "{}\n"}
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for argv in (["init", "-q"], ["config", "user.name", "Me"], ["config", "user.email", "me@example.org"],
                 ["add", "."], ["commit", "-q", "-m", "start"]):  # fmt: skip
        subprocess.run(["git", *argv], cwd=root, check=True)
    return root


def tool(root: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    argv = [sys.executable, "-m", "innominatus_cli", *arguments]
    return subprocess.run(argv, cwd=root, capture_output=True, text=True, check=False, timeout=300, env=os.environ)


def log(root: Path) -> list[str]:
    path = StateFolder(root / ".git").tool_state_dir("open", "development") / "log"
    return path.read_text().split() if path.exists() else []


def records(root: Path) -> list[dict[str, Any]]:
    paths = sorted((root / ".innominatus" / "runs").rglob("*.json"))
    return [json.loads(path.read_bytes()) for path in paths]


@pytest.mark.skipif(sys.platform != "linux", reason="orphans are found through /proc")
@pytest.mark.parametrize(("where", "status", "taken"), [("before", 0, ["one"]), ("after", 0, ["two", "one"])])
def test_a_step_in_doubt_is_taken_back_where_its_probe_says_that_it_is_done(
    tmp_path: Path, where: str, status: int, taken: list[str]
) -> None:
    root = made(tmp_path / "repo", "none", "")
    work = {"before": f"{KILL}; touch done", "after": f"touch done; {KILL}"}[where]
    old = f"name: two\n      type: script\n      config: {{script: {json.dumps('true')}}}"
    new = (
        "name: two\n      type: script\n      env: {WHAT: done}\n"
        "      probe: {script: 'test -e \"$INNOMINATUS_STATE_DIR/$WHAT\"'}\n"
        f"      config: {{script: {json.dumps('cd $INNOMINATUS_STATE_DIR; ' + work)}}}"
    )
    text = (root / "w.yaml").read_text()
    assert old in text
    (root / "w.yaml").write_text(text.replace(old, new))
    subprocess.run(["git", "commit", "-qam", "a probe"], cwd=root, check=True)
    assert tool(root, "run", "open").returncode == KILLED
    back = tool(root, "rollback", "open")
    assert back.returncode == status, back.stderr
    assert log(root) == taken
    (undo,) = (one for one in records(root)[-1]["steps"] if one["step"].endswith("undo-two"))
    assert ("nothing to take back" in undo.get("reason", "")) == (where == "before")
    assert "Nothing stands" in tool(root, "rollback", "open").stdout


@pytest.mark.skipif(sys.platform != "linux", reason="orphans are found through /proc")
@pytest.mark.parametrize("where", ["before", "after"])
@pytest.mark.parametrize("killed", NAMES)
def test_a_killed_rollback_goes_on_with_what_is_left(tmp_path: Path, killed: str, where: str) -> None:
    root = made(tmp_path / "repo", killed, where)
    done = tool(root, "run", "open")
    assert done.returncode == 0, done.stderr
    assert tool(root, "rollback", "open").returncode == KILLED
    asked = tool(root, "rollback", "open")
    assert asked.returncode == DOUBT, asked.stderr
    assert "ORC-5240" in asked.stderr
    step = f"undo-{killed}"
    (doubted,) = (one["step"] for one in records(root)[-1]["steps"] if one["step"].endswith(f"/{step}"))
    answer = "done" if where == "after" else "not-done"
    again = tool(root, "rollback", "open", "--assume", f"{doubted}={answer}")
    assert again.returncode == 0, again.stderr
    assert log(root) == list(reversed(NAMES))
    assert "Nothing stands" in tool(root, "rollback", "open").stdout
    run, interrupted, last = records(root)
    assert [run["kind"], interrupted["kind"], last["kind"]] == ["run", "rollback", "rollback"]
    assert (interrupted["recovered"], interrupted["rolls_back"], last["rolls_back"]) == (True, run["run"], run["run"])
    ended = [one["step"] for record in (interrupted, last) for one in record["steps"] if one["status"] == "succeeded"]
    assert len(ended) == len(set(ended))


@pytest.mark.skipif(sys.platform != "linux", reason="orphans are found through /proc")
def test_what_is_said_of_a_step_in_doubt_is_about_one_of_the_runs_that_are_taken_back(tmp_path: Path) -> None:
    root = made(tmp_path / "repo", "two", "after")
    for _ in range(3):
        assert tool(root, "run", "open").returncode == 0
    first = records(root)[0]["run"]
    assert tool(root, "rollback", "open", "--to", first).returncode == KILLED
    assert "ORC-5240" in tool(root, "rollback", "open", "--to", first).stderr
    known = tool(root, "rollback", "open", "--to", first, "--assume", "one=not-done")
    assert known.returncode == USAGE, known.stderr
    assert "ORC-5206: what came of step 'one' in run" in known.stderr
    done = tool(root, "rollback", "open", "--to", first, "--assume", "undo-two=done")
    assert done.returncode == 0, done.stderr
    assert log(root) == [*reversed(NAMES), *reversed(NAMES)]
