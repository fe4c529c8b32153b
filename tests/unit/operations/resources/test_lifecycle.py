"""The states of resources: whatever the records say, they follow one another legally."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from innominatus_cli.operations.resources.lifecycle import (
    STATES,
    THERE,
    TRANSITIONS,
    End,
    Event,
    State,
    Work,
    is_legal,
    life,
    moves,
)

EVENTS = st.sampled_from([Event(work, end) for work in get_args(Work) for end in get_args(End)])


@given(st.lists(EVENTS, max_size=30))
def test_whatever_happens_each_state_may_follow_the_one_before(events: list[Event]) -> None:
    before: State | None = None
    for state in life(events):
        assert is_legal(before, state), (before, state)
        before = state


@given(st.lists(EVENTS, max_size=30))
def test_what_was_made_last_is_there_and_what_was_removed_last_is_not(events: list[Event]) -> None:
    assert life([*events, Event("make", "done")])[-1] == "active"
    after = life([*events, Event("remove", "done")])
    assert after[-1] == "terminated"
    assert life([*events, Event("make", "failed")])[-1] not in {"active", "requested"}


@given(st.lists(EVENTS, max_size=10))
def test_a_step_that_was_skipped_moves_nothing_that_was_asked_for_before(events: list[Event]) -> None:
    went = life(events)
    if went and went[-1] != "terminated":
        assert moves(went[-1], Event("change", "skipped")) == ()


@pytest.mark.parametrize(
    ("before", "event", "after"),
    [
        (None, Event("make", "done"), ("requested", "provisioning", "active")),
        (None, Event("make", "failed"), ("requested", "provisioning", "failed")),
        (None, Event("make", "skipped"), ("requested",)),
        ("requested", Event("make", "open"), ("provisioning",)),
        ("provisioning", Event("make", "done"), ("failed", "provisioning", "active")),
        ("active", Event("make", "done"), ()),
        ("active", Event("make", "failed"), ("degraded",)),
        ("active", Event("change", "done"), ("updating", "active")),
        ("active", Event("change", "failed"), ("updating", "degraded")),
        ("active", Event("scale", "done"), ("scaling", "active")),
        ("degraded", Event("make", "done"), ("active",)),
        ("updating", Event("make", "done"), ("degraded", "active")),
        ("active", Event("remove", "failed"), ("terminating", "failed")),
        ("failed", Event("remove", "done"), ("terminating", "terminated")),
        ("terminated", Event("make", "done"), ("requested", "provisioning", "active")),
        ("terminated", Event("remove", "done"), ()),
    ],
)
def test_an_event_leads_through_these_states(before: State | None, event: Event, after: tuple[State, ...]) -> None:
    assert moves(before, event) == after


def test_the_table_speaks_of_all_states_and_everything_leads_to_an_end() -> None:
    assert set(TRANSITIONS) == set(STATES) == set(get_args(State))
    assert set(STATES) > THERE
    for state in set(STATES) - {"terminated"}:
        reached, frontier = {state}, [state]
        while frontier:
            for follower in TRANSITIONS[frontier.pop()] - reached:
                reached.add(follower)
                frontier.append(follower)
        assert "terminated" in reached
