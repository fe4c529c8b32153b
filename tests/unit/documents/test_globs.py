import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from innominatus_cli.documents import globs
from innominatus_cli.documents.globs import matches


@pytest.mark.parametrize(
    ("path", "glob", "expected"),
    [
        ("score.yaml", "**/score*.yaml", True),
        ("a/b/score-x.yaml", "**/score*.yaml", True),
        ("a/myscore.yaml", "**/score*.yaml", False),
        ("a/score/x.yaml", "**/score*.yaml", False),
        ("apps/x.yaml", "apps/*.yaml", True),
        ("apps/a/x.yaml", "apps/*.yaml", False),
        ("apps/a/x.yaml", "./apps/**", True),
        ("a1.yaml", "a[0-9].yaml", True),
        ("ax.yaml", "a[!0-9].yaml", True),
        ("a/.yaml", "a[!0-9].yaml", False),
        ("ab.yaml", "a?.yaml", True),
        ("a.yamlx", "a.yaml", False),
        ("axyaml", "a.yaml", False),
        ("a.yaml\n", "a.yaml", False),
    ],
)
def test_globs_match_whole_paths(path: str, glob: str, expected: bool) -> None:
    assert matches(path, glob) is expected


PIECES = st.sampled_from(("**/", "**", "*", "?", "[ab]", "[!a]", "a", "b", "/", "."))


@settings(max_examples=300)
@given(st.lists(PIECES, max_size=7).map("".join), st.text(alphabet="ab/.", max_size=10))
def test_both_ways_of_matching_agree(glob: str, path: str) -> None:
    parts = globs._parts(glob)
    assert globs._follow(parts, path) == (globs._compiled(parts).match(path) is not None)


@pytest.mark.parametrize("glob", ["**/" * 20 + "x", "**/a*/" * 12 + "x", "*a" * 30 + "b", "**a" * 30 + "b"])
def test_a_pattern_of_many_stars_takes_no_time(glob: str) -> None:
    """A regular expression would not come back from these."""
    assert not matches("/".join(["a" * 30] * 40), glob)
    assert not matches("a" * 200, glob)


def test_many_stars_in_a_row_are_as_few() -> None:
    assert globs._parts("**" * 3_000) == ("**",)
    assert globs._parts("**/" * 3_000 + "x") == ("**/", "x")
    assert globs._parts("*" * 3_001) == ("**",)
    assert matches("a/b", "****")
    assert not matches("a/b", "*?*")


def test_a_pattern_of_many_stars_matches() -> None:
    assert matches("a/b/c/d/e/score.yaml", "**/b/**/d/**/score*.yaml")
    assert matches("score.yaml", "**/**/**/**/score.yaml")
    assert not matches("a/score.yml", "**/**/**/**/score.yaml")
