"""The locks that people see and break: of this clone and of a real remote, in real clones; the clock is the test's."""

import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from innominatus_cli.documents.remote_lock import RemoteLockFacts
from innominatus_cli.findings.catalogue.locks import LOCK_IN_USE, UNKNOWN_LOCK
from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import CannotContinue, Finding
from innominatus_cli.operations.held_locks import (
    HERE,
    HeldLock,
    all_locks,
    holders,
    lock_of_id,
    lock_remote,
    take_away,
    told_of,
)
from innominatus_cli.operations.history import OpenLedger, open_ledger
from innominatus_cli.operations.remote_locks import lock_ref
from innominatus_cli.reports.locks import broken_text
from innominatus_cli.system.clock import SystemClock
from innominatus_cli.system.git_refs import RemoteRefs, write_blob
from innominatus_cli.system.locks import Holder, RunLock, acquire
from tests.integration.operations.test_remote_locks import Hands
from tests.integration.remotes import NOBODY, clone_of, new_bare, sh

SINCE = "2026-11-20T20:00:00.000Z"
RUN, OTHER_RUN = "01JD0000000000000000000001", "01JD0000000000000000000002"
REF = "refs/innominatus/locks/shop/staging"
FACTS = RemoteLockFacts("shop", "staging", RUN, "ada@example.org", "elsewhere", 12, SINCE, SINCE, 60)
KEYS = [
    "id", "where", "state", "application", "environment", "run", "who", "host", "pid", "since", "renewed_at",
    "lease_seconds", "overdue_seconds", "ref",
]  # fmt: skip


class Place:
    """A clone with its ledger, whose admin-config.yaml says what a test wants."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = Hands()
        self.held: list[RunLock] = []

    @property
    def ledger(self) -> OpenLedger:
        return open_ledger(self.folder)

    @property
    def refs(self) -> RemoteRefs:
        return RemoteRefs.open(self.ledger.store.git, "origin")

    def configure(self, text: str) -> None:
        (self.folder / "admin-config.yaml").write_text(text)

    def put(self, data: bytes, ref: str = REF) -> str:
        """What stands at a ref of the remote from now on; its id."""
        made = write_blob(self.ledger.store.git, data)
        sh(self.folder, "git", "push", "-qf", "origin", f"{made}:{ref}")
        return made

    def locks(self, remote: str | None = "origin") -> list[HeldLock]:
        return all_locks(self.ledger, remote, self.clock)

    def hold(self, run: str = RUN, *, lives: bool = True, environment: str = "staging") -> Holder:
        """This clone's own lock, of this process or of one that was killed."""
        me = Holder.of_this_process(run=run, who="ada@example.org", since=SINCE)
        holder = me if lives else replace(me, start_ticks=me.start_ticks + 1)
        lock = acquire(self.ledger.state, "shop", environment, holder)
        if lives:
            self.held.append(lock)
        else:
            os.close(lock.fd)  # as the kernel does
        return replace(holder, application="shop", environment=environment)

    def break_it(self, lock: HeldLock, reason: str = "", remote: str | None = "origin") -> Finding:
        """Why a lock is not broken."""
        with pytest.raises(CannotContinue) as refused:
            take_away(self.ledger, lock, reason, remote, self.clock)
        (finding,) = refused.value.findings
        return finding


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    for name, value in NOBODY.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    made = Place(clone_of(new_bare(tmp_path), "here").root)
    yield made
    for lock in made.held:
        lock.release()


def test_the_remote_is_the_one_that_is_named_else_the_one_of_the_configuration(place: Place) -> None:
    assert lock_remote(place.ledger, None) is None
    assert lock_remote(place.ledger, "mine") == "mine"
    place.configure("locks:\n  remote: origin\n")
    assert lock_remote(place.ledger, None) == "origin"
    assert lock_remote(place.ledger, "") == "origin"
    assert lock_remote(place.ledger, "mine") == "mine"
    place.configure("locks:\n  lease: 5m\n")
    assert lock_remote(place.ledger, None) is None


def test_holders_are_those_of_this_clone_who_live_or_were_killed(place: Place) -> None:
    assert holders(place.ledger.state) == []
    killed = place.hold(OTHER_RUN, lives=False, environment="production")
    living = place.hold()
    junk = place.ledger.state.lock_path("web", "staging")
    junk.parent.mkdir()
    junk.with_name("staging.holder.json").write_text("{")
    assert holders(place.ledger.state) == [killed, living]


def test_a_lock_of_this_clone_is_listed_with_its_run_and_whether_it_works(place: Place) -> None:
    killed = place.hold(OTHER_RUN, lives=False, environment="production")
    living = place.hold()
    found = place.locks(remote=None)
    assert [list(lock.row) for lock in found] == [KEYS, KEYS]
    assert [lock.standing for lock in found] == [None, None]
    common = {
        "where": HERE, "application": "shop", "who": "ada@example.org", "host": socket.gethostname(),
        "pid": os.getpid(), "since": SINCE, "renewed_at": None, "lease_seconds": None, "overdue_seconds": None,
        "ref": None,
    }  # fmt: skip
    assert [lock.row for lock in found] == [
        {**common, "id": killed.run, "run": OTHER_RUN, "state": "killed", "environment": "production"},
        {**common, "id": living.run, "run": RUN, "state": "working", "environment": "staging"},
    ]
    assert [told_of(lock) for lock in found] == ["ada@example.org"] * 2


@pytest.mark.parametrize(
    ("seconds", "state", "overdue"), [(0, "working", None), (60, "working", None), (61, "lease ran out", 1)]
)
def test_a_lock_on_the_remote_is_listed_with_its_lease(
    place: Place, seconds: int, state: str, overdue: int | None
) -> None:
    made = place.put(FACTS.canonical)
    place.clock.seconds = seconds
    (lock,) = place.locks()
    assert list(lock.row) == KEYS
    assert lock.row == {
        "id": made, "where": "origin", "state": state, "application": "shop", "environment": "staging", "run": RUN,
        "who": "ada@example.org", "host": "elsewhere", "pid": 12, "since": SINCE, "renewed_at": SINCE,
        "lease_seconds": 60, "overdue_seconds": overdue, "ref": REF,
    }  # fmt: skip
    assert lock.standing is not None
    assert lock.standing.facts == FACTS
    said = f"ada@example.org (run {RUN}, pid 12 on elsewhere, since {SINCE}, renewed {SINCE}"
    assert told_of(lock, place.clock).startswith(said)
    assert ("its lease ran out 1 s ago" in told_of(lock, place.clock)) == (overdue is not None)


def test_without_a_clock_the_time_is_that_of_the_machine(place: Place) -> None:
    place.put(FACTS.canonical)
    age = int((SystemClock().now() - Hands().now()).total_seconds())
    (lock,) = all_locks(place.ledger, "origin")
    assert (lock.row["overdue_seconds"] is not None) == (age > 60)
    assert ("its lease ran out" in told_of(lock)) == (age > 60)


def test_what_is_no_lock_of_ours_is_listed_as_unreadable(place: Place) -> None:
    made = place.put(b"no lock", lock_ref("a b", "x"))
    (lock,) = place.locks()
    assert lock.row == {
        **dict.fromkeys(KEYS), "id": made, "where": "origin", "state": "unreadable", "ref": lock_ref("a b", "x")
    }  # fmt: skip
    assert told_of(lock, place.clock) == f"somebody who left no word (lock {made})"


def test_an_unreadable_lock_is_that_of_the_application_and_environment_that_its_ref_names(place: Place) -> None:
    place.put(b"no lock", lock_ref("checkout-service", "development"))
    (lock,) = place.locks()
    assert (lock.row["application"], lock.row["environment"]) == ("checkout-service", "development")
    broken = take_away(place.ledger, lock, remote="origin", clock=place.clock)
    assert "the lock of 'checkout-service' in 'development'" in broken_text(broken)
    place.put(b"no lock", lock_ref("a b", "x"))
    (lock,) = place.locks()
    broken = take_away(place.ledger, lock, remote="origin", clock=place.clock)
    assert f"Broke the lock '{lock_ref('a b', 'x')}' on 'origin'" in broken_text(broken)


def test_the_locks_of_the_clone_come_before_those_of_the_configured_remote(place: Place) -> None:
    place.hold()
    made = place.put(FACTS.canonical)
    assert [lock.row["id"] for lock in place.locks(remote=None)] == [RUN]
    place.configure("locks:\n  remote: origin\n")
    assert [lock.row["id"] for lock in place.locks(remote=None)] == [RUN, made]
    with pytest.raises(CannotContinue, match="no remote 'elsewhere'"):
        place.locks("elsewhere")


def test_a_remote_that_does_not_answer_ends_the_listing(place: Place, tmp_path: Path) -> None:
    place.hold()
    (tmp_path / "remote.git").rename(tmp_path / "away.git")
    with pytest.raises(CannotContinue) as refused:
        place.locks()
    assert refused.value.exit_status == ExitStatus.ENVIRONMENT


def test_a_lock_is_found_by_its_whole_id(place: Place) -> None:
    place.hold()
    made = place.put(FACTS.canonical)
    assert lock_of_id(place.ledger, made, "origin", place.clock).row["where"] == "origin"
    assert lock_of_id(place.ledger, RUN, "origin", place.clock).row["where"] == HERE
    for wrong in (made[:-1], made.upper(), f"{made} ", RUN[:-1], ""):
        with pytest.raises(CannotContinue) as refused:
            lock_of_id(place.ledger, wrong, "origin", place.clock)
        (finding,) = refused.value.findings
        assert finding.code is UNKNOWN_LOCK
        assert finding.message == f"no lock has the id '{wrong}' in this clone or on 'origin'"
        assert finding.place.path == (wrong or "lock")


def test_whoever_asks_without_a_remote_is_told_that_none_was_looked_at(place: Place) -> None:
    made = place.put(FACTS.canonical)
    with pytest.raises(CannotContinue) as refused:
        lock_of_id(place.ledger, made)
    message = f"no lock has the id '{made}' in this clone, and no remote is configured or named"
    assert refused.value.findings[0].message == message


def test_a_lock_on_the_remote_is_taken_away_and_the_ledger_says_by_whom_and_whose_it_was(place: Place) -> None:
    made = place.put(FACTS.canonical)
    (lock,) = place.locks()
    broken = take_away(place.ledger, lock, "its runner died", "origin", place.clock)
    assert place.refs.listed("refs/innominatus/locks/*") == {}
    assert (broken.row, broken.findings) == (lock.row, ())
    (stored,) = place.ledger.store.actions()
    action = stored.record
    assert action.id == broken.action
    assert (action.action, action.application, action.environment, action.run) == ("break_lock", "shop", "staging", RUN)
    assert (action.reason, action.actor.email, action.at) == ("its runner died", "a@b.c", SINCE)
    assert action.details == {"remote": "origin", "ref": REF, "lock": made, "holder": asdict(FACTS)}
    assert str(stored.standing) == "committed"


def test_a_lock_that_was_renewed_since_is_taken_away(place: Place) -> None:
    made = place.put(FACTS.canonical)
    (lock,) = place.locks()
    place.put(FACTS.renewed("2026-11-20T20:00:20.000Z", made).canonical)
    take_away(place.ledger, lock, remote="origin", clock=place.clock)
    assert place.refs.listed("refs/innominatus/locks/*") == {}
    assert place.ledger.store.actions()[0].record.reason == ""


def test_a_lock_that_says_nothing_is_taken_away_too(place: Place) -> None:
    made = place.put(b"no lock")
    place.hold(lives=False)
    lock = lock_of_id(place.ledger, made, "origin", place.clock)
    broken = take_away(place.ledger, lock, remote="origin", clock=place.clock)
    (stored,) = place.ledger.store.actions()
    assert (stored.record.id, stored.record.run, stored.record.application) == (broken.action, None, FACTS.application)
    assert stored.record.details["holder"] == {}
    assert place.refs.listed("refs/innominatus/locks/*") == {}


def test_a_lock_that_is_another_by_now_stays_and_nothing_is_recorded(place: Place) -> None:
    made = place.put(FACTS.canonical)
    (lock,) = place.locks()
    other = place.put(replace(FACTS, run=OTHER_RUN).canonical)
    finding = place.break_it(lock)
    assert finding.code is UNKNOWN_LOCK
    assert finding.message == f"the lock '{made}' has gone meanwhile, and another one stands there"
    assert finding.place.path == made
    assert place.refs.listed(REF) == {REF: other}
    assert place.ledger.store.actions() == []


def here_and_there(place: Place) -> list[HeldLock]:
    place.put(FACTS.canonical)
    return place.locks()


@pytest.mark.parametrize("pick", [lambda found: found[0], lambda found: found[-1]], ids=["here", "on the remote"])
def test_no_lock_of_a_run_that_works_in_this_clone_is_broken(
    place: Place, pick: Callable[[list[HeldLock]], HeldLock]
) -> None:
    place.hold(OTHER_RUN, lives=False, environment="production")
    place.hold()
    lock = pick([one for one in here_and_there(place) if one.row["run"] == RUN])
    finding = place.break_it(lock)
    assert finding.code is LOCK_IN_USE
    assert finding.message == f"run {RUN} works in this clone and holds it"
    assert finding.place.path == lock.row["id"]
    assert list(place.refs.listed("refs/innominatus/locks/*")) == [REF]
    assert place.ledger.store.actions() == []


def test_the_lock_on_the_remote_of_a_run_that_was_killed_here_is_broken_while_another_run_works(place: Place) -> None:
    place.hold(lives=False)
    place.hold(OTHER_RUN, environment="production")
    lock = here_and_there(place)[-1]
    assert take_away(place.ledger, lock, remote="origin", clock=place.clock).row["run"] == RUN
    assert place.refs.listed("refs/innominatus/locks/*") == {}


@pytest.mark.parametrize("remote", ["origin", None])
def test_a_killed_runs_lock_of_this_clone_is_nobodys(place: Place, remote: str | None) -> None:
    place.hold(lives=False)
    (lock,) = place.locks(remote)
    finding = place.break_it(lock, remote=remote)
    assert finding.code is UNKNOWN_LOCK
    assert finding.message == f"run {RUN} was killed: its lock is nobody's, and the next run takes it"
    assert (finding.place.path, finding.remedy) == (RUN, "Run again.")
    assert place.ledger.store.actions() == []


def test_a_lock_is_broken_by_the_configured_remote_and_with_the_time_of_the_machine(place: Place) -> None:
    place.put(FACTS.canonical)
    place.configure("locks:\n  remote: origin\n")
    (lock,) = place.locks(remote=None)
    before = SystemClock().now().strftime("%Y-%m-%d")
    take_away(place.ledger, lock)
    (stored,) = place.ledger.store.actions()
    assert stored.record.at[:10] >= before
    assert place.refs.listed("refs/innominatus/locks/*") == {}


def test_what_the_ledger_could_not_take_is_told(place: Place) -> None:
    place.put(FACTS.canonical)
    (lock,) = place.locks()
    sh(place.folder, "git", "checkout", "-q", "--detach")
    broken = take_away(place.ledger, lock, remote="origin", clock=place.clock)
    assert [finding.code.number for finding in broken.findings] == ["ORC-6021"]
