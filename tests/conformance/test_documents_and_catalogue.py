"""Every file of the catalogue corpus that is right loads; every one of a wrong shape has findings with places."""

import json
from pathlib import Path
from typing import Any

import pytest

from innominatus_cli.documents.kinds import not_ours
from innominatus_cli.documents.loading import load
from innominatus_cli.findings.finding import Finding, Severity

BEYOND_STRUCTURE = {
    "invalid/e2e-E2E-AT-3XX-DENY.yaml",  # the action type does not exist: a rule of the catalogue
    "invalid/e2e-E2E-CRD-3XX-FORMAT-a.yaml",  # a free version, which upstream's parser takes: a strict rule
}


@pytest.fixture(scope="module")
def entries(corpus: Path) -> Any:
    return json.loads((corpus / "catalog" / "index.json").read_text())["entries"]


def errors_of(corpus: Path, file: str) -> list[Finding]:
    found = load(file, (corpus / "catalog" / file).read_bytes())
    strangers = [not_ours(document) for document in found.documents if not document.kind]
    ours = [document for document in found.documents if document.kind]
    return [f for f in found.findings if f.severity is Severity.ERROR] + ([] if ours else strangers)


def is_right(entry: Any) -> bool:
    part = entry["file"].partition("/")[0]
    return part in {"valid", "actiontypes"} or (part in {"lenient", "conflict"} and bool(entry["parser"]["ok"]))


def test_every_right_file_loads(corpus: Path, entries: Any) -> None:
    right = [entry["file"] for entry in entries if is_right(entry)]
    assert [(file, errors) for file in right if (errors := errors_of(corpus, file))] == []
    assert len(right) >= 110


def test_every_file_of_a_wrong_shape_has_findings_with_places(corpus: Path, entries: Any) -> None:
    wrong = [e["file"] for e in entries if not is_right(e) and e["file"] not in BEYOND_STRUCTURE]
    assert [file for file in wrong if not errors_of(corpus, file)] == []
    assert len(wrong) >= 50
    for file in wrong:
        assert all(f.place.line and f.place.column for f in errors_of(corpus, file)), file


def test_what_is_beyond_structure_loads(corpus: Path) -> None:
    assert [file for file in sorted(BEYOND_STRUCTURE) if errors_of(corpus, file)] == []
