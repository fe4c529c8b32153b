"""What `drift` and `preview` print."""

from typing import Any, Final

from innominatus_cli.documents.words import counted
from innominatus_cli.operations.tool_reports import ToolReport
from innominatus_cli.reports.table import table_lines

SCHEMA: Final = "innominatus.dev/tool-report/v1"


def drift_document(report: ToolReport) -> dict[str, Any]:
    """The report as data, for `-o json` and its like."""
    return {
        "schema": SCHEMA,
        "application": report.application,
        "environment": report.environment,
        "run": report.run,
        "found": report.rows,
        "unasked": report.unasked,
    }


def drift_text(report: ToolReport) -> str:
    """The differences as a table, and how many steps were asked."""
    what = f"{report.application} in {report.environment}"
    rows = [(row["object"], row["problem"] or row.get("what", ""), row["step"]) for row in report.rows]
    table = "\n".join(table_lines(("Object", "What", "Step"), rows)) + "\n" if rows else ""
    end = f"{what}: {counted(report.found, 'difference')}" if report.found else f"{what}: no drift"
    return table + _end(end, report)


def preview_text(report: ToolReport) -> str:
    """The changes as a table, and how many steps were asked."""
    rows = [(row.get("action", "?"), row["object"] or row["problem"], row["step"]) for row in report.rows]
    table = "\n".join(table_lines(("Action", "Object", "Step"), rows)) + "\n" if rows else ""
    what = f"{report.application} in {report.environment}: {counted(report.found, 'change')}"
    return table + _end(what, report)


def _end(what: str, report: ToolReport) -> str:
    asked = f"{counted(len(report.answers), 'step')} asked"
    problems = f", {report.problems} of them could not say" if report.problems else ""
    unasked = f", {report.unasked} of types that cannot say" if report.unasked else ""
    return f"{what} ({asked}{problems}{unasked})\n"
