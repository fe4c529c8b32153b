"""The result of `test` as data: one versioned shape, `innominatus.dev/test-report/v1` (documents.suite_report)."""

from typing import Any, Final

from innominatus_cli.operations.testing.coverage import Branch, Coverage, Share
from innominatus_cli.operations.testing.running import CaseOutcome, SuiteReport
from innominatus_cli.reports.findings_json import finding_data

SCHEMA: Final = "innominatus.dev/test-report/v1"


def suite_document(report: SuiteReport) -> dict[str, Any]:
    """Every test with its failures, what is wrong outside of them, and the coverage where it was asked for."""
    failed = sum(not outcome.passed for outcome in report.outcomes)
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "passed": report.passed,
        "summary": {
            "tests": len(report.outcomes),
            "passed": len(report.outcomes) - failed,
            "failed": failed,
            "errors": len(report.errors),
            "warnings": len(report.findings) - len(report.errors),
        },
        "duration_ms": report.duration_ms,
        "tests": [_test(outcome) for outcome in report.outcomes],
        "findings": [finding_data(finding) for finding in report.findings],
        "written": list(report.written),
        "removed": list(report.removed),
    }
    if report.coverage is not None:
        document["coverage"] = coverage_data(report.coverage)
    return document


def coverage_data(coverage: Coverage) -> dict[str, Any]:
    """The coverage: shares, and for each step and policy in how many tests each branch was seen."""
    return {
        "total": _share(coverage.total),
        "workflows": _share(coverage.of_workflows),
        "branches": _share(coverage.of_branches),
        "policies": _share(coverage.of_policies),
        "by_workflow": [
            {
                "workflow": flow.identity,
                "tier": flow.tier,
                "path": flow.path,
                "line": flow.line,
                "tests": flow.tests,
                "steps": [
                    {"step": step.name, "line": step.line, "branches": _branches(step.branches)} for step in flow.steps
                ],
            }
            for flow in coverage.workflows
        ],
        "by_policy": [
            {
                "policy": policy.key,
                "path": policy.place.path,
                "line": policy.place.line,
                "outcomes": _branches(policy.branches),
            }
            for policy in coverage.policies
        ],
    }


def _test(outcome: CaseOutcome) -> dict[str, Any]:
    return {
        "name": outcome.name,
        "description": outcome.description,
        "path": outcome.path,
        "line": outcome.place.line,
        "passed": outcome.passed,
        "duration_ms": outcome.duration_ms,
        "failures": [finding_data(finding) for finding in outcome.failures],
        "diff": outcome.diff,
    }


def _share(share: Share) -> dict[str, Any]:
    return {"covered": share.covered, "total": share.total, "percent": round(share.percent, 1)}


def _branches(branches: tuple[Branch, ...]) -> dict[str, int]:
    return {branch.word: branch.tests for branch in branches}
