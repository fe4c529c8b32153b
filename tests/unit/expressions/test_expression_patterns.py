"""Tests of the linear-time patterns."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from innominatus_cli.expressions.patterns import PatternError, compile_pattern


@given(
    st.text(alphabet="ab|()*+?.[]^$", max_size=12),
    st.text(alphabet="ab", max_size=8),
)
def test_a_pattern_means_what_pythons_re_means(pattern: str, text: str) -> None:
    try:
        ours = compile_pattern(pattern)
    except PatternError:
        return
    try:
        theirs = re.compile(pattern)
    except (re.error, FutureWarning):
        return
    assert ours.search(text) == bool(theirs.search(text))


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        (r"^v[0-9]+", "v12", "12v"),
        (r"^\d+[hmd]$", "12h", "h12"),
        (r"\bmain\b", "on main now", "remaining"),
        (r"^(release|hotfix)/.+$", "release/1.2", "feature/1"),
        (r"^[^/]+$", "a-b", "a/b"),
        (r"^a{2,3}$", "aaa", "aaaa"),
        (r"^.{2,}$", "ab", "a"),
        (r"^\S+@\S+$", "a@b", "a b"),
    ],
)
def test_patterns_that_people_write(pattern: str, yes: str, no: str) -> None:
    found = compile_pattern(pattern)
    assert found.search(yes)
    assert not found.search(no)


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*b", ".*.*.*.*.*=x", "(x*)*y"])
def test_patterns_that_hang_a_backtracking_engine_end(pattern: str) -> None:
    assert not compile_pattern(pattern).search("a" * 5000 + "!")


@pytest.mark.parametrize("pattern", ["(", "a)", "[", "a**", "(?=x)", r"\1", "*a", r"\q", "(a{1000}){1000}", "a" * 501])
def test_what_cannot_be_linear_or_is_wrong_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        compile_pattern(pattern)
