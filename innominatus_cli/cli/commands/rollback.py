"""`rollback`: a run that takes back what another one did."""

from typing import Any

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.environments import ENVIRONMENT
from innominatus_cli.cli.output import Duration, output_option


@click.command("rollback")
@click.argument("wanted", metavar="RUN|APP", shell_complete=offers.runs_or_applications)
@click.option("--to", metavar="RUN", shell_complete=offers.runs, help="Take back every run behind this one.")
@click.option("--env", "environment", type=ENVIRONMENT, help="The environment of APP.")
@click.option("--assume", "assumed", multiple=True, metavar="STEP=done|not-done", help="Say what a step in doubt did.")
@click.option("--timeout", type=Duration(), help="Stop what runs after this long, as in 90s, 30m, 1h30m.")
@click.option("--policies-from", metavar="REV", help="Judge by the policies of another revision.")
@click.option("--dry-run", is_flag=True, help="Show what would be taken back; run and record nothing.")
@click.option("--no-commit", is_flag=True, help="Write the record without committing it.")
@click.option("--push", is_flag=True, help="Push the record's commit.")
@output_option("text", "json", "yaml")
def command(wanted: str, output: str, **given: Any) -> int:  # noqa: ANN401 - click's own options
    r"""Take back what a run did: every step that started, in reverse order, with the inputs that its record says.

    RUN is the id of a run, the start of one, or `latest`; APP an application, whose last run that still stands is
    meant. A rollback is a run of its own: judged by policies, journaled and recorded. What an earlier rollback of the
    same run has taken back is not taken back again.

    \b
    Examples:
      innominatus-ctl rollback checkout --dry-run
      innominatus-ctl rollback 01JD
      innominatus-ctl rollback latest
      innominatus-ctl rollback checkout --env staging --to 01JB
    """
    from innominatus_cli.cli.rolling_back import carry_out

    return carry_out(wanted, output, given)
