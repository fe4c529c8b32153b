"""Files and repositories that mean harm: the right exit status and findings, nothing started but git, nothing fetched.

`tests/cases/hostile/<family>/` holds files, `<family>.txt` beside it the exit status and the errors that `validate` has
for each (`pytest --snapshot-update` writes it). The repositories are made by tests/faults/hostile_repositories.py. How
fast and how small it all is, `tests/benchmarks/bench_hostile.py` says.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_snapshot.plugin import Snapshot

from innominatus_cli.findings.finding import Severity
from innominatus_cli.operations.checking import CheckRequest, check
from tests.faults.hostile_repositories import MAKERS

HOSTILE = Path(__file__).resolve().parents[1] / "cases" / "hostile"
REPOSITORIES = HOSTILE / "repositories.expected"
FAMILIES = sorted(path.name for path in HOSTILE.iterdir() if path.is_dir() and path.suffix != ".expected")
COMMANDS = {
    "validate": ("validate",),
    "plan": ("plan", "score.yaml", "--env", "development"),
    "history": ("history",),
}
OUR_PROGRAMS = {"git"}
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="strace shows what a process does on Linux only")


def test_there_are_more_than_three_hundred_files() -> None:
    assert sum(1 for _ in HOSTILE.rglob("*.yaml")) > 300


@pytest.mark.parametrize("family", FAMILIES)
def test_each_file_has_its_exit_status_and_errors(
    family: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, snapshot: Snapshot
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = []
    for file in sorted((HOSTILE / family).iterdir()):
        shutil.copy(file, tmp_path)
        found = check(CheckRequest((file.name,)))
        (tmp_path / file.name).unlink()
        errors = sorted({one.code.number for one in found.findings if one.severity is Severity.ERROR})
        status = int(found.exit_status(strict=False))
        assert status == (1 if errors else 0)
        assert all(one.place.path == file.name for one in found.findings)
        lines.append(f"{file.name}: {status} {' '.join(errors)}".rstrip() + "\n")
    snapshot.snapshot_dir = HOSTILE
    snapshot.assert_match("".join(lines), f"{family}.txt")


@pytest.mark.usefixtures("unmeasured")
@pytest.mark.parametrize("family", FAMILIES)
def test_checking_files_starts_no_process_and_opens_no_socket(
    family: str, tmp_path: Path, tool: Callable[[str], Path]
) -> None:
    files = sorted(path.name for path in shutil.copytree(HOSTILE / family, tmp_path / "files").iterdir())
    done, trace = _traced(tool("strace"), tmp_path / "files", "validate", *files)
    assert done.returncode in {0, 1}
    assert b"Traceback" not in done.stdout + done.stderr
    assert b"\x1b" not in done.stdout + done.stderr
    assert _started(trace) == set()
    assert "socket(" not in trace


@pytest.mark.usefixtures("unmeasured")
@pytest.mark.parametrize("name", MAKERS)
def test_nothing_of_a_hostile_repository_runs(
    name: str, tmp_path: Path, tool: Callable[[str], Path], snapshot: Snapshot
) -> None:
    repository = tmp_path / "repository"
    MAKERS[name](repository)
    lines = []
    for title, arguments in COMMANDS.items():
        done, trace = _traced(tool("strace"), repository, *arguments)
        output = (done.stdout + done.stderr).decode()
        assert "Traceback" not in output
        assert "\x1b" not in output
        assert _started(trace) <= OUR_PROGRAMS
        assert "socket(" not in trace
        codes = sorted(set(re.findall(r"error (ORC-[0-9]{4})", output)))
        lines.append(f"{title}: {done.returncode} {' '.join(codes)}".rstrip() + "\n")
    assert not (tmp_path / "OWNED").exists()
    snapshot.snapshot_dir = REPOSITORIES
    snapshot.assert_match("".join(lines), f"{name}.txt")


def _traced(strace: Path, folder: Path, *arguments: str) -> tuple["subprocess.CompletedProcess[bytes]", str]:
    """A command and what strace saw of the processes it started and the sockets it opened.

    The folder is the first on PATH, as on a careless machine.
    """
    tool = Path(sys.executable).parent / "innominatus-ctl"
    trace = folder.parent / "trace"
    argv = [str(strace), "-f", "-qq", "-o", str(trace), "-e", "trace=execve,socket", str(tool), *arguments]
    environment = {**os.environ, "PATH": f".:{os.environ['PATH']}"}
    done = subprocess.run(argv, cwd=folder, env=environment, capture_output=True, check=False, timeout=60)
    return done, trace.read_text(errors="replace")


def _started(trace: str) -> set[str]:
    """The names of programs that were started, the command itself and its interpreter aside."""
    programs = [Path(path) for path in re.findall(r'execve\("([^"]+)".* = 0$', trace, re.MULTILINE)]
    return {path.name for path in programs[1:] if not path.name.startswith("python")}
