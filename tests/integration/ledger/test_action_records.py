"""Records of actions in the ledger: written, read, adopted, and part of the same chain as those of runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from innominatus_cli.documents.action_record import ActionRecord
from innominatus_cli.documents.verdict import Actor
from innominatus_cli.ledger.adopt import adopt
from innominatus_cli.ledger.store import Standing
from innominatus_cli.operations.adopting import adopt_records
from innominatus_cli.operations.history import history, open_ledger, status
from innominatus_cli.operations.statistics import statistics
from innominatus_cli.system.clock import SystemClock, timestamp

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from innominatus_cli.documents.run_record import RunRecord
    from tests.integration.ledger.conftest import Repository

    MakeRecord = Callable[..., RunRecord]


def make_action(**changes: Any) -> ActionRecord:
    clock = SystemClock()
    facts = {
        "action": "approve",
        "id": clock.new_id(),
        "parents": [],
        "at": timestamp(clock.now()),
        "actor": Actor(name="Ada Lovelace", email="ada@example.org", source="git config"),
        "application": "checkout-service",
        "environment": "production",
        "reason": "looks good",
        "tool_version": "0.1.0",
    }
    return ActionRecord.model_validate({**facts, **changes})


def test_an_action_is_one_commit_with_one_file_that_follows_every_tip(
    repository: Repository, make_record: MakeRecord
) -> None:
    store = repository.store()
    run = store.write(make_record(), None, {}, store.git.head())
    written = store.write_action(make_action(run=run.record.run), store.git.head())
    assert written.findings == ()
    assert written.path == f".innominatus/actions/{written.record.at[:7]}/{written.record.id}.json"
    assert written.record.parents == [run.record.digest]
    assert repository.git("show", "--name-only", "--format=", "HEAD") == written.path
    assert repository.read(written.path).encode() == written.record.canonical
    assert repository.git("status", "--porcelain") == ""
    later = store.write(make_record(), None, {}, store.git.head())
    assert later.record.parents == [written.record.digest]
    assert repository.store().tips() == [later.record.digest]


def test_the_commit_says_what_was_done_and_where_the_record_is(repository: Repository) -> None:
    store = repository.store()
    written = store.write_action(make_action(run="01JD0000000000000000000001"), store.git.head())
    subject, _, body = repository.git("log", "-1", "--format=%B").partition("\n")
    assert subject == "chore(innominatus): approve checkout-service in production [skip ci]"
    for line in (f"Action: {written.record.id}", "Run: 01JD0000000000000000000001", f"Record: {written.path}"):
        assert f"\nInnominatus-{line}" in body


def test_actions_are_found_by_application_and_environment_the_oldest_first(repository: Repository) -> None:
    store = repository.store()
    first = store.write_action(make_action(), store.git.head()).record
    second = store.write_action(make_action(environment="staging"), store.git.head()).record
    whole = make_action(action="restore", application=None, environment=None)
    third = store.write_action(whole, store.git.head()).record
    assert [one.record for one in store.actions()] == [first, second, third]
    assert [one.record for one in store.actions("checkout-service")] == [first, second]
    assert [one.record for one in store.actions("checkout-service", "staging")] == [second]
    assert store.actions("other") == []
    assert [one.digest for one in store.actions()] == [first.digest, second.digest, third.digest]


def test_tips_are_found_again_without_the_cache(repository: Repository, make_record: MakeRecord) -> None:
    store = repository.store()
    store.write(make_record(), None, {}, store.git.head())
    last = store.write_action(make_action(), store.git.head())
    (store.state.ledger_dir / "tips.json").unlink()
    assert repository.store().tips() == [last.record.digest]


def test_without_a_commit_an_action_is_a_file_of_the_working_tree(repository: Repository) -> None:
    store = repository.store()
    before = repository.git("rev-parse", "HEAD")
    written = store.write_action(make_action(), store.git.head(), commit=False)
    assert written.commit is None
    assert repository.git("rev-parse", "HEAD") == before
    assert [one.standing for one in store.actions()] == [Standing.UNCOMMITTED]


def test_on_a_detached_head_an_action_waits_and_is_adopted(repository: Repository, make_record: MakeRecord) -> None:
    repository.git("checkout", "-q", "--detach")
    store = repository.store()
    run = store.write(make_record(), None, {}, store.git.head())
    action = store.write_action(make_action(run=run.record.run), store.git.head())
    assert action.pending
    assert action.ref == f"refs/innominatus/pending/{action.record.id}"
    assert [one.standing for one in store.actions()] == [Standing.PENDING]
    assert [one.record.run for one in store.waiting()] == [run.record.run]
    assert [one.record for one in store.waiting_actions()] == [action.record]
    repository.git("checkout", "-q", "main")
    outcome = adopt(repository.store(), [run.record.run])
    assert [one.stored.path for one in outcome.adopted] == [run.path, action.path]
    assert [one.standing for one in repository.store().actions()] == [Standing.COMMITTED]
    assert repository.git("for-each-ref", "refs/innominatus/") == ""
    assert repository.git("status", "--porcelain") == ""


def test_an_action_is_kept_where_nothing_can_be_committed_and_adopted_by_its_own_id(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = repository.store()
    head = store.git.head()
    with monkeypatch.context() as patch:
        patch.setattr("innominatus_cli.ledger.landing.write_blobs", _full_disk)
        written = store.write_action(make_action(), head)
    assert written.failed
    assert written.kept_at is not None
    assert [one.standing for one in store.actions()] == [Standing.KEPT]
    assert len(adopt(repository.store(), [written.record.id]).adopted) == 1
    assert [one.standing for one in repository.store().actions()] == [Standing.COMMITTED]


def _full_disk(*_: object) -> dict[str, str]:
    raise OSError(28, "No space left on device")


def test_adopting_is_an_action_itself_but_not_adopting_that_action(
    repository: Repository, make_record: MakeRecord
) -> None:
    repository.git("checkout", "-q", "--detach")
    store = repository.store()
    run = store.write(make_record(), None, {}, store.git.head())
    repository.git("checkout", "-q", "main")
    ledger = open_ledger(repository.path)
    outcome = adopt_records(ledger)
    (action,) = ledger.store.actions()
    assert (action.record.action, action.record.run, action.record.application) == (
        "adopt",
        run.record.run,
        "checkout-service",
    )
    assert action.record.details["records"] == [
        {"record": run.path, "digest": run.record.digest, "commit": outcome.adopted[0].commit}
    ]
    assert adopt_records(ledger).adopted == ()
    assert len(ledger.store.actions()) == 1
    repository.git("checkout", "-q", "--detach")
    store.write_action(make_action(action="adopt", application=None, environment=None), store.git.head())
    repository.git("checkout", "-q", "main")
    assert len(adopt_records(open_ledger(repository.path)).adopted) == 1
    assert len(ledger.store.actions()) == 2


def test_history_status_and_statistics_know_only_runs(repository: Repository, make_record: MakeRecord) -> None:
    store = repository.store()
    store.write(make_record(), None, {}, store.git.head())
    store.write_action(make_action(), store.git.head())
    ledger = open_ledger(repository.path)
    assert len(history(ledger).rows) == 1
    assert len(status(ledger).rows) == 1
    assert statistics(ledger, SystemClock().now(), None).statistics.runs == 1
    assert ledger.store.findings == ()


def test_reading_is_strict_about_bytes_and_places(repository: Repository) -> None:
    store = repository.store()
    written = store.write_action(make_action(), store.git.head())
    text = repository.read(written.path)
    repository.commit(written.path, text.replace(",", ", ", 1))
    elsewhere = written.path.replace(written.record.at[:7], "2001-01")
    repository.commit(elsewhere, text)
    newer = written.path.replace(written.record.id, SystemClock().new_id())
    repository.commit(newer, text.replace("action-record/v1", "action-record/v2"))
    fresh = repository.store()
    assert fresh.actions() == []
    found = {finding.place.path: finding.code.number for finding in fresh.findings}
    assert found == {written.path: "ORC-6011", elsewhere: "ORC-6011", newer: "ORC-6012"}
