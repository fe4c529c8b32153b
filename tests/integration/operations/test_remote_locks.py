"""The locks of a run, here and on a real remote, step by step and in one process: the clock is the test's."""

import json
import os
import signal
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from innominatus_cli.documents.admin_config import LocksConfig
from innominatus_cli.documents.remote_lock import RemoteLockFacts, read_lock
from innominatus_cli.findings.catalogue.ledger import LOCKED
from innominatus_cli.findings.catalogue.locks import LOCK_LOST, LOCKED_ON_REMOTE
from innominatus_cli.findings.finding import CannotContinue, Severity
from innominatus_cli.operations.cancel_requests import CancelRequest, cancel_ref, cancelled
from innominatus_cli.operations.locking import RunLocks
from innominatus_cli.operations.remote_locks import (
    RemoteLock,
    StandingLock,
    _Keeper,
    acquire_on_remote,
    break_lock,
    holder_text,
    lock_ref,
    standing_lock,
    standing_locks,
)
from innominatus_cli.system.git import Git
from innominatus_cli.system.git_refs import RemoteRefs, write_blob
from innominatus_cli.system.locks import Holder
from innominatus_cli.system.state_folder import StateFolder
from tests.integration.remotes import clone_of, new_bare, sh

START = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)
REF = "refs/innominatus/locks/shop/staging"
RUN, OTHER_RUN = "01JD0000000000000000000001", "01JD0000000000000000000002"


class Hands:
    """A clock that stands still unless somebody turns it."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    def new_id(self) -> str:
        return RUN


class Copy:
    """In the place of the copy that keeps a lock: what it answers."""

    def __init__(self, answer: bytes = b"{}") -> None:
        self.answer = answer

    def stop(self, seconds: float) -> bytes:
        assert seconds == 5.0
        return self.answer


class Clone:
    """A clone with a state folder and a door to its remote."""

    def __init__(self, git: Git, run: str) -> None:
        self.git = git
        self.clock = Hands()
        self.state = StateFolder(git.git_dir)
        self.refs = RemoteRefs.open(git, "origin")
        self.holder = replace(
            Holder.of_this_process(run=run, who="ada@example.org", since="x"),
            application="shop",
            environment="staging",
        )

    def take(self, lease: int = 60, answer: bytes = b"{}") -> RemoteLock:
        lock = acquire_on_remote(self.refs, self.state, self.clock, self.holder, lease)
        lock._companion = Copy(answer)  # type: ignore[assignment]
        return lock

    def locks(self, **config: Any) -> RunLocks:
        return RunLocks(self.git, self.state, self.clock, LocksConfig(**config))

    @property
    def notes(self) -> list[str]:
        return sorted(path.name for path in (self.state.root / "locks" / "remote").glob("*"))

    def blob(self, data: bytes, ref: str) -> str:
        made = write_blob(self.git, data)
        sh(self.git.root, "git", "push", "-qf", "origin", f"{made}:{ref}")
        return made


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    return new_bare(tmp_path)


@pytest.fixture
def here(bare: Path) -> Clone:
    return Clone(clone_of(bare, "here"), RUN)


@pytest.fixture
def there(bare: Path) -> Clone:
    return Clone(clone_of(bare, "there"), OTHER_RUN)


@pytest.fixture
def interrupts() -> Iterator[list[int]]:
    """What reached this process instead of ending it."""
    caught: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: caught.append(number))
    yield caught
    signal.signal(signal.SIGINT, before)


def codes(problem: CannotContinue) -> list[str]:
    return [finding.code.number for finding in problem.findings]


def answers(lock: RemoteLock, clone: Clone, beats: int, each: Callable[[int], None] = lambda _: None) -> Any:
    """What the copy that keeps a lock says at its end, having slept for so many beats; `each` happens within one."""
    slept: list[float] = []

    def stopped(seconds: float) -> bool:
        slept.append(seconds)
        if len(slept) > beats:
            return True
        clone.clock.seconds += seconds
        each(len(slept))
        return False

    answer = json.loads(_Keeper(lock, clone.holder).work(stopped))
    return answer, slept


def test_a_run_without_a_remote_holds_the_lock_of_its_clone_until_it_gives_it_back(here: Clone) -> None:
    locks, others = here.locks(), here.locks()
    assert (locks.fd, locks.token) == (-1, None)
    locks.acquire("shop", "staging", here.holder)
    os.fstat(locks.fd)
    assert locks.fd > 2
    assert locks.token is None
    with pytest.raises(CannotContinue) as refused:
        others.acquire("shop", "staging", here.holder)
    assert codes(refused.value) == [LOCKED.number]
    others.acquire("shop", "production", here.holder)
    held = json.loads(here.state.lock_path("shop", "production").with_suffix(".holder.json").read_text())
    assert (held["application"], held["environment"]) == ("shop", "production")
    locks.release()
    assert (locks.fd, locks.findings) == (-1, ())
    locks.acquire("shop", "staging", here.holder)
    locks.release()
    others.release()
    assert here.refs.listed("refs/*") == {}


def test_a_run_with_a_remote_holds_both_locks_and_gives_both_back(here: Clone) -> None:
    locks = here.locks(remote="origin", lease=7)
    locks.acquire("shop", "staging", replace(here.holder, application="", environment=""))
    standing = standing_lock(here.refs, REF)
    assert standing is not None
    assert standing.facts is not None
    assert (standing.token, standing.object_id) == (locks.token, locks.token)
    assert standing.facts.lease_seconds == 7
    assert (standing.facts.application, standing.facts.environment, standing.facts.run) == ("shop", "staging", RUN)
    locks.release()
    assert (locks.fd, locks.token, locks.findings) == (-1, None, ())
    assert here.refs.listed("refs/*") == {}
    locks.release()


def test_the_remote_that_is_named_comes_before_the_one_of_the_configuration(here: Clone, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = new_bare(tmp_path / "other")
    sh(here.git.root, "git", "remote", "add", "other", f"file://{other}")
    locks = here.locks(remote="origin")
    locks.acquire("shop", "staging", here.holder, "other")
    assert here.refs.listed("refs/*") == {}
    assert list(RemoteRefs.open(here.git, "other").listed("refs/*")) == [REF]
    locks.release()
    with pytest.raises(CannotContinue, match="no remote 'nowhere'"):
        locks.acquire("shop", "staging", here.holder, "nowhere")
    assert locks.fd == -1


def test_whoever_is_locked_out_by_another_clone_holds_nothing_here_either(here: Clone, there: Clone) -> None:
    taken = there.take()
    locks = here.locks(remote="origin")
    with pytest.raises(CannotContinue) as refused:
        locks.acquire("shop", "staging", here.holder)
    (finding,) = refused.value.findings
    assert finding.code is LOCKED_ON_REMOTE
    assert finding.message == (
        f"'shop' in 'staging' is being run by ada@example.org (run {OTHER_RUN}, pid {os.getpid()} on "
        f"{socket.gethostname()}, since 2026-11-20T20:00:00.000Z, renewed 2026-11-20T20:00:00.000Z; lock {taken.token})"
    )
    assert finding.place.path == f"origin {REF}"
    assert (locks.fd, locks.token, here.notes) == (-1, None, [])
    alone = here.locks()
    alone.acquire("shop", "staging", here.holder)
    alone.release()
    assert taken.release() == ()
    assert here.refs.listed("refs/*") == {}


def test_a_run_is_asked_to_end_by_the_request_in_its_folder(here: Clone) -> None:
    locks = here.locks()
    locks.acquire("shop", "staging", here.holder)
    assert locks.asked_to_end() is None
    path = here.state.cancel_path(RUN)
    path.parent.mkdir(parents=True)
    path.write_bytes(CancelRequest(RUN, "eve@example.org", "x", "too late").canonical)
    found = locks.asked_to_end()
    assert found is not None
    assert found.finding.message == "eve@example.org cancelled it: too late"
    locks.release()


def test_a_lock_that_is_taken_says_whose_it_is_and_is_noted_until_it_is_given_back(here: Clone) -> None:
    here.clock.seconds = 5
    lock = here.take(30)
    now = "2026-11-20T20:00:05.000Z"
    found = here.refs.blob(REF, 10_000)
    assert found is not None
    assert found[0] == lock.token
    assert read_lock(found[1]) == RemoteLockFacts(
        "shop", "staging", RUN, "ada@example.org", socket.gethostname(), os.getpid(), now, now, 30
    )
    assert here.notes == [f"{RUN}.json"]
    note = here.state.root / "locks" / "remote" / f"{RUN}.json"
    assert note.stat().st_mode & 0o777 == 0o600
    said = json.loads(note.read_text())
    assert (said["remote"], said["ref"], said["token"]) == ("origin", REF, lock.token)
    assert lock.release() == ()
    assert here.notes == []
    assert here.refs.listed("refs/*") == {}


def test_a_lock_that_was_renewed_is_given_back_and_a_request_to_end_with_it(here: Clone) -> None:
    lock = here.take()
    renewed = here.blob(lock.facts.renewed("later", lock.token).canonical, REF)
    here.blob(CancelRequest(RUN, "eve@example.org", "x").canonical, cancel_ref(RUN))
    here.blob(CancelRequest(OTHER_RUN, "eve@example.org", "x").canonical, cancel_ref(OTHER_RUN))
    assert renewed != lock.token
    assert lock.release() == ()
    assert list(here.refs.listed("refs/*")) == [cancel_ref(OTHER_RUN)]


def test_a_lock_that_is_gone_or_anothers_is_told_and_left_alone(here: Clone, there: Clone) -> None:
    lock = here.take()
    sh(here.git.root, "git", "push", "-q", "origin", f":{REF}")
    (finding,) = lock.release()
    assert (finding.code, finding.severity) == (LOCK_LOST, Severity.WARNING)
    assert finding.place.path == REF
    assert here.notes == []
    lock = here.take()
    sh(here.git.root, "git", "push", "-q", "origin", f":{REF}")
    others = there.take()
    (finding,) = lock.release()
    assert "taken away before the run had ended" in finding.message
    assert here.refs.listed(REF) == {REF: others.token}
    others.release()


def test_a_lock_that_cannot_be_given_back_is_told_and_stays_noted(here: Clone, bare: Path) -> None:
    lock = here.take()
    bare.rename(bare.with_name("away"))
    (finding,) = lock.release()
    assert finding.message.startswith("the lock of 'shop' in 'staging' was not given back: ")
    assert finding.place.path == REF
    assert here.notes == [f"{RUN}.json"]
    bare.with_name("away").rename(bare)
    assert lock.release() == ()


def test_a_lock_that_no_copy_keeps_is_given_back_and_told(here: Clone) -> None:
    (finding,) = acquire_on_remote(here.refs, here.state, here.clock, here.holder, 60).release()
    assert finding.message.endswith("was not renewed in time: this process could not be copied")
    assert (finding.code.number, finding.place.path) == ("ORC-6105", REF)
    kept = here.take()
    kept.keep(here.holder)
    assert not isinstance(kept._companion, Copy)
    assert kept.release() == ()
    assert here.refs.listed("refs/*") == {}


def dead(holder: Holder, **changes: Any) -> Holder:
    return replace(holder, start_ticks=holder.start_ticks + 1, run=OTHER_RUN, **changes)


@pytest.mark.parametrize(
    ("changes", "freed"),
    [
        ({}, True),
        ({"application": "web"}, False),
        ({"environment": "production"}, False),
        ({"host": "elsewhere"}, False),
    ],
)
def test_the_lock_of_a_killed_run_of_this_clone_is_given_back_first(
    here: Clone, changes: dict[str, str], freed: bool
) -> None:
    me = here.holder
    here.holder = dead(me)
    left = here.take()
    path = here.state.root / "locks" / "remote" / f"{OTHER_RUN}.json"
    note = json.loads(path.read_text())
    path.write_text(json.dumps({**note, "holder": {**note["holder"], **changes}}))
    here.holder = me
    if freed:
        lock = here.take()
        assert lock.token != left.token
        assert here.notes == [f"{RUN}.json"]
        lock.release()
    else:
        with pytest.raises(CannotContinue, match=OTHER_RUN):
            here.take()
        assert here.notes == [f"{OTHER_RUN}.json"]


def test_the_lock_of_a_run_that_works_or_on_another_remote_is_left(here: Clone) -> None:
    me = here.holder
    here.holder = replace(me, run=OTHER_RUN)
    here.take()
    here.holder = me
    with pytest.raises(CannotContinue, match=OTHER_RUN):
        here.take()
    path = here.state.root / "locks" / "remote" / f"{OTHER_RUN}.json"
    note = json.loads(path.read_text())
    gone = {**note["holder"], "start_ticks": note["holder"]["start_ticks"] + 1}
    path.write_text(json.dumps({**note, "holder": gone, "remote": "other"}))
    with pytest.raises(CannotContinue, match=OTHER_RUN):
        here.take()
    path.write_text(json.dumps({**note, "holder": gone}))
    here.take().release()
    assert here.notes == []


def test_a_note_of_a_lock_that_is_anothers_by_now_is_forgotten_and_that_lock_stays(here: Clone, there: Clone) -> None:
    me = here.holder
    here.holder = dead(me)
    here.take()
    here.holder = me
    sh(here.git.root, "git", "push", "-q", "origin", f":{REF}")
    there.clock.seconds = 9  # else it would be the very same blob
    others = there.take()
    for junk in ("{", "[]", "{}", json.dumps({"holder": {"pid": 1}})):
        (here.state.root / "locks" / "remote" / "junk.json").write_text(junk)
        with pytest.raises(CannotContinue):
            here.take()
    assert here.notes == ["junk.json"]
    assert here.refs.listed(REF) == {REF: others.token}


def test_a_note_that_the_disk_refuses_is_told_and_nothing_is_taken(here: Clone) -> None:
    here.state.ensure(here.state.root / "locks")
    (here.state.root / "locks" / "remote").write_text("in the way")
    with pytest.raises(CannotContinue) as refused:
        here.take()
    assert refused.value.findings[0].message.startswith("the lock cannot be noted: ")
    assert refused.value.findings[0].place.path.endswith(f"locks/remote/{RUN}.json")
    assert here.refs.listed("refs/*") == {}


def test_standing_locks_are_listed_by_name_with_those_that_say_nothing(here: Clone) -> None:
    lock = here.take()
    strange = here.blob(b"no lock", lock_ref("a b", "x"))
    here.blob(b"no lock", "refs/innominatus/heads")
    found = standing_locks(here.refs)
    assert [(one.ref, one.token) for one in found] == [(lock_ref("a b", "x"), strange), (REF, lock.token)]
    assert (found[0].facts, found[1].facts) == (None, lock.facts)
    assert holder_text(found[0], here.clock) == f"somebody who left no word (lock {strange})"
    assert break_lock(here.refs, found[0])
    assert list(here.refs.listed("refs/innominatus/locks/*")) == [REF]
    assert standing_lock(here.refs, lock_ref("a b", "x")) is None


def test_breaking_takes_away_a_lock_that_was_renewed_since_and_no_other(here: Clone, there: Clone) -> None:
    lock = here.take()
    seen = standing_lock(here.refs, REF)
    assert seen is not None
    here.blob(lock.facts.renewed("later", lock.token).canonical, REF)
    assert break_lock(there.refs, seen)
    assert here.refs.listed(REF) == {}
    assert break_lock(there.refs, seen), "it is gone, which is what was wanted"
    others = there.take()
    assert not break_lock(here.refs, seen)
    assert here.refs.listed(REF) == {REF: others.token}


@pytest.mark.parametrize(("seconds", "told"), [(60, ""), (61, ", its lease ran out 1 s ago"), (150, "90 s ago")])
def test_a_holder_whose_lease_ran_out_is_told_with_since_when(here: Clone, seconds: int, told: str) -> None:
    lock = here.take()
    here.clock.seconds = seconds
    text = holder_text(StandingLock(REF, lock.token, lock.facts), here.clock)
    assert told in text
    assert ("its lease" in text) == bool(told)
    assert text.endswith(f"; lock {lock.token})")


def test_a_lock_is_renewed_three_times_a_lease_with_its_token_and_looked_at_six_times(here: Clone) -> None:
    lock = here.take(6)
    seen: list[tuple[float, str]] = []

    def look(_: int) -> None:
        standing = standing_lock(here.refs, REF)
        assert standing is not None
        assert standing.facts is not None
        assert standing.token == lock.token
        seen.append((here.clock.seconds, standing.facts.renewed_at[-7:]))

    answer, slept = answers(lock, here, 6, look)
    assert answer == {"lost": False, "problem": ""}
    assert slept == [1.0] * 7
    assert seen == [(1, "00.000Z"), (2, "00.000Z"), (3, "02.000Z"), (4, "02.000Z"), (5, "04.000Z"), (6, "04.000Z")]
    assert lock.release() == ()


@pytest.mark.parametrize(("lease", "beat"), [(1, 0.2), (30, 5.0), (60, 10.0), (600, 10.0)])
def test_a_lock_is_looked_at_every_sixth_of_its_lease_and_at_least_every_ten_seconds(
    here: Clone, lease: int, beat: float
) -> None:
    _, slept = answers(here.take(lease), here, 0)
    assert slept == [beat]


def test_a_run_whose_lock_was_taken_away_is_told_and_interrupted_once(
    here: Clone, there: Clone, interrupts: list[int]
) -> None:
    lock = here.take(6)

    def steal(beat: int) -> None:
        if beat == 2:
            sh(here.git.root, "git", "push", "-q", "origin", f":{REF}")
            there.take()

    answer, slept = answers(lock, here, 9, steal)
    assert answer == {"lost": True, "problem": ""}
    assert len(slept) == 2
    request = cancelled(here.state, RUN)
    assert request is not None
    assert (request.lost_lock, request.who, request.at) == (True, "", "2026-11-20T20:00:02.000Z")
    assert request.reason.startswith("the lock of this run on 'origin' was taken away, and ada@example.org (run ")
    assert OTHER_RUN in request.reason
    assert interrupts == [signal.SIGINT]


def test_a_run_whose_lock_is_simply_gone_is_told_so(here: Clone, interrupts: list[int]) -> None:
    lock = here.take(6)
    sh(here.git.root, "git", "push", "-q", "origin", f":{REF}")
    assert answers(lock, here, 9)[0]["lost"] is True
    request = cancelled(here.state, RUN)
    assert request is not None
    assert request.reason == "the lock of this run on 'origin' was taken away"
    assert interrupts == [signal.SIGINT]


def test_a_request_on_the_remote_reaches_the_run_once(here: Clone, interrupts: list[int]) -> None:
    lock = here.take(6)
    here.blob(CancelRequest(RUN, "eve@example.org", "then", "too late").canonical, cancel_ref(RUN))
    answer, slept = answers(lock, here, 4)
    assert (answer, len(slept)) == ({"lost": False, "problem": ""}, 5)
    request = cancelled(here.state, RUN)
    assert request == CancelRequest(RUN, "eve@example.org", "then", "too late")
    assert interrupts == [signal.SIGINT]
    assert lock.release() == ()


@pytest.mark.parametrize(("away", "problem"), [(4, False), (5, False), (6, True)])
def test_a_remote_that_is_away_is_a_problem_only_where_the_lease_runs_out_meanwhile(
    here: Clone, bare: Path, away: int, problem: bool
) -> None:
    lock = here.take(6)

    def go_away(beat: int) -> None:
        if beat == 3:
            bare.rename(bare.with_name("away"))
        elif beat == 3 + away:
            bare.with_name("away").rename(bare)

    answer, _ = answers(lock, here, 14, go_away)
    assert answer["lost"] is False
    assert bool(answer["problem"]) == problem


def test_a_lock_that_was_not_renewed_in_time_is_told_when_it_is_given_back(here: Clone) -> None:
    (finding,) = here.take(60, b'{"lost": false, "problem": "no route"}').release()
    assert finding.message == "the lock of 'shop' in 'staging' was not renewed in time: no route"
    assert here.refs.listed("refs/*") == {}


@pytest.mark.parametrize("said", [b"", b"{", b'{"lost": true}'])
def test_whatever_a_copy_says_the_lock_is_given_back_unless_it_is_lost(here: Clone, said: bytes) -> None:
    assert here.take(60, said).release() == ()
    assert (here.refs.listed(REF) == {}) == (b"true" not in said)


def test_a_lock_that_is_renewed_whenever_it_is_to_go_is_given_up_after_three_attempts(
    here: Clone, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = here.take()
    seen = standing_lock(here.refs, REF)
    assert seen is not None
    tried: list[str] = []

    def moved(_: RemoteRefs, ref: str, old: str) -> bool:
        assert ref == REF
        tried.append(old)
        here.blob(lock.facts.renewed(f"time {len(tried)}", lock.token).canonical, REF)
        return False

    monkeypatch.setattr(RemoteRefs, "delete", moved)
    assert not break_lock(here.refs, seen)
    assert len(tried) == len(set(tried)) == 3


def test_a_note_that_has_gone_is_no_trouble(here: Clone) -> None:
    lock = here.take()
    (here.state.root / "locks" / "remote" / f"{RUN}.json").unlink()
    assert lock.release() == ()


def test_what_a_run_is_told_of_a_thief_is_bounded(here: Clone, there: Clone, interrupts: list[int]) -> None:
    lock = here.take(6)
    sh(here.git.root, "git", "push", "-q", "origin", f":{REF}")
    there.holder = replace(there.holder, who="e" * 1000)
    there.take()
    answers(lock, here, 1)
    request = cancelled(here.state, RUN)
    assert request is not None
    assert len(request.reason) == 900
    assert interrupts == [signal.SIGINT]
