"""Tests of conditions: grammar, folding, truth; every trap of the original is answered right."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from innominatus_cli.expressions.conditions import DEEPEST, parse_condition
from innominatus_cli.expressions.contexts import DataContext, Known, Later, Resolution, Scope, Unresolved
from innominatus_cli.expressions.references import Problem
from innominatus_cli.expressions.truth import FoldedCondition, evaluate, fold_condition
from innominatus_cli.expressions.values import NoValue


@dataclass(frozen=True)
class FakeSteps:
    """Outputs of the step `build`; `deploy` comes later."""

    def names(self) -> list[str]:
        return ["build"]

    def resolve(self, rest: tuple[str, ...], written: str) -> Resolution:
        if rest[:1] != ("build",):
            return Unresolved(f"there is no step in '{written}'")
        path = rest[2:] if rest[1:2] == ("outputs",) else rest[1:]
        return Later(("steps", "build", "outputs", *path), "step build")


VARIABLES = {"ENV": "production", "COUNT": "10", "EMPTY": "", "OFF": "false"}
SCOPE = Scope(
    {
        "variables": DataContext("variables", VARIABLES, "variables"),
        "workflow": DataContext("workflow", VARIABLES, "variables"),
        "parameters": DataContext("parameters", {"size": 3, "zones": ["a", "b"], "on": True}, "parameters"),
        "resources": DataContext("resources", {"s3-bucket": {"type": "s3"}}, "score.yaml"),
        "steps": FakeSteps(),
    },
    frozenset({"build", "deploy"}),
)


@dataclass
class FakeRun:
    """A moment of a run."""

    outputs: Mapping[str, object] = field(default_factory=dict)
    statuses: Mapping[str, str] = field(default_factory=dict)
    something_failed: bool = False

    def value(self, path: tuple[str, ...]) -> object:
        name = ".".join(path)
        if name not in self.outputs:
            raise NoValue(f"'{name}' has no value")
        return self.outputs[name]

    def status(self, step: str) -> str | None:
        return self.statuses.get(step)

    def failed(self) -> bool:
        return self.something_failed


def folded(text: str) -> FoldedCondition:
    parsed = parse_condition(text)
    assert parsed.tree is not None, parsed.problem
    return fold_condition(parsed.tree, SCOPE)


def truth(text: str, run: FakeRun | None = None) -> bool | Problem:
    condition = folded(text)
    assert not condition.problems, condition.problems
    return evaluate(json.loads(json.dumps(condition.tree)), run or FakeRun())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # The traps of the original (conditions.go), each answered right.
        ("ENV == production", True),
        ("$ENV == production", True),
        ("${ENV} == production", True),
        ("$ENV", True),
        ("resources.s3-bucket != null", True),
        ("resources.other != null", False),
        ("$ENV == production && true", True),
        ("$ENV == other || $ENV == production", True),
        ("!false", True),
        ("${ENV} matches .*=>.*", False),
        ('${ENV} matches "^prod"', True),
        # Comparisons keep types; text equals the number that it spells.
        ("parameters.size == 3", True),
        ("variables.COUNT > 9", True),
        ('"10" > "9"', True),
        ("variables.COUNT == 10", True),
        ('"1.0" == "1"', False),
        ("parameters.on == 'true'", True),
        ("null == null", True),
        ("parameters.size != null", True),
        ("parameters.missing == null", True),
        ("variables.EMPTY", False),
        ("variables.OFF", False),
        ("not variables.OFF", True),
        # Membership and text.
        ("'a' in parameters.zones", True),
        ("'c' not in parameters.zones", True),
        ("ENV in [staging, production]", True),
        ("ENV in ('staging', 'production')", True),
        ("parameters.zones contains 'b'", True),
        ("ENV contains 'duct'", True),
        ("ENV startsWith 'prod' and ENV endsWith \"ion\"", True),
        ("${ENV}.startsWith('prod')", True),
        ("ENV.contains('x')", False),
        ("contains(ENV, 'prod')", True),
        # Binding: not, and, or; brackets.
        ("true or true and false", True),
        ("(true or true) and false", False),
        ("not true or true", True),
        ("not (true or true)", False),
        ("'a and b' == 'a and b'", True),
        ("'a == b' == 'a == b'", True),
    ],
)
def test_what_conditions_mean(text: str, expected: bool) -> None:
    assert truth(text) is expected


def test_a_static_condition_is_folded_to_one_value() -> None:
    assert folded("ENV == 'production' and parameters.size > 2").tree == {"value": True, "at": 0}


def test_what_only_the_run_knows_stays_in_the_tree() -> None:
    condition = folded("${build.version} matches ^v[0-9]+ and ENV == 'production'")
    assert condition.later == {("steps", "build", "outputs", "version")}
    assert evaluate(condition.tree, FakeRun({"steps.build.outputs.version": "v2"})) is True
    assert evaluate(condition.tree, FakeRun({"steps.build.outputs.version": "x"})) is False


def test_a_missing_value_at_run_time_is_a_problem_and_no_false() -> None:
    found = truth("build.version == 'v1'")
    assert isinstance(found, Problem)
    assert truth("build.version == null") is True


@pytest.mark.parametrize(
    ("text", "run", "expected"),
    [
        ("build.succeeded", FakeRun(statuses={"build": "succeeded"}), True),
        ("steps.build.failed", FakeRun(statuses={"build": "failed"}), True),
        ("${build.skipped}", FakeRun(statuses={"build": "failed"}), False),
        ("success()", FakeRun(), True),
        ("failure()", FakeRun(something_failed=True), True),
        ("always()", FakeRun(something_failed=True), True),
        ("failure() or always()", FakeRun(), True),
    ],
)
def test_predicates_ask_the_run(text: str, run: FakeRun, expected: bool) -> None:
    assert truth(text, run) is expected


def test_a_condition_about_failure_says_so() -> None:
    assert folded("failure()").asks_for_failure
    assert folded("build.failed").asks_for_failure
    assert not folded("build.succeeded and success()").asks_for_failure


@pytest.mark.parametrize(
    "text", ["yes", "production", "UNKNOWN == 'x'", "resources.other.x == 'a'", "variables.NOPE > 1", "ghost.failed"]
)
def test_an_unknown_name_is_a_problem_and_never_false(text: str) -> None:
    assert folded(text).problems


def test_a_step_that_is_not_finished_cannot_be_asked() -> None:
    (problem,) = folded("deploy.failed").problems
    assert "not finished" in problem.message


def test_a_bare_word_gets_a_warning() -> None:
    condition = folded("ENV == production")
    assert [problem.offset for problem in condition.warnings] == [7]
    assert not folded("ENV == 'production'").warnings


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("", 0),
        ("ENV =", 4),
        ("ENV = 'x'", 4),
        ("(true", 0),
        ("true)", 4),
        ("contains", 0),
        ("true true", 5),
        ("1 < 2 < 3", 6),
        ("'open", 0),
        ("${open", 0),
        ("true &", 5),
        ("nope()", 0),
        ("ENV matches '('", 12),
        ("and true", 0),
        ("success(", 7),
    ],
)
def test_a_wrong_condition_is_a_problem_at_its_offset(text: str, offset: int) -> None:
    parsed = parse_condition(text)
    assert parsed.tree is None
    assert parsed.problem is not None
    assert parsed.problem.offset == offset


def test_brackets_have_a_depth_limit() -> None:
    assert parse_condition("(" * (DEEPEST + 5) + "true" + ")" * (DEEPEST + 5)).problem is not None
    assert parse_condition("(" * 10 + "true" + ")" * 10).tree is not None


def test_ordering_things_that_have_no_order_is_a_problem() -> None:
    assert folded("parameters.zones < 3").problems


@given(st.text(alphabet="()[]!&|=<>'\"$. {}abnotrude,0123", max_size=30))
def test_no_text_makes_anything_raise(text: str) -> None:
    parsed = parse_condition(text)
    assert (parsed.tree is None) != (parsed.problem is None)
    if parsed.tree is not None:
        condition = fold_condition(parsed.tree, SCOPE)
        if not condition.problems:
            evaluate(json.loads(json.dumps(condition.tree)), FakeRun())


def test_a_known_value_is_never_syntax() -> None:
    scope = Scope({"variables": DataContext("variables", {"X": "' or true or '"}, "v"), "steps": FakeSteps()})
    parsed = parse_condition("${X} == 'a'")
    assert parsed.tree is not None
    assert fold_condition(parsed.tree, scope).tree["value"] is False
    assert Known(1, "x").value == 1
