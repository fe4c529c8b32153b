"""`--strict-score` is the official schema: what that refuses is refused, of every file and of mutations of them."""

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator

from innominatus_cli.documents.kinds import kind_of
from innominatus_cli.documents.loading import load
from innominatus_cli.documents.yaml_reader import read_yaml
from innominatus_cli.findings.catalogue.document import SCORE_DIALECT
from innominatus_cli.findings.finding import Finding, Severity
from innominatus_cli.operations.checking import CheckRequest, check
from tests.conformance.test_structure_and_jsonschema import mutate

MUTATIONS_OF_A_DOCUMENT = 10
STRICTER = {
    "needs a 'target', the path in the container": "upstream refuses it when it brings lists to mappings",
    "is 'hello\\n', which is not a label": "Python's `$` matches before a last line end",
    "is '1\u0662Mi', which is not an amount": "Python's `\\d` matches digits of other scripts",
}
"""What the schema, as Python's jsonschema reads it, lets through, and why it is refused all the same."""
DIALECT: dict[str, set[tuple[str, int]]] = {
    "examples/score-spec.yaml": {("ORC-1052", 7), ("ORC-1052", 14), ("ORC-1052", 16)},
    "examples/score-spec-k8s.yaml": {("ORC-1052", 15), ("ORC-1052", 21), ("ORC-1052", 30), ("ORC-1052", 34)},
    "examples/score-spec-with-product-metadata.yaml": {("ORC-1052", line) for line in (22, 29, 36, 46, 51)},
    "examples/score-spec-with-vault.yaml": {("ORC-1052", line) for line in (7, 19, 23, 40)},
    "examples/score-ecommerce-backend-v2.yaml": {("ORC-1052", line) for line in (9, 28, 36)},
    "examples/score-order-service-v1.yaml": {("ORC-1052", 9), ("ORC-1052", 21)},
    "examples/dev-team-app.yaml": {("ORC-1052", 39), ("ORC-1052", 58), ("ORC-2081", 25)},
    "tests/test-nginx-alice-simple.yaml": {("ORC-1052", 8), ("ORC-1052", 32)},
    "tests/test-nginx-alice-excessive.yaml": {("ORC-1052", 8), ("ORC-1052", 46)},
    "test-nginx-alice-excessive.yaml": {("ORC-1052", 9), ("ORC-1052", 11), ("ORC-1052", 22)},
    "tests/e2e/fixtures/nginx-score.yaml": {("ORC-1052", 18)},
    "tests/e2e/fixtures/postgres-mock-app.yaml": {("ORC-1052", 7), ("ORC-1052", 15)},
    "tests/e2e/fixtures/postgres-real-app.yaml": {("ORC-1052", 7), ("ORC-1052", 17)},
    "examples/archive/example-tfe-workflow.yaml": {("ORC-1052", 19)},
    "examples/archive/score-spec-with-workflow.yaml": {("ORC-1052", 25)},
    "examples/archive/score-with-s3.yaml": set(),
    "examples/archive/spec.yaml": {
        ("ORC-1052", 10),
        ("ORC-1052", 17),
        ("ORC-2081", 99),
        ("ORC-2081", 101),
        ("ORC-2081", 153),
    },
    "examples/archive/resource-interpolation-workflow.yaml": {
        ("ORC-1052", 116),
        ("ORC-1052", 169),
        ("ORC-2081", 128),
        ("ORC-2081", 133),
        ("ORC-2081", 167),
    },
}
"""The original's Score files, and each place where they are dialect: `properties` of resources, `env` and `ports` of
containers, `environment`, `variables` and `workflows` at the top (ORC-1052), placeholders for those (ORC-2081)."""


@pytest.fixture(scope="module")
def official(corpus: Path) -> Validator:
    return Draft202012Validator(json.loads((corpus / "score" / "score-v1b1.json").read_text(encoding="utf-8")))


def _refusals(data: Any) -> list[Finding]:
    loaded = load("score.yaml", json.dumps(data).encode())
    return [one for one in loaded.findings if one.severity is Severity.ERROR or one.code is SCORE_DIALECT]


def _is_stricter(found: list[Finding]) -> bool:
    return all(any(words in one.message for words in STRICTER) for one in found)


def _workloads(folder: Path) -> Iterator[Any]:
    for path in sorted(folder.rglob("*.y*ml")):
        for document in read_yaml(path.name, path.read_bytes())[0]:
            if kind_of(document) == "Workload":
                yield document.root.plain()


def test_what_the_official_schema_refuses_is_refused_and_nothing_else(corpus: Path, official: Validator) -> None:
    chance = random.Random(2026)  # noqa: S311 - repeatable, and no secret
    different = []
    refused = compared = 0
    for data in (*_workloads(corpus / "score"), *_workloads(corpus / "innominatus")):
        for number in range(MUTATIONS_OF_A_DOCUMENT + 1):
            mutant = copy.deepcopy(data)
            if number:
                mutate(chance, mutant)
            found, is_right = _refusals(mutant), official.is_valid(mutant)
            compared += 1
            refused += not is_right
            if is_right == bool(found) and not (is_right and _is_stricter(found)):
                different.append((is_right, [one.message for one in found], json.dumps(mutant)[:300]))
    assert different == []
    assert compared > 3000
    assert compared > refused > 1000


def test_every_place_of_the_originals_dialect_is_refused(corpus: Path) -> None:
    found = {}
    for path in DIALECT:
        validation = check(CheckRequest((str(corpus / "innominatus" / path),), strict_score=True))
        errors = [one for one in validation.findings if one.severity is Severity.ERROR]
        found[path] = {
            (one.code.number, one.place.line) for one in errors if one.code.number in {"ORC-1052", "ORC-2081"}
        }
    assert found == DIALECT


def test_every_score_file_of_the_original_is_among_them(corpus: Path) -> None:
    root = corpus / "innominatus"
    paths = {path.relative_to(root).as_posix() for path in root.rglob("*.y*ml")}
    files = {path for path in paths if any(kind_of(one) == "Workload" for one in _documents(root / path))}
    assert files == DIALECT.keys()


def _documents(path: Path) -> Any:
    return read_yaml(path.name, path.read_bytes())[0]
