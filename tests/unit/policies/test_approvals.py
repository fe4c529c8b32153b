"""Which approvals open a gate: each rule has its own code, and no order of approvals opens what should be closed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from innominatus_cli.documents.action_record import ActionRecord, Evidence
from innominatus_cli.documents.approval_statement import ApprovalStatement
from innominatus_cli.documents.verdict import Actor
from innominatus_cli.findings.catalogue import approvals as codes
from innominatus_cli.policies.approvals import ApprovalFacts, Decision, GateState, judge_approvals
from innominatus_cli.policies.gates import AskedGate

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
PLAN = f"sha256:{'a' * 64}"
OTHER_PLAN = f"sha256:{'b' * 64}"
GATE = AskedGate("deployment/application/-/shop/deploy", "step 'deploy'", ("owners",), 1, 3600)
TEAMS = {"owners": ("anna@x.example", "bob@x.example", "carl@x.example"), "others": ("eve@x.example",)}


def text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def decision(email: str = "bob@x.example", **more: Any) -> Decision:
    """An approval that counts; `record` are fields of the action record that differ from what was signed."""
    number = more.pop("number", 0)
    record = more.pop("record", {})
    problem = more.pop("problem", None)
    fields = {
        "action": "approve",
        "record": f"01J{number:023}",
        "plan": PLAN,
        "run": None,
        "gates": [GATE.id],
        "application": "shop",
        "environment": "production",
        "teams": ["owners"],
        "email": email,
        "decided_at": text(NOW - timedelta(minutes=5)),
        "expires_at": text(NOW + timedelta(minutes=55)),
        "nonce": f"{number:032x}",
    }
    statement = ApprovalStatement(**{**fields, **more})
    action = ActionRecord(
        **{
            "action": statement.action,
            "id": statement.record,
            "parents": [],
            "at": statement.decided_at,
            "actor": Actor(name="", email=email, source="test"),
            "application": statement.application,
            "environment": statement.environment,
            "run": statement.run,
            "plan": statement.plan,
            "tool_version": "0",
            "evidence": Evidence(kind="ssh", statement=statement.text, signature="", signer=email),
            **record,
        }
    )
    return Decision(action, action.digest, f"actions/{statement.record}.json", statement, problem)


def facts(**more: Any) -> ApprovalFacts:
    fields: dict[str, Any] = {"plan": PLAN, "application": "shop", "environment": "production", "teams": TEAMS}
    return ApprovalFacts(**{"now": text(NOW), **fields, **more})


def judged(*decisions: Decision, gate: AskedGate = GATE, **more: Any) -> GateState:
    return judge_approvals([gate], decisions, facts(**more))[gate.id]


def refused(state: GateState) -> list[str]:
    return [finding.code.number for finding in state.refused]


def test_an_approval_of_a_member_opens_the_gate_and_says_who_by_what() -> None:
    given_by_bob = decision()
    state = judged(given_by_bob, invokers={"anna@x.example"}, authors={"carl@x.example"})
    assert (state.is_open, state.refused) == (True, ())
    (counted,) = state.counted
    assert (counted.gate, counted.email, counted.team, counted.evidence, counted.record) == (
        GATE.id,
        "bob@x.example",
        "owners",
        "ssh",
        given_by_bob.digest,
    )


@pytest.mark.parametrize(
    ("approval", "more", "code"),
    [
        (decision(), {"invokers": {"BOB@x.example"}}, codes.APPROVED_BY_INVOKER),
        (decision(), {"authors": {"bob@x.example"}}, codes.APPROVED_BY_AUTHOR),
        (
            decision(),
            {"authors": {"bob@home.example"}, "aliases": {"bob@x.example": ("bob@home.example",)}},
            codes.APPROVED_BY_AUTHOR,
        ),
        (decision(plan=OTHER_PLAN), {}, codes.OTHER_PLAN_APPROVED),
        (decision(run="01JOTHER"), {"runs": {"01JTHIS"}}, codes.OTHER_PLAN_APPROVED),
        (decision("eve@x.example"), {}, codes.NOT_IN_TEAM),
        (decision("eve@x.example", teams=["others"]), {}, codes.NOT_IN_TEAM),
        (decision(teams=[]), {}, codes.NOT_IN_TEAM),
        (decision(), {"teams": {"owners": ()}}, codes.NOT_IN_TEAM),
        (decision(decided_at=text(NOW - timedelta(hours=1))), {}, codes.APPROVAL_EXPIRED),
        (decision(expires_at=text(NOW)), {}, codes.APPROVAL_EXPIRED),
        (decision(decided_at=text(NOW + timedelta(hours=1))), {}, codes.APPROVAL_EXPIRED),
        (decision(decided_at="yesterday"), {}, codes.APPROVAL_EXPIRED),
        (decision(expires_at="2026-05-04T13:00:00"), {}, codes.APPROVAL_EXPIRED),
        (decision(record={"id": "01JCOPY"}), {}, codes.APPROVAL_REPLAYED),
        (decision(plan=OTHER_PLAN, record={"plan": PLAN}), {}, codes.APPROVAL_REPLAYED),
        (decision(run="01JOTHER", record={"run": None}), {}, codes.APPROVAL_REPLAYED),
        (decision(action="reject", record={"action": "approve"}), {}, codes.APPROVAL_REPLAYED),
        (decision(environment="staging", record={"environment": "production"}), {}, codes.APPROVAL_REPLAYED),
        (decision(problem=(codes.SIGNATURE_WRONG, "no")), {}, codes.SIGNATURE_WRONG),
        (decision(problem=(codes.APPROVAL_UNSIGNED, "no")), {}, codes.APPROVAL_UNSIGNED),
    ],
)
def test_what_does_not_count_has_its_own_code_and_leaves_the_gate_closed(
    approval: Decision, more: dict[str, Any], code: Any
) -> None:
    state = judged(approval, **more)
    assert (state.is_open, state.counted, refused(state)) == (False, (), [code.number])


def test_an_approval_of_another_run_of_the_same_plan_says_to_approve_this_one_and_not_that_something_changed() -> None:
    (finding,) = judged(decision(run="01JOTHER"), runs={"01JTHIS"}).refused
    assert finding.help.startswith("Approve this run too")
    (finding,) = judged(decision(plan=OTHER_PLAN)).refused
    assert finding.help.startswith("Look at what has changed")


def test_an_approval_of_a_run_holds_for_those_that_go_on_with_it() -> None:
    assert judged(decision(run="01JFIRST"), runs={"01JSECOND", "01JFIRST"}).is_open


def test_an_approval_of_another_gate_says_nothing_of_this_one() -> None:
    state = judged(decision(gates=["environment"]))
    assert (state.is_open, state.refused) == (False, ())


def test_the_same_statement_twice_counts_once() -> None:
    one = decision()
    copy = one._replace(path="actions/copy.json")
    state = judged(one, copy, gate=GATE._replace(quorum=2))
    assert (len(state.counted), refused(state)) == (1, ["ORC-4045"])


def test_a_quorum_is_of_different_people() -> None:
    two = GATE._replace(quorum=2)
    again = judged(decision(number=1), decision(number=2), decision("BOB@x.example", number=3), gate=two)
    assert (again.is_open, again.wants) == (False, "2 of owners must approve it (1 has)")
    assert judged(decision(number=1), decision("carl@x.example", number=2), gate=two).is_open


RENAMED = {"bob@x.example": ("b.old@x.example",), "b.old@x.example": ("b.older@x.example",)}
SEVERAL = {"owners": ("*@x.example",)}


def test_a_person_with_several_addresses_is_one_person_under_each_of_them() -> None:
    two = [decision("bob@x.example"), decision("B.Older@x.example", number=1)]
    state = judged(*two, gate=GATE._replace(quorum=2), teams=SEVERAL, aliases=RENAMED)
    assert (len(state.counted), refused(state)) == (1, [])
    for own in ("bob@x.example", "b.old@x.example", "b.older@x.example"):
        by_author = judged(decision("b.old@x.example"), teams=SEVERAL, aliases=RENAMED, authors={own})
        by_invoker = judged(decision("b.old@x.example"), teams=SEVERAL, aliases=RENAMED, invokers={own})
        assert (refused(by_author), refused(by_invoker)) == (["ORC-4041"], ["ORC-4040"])
    taken_back = [decision("b.old@x.example", action="reject"), decision("bob@x.example", number=1)]
    assert judged(*taken_back, teams=SEVERAL, aliases=RENAMED).is_open


def test_a_rejection_closes_until_the_same_person_approves() -> None:
    no = decision("carl@x.example", action="reject", number=2)
    closed = judged(decision(number=1), no, decision("anna@x.example", number=3))
    assert (closed.is_open, closed.wants) == (False, "it was rejected")
    assert [finding.code.number for finding in closed.rejections] == ["ORC-4048"]
    assert judged(decision(number=1), no, decision("carl@x.example", number=3)).is_open


def test_an_author_may_reject_and_a_stranger_may_not() -> None:
    no = decision("carl@x.example", action="reject", number=2)
    assert not judged(decision(number=1), no, authors={"carl@x.example"}).is_open
    stranger = decision("eve@x.example", action="reject", number=2)
    assert judged(decision(number=1), stranger).is_open


def test_a_gate_without_teams_is_for_members_of_any_team() -> None:
    anybody = GATE._replace(teams=())
    assert judged(decision("eve@x.example", teams=["others"]), gate=anybody).is_open
    assert refused(judged(decision("mallory@x.example", teams=["others"]), gate=anybody)) == ["ORC-4043"]


PEOPLE = ["anna@x.example", "bob@x.example", "carl@x.example", "eve@x.example"]
ACTS = st.lists(
    st.tuples(st.sampled_from(PEOPLE), st.sampled_from(["approve", "reject"]), st.booleans(), st.booleans()), max_size=8
)


@given(
    ACTS,
    st.integers(min_value=1, max_value=3),
    st.sets(st.sampled_from(PEOPLE), max_size=2),
    st.sets(st.sampled_from(PEOPLE), max_size=2),
)
def test_an_open_gate_always_has_its_quorum_of_people_who_may(
    acts: list[tuple[str, str, bool, bool]], quorum: int, invokers: set[str], authors: set[str]
) -> None:
    decisions = [
        decision(
            who,
            action=action,
            number=number,
            plan=PLAN if same else OTHER_PLAN,
            problem=None if proved else (codes.SIGNATURE_WRONG, "no"),
        )
        for number, (who, action, same, proved) in enumerate(acts)
    ]
    state = judged(*decisions, gate=GATE._replace(quorum=quorum), invokers=invokers, authors=authors)
    last = {who: action for who, action, same, proved in acts if same and proved and who in TEAMS["owners"]}
    may = {who for who, action in last.items() if action == "approve"} - invokers - authors
    people = {one.email for one in state.counted}
    assert len(people) == len(state.counted)
    if state.is_open:
        assert len(people & may) >= quorum
        assert "reject" not in {action for who, action in last.items() if who not in invokers | authors}
    else:
        assert len(may) < quorum or "reject" in {action for _, action, same, proved in acts if same and proved}
