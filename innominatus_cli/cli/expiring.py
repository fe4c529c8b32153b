"""`deprovision --expired`: one removal after the other, and what is said of them all."""

import sys
from typing import Any

import click

from innominatus_cli.cli.output import print_document
from innominatus_cli.cli.running import carry_out
from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import CannotContinue
from innominatus_cli.operations.history import open_ledger
from innominatus_cli.operations.resources.expiring import expiries
from innominatus_cli.operations.resources.removing import score_file_of
from innominatus_cli.reports.findings_text import findings_text
from innominatus_cli.reports.terminal import to_stderr, wants_colour
from innominatus_cli.system.clock import SystemClock


def remove_expired(application: str | None, output: str, given: dict[str, Any]) -> int:
    """Removes what is past its time, and returns the highest exit status. A dry run only lists it.

    Records of JSON and YAML are one document each, in the order of the removals.
    """
    now = SystemClock().now()
    there = expiries(open_ledger().store, application, given["environment"])
    past = [one for one in there if one.is_past(now)]
    if given["dry_run"] or not past:
        listed = {
            "expired": [one._asdict() for one in past],
            "others": [one._asdict() for one in there if one not in past],
        }
        print_document({"schema": "innominatus.dev/expired/v1", **listed}, output, lambda: _told(listed))
        return ExitStatus.OK
    status = 0
    for one in past:
        click.echo(f"{one.application} in {one.environment} was to stay until {one.at}", err=True)
        try:
            score = score_file_of(one.application)
            status = max(status, carry_out("undeploy-app", score, output, {**given, "environment": one.environment}))
        except CannotContinue as problem:
            to_stderr(findings_text(problem.findings, sources={}, colour=wants_colour(sys.stderr)).rstrip("\n"))
            status = max(status, ExitStatus.FINDINGS)
    return status


def _told(listed: dict[str, list[dict[str, Any]]]) -> str:
    lines = [f"{one['application']} in {one['environment']}: expired {one['at']}" for one in listed["expired"]]
    lines += [f"{one['application']} in {one['environment']}: until {one['at']}" for one in listed["others"]]
    return "".join(f"{line}\n" for line in lines or ["Nothing is there for a time."])
