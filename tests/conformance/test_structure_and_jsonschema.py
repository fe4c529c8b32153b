"""The quick structural check and jsonschema agree: over every file of the corpora, and over mutations of them."""

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator

from innominatus_cli.documents.foreign_schemas import check_node
from innominatus_cli.documents.loading import load
from innominatus_cli.documents.nodes import Document, MappingNode, node_of
from innominatus_cli.documents.quick_structure import accepts_at_once
from innominatus_cli.documents.schemas import KIND_FILES, schema_of_kind
from innominatus_cli.findings.finding import has_errors

MUTATIONS_OF_A_DOCUMENT = 60
VALUES: list[Any] = [
    None, True, False, 0, 1, -1, 3.5, 8080.0, 70000, 10**6, "", "x", "a-label", "Not A Name", "1h30m", "90", "${a.b}",
    "always", "deployment", "100m", "128Mi", "0644", [], ["x"], [1], [{}], {}, {"a": 1}, {"name": "x", "type": "y"},
]  # fmt: skip
KEYS = ["name", "type", "x", "unknown", "", "image", "spec", "config", "a b", "A", "required", "dependsOn"]


def validator_for(kind: str) -> Validator:
    schema = schema_of_kind(kind)
    assert schema is not None
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def documents_of(corpus: Path) -> Iterator[tuple[str, Any]]:
    for path in sorted(corpus.rglob("*.y*ml")):
        for document in load(path.name, path.read_bytes()).documents:
            if document.kind:
                yield document.kind, document.root.plain()


def containers(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        yield value
        for inner in value.values() if isinstance(value, dict) else value:
            yield from containers(inner)


def mutate(chance: random.Random, data: Any) -> None:
    """One random change: a value replaced, a key or item removed, a key added."""
    target = chance.choice(list(containers(data)))
    new = copy.deepcopy(chance.choice(VALUES))
    if isinstance(target, list):
        if target and chance.random() < 0.8:
            target[chance.randrange(len(target))] = new
        else:
            target.append(new)
        return
    action = chance.random()
    if target and action < 0.5:
        target[chance.choice(sorted(target))] = new
    elif target and action < 0.75:
        del target[chance.choice(sorted(target))]
    else:
        target[chance.choice(KEYS)] = new


def agrees(kind: str, data: Any, validator: Validator) -> bool:
    root, schema = node_of(data, MappingNode(line=1, column=1)), schema_of_kind(kind)
    assert schema is not None
    found = check_node(Document("f.yaml", root, kind=kind), root, schema)
    assert found == [] or not accepts_at_once(schema, root, as_score_reads=kind == "Workload")
    return (not has_errors(found)) == validator.is_valid(data)


@pytest.fixture(scope="module")
def validators() -> dict[str, Validator]:
    return {kind: validator_for(kind) for kind in KIND_FILES}


def test_they_agree_over_every_file_of_the_corpora(corpus: Path, validators: dict[str, Validator]) -> None:
    known = list(documents_of(corpus))
    assert len(known) > 450
    different = [(kind, json.dumps(data)[:200]) for kind, data in known if not agrees(kind, data, validators[kind])]
    # Python's `$` matches before a last line end, and its `\\d` other digits, which no other expressions do
    traps = ("hello\\n", "\\u0661")
    assert [case for case in different if not any(trap in case[1] for trap in traps)] == []
    assert len(different) <= len(traps)


def test_they_agree_over_mutations(corpus: Path, validators: dict[str, Validator]) -> None:
    chance = random.Random(2026)  # noqa: S311 - repeatable, and no secret
    by_kind: dict[str, list[Any]] = {}
    for kind, data in documents_of(corpus):
        by_kind.setdefault(kind, []).append(data)
    different = []
    refused = 0
    for kind, known in sorted(by_kind.items()):
        for data in known[:25]:
            for _ in range(MUTATIONS_OF_A_DOCUMENT):
                mutant = copy.deepcopy(data)
                mutate(chance, mutant)
                if not agrees(kind, mutant, validators[kind]):
                    different.append((kind, json.dumps(mutant)[:300]))
                refused += not validators[kind].is_valid(mutant)
    assert different == []
    assert refused > 500
