"""The order of steps and circles in it."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from innominatus_cli.checks.order import Before, cycles, follows
from innominatus_cli.documents.nodes import MappingNode, node_of


def _steps(*written: dict[str, object]) -> list[MappingNode]:
    nodes = [node_of(step, MappingNode()) for step in written]
    return [node for node in nodes if isinstance(node, MappingNode)]


def _is_before(earlier: str, later: str, *written: dict[str, object]) -> bool:
    return Before(follows(_steps(*written))).is_before(earlier, later)


def test_a_step_follows_the_one_before_it() -> None:
    steps: list[dict[str, object]] = [{"name": "a"}, {"name": "b"}, {"name": "c"}]
    assert _is_before("a", "c", *steps)
    assert not _is_before("c", "a", *steps)
    assert not _is_before("b", "b", *steps)


def test_consecutive_parallel_steps_are_a_group_at_their_place() -> None:
    steps: list[dict[str, object]] = [
        {"name": "a"},
        {"name": "b", "parallel": True},
        {"name": "c", "parallel": True},
        {"name": "d"},
    ]
    assert not _is_before("b", "c", *steps)
    assert _is_before("a", "c", *steps)
    assert _is_before("b", "d", *steps)
    assert _is_before("c", "d", *steps)


def test_a_numbered_group_stands_where_its_first_step_does() -> None:
    steps: list[dict[str, object]] = [
        {"name": "a", "parallelGroup": 1},
        {"name": "b"},
        {"name": "c", "parallelGroup": 1},
    ]
    assert not _is_before("a", "c", *steps)
    assert _is_before("c", "b", *steps)


def test_depends_on_replaces_the_implicit_order() -> None:
    steps: list[dict[str, object]] = [{"name": "a"}, {"name": "b"}, {"name": "c", "dependsOn": ["a"]}]
    assert _is_before("a", "c", *steps)
    assert not _is_before("b", "c", *steps)


def test_an_empty_depends_on_starts_at_once() -> None:
    assert not _is_before("a", "b", {"name": "a"}, {"name": "b", "dependsOn": []})


def test_a_circle_that_the_list_itself_closes_is_found() -> None:
    assert cycles(follows(_steps({"name": "a", "dependsOn": ["b"]}, {"name": "b"}))) == [["a", "b"]]


@pytest.mark.parametrize(
    ("edges", "expected"),
    [
        ({"a": ["a"]}, [["a"]]),
        ({"a": ["b"], "b": ["a"]}, [["a", "b"]]),
        ({"z": ["c"], "a": ["b"], "b": ["c"], "c": ["a"]}, [["a", "b", "c"]]),
        ({"a": ["b"], "b": ["a"], "c": ["d"], "d": ["c"]}, [["a", "b"], ["c", "d"]]),
        ({"a": ["b", "c"], "b": ["c"], "c": []}, []),
    ],
)
def test_circles_are_told_from_their_first_name(edges: dict[str, list[str]], expected: list[list[str]]) -> None:
    assert cycles(edges) == expected


def test_a_hostile_workflow_takes_no_long_time() -> None:
    wide = [{"name": f"s{i}", "parallelGroup": 1 + i % 2} for i in range(20_000)]
    edges = follows(_steps(*wide))
    assert cycles(edges) == []
    assert sum(map(len, edges.values())) < 3 * len(wide)
    ring = {f"s{i}": [f"s{(i + 1) % 20_000}"] for i in range(20_000)}
    assert len(cycles(ring)[0]) == 20_000


_NAMES = "abcdef"


@given(st.dictionaries(st.sampled_from(_NAMES), st.lists(st.sampled_from(_NAMES), max_size=3), max_size=6))
def test_what_is_found_is_a_circle_and_what_is_not_found_has_an_order(edges: dict[str, list[str]]) -> None:
    edges = {name: [target for target in targets if target in edges] for name, targets in edges.items()}
    found = cycles(edges)
    for cycle in found:
        assert all(after in edges[name] for name, after in itertools.pairwise([*cycle, cycle[0]]))
    if not found:
        before = Before(edges)
        for name, targets in edges.items():
            assert all(before.is_before(target, name) and not before.is_before(name, target) for target in targets)
