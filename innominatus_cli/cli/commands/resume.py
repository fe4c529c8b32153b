"""`resume`: go on with an earlier run."""

from typing import Any

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.output import output_option
from innominatus_cli.cli.running import execution_options, go_on


@click.command("resume")
@click.argument("run", metavar="RUN", shell_complete=offers.runs)
@click.option("--assume", multiple=True, metavar="STEP=done|not-done", help="Decide about a step in doubt.")
@click.option("--accept-changes", is_flag=True, help="Plan anew where sources of the plan have changed.")
@click.option("--take-over", is_flag=True, help="Go on though another clone may have gone on with the run.")
@execution_options
@output_option("text", "json", "yaml")
def command(run: str, assume: tuple[str, ...], output: str, **given: Any) -> int:  # noqa: ANN401 - options
    r"""Go on with a run that was killed, failed, was interrupted, or waits: a new run, by the plan of the earlier one.

    What succeeded keeps its result and is not run again. A step that was running when its run was killed follows its
    `idempotency`: `convergent` runs again, `check` asks its probe, `once` waits for your word (exit 76). RUN is an id,
    the start of one that no other run shares, or `latest`; a whole id may be one that only the remote has.

    \b
    Examples:
      innominatus-ctl resume latest
      innominatus-ctl resume 01JD --assume run-migrations=done
      innominatus-ctl resume 01JD --accept-changes
    """
    from innominatus_cli.operations.resuming import ResumeWish

    accept_changes, take_over = given.pop("accept_changes"), given.pop("take_over")
    return go_on(ResumeWish(run, assume, accept_changes, take_over=take_over), output, given)
