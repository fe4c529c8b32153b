"""Starts servers for tests and stops them again: on loopback, in a folder of their own, never longer than the tests."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from socket import socket
from urllib.request import urlopen

import pytest

UNPRIVILEGED = "nobody"
"""Who runs a server that refuses to run as root."""


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def absent(what: str) -> None:
    """Skips on a laptop, fails in CI: `what` says what is missing and how to get it."""
    if os.environ.get("CI") == "true":
        pytest.fail(what)
    pytest.skip(what)


@contextmanager
def server_folder(name: str, owner: str | None = None) -> Iterator[Path]:
    """A short path (sockets have 107 characters) that goes with the server; `owner` may enter it."""
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-"))
    try:
        if owner is not None:
            shutil.chown(folder, owner)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Servers:
    """Processes that belong together, stopped in the opposite order.

    Args:
        folder: Where their logs are kept, and where they run.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._stack = ExitStack()

    def start(
        self,
        name: str,
        argv: Sequence[str | Path],
        ready: Callable[[], bool],
        *,
        user: str | None = None,
        environment: Mapping[str, str] | None = None,
        has_children: bool = False,
        seconds: float = 90,
    ) -> None:
        """Starts one and waits until it is ready; fails the test with the end of its log when it is not.

        It dies with the process that started it, however that one ends; one that `has_children` is asked to stop
        them, the others have nothing to lose.
        """
        log = self.folder / f"{name}.log"
        bound = (
            ["setpriv", f"--pdeathsig={'TERM' if has_children else 'KILL'}", "--"] if shutil.which("setpriv") else []
        )
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*bound, *argv],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**_plain_environment(), **(environment or {})},
                user=None if user is None else pwd.getpwnam(user).pw_uid,
                group=None if user is None else pwd.getpwnam(user).pw_gid,
                extra_groups=None if user is None else [],
            )
        self._stack.callback(_stop, process, gently=has_children)
        give_up = time.monotonic() + seconds
        while not ready():
            if process.poll() is not None or time.monotonic() > give_up:
                ended = f"ended with {process.poll()}" if process.poll() is not None else "is not ready"
                pytest.fail(f"{name} {ended}: {log.read_text(errors='replace')[-3000:]}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stops all of them."""
        self._stack.close()


@contextmanager
def servers(name: str, owner: str | None = None) -> Iterator[Servers]:
    """Servers in a folder of their own, both gone at the end."""
    with server_folder(name, owner) as folder:
        started = Servers(folder)
        try:
            yield started
        finally:
            started.stop()


def answers(url: str, wanted: bytes = b"") -> bool:
    """Whether a URL of loopback answers without an error, with that text in it."""
    try:
        with urlopen(url, timeout=2) as reply:  # noqa: S310
            return wanted in reply.read()
    except OSError:
        return False


def run_as(user: str | None, argv: Sequence[str | Path], folder: Path, environment: Mapping[str, str]) -> str:
    """What a program prints that has to end well."""
    done = subprocess.run(
        list(argv),
        check=False,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env={**_plain_environment(), **environment},
        user=None if user is None else pwd.getpwnam(user).pw_uid,
        group=None if user is None else pwd.getpwnam(user).pw_gid,
        extra_groups=None if user is None else [],
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def another_user() -> str | None:
    """Who is to run a server that refuses root: None where we are not root."""
    return UNPRIVILEGED if os.geteuid() == 0 else None


def _plain_environment() -> dict[str, str]:
    """Servers outlive the test that asks for them first: nothing of its world may stick to them."""
    kept = ("PATH", "LANG", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR")
    return {name: os.environ[name] for name in kept if name in os.environ}


def _stop(process: "subprocess.Popen[bytes]", *, gently: bool) -> None:
    if gently:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            pass
        else:
            return
    process.kill()
    process.wait()
