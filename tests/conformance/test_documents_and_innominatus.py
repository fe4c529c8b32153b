"""Every file of the original's repository: its kind, and whether it loads, as the corpus' index says."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from innominatus_cli.documents.admin_config import AdminConfigDocument
from innominatus_cli.documents.golden_path import GoldenPathDocument
from innominatus_cli.documents.loading import Loaded, load
from innominatus_cli.documents.provider import ProviderDocument
from innominatus_cli.documents.score import WorkloadDocument
from innominatus_cli.documents.typed import Typed, typed_or_findings
from innominatus_cli.documents.workflow import WorkflowDocument
from innominatus_cli.documents.workflow_policies import WorkflowPoliciesDocument
from innominatus_cli.findings.catalogue import document as codes
from innominatus_cli.findings.finding import Severity, has_errors

KINDS = {
    "platform-workflow": {"PlatformWorkflow"},
    "product-workflow": {"ProductWorkflow"},
    "workflow-spec": {"Workflow"},
    "workflow-flat": {"Workflow"},
    "workflow-multidoc": {"Workflow", "Workload"},
    "workflow-policies": {"WorkflowPolicies"},
    "admin-config": {"AdminConfig"},
    "provider": {"Provider"},
    "platform-manifest": {"Provider"},
    "goldenpaths": {"GoldenPath"},
    "goldenpaths-empty": set(),
    "score": {"Workload"},
    "not-ours": {""},
    "ansible-playbook": {""},
}
MODELS: dict[str, type[BaseModel]] = {
    "PlatformWorkflow": WorkflowDocument,
    "ProductWorkflow": WorkflowDocument,
    "Workflow": WorkflowDocument,
    "WorkflowPolicies": WorkflowPoliciesDocument,
    "AdminConfig": AdminConfigDocument,
    "Provider": ProviderDocument,
    "GoldenPath": GoldenPathDocument,
    "Workload": WorkloadDocument,
}
WRONG = {
    "examples/archive/spec.yaml": {"initialDelaySeconds", "periodSeconds"},
    "examples/archive/resource-interpolation-workflow.yaml": {"'containers'"},
}
"""The files of the corpus whose shape is wrong, with words of their errors."""


@pytest.fixture(scope="module")
def index(corpus: Path) -> Any:
    return json.loads((corpus / "innominatus" / "index.json").read_text())


def loaded(corpus: Path, file: str) -> Loaded:
    return load(file, (corpus / "innominatus" / file).read_bytes())


def test_every_file_is_of_the_kind_that_the_index_says(corpus: Path, index: Any) -> None:
    wrong = []
    for entry in index:
        kinds = {document.kind for document in loaded(corpus, entry["file"]).documents}
        if kinds != KINDS[entry["category"]]:
            wrong.append((entry["file"], kinds))
    assert wrong == []
    assert len(index) >= 65


def test_every_right_file_loads_and_makes_a_model(corpus: Path, index: Any) -> None:
    for entry in index:
        found = loaded(corpus, entry["file"])
        if entry["file"] in WRONG:
            continue
        assert not has_errors(found.findings), (entry["file"], found.findings)
        for document in found.documents:
            if document.kind:
                outcome = typed_or_findings(document, MODELS[document.kind])
                assert isinstance(outcome, Typed), (entry["file"], outcome)


@pytest.mark.parametrize("file", sorted(WRONG))
def test_wrong_files_get_findings_with_places(corpus: Path, file: str) -> None:
    errors = [f for f in loaded(corpus, file).findings if f.severity is Severity.ERROR]
    assert errors
    for words in WRONG[file]:
        assert any(words in finding.message for finding in errors)
    assert all(finding.place.line and finding.place.column for finding in errors)


def test_the_commented_out_golden_paths_are_no_error(corpus: Path) -> None:
    (finding,) = loaded(corpus, "goldenpaths.yaml").findings
    assert finding.code is codes.EMPTY
    assert finding.severity is Severity.INFO


def test_no_file_of_others_gets_a_word(corpus: Path, index: Any) -> None:
    for entry in index:
        if entry["category"] in {"not-ours", "ansible-playbook"}:
            assert loaded(corpus, entry["file"]).findings == (), entry["file"]


def test_nothing_of_a_multi_document_file_is_lost(corpus: Path) -> None:
    documents = loaded(corpus, "examples/archive/resource-interpolation-workflow.yaml").documents
    assert [document.index for document in documents] == [0, 1, 2, 3, 4]
    first = documents[0].mapping.mapping("spec")
    assert first.mapping("variables").text("APP_NAME") == "myapp"
    assert len(first.sequence("steps")) == 3
