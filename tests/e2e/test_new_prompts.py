"""`new` on a real terminal: a pseudo one, with a process at its other end that believes in it."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from innominatus_cli.operations.init import init_repository

LONGEST_SECONDS = 60
AS_CONTROLLING = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)
CONTROL_C, CONTROL_D = b"\x03", b"\x04"


class Terminal:
    """A terminal's keyboard and screen, and the command that runs in it."""

    def __init__(self, folder: Path, *arguments: str, piped: bool = False) -> None:
        self._master, terminal = pty.openpty()
        argv = [sys.executable, "-m", "innominatus_cli", *arguments]
        self._process = subprocess.Popen(
            [sys.executable, "-c", AS_CONTROLLING, *argv],
            cwd=folder,
            stdin=terminal,
            stdout=subprocess.PIPE if piped else terminal,
            stderr=terminal,
            start_new_session=True,
        )
        os.close(terminal)
        self._screen = ""
        self._seen = 0

    def sees(self, text: str) -> str:
        """Waits until a text comes; what came up to its end, since the last text that was waited for."""
        end = time.monotonic() + LONGEST_SECONDS
        while text not in self._screen[self._seen :]:
            assert time.monotonic() < end, f"{text!r} never came:\n{self._screen}"
            assert self._read(), f"the end came before {text!r}:\n{self._screen}"
        start, self._seen = self._seen, self._screen.index(text, self._seen) + len(text)
        return self._screen[start : self._seen]

    def types(self, text: str) -> None:
        """Types a line."""
        self.presses(f"{text}\n".encode())

    def presses(self, keys: bytes) -> None:
        """Presses keys."""
        os.write(self._master, keys)

    def ends(self, keys: bytes = b"") -> tuple[int, str]:
        """Waits for the end, pressing keys now and then; the exit status, and all that was on the screen.

        A signal between a prompt and the read that follows it is seen only after the next key: people press again.
        """
        self.presses(keys)
        while self._read(1 if keys else LONGEST_SECONDS):
            pass
        while keys and not self._is_gone(1):  # nobody reads what is pressed while it goes, and at last it has no room
            self.presses(keys)
            while self._read(1):
                pass
        return self._process.wait(LONGEST_SECONDS), self._screen

    def _is_gone(self, seconds: float) -> bool:
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def close(self) -> None:
        """Takes the terminal away."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        os.close(self._master)

    def _read(self, seconds: int = LONGEST_SECONDS) -> bool:
        ready, _, _ = select.select([self._master], [], [], seconds)
        try:
            data = os.read(self._master, 4096) if ready else b""
        except OSError:  # the other end is closed
            return False
        self._screen += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", data.decode("utf-8", "replace")).replace("\r\n", "\n")
        return bool(data)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "web-shop"
    init_repository(folder, "web-shop")
    return folder


@pytest.fixture
def opened() -> Iterator[list[Terminal]]:
    terminals: list[Terminal] = []
    yield terminals
    for terminal in terminals:
        terminal.close()


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_enter_all_the_way_makes_an_application_that_validates(repository: Path, opened: list[Terminal]) -> None:
    terminal = Terminal(repository, "new", "application")
    opened.append(terminal)
    terminal.sees("Its name [web-shop]: ")
    terminal.types("reports")
    for question, default in (
        ("The product that it belongs to (storefront; - for none)", "storefront"),
        ("What it is (web-service, ", "web-service"),
        ("What its program is written in (node, python, go, java)", "node"),
        ("The image of its container", "node:24-slim"),
        ("The port that the program listens on", "8080"),
        ("The most CPU that it gets, like 500m", "500m"),
        ("The most memory that it gets, like 256Mi", "128Mi"),
        ("The team that people ask about it", "storefront-team"),
    ):
        terminal.sees(question)
        terminal.sees(f"[{default}]: ")
        terminal.types("")

    status, screen = terminal.ends()
    assert status == 0, screen
    assert "Next:\n  innominatus-ctl validate apps/reports/score.yaml\n" in screen
    checked = subprocess.run(
        [sys.executable, "-m", "innominatus_cli", "validate", "--strict"],
        cwd=repository,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout


def test_a_wrong_answer_is_told_at_once_and_asked_again(repository: Path, opened: list[Terminal]) -> None:
    terminal = Terminal(repository, "new", "workflow", "--tier", "product")
    opened.append(terminal)
    terminal.sees("Its name, and its file's [setup]: ")
    terminal.types("Not A Name")
    terminal.sees("Error: 'Not A Name' must be a name")
    terminal.sees("Its name, and its file's [setup]: ")
    terminal.types("report")
    terminal.sees("The product whose applications it runs for (storefront) [storefront]: ")
    terminal.types("storefrnt")
    terminal.sees("did you mean 'storefront'?")
    terminal.sees("[storefront]: ")
    terminal.types("storefront")
    terminal.sees("(? lists them) [script]: ")
    terminal.types("?")
    terminal.sees("Error: there is database-migration, kubernetes, ")
    terminal.sees("[script]: ")
    terminal.types("script, validaton")
    terminal.sees("did you mean 'validation'?")
    terminal.sees("[script]: ")
    terminal.types("script, validation")
    terminal.sees("(pre-deployment, deployment, post-deployment) [post-deployment]: ")
    terminal.types("after")
    terminal.sees("there is no phase 'after'")
    terminal.sees("[post-deployment]: ")
    terminal.types("")
    terminal.sees("[product_deployment]: ")
    terminal.types("product_deployment, first_deployment")
    terminal.sees("[Report for applications of storefront]: ")
    terminal.types("It says: # what, 'how' and \"why\"")
    terminal.sees("[storefront-team]: ")
    terminal.types("")
    terminal.sees("Add it to allowedProductWorkflows in admin-config.yaml (the platform team's to decide)? [y/N]: ")
    terminal.types("y")

    status, screen = terminal.ends()
    assert status == 0, screen
    written = (repository / "workflows/products/storefront/report.yaml").read_text()
    assert 'description: "It says: # what, \'how\' and \\"why\\""\n' in written
    assert "    - product_deployment\n    - first_deployment\n" in written
    assert "    - storefront/report\n" in (repository / "admin-config.yaml").read_text()


@pytest.mark.parametrize("keys", [CONTROL_C, CONTROL_D, b"half" + CONTROL_C])
@pytest.mark.parametrize("answered", [0, 3])
def test_an_interruption_writes_nothing_and_exits_130(
    repository: Path, opened: list[Terminal], keys: bytes, answered: int
) -> None:
    before = files(repository)
    terminal = Terminal(repository, "new", "application")
    opened.append(terminal)
    for answer in ("reports", "", "worker")[:answered]:
        terminal.sees("]: ")
        terminal.types(answer)
    terminal.sees("]: ")

    status, screen = terminal.ends(keys)
    assert status == 130, screen
    assert files(repository) == before


def test_with_no_input_nobody_is_asked(repository: Path, opened: list[Terminal]) -> None:
    terminal = Terminal(repository, "new", "application", "--no-input")
    opened.append(terminal)

    status, screen = terminal.ends()
    assert status == 2
    assert "Missing option --name: its name" in screen


def test_where_stdout_is_a_pipe_nobody_is_asked(repository: Path, opened: list[Terminal]) -> None:
    terminal = Terminal(repository, "new", "application", piped=True)
    opened.append(terminal)

    status, screen = terminal.ends()
    assert status == 2
    assert "Missing option --name: its name" in screen


def test_flags_are_not_asked_for_again(repository: Path, opened: list[Terminal]) -> None:
    flags = ["--max-steps", "20", "--description", "Few steps", "--owner", "platform-team"]
    terminal = Terminal(repository, "new", "policy", "limits", *flags)
    opened.append(terminal)
    for question in ("How long it may take", "How many may run at once", "The only step types"):
        terminal.sees(question)
        terminal.sees("Enter for none): ")
        terminal.types("")
    for question in ("The platform workflows", "The environments", "The only teams"):
        terminal.sees(question)
        terminal.sees("Enter for none): ")
        terminal.types("-")

    status, screen = terminal.ends()
    assert status == 0, screen
    assert "It refuses a workflow with more than 20 steps." in screen
    assert "How many steps" not in screen


def test_what_has_one_answer_only_is_not_asked(repository: Path, opened: list[Terminal]) -> None:
    flags = ["--template", "static-site", "--product", "storefront", "--cpu", "1", "--memory", "64Mi", "--team", "us"]
    terminal = Terminal(repository, "new", "application", "pages", *flags)
    opened.append(terminal)
    for question in ("The image of its container", "The port that the program listens on"):
        terminal.sees(question)
        terminal.sees("]: ")
        terminal.types("")

    status, screen = terminal.ends()
    assert status == 0, screen
    assert "written in" not in screen
    assert (repository / "apps/pages/index.html").is_file()
