"""The values of loops: lists, mappings, and matrices as GitHub Actions has them."""

from typing import Any

import pytest

from innominatus_cli.expressions.loops import LoopError, combinations, items_of


@pytest.mark.parametrize(
    ("value", "items"),
    [
        (["b", "a"], ["b", "a"]),
        ([], []),
        ({"b": 1, "a": [2]}, [{"key": "a", "value": [2]}, {"key": "b", "value": 1}]),
        ('["x", 1]', ["x", 1]),
        ('{"k": "v"}', [{"key": "k", "value": "v"}]),
    ],
)
def test_a_list_a_mapping_and_json_text_are_gone_over(value: object, items: list[Any]) -> None:
    assert items_of(value, 5) == items


@pytest.mark.parametrize("value", ["a b", "[1, 2", None, 3, True, "{} x"])
def test_nothing_else_is_gone_over(value: object) -> None:
    with pytest.raises(LoopError, match="neither a list nor a mapping"):
        items_of(value, 5)


def test_include_and_exclude_mean_what_they_mean_in_github_actions() -> None:
    """The example of its documentation, "Expanding or adding matrix configurations"."""
    include = [
        {"color": "green"},
        {"color": "pink", "animal": "cat"},
        {"fruit": "apple", "shape": "circle"},
        {"fruit": "banana"},
        {"fruit": "banana", "animal": "cat"},
    ]
    assert combinations([("fruit", ["apple", "pear"]), ("animal", ["cat", "dog"])], include, None, 10) == [
        {"fruit": "apple", "animal": "cat", "color": "pink", "shape": "circle"},
        {"fruit": "apple", "animal": "dog", "color": "green", "shape": "circle"},
        {"fruit": "pear", "animal": "cat", "color": "pink"},
        {"fruit": "pear", "animal": "dog", "color": "green"},
        {"fruit": "banana"},
        {"fruit": "banana", "animal": "cat"},
    ]


def test_exclude_needs_some_of_the_keys_and_comes_before_include() -> None:
    axes = [("os", ["linux", "mac"]), ("version", [1, 2])]
    found = combinations(axes, [{"os": "mac", "version": 2, "slow": True}], [{"os": "mac"}], 10)
    assert found == [
        {"os": "linux", "version": 1},
        {"os": "linux", "version": 2},
        {"os": "mac", "version": 2, "slow": True},
    ]


def test_include_alone_makes_the_combinations() -> None:
    assert combinations([], [{"a": 1}, {"a": 2}], None, 10) == [{"a": 1}, {"a": 2}]
    assert combinations([], None, None, 10) == []


def test_true_is_no_number() -> None:
    assert len(combinations([("a", [True, 1])], None, [{"a": 1}], 10)) == 1


def test_combinations_are_counted_before_any_is_made() -> None:
    axes = [(f"k{number}", list(range(1000))) for number in range(100)]
    with pytest.raises(LoopError, match="more than a billion combinations, over 256") as found:
        combinations(axes, None, None, 256)
    assert found.value.too_many


@pytest.mark.parametrize(
    ("axes", "include", "problem"),
    [
        ([("a", "text")], None, "has under 'a' text, which is no list"),
        ([("a", [1])], ["x"], "has under 'include' text, where a mapping"),
        ([("a", [1])], {"b": 1}, "has under 'include' a mapping, which is no list"),
    ],
)
def test_a_matrix_that_is_no_matrix_says_why(axes: list[tuple[str, object]], include: object, problem: str) -> None:
    with pytest.raises(LoopError, match=problem):
        combinations(axes, include, None, 10)
