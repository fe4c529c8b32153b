"""Placeholders of Score resolve as score-go resolves them: what is static when planning, the rest when running."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from innominatus_cli.documents.nodes import Document, MappingNode, node_of
from innominatus_cli.expressions.values import NoValue, resolve
from innominatus_cli.planning.places import Spot
from innominatus_cli.planning.workload import fold_workload


@pytest.fixture(scope="module")
def vectors(corpus: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((corpus / "score" / "vectors.json").read_text())["placeholders"]
    return found


def resolved(text: str, vectors: dict[str, Any]) -> str:
    """The text as score-go would give it. Raises NoValue."""

    def lookup(path: tuple[str, ...]) -> object:
        value: object = vectors["resource_outputs"][path[1]]
        for key in path[2:]:
            if not isinstance(value, Mapping) or key not in value:
                raise NoValue(f"no '{key}'")
            value = value[key]
        return value

    data = {
        "metadata": vectors["metadata"],
        "containers": {"web": {"variables": {"X": text}}},
        "resources": {"db": {"type": "thing"}},
    }
    folded = fold_workload(Spot(Document("score.yaml", node_of(data, MappingNode(line=1, column=1)))))
    if folded.findings:
        raise NoValue(folded.findings[0].message)
    found: str = resolve(folded.data, lookup)["containers"]["web"]["variables"]["X"]
    return found


NO_VALUE = ("${metadata.nil}", "${resources.db.null}")
"""Upstream makes the text `null` of nothing, which the corpus calls a defect: here nothing is no value."""


def test_every_vector_gives_what_score_go_gives(vectors: dict[str, Any]) -> None:
    wrong = []
    for case in vectors["cases"]:
        try:
            found: str | None = resolved(case["in"], vectors)
        except NoValue:
            found = None
        if found != (None if case["in"] in NO_VALUE else case.get("out")):
            wrong.append((case, found))
    assert wrong == []
    assert len(vectors["cases"]) > 50
    assert {case["in"] for case in vectors["cases"] if case.get("out") == "null"} == set(NO_VALUE)
