"""`delete`: `deprovision` by the name that people look for first."""

from typing import Any

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.output import output_option
from innominatus_cli.cli.running import carry_out, run_options


@click.command("delete")
@click.argument("application", metavar="APP", shell_complete=offers.applications)
@run_options
@output_option("text", "json", "yaml")
def command(application: str, output: str, **given: Any) -> int:  # noqa: ANN401 - click's own options
    r"""Remove an application's containers and resources; the same as `deprovision`. Its records and Score file stay.

    \b
    Examples:
      innominatus-ctl delete checkout-service --env development
      innominatus-ctl delete checkout-service --env development --dry-run
    """
    from innominatus_cli.findings.exit_status import ExitStatus
    from innominatus_cli.operations.resources.removing import score_file_of
    from innominatus_cli.reports.terminal import to_stderr

    status = carry_out("undeploy-app", score_file_of(application), output, {**given, "plan_file": None})
    if status == ExitStatus.OK and not given["dry_run"]:
        to_stderr(f"Its records stay (`innominatus-ctl history {application}`), and so does its Score file.")
    return status
