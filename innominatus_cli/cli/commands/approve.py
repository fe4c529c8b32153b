"""`approve`: opens gates of a plan."""

from typing import Any

import click

from innominatus_cli.cli.deciding import decide, decision_options
from innominatus_cli.cli.output import output_option


@click.command("approve")
@decision_options
@output_option("text", "json", "yaml")
def command(output: str, **given: Any) -> int:  # noqa: ANN401 - click's own options
    r"""Approve a plan, or the plan of a run that waits: sign a statement of it, and put that into the ledger.

    PLAN is a file of `plan --out` or the digest of a plan in the ledger. The approval is for every gate whose teams you
    are in. It is written only where it counts: you are a member, your signature holds, you neither run the plan nor
    have changed what it is made from.

    \b
    Examples:
      innominatus-ctl approve latest
      innominatus-ctl approve 01JD --gate deploy-application --reason "load test is green" --push
      innominatus-ctl approve checkout.plan.json --key ~/.ssh/id_ed25519
      innominatus-ctl approve 01JD --gpg
      innominatus-ctl approve 01JD --token token.jwt --policies-from origin/main
    """
    return decide("approve", output, given)
