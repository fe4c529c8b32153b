"""How `drift`, `preview` and `resource health` ask tools, and show what they say."""

from typing import Any

from innominatus_cli.cli.output import print_document
from innominatus_cli.cli.remarks import tell_interrupted, told
from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.operations.drift import drift_of
from innominatus_cli.operations.history import open_ledger
from innominatus_cli.operations.planning import PlanWish
from innominatus_cli.operations.previewing import preview
from innominatus_cli.operations.resources.health import health_of
from innominatus_cli.operations.tool_reports import ToolReport
from innominatus_cli.reports.plan_policies import policy_lines
from innominatus_cli.reports.resource_health import health_text
from innominatus_cli.reports.terminal import to_stderr
from innominatus_cli.reports.tool_report import drift_document, drift_text, preview_text


def print_drift(application: str, environment: str | None, output: str) -> int:
    """Prints what differs; the exit status says whether something does."""
    tell_interrupted(open_ledger(), application, environment)
    report = drift_of(application, environment, watch=_asked)
    print_document(drift_document(report), output, lambda: drift_text(report))
    return _status(report) or (ExitStatus.FINDINGS if report.found else ExitStatus.OK)


def print_preview(wish: dict[str, Any], output: str) -> int:
    """Prints what would change; errors of the plan, and what policies refuse of it, go to stderr."""
    planned, report = preview(PlanWish(**wish), _asked)
    judged = planned.judged
    told((*planned.outcome.findings, *(judged.findings if judged else ())), planned.sources)
    for line in policy_lines(judged) if judged else ():
        to_stderr(line)
    if report is None:
        return ExitStatus.POLICY_REFUSED if judged and judged.refused else planned.outcome.exit_status
    plan = planned.outcome.plan
    if plan is not None:
        tell_interrupted(open_ledger(), plan.application.name, plan.environment)
    print_document(drift_document(report), output, lambda: preview_text(report))
    return _status(report)


def print_health(word: str | None, environment: str | None, output: str) -> int:
    """Prints how everything is; the exit status says whether all is well."""
    report = health_of(open_ledger(), word, environment, _asked)
    print_document(report.document, output, lambda: health_text(report))
    if report.problems:
        return ExitStatus.RUN_FAILED
    return ExitStatus.FINDINGS if report.ill else ExitStatus.OK


def _asked(step: str) -> None:
    to_stderr(f"asked {step}")


def _status(report: ToolReport) -> int:
    return ExitStatus.RUN_FAILED if report.problems else ExitStatus.OK
