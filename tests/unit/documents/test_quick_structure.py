"""What the compiled schemas accept, the walk of the schemas finds nothing in; and they accept what is good."""

import copy
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from innominatus_cli.documents.foreign_schemas import check_node
from innominatus_cli.documents.loading import load
from innominatus_cli.documents.nodes import Document, MappingNode, Node, ScalarNode, node_of
from innominatus_cli.documents.quick_structure import accepts_at_once
from innominatus_cli.documents.schemas import Schema, schema_of_kind, schema_of_step_type

VALUES: list[Any] = [
    *(None, True, 0, 1, -1, 3.5, 8080.0, 70000, "", "x", "a-label", "Not A Name", "1h30m", "${a.b}", "always", "100m"),
    *("128Mi", "0644", [], ["x"], [1], [{}], [None], {}, {"a": 1}, {"name": "x", "type": "y"}, {"x": None}, "x\n"),
]
KEYS = ("name", "type", "x", "unknown", "", "image", "spec", "config", "a b", "allowedValues", "working_dir", "command")


def parts(documents: list[Document]) -> Iterator[tuple[str, Schema, Node]]:
    """Every document and every config of a step, with the schema that it is checked by."""
    for document in documents:
        schema = schema_of_kind(document.kind)
        if schema is not None:
            yield document.kind, schema, document.root
        for step in document.mapping.mapping("spec").mappings("steps"):
            config, of_type = step.get("config"), schema_of_step_type(step.text("type") or "")
            if config is not None and of_type is not None:
                yield "Workflow", of_type, config


@pytest.fixture(scope="module")
def known(root: Path) -> list[tuple[str, Schema, Node]]:
    files = [
        path for folder in ("workflows", "tests/cases", "docs") for path in sorted((root / folder).rglob("*.yaml"))
    ]
    read = [
        load(path.name, path.read_bytes()).documents for path in files if path.is_file() and "hostile" not in path.parts
    ]
    return [part for documents in read for part in parts(list(documents))]


def agrees(kind: str, schema: Schema, node: Node) -> bool:
    """Whether the schema is accepted at once; then the walk finds nothing either."""
    accepted = accepts_at_once(schema, node, as_score_reads=kind == "Workload")
    found = check_node(Document("f.yaml", node, kind=kind), node, schema)
    assert found == [] or not accepted
    return accepted


def test_they_agree_over_every_document_and_accept_most_of_the_good_ones(known: list[tuple[str, Schema, Node]]) -> None:
    good = [part for part in known if check_node(Document("f.yaml", part[2], kind=part[0]), part[2], part[1]) == []]
    assert len(good) > 300
    accepted = sum(agrees(*part) for part in good)
    assert accepted > len(good) * 9 // 10
    assert not any(agrees(*part) for part in known if part not in good)


def test_they_agree_over_mutations(known: list[tuple[str, Schema, Node]]) -> None:
    chance = random.Random(2026)  # noqa: S311 - repeatable, and no secret
    outcomes = set()
    for kind, schema, node in known[::3]:
        for _ in range(20):
            plain = copy.deepcopy(node.plain())
            mutate(chance, plain)
            mutant = node_of(plain, MappingNode(line=1, column=1))
            quote(chance, mutant)
            outcomes.add(agrees(kind, schema, mutant))
    assert outcomes == {True, False}


def mutate(chance: random.Random, data: Any) -> None:
    """One random change: a value replaced, a key or item removed, a key added."""
    target = chance.choice(list(containers(data)))
    new = copy.deepcopy(chance.choice(VALUES))
    if isinstance(target, list):
        if target and chance.random() < 0.8:
            target[chance.randrange(len(target))] = new
        else:
            target.append(new)
    elif target and chance.random() < 0.7:
        key = chance.choice(sorted(target))
        if chance.random() < 0.7:
            target[key] = new
        else:
            del target[key]
    else:
        target[chance.choice(KEYS)] = new


def containers(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        yield value
        for inner in value.values() if isinstance(value, dict) else value:
            yield from containers(inner)


def quote(chance: random.Random, node: Node) -> None:
    """Takes quotes from some texts, as `2024-01-01` without any is none in Score."""
    if isinstance(node, ScalarNode):
        if isinstance(node.value, str) and node.value and chance.random() < 0.5:
            node.plain_style = True
            if chance.random() < 0.2:
                node.value = node.text = chance.choice(("2024-01-01", "1_000", "0b11", "12:30"))
    elif isinstance(node, MappingNode):
        for value in node.values.values():
            quote(chance, value)
