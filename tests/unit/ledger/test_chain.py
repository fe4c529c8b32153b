"""The chain of records, judged as data: parents, ids, times and circles."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from innominatus_cli.ledger.chain import Link, check_approvals, check_chain, tips


def link(number: int, *parents: int, at: str = "", identity: str = "", path: str = "") -> Link:
    """A record whose digest is its number."""
    return Link(
        path=path or f"runs/{number:03d}.json",
        digest=f"sha256:{number:064x}",
        parents=tuple(f"sha256:{parent:064x}" for parent in parents),
        id=identity or str(number),
        action="",
        at=at or f"2026-11-20T20:{number % 60:02d}:00.000Z",
        application="shop",
        environment="development",
        operation="deploy",
        status="succeeded",
        name="Ada",
        email="ada@example.org",
        started="",
        commit="",
        plan="",
        approvals=(),
        counted=(),
    )


def told(*links: Link) -> list[tuple[str, str]]:
    return [(finding.code.number, finding.place.path) for finding in check_chain(links)]


def test_a_chain_that_forks_and_joins_is_sound() -> None:
    links = (link(1), link(2, 1), link(3, 1), link(4, 2, 3))
    assert told(*links) == []
    assert tips(links) == [links[3].digest]


def test_two_chains_that_began_apart_are_sound_and_have_two_tips() -> None:
    links = (link(1), link(2))
    assert told(*links) == []
    assert tips(links) == [links[0].digest, links[1].digest]


def test_a_missing_parent_is_told_once_with_the_number_of_others() -> None:
    (finding,) = check_chain([link(2, 1), link(3, 1), link(4, 1)])
    assert (finding.code.number, finding.place.path) == ("ORC-6064", "runs/002.json")
    assert "as do 2 others" in finding.message
    (alone,) = check_chain([link(2, 1)])
    assert alone.message == "it follows sha256:000000000000…, a record that is not in the ledger"
    (both,) = check_chain([link(2, 1), link(3, 1)])
    assert "as does 1 other" in both.message


def test_a_record_that_follows_itself_is_told() -> None:
    assert told(link(1, 1)) == [("ORC-6064", "runs/001.json")]
    assert told(link(1, 2), link(2, 3), link(3, 1), link(4, 3)) == [
        ("ORC-6064", "runs/001.json"),
        ("ORC-6064", "runs/002.json"),
        ("ORC-6064", "runs/003.json"),
    ]


def test_one_id_at_two_places_is_told_at_the_later_path() -> None:
    assert told(link(1, identity="x"), link(2, 1, identity="x")) == [("ORC-6066", "runs/002.json")]


@pytest.mark.parametrize(
    ("before", "after", "warned"),
    [
        ("2026-11-20T20:05:00.000Z", "2026-11-20T20:00:00.000Z", False),
        ("2026-11-20T20:05:00.001Z", "2026-11-20T20:00:00.000Z", True),
        ("2026-11-20T20:00:00.000Z", "2027-11-20T20:00:00.000Z", False),
        ("2026-11-20T20:00:00.000Z", "yesterday", False),
        ("zzz", "2026-11-20T20:00:00.000Z", False),
    ],
)
def test_only_a_clock_that_went_back_more_than_five_minutes_is_warned_of(before: str, after: str, warned: bool) -> None:
    expected = [("ORC-6065", "runs/002.json")] if warned else []
    assert told(link(1, at=before), link(2, 1, at=after)) == expected


def test_a_record_without_a_time_of_its_own_is_not_compared() -> None:
    late = link(1, at="2999-01-01T00:00:00.000Z")
    assert told(late, link(2, 1)._replace(at="")) == []


@given(st.lists(st.lists(st.integers(0, 1_000), max_size=3), min_size=1, max_size=40), st.data())
def test_any_graph_that_grows_is_sound_and_any_record_taken_from_its_inside_is_missed(
    wishes: list[list[int]], data: st.DataObject
) -> None:
    links = [
        link(number, *sorted({parent % number for parent in parents} if number else ()), at="2026-01-01T00:00:00.000Z")
        for number, parents in enumerate(wishes)
    ]
    assert told(*links) == []
    followed = {parent for one in links for parent in one.parents}
    inner = [one for one in links if one.digest in followed]
    if inner:
        gone = data.draw(st.sampled_from(inner))
        assert {code for code, _ in told(*(one for one in links if one is not gone))} == {"ORC-6064"}


def test_a_run_may_count_approvals_of_its_own_plan_that_are_there_or_wait() -> None:
    approval = link(1)._replace(action="approve", plan="sha256:a")
    run = link(2, 1)._replace(plan="sha256:a", counted=(approval.digest, "waits"))
    assert list(check_approvals([approval, run], {"waits"})) == []
    for links, others in (
        ([run], {"waits"}),
        ([approval, run], set()),
        ([approval._replace(action="reject"), run], {"waits"}),
        ([approval._replace(plan="sha256:b"), run], {"waits"}),
    ):
        (finding,) = check_approvals(links, others)
        assert (finding.code.number, finding.place.path) == ("ORC-6077", run.path)
