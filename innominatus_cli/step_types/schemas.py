"""`python -m innominatus_cli.step_types.schemas [FOLDER]` writes every JSON Schema of the project.

The pydantic models are the one truth; a test holds the files in schemas/ against them.
"""

import json
import sys
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from innominatus_cli.documents.action_record import ActionRecord
from innominatus_cli.documents.action_type import ActionTypeDocument
from innominatus_cli.documents.admin_config import AdminConfigDocument
from innominatus_cli.documents.approval_statement import ApprovalStatement
from innominatus_cli.documents.findings_report import FindingsReport
from innominatus_cli.documents.golden_path import GoldenPathDocument
from innominatus_cli.documents.ledger_heads import HeadsStatement
from innominatus_cli.documents.ledger_verification import LedgerVerification
from innominatus_cli.documents.plan import Plan
from innominatus_cli.documents.plan_analysis import PlanAnalysis
from innominatus_cli.documents.plan_explanation import PlanExplanation
from innominatus_cli.documents.plan_file import PlanFile
from innominatus_cli.documents.provider import ProviderDocument
from innominatus_cli.documents.provisioner_protocol import ProvisionerAnswer, ProvisionerRequest
from innominatus_cli.documents.remediation_workflow import RemediationWorkflowDocument
from innominatus_cli.documents.run_record import RunRecord, StepResult
from innominatus_cli.documents.schema_writing import schema_for
from innominatus_cli.documents.schemas import schemas_folder
from innominatus_cli.documents.score import WorkloadDocument
from innominatus_cli.documents.statistics import Statistics
from innominatus_cli.documents.step_type import StepTypeDocument
from innominatus_cli.documents.suite_report import SuiteReportDocument
from innominatus_cli.documents.verdict import Verdict
from innominatus_cli.documents.workflow import WorkflowDocument
from innominatus_cli.documents.workflow_policies import WorkflowPoliciesDocument
from innominatus_cli.documents.workflow_test import WorkflowTestDocument
from innominatus_cli.step_types.catalogue import STEP_TYPES

_WRITTEN_BY_PEOPLE: dict[str, tuple[type[BaseModel], str]] = {
    "workflow": (WorkflowDocument, "Workflow"),
    "golden-path": (GoldenPathDocument, "Golden path"),
    "admin-config": (AdminConfigDocument, "admin-config.yaml"),
    "workflow-policies": (WorkflowPoliciesDocument, "Workflow policies"),
    "score": (WorkloadDocument, "Score workload"),
    "provider": (ProviderDocument, "Provider"),
    "step-type": (StepTypeDocument, "Step type"),
    "workflow-test": (WorkflowTestDocument, "Tests of workflows"),
    "remediation-workflow": (RemediationWorkflowDocument, "Remediation workflow"),
    "action-type": (ActionTypeDocument, "Action type"),
}
_WRITTEN_BY_US: dict[str, tuple[type[BaseModel], str]] = {
    "findings.v1": (FindingsReport, "Findings"),
    "test-report.v1": (SuiteReportDocument, "Test report"),
    "plan.v1": (Plan, "Plan"),
    "plan-file.v1": (PlanFile, "Plan file"),
    "plan-analysis.v1": (PlanAnalysis, "Analysis of a plan"),
    "plan-explanation.v1": (PlanExplanation, "Explanation of a plan"),
    "statistics.v1": (Statistics, "Statistics"),
    "verdict.v1": (Verdict, "Verdict"),
    "run-record.v1": (RunRecord, "Run record"),
    "action-record.v1": (ActionRecord, "Action record"),
    "approval-statement.v1": (ApprovalStatement, "Approval statement"),
    "ledger-heads.v1": (HeadsStatement, "Heads statement"),
    "ledger-verification.v1": (LedgerVerification, "Verification of the ledger"),
    "provisioner-request.v1": (ProvisionerRequest, "Request to a provisioner"),
    "provisioner-answer.v1": (ProvisionerAnswer, "Answer of a provisioner"),
    "step-result.v1": (StepResult, "Step result"),
}


def every_schema() -> dict[str, dict[str, Any]]:
    """All schemas by their path below schemas/, without `.schema.json`."""
    found = {file: schema_for(model, file, title) for file, (model, title) in _WRITTEN_BY_PEOPLE.items()}
    for file, (model, title) in _WRITTEN_BY_US.items():
        found[file] = schema_for(model, file, title, written_by_people=False)
    for name, step_type in STEP_TYPES.items():
        file = f"step-types/{name}"
        found[file] = schema_for(step_type.inputs, file, f"Inputs of a step of type {name}")
        found[file]["description"] = step_type.summary
        if step_type.outputs:
            found[file]["x-outputs"] = sorted(step_type.outputs)
        if step_type.tools:
            found[file]["x-tools"] = [tool.name for tool in step_type.tools]
        found[file]["x-idempotency"] = step_type.idempotency.value
        if step_type.has_probe:
            found[file]["x-probe"] = True
        found[file]["x-rollback"] = step_type.rollback
    return found


def schema_text(schema: dict[str, Any]) -> str:
    """The text of a schema's file."""
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def main(folder: Path) -> None:
    """Writes every schema below `folder`, and removes those of step types that are gone."""
    schemas = every_schema()
    (folder / "step-types").mkdir(parents=True, exist_ok=True)
    for old in folder.rglob("*.schema.json"):
        if old.relative_to(folder).as_posix().removesuffix(".schema.json") not in schemas:
            old.unlink()
    for file, schema in schemas.items():
        (folder / f"{file}.schema.json").write_text(schema_text(schema), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else schemas_folder()))
