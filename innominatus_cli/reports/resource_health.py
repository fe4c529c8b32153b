"""What `resource health` prints."""

from innominatus_cli.documents.words import counted
from innominatus_cli.operations.resources.health import HealthReport
from innominatus_cli.reports.table import table_lines

_COLUMNS = ("Application", "Environment", "Resource", "Type", "State", "Health", "Message")


def health_text(report: HealthReport) -> str:
    """A line a resource, and how many are not well."""
    if not report.rows:
        return "The records know nothing that is there.\n"
    rows = [
        (row.application, row.environment, row.object, row.type, row.state, row.health, row.problem or row.message)
        for row in report.rows
    ]
    told = f"{counted(len(report.rows), 'resource')} asked, {report.ill} not well"
    if report.problems:
        told += f", {report.problems} could not say"
    return "".join(f"{line}\n" for line in (*table_lines(_COLUMNS, rows), told))
