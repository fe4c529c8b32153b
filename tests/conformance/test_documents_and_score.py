"""Every file of the Score corpus: right ones load and normalise as upstream does, wrong ones are refused in place."""

import json
from pathlib import Path
from typing import Any

import pytest

from innominatus_cli.documents.kinds import not_ours
from innominatus_cli.documents.loading import Loaded, load
from innominatus_cli.documents.score import WorkloadDocument
from innominatus_cli.documents.typed import Typed, typed_or_findings
from innominatus_cli.findings.catalogue.document import SCORE_DIALECT
from innominatus_cli.findings.finding import Finding, Severity

STRUCTURE_STAGES = {"yaml", "precheck", "upgrade", "schema"}


@pytest.fixture(scope="module")
def index(corpus: Path) -> Any:
    return json.loads((corpus / "score" / "index.json").read_text())


def loaded(corpus: Path, file: str) -> Loaded:
    return load(file, (corpus / "score" / file).read_bytes())


def refusals(found: Loaded) -> list[Finding]:
    """Errors, and what `--strict-score` makes errors of; a file of no kind, as when the user names it."""
    strict = [f for f in found.findings if f.severity is Severity.ERROR or f.code is SCORE_DIALECT]
    return strict if any(d.kind for d in found.documents) else strict + [not_ours(d) for d in found.documents]


def test_every_right_file_loads_and_makes_a_model(corpus: Path, index: Any) -> None:
    problems = []
    for entry in index["valid"]:
        found = loaded(corpus, entry["file"])
        wrong = refusals(found)
        outcome = typed_or_findings(found.documents[0], WorkloadDocument)
        if wrong or not isinstance(outcome, Typed):
            problems.append((entry["file"], wrong, outcome))
    assert problems == []
    assert len(index["valid"]) >= 120


def test_every_right_file_normalises_as_upstream_normalises_it(corpus: Path, index: Any) -> None:
    problems = []
    for entry in index["valid"]:
        expected = json.loads((corpus / "score" / entry["normalized"]).read_text())
        if entry["file"] == "valid/edge__metadata-arbitrary.yaml":
            expected["metadata"]["when"] = "2024-01-01"  # a date is text in YAML 1.2; upstream makes a time of it
        if loaded(corpus, entry["file"]).documents[0].root.plain() != expected:
            problems.append(entry["file"])
    assert problems == []


def test_every_file_of_a_wrong_shape_is_refused(corpus: Path, index: Any) -> None:
    entries = [entry for entry in index["invalid"] if entry["stage"] in STRUCTURE_STAGES]
    silent = [entry["file"] for entry in entries if not refusals(loaded(corpus, entry["file"]))]
    assert silent == []
    assert len(entries) >= 150


def test_every_refusal_has_a_line_and_a_column(corpus: Path, index: Any) -> None:
    for entry in index["invalid"]:
        for finding in refusals(loaded(corpus, entry["file"])):
            assert finding.place.line, finding
            assert finding.place.column, finding
            assert finding.help


def test_what_is_wrong_beyond_the_shape_is_left_to_the_rules(corpus: Path, index: Any) -> None:
    entries = [entry for entry in index["invalid"] if entry["stage"] not in STRUCTURE_STAGES]
    assert [entry["file"] for entry in entries if refusals(loaded(corpus, entry["file"]))] == []
    assert entries
