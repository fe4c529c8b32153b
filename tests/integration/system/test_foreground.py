"""Programs that have the terminal: their exit status is ours, and signals reach them."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from innominatus_cli.system.foreground import run_in_foreground

HERE = "from pathlib import Path; import os, sys; from innominatus_cli.system.foreground import run_in_foreground; "


@pytest.mark.parametrize(("script", "status"), [("exit 0", 0), ("exit 7", 7), ("kill -KILL $$", 137)])
def test_the_exit_status_is_that_of_the_program(script: str, status: int, tmp_path: Path) -> None:
    assert run_in_foreground(("/bin/sh", "-c", script), tmp_path, dict(os.environ)) == status


def test_the_handlers_are_as_before(tmp_path: Path) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    run_in_foreground(("/bin/true",), tmp_path, {})
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == before


def test_it_reads_our_stdin_and_writes_our_stdout() -> None:
    code = HERE + "sys.exit(run_in_foreground(('/bin/cat',), Path('/'), dict(os.environ)))"
    done = subprocess.run([sys.executable, "-c", code], input=b"words", capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (0, b"words")


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGTERM, 40), (signal.SIGHUP, 41)], ids=["terminated", "hung up"]
)
def test_a_signal_is_passed_on(number: int, status: int) -> None:
    script = "trap 'exit 40' TERM; trap 'exit 41' HUP; echo ready; while :; do sleep 0.05; done"
    code = HERE + "sys.exit(run_in_foreground(('/bin/sh', '-c', sys.argv[1]), Path('/'), dict(os.environ)))"
    with subprocess.Popen([sys.executable, "-c", code, script], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(number)
        assert process.wait(60) == status


def test_the_keyboard_interrupts_the_program_and_not_us() -> None:
    script = "trap 'exit 42' INT; echo ready; while :; do sleep 0.05; done"
    code = HERE + "sys.exit(run_in_foreground(('/bin/sh', '-c', sys.argv[1]), Path('/'), dict(os.environ)))"
    argv = [sys.executable, "-c", code, script]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(60) == 42
