"""Which records may go, and that a chain without them is as good as one with them."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from innominatus_cli.documents.action_record import ActionRecord
from innominatus_cli.documents.canonical import canonical_json, digest
from innominatus_cli.documents.plan import Plan
from innominatus_cli.documents.run_record import RunRecord
from innominatus_cli.documents.tombstones import GcDetails
from innominatus_cli.documents.verdict import Actor
from innominatus_cli.findings.finding import Severity
from innominatus_cli.ledger.chain import Link, check_chain, tips
from innominatus_cli.ledger.facts import deployed, first_deployment
from innominatus_cli.ledger.graves import check_tombstones
from innominatus_cli.ledger.inspecting import link_of
from innominatus_cli.ledger.records import action_path, record_path
from innominatus_cli.ledger.retention import OldRecord, Retention, old_record, removable
from innominatus_cli.ledger.store import Stored, tips_of
from tests.unit.ledger.test_facts import FakeStore, plan_of, results, step

ROOT = ".innominatus"
ADA = Actor(name="Ada Lovelace", email="ada@example.org", source="git config")
ALWAYS = Retention("2030-01-01T00:00:00.000Z", 0, 0)
PLACES = ("development", "production")
PLANS = [plan_of(step("provision-db", size=number), step("deploy-application", replicas=number)) for number in range(3)]


def run_of(number: int, parents: Sequence[str] = (), **changes: Any) -> RunRecord:
    """A deployment, a minute after the one before."""
    plan = PLANS[number % len(PLANS)]
    at = f"2026-11-20T{number // 60:02d}:{number % 60:02d}:00.000Z"
    facts = {
        "kind": "run",
        "run": f"01JD0000000000000000000{number:03d}",
        "parents": sorted(parents),
        "application": "checkout-service",
        "environment": "development",
        "operation": "deploy",
        "status": "succeeded",
        "plan": plan.digest,
        "actor": ADA,
        "started_at": at,
        "finished_at": at,
        "duration_ms": 1,
        "dirty": False,
        "tool_version": "0.1.0",
        "steps": results(plan),
    }
    return RunRecord.model_validate({**facts, **changes})


def old(record: RunRecord) -> OldRecord:
    return old_record(record_path(ROOT, record), record.canonical)


def going(*records: RunRecord, retention: Retention = ALWAYS, needed: Sequence[str] = ()) -> list[int]:
    return [int(one.run[-3:]) for one in removable(map(old, records), retention, needed)]


def failed(number: int, **changes: Any) -> RunRecord:
    return run_of(number, status="failed", steps=[], **changes)


def test_failures_go_and_every_deployment_that_stands_stays() -> None:
    assert going(run_of(1), failed(2), run_of(3), failed(4), run_of(5)) == [2, 4]


def test_a_failure_that_made_something_stays_like_a_success() -> None:
    assert going(run_of(1), run_of(2, status="failed"), failed(3), run_of(4)) == [3]


def test_behind_a_removal_nothing_stays_but_the_first_and_the_last_success() -> None:
    assert going(run_of(1), run_of(2), run_of(3), run_of(4, operation="undeploy"), failed(5)) == [2, 5]


def test_of_tasks_only_the_first_and_the_last_success_stay() -> None:
    assert going(*(run_of(number, operation="task") for number in range(1, 6))) == [2, 3, 4]


def test_young_records_and_the_last_of_each_environment_stay() -> None:
    records = [failed(number, environment=PLACES[number % 2]) for number in range(1, 9)]
    assert going(*records) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert going(*records, retention=Retention("2026-11-20T00:04:00.000Z", 0, 0)) == [1, 2, 3]
    assert going(*records, retention=ALWAYS._replace(keep_last=2)) == [1, 2, 3, 4]


def test_what_others_need_stays_with_all_that_belongs_to_it() -> None:
    chain = [failed(1), failed(2, kind="resume", resumes=failed(1).run), failed(3)]
    assert going(*chain) == [1, 2, 3]
    assert going(*chain, needed=[failed(1).run]) == [3]
    assert going(*chain, needed=[failed(2).run]) == [3]
    assert going(run_of(1), run_of(2), failed(3, kind="rollback", rolls_back=run_of(2).run), failed(4)) == [4]


def test_the_last_deployment_that_was_not_taken_back_stays_behind_a_removal_too() -> None:
    records = [
        run_of(1),
        run_of(2, kind="rollback", rolls_back=run_of(1).run),
        run_of(3),
        run_of(4, operation="undeploy"),
        run_of(5),
        run_of(6, kind="rollback", rolls_back=run_of(5).run),
    ]
    assert going(*records) == []


def test_a_run_that_waits_stays_until_somebody_has_gone_on_with_it() -> None:
    waiting = run_of(1, status="waiting", steps=[])
    assert going(waiting, failed(2)) == [2]
    assert going(waiting, failed(2, kind="resume", resumes=waiting.run)) == [1, 2]


def test_what_is_not_pushed_stays() -> None:
    one, other = failed(1), failed(2)
    found = removable([old(one), old(other)], ALWAYS, unpushed={record_path(ROOT, one)})
    assert [record.run for record in found] == [other.run]


@st.composite
def histories(draw: st.DrawFn) -> list[RunRecord]:
    """Up to twenty runs of one application in two environments; some fork the chain, some resume, some take back."""
    records: list[RunRecord] = []
    open_tips: list[str] = []
    for number in range(draw(st.integers(1, 20))):
        environment = draw(st.sampled_from(PLACES))
        same = [one for one in records if one.environment == environment]
        what = draw(st.sampled_from(("deploy", "deploy", "fail", "half", "undeploy", "task", "resume", "rollback")))
        changes: dict[str, Any] = {"environment": environment}
        if what in {"fail", "half"}:
            changes["status"] = "failed"
        if what == "fail":
            changes["steps"] = []
        if what in {"undeploy", "task"}:
            changes["operation"] = what
        if what == "resume" and same:
            changes |= {"kind": "resume", "resumes": draw(st.sampled_from(same)).run}
        if what == "rollback" and same:
            changes |= {"kind": "rollback", "rolls_back": draw(st.sampled_from(same)).run, "steps": []}
        parents = open_tips if draw(st.booleans()) else open_tips[-1:]
        record = run_of(number, parents, **changes)
        open_tips = [one for one in open_tips if one not in record.parents] + [record.digest]
        records.append(record)
    return records


def collected(records: Sequence[RunRecord], retention: Retention) -> tuple[list[RunRecord], ActionRecord]:
    """The records that stay, and the action that says what went."""
    gone = removable(map(old, records), retention)
    runs = {one.run for one in gone}
    stored = [Stored(one, record_path(ROOT, one), one.digest) for one in records]
    removed = [
        {"id": one.run, "path": one.path, "kind": one.kind, "digest": one.digest, "parents": list(one.parents)}
        for one in gone
    ]
    details = GcDetails.model_validate(
        {"before": retention.before, "keep_days": 0, "keep_last": retention.keep_last, "removed": removed}
    )
    action = ActionRecord(
        action="gc",
        id="01JD0000000000000000000999",
        parents=tips_of(stored),
        at="2027-01-01T00:00:00.000Z",
        actor=ADA,
        tool_version="0.1.0",
        details=details.as_json(),
    )
    return [one for one in records if one.run not in runs], action


def links_of(records: Sequence[RunRecord], action: ActionRecord) -> list[Link]:
    links = [link_of(one, record_path(ROOT, one), one.digest) for one in records]
    return [*links, link_of(action, action_path(ROOT, action), action.digest)]


def problems(links: Sequence[Link], seen: Sequence[str] = ()) -> list[str]:
    """Codes of errors; a digest that was seen once and is nowhere is one."""
    found = [*check_chain(links), *check_tombstones(ROOT, links)]
    known = {link.digest for link in links} | {one.digest for link in links for one in link.removed}
    lost = [f"lost {one}" for one in seen if one not in known]
    return [one.code.number for one in found if one.severity is Severity.ERROR] + lost


@given(histories(), st.integers(0, 3), st.data())
def test_after_a_gc_the_chain_holds_and_any_one_deletion_or_edit_is_found(
    records: list[RunRecord], keep_last: int, data: st.DataObject
) -> None:
    kept, action = collected(records, ALWAYS._replace(keep_last=keep_last))
    links = links_of(kept, action)
    seen = tips(links)
    assert problems(links, seen) == []
    assert seen == [action.digest]
    everything: list[Stored[RunRecord] | Stored[ActionRecord]] = [Stored(one, "", one.digest) for one in kept]
    assert tips_of([*everything, Stored(action, "", action.digest)]) == seen
    place = data.draw(st.integers(0, len(links) - 1))
    assert problems([*links[:place], *links[place + 1 :]], seen), "a deletion"
    edited = links[place]._replace(digest="sha256:" + "f" * 64)
    assert problems([*links[:place], edited, *links[place + 1 :]], seen), "an edit"


@given(histories(), st.data())
def test_a_tombstone_that_is_taken_out_or_changed_is_found_although_the_action_was_made_anew(
    records: list[RunRecord], data: st.DataObject
) -> None:
    kept, action = collected(records, ALWAYS)
    removed = action.details["removed"]
    if not removed:
        return
    place = data.draw(st.integers(0, len(removed) - 1))
    change: dict[str, Any] = data.draw(st.sampled_from([{}, {"digest": "sha256:" + "e" * 64}]))
    changed = [*removed[:place], *([{**removed[place], **change}] if change else []), *removed[place + 1 :]]
    forged = action.model_copy(update={"details": {**action.details, "removed": changed}})
    assert problems(links_of(kept, forged))


@given(histories(), st.integers(0, 3))
def test_what_planning_asks_of_a_ledger_has_the_same_answer_after_a_gc(
    records: list[RunRecord], keep_last: int
) -> None:
    kept, _ = collected(records, ALWAYS._replace(keep_last=keep_last))
    before, after = FakeLedger(records), FakeLedger(kept)
    for environment in PLACES:
        assert first_deployment(before, "checkout-service", environment) == first_deployment(
            after, "checkout-service", environment
        )
        assert deployed(before, "checkout-service", environment) == deployed(after, "checkout-service", environment)


class FakeLedger(FakeStore):
    """Records that were made here, with all plans."""

    def __init__(self, records: Sequence[RunRecord]) -> None:
        super().__init__(records, PLANS)


def test_a_gc_whose_details_say_nothing_of_what_it_removed_is_no_record() -> None:
    _, action = collected([failed(1)], ALWAYS)
    with pytest.raises(ValueError, match="removed"):
        ActionRecord.model_validate({**action.as_json(), "details": {}})
    assert digest(action.as_json()) == action.digest
    assert canonical_json(action.as_json()) + b"\n" == action.canonical
    assert isinstance(PLANS[0], Plan)
