"""A ledger on a branch of its own: in real clones of a real remote, whose main nobody may push to."""

import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import pytest

from innominatus_cli.documents.action_record import ActionRecord
from innominatus_cli.documents.run_record import RunRecord
from innominatus_cli.documents.verdict import Actor
from innominatus_cli.ledger.adopt import adopt
from innominatus_cli.ledger.anchoring import Trust
from innominatus_cli.ledger.branch_store import BranchStore
from innominatus_cli.ledger.landing import Change
from innominatus_cli.ledger.store import Landed, Standing
from innominatus_cli.ledger.verifying import verify_ledger
from innominatus_cli.ledger.working_tree import WorkingTreeStore
from innominatus_cli.system.clock import SystemClock, timestamp
from innominatus_cli.system.git import Git
from innominatus_cli.system.git_refs import RemoteRefs
from innominatus_cli.system.git_writing import move_ref
from tests.integration.ledger.conftest import PLAN, Repository

MakeRecord = Callable[..., RunRecord]
REF = "refs/heads/innominatus/ledger"
MANIFEST = ".innominatus/manifests/checkout-service/development/workload.yaml"
PROTECTED = '#!/bin/sh\nwhile read old new ref; do [ "$ref" = refs/heads/main ] && exit 1; done; exit 0\n'
WRITERS, ROUNDS = 4, 3


def write(store: WorkingTreeStore, record: RunRecord, manifest: bytes = b"") -> Landed[RunRecord]:
    return store.write(record, None, {MANIFEST: manifest} if manifest else {}, store.git.head())


def without_plan(make_record: MakeRecord, **changes: object) -> RunRecord:
    return make_record(**{"plan": None, **changes})


def clone(remote: Path, name: str) -> Repository:
    made = Repository(remote.parent / name)
    subprocess.run(["git", "clone", "-q", f"file://{remote}", str(made.path)], check=True)
    return made


def ledger_of(repository: Repository) -> BranchStore:
    return BranchStore(repository.open())


def problems(store: WorkingTreeStore) -> list[str]:
    report = verify_ledger(store, SystemClock(), Trust(""), branch=store.branch()).report
    assert report.sound == (not [one for one in report.findings if one.severity == "error"])
    return [one.code for one in report.findings]


def action_of(run: str | None = None) -> ActionRecord:
    clock = SystemClock()
    return ActionRecord(
        action="approve",
        id=clock.new_id(),
        parents=[],
        at=timestamp(clock.now()),
        actor=Actor(name="Ada", email="ada@example.org", source="git config"),
        application="checkout-service",
        environment="development",
        run=run,
        tool_version="0.1.0",
    )


@pytest.fixture
def remote(repository: Repository, tmp_path: Path) -> Path:
    """A bare repository whose main takes no push any more."""
    bare = tmp_path / "remote.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(bare)], check=True)
    repository.git("remote", "add", "origin", f"file://{bare}")
    repository.git("push", "-q", "-u", "origin", "main")
    hook = bare / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(PROTECTED)
    hook.chmod(0o755)
    return bare


def test_a_record_goes_to_an_orphan_branch_and_nothing_of_the_user_changes(
    repository: Repository, make_record: MakeRecord
) -> None:
    repository.write("README.md", "half an edit\n")
    repository.write("staged.txt", "staged\n")
    repository.git("add", "staged.txt")
    before = repository.users_state(), repository.git("rev-parse", "HEAD")
    store = ledger_of(repository)

    written = store.write(make_record(), PLAN, {}, store.git.head())

    assert (repository.users_state(), repository.git("rev-parse", "HEAD")) == before
    assert (written.ref, written.findings) == (REF, ())
    assert repository.git("rev-list", "--parents", REF) == written.commit
    listed = repository.git("ls-tree", "-r", "--name-only", REF).splitlines()
    assert listed == [f".innominatus/plans/{'a' * 64}.json", written.path]
    assert not (repository.path / ".innominatus").exists()
    assert repository.is_sound()


def test_records_plans_and_actions_are_read_from_the_branch(repository: Repository, make_record: MakeRecord) -> None:
    store = ledger_of(repository)
    first = write(store, without_plan(make_record))
    action = store.write_action(action_of(first.record.run), store.git.head())
    second = write(store, without_plan(make_record))

    again = ledger_of(repository)

    assert [stored.record for stored in again.records()] == [first.record, second.record]
    assert [stored.record for stored in again.actions("checkout-service")] == [action.record]
    oldest, _ = again.first_standing("checkout-service", "development")
    assert oldest is not None
    assert oldest.record == first.record
    assert oldest.standing is Standing.COMMITTED
    assert action.record.parents == [first.record.digest]
    assert second.record.parents == [action.record.digest]
    assert again.tips() == [second.record.digest]
    assert problems(again) == []


def test_an_edit_of_the_branch_is_found(repository: Repository, make_record: MakeRecord) -> None:
    store = ledger_of(repository)
    write(store, without_plan(make_record))
    first = repository.git("rev-parse", REF)
    write(store, without_plan(make_record))
    assert problems(store) == []

    repository.git("update-ref", REF, first)

    assert problems(store) == ["ORC-6069"]


def test_whoever_changes_the_store_loses_no_record_and_the_chain_goes_on(
    repository: Repository, make_record: MakeRecord
) -> None:
    tree = repository.store()
    old = write(tree, without_plan(make_record))
    branch = ledger_of(repository)
    assert [stored.record for stored in branch.records()] == [old.record]

    new = write(branch, without_plan(make_record))

    assert new.record.parents == [old.record.digest]
    assert [stored.record for stored in ledger_of(repository).records()] == [old.record, new.record]
    assert problems(branch) == []
    later = write(repository.store(), without_plan(make_record))
    assert [stored.record for stored in branch.records()] == [old.record, new.record, later.record]
    assert problems(branch) == []


def test_a_fresh_clone_reads_the_branch_of_its_remote(
    repository: Repository, remote: Path, make_record: MakeRecord
) -> None:
    store = ledger_of(repository)
    written, findings = store.push(write(store, without_plan(make_record)))
    assert findings == ()

    stranger = ledger_of(clone(remote, "stranger"))

    assert [stored.record for stored in stranger.records()] == [written.record]
    assert problems(stranger) == []
    following = write(stranger, without_plan(make_record))
    assert following.record.parents == [written.record.digest]


def test_whoever_loses_the_race_of_pushes_goes_on_top_of_the_winner(
    repository: Repository, remote: Path, make_record: MakeRecord
) -> None:
    other = ledger_of(clone(remote, "other"))
    mine = ledger_of(repository)
    early = write(mine, without_plan(make_record))
    approval = mine.write_action(action_of(early.record.run), mine.git.head())
    won, _ = other.push(write(other, without_plan(make_record)))

    last, findings = mine.push(write(mine, without_plan(make_record)))

    assert findings == ()
    assert repository.git("rev-list", "--count", "--min-parents=2", REF) == "0"
    assert repository.git("ls-remote", "origin", REF).split()[0] == last.commit == repository.git("rev-parse", REF)
    assert {stored.digest for stored in mine.records()} == {
        won.record.digest,
        early.record.digest,
        last.record.digest,
    }, "records that others may name keep their bytes"
    assert last.record.parents == sorted([won.record.digest, approval.record.digest])
    assert mine.tips() == [last.record.digest]
    assert problems(mine) == []


def test_many_clones_push_at_once_and_every_record_is_in_one_line(
    repository: Repository, remote: Path, make_record: MakeRecord
) -> None:
    stores = [ledger_of(clone(remote, f"writer-{number}")) for number in range(WRITERS)]

    def work(store: BranchStore) -> list[str]:
        digests = []
        for _ in range(ROUNDS):
            written, findings = store.push(write(store, without_plan(make_record)))
            assert findings == ()
            digests.append(written.record.digest)
        return digests

    with ThreadPoolExecutor(WRITERS) as pool:
        digests = [digest for found in pool.map(work, stores) for digest in found]

    repository.git("fetch", "-q", "origin")
    reader = ledger_of(repository)
    records = reader.records()
    assert sorted(stored.digest for stored in records) == sorted(digests)
    parents = [parent for stored in records for parent in stored.record.parents]
    assert len(parents) == len(set(parents)) == len(records) - 1, "each record follows exactly one other"
    assert problems(reader) == []


@pytest.mark.usefixtures("remote")
def test_where_main_is_protected_the_record_is_pushed_and_the_manifest_waits_on_main(
    repository: Repository, make_record: MakeRecord
) -> None:
    store = ledger_of(repository)

    written, findings = store.push(write(store, without_plan(make_record), manifest=b"kind: Deployment\n"))

    assert [finding.code.number for finding in findings] == ["ORC-6023"]
    assert "refs/heads/main" in findings[0].message
    assert repository.git("ls-remote", "origin", REF).split()[0] == written.commit
    assert written.manifests_ref == "refs/heads/main"
    assert repository.git("show", f"HEAD:{MANIFEST}") == "kind: Deployment"
    assert repository.git("diff", "--name-only", "origin/main", "HEAD") == MANIFEST
    assert repository.our_status() == ""


def test_a_push_that_fails_is_told_and_the_next_one_takes_everything(
    repository: Repository, remote: Path, make_record: MakeRecord
) -> None:
    store = ledger_of(repository)
    away = remote.rename(remote.with_name("away.git"))
    first, findings = store.push(write(store, without_plan(make_record)))
    assert [finding.code.number for finding in findings] == ["ORC-6023"]
    away.rename(remote)

    second, findings = store.push(write(store, without_plan(make_record)))

    assert findings == ()
    assert second.record.parents == [first.record.digest]
    assert repository.git("ls-remote", "origin", REF).split()[0] == second.commit


def test_a_clone_without_the_branch_says_so_before_it_calls_the_ledger_sound(
    repository: Repository, remote: Path, make_record: MakeRecord
) -> None:
    write(ledger_of(repository), without_plan(make_record))
    repository.git("push", "-q", "origin", REF)
    made = Repository(remote.parent / "of-one-branch")
    repository.git("clone", "-q", "--single-branch", f"file://{remote}", str(made.path))
    report = verify_ledger(ledger_of(made), SystemClock(), Trust(""), branch="innominatus/ledger").report
    assert [(one.code, one.severity) for one in report.findings] == [("ORC-6073", "warning")]
    made.git("fetch", "-q", "origin", "+refs/heads/innominatus/ledger:refs/remotes/origin/innominatus/ledger")
    assert problems(ledger_of(made)) == []


def test_manifests_that_cannot_land_wait_and_are_adopted(repository: Repository, make_record: MakeRecord) -> None:
    store = ledger_of(repository)
    repository.git("checkout", "-q", "--detach")
    written = write(store, without_plan(make_record), manifest=b"kind: Deployment\n")
    assert [finding.code.number for finding in written.findings] == ["ORC-6160"]
    assert (written.ref, written.pending) == (REF, False)
    assert [stored.standing for stored in store.records()] == [Standing.COMMITTED]
    tip = repository.git("rev-parse", REF)
    repository.git("checkout", "-q", "main")

    adoption = adopt(store)

    assert adoption.findings == ()
    assert [one.ref for one in adoption.adopted] == ["refs/heads/main"]
    assert repository.git("ls-tree", "-r", "--name-only", "HEAD").splitlines() == [MANIFEST, "README.md"]
    assert repository.git("rev-parse", REF) == tip
    assert store.waiting() == []


def test_the_branch_that_is_checked_out_somewhere_is_left_alone(
    repository: Repository, make_record: MakeRecord, tmp_path: Path
) -> None:
    store = ledger_of(repository)
    first = write(store, without_plan(make_record))
    repository.git("worktree", "add", "-q", str(tmp_path / "elsewhere"), "innominatus/ledger")

    second = write(store, without_plan(make_record))

    assert second.pending
    assert repository.git("rev-parse", REF) == first.commit
    assert f"'{tmp_path / 'elsewhere'}'" in second.findings[0].message
    repository.git("worktree", "remove", str(tmp_path / "elsewhere"))
    taken = adopt(store)
    assert [one.ref for one in taken.adopted] == [REF]
    assert [stored.record for stored in store.records()] == [first.record, second.record]
    assert repository.git("rev-parse", f"{REF}~1") == first.commit
    assert problems(store) == []


def test_a_branch_by_the_first_word_of_its_name_is_told_as_what_stands_in_the_way(
    repository: Repository, make_record: MakeRecord
) -> None:
    store = ledger_of(repository)
    repository.git("branch", "innominatus")
    written = write(store, without_plan(make_record))
    assert written.pending
    assert "there is a branch 'innominatus', and git cannot have" in written.findings[0].message
    repository.git("branch", "-m", "innominatus", "other")
    assert [one.ref for one in adopt(store).adopted] == [REF]


def test_a_successful_removal_takes_the_manifests_out_of_the_branch_that_is_checked_out(
    repository: Repository, make_record: MakeRecord
) -> None:
    store = ledger_of(repository)
    write(store, without_plan(make_record), manifest=b"kind: Deployment\n")

    written = write(store, without_plan(make_record, operation="undeploy"))

    assert written.findings == ()
    assert repository.git("ls-tree", "-r", "--name-only", "HEAD") == "README.md"
    assert len(store.records()) == 2


def test_one_who_moves_the_branch_in_between_is_followed(
    repository: Repository, make_record: MakeRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, other = ledger_of(repository), ledger_of(repository)
    first = without_plan(make_record)
    between: list[str | None] = []

    def late(git: Git, ref: str, new: str, *rest: object) -> bool:
        if not between:
            between.append(None)
            between.append(write(other, first).commit)
        return move_ref(git, ref, new, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr("innominatus_cli.ledger.landing.move_ref", late)
    monkeypatch.setattr("innominatus_cli.ledger.working_tree._PATIENCE_SECONDS", 0.0)
    written = write(store, without_plan(make_record))

    assert repository.git("rev-parse", f"{REF}~1") == between[1]
    assert len(written.record.parents) == 1
    assert problems(store) == []


class Sleeps(SystemClock):
    """A clock that notes how long it should have waited."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@pytest.mark.usefixtures("remote")
def test_whoever_loses_forty_races_gives_up_having_waited_ever_longer(
    repository: Repository, make_record: MakeRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, pushes = Sleeps(), []

    def lost(_: RemoteRefs, *push: object) -> bool:
        pushes.append(push)
        return False

    monkeypatch.setattr("innominatus_cli.system.git_refs.RemoteRefs.set", lost)
    monkeypatch.setattr("innominatus_cli.ledger.branch_store.SystemRandom", lambda: Random(1))  # noqa: S311 - to be repeated
    store = BranchStore(repository.open(), clock=clock)
    written = write(store, without_plan(make_record))
    same, (finding,) = store.push(written)
    assert same == written
    assert finding.message == f"'{REF}' was not pushed to 'origin': others push to it all the time"
    assert pushes == [(REF, written.commit, None)] * 40
    random = Random(1)  # noqa: S311 - as above
    assert clock.slept == [min(0.05 * 2**attempt, 2.0) * random.random() for attempt in range(40)]


def test_manifests_wait_where_the_branch_of_the_ledger_or_none_is_checked_out_or_its_index_is_locked(
    repository: Repository, make_record: MakeRecord
) -> None:
    store = ledger_of(repository)
    write(store, without_plan(make_record))
    repository.git("checkout", "-q", "--detach")
    detached = write(store, without_plan(make_record), manifest=b"kind: A\n")
    repository.git("checkout", "-q", "main")
    (repository.path / ".git/index.lock").touch()
    locked = store.write(without_plan(make_record), None, {MANIFEST: b"kind: B\n"}, store.git.head())
    (repository.path / ".git/index.lock").unlink()
    repository.git("checkout", "-q", "innominatus/ledger")
    own = write(store, without_plan(make_record), manifest=b"kind: C\n")
    told = [one.findings[0].message for one in (detached, locked)]
    assert told[0].endswith(
        f"are in 'refs/innominatus/pending/{detached.record.run}', because no branch was checked out (detached HEAD)"
    )
    assert repository.git("show", f"refs/innominatus/pending/{locked.record.run}:{MANIFEST}") == "kind: B"
    assert told[1].endswith("because another git command holds the index (.git/index.lock)")
    assert (own.pending, own.manifests_ref) == (True, None)


def test_manifests_that_are_there_already_make_no_commit(repository: Repository, make_record: MakeRecord) -> None:
    store = ledger_of(repository)
    first = write(store, without_plan(make_record), manifest=b"kind: A\n")
    head = repository.git("rev-parse", "HEAD")
    assert first.manifests_ref == "refs/heads/main"
    again = write(store, without_plan(make_record), manifest=b"kind: A\n")
    assert (again.manifests_ref, repository.git("rev-parse", "HEAD")) == (None, head)
    other = write(store, without_plan(make_record), manifest=b"kind: B\n")
    assert other.manifests_ref == "refs/heads/main"
    assert repository.git("rev-parse", "HEAD~1") == head


@pytest.mark.usefixtures("remote")
def test_a_record_that_waits_is_pushed_as_any_other_ref_and_manifests_are_pushed_with_the_record(
    repository: Repository, make_record: MakeRecord, tmp_path: Path
) -> None:
    store = ledger_of(repository)
    written = write(store, without_plan(make_record))
    repository.git("worktree", "add", "-q", str(tmp_path / "elsewhere"), "innominatus/ledger")
    waiting = write(store, without_plan(make_record))
    same, findings = store.push(waiting)
    assert same is waiting
    assert [finding.code.number for finding in findings] == [
        finding.code.number for finding in WorkingTreeStore(repository.open()).push(waiting)[1]
    ]
    assert repository.git("ls-remote", "origin", REF) == ""
    repository.git("worktree", "remove", str(tmp_path / "elsewhere"))
    assert store.push(written)[1] == ()
    assert repository.git("ls-remote", "origin", REF).split()[0] == repository.git("rev-parse", REF)


def test_what_the_branch_has_already_is_not_taken_in_again(repository: Repository, make_record: MakeRecord) -> None:
    store = ledger_of(repository)
    head = store.git.head()
    record = make_record(plan=None)
    path = store.write(record, None, {}, head).path
    tip = store.commit()

    def change(_: str | None) -> Change:
        return Change({path: b"something else\n"}, "again")

    assert store.take_in(head, change) == (tip, REF)
    assert store.commit() == tip
    other = path.replace(record.run, record.run[:-4] + "0000")

    def both(_: str | None) -> Change:
        return Change({path: b"something else\n", other: b"{}\n"}, "one is new")

    commit, ref = store.take_in(head, both)
    assert (ref, commit) == (REF, store.commit())
    assert repository.git("diff", "--name-status", f"{tip}", commit) == f"A\t{other}"


def test_records_of_the_head_that_the_branch_lacks_are_outside_of_it_once(
    repository: Repository, make_record: MakeRecord
) -> None:
    tree = WorkingTreeStore(repository.open())
    old = [tree.write(without_plan(make_record), None, {}, tree.git.head()) for _ in range(2)]
    store = ledger_of(repository)
    new = write(store, without_plan(make_record))
    assert [one.record for one in store.outside({})] == [one.record for one in old]
    assert [one.record for one in store.outside({old[0].path: "x"})] == [old[1].record]
    assert [one.record for one in store.records()] == [*(one.record for one in old), new.record]
