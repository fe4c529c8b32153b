"""`scale`: how many replicas a workload has, until the next deployment."""

from typing import Any

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.by_hand import hand_options
from innominatus_cli.cli.environments import ENVIRONMENT
from innominatus_cli.cli.output import output_option, print_document


@click.command("scale")
@click.argument("application", metavar="APP", shell_complete=offers.applications)
@click.argument("workload", metavar="[WORKLOAD]", required=False, shell_complete=offers.workloads)
@click.option("--replicas", metavar="N", type=click.IntRange(0, 10_000), required=True, help="How many; 0 stops it.")
@click.option("--env", "environment", metavar="ENV", type=ENVIRONMENT, help="Else the last one.")
@hand_options
@output_option("text", "json", "yaml")
def command(
    application: str,
    workload: str | None,
    replicas: int,
    environment: str | None,
    output: str,
    **given: Any,  # noqa: ANN401 - see HandOptions
) -> int:
    r"""Let a workload that is deployed have N replicas, and wait until they are ready; who did is recorded.

    Which cluster and object is told by the record of the last deployment. Policies and approvals are those of a run: a
    missing approval ends it with 6, and `approve` takes what that left. The next plan warns of it, and a deployment
    that says how many replicas there are puts that number back.

    \b
    Examples:
      innominatus-ctl scale checkout-service --replicas 3 --env staging
      innominatus-ctl scale checkout-service payment-gateway --replicas 0 --reason "cost"
    """
    from innominatus_cli.cli.remarks import told
    from innominatus_cli.operations.history import open_ledger
    from innominatus_cli.operations.resources.by_hand import scale
    from innominatus_cli.operations.resources.permission import HandOptions
    from innominatus_cli.reports.by_hand import scale_text

    done = scale(open_ledger(), application, workload, replicas, environment, HandOptions(**given))
    print_document(done.document, output, lambda: scale_text(done.document))
    return told(done.findings)
