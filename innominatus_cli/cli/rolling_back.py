"""What `rollback` does with its options: wishes in, reports out."""

import os
import sys
from typing import Any

import click

from innominatus_cli.cli.output import print_document, print_for_people
from innominatus_cli.findings.finding import Severity
from innominatus_cli.operations.rolling_back import RollbackWish, roll_back
from innominatus_cli.operations.running import RunOptions, RunReport
from innominatus_cli.reports.findings_text import findings_text
from innominatus_cli.reports.rollback_text import rollback_document, rollback_lines
from innominatus_cli.reports.run_progress import progress_for
from innominatus_cli.reports.terminal import to_stderr, wants_colour
from innominatus_cli.system.clock import SystemClock

_ANSWERS = {"done": True, "not-done": False}


def carry_out(wanted: str, output: str, given: dict[str, Any]) -> int:
    """Rolls back, tells how it goes on stderr and what came of it on stdout, and returns the exit status."""
    wish = RollbackWish(wanted, given["to"], given["environment"], _assumptions(given["assumed"]))
    options = RunOptions(
        timeout_seconds=given["timeout"],
        policies_from=given["policies_from"],
        dry_run=given["dry_run"],
        commit=not given["no_commit"],
        push=given["push"],
    )
    reports = roll_back(".", SystemClock(), wish, options, progress_for(sys.stderr, os.environ))
    for report in reports:
        _tell(report)
    colour = wants_colour(sys.stdout)
    lines = [line for report in reports for line in rollback_lines(report, colour=colour)]
    if not reports:
        lines = ["Nothing stands that could be rolled back."]
    if output == "text":
        print_for_people("".join(f"{line}\n" for line in lines))
    else:
        print_document(rollback_document(reports), output, str)
    return max((report.exit_status for report in reports), default=0)


def _assumptions(texts: tuple[str, ...]) -> dict[str, bool]:
    found: dict[str, bool] = {}
    for text in texts:
        step, _, answer = text.rpartition("=")
        if not step or answer not in _ANSWERS:
            raise click.UsageError(f"--assume {text}: write STEP=done or STEP=not-done")
        found[step] = _ANSWERS[answer]
    return found


def _tell(report: RunReport) -> None:
    told = [finding for finding in report.everything() if finding.severity is not Severity.INFO]
    if told:
        to_stderr(findings_text(told, sources=report.sources, colour=wants_colour(sys.stderr)).rstrip("\n"))
