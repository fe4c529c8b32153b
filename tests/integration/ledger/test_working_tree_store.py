"""What the store takes in, takes away or refuses, where it pushes from, and whom it waits for."""

import json

import pytest

from innominatus_cli.documents.canonical import digest_of_bytes
from innominatus_cli.documents.run_record import RunRecord, StepResult
from innominatus_cli.ledger.landing import Change, Obstacle
from innominatus_cli.ledger.store import Landed
from innominatus_cli.ledger.working_tree import WorkingTreeStore
from innominatus_cli.system.clock import SystemClock
from innominatus_cli.system.locks import try_lock
from tests.integration.ledger.conftest import Repository, Writer
from tests.integration.ledger.test_action_records import make_action

MANIFESTS = ".innominatus/manifests/checkout-service/development"


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


def test_what_a_killed_writer_left_is_removed_by_whoever_writes_alone(repository: Repository) -> None:
    clock = Watch()
    store = WorkingTreeStore(repository.open(), clock=clock)
    folder = store.state.ensure(store.state.ledger_dir)
    left = folder / "objects-left"
    left.mkdir()
    (left / "pack").write_text("half")
    held = try_lock(folder / "commit.lock")
    assert held is not None
    with store.turn():
        assert left.exists(), "another one may be writing it"
    held.release()
    with store.turn():
        assert not left.exists()


def test_the_branch_of_the_ledger_is_the_one_that_is_checked_out(write: Writer) -> None:
    assert write.store.branch() == "main"
    write.repository.git("checkout", "-q", "-b", "topic")
    assert write.store.branch() == "topic"
    write.repository.git("checkout", "-q", "--detach")
    assert write.store.branch() is None
    assert write.store.in_working_tree


def test_nothing_is_taken_in_or_landed_where_git_was_in_the_middle_of_something(write: Writer) -> None:
    git = write.repository.git
    git("checkout", "-q", "-b", "topic")
    write.repository.commit("README.md", "topic\n")
    git("checkout", "-q", "main")
    write.repository.commit("README.md", "main\n")
    git("merge", "topic", allowed=(1,))
    head = write.store.git.head()
    git("merge", "--abort")
    before = write.store.commit()
    for act in (write.store.take_in, write.store.land):
        with pytest.raises(Obstacle, match="in the middle of a merge"):
            act(head, lambda _: Change({f"{MANIFESTS}/a.yaml": b"x\n"}, "add"))
    assert write.store.commit() == before


def test_the_tips_are_noted_with_each_record_on_the_branch_and_with_no_pending_one(write: Writer) -> None:
    def noted() -> list[str]:
        found: list[str] = json.loads((write.store.state.ledger_dir / "tips.json").read_bytes())["tips"]
        return found

    first = write.run(1)
    assert noted() == [first.digest]
    action = write.store.write_action(make_action(), write.store.git.head()).record
    assert noted() == [action.digest]
    waiting = write.pending(2)
    assert noted() == [action.digest]
    loose = write.run(3, commit=False)
    assert noted() == [action.digest]
    assert waiting.parents == loose.parents == [action.digest]


def test_a_plan_is_written_where_the_record_names_one_and_it_is_there(write: Writer) -> None:
    plan = b'{"not":"a plan"}\n'
    digest = digest_of_bytes(plan[:-1])
    store = write.store
    for number, (named, given) in enumerate([(None, plan), (digest, None), (digest, plan)]):
        done = store.write(write.record(number, plan=named), given, {}, store.git.head())
        assert (done.findings, done.record.plan) == ((), named)
        files = write.repository.git("ls-tree", "-r", "--name-only", "HEAD", ".innominatus/plans").splitlines()
        assert files == ([f".innominatus/plans/{digest.removeprefix('sha256:')}.json"] if named and given else [])
