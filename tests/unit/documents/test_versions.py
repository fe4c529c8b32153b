"""Versions and ranges, by what semver.org (11) and the README of node-semver document."""

import pytest

from innominatus_cli.documents.versions import best_of, parse_range, parse_version


def admits(text: str, version: str) -> bool:
    found, wanted = parse_range(text), parse_version(version)
    assert found is not None, text
    assert wanted is not None, version
    return found.admits(wanted)


DOCUMENTED = (
    (">=1.2.7", "1.2.7 1.2.8 2.5.3 1.3.9", "1.2.6 1.1.0"),
    (">=1.2.7 <1.3.0", "1.2.7 1.2.8 1.2.99", "1.2.6 1.3.0 1.1.0"),
    ("1.2.7 || >=1.2.9 <2.0.0", "1.2.7 1.2.9 1.4.6", "1.2.8 2.0.0"),
    (">1.2.3-alpha.3", "1.2.3-alpha.7 3.4.5", "3.4.5-alpha.9 1.2.3-alpha.2"),
    ("1.2.3 - 2.3.4", "1.2.3 2.3.4 2.0.0", "1.2.2 2.3.5"),
    ("1.2 - 2.3.4", "1.2.0 2.3.4", "1.1.9"),
    ("1.2.3 - 2.3", "2.3.99", "2.4.0 2.4.0-0"),
    ("1.2.3 - 2", "2.99.99", "3.0.0 3.0.0-0"),
    ("*", "0.0.0 9.9.9", "1.0.0-rc.1"),
    ("", "0.0.0 9.9.9", "1.0.0-rc.1"),
    ("1.x", "1.0.0 1.9.9", "0.9.9 2.0.0 2.0.0-0"),
    ("1.2.x", "1.2.0 1.2.99", "1.1.9 1.3.0 1.3.0-0"),
    ("1", "1.0.0 1.9.9", "0.9.9 2.0.0 1.0.0-rc.1"),
    ("1.2", "1.2.0 1.2.99", "1.3.0"),
    ("~1.2.3", "1.2.3 1.2.99", "1.2.2 1.3.0 1.3.0-0"),
    ("~1.2", "1.2.0 1.2.99", "1.3.0"),
    ("~1", "1.0.0 1.9.9", "2.0.0"),
    ("~0.2.3", "0.2.3 0.2.9", "0.3.0"),
    ("~0", "0.0.1 0.9.9", "1.0.0"),
    ("~1.2.3-beta.2", "1.2.3-beta.2 1.2.3-beta.4 1.2.9", "1.2.4-beta.2 1.2.3-beta.1"),
    ("^1.2.3", "1.2.3 1.9.9", "1.2.2 2.0.0 2.0.0-0"),
    ("^0.2.3", "0.2.3 0.2.9", "0.3.0 0.2.2"),
    ("^0.0.3", "0.0.3", "0.0.4 0.0.2"),
    ("^1.2.3-beta.2", "1.2.3-beta.4 1.9.9", "1.2.4-beta.2"),
    ("^0.0.3-beta", "0.0.3-pr.2 0.0.3", "0.0.4"),
    ("^1.2.x", "1.2.0 1.9.9", "2.0.0"),
    ("^0.0.x", "0.0.0 0.0.9", "0.1.0"),
    ("^0.0", "0.0.9", "0.1.0"),
    ("^1.x", "1.0.0 1.9.9", "2.0.0"),
    ("^0.x", "0.0.1 0.9.9", "1.0.0"),
    (">1.2", "1.3.0", "1.2.9"),
    ("<=1.2", "1.2.9", "1.3.0"),
    ("<1.2", "1.1.9", "1.2.0 1.2.0-rc.1"),
    ("=1.2.3", "1.2.3 1.2.3+build.7", "1.2.4"),
    ("v1.2.3", "1.2.3", "1.2.4"),
    (">= 1.2.3", "1.2.3", "1.2.2"),
    (">*", "", "0.0.0 1.0.0"),
)


@pytest.mark.parametrize(("text", "inside", "outside"), DOCUMENTED)
def test_a_range_admits_what_node_semver_documents(text: str, inside: str, outside: str) -> None:
    assert [version for version in inside.split() if not admits(text, version)] == []
    assert [version for version in outside.split() if admits(text, version)] == []


@pytest.mark.parametrize("text", ["latest", "1.2.3.4", ">>1", "1.2.3 -2", "^", "a || 1", "1,2", "01.2.3", "9" * 300])
def test_what_is_no_range_is_none(text: str) -> None:
    assert parse_range(text) is None


@pytest.mark.parametrize("text", ["1", "1.2", "01.2.3", "1.2.3-01", "v1.2.3", "1.2.3 ", "1.2.3\n", "", "1.2.3-"])
def test_what_is_no_version_is_none(text: str) -> None:
    assert parse_version(text) is None


def test_versions_are_ordered_as_semver_org_says() -> None:
    written = (
        "1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 1.0.0 1.9.0 1.10.0"
    )
    versions = [version for text in reversed(written.split()) if (version := parse_version(text))]
    assert [str(version) for version in sorted(versions, key=lambda one: one.order)] == written.split()


@pytest.mark.parametrize(
    ("wanted", "meant"),
    [
        ("", "1.10.0"),
        ("1", "1.10.0"),
        ("1.9.x", "1.9.0"),
        ("~1.9", "1.9.0"),
        ("2.0.0-rc.1", "2.0.0-rc.1"),
        ("^2.0.0-rc", "2.0.0-rc.1"),
        ("summer", "summer"),
        ("2", None),
        ("nonsense", None),
    ],
)
def test_the_newest_release_in_a_range_is_meant(wanted: str, meant: str | None) -> None:
    versions = ["1.0.0", "1.10.0", "summer", "1.9.0", "2.0.0-rc.1"]
    found = best_of(versions, wanted)
    assert (None if found is None else versions[found]) == meant


def test_a_pre_release_is_meant_only_where_there_is_nothing_else() -> None:
    assert best_of(["2.0.0-rc.1", "2.0.0-rc.2"], "") == 1
    assert best_of(["summer"], "") == 0
    assert best_of([], "") is None
