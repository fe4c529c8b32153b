"""What stands in a ledger: in commits, on pending refs, in the working tree and kept in this clone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from innominatus_cli.documents.plan import Application, Plan
from innominatus_cli.documents.run_record import RunRecord
from innominatus_cli.documents.vocabulary import Operation
from innominatus_cli.findings.catalogue.ledger import RECORD_CORRUPT
from innominatus_cli.findings.finding import Finding, Place
from innominatus_cli.ledger.branch_store import BranchStore
from innominatus_cli.ledger.records import plan_path
from innominatus_cli.ledger.working_tree import WorkingTreeStore
from innominatus_cli.system.clock import ulid
from innominatus_cli.system.commands import CommandOutcome, CommandRequest
from tests.integration.ledger.conftest import Repository, Writer
from tests.integration.ledger.test_action_records import make_action


def test_records_of_every_standing_are_found_by_application_and_environment_the_oldest_first(write: Writer) -> None:
    late = write.run(9)
    web = write.run(1, application="web", environment="production")
    waiting = write.pending(4)
    loose = write.run(2, commit=False, application="web")
    store = write.store
    assert [one.record for one in store.records()] == [web, loose, waiting, late]
    assert store.runs() == [web.run, loose.run, waiting.run, late.run]
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
    third = write.run(3)
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
    again = write.run(10)
    more = write.run(11, kind="resume", resumes=again.run)
    assert write.store.first_standing(*where)[1]
    write.run(12, kind="rollback", rolls_back=more.run)
    assert not write.store.first_standing(*where)[1], "a run that another one went on from goes with it"


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


@pytest.mark.parametrize("root", ["", "a//b", "./a", "../a", ".git", "a/.GIT/b"])
def test_a_folder_of_gits_or_outside_is_none_for_a_ledger(repository: Repository, root: str) -> None:
    with pytest.raises(ValueError, match="is no folder for a ledger"):
        WorkingTreeStore(repository.open(), root)


def test_an_environment_alone_is_asked_for_over_all_applications(write: Writer) -> None:
    web = write.run(1, application="web", environment="production")
    write.run(2)
    shop = write.run(3, environment="production", commit=False)
    assert [one.record for one in write.store.records(None, "production")] == [web, shop]
    assert [one.record for one in write.store.records("web", "development")] == []


def test_a_record_that_was_merged_from_its_pending_ref_is_there_once(write: Writer) -> None:
    waiting = write.pending(1)
    write.repository.git("checkout", "-q", "--detach")
    store = write.store
    action = store.write_action(make_action(), store.git.head()).record
    write.repository.git("checkout", "-q", "main")
    for name in (waiting.run, action.id):
        write.repository.git("merge", "-q", "--no-edit", f"refs/innominatus/pending/{name}")
    store = write.store
    assert [(one.record, str(one.standing)) for one in store.records()] == [(waiting, "committed")]
    assert [(one.record, str(one.standing)) for one in store.actions()] == [(action, "committed")]
    assert store.files()[1] == []


def test_a_file_of_the_working_tree_comes_before_the_pending_record_of_the_same_run(write: Writer) -> None:
    write.pending(1)
    again = write.run(1, commit=False, duration_ms=99)
    assert [one.record for one in write.store.records()] == [again]


def test_records_that_cannot_be_read_are_told_by_path_and_left_out(write: Writer) -> None:
    good = write.run(1)
    bad = [
        f".innominatus/{place}/{ulid(1_800_000_000_000, bytes(10))}.json"
        for place in ("runs/shop/development/2027-01", "actions/2027-01")
    ]
    for path in bad:
        write.repository.commit(path, "{}\n")
    store = write.store
    assert [one.record for one in store.records()] == [good]
    assert store.actions() == []
    known = Finding(RECORD_CORRUPT, "known", Place(".innominatus/b"))
    store.note([known])
    assert [one.place.path for one in store.findings] == [bad[1], ".innominatus/b", bad[0]]
    assert store.findings[1] == known


def test_the_tips_are_those_of_the_commit_that_is_asked_for(write: Writer) -> None:
    store = write.store
    assert store.tips_at(None) == store.tips() == []
    first = write.run(1)
    before = store.commit()
    second = write.run(2)
    assert write.store.tips_at(before) == [first.digest]
    assert write.store.tips() == [second.digest]


def test_an_empty_repository_has_a_ledger_without_records(tmp_path: Path, git_identity: Path) -> None:  # noqa: ARG001
    empty = Repository(tmp_path / "empty")
    empty.path.mkdir()
    empty.git("init", "-q")
    store = empty.store()
    assert (store.commit(), store.commits(), store.revisions()) == (None, (), ("HEAD",))
    assert (store.records(), store.actions(), store.tips(), store.standing()) == ([], [], [], set())
    assert store.plan("sha256:" + "a" * 64) is None


def plan_of(name: str) -> Plan:
    return Plan(
        operation=Operation.DEPLOY,
        application=Application(name=name),
        environment="development",
        sources=[],
        inputs=[],
        workflows=[],
        steps=[],
    )


def write_plan(write: Writer, number: int, plan: Plan, *, commit: bool = True) -> None:
    store = write.store
    record = write.record(number, plan=plan.digest)
    assert store.write(record, plan.canonical, {}, store.git.head(), commit=commit).findings == ()


def test_plans_are_found_in_commits_and_in_the_working_tree_each_by_its_digest(write: Writer) -> None:
    committed, loose, absent = plan_of("committed"), plan_of("loose"), plan_of("absent")
    write_plan(write, 1, committed)
    write_plan(write, 2, loose, commit=False)
    store = write.store
    assert [store.plan(one.digest) for one in (committed, loose, absent)] == [committed, loose, None]
    found = store.plan_bytes([loose.digest, absent.digest, committed.digest])
    assert found == {loose.digest: loose.canonical, committed.digest: committed.canonical}
    assert store.plan_bytes([]) == {}


def test_a_committed_plan_is_read_from_its_commit_whatever_the_working_tree_has(write: Writer) -> None:
    plan = plan_of("committed")
    write_plan(write, 1, plan)
    write.repository.write(plan_path(".innominatus", plan.digest), plan_of("edited").canonical.decode())
    assert write.store.plan(plan.digest) == plan
    assert write.store.plan_bytes([plan.digest]) == {plan.digest: plan.canonical}


@pytest.mark.parametrize("commit", [True, False])
@pytest.mark.parametrize("bytes_there", [plan_of("other").canonical, b"{}\n", b"", b"\xff\n"])
def test_other_bytes_in_the_place_of_a_plan_are_no_plan(write: Writer, bytes_there: bytes, commit: bool) -> None:
    plan, good = plan_of("wanted"), plan_of("good")
    write_plan(write, 1, good)
    path = plan_path(".innominatus", plan.digest)
    (write.repository.path / path).write_bytes(bytes_there)
    if commit:
        write.repository.git("add", "--", path)
        write.repository.git("commit", "-q", "-m", "edit")
    assert write.store.plan(plan.digest) is None
    assert write.store.plan_bytes([plan.digest, good.digest]) == {good.digest: good.canonical}


@pytest.mark.parametrize("make", ["folder", "link"])
def test_a_folder_or_a_link_in_the_place_of_a_plan_is_no_plan(write: Writer, make: str) -> None:
    plan, good = plan_of("wanted"), plan_of("good")
    write_plan(write, 1, good, commit=False)
    there = write.repository.path / plan_path(".innominatus", plan.digest)
    if make == "folder":
        there.mkdir()
    else:
        there.with_name("target").write_bytes(plan.canonical)
        there.symlink_to(there.with_name("target"))
    assert write.store.plan(plan.digest) is None
    assert write.store.plan_bytes([plan.digest, good.digest]) == {good.digest: good.canonical}


def test_a_folder_in_a_commit_hides_no_plan_of_the_working_tree_and_is_none(write: Writer) -> None:
    plan = plan_of("wanted")
    path = plan_path(".innominatus", plan.digest)
    write.repository.commit(f"{path}/file", "x")
    assert write.store.plan(plan.digest) is None
    assert write.store.plan_bytes([plan.digest]) == {}
    (write.repository.path / path / "file").unlink()
    (write.repository.path / path).rmdir()
    write.repository.write(path, plan.canonical.decode())
    assert write.store.plan(plan.digest) == plan
    assert write.store.plan_bytes([plan.digest]) == {plan.digest: plan.canonical}


def test_a_ledger_of_two_commits_is_one_row_of_records_and_plans(
    repository: Repository, make_record: Callable[..., RunRecord]
) -> None:
    write = Writer(repository, make_record)
    tree = WorkingTreeStore(repository.open())
    branch = BranchStore(repository.open())
    plans = [plan_of(f"p{number}") for number in range(4)]
    records = [
        store.write(write.record(number, plan=plan.digest), plan.canonical, {}, store.git.head()).record
        for number, plan, store in zip(range(4), plans, (branch, tree, branch, tree), strict=True)
    ]
    store = BranchStore(repository.open())
    assert len(store.commits()) == 2
    assert [one.record for one in store.records()] == records
    assert [store.plan(plan.digest) for plan in plans] == plans
    assert store.plan_bytes(plan.digest for plan in plans) == {plan.digest: plan.canonical for plan in plans}
    first, there = store.first_standing("checkout-service", "development")
    assert first is not None
    assert (first.record, there) == (records[0], True)


def test_records_of_two_commits_are_in_the_order_of_their_runs(
    repository: Repository, make_record: Callable[..., RunRecord]
) -> None:
    write = Writer(repository, make_record)
    tree, branch = WorkingTreeStore(repository.open()), BranchStore(repository.open())
    records = [
        store.write(write.record(number, application=application), None, {}, store.git.head()).record
        for number, application, store in ((1, "web", tree), (2, "api", branch), (3, "web", branch), (4, "api", tree))
    ]
    assert [one.record for one in BranchStore(repository.open()).records()] == records
    paths, _ = BranchStore(repository.open()).files()
    assert [path.rpartition("/")[2] for path in paths] == [f"{record.run}.json" for record in records]


def test_what_stands_is_told_of_each_environment_and_behind_runs_that_failed(write: Writer) -> None:
    runs: list[tuple[str, dict[str, Any]]] = [
        ("development", {}),
        ("production", {}),
        ("production", {"status": "failed"}),
        ("staging", {"status": "failed"}),
        ("development", {"operation": "undeploy"}),
    ]
    for number, (environment, changes) in enumerate(runs):
        write.run(number, environment=environment, **changes)
    deployed = write.run(9, application="web")
    write.run(10, application="web", kind="rollback", rolls_back=deployed.run)
    assert write.store.standing() == {("checkout-service", "production"), ("checkout-service", "development")}


def test_the_first_successes_of_many_are_read_together_and_no_more_than_those(write: Writer) -> None:
    for number in range(3):
        write.run(2 * number, application=f"app-{number}")
        write.run(2 * number + 1, application=f"app-{number}")
    store = write.store
    asked = watched(store)
    assert len(store.first_successes()) == 3
    assert asked.count("cat-file") == 2, "the sizes and the contents of one record each"


def test_an_action_that_waits_and_is_a_file_too_is_there_once(write: Writer) -> None:
    store, action = write.store, make_action()
    write.repository.git("checkout", "-q", "--detach")
    store.write_action(action, store.git.head())
    write.repository.git("checkout", "-q", "main")
    again = store.write_action(action, store.git.head(), commit=False).record
    assert len(write.store.waiting_actions()) == 1
    assert [(one.record, str(one.standing)) for one in write.store.actions()] == [(again, "uncommitted")]


def watched(store: WorkingTreeStore) -> list[str]:
    """What git is asked from now on."""
    asked: list[str] = []
    plain = store.git.command.run

    def run(request: CommandRequest) -> CommandOutcome:
        asked.append(
            next(word for word in request.argv if word in {"ls-tree", "cat-file", "rev-parse", "for-each-ref"})
        )
        return plain(request)

    object.__setattr__(store.git.command, "run", run)
    return asked


def test_what_a_commit_holds_is_read_once_and_a_new_commit_is_seen_at_once(write: Writer) -> None:
    first = write.run(1)
    store = write.store
    asked = watched(store)
    assert [one.record for one in store.records()] == [first]
    assert "ls-tree" in asked
    assert "cat-file" in asked
    asked.clear()
    assert [one.record for one in store.records()] == [first]
    found = store.record(first.run)
    assert found is not None
    assert found.record == first
    assert set(asked) == {"rev-parse", "for-each-ref"}
    second = write.run(2)
    waiting = write.pending(3)
    assert [one.record for one in store.records()] == [first, second, waiting]
    write.repository.git("reset", "-q", "--hard", "HEAD^")
    assert [one.record for one in store.records()] == [first, waiting]


def test_whoever_changes_what_was_answered_changes_no_later_answer(write: Writer) -> None:
    record = write.run(1)
    store = write.store
    for _ in range(2):
        paths, _ = store.files()
        assert len(paths) == 1
        paths.clear()
        found = store.records()
        assert [one.record for one in found] == [record]
        found.clear()


def test_a_record_that_cannot_be_read_is_told_each_time(write: Writer) -> None:
    write.repository.commit(f".innominatus/runs/shop/development/2027-01/{ulid(1, bytes(10))}.json", "{}\n")
    store = write.store
    for _ in range(2):
        assert store.records() == []
        assert [one.code for one in store.findings] == [RECORD_CORRUPT]


def test_more_records_than_are_kept_are_all_read(write: Writer) -> None:
    long = "x" * 100_000
    records = [write.run(number, outputs={"long": long}) for number in range(4)]
    store = write.store
    asked = watched(store)
    for _ in range(2):
        assert [one.record for one in store.records()] == records
    assert asked.count("ls-tree") == 1
    assert asked.count("cat-file") == 4
    found = store.record(records[0].run)
    assert found is not None
    assert asked.count("cat-file") == 4, "the first ones are kept"


def test_the_newest_records_come_first_those_that_no_commit_has_before_the_others(write: Writer) -> None:
    old, new = write.run(1), write.run(3)
    other = write.run(4, application="web")
    loose = write.run(5, commit=False)
    assert [one.record for one in write.store.newest_first(old.application, old.environment)] == [loose, new, old]
    assert [one.record for one in write.store.newest_first("web", other.environment)] == [other]
    assert [*write.store.newest_first("nobody", "dev")] == []


def test_the_newest_run_of_all_is_found_and_no_older_one_is_read(write: Writer) -> None:
    assert write.store.newest() is None
    bad = f".innominatus/runs/shop/development/2027-01/{ulid(1, bytes(10))}.json"
    write.repository.commit(bad, "{}\n")
    assert write.store.newest() is None
    write.run(2)
    web = write.run(5, application="web")
    for made, expected in ((web, web), (write.run(3, commit=False), web), (write.pending(4), web)):
        store = write.store
        assert made is not None
        found = store.newest()
        assert found is not None
        assert found.record == expected == max((one.record for one in write.store.records()), key=lambda one: one.run)
        assert store.findings == (), "the damaged one is older, and is not read"
    for late in (write.run(6, commit=False), write.pending(7), write.run(8, application="till")):
        newest = write.store.newest()
        assert newest is not None
        assert newest.record.run >= late.run
    write.repository.commit(bad.replace(ulid(1, bytes(10)), ulid(1_800_000_000_000, bytes(10))), "{}\n")
    store = write.store
    newest = store.newest()
    assert newest is not None
    assert newest.record.run == max(one.record.run for one in store.records()), "one that cannot be read is passed over"
