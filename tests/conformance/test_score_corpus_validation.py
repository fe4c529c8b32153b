"""`validate` over the Score corpus: good files pass, and every stage's bad ones are found."""

import json
from pathlib import Path
from typing import Any

import pytest

from innominatus_cli.checks.checking import check_document
from innominatus_cli.checks.placeholders import placeholders_in
from innominatus_cli.documents.loading import load
from innominatus_cli.findings.finding import Finding, Severity
from innominatus_cli.operations.validation import validate

LATER = {
    "invalid/generate-image-dot.yaml": "`.` is an image that the deployment gives",
    "invalid/generate-env-in-file.yaml": "which variables the environment has is known when planning",
    "invalid/generate-env-in-params.yaml": "which variables the environment has is known when planning",
}
"""Bad files whose problem only a deployment can know."""
DIALECT = ("invalid/derived-container-unknown-key.yaml", "invalid/derived-resource-unknown-key.yaml")
"""Bad files that the house's dialect of Score allows, with a warning."""
STRICTER = {
    "valid/edge__yaml-multi-document.yaml": "ORC-1030",
    "valid/score-compose__test-testinitandgenerate-with-files-new-files-spec-1.yaml": "ORC-2091",
    "valid/score-compose__test-testinitandgenerate-with-files-old-files-spec-1.yaml": "ORC-2091",
}
"""Good files in which we find more: a second document that upstream never reads, and files that were not collected."""
SEMANTIC = {
    "derived-placeholder-in-params-list": "ORC-2082",
    "derived-placeholder-nested": "ORC-2080",
    "derived-placeholder-trailing-dot": "ORC-2080",
    "graph-self-cycle": "ORC-2087",
    "graph-shared-different-metadata": "ORC-2088",
    "graph-shared-different-params": "ORC-2088",
    "generate-bare-resource-in-variable": "ORC-2090",
    "generate-before-healthy-no-probe": "ORC-2086",
    "generate-metadata-into-scalar": "ORC-2083",
    "generate-metadata-key-missing": "ORC-2083",
    "generate-missing-source-file": "ORC-2091",
}


@pytest.fixture(scope="module")
def score(corpus: Path) -> Path:
    return corpus / "score"


@pytest.fixture(scope="module")
def index(score: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((score / "index.json").read_text(encoding="utf-8"))
    return found


def _errors(path: Path) -> list[Finding]:
    return [one for one in validate([str(path)]).findings if one.severity is Severity.ERROR]


def test_every_good_file_passes(score: Path, index: dict[str, Any]) -> None:
    found = {entry["file"]: {one.code.number for one in _errors(score / entry["file"])} for entry in index["valid"]}
    assert {path: codes for path, codes in found.items() if codes} == {path: {code} for path, code in STRICTER.items()}


def test_every_bad_file_has_an_error_with_a_place(score: Path, index: dict[str, Any]) -> None:
    silent = [
        entry["file"] for entry in index["invalid"] if not any(one.place.line for one in _errors(score / entry["file"]))
    ]
    assert silent == sorted([*LATER, *DIALECT])


def test_the_dialect_is_warned_of(score: Path) -> None:
    for name in DIALECT:
        assert "ORC-1052" in {one.code.number for one in validate([str(score / name)]).findings}


@pytest.mark.parametrize(("stem", "code"), sorted(SEMANTIC.items()))
def test_what_the_schema_cannot_say_is_found_by_its_rule(score: Path, stem: str, code: str) -> None:
    path = score / "invalid" / f"{stem}.yaml"
    loaded = load(path.name, path.read_bytes())
    assert loaded.findings == ()
    assert code in {one.code.number for one in _errors(path)}


def test_only_what_a_deployment_knows_is_left_to_it(score: Path) -> None:
    for name in LATER:
        path = score / name
        loaded = load(path.name, path.read_bytes())
        assert [
            one for document in loaded.documents for one in check_document(document) if one.severity == "error"
        ] == []


def test_placeholders_are_those_of_the_upstream_substitution(score: Path) -> None:
    """Cutting the placeholders out of a text, and doubled dollars to one, leaves what upstream leaves."""
    vectors = json.loads((score / "vectors.json").read_text(encoding="utf-8"))["placeholders"]
    values = {"metadata": vectors["metadata"], "resources": vectors["resource_outputs"]}
    compared = 0
    for case in vectors["cases"]:
        found = list(placeholders_in(case["in"]))
        if "error" in case:
            assert any(case["error"].startswith(f"invalid ref '{one.written[2:-1]}'") for one in found), case
        elif all(one.elements for one in found):
            text, position = "", 0
            for one in found:
                value = _looked_up(values, one.elements)
                text += _undoubled(case["in"][position : one.offset]) + (
                    value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
                )
                position = one.offset + len(one.written)
            assert text + _undoubled(case["in"][position:]) == case["out"], case
            compared += 1
    assert compared > len(vectors["cases"]) // 3


def _looked_up(values: dict[str, Any], path: tuple[str, ...]) -> Any:
    found: Any = values
    for key in path:
        found = found[key]
    return found


def _undoubled(text: str) -> str:
    return text.replace("$$", "$")
