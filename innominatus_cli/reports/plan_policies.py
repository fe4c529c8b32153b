"""What policies say beside a plan: what refuses its run, and which approvals it waits for."""

from typing import Any

from innominatus_cli.documents.verdict import ReportedFinding
from innominatus_cli.operations.plan_judgement import PlanJudgement
from innominatus_cli.policies.gates import ENVIRONMENT
from innominatus_cli.reports.terminal import one_line


def policies_document(judged: PlanJudgement) -> dict[str, Any]:
    """As data without a time, so that the same plan gives the same bytes: `outcome` is allowed, waits or refused."""
    outcome = "refused" if judged.refused else "waits" if judged.waits else "allowed"
    return {
        "outcome": outcome,
        "refused": [ReportedFinding.of(finding).as_json() for finding in judged.refused],
        "approvals": [
            {
                "gate": state.gate.id,
                "teams": list(state.gate.teams),
                "quorum": state.gate.quorum,
                "approved": len(state.counted),
                "rejected": bool(state.rejections),
            }
            for state in judged.closed
        ],
    }


def policy_lines(judged: PlanJudgement) -> list[str]:
    """For people; nothing where a run may start and meets no closed gate."""
    lines = []
    if judged.refused:
        lines.append("Policies refuse it: no step would run.")
        lines += [f"  {one.code.number} {one_line(one.message)} ({one.place})" for one in judged.refused]
    whole = [state for state in judged.closed if state.gate.id == ENVIRONMENT]
    parts = [state for state in judged.closed if state.gate.id != ENVIRONMENT]
    if whole:
        lines += ["It waits for an approval: no step would run before.", *(f"  {one_line(one.lacks)}" for one in whole)]
    if parts:
        lines += ["On its way it waits for:", *(f"  {one_line(one.lacks)}" for one in parts)]
    return lines
