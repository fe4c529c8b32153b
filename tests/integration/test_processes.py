"""The supervisor with real processes: output, signals, trees, floods, with and without pidfd and subreaper."""

import hashlib
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from innominatus_cli.system import output_capture
from innominatus_cli.system.child import Logs, StopLadder
from innominatus_cli.system.commands import CommandOutcome, CommandRequest, Ending
from innominatus_cli.system.output_capture import StreamLog
from innominatus_cli.system.process_tree import all_processes, process_facts
from innominatus_cli.system.processes import Supervisor, run
from innominatus_cli.system.signals import SignalPipe

QUICK = StopLadder(0.3, 0.3)
LINUX = sys.platform == "linux"

Make = Callable[..., Supervisor]


@pytest.fixture(params=["pidfd+subreaper", "portable"])
def portable(request: pytest.FixtureRequest) -> bool:
    return bool(request.param == "portable")


@pytest.fixture
def supervisor(portable: bool) -> Iterator[Supervisor]:
    with Supervisor(ladder=QUICK, pidfd=not portable, subreaper=not portable) as made:
        yield made


def request(tmp_path: Path, *argv: str, timeout: float | None = 30, stdin: bytes | None = None) -> CommandRequest:
    return CommandRequest(argv, tmp_path, {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}, timeout, stdin)


def sh(tmp_path: Path, script: str, timeout: float | None = 30) -> CommandRequest:
    return request(tmp_path, "sh", "-c", script, timeout=timeout)


def python(tmp_path: Path, program: str, timeout: float | None = 30) -> CommandRequest:
    return request(tmp_path, sys.executable, "-S", "-c", program, timeout=timeout)


def outcome_of(supervisor: Supervisor, asked: CommandRequest, tag: str = "") -> CommandOutcome:
    child = supervisor.start(asked, tag=tag)
    while child.outcome is None:
        supervisor.wait()
    return child.outcome


def wait_for(path: Path) -> str:
    for _ in range(1000):
        if path.exists() and path.read_text().endswith("\n"):
            return path.read_text().strip()
        time.sleep(0.01)
    raise AssertionError(f"{path} never came")


def lives(pid: int) -> bool:
    if LINUX:
        facts = process_facts(pid)
        return facts is not None and facts.alive
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_output_and_exit_status_come_back(supervisor: Supervisor, tmp_path: Path) -> None:
    outcome = outcome_of(supervisor, sh(tmp_path, "printf out; printf err >&2; exit 3"))
    assert (outcome.ending, outcome.exit_code, outcome.signal) == (Ending.EXITED, 3, None)
    assert (outcome.stdout.head, outcome.stderr.head) == (b"out", b"err")
    assert outcome.stdout.sha256 == hashlib.sha256(b"out").hexdigest()
    assert not outcome.succeeded


def test_a_process_that_a_signal_ends_says_which(supervisor: Supervisor, tmp_path: Path) -> None:
    outcome = outcome_of(supervisor, sh(tmp_path, "kill -9 $$"))
    assert (outcome.ending, outcome.exit_code, outcome.signal) == (Ending.SIGNALLED, None, signal.SIGKILL)


@pytest.mark.parametrize(
    ("argv", "why"),
    [
        (("no-such-program",), "program not found: no-such-program"),
        (("/no/such/program",), "program not found: /no/such/program"),
        (("/etc/passwd",), "program not found: /etc/passwd"),
    ],
)
def test_a_program_that_is_not_there_is_an_outcome(
    supervisor: Supervisor, tmp_path: Path, argv: tuple[str, ...], why: str
) -> None:
    outcome = outcome_of(supervisor, request(tmp_path, *argv))
    assert (outcome.ending, outcome.problem) == (Ending.NOT_STARTED, why)


def test_what_the_kernel_will_not_execute_is_an_outcome(supervisor: Supervisor, tmp_path: Path) -> None:
    (tmp_path / "garbage").write_bytes(b"\0\1\2\3 no program")
    (tmp_path / "garbage").chmod(0o755)
    outcome = outcome_of(supervisor, request(tmp_path, "./garbage"))
    assert outcome.ending is Ending.NOT_STARTED
    assert "Exec format error" in outcome.problem


@pytest.mark.parametrize("room", range(6))
def test_a_process_for_which_there_are_too_many_open_files_does_not_start(
    supervisor: Supervisor, tmp_path: Path, room: int
) -> None:
    asked = request(tmp_path, "sh", "-c", "cat", stdin=b"hello")
    assert outcome_of(supervisor, asked).succeeded
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = [os.dup(0) for _ in range(room)]
    taken = os.dup(0)
    for fd in free:
        os.close(fd)
    resource.setrlimit(resource.RLIMIT_NOFILE, (taken + 1, hard))
    try:
        outcome = outcome_of(supervisor, asked)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        os.close(taken)
    assert (outcome.ending, outcome.problem) == (Ending.NOT_STARTED, "sh: Too many open files")
    assert outcome_of(supervisor, asked).succeeded


def test_a_folder_that_is_gone_is_an_outcome(supervisor: Supervisor, tmp_path: Path) -> None:
    outcome = outcome_of(supervisor, sh(tmp_path / "gone", "true"))
    assert outcome.ending is Ending.NOT_STARTED
    assert "gone" in outcome.problem


def test_a_program_inside_the_repository_or_at_a_relative_path_is_never_taken_from_path(tmp_path: Path) -> None:
    tool = tmp_path / "bin" / "kubectl"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\necho hijacked\n")
    tool.chmod(0o755)
    for path in (str(tool.parent), "bin", "", ".", f"{tmp_path}/bin/../bin"):
        asked = CommandRequest(("kubectl",), tmp_path, {"PATH": path})
        assert run(asked, untrusted=tmp_path).ending is Ending.NOT_STARTED
    assert run(CommandRequest(("kubectl",), tmp_path, {"PATH": str(tool.parent)})).stdout.head == b"hijacked\n"


def test_stdin_is_empty_or_the_given_bytes(supervisor: Supervisor, tmp_path: Path) -> None:
    assert outcome_of(supervisor, request(tmp_path, "cat")).stdout.size == 0
    sent = os.urandom(3_000_000)
    outcome = outcome_of(supervisor, request(tmp_path, "cat", stdin=sent))
    assert outcome.stdout.sha256 == hashlib.sha256(sent).hexdigest()
    assert outcome.stdout.head == sent[:1_048_576]
    assert outcome.stdout.truncated


def test_a_process_that_does_not_read_its_input_does_no_harm(supervisor: Supervisor, tmp_path: Path) -> None:
    assert outcome_of(supervisor, request(tmp_path, "true", stdin=b"x" * 1_000_000)).succeeded


def test_the_environment_is_exactly_what_was_asked_for(supervisor: Supervisor, tmp_path: Path) -> None:
    asked = CommandRequest(("/usr/bin/env",), tmp_path, {"A": "1", "LANG": "C"})
    assert sorted(outcome_of(supervisor, asked).stdout.head.split()) == [b"A=1", b"LANG=C"]


def test_a_child_has_its_own_session_and_no_descriptors_but_the_inherited(tmp_path: Path) -> None:
    lock = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT)
    with Supervisor() as supervisor:
        program = f"import os\nfor fd in range({lock + 64}):\n"
        program += "    try: os.fstat(fd)\n    except OSError: continue\n    print(fd)\n"
        program += "print(os.getsid(0) == os.getpid())"
        child = supervisor.start(python(tmp_path, program), inherit=(lock,))
        while child.outcome is None:
            supervisor.wait()
    os.close(lock)
    assert child.outcome.stdout.head.decode().split() == ["0", "1", "2", str(lock), "True"]


@pytest.mark.skipif(not LINUX, reason="descriptors are listed through /proc")
def test_nothing_that_our_own_parent_left_open_reaches_a_child() -> None:
    handles = [os.open(os.devnull, os.O_RDONLY) for _ in range(8)]
    try:
        for handle in handles:
            os.set_inheritable(handle, True)
        here = CommandRequest(("ls", "/proc/self/fd"), Path.cwd(), {"PATH": os.environ["PATH"]}, 30)
        with Supervisor() as supervisor:
            shown = outcome_of(supervisor, here).stdout.head.decode().split()
    finally:
        for handle in handles:
            os.close(handle)
    assert shown == ["0", "1", "2", "3"]


def test_a_timeout_climbs_the_ladder_to_the_end(supervisor: Supervisor, tmp_path: Path) -> None:
    program = (
        "import signal,time\n"
        "for number in (signal.SIGINT, signal.SIGTERM):\n"
        "    signal.signal(number, lambda n, f: print(n, flush=True))\n"
        "print('ready', flush=True)\n"
        "while True: time.sleep(1)"
    )
    outcome = outcome_of(supervisor, python(tmp_path, program, timeout=1))
    assert (outcome.ending, outcome.signal) == (Ending.TIMED_OUT, signal.SIGKILL)
    assert outcome.stdout.head.split() == [b"ready", b"2", b"15"]


def test_a_child_that_stops_when_asked_is_not_killed(supervisor: Supervisor, tmp_path: Path) -> None:
    child = supervisor.start(sh(tmp_path, "trap 'echo bye; exit 7' INT; echo > up; while :; do sleep 0.05; done"))
    wait_for_start(supervisor, tmp_path / "up")
    supervisor.stop(child)
    while child.outcome is None:
        supervisor.wait()
    assert (child.outcome.ending, child.outcome.exit_code) == (Ending.CANCELLED, 7)
    assert child.outcome.stdout.head == b"bye\n"


def wait_for_start(supervisor: Supervisor, path: Path) -> None:
    for _ in range(500):
        supervisor.wait(0.01)
        if path.exists():
            return
    raise AssertionError("the child never started")


def test_the_whole_group_of_a_child_goes_with_it(supervisor: Supervisor, tmp_path: Path) -> None:
    script = "sh -c 'trap \"\" INT TERM; echo $$ > inner; while :; do sleep 0.1; done' & echo > up; wait"
    child = supervisor.start(sh(tmp_path, script))
    wait_for_start(supervisor, tmp_path / "up")
    inner = int(wait_for(tmp_path / "inner"))
    supervisor.stop(child)
    while child.outcome is None:
        supervisor.wait()
    assert not lives(inner)


@pytest.mark.skipif(not LINUX, reason="a subreaper is needed")
@pytest.mark.parametrize("ends_first", [False, True])
def test_a_grandchild_in_a_session_of_its_own_goes_with_its_step(tmp_path: Path, ends_first: bool) -> None:
    hidden = "import os,signal,time; signal.signal(15, signal.SIG_IGN); signal.signal(2, signal.SIG_IGN)"
    hidden += "; open('inner','w').write(str(os.getpid())+chr(10)); time.sleep(60)"
    program = f"import subprocess,sys,time; subprocess.Popen([sys.executable,'-S','-c',{hidden!r}],"
    program += "start_new_session=True,stdout=subprocess.DEVNULL,stderr=subprocess.DEVNULL)\n"
    program += "while not __import__('os').path.exists('inner'): time.sleep(0.01)\n"
    program += "" if ends_first else "time.sleep(60)"
    env = {"PATH": os.environ["PATH"], "INNOMINATUS_STEP": "a/b"}
    with Supervisor(ladder=QUICK) as supervisor:
        asked = CommandRequest((sys.executable, "-S", "-c", program), tmp_path, env)
        child = supervisor.start(asked, tag="INNOMINATUS_STEP=a/b")
        inner = -1
        while child.outcome is None:
            supervisor.wait(0.02)
            if inner < 0 and (tmp_path / "inner").exists():
                inner = int(wait_for(tmp_path / "inner"))
                if not ends_first:
                    supervisor.stop(child)
        inner = int(wait_for(tmp_path / "inner"))
        assert not lives(inner)
        assert bool(child.strays_ended) is ends_first or child.outcome.ending is Ending.CANCELLED


@pytest.mark.skipif(not LINUX, reason="a subreaper is needed")
def test_a_stray_that_nobody_claims_ends_with_the_supervisor(tmp_path: Path) -> None:
    with Supervisor(ladder=QUICK) as supervisor:
        script = "env -i setsid sleep 61 >/dev/null 2>&1 & echo $! > inner"
        outcome_of(supervisor, sh(tmp_path, script), tag="INNOMINATUS_STEP=x")
        inner = int(wait_for(tmp_path / "inner"))
    assert not lives(inner)


@pytest.mark.skipif(not LINUX, reason="/proc tells")
def test_no_zombie_is_left(tmp_path: Path) -> None:
    with Supervisor(ladder=QUICK) as supervisor:
        outcome_of(supervisor, sh(tmp_path, "(sleep 0.2 &) ; exit 0"))
        outcome_of(supervisor, sh(tmp_path, "true"))
    mine = [facts for facts in all_processes().values() if facts.parent == os.getpid() and facts.state == "Z"]
    assert mine == []


def test_a_pipe_that_somebody_else_holds_is_closed_after_a_while(supervisor: Supervisor, tmp_path: Path) -> None:
    started = time.monotonic()
    outcome = outcome_of(supervisor, sh(tmp_path, "echo said; sleep 60 & exit 0"))
    assert (outcome.ending, outcome.exit_code, outcome.stdout.head) == (Ending.EXITED, 0, b"said\n")
    assert time.monotonic() - started < 20


def test_what_is_said_after_the_end_of_the_child_is_heard(supervisor: Supervisor, tmp_path: Path) -> None:
    outcome = outcome_of(supervisor, sh(tmp_path, "(sleep 0.3; echo late) & exit 0"))
    assert outcome.stdout.head == b"late\n"


def test_many_run_at_once_and_each_has_its_own_output(supervisor: Supervisor, tmp_path: Path) -> None:
    children = {supervisor.start(sh(tmp_path, f"echo {number}; sleep 0.1")): number for number in range(20)}
    while any(child.outcome is None for child in children):
        supervisor.wait()
    for child, number in children.items():
        assert child.outcome is not None
        assert child.outcome.stdout.head == f"{number}\n".encode()


def test_a_flood_without_newlines_stays_out_of_memory_and_in_the_log(tmp_path: Path) -> None:
    size = 200 * 1024 * 1024
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    logs = Logs(StreamLog(tmp_path / "out"), StreamLog(tmp_path / "err"))
    with Supervisor() as supervisor:
        child = supervisor.start(sh(tmp_path, f"head -c {size} /dev/zero"), logs=logs)
        while child.outcome is None:
            supervisor.wait()
    assert logs.stdout is not None
    logs.stdout.close()
    digest = hashlib.sha256()
    for _ in range(200):
        digest.update(bytes(1024 * 1024))
    assert (child.outcome.stdout.size, len(child.outcome.stdout.head)) == (size, 1024 * 1024)
    assert child.outcome.stdout.sha256 == digest.hexdigest() == logs.stdout.sha256
    assert (tmp_path / "out").stat().st_size == size
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o600
    assert not (tmp_path / "err").exists()
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown_kib < 20 * 1024


def test_a_log_has_a_limit_and_counts_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output_capture, "LOG_BYTES", 1000)
    log = StreamLog(tmp_path / "out")
    with Supervisor() as supervisor:
        child = supervisor.start(sh(tmp_path, "head -c 5000 /dev/zero"), logs=Logs(log))
        while child.outcome is None:
            supervisor.wait()
    log.close()
    assert (log.size, (tmp_path / "out").stat().st_size) == (5000, 1000)
    assert log.problem == "out: what is past its first 1,000 bytes is left out"


def test_a_log_that_is_just_full_is_complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output_capture, "LOG_BYTES", 1000)
    log = StreamLog(tmp_path / "out")
    log.write(b"x" * 1000)
    assert log.problem == ""
    log.write(b"y")
    assert log.problem
    log.close()


def test_a_log_that_cannot_be_written_does_not_disturb_the_process(tmp_path: Path) -> None:
    log = StreamLog(tmp_path / "no" / "folder" / "out")
    with Supervisor() as supervisor:
        child = supervisor.start(sh(tmp_path, "echo hello"), logs=Logs(log))
        while child.outcome is None:
            supervisor.wait()
    assert child.outcome.succeeded
    assert log.problem == "out: No such file or directory"


def test_a_signal_wakes_the_wait_and_is_taken_once(tmp_path: Path, portable: bool) -> None:
    with (
        SignalPipe() as signals,
        Supervisor(signals=signals, ladder=QUICK, pidfd=not portable, subreaper=not portable) as supervisor,
    ):
        child = supervisor.start(sh(tmp_path, "sleep 60"))
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGTERM)).start()
        taken: list[int] = []
        while not taken:
            supervisor.wait()
            taken = signals.take()
        assert taken == [signal.SIGTERM]
        assert signals.take() == []
        supervisor.stop(child)
        while child.outcome is None:
            supervisor.wait()
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_closing_ends_everything_at_once(supervisor: Supervisor, tmp_path: Path) -> None:
    child = supervisor.start(sh(tmp_path, "trap '' INT TERM; echo > up; sleep 60 & wait; sleep 60"))
    wait_for_start(supervisor, tmp_path / "up")
    supervisor.close()
    assert child.outcome is not None
    assert child.outcome.ending is Ending.CANCELLED
    assert not lives(child.pid)


def test_no_descriptor_is_left_open(tmp_path: Path, portable: bool) -> None:
    def count() -> int:
        return sum(1 for _ in Path("/dev/fd").iterdir())

    run(request(tmp_path, "true"))
    before = count()
    for argv in (("true",), ("no-such",), ("sh", "-c", "sleep 60 & exit 0")):
        with Supervisor(ladder=QUICK, pidfd=not portable, subreaper=not portable) as supervisor:
            outcome_of(supervisor, request(tmp_path, *argv, stdin=b"x"))
    assert count() == before


def test_run_is_one_process_from_start_to_end(tmp_path: Path, portable: bool) -> None:
    outcome = run(request(tmp_path, "sh", "-c", "cat; exit 2", stdin=b"in"), pidfd=not portable)
    assert (outcome.exit_code, outcome.stdout.head, outcome.stdout.size) == (2, b"in", 2)


@pytest.mark.parametrize(("keep", "size"), [(1, 1), (1024 * 1024, 1024 * 1024), (3 * 1024 * 1024, 2 * 1024 * 1024)])
def test_a_request_says_how_much_of_stdout_is_kept(tmp_path: Path, keep: int, size: int) -> None:
    asked = sh(tmp_path, "head -c 2097152 /dev/zero; head -c 2097152 /dev/zero >&2")
    outcome = run(replace(asked, keep_bytes=keep))
    assert len(outcome.stdout.head) == size
    assert outcome.stdout.size == 2 * 1024 * 1024
    assert outcome.stdout.truncated is (size < outcome.stdout.size)
    assert len(outcome.stderr.head) == 1024 * 1024


def test_an_answer_for_who_asked_goes_into_no_log(supervisor: Supervisor, tmp_path: Path) -> None:
    logs = Logs(StreamLog(tmp_path / "out"), StreamLog(tmp_path / "err"))
    child = supervisor.start(replace(sh(tmp_path, "echo answer; echo told >&2"), logs_stdout=False), logs=logs)
    while child.outcome is None:
        supervisor.wait()
    assert child.outcome.stdout.head == b"answer\n"
    assert not (tmp_path / "out").exists()
    assert (tmp_path / "err").read_bytes() == b"told\n"
