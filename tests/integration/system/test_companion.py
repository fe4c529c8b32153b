"""A copy of the process that works beside it, and ends with it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from innominatus_cli.system import companion as companion_module
from innominatus_cli.system.companion import Companion, Stopped, start_companion
from innominatus_cli.system.process_tree import ignores, process_facts

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing is copied here")


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that some other test left behind in this process does not keep it from being copied."""
    monkeypatch.setattr(companion_module, "can_fork", lambda: True)


def started(work: object) -> Companion:
    companion = start_companion(work)  # type: ignore[arg-type]
    assert companion is not None
    return companion


def test_its_answer_comes_when_it_is_told_to_stop() -> None:
    def work(stopped: Stopped) -> bytes:
        beats = 0
        while not stopped(0.01):
            beats += 1
        return b"worked" if beats else b""

    companion = started(work)
    time.sleep(0.2)
    assert companion.stop(5) == b"worked"
    assert companion.stop(5) == b""


def test_one_that_does_not_stop_in_time_is_killed() -> None:
    def work(_stopped: Stopped) -> bytes:
        time.sleep(60)
        return b"late"

    companion = started(work)
    began = time.monotonic()
    assert companion.stop(0.2) == b""
    assert time.monotonic() - began < 30


def test_one_that_fails_has_no_answer() -> None:
    def work(_stopped: Stopped) -> bytes:
        raise ValueError

    assert started(work).stop(5) == b""


def test_it_holds_none_of_our_descriptors_and_hears_no_interrupt(tmp_path: Path) -> None:
    read, write = os.pipe()

    def work(stopped: Stopped) -> bytes:
        open_now = [int(path.name) for path in Path("/proc/self/fd").iterdir()]
        stopped(5)
        return f"{write in open_now} {ignores(os.getpid(), signal.SIGINT)} {os.getsid(0) == os.getpid()}".encode()

    (tmp_path / "file").write_text("x")
    companion = started(work)
    os.close(write)
    assert os.read(read, 1) == b""
    os.close(read)
    assert companion.stop(5) == b"False True True"


def test_it_ends_where_its_process_is_killed(tmp_path: Path) -> None:
    program = (
        "import os, sys, time\n"
        "from innominatus_cli.system.companion import start_companion\n"
        "def work(stopped):\n"
        f"    open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\n"
        "    while not stopped(0.05): pass\n"
        "    return b''\n"
        "start_companion(work)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
            time.sleep(0.01)
        pid = int((tmp_path / "pid").read_text())
        process.kill()
        assert process.stdout is not None
        assert process.stdout.read() == b""
    for _ in range(500):
        facts = process_facts(pid)
        if facts is None or not facts.alive:
            return
        time.sleep(0.01)
    raise AssertionError("it outlived its process")
