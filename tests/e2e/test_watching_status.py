"""`status --watch` beside a run that goes on."""

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.test_following_logs import repository, running, start

__all__ = ["repository", "running"]


def test_lines_tell_what_changes_until_the_run_has_ended(
    repository: Path, running: "subprocess.Popen[str]", tmp_path: Path
) -> None:
    watching = start(repository, "status", "--watch")
    assert watching.stdout is not None
    first = watching.stdout.readline()
    assert "work in development: running (run " in first
    assert first.rstrip().endswith(": build")
    (tmp_path / "wait").unlink()
    rest, errors = watching.communicate(timeout=60)
    assert rest.splitlines()[-1].startswith("work in development: succeeded (run ")
    assert (watching.returncode, errors) == (0, "")
    assert running.wait(60) == 0


def test_without_a_run_it_shows_the_table_once(repository: Path) -> None:
    watching = start(repository, "status", "--watch")
    assert watching.communicate(timeout=60) == ("", "")
    assert watching.returncode == 0


@pytest.mark.usefixtures("running")
def test_an_interrupt_ends_it_with_130(repository: Path) -> None:
    watching = start(repository, "status", "--watch")
    assert watching.stdout is not None
    assert "running" in watching.stdout.readline()
    watching.send_signal(signal.SIGINT)
    watching.communicate(timeout=60)
    assert watching.returncode == 130


def test_on_a_terminal_the_table_is_drawn_again_in_its_place(
    repository: Path, running: "subprocess.Popen[str]", tmp_path: Path
) -> None:
    ours, theirs = pty.openpty()
    argv = [sys.executable, "-m", "innominatus_cli", "status", "--watch"]
    watching = subprocess.Popen(argv, cwd=repository, stdout=theirs, stderr=subprocess.DEVNULL)
    os.close(theirs)
    shown = bytearray()

    def more() -> bytes:
        try:
            return os.read(ours, 65536)
        except OSError:
            return b""

    while b"build" not in shown:
        shown += more()
    assert b"Application" in shown
    assert b"\x1b[" not in shown
    (tmp_path / "wait").unlink()
    while data := more():
        shown += data
    os.close(ours)
    assert watching.wait(60) == 0
    assert running.wait(60) == 0
    assert b"F\x1b[J" in shown, "the first table is taken away"
    last = shown[shown.rindex(b"\x1b[J") :]
    assert b"succeeded" in last
    assert b"running" not in last


def test_other_formats_cannot_be_watched(repository: Path) -> None:
    watching = start(repository, "status", "--watch", "-o", "json")
    _, errors = watching.communicate(timeout=60)
    assert watching.returncode == 2
    assert "--watch shows a table" in errors
