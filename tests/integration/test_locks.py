"""The lock of an application and environment, between real processes."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from innominatus_cli.findings.catalogue.ledger import LOCK_UNUSABLE
from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.system.locks import Holder, acquire, held_locks, read_holder, try_lock
from innominatus_cli.system.process_tree import boot_id
from innominatus_cli.system.state_folder import StateFolder

RUN = "01J9Z0C4W5T3Q8R7M2X6Y1V0NB"


@pytest.fixture
def state(tmp_path: Path) -> StateFolder:
    return StateFolder(tmp_path)


@pytest.fixture
def holder() -> Holder:
    return Holder.of_this_process(run=RUN, who="me@example.org", since="2026-11-20T20:00:00.000Z")


def test_the_loser_is_told_who_holds_the_lock(state: StateFolder, holder: Holder) -> None:
    lock = acquire(state, "shop", "development", holder)
    with pytest.raises(CannotContinue) as refused:
        acquire(state, "shop", "development", holder)
    assert refused.value.exit_status is ExitStatus.LOCKED
    message = refused.value.findings[0].message
    for fact in ("shop", "development", "me@example.org", RUN, str(os.getpid()), "2026-11-20T20:00:00.000Z"):
        assert fact in message
    lock.release()
    acquire(state, "shop", "development", holder).release()


def test_other_environments_and_applications_are_free(state: StateFolder, holder: Holder) -> None:
    locks = [acquire(state, *names, holder) for names in (("shop", "dev"), ("shop", "prod"), ("cart", "dev"))]
    assert len(held_locks(state)) == 3
    for lock in locks:
        lock.release()
        lock.release()
    assert held_locks(state) == []


def test_facts_of_a_dead_holder_hold_nothing(state: StateFolder, holder: Holder) -> None:
    path = state.lock_path("shop", "development")
    state.ensure(path.parent)
    stale = {"pid": 1, "start_ticks": 1, "boot_id": "another", "run": RUN, "who": "x", "host": "y", "since": "z"}
    path.with_name("development.holder.json").write_text(json.dumps(stale))
    found = read_holder(path)
    assert found is not None
    assert not found.lives
    lock = acquire(state, "shop", "development", holder)
    now = read_holder(path)
    assert now is not None
    assert now.lives
    assert (now.application, now.environment) == ("shop", "development")
    lock.release()


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"pid": "1"}', '{"unknown": 1}'])
def test_facts_that_are_none_break_nothing(state: StateFolder, holder: Holder, text: str) -> None:
    lock = acquire(state, "shop", "development", holder)
    path = state.lock_path("shop", "development")
    path.with_name("development.holder.json").write_text(text)
    assert read_holder(path) is None
    with pytest.raises(CannotContinue) as refused:
        acquire(state, "shop", "development", holder)
    assert "left no word" in refused.value.findings[0].message
    lock.release()


def test_a_child_that_inherits_the_lock_keeps_it(state: StateFolder, holder: Holder) -> None:
    lock = acquire(state, "shop", "development", holder)
    with subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE, pass_fds=(lock.fd,)) as child:
        lock.release()
        assert try_lock(state.lock_path("shop", "development")) is None
        child.communicate(b"\n")
    again = try_lock(state.lock_path("shop", "development"))
    assert again is not None
    again.release()


def test_a_lock_ends_with_its_process_however_it_ends(state: StateFolder) -> None:
    path = state.lock_path("shop", "development")
    state.ensure(path.parent)
    program = (
        "import os,sys,pathlib; from innominatus_cli.system.locks import try_lock\n"
        "lock = try_lock(pathlib.Path(sys.argv[1])); print('held', flush=True); input()"
    )
    argv = [sys.executable, "-c", program, str(path)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"held\n"
        assert try_lock(path) is None
        child.kill()
    lock = try_lock(path)
    assert lock is not None
    lock.release()


def test_a_lock_is_never_taken_through_a_link(state: StateFolder, holder: Holder, tmp_path: Path) -> None:
    path = state.lock_path("shop", "development")
    state.ensure(path.parent)
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CannotContinue) as refused:
        acquire(state, "shop", "development", holder)
    assert refused.value.findings[0].code.number == "ORC-6042"
    assert refused.value.exit_status is ExitStatus.CANNOT_WRITE_STATE
    assert not (tmp_path / "elsewhere").exists()


def test_this_process_is_known_by_pid_start_and_boot(holder: Holder) -> None:
    assert holder.lives is (boot_id() != "")
    assert holder.pid == os.getpid()


def test_a_lock_is_given_back_though_the_facts_beside_it_cannot_be_taken_away(
    state: StateFolder, holder: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = acquire(state, "shop", "development", holder)

    def refused(*_arguments: object, **_more: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", refused)
        lock.release()
    assert lock.fd < 0
    again = acquire(state, "shop", "development", holder)
    again.release()
    again.release()
    assert held_locks(state) == []


def test_facts_that_the_disk_does_not_take_leave_no_lock_behind(
    state: StateFolder, holder: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sorted(path.name for path in Path("/proc/self/fd").iterdir())

    def full(*_arguments: object) -> None:
        raise CannotContinue(Finding(LOCK_UNUSABLE, "full", Place("x")))

    with monkeypatch.context() as patched:
        patched.setattr("innominatus_cli.system.locks.write_file", full)
        with pytest.raises(CannotContinue):
            acquire(state, "shop", "development", holder)
    lock = acquire(state, "shop", "development", holder)
    path = state.lock_path("shop", "development")
    with pytest.raises(CannotContinue):
        acquire(state, "shop", "development", holder)
    assert try_lock(path) is None
    lock.release()
    assert sorted(path.name for path in Path("/proc/self/fd").iterdir()) == before
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_facts_are_private_and_sorted(state: StateFolder, holder: Holder) -> None:
    lock = acquire(state, "shop", "development", holder)
    path = state.lock_path("shop", "development").with_name("development.holder.json")
    assert path.stat().st_mode & 0o777 == 0o600
    facts = json.loads(path.read_bytes())
    assert list(facts) == sorted(facts)
    assert path.read_bytes().endswith(b"}\n")
    lock.release()


def test_facts_with_a_number_for_a_text_or_a_text_for_a_number_are_none(state: StateFolder, holder: Holder) -> None:
    lock = acquire(state, "shop", "development", holder)
    lock_path = state.lock_path("shop", "development")
    path = lock_path.with_name("development.holder.json")
    facts = json.loads(path.read_bytes())
    for key, value in (("who", 1), ("pid", "1"), ("pid", True), ("application", None)):
        path.write_text(json.dumps({**facts, key: value}))
        assert read_holder(lock_path) is None
    path.write_text(json.dumps(facts) + " " * (64 * 1024))
    assert read_holder(lock_path) == Holder(**facts)
    path.write_text(" " * (64 * 1024) + json.dumps(facts))
    assert read_holder(lock_path) is None
    lock.release()


def test_a_holder_of_another_machine_or_boot_is_not_known_to_live(holder: Holder) -> None:
    assert holder.lives
    strangers = (
        replace(holder, host="elsewhere"),
        replace(holder, boot_id="another"),
        replace(holder, start_ticks=holder.start_ticks + 1),
        replace(holder, pid=2**22 - 1),
    )
    assert not any(one.lives for one in strangers)
