"""`validate` over the Score corpus: good files pass, and every stage's bad ones are found."""

import json
from pathlib import Path
from typing import Any

import pytest

from innominatus_cli.checks.checking import check_document
from innominatus_cli.checks.placeholders import placeholders_in
from innominatus_cli.documents.loading import load
from innominatus_cli.findings.finding import Finding, Severity
from innominatus_cli.operations.checking import CheckRequest, check

LATER = {
    "invalid/generate-image-dot.yaml": "`.` is an image that the deployment gives",
    "invalid/generate-env-in-file.yaml": "which variables the environment has is known when planning",
    "invalid/generate-env-in-params.yaml": "which variables the environment has is known when planning",
}
"""Bad files whose problem only a deployment can know."""
DIALECT = {
    "invalid/derived-container-unknown-key.yaml": "'ports' of a container",
    "invalid/derived-resource-unknown-key.yaml": "'properties' of the resource",
}
"""Bad files that the house's dialect of Score allows, with a warning, and what is dialect in them."""
STRICTER = {
    "valid/edge__limits-grammar.yaml": (
        "ORC-2105",
        "it shows how amounts are written, and requests more than its limits",
    ),
    "valid/edge__yaml-multi-document.yaml": ("ORC-1030", "a second document, which upstream never reads"),
    "valid/score-compose__test-testinitandgenerate-with-files-new-files-spec-1.yaml": (
        "ORC-2091",
        "the file that the test of score-compose writes was not collected",
    ),
    "valid/score-compose__test-testinitandgenerate-with-files-old-files-spec-1.yaml": (
        "ORC-2091",
        "the file that the test of score-compose writes was not collected",
    ),
}
"""Good files in which we find an error, and why."""
POINTERS = {
    "derived-duplicate-top-level-key": ["/containers"],
    "yaml-scalar-document": [""],
    "upgrade-volume-array-no-target": ["/containers/hello/volumes"],
    "derived-placeholder-in-params-list": ["/resources/db/params/list/0/nested/deep"],
    "derived-placeholder-nested": ["/containers/main/variables/A"],
    "derived-placeholder-trailing-dot": ["/containers/main/variables/A"],
    "graph-self-cycle": ["/resources/res/params/a"],
    "graph-shared-different-metadata": ["/resources/two/metadata"],
    "graph-shared-different-params": ["/resources/two/params"],
    "semantic-074-containers-before-with-valid-ready-condition": ["/containers/hello/before/other-container"],
    "semantic-075-containers-before-with-started-ready-condition": ["/containers/hello/before/other-container"],
    "semantic-076-containers-before-with-healthy-ready-condition": ["/containers/hello/before/other-container"],
    "semantic-116-resources-is-empty": [
        "/containers/hello/files/~1etc~1hello-world~1config.yaml/content",
        "/containers/hello/volumes/~1mnt~1data/source",
    ],
    "semantic-before-multiple-unknown": ["/containers/aa/before/xx", "/containers/aa/before/yy"],
    "semantic-before-self-reference": ["/containers/aa/before/aa"],
    "semantic-before-three-node-cycle": ["/containers/aa/before/bb"],
    "semantic-before-two-node-cycle": ["/containers/aa/before/bb"],
    "semantic-before-unknown-and-cycle": ["/containers/aa/before/bb", "/containers/aa/before/ghost"],
    "semantic-before-unknown-container": ["/containers/aa/before/nonexistent"],
    "semantic-placeholder-bad-root": ["/containers/hello/variables/INVALID"],
    "semantic-placeholder-malformed-spaces": ["/containers/hello/variables/INVALID"],
    "semantic-placeholder-multiple-errors": [
        "/containers/hello/variables/VAR_ONE",
        "/containers/hello/volumes/~1mnt~1one/source",
        "/resources/res-two/params/var",
        "/containers/hello/files/~1usr~1local~1two/content",
    ],
    "semantic-placeholder-one-element": ["/containers/hello/variables/INVALID"],
    "semantic-placeholder-unknown-resource": ["/containers/hello/variables/INVALID"],
}
"""Where what upstream says without a pointer is wrong; the index has none for these stages."""
NO_DOCUMENT = ("invalid/derived-yaml-tab-indent.yaml",)
"""Not YAML at all: there is nothing that a pointer could lead to, only a line and a column."""
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


def _errors(path: Path, *, strict_score: bool = False) -> list[Finding]:
    found = check(CheckRequest((str(path),), strict_score=strict_score))
    return [one for one in found.findings if one.severity is Severity.ERROR]


@pytest.mark.parametrize("strict_score", [False, True])
def test_every_good_file_passes(score: Path, index: dict[str, Any], strict_score: bool) -> None:
    found = {
        entry["file"]: {one.code.number for one in _errors(score / entry["file"], strict_score=strict_score)}
        for entry in index["valid"]
    }
    assert {path: codes for path, codes in found.items() if codes} == {
        path: {code} for path, (code, _) in STRICTER.items()
    }


def test_every_bad_file_has_an_error_with_a_place(score: Path, index: dict[str, Any]) -> None:
    silent = [
        entry["file"] for entry in index["invalid"] if not any(one.place.line for one in _errors(score / entry["file"]))
    ]
    assert silent == sorted([*LATER, *DIALECT])


def _expected_pointers(entry: dict[str, Any]) -> list[str]:
    named: list[str] = entry.get("official_schema_pointers") or [entry.get("pointer")]
    return POINTERS[Path(entry["file"]).stem] if None in named else named


def _is_at(found: str, expected: str) -> bool:
    """The place itself, or one below it; below the document itself only a key of its own."""
    if found == expected:
        return True
    return found.startswith(f"{expected}/") and (bool(expected) or found.count("/") == 1)


def test_every_bad_file_is_refused_where_the_index_says_or_more_exactly(score: Path, index: dict[str, Any]) -> None:
    wrong = []
    compared = 0
    for entry in index["invalid"]:
        if entry["stage"] == "generate" or entry["file"] in NO_DOCUMENT:
            continue
        found = [one.place.pointer for one in _errors(score / entry["file"], strict_score=True)]
        for expected in _expected_pointers(entry):
            compared += 1
            if not any(_is_at(pointer, expected) for pointer in found):
                wrong.append((entry["file"], expected, found))
    assert wrong == []
    assert compared > 175


@pytest.mark.parametrize("name", NO_DOCUMENT)
def test_what_is_no_yaml_is_refused_at_its_line_and_column(score: Path, name: str) -> None:
    assert [(one.place.line, one.place.column) for one in _errors(score / name)] == [(3, 1)]


@pytest.mark.parametrize(
    ("stem", "code"), [("derived-name-trailing-newline", "ORC-1037"), ("derived-memory-unicode-digit", "ORC-1037")]
)
def test_what_python_takes_for_a_line_end_or_a_digit_is_none(score: Path, stem: str, code: str) -> None:
    assert [one.code.number for one in _errors(score / "invalid" / f"{stem}.yaml")] == [code]


@pytest.mark.parametrize("name", sorted(DIALECT))
def test_the_dialect_is_warned_of_and_refused_where_score_is_strict(score: Path, name: str) -> None:
    found = check(CheckRequest((str(score / name),))).findings
    assert [one.severity for one in found if one.code.number == "ORC-1052"] == [Severity.WARNING]
    assert any(DIALECT[name] in one.message for one in found if one.code.number == "ORC-1052")
    assert [one.code.number for one in _errors(score / name, strict_score=True)] == ["ORC-1052"]


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
