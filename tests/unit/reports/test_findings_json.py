"""The versioned shape of findings for programs."""

import json

from innominatus_cli.findings.catalogue.workflow import DUPLICATE_STEP_NAME, MISSING_OWNER
from innominatus_cli.findings.finding import Finding, Place, Related
from innominatus_cli.reports.findings_json import findings_document


def test_the_document_has_its_schema_sorted_findings_and_a_summary() -> None:
    first = Finding(MISSING_OWNER, "no owner", Place("a.yaml", 1, 1))
    second = Finding(
        DUPLICATE_STEP_NAME,
        "twice",
        Place("b.yaml", 4, 9, 4, 14, "/spec/steps/1/name"),
        related=(Related("here", Place("b.yaml", 2, 9)),),
    )
    document = json.loads(json.dumps(findings_document([second, first], 2)))
    assert document["schema"] == "innominatus.dev/findings/v1"
    assert document["summary"] == {"errors": 1, "warnings": 1, "infos": 0, "files": 2, "suppressed": 0}
    assert [finding["code"] for finding in document["findings"]] == ["ORC-2021", "ORC-2001"]
    assert document["findings"][1] == {
        "code": "ORC-2001",
        "severity": "error",
        "title": DUPLICATE_STEP_NAME.title,
        "message": "twice",
        "path": "b.yaml",
        "line": 4,
        "column": 9,
        "end_line": 4,
        "end_column": 14,
        "pointer": "/spec/steps/1/name",
        "help": DUPLICATE_STEP_NAME.remedy,
        "help_page": "docs/reference/findings.md#orc-2001",
        "related": [
            {
                "message": "here",
                "path": "b.yaml",
                "line": 2,
                "column": 9,
                "end_line": 0,
                "end_column": 0,
                "pointer": "",
            }
        ],
        "fix": None,
    }
