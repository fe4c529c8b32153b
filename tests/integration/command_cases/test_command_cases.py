"""Every case of a code that a command other than `validate` shows, and its good twin, played for real."""

import contextlib
import errno
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
from pytest_snapshot.plugin import Snapshot

from innominatus_cli.drivers import script
from innominatus_cli.execution import journal
from innominatus_cli.execution.engine import ExecutionResult, execute_plan
from innominatus_cli.execution.setting import RunSetting
from innominatus_cli.findings.catalogue import every_code
from innominatus_cli.findings.finding import Severity
from innominatus_cli.operations import planning, running
from innominatus_cli.system import ssh_signatures
from tests.integration.drivers.servers import web_server
from tests.integration.starting import free_port

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.integration.command_cases.conftest import Case, Circumstance, Stage

CASES = Path(__file__).resolve().parents[2] / "cases"
HEAD = re.compile(r"^(?:(?P<place>.*?): )?(?:error|warning|info) (?P<number>ORC-[0-9]{4}): ", re.MULTILINE)
"""The first line of a finding."""
WRITTEN = "345"
"""Blocks whose findings are about a place in a file, where they are about a file at all."""
LOOKS_ONLY = ("validate", "plan")
"""Commands that answer 1 for every error, whatever the status of its code."""


@contextlib.contextmanager
def the_disk_refuses_the_journal(stage: "Stage") -> Iterator[None]:
    """The journal's second line and all after it cannot be put on disk."""
    asked: list[int] = []

    def fails_later(descriptor: int) -> None:
        asked.append(descriptor)
        if len(asked) > 1:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    stage.environment.setattr(journal, "_sync_data", fails_later)
    yield


@contextlib.contextmanager
def a_plan_of_a_newer_version(stage: "Stage") -> Iterator[None]:
    """What is executed has steps of a type that this version does not know."""

    def of_a_newer_version(setting: RunSetting, *rest: Any) -> ExecutionResult:
        steps = [step.model_copy(update={"type": "quantum"}) for step in setting.plan.steps]
        return execute_plan(replace(setting, plan=setting.plan.model_copy(update={"steps": steps})), *rest)

    stage.environment.setattr(running, "execute_plan", of_a_newer_version)
    yield


@contextlib.contextmanager
def a_driver_with_a_bug(stage: "Stage") -> Iterator[None]:
    """The driver of scripts raises what it should not."""

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a bug")

    stage.environment.setattr(script, "run_program", broken)
    yield


@contextlib.contextmanager
def a_planner_with_a_bug(stage: "Stage") -> Iterator[None]:
    """Planning raises what it should not."""

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("division by zero")

    stage.environment.setattr(planning, "plan_for", broken)
    yield


@contextlib.contextmanager
def the_extra_lsp_is_missing(stage: "Stage") -> Iterator[None]:
    """Its first package cannot be imported, whether it is installed or not."""
    for name in [name for name in sys.modules if name.startswith(("lsprotocol", "innominatus_cli.language_server"))]:
        stage.environment.delitem(sys.modules, name)
    stage.environment.setitem(sys.modules, "lsprotocol", None)
    yield


@contextlib.contextmanager
def there_is_no_ssh_keygen(stage: "Stage") -> Iterator[None]:
    """No folder of PATH has one."""
    stage.environment.setattr(ssh_signatures, "find_program", lambda *_, **__: None)
    yield


@contextlib.contextmanager
def the_extra_signatures_is_missing(stage: "Stage") -> Iterator[None]:
    """Nothing can import cryptography."""
    stage.environment.setitem(sys.modules, "cryptography.exceptions", None)
    yield


@contextlib.contextmanager
def another_run_holds_the_lock(stage: "Stage") -> Iterator[None]:
    """The case's own command runs already; its step waits until .git/works is gone."""
    works = stage.folder / ".git" / "works"
    argv = [sys.executable, "-m", "innominatus_cli", "run", "check"]
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as other:
        try:
            while not works.exists():
                assert other.poll() is None, "the other run ended before its step began"
                time.sleep(0.01)
            yield
        finally:
            works.unlink(missing_ok=True)
            other.wait(timeout=60)


@contextlib.contextmanager
def a_run_here_holds_a_lock_on_the_remote(stage: "Stage") -> Iterator[None]:
    """A run of this clone works, and the remote has its lock, under an id that a case can name."""
    with another_run_holds_the_lock(stage):
        (holder,) = (stage.folder / ".git" / "innominatus" / "locks").rglob("*.holder.json")
        facts = json.loads(holder.read_bytes())
        lock = {name: facts[name] for name in ("application", "environment", "run", "who", "host", "pid", "since")}
        lock |= {"renewed_at": facts["since"], "lease_seconds": 60, "token": "a" * 40}
        stored = ["git", "hash-object", "-w", "--stdin"]
        data = json.dumps({**lock, "schema": "innominatus.dev/lock/v1"}).encode()
        blob = subprocess.run(stored, input=data, capture_output=True, check=True).stdout.decode().strip()
        ref = "refs/innominatus/locks/check/development"
        subprocess.run(["git", "push", "-q", "origin", f"{blob}:{ref}"], check=True)
        yield


@contextlib.contextmanager
def a_server_that_is_well(stage: "Stage") -> Iterator[None]:
    """`SHOP_URL` is the address of a server that answers with status 200."""
    with web_server() as server:
        stage.environment.setenv("SHOP_URL", server.url)
        yield


@contextlib.contextmanager
def a_server_out_of_order(stage: "Stage") -> Iterator[None]:
    """`SHOP_URL` is the address of a server that answers with status 503."""
    with web_server() as server:
        server.status = 503
        stage.environment.setenv("SHOP_URL", server.url)
        yield


@contextlib.contextmanager
def a_mail_server(stage: "Stage") -> Iterator[None]:
    """`MAIL_PORT` is the port of a mail server of this machine that takes everything."""
    controller = Controller(Sink(), hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        stage.environment.setenv("MAIL_PORT", str(controller.port))
        yield
    finally:
        controller.stop()


@pytest.fixture
def circumstances() -> "Mapping[str, Circumstance]":
    """What cannot be kept in files, by the name that `under` in a case.yaml gives it."""
    return {
        "the-disk-refuses-the-journal": the_disk_refuses_the_journal,
        "a-plan-of-a-newer-version": a_plan_of_a_newer_version,
        "a-driver-with-a-bug": a_driver_with_a_bug,
        "a-planner-with-a-bug": a_planner_with_a_bug,
        "another-run-holds-the-lock": another_run_holds_the_lock,
        "a-mail-server": a_mail_server,
        "a-server-that-is-well": a_server_that_is_well,
        "a-server-out-of-order": a_server_out_of_order,
        "a-run-here-holds-a-lock-on-the-remote": a_run_here_holds_a_lock_on_the_remote,
        "there-is-no-ssh-keygen": there_is_no_ssh_keygen,
        "the-extra-lsp-is-missing": the_extra_lsp_is_missing,
        "the-extra-signatures-is-missing": the_extra_signatures_is_missing,
    }


def test_a_bad_case_shows_its_code_and_no_other(bad_case: "Case", stage: "Stage", snapshot: Snapshot) -> None:
    told = stage.play(bad_case)
    snapshot.snapshot_dir = CASES / "err"
    text = f"$ innominatus-ctl {bad_case.run}\n{told.text}exit status {told.status}\n"
    snapshot.assert_match(text, f"{bad_case.name}.out")
    assert told.status == bad_case.exit, told.text
    assert {found["number"] for found in HEAD.finditer(told.text)} == {bad_case.number, *bad_case.also}, told.text
    code = every_code()[bad_case.number]
    if code.severity is Severity.ERROR and bad_case.run.split()[0] not in LOOKS_ONLY and not bad_case.also:
        assert told.status == code.exit_status


def test_a_finding_of_a_bad_case_about_a_file_says_line_and_column(bad_case: "Case") -> None:
    text = (CASES / "err" / f"{bad_case.name}.out").read_text(encoding="utf-8")
    places = [found["place"] for found in HEAD.finditer(text) if found["number"][4] in WRITTEN]
    files = {path.relative_to(bad_case.folder).as_posix() for path in bad_case.folder.rglob("*") if path.is_file()}
    assert [place for place in places if place in files] == []


def test_a_good_twin_shows_nothing(good_twin: "Case", stage: "Stage") -> None:
    told = stage.play(good_twin)
    assert told.status == good_twin.exit, told.text
    assert {found["number"] for found in HEAD.finditer(told.text)} <= {*good_twin.also}, told.text
    assert good_twin.number not in good_twin.also
