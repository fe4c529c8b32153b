"""How `drift`, `preview` and `resource health` ask tools, and show what they say."""

from typing import Any

from innominatus_cli.cli.output import print_document
from innominatus_cli.cli.remarks import told
from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.operations.drift import drift_of
from innominatus_cli.operations.history import open_ledger
from innominatus_cli.operations.planning import PlanWish
from innominatus_cli.operations.previewing import preview
from innominatus_cli.operations.resources.health import health_of
from innominatus_cli.operations.tool_reports import ToolReport
from innominatus_cli.reports.resource_health import health_text
from innominatus_cli.reports.terminal import to_stderr
from innominatus_cli.reports.tool_report import drift_document, drift_text, preview_text


def print_drift(application: str, environment: str | None, output: str) -> int:
    """Prints what differs; the exit status says whether something does."""
    report = drift_of(application, environment, watch=_asked)
    print_document(drift_document(report), output, lambda: drift_text(report))
    return _status(report) or (ExitStatus.FINDINGS if report.found else ExitStatus.OK)


def print_preview(wish: dict[str, Any], output: str) -> int:
    """Prints what would change; errors of the plan go to stderr."""
    planned, report = preview(PlanWish(**wish), _asked)
    told(planned.outcome.findings, planned.sources)
    if report is None:
        return planned.outcome.exit_status
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
