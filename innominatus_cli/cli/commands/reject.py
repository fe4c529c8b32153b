"""`reject`: closes gates of a plan."""

from typing import Any

import click

from innominatus_cli.cli.deciding import decide, decision_options
from innominatus_cli.cli.output import output_option


@click.command("reject")
@decision_options
@output_option("text", "json", "yaml")
def command(output: str, **given: Any) -> int:  # noqa: ANN401 - click's own options
    r"""Reject a plan, or the plan of a run: its gates stay closed, whoever else approves.

    A rejection holds until you approve the same plan. Every member of a gate's teams may reject.

    \b
    Examples:
      innominatus-ctl reject latest --reason "not before the release on Friday"
      innominatus-ctl reject checkout.plan.json --gate environment
    """
    return decide("reject", output, given)
