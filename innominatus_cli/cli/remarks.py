"""Findings beside a result: on stderr, and as the exit status."""

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import Finding, Severity

if TYPE_CHECKING:
    from innominatus_cli.operations.history import Data, OpenLedger


def tell_interrupted(
    ledger: "OpenLedger",
    application: str | None = None,
    environment: str | None = None,
    rows: "Sequence[Data] | None" = None,
    *,
    waiting: bool = False,
) -> None:
    """Prints a line to stderr for each run that was interrupted there, with the command that goes on with it.

    `rows` are the runs that the command has read, if it has. With `waiting` runs that wait for somebody are told too.
    """
    from innominatus_cli.operations.interrupted import interrupted_runs  # noqa: PLC0415 - few commands tell
    from innominatus_cli.reports.interrupted import interrupted_lines  # noqa: PLC0415
    from innominatus_cli.reports.terminal import to_stderr  # noqa: PLC0415

    to_stderr(*interrupted_lines(interrupted_runs(ledger, application, environment, rows, waiting=waiting)))


def told(findings: Sequence[Finding], sources: Mapping[str, str] | None = None, *, remarks: bool = False) -> int:
    """Prints findings to stderr and returns the exit status of the first error, 0 where there is none.

    Findings of severity `info` are printed with `remarks` only.
    """
    findings = [finding for finding in findings if remarks or finding.severity is not Severity.INFO]
    if not findings:
        return int(ExitStatus.OK)
    from innominatus_cli.reports.findings_text import findings_text  # noqa: PLC0415 - most results have no findings
    from innominatus_cli.reports.terminal import to_stderr, wants_colour  # noqa: PLC0415

    shown = findings_text(findings, sources=sources, colour=wants_colour(sys.stderr))
    to_stderr(shown.rstrip("\n"))
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    first = min(errors, key=lambda finding: finding.sort_key, default=None)
    return int(ExitStatus.OK if first is None else first.code.exit_status)
