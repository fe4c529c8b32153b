"""What the store answers of committed, uncommitted, pending and kept records, and what it takes away or refuses."""

from collections.abc import Callable
from typing import Any

import pytest

from innominatus_cli.documents.canonical import digest_of_bytes
from innominatus_cli.documents.run_record import RunRecord, StepResult
from innominatus_cli.ledger.landing import Change, Obstacle
from innominatus_cli.ledger.store import Landed
from innominatus_cli.ledger.working_tree import WorkingTreeStore
from innominatus_cli.system.clock import SystemClock, ulid
from innominatus_cli.system.locks import try_lock
from tests.integration.ledger.conftest import Repository
from tests.integration.ledger.test_action_records import make_action

MakeRecord = Callable[..., RunRecord]
MANIFESTS = ".innominatus/manifests/checkout-service/development"


class Writer:
    """Writes runs, one after the other, of a number that gives them their place."""

    def __init__(self, repository: Repository, make: MakeRecord) -> None:
        self.repository = repository
        self.make = make

    @property
    def store(self) -> WorkingTreeStore:
        return self.repository.store()

    def record(self, number: int, **changes: Any) -> RunRecord:
        return self.make(**{"run": ulid(1_800_000_000_000 + number, bytes(10)), "plan": None, **changes})

    def run(self, number: int, *, commit: bool = True, **changes: Any) -> RunRecord:
        store = self.store
        return store.write(self.record(number, **changes), None, {}, store.git.head(), commit=commit).record

    def pending(self, number: int, **changes: Any) -> RunRecord:
        """One that could not go to its branch."""
        self.repository.git("checkout", "-q", "--detach")
        made = self.run(number, **changes)
        self.repository.git("checkout", "-q", "main")
        return made


@pytest.fixture
def write(repository: Repository, make_record: MakeRecord) -> Writer:
    return Writer(repository, make_record)


def test_records_of_every_standing_are_found_by_application_and_environment_the_oldest_first(write: Writer) -> None:
    late = write.run(9)
    web = write.run(1, application="web", environment="production")
    waiting = write.pending(4)
    loose = write.run(2, commit=False, application="web")
    store = write.store
    assert [one.record for one in store.records()] == [web, loose, waiting, late]
    assert [one.record for one in store.records("web")] == [web, loose]
    assert [one.record for one in store.records("web", "production")] == [web]
    assert [one.record for one in store.records("checkout-service", "production")] == []
    assert store.records("../web") == []
    assert [one.record for one in store.waiting()] == [waiting]
    for record in (late, web, waiting, loose):
        found = store.record(record.run)
        assert found is not None
        assert found.record == record
    assert store.record(ulid(1, bytes(10))) is None
    assert [one.record for one in store.loose_runs([])] == [waiting]
    paths, others = store.files("web")
    assert [path.rpartition("/")[2] for path in paths] == [f"{web.run}.json"]
    assert [one.record for one in others] == [loose]


def test_the_records_outside_are_those_that_no_commit_has_runs_before_actions(write: Writer) -> None:
    committed = write.run(1)
    store = write.store
    store.write_action(make_action(), store.git.head(), commit=False)
    loose = write.run(2, commit=False)
    waiting = write.pending(3)
    store = write.store
    paths, _ = store.files()
    outside = store.outside(paths)
    assert [one.record.id if hasattr(one.record, "id") else one.record.run for one in outside[:2]] == [
        loose.run,
        waiting.run,
    ]
    assert len(outside) == 3
    assert committed.run not in {getattr(one.record, "run", None) for one in outside}


def test_the_first_deployment_and_whether_one_stands(write: Writer) -> None:
    where = ("checkout-service", "development")
    assert write.store.first_standing(*where) == (None, False)
    write.run(1, status="failed")
    assert write.store.first_standing(*where) == (None, False)
    second = write.run(2)
    third = write.run(3, kind="resume", resumes=second.run)
    write.run(4, application="web")
    first, there = write.store.first_standing(*where)
    assert first is not None
    assert (first.record, there) == (second, True)
    write.run(5, kind="rollback", rolls_back=third.run)
    assert write.store.first_standing(*where)[1]
    write.run(6, kind="rollback", rolls_back=second.run, status="failed")
    assert write.store.first_standing(*where)[1]
    write.run(7, kind="rollback", rolls_back=second.run)
    first, there = write.store.first_standing(*where)
    assert first is not None
    assert (first.record, there) == (second, False)
    assert write.store.standing() == {("web", "development")}
    loose = write.run(8, commit=False)
    assert write.store.first_standing(*where)[1]
    assert write.store.standing() == {("web", "development"), where}
    write.run(9, commit=False, kind="rollback", rolls_back=loose.run)
    assert not write.store.first_standing(*where)[1]


def test_an_uncommitted_deployment_that_is_older_is_the_first(write: Writer) -> None:
    write.run(5)
    loose = write.run(1, commit=False)
    first, there = write.store.first_standing("checkout-service", "development")
    assert first is not None
    assert (first.record, there) == (loose, True)


def test_the_first_successes_are_those_of_every_application_and_environment(write: Writer) -> None:
    assert write.store.first_successes() == {}
    write.run(1, status="failed")
    write.run(2, status="failed")
    good = write.run(3)
    write.run(4)
    write.run(5, application="web", status="failed")
    other = write.run(6, environment="production")
    assert {key: one.record for key, one in write.store.first_successes().items()} == {
        ("checkout-service", "development"): good,
        ("checkout-service", "production"): other,
    }
    loose = write.run(7, commit=False, application="web")
    early = write.run(0, commit=False)
    assert {key: one.record for key, one in write.store.first_successes().items()} == {
        ("checkout-service", "development"): early,
        ("checkout-service", "production"): other,
        ("web", "development"): loose,
    }


def test_actions_are_of_what_they_concern_and_of_everything_where_they_name_nothing(write: Writer) -> None:
    store = write.store
    head = store.git.head()
    web = store.write_action(make_action(application="web", environment=None), head).record
    shop = store.write_action(make_action(application="shop", environment="production"), head, commit=False).record
    loose = {one.record.id for one in write.store.loose_actions([])}
    assert loose == set()

    def ids(*asked: str) -> set[str]:
        return {one.record.id for one in write.store.actions(*asked)}

    assert ids() == {web.id, shop.id}
    assert ids("web") == {web.id}
    assert ids("shop", "production") == {shop.id}
    assert ids("shop", "staging") == set()
    write.repository.git("checkout", "-q", "--detach")
    waits = store.write_action(make_action(application="web"), write.store.git.head()).record
    write.repository.git("checkout", "-q", "main")
    assert [one.record for one in write.store.waiting_actions()] == [waits]
    assert [one.record for one in write.store.loose_actions([])] == [waits]


def step(**artifacts: bytes) -> StepResult:
    given = {f"{MANIFESTS}/{name}.yaml": digest_of_bytes(data) for name, data in artifacts.items()}
    return StepResult(step="a/b", status="succeeded", artifacts=given)


def test_what_a_removal_or_a_step_takes_away(write: Writer) -> None:
    for name in ("a", "b"):
        write.repository.commit(f"{MANIFESTS}/{name}.yaml", "kind: A\n")
    write.repository.commit(".innominatus/manifests/checkout-service/production/c.yaml", "kind: A\n")
    store, base = write.store, write.store.commit()
    both = {f"{MANIFESTS}/a.yaml": None, f"{MANIFESTS}/b.yaml": None}
    assert store.removed_by(write.record(1, operation="undeploy"), base) == both
    assert store.removed_by(write.record(1, operation="undeploy"), None) == {}
    assert store.removed_by(write.record(1, operation="undeploy", status="failed"), base) == {}
    assert store.removed_by(write.record(1, operation="undeploy", kind="refusal"), base) == {}
    assert store.removed_by(write.record(1), base) == {}
    given = write.record(1, steps=[step(a=b"", b=b"kind: B\n", z=b"")])
    assert store.removed_by(given, base) == {f"{MANIFESTS}/a.yaml": None}
    assert store.removed_by(write.record(1, steps=[step(b=b"kind: B\n")]), base) == {}


@pytest.mark.parametrize(
    "path", ["score.yaml", ".innominatus/runs/x.json", ".innominatus/manifests/../x", ".innominatus/manifests//x"]
)
def test_files_of_steps_stand_below_the_manifests_or_nothing_is_written(write: Writer, path: str) -> None:
    store = write.store
    before = store.commit()
    with pytest.raises(ValueError, match="is no path below"):
        store.write(write.record(1), None, {path: b"x"}, store.git.head())
    assert store.commit() == before
    assert store.write(write.record(2), None, {path: b""}, store.git.head()).commit
    assert store.write(write.record(3, status="failed"), None, {path: b"x"}, store.git.head()).commit


@pytest.mark.parametrize("root", ["", "a//b", "./a", "../a", ".git", "a/.GIT/b"])
def test_a_folder_of_gits_or_outside_is_none_for_a_ledger(repository: Repository, root: str) -> None:
    with pytest.raises(ValueError, match="is no folder for a ledger"):
        WorkingTreeStore(repository.open(), root)


def test_nothing_is_taken_in_or_landed_where_no_branch_is_checked_out_or_it_is_another(write: Writer) -> None:
    store = write.store
    head = store.git.head()
    change = Change({f"{MANIFESTS}/a.yaml": b"x\n"}, "add")
    write.repository.git("checkout", "-q", "--detach")
    detached = write.store.git.head()
    for act in (store.take_in, store.land):
        with pytest.raises(Obstacle, match="detached HEAD"):
            act(detached, lambda _: change)
    write.repository.git("checkout", "-q", "main")
    commit, ref = store.take_in(head, lambda _: change)
    assert (commit, ref) == (store.commit(), "refs/heads/main")
    landed = store.land(head, lambda _: Change({f"{MANIFESTS}/b.yaml": b"x\n"}, "add"))
    assert landed == store.commit() != commit


def test_the_commit_that_the_remote_was_seen_at_is_that_of_the_upstream(write: Writer) -> None:
    git = write.repository.git
    assert write.store.pushed() is None
    bare = write.repository.path.parent / "remote.git"
    git("init", "-q", "--bare", str(bare))
    git("remote", "add", "origin", f"file://{bare}")
    git("push", "-q", "-u", "origin", "main")
    seen = git("rev-parse", "HEAD")
    write.run(1)
    assert write.store.pushed() == seen
    git("checkout", "-q", "--detach")
    assert write.store.pushed() is None


def test_a_record_without_a_ref_is_not_pushed(write: Writer) -> None:
    store = write.store
    made: Landed[RunRecord] = Landed(write.record(1), "path")
    assert store.push(made) == (made, ())


class Watch(SystemClock):
    """A clock that goes on by what is slept, and counts it."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.naps = 0

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        assert seconds == 0.02
        self.naps += 1
        self.seconds += seconds


def test_another_writer_is_waited_for_a_minute_and_then_no_longer(repository: Repository) -> None:
    clock = Watch()
    store = WorkingTreeStore(repository.open(), clock=clock)
    path = store.state.ensure(store.state.ledger_dir) / "commit.lock"
    held = try_lock(path)
    assert held is not None
    with store.turn():
        pass
    assert clock.naps in {3000, 3001}
    held.release()
    clock.naps = 0
    with store.turn():
        assert try_lock(path) is None
    assert clock.naps == 0
    again = try_lock(path)
    assert again is not None
    again.release()
