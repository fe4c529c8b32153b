"""Tests of folding values when planning and resolving them when running."""

from typing import Any

import pytest

from innominatus_cli.expressions.contexts import DataContext, LaterContext, OutsideContext, Scope
from innominatus_cli.expressions.references import is_plain
from innominatus_cli.expressions.values import Folded, NoValue, fold, is_settled, references_in, resolve

SCOPE = Scope(
    {
        "application": DataContext(
            "application", {"name": "shop", "metadata": {"n": 3, "evil": {"$ref": "secrets.key"}}}, "score.yaml"
        ),
        "secrets": LaterContext("secrets", frozenset({"key"}), secret=True),
        "run": LaterContext("run", frozenset({"id"})),
        "env": OutsideContext("env", {"CI": "true"}, lambda name: f"environment variable {name}", lambda _: ""),
    }
)


def folded(value: Any, *, script: bool = False) -> tuple[Any, Folded]:
    found = Folded()
    return fold(value, SCOPE, found, is_script=lambda _: script), found


def lookup(path: tuple[str, ...]) -> object:
    values: dict[str, object] = {"run.id": "01ABC", "secrets.key": "s3cret", "run.list": [1]}
    name = ".".join(path)
    if name not in values:
        raise NoValue(f"no '{name}'")
    return values[name]


def test_a_whole_reference_keeps_its_type_and_a_part_becomes_text() -> None:
    assert folded({"a": "${application.metadata.n}", "b": "n=${application.metadata.n}"})[0] == {"a": 3, "b": "n=3"}


def test_what_the_run_knows_stays_a_reference() -> None:
    value, found = folded("id ${run.id} of ${application.name}")
    assert value == {"$template": ["id ", {"$ref": "run.id"}, " of shop"]}
    assert resolve(value, lookup) == "id 01ABC of shop"
    assert found.later == {("run", "id")}


def test_secrets_are_noted_and_never_values() -> None:
    value, found = folded("${secrets.key}")
    assert value == {"$ref": "secrets.key"}
    assert found.secrets == {"key"}


def test_values_from_outside_are_noted_with_their_evidence() -> None:
    value, found = folded("${env.CI}")
    assert value == "true"
    assert found.outside["env.CI"].evidence == "environment variable CI"


def test_an_unresolved_reference_is_a_problem_with_near_names() -> None:
    _, found = folded(["x", "${application.nam}"])
    (placed,) = found.problems
    assert placed.pointer == (1,)
    assert "name" in placed.problem.remedy


@pytest.mark.parametrize("value", [{"$ref": "secrets.key"}, {"$template": ["x"]}, {"$literal": {"a": 1}}])
def test_a_persons_own_mapping_is_never_taken_for_a_reference(value: dict[str, Any]) -> None:
    plan_value, _ = folded({"schema": value})
    assert references_in(plan_value) == set()
    assert resolve(plan_value, lookup) == {"schema": value}


def test_data_of_the_application_cannot_smuggle_a_reference_in() -> None:
    plan_value, _ = folded("${application.metadata.evil}")
    assert references_in(plan_value) == set()
    assert resolve(plan_value, lookup) == {"$ref": "secrets.key"}


def test_a_script_takes_plain_values_only() -> None:
    scope = Scope({"parameters": DataContext("parameters", {"ok": "v1.2/x", "bad": "$(rm -rf /)"}, "p")})
    found = Folded()
    text = fold("run ${parameters.ok} ${HOME}", scope, found, is_script=lambda _: True)
    assert (text, found.problems) == ("run v1.2/x ${HOME}", [])
    fold("run ${parameters.bad}", scope, found, is_script=lambda _: True)
    assert "env:" in found.problems[0].problem.remedy
    assert not is_plain("--flag")


def test_a_secret_never_stands_in_a_script() -> None:
    assert folded("curl ${secrets.key}", script=True)[1].problems


def test_a_value_of_the_run_in_a_script_is_held_to_the_plain_form_when_it_is_known() -> None:
    value, _ = folded("echo ${run.id}", script=True)
    assert resolve(value, lookup) == "echo 01ABC"
    with pytest.raises(NoValue, match="shell"):
        resolve(value, lambda _: "a; b")


def test_a_list_is_no_text() -> None:
    with pytest.raises(NoValue, match="no text"):
        resolve({"$template": [{"$ref": "run.list"}]}, lookup)
    assert resolve({"$ref": "run.list"}, lookup) == [1]


@pytest.mark.parametrize(
    ("value", "settled"),
    [
        ("text", True),
        ({"a": [1, None, {"b": "c", "d": True}]}, True),
        ({"a": [{"$ref": "run.id"}]}, False),
        ({"a": {"$template": ["n=", {"$ref": "run.id"}]}}, False),
        ({"a": {"$script": ["echo ", {"$ref": "run.id"}]}}, False),
        ({"a": {"$template": [{"$json": "steps.a.outputs"}]}}, False),
        ({"a": {"$jinja": "{{ steps.a.outputs.b }}"}}, False),
        ({"a": ("b", {"$ref": "run.id"})}, False),
    ],
)
def test_a_value_is_settled_where_it_names_nothing_that_a_run_knows(value: Any, settled: bool) -> None:
    assert is_settled(value) is settled
