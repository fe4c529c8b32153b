"""Findings as a table: one line each, for `grep` and `sort`."""

from innominatus_cli.operations.validation import Validation
from innominatus_cli.reports.findings_text import summary_text
from innominatus_cli.reports.table import table_lines


def render(found: Validation) -> str:
    """Place, severity, code and message of each finding, and one line that counts them."""
    rows = [[str(one.place), one.severity.value, one.code.number, one.message] for one in found.findings]
    table = table_lines(["Place", "Severity", "Code", "Message"], rows) if rows else []
    return "".join(f"{line}\n" for line in (*table, summary_text(found.findings, found.files, found.suppressed)))
