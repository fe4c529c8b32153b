"""The tool without its start: a process that has imported all of it, and forks for each command.

Most of a trial is Python that starts and reads modules, again and again. What a fork does from there on is what a new
process does; the system calls before, which are left out, only read. strace is attached to a fork that waits for it.
A warm process is asked by one thread at a time.
"""

import contextlib
import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
_PATIENCE_SECONDS = 20


class Warm:
    """A warm process, which ends with this one. Its commands have the environment that it was given when it began."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        argv = [sys.executable, "-m", "tests.faults.warm"]
        self._process = subprocess.Popen(
            argv, cwd=ROOT, env=dict(environment), stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def run(
        self,
        folder: Path,
        words: Sequence[str],
        strace: Sequence[str],
        out: Path,
        seconds: float,
        trace: Path | None = None,
    ) -> tuple[int, int, bool]:
        """Exit status (below 0: the signal), largest memory in KiB, and whether it had to be killed after `seconds`.

        In `trace` stand the programs that it starts, and `socket` where it opens one.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        asked = {"folder": str(folder), "words": [*words], "strace": [*strace], "out": str(out), "seconds": seconds}
        asked["trace"] = str(trace) if trace else ""
        self._process.stdin.write(json.dumps(asked).encode() + b"\n")
        self._process.stdin.flush()
        status, kib, late = json.loads(self._process.stdout.readline())
        return status, kib, late

    def close(self) -> None:
        """Ends it before this process does."""
        self._process.communicate()


def _import_everything() -> None:
    import innominatus_cli

    for found in pkgutil.walk_packages(innominatus_cli.__path__, "innominatus_cli."):
        if not found.name.endswith("__main__") and ".children." not in found.name and ".templates" not in found.name:
            with contextlib.suppress(Exception):  # what is optional and missing
                importlib.import_module(found.name)
    build_models()
    gc.collect()
    gc.freeze()


def build_models() -> None:
    """Works out the validators of all models, which each command would do again: a fifth of its time."""
    from pydantic import BaseModel

    waiting = [BaseModel]
    for model in waiting:  # grows
        waiting += model.__subclasses__()
        if model.__module__.startswith("innominatus_cli."):
            with contextlib.suppress(Exception):  # those that only others are made from
                model.model_rebuild()


def _answer(asked: Mapping[str, Any]) -> tuple[int, int, bool]:
    child = os.fork()
    if child == 0:
        _be_the_tool(asked)
    tracer = None
    try:
        if asked["strace"]:
            os.waitid(os.P_PID, child, os.WSTOPPED)
            tracer = subprocess.Popen([*asked["strace"], "-p", str(child)], stderr=subprocess.DEVNULL)
            _wait_for_tracer(child, tracer)
            os.kill(child, signal.SIGCONT)
        ended = os.pidfd_open(child)
        late = not select.select([ended], [], [], asked["seconds"])[0]
        os.close(ended)
        if late:
            _kill(child)
        _, status, usage = os.wait4(child, 0)
        return os.waitstatus_to_exitcode(status), usage.ru_maxrss, late
    finally:
        if tracer is not None:
            tracer.wait()


def _kill(child: int) -> None:
    try:
        os.killpg(child, signal.SIGKILL)
    except ProcessLookupError:  # so early that it has no group of its own yet
        os.kill(child, signal.SIGKILL)


def _wait_for_tracer(child: int, tracer: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + _PATIENCE_SECONDS
    status = Path(f"/proc/{child}/status")
    while f"TracerPid:\t{tracer.pid}\n" not in status.read_text():
        if tracer.poll() is not None or time.monotonic() > until:
            os.kill(child, signal.SIGKILL)
            raise AssertionError("strace does not attach")
        time.sleep(0.002)


def _tell_of_programs(trace: int) -> None:
    """From now on this process, and whatever is forked of it, says what it starts."""

    def hear(event: str, arguments: tuple[Any, ...]) -> None:
        if event in {"os.posix_spawn", "os.exec", "os.system", "subprocess.Popen"}:
            os.write(trace, Path(os.fsdecode(arguments[0])).name.encode() + b"\n")
        elif event == "socket.__new__":
            os.write(trace, b"socket\n")

    sys.addaudithook(hear)


def _be_the_tool(asked: Mapping[str, Any]) -> None:
    """Never comes back."""
    try:
        os.setsid()
        os.chdir(asked["folder"])
        void, out = os.open(os.devnull, os.O_RDONLY), os.open(asked["out"], os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        for fd, number in ((void, 0), (out, 1), (out, 2)):
            os.dup2(fd, number)
        os.close(void)
        os.close(out)
        sys.argv = ["innominatus-ctl", *asked["words"]]
        if asked["trace"]:
            _tell_of_programs(os.open(asked["trace"], os.O_WRONLY | os.O_APPEND))
        if asked["strace"]:
            os.kill(os.getpid(), signal.SIGSTOP)
        from innominatus_cli.__main__ import main

        main()
    finally:
        os._exit(111)


def _serve() -> None:
    _import_everything()
    for line in sys.stdin.buffer:
        answer = _answer(json.loads(line))
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _serve()
