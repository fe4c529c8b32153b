"""The lists of vectors.json, which score-go made: what it gives, we give, but for its documented defects."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from innominatus_cli.documents.loading import load
from innominatus_cli.documents.nodes import Document
from innominatus_cli.documents.quantities import memory_bytes, milli_cpus
from innominatus_cli.documents.score_overrides import ARGUMENT, Overrides, apply_overrides
from innominatus_cli.documents.score_resources import (
    Conflict,
    Declaration,
    SharedResource,
    resource_uid,
    shared_resources,
)
from innominatus_cli.documents.yaml_reader import read_yaml
from innominatus_cli.findings.finding import has_errors
from innominatus_cli.planning.ordering import Order, in_order
from innominatus_cli.planning.places import Spot
from innominatus_cli.planning.workload import fold_workload


@pytest.fixture(scope="module")
def vectors(corpus: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((corpus / "score" / "vectors.json").read_text(encoding="utf-8"))
    return found


def test_a_resource_is_called_as_score_go_calls_it(vectors: dict[str, Any]) -> None:
    cases = vectors["resource_uids"]
    found = [resource_uid(case["workload"], case["name"], case["type"], case["class"], case["id"]) for case in cases]
    assert found == [case["uid"] for case in cases]
    assert len(found) == 4


Resources = dict[str, SharedResource[Any]]


def _shared(workloads: Sequence[str]) -> tuple[Resources, list[Conflict[Any]], list[str]]:
    """The resources of several workloads together, in the order of the workloads' names, and what is wrong."""
    declared: list[Declaration[Any]] = []
    wrong: list[str] = []
    for text in sorted(workloads):
        (document,), _ = read_yaml("score.yaml", text.encode())
        name = str(document.mapping.mapping("metadata").text("name"))
        folded = fold_workload(Spot(document))
        wrong += [finding.message for finding in folded.findings]
        for resource in folded.resources.values():
            declared += [one._replace(workload=name) for one in resource.declarations]
    resources, conflicts = shared_resources(declared)
    return resources, conflicts, wrong


def _order(resources: Resources) -> Order:
    return in_order(list(resources), {uid: sorted(one.needs) for uid, one in resources.items()})


ONCE = ["zdep.default#bbb.dep", "thing.default#sh"]
"""Upstream lists the shared resource twice, first before what it needs; it belongs behind that, once."""


def test_resources_come_in_the_order_of_score_go(vectors: dict[str, Any]) -> None:
    wrong = []
    for case in vectors["resource_order"]:
        if not case.get("order"):
            continue
        resources, conflicts, unknown = _shared(case["workloads"])
        expected = ONCE if len(set(case["order"])) < len(case["order"]) else case["order"]
        found = list(_order(resources).names)
        if (found, conflicts, unknown) != (expected, [], []):
            wrong.append((case, found, conflicts, unknown))
    assert wrong == []
    assert sum(bool(case.get("order")) for case in vectors["resource_order"]) == 4


def test_what_workloads_say_together_is_what_score_go_primes(vectors: dict[str, Any]) -> None:
    for case in vectors["resource_order"]:
        if "primed" not in case or case["order_error"]:
            continue
        resources, _, _ = _shared(case["workloads"])
        sources = {uid: {"source_workload": one.source.workload} for uid, one in resources.items()}
        assert sources == {uid: {"source_workload": one["source_workload"]} for uid, one in case["primed"].items()}
        assert {uid for uid, one in resources.items() if one.source.params is not None} == {
            uid for uid, one in case["primed"].items() if one["params"] is not None
        }


def test_what_score_go_refuses_of_an_order_is_refused(vectors: dict[str, Any]) -> None:
    refused = []
    for case in vectors["resource_order"]:
        resources, conflicts, unknown = _shared(case["workloads"])
        problem = case.get("prime_error") or case["order_error"] or ""
        if "cycle" in problem:
            assert _order(resources).cycle == ("thing.default#eg.aa",)
        elif "unknown resource names" in problem:
            assert unknown == ["'${resources.ghost.k}': there is no resource 'ghost'"]
        elif "different params" in problem:
            assert [(one.key, one.first.workload, one.other.workload) for one in conflicts] == [
                ("params", "aaa", "bbb")
            ]
        else:
            assert not problem
            continue
        refused.append(problem)
    assert len(refused) == 3


def test_limits_are_the_amounts_of_score_go_and_exact_where_that_fails(vectors: dict[str, Any]) -> None:
    """score-go's `ParseResourceLimits` knows no fractions of memory and neither P nor E, which the schema allows."""
    exact = {"1.5Gi": 1_610_612_736, "1P": 10**15}
    cases = vectors["limits"]
    for case in cases:
        failed = case["error"] is not None
        assert memory_bytes(case["memory"]) == (exact[case["memory"]] if failed else case["memory_bytes"]), case
        assert failed or milli_cpus(case["cpu"]) == case["milli_cpus"], case
    assert sum(case["error"] is not None for case in cases) == len(exact)
    assert len(cases) == 5


def _raw(data: object) -> Document:
    (document,), _ = read_yaml("score.yaml", json.dumps(data).encode())
    return document


def test_an_overrides_file_merges_as_score_go_merges_and_null_deletes(vectors: dict[str, Any]) -> None:
    """The CLIs of Score store the null, which their schema refuses; score-go's own `OverrideMapInMap` deletes."""
    wrong = []
    for case in vectors["merge"]:
        document = _raw(case["base"])
        found = apply_overrides(document, Overrides("overrides.yaml", json.dumps(case["overrides"]).encode()))
        if document.root.plain() != case["score_go_OverrideMapInMap"] or has_errors(found):
            wrong.append((case, document.root.plain(), found))
    assert wrong == []
    assert len(vectors["merge"]) == 8


DATE = "2024-01-01"
"""Text in YAML 1.2; upstream makes a time of it."""


def test_a_property_override_gives_what_score_compose_gives(vectors: dict[str, Any]) -> None:
    base, cases = vectors["override_property"]["doc"], vectors["override_property"]["cases"]
    wrong = []
    for case in cases:
        document = _raw(base)
        found = apply_overrides(document, Overrides(properties=(f"{case['path']}={case['value']}",)))
        if "out" in case:
            if case["value"] == DATE:
                case["out"]["metadata"]["x"] = DATE
            good = document.root.plain() == case["out"] and not has_errors(found)
        else:  # where upstream crashes too: an ordinary finding, and a document as it was
            (finding,) = found
            inside = finding.place.path == ARGUMENT and finding.place.line == 1 and finding.place.column > 1
            good = has_errors(found) and inside and document.root.plain() == base
        if not good:
            wrong.append((case, document.root.plain(), found))
    assert wrong == []
    assert sum("out" in case for case in cases) == 19
    assert sum(case.get("error", "").startswith("PANIC") for case in cases) == 2


def _document(text: str) -> Document:
    (document,) = load("score.yaml", text.encode()).documents
    return document


def test_params_at_any_depth_are_resolved_and_count_for_the_order() -> None:
    """Upstream passes them on literally when it reads its own state again, and forgets them in the order."""
    text = (
        "apiVersion: score.dev/v1b1\nmetadata: {name: eg}\ncontainers: {main: {image: 'a:1'}}\n"
        "resources:\n  aa: {type: thing, params: {a: {b: ['${resources.zz.k}']}}}\n  zz: {type: thing}\n"
    )
    folded = fold_workload(Spot(_document(text)))
    assert list(_order(folded.resources).names) == ["thing.default#eg.zz", "thing.default#eg.aa"]
    params = folded.resources["thing.default#eg.aa"].source.params
    assert params == {"a": {"b": [{"$template": [{"$json": "resources.zz.k"}]}]}}
