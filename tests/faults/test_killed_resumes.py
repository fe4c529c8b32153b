"""The real command, killed again and again: each `resume` goes on where the last one was, here and in other clones."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from innominatus_cli.system.state_folder import StateFolder

NAMES = ("a", "b", "c", "d")


def workflow(idempotency: str) -> str:
    """Steps in a chain. Each kills the tool the first time, once it has done its work."""
    steps = "".join(
        f"    - name: {name}\n      type: script\n      idempotency: {idempotency}\n      config:\n        script: |\n"
        f"          echo {name} >>$LOG_FOLDER/log\n"
        f"          if test -d $LOG_FOLDER/kill && mkdir $LOG_FOLDER/{name}; then kill -KILL $PPID; sleep 9; fi\n"
        f"          echo OUTPUT_n={name}\n      outputs: [n]\n"
        for name in NAMES
    )
    return f"apiVersion: workflow.dev/v1\nkind: Workflow\nmetadata:\n  name: chain\nspec:\n  steps:\n{steps}"


def made(tmp_path: Path, idempotency: str) -> Path:
    files = {
        "score.yaml": "apiVersion: score.dev/v1b1\nmetadata:\n  name: shop\ncontainers:\n  web:\n    image: nginx\n",
        "admin-config.yaml": "env: [LOG_FOLDER]\n",
        "workflows/golden-paths/chain.yaml": "apiVersion: workflow.dev/v1\nkind: GoldenPath\nmetadata:\n  name: chain\n"
        "spec:\n  operation: task\n  workflow: workflows/chain.yaml\n",
        "workflows/chain.yaml": workflow(idempotency),
    }
    repository = tmp_path / "repo"
    for name, text in files.items():
        (repository / name).parent.mkdir(parents=True, exist_ok=True)
        (repository / name).write_text(text)
    (tmp_path / "log" / "kill").mkdir(parents=True)
    git(repository, "init", "-q", "-b", "main")
    identify(repository)
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "start")
    return repository


def git(folder: Path, *argv: str) -> str:
    done = subprocess.run(["git", *argv], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout


def identify(repository: Path) -> None:
    git(repository, "config", "user.name", "Me")
    git(repository, "config", "user.email", "me@example.org")


def tool(repository: Path, *argv: str) -> "subprocess.CompletedProcess[str]":
    log = repository.parent / "log"
    return subprocess.run(
        [sys.executable, "-m", "innominatus_cli", *argv], cwd=repository, capture_output=True, text=True, check=False,
        timeout=120, env={"PATH": "/usr/local/bin:/usr/bin:/bin", "LOG_FOLDER": str(log), "CI": "true"},
    )  # fmt: skip


def worked(repository: Path) -> list[str]:
    return (repository.parent / "log" / "log").read_text().split()


def records(repository: Path) -> list[dict[str, Any]]:
    paths = sorted((repository / ".innominatus" / "runs").rglob("*.json"), key=lambda path: path.name)
    return [json.loads(path.read_bytes()) for path in paths]


pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="what a killed run leaves is found through /proc")


def test_a_run_that_is_killed_in_every_step_and_resumed_each_time_comes_to_its_end(tmp_path: Path) -> None:
    repository = made(tmp_path, "convergent")
    assert tool(repository, "run", "chain", "score.yaml").returncode == -9
    for _ in NAMES[1:]:
        assert tool(repository, "resume", "latest").returncode == -9
    last = tool(repository, "resume", "latest")
    assert last.returncode == 0, last
    assert worked(repository) == ["a", "a", "b", "b", "c", "c", "d", "d"], "each twice: once killed, once to its end"
    found = records(repository)
    assert [one["status"] for one in found] == ["interrupted"] * 4 + ["succeeded"]
    assert [one["kind"] for one in found] == ["run", *["resume"] * 4]
    assert [one.get("resumes") for one in found] == [None, *(one["run"] for one in found[:-1])]
    assert [step["outputs"] for step in found[-1]["steps"]] == [{"n": name} for name in NAMES]
    assert [step.get("reused_from") for step in found[-1]["steps"]] == [found[1]["run"], *(
        one["run"] for one in found[2:4]), None]  # fmt: skip
    again = tool(repository, "resume", "latest")
    assert (again.returncode, worked(repository)[8:]) == (0, [])
    assert len(records(repository)) == len(found)


def test_a_step_that_must_not_run_twice_is_asked_about_and_runs_as_often_as_people_say(tmp_path: Path) -> None:
    repository = made(tmp_path, "once")
    assert tool(repository, "run", "chain", "score.yaml").returncode == -9
    asked = tool(repository, "resume", "latest")
    assert asked.returncode == 76, asked
    assert "--assume deployment/application/-/chain/a=done" in asked.stderr
    assert worked(repository) == ["a"]
    assert tool(repository, "resume", "latest", "--assume", "a=done").returncode == -9
    (repository.parent / "log" / "kill").rmdir()
    last = tool(repository, "resume", "latest", "--assume", "b=not-done")
    assert last.returncode == 0, last
    assert worked(repository) == ["a", "b", "b", "c", "d"]
    assert records(repository)[-1]["assumptions"] == [
        {"happened": "not_done", "step": "deployment/application/-/chain/b"}
    ]


def test_a_probe_says_what_is_done_so_that_nothing_runs_twice_and_nobody_is_asked(tmp_path: Path) -> None:
    probe = "{script: 'echo OUTPUT_n=${LOG_FOLDER##*/}; grep -qx ${INNOMINATUS_STEP##*/} $LOG_FOLDER/log'}"
    repository = made(tmp_path, f"check\n      probe: {probe}")
    assert tool(repository, "run", "chain", "score.yaml").returncode == -9
    for _ in NAMES[1:]:
        assert tool(repository, "resume", "latest").returncode == -9
    last = tool(repository, "resume", "latest")
    assert last.returncode == 0, last
    assert worked(repository) == list(NAMES)
    steps = records(repository)[-1]["steps"]
    assert [step["outputs"] for step in steps] == [{"n": "log"}] * len(NAMES)
    assert "its probe says that it is done since run" in steps[-1]["reason"]
    assert tool(repository, "ledger", "verify").returncode == 0


def test_a_probe_that_does_not_know_leaves_it_to_a_person(tmp_path: Path) -> None:
    repository = made(tmp_path, "check\n      probe: {command: [sh, -c, exit 2]}")
    assert tool(repository, "run", "chain", "score.yaml").returncode == -9
    for _ in range(2):
        asked = tool(repository, "resume", "latest")
        assert asked.returncode == 76, asked
        assert "its probe does not know either" in asked.stderr
        assert "--assume deployment/application/-/chain/a=done" in asked.stderr
    (repository.parent / "log" / "kill").rmdir()
    assert tool(repository, "resume", "latest", "--assume", "a=done").returncode == 0
    assert worked(repository) == list(NAMES)


def test_another_clone_goes_on_from_the_record_alone(tmp_path: Path) -> None:
    repository = made(tmp_path, "convergent")
    assert tool(repository, "run", "chain", "score.yaml").returncode == -9
    assert tool(repository, "resume", "latest").returncode == -9
    assert tool(repository, "resume", "latest").returncode == -9
    (killed,) = StateFolder(repository / ".git").open_runs()
    (repository.parent / "log" / "kill").rmdir()
    git(tmp_path, "clone", "-q", str(repository), "other")
    other = tmp_path / "other"
    identify(other)
    before = worked(repository)
    done = tool(other, "resume", "latest")
    assert done.returncode == 0, done
    assert killed not in done.stdout + done.stderr, "its record is not in this clone"
    assert worked(repository)[len(before) :] == ["b", "c", "d"]


def test_another_clone_goes_on_from_the_checkpoint_of_a_killed_run(tmp_path: Path) -> None:
    repository = made(tmp_path, "convergent")
    git(tmp_path, "clone", "-q", "--bare", str(repository), "remote.git")
    git(repository, "remote", "add", "origin", str(tmp_path / "remote.git"))
    git(tmp_path, "clone", "-q", str(tmp_path / "remote.git"), "other")
    other = tmp_path / "other"
    identify(other)
    assert tool(repository, "run", "chain", "score.yaml", "--checkpoint", "push").returncode == -9
    assert tool(repository, "resume", "latest", "--checkpoint", "push").returncode == -9
    (killed,) = StateFolder(repository / ".git").open_runs()
    (repository.parent / "log" / "kill").rmdir()
    before = worked(repository)
    done = tool(other, "resume", killed)
    assert done.returncode == 0, done
    assert worked(repository)[len(before) :] == ["b", "c", "d"]
    (record,) = records(other)
    assert (record["kind"], record["resumes"], record["status"]) == ("resume", killed, "succeeded")


def test_a_run_that_works_just_now_is_not_gone_on_with(tmp_path: Path) -> None:
    repository = made(tmp_path, "convergent")
    text = (repository / "workflows/chain.yaml").read_text().replace("kill -KILL $PPID; sleep 9", "sleep 60")
    (repository / "workflows/chain.yaml").write_text(text)
    argv = [sys.executable, "-m", "innominatus_cli", "run", "chain", "score.yaml"]
    env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LOG_FOLDER": str(tmp_path / "log")}
    with subprocess.Popen(
        argv, cwd=repository, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as running:
        log = tmp_path / "log" / "log"
        while not log.exists():
            assert running.poll() is None
        refused = tool(repository, "resume", "latest")
        running.terminate()
    assert refused.returncode == 75, refused
    assert "runs now" in refused.stderr
