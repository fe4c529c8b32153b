import pytest
from hypothesis import given
from hypothesis import strategies as st

from innominatus_cli.findings.catalogue import every_code
from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import CannotContinue, Code, Finding, Place, Severity, has_errors
from innominatus_cli.findings.near_names import did_you_mean, distance, near_names

WRONG = Code("ORC-1999", "Something is wrong", "Mend it.", exit_status=ExitStatus.POLICY_REFUSED)


def test_a_place_prints_as_editors_read_it() -> None:
    assert str(Place("a.yaml", 3, 7)) == "a.yaml:3:7"
    assert str(Place("a.yaml")) == "a.yaml"


def test_a_finding_has_its_codes_remedy_and_severity_unless_it_says_otherwise() -> None:
    plain = Finding(WRONG, "x", Place("a"))
    own = Finding(WRONG, "x", Place("a"), remedy="Do this.", severity_override=Severity.WARNING)
    assert (plain.help, plain.severity) == ("Mend it.", Severity.ERROR)
    assert (own.help, own.severity) == ("Do this.", Severity.WARNING)
    assert Finding(WRONG, "x", Place("a"), remedy="did you mean 'y'?").help == "Did you mean 'y'?"
    assert has_errors([own, plain])
    assert not has_errors([own])


def test_findings_sort_by_place_then_code() -> None:
    later, earlier = Finding(WRONG, "x", Place("a", 9, 1)), Finding(WRONG, "y", Place("a", 2, 5))
    assert sorted([later, earlier], key=lambda found: found.sort_key) == [earlier, later]


def test_what_cannot_continue_ends_with_its_codes_status() -> None:
    problem = CannotContinue(Finding(WRONG, "x", Place("a", 1, 2)))
    assert problem.exit_status is ExitStatus.POLICY_REFUSED
    assert str(problem) == "a:1:2: ORC-1999 x"
    given_status = CannotContinue(Finding(WRONG, "x", Place("a")), exit_status=ExitStatus.USAGE)
    assert given_status.exit_status is ExitStatus.USAGE


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [("", "", 0), ("abc", "", 3), ("step", "setp", 1), ("kitten", "sitting", 3), ("ab", "ba", 1), ("ca", "abc", 3)],
)
def test_a_swap_of_neighbours_counts_once(left: str, right: str, expected: int) -> None:
    assert distance(left, right) == expected


@given(st.text(max_size=12), st.text(max_size=12))
def test_distance_is_symmetric_and_zero_only_for_equals(left: str, right: str) -> None:
    assert distance(left, right) == distance(right, left)
    assert (distance(left, right) == 0) == (left == right)


def test_near_names_are_nearest_first_and_few() -> None:
    known = ["kubernetes", "kustomize", "helm", "terraform"]
    assert near_names("kubernets", known) == ["kubernetes"]
    assert near_names("terrafrom", known) == ["terraform"]
    assert near_names("zzz", known) == []
    assert did_you_mean("Kubernetes", known) == "did you mean 'kubernetes'?"
    assert did_you_mean("zzz", known) == ""


def test_every_code_has_a_number_of_its_block_a_title_and_a_remedy() -> None:
    for number, code in every_code().items():
        assert number.startswith("ORC-")
        assert len(number) == len("ORC-0000")
        assert code.title, number
        assert code.remedy, number
        assert code.detail, number
        assert code.title[0].isupper(), number


@given(st.text("abc", max_size=9), st.text("abc", max_size=9), st.integers(0, 9))
def test_a_distance_above_its_limit_is_just_above_it_or_more(left: str, right: str, limit: int) -> None:
    whole = distance(left, right)
    found = distance(left, right, limit)
    assert found == whole if whole <= limit else found > limit


@given(st.text("abcXYZ\x01é", max_size=9), st.lists(st.text("abcxyzAé", min_size=1, max_size=9), max_size=5))
def test_a_name_is_near_by_its_distance_or_its_beginning(name: str, known: list[str]) -> None:
    def is_near(other: str) -> bool:
        left, right = name.lower(), other.lower()
        if min(len(left), len(right)) > 2 and (left.startswith(right) or right.startswith(left)):
            return True
        return distance(left, right) <= max(1, max(len(left), len(right)) // 3)

    assert set(near_names(name, known, 5)) == {other for other in known if is_near(other)}


def test_of_a_thousand_names_some_are_near_and_of_more_none() -> None:
    names = [f"name-{number:04}" for number in range(1000)]
    assert near_names("name-0042", names)[0] == "name-0042"
    assert near_names("name-0042", [*names, "another"]) == []
