"""From documents to models: errors of a model stand where the document is wrong."""

import pytest
from pydantic import BaseModel

from innominatus_cli.documents.admin_config import AdminConfigDocument
from innominatus_cli.documents.canonical import canonical_json
from innominatus_cli.documents.model import Text
from innominatus_cli.documents.nodes import Document
from innominatus_cli.documents.remediation_workflow import ComputeResources
from innominatus_cli.documents.typed import Typed, data_of, typed, typed_or_findings
from innominatus_cli.documents.yaml_reader import read_yaml
from innominatus_cli.findings.catalogue.document import INVALID_VALUE


def document(text: str) -> Document:
    return read_yaml("f.yaml", text.encode())[0][0]


def test_a_model_comes_with_its_document() -> None:
    source = document("limits: {max_parallel: 3}\nadmin: {splunkIndex: x}")
    outcome = typed(source, AdminConfigDocument)
    assert outcome.model.limits.max_parallel == 3
    assert outcome.document is source


def test_what_a_model_refuses_becomes_findings_at_their_places() -> None:
    outcome = typed_or_findings(
        document("limits:\n  platform: 0\n  product: x\nteams: {a: {members: [1]}}\n"), AdminConfigDocument
    )
    assert isinstance(outcome, list)
    assert {finding.code for finding in outcome} == {INVALID_VALUE}
    assert sorted((f.place.pointer, f.place.line) for f in outcome) == [
        ("/limits/platform", 2),
        ("/limits/product", 3),
        ("/teams/a/members/0", 4),
    ]


def test_asking_for_the_model_of_a_wrong_document_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="platform"):
        typed(document("limits: {platform: 0}"), AdminConfigDocument)


class Example(BaseModel):
    text: Text
    number: float
    whole: int
    flag: bool
    anything: object = None


def test_numbers_stay_numbers_and_texts_keep_their_writing() -> None:
    source = document("{text: 1.10, number: 1.10, whole: 0010, flag: True, anything: [0777, 1e2]}")
    outcome = typed_or_findings(source, Example)
    assert isinstance(outcome, Typed)
    assert (outcome.model.text, outcome.model.number, outcome.model.whole) == ("1.10", 1.1, 10)
    assert outcome.model.anything == [777, 100.0]


def test_numbers_that_remember_their_text_are_the_same_json() -> None:
    assert canonical_json(data_of(document("[1.10, 0777, 1e2, 5, 2.5]").root)) == b"[1.1,777,100,5,2.5]"


@pytest.mark.parametrize(
    ("request_", "limit", "fits"),
    [
        ("500m", "1", True),
        ("2", "1", False),
        ("1Gi", "1G", False),
        ("1G", "1Gi", True),
        ("1e3", "1k", True),
        (2, "2", True),
    ],
)
def test_requests_are_compared_with_limits_exactly(request_: str | int, limit: str, fits: bool) -> None:
    resources = ComputeResources(requests={"x": request_}, limits={"x": limit})
    if fits:
        resources.check()
    else:
        with pytest.raises(ValueError, match="more than"):
            resources.check()
