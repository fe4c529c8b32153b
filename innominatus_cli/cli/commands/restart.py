"""`restart`: the same pods anew."""

from typing import Any

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.by_hand import hand_options
from innominatus_cli.cli.environments import ENVIRONMENT
from innominatus_cli.cli.output import output_option, print_document


@click.command("restart")
@click.argument("application", metavar="APP", shell_complete=offers.applications)
@click.argument("workload", metavar="[WORKLOAD]", required=False, shell_complete=offers.workloads)
@click.option("--env", "environment", metavar="ENV", type=ENVIRONMENT, help="Else the last one.")
@hand_options
@output_option("text", "json", "yaml")
def command(
    application: str,
    workload: str | None,
    environment: str | None,
    output: str,
    **given: Any,  # noqa: ANN401 - see HandOptions
) -> int:
    r"""Replace the pods of a workload that is deployed, one after the other, and wait for the new ones; it is recorded.

    Which cluster and object is told by the record of the last deployment. Policies and approvals are those of a run: a
    missing approval ends it with 6, and `approve` takes what that left. Images, settings and replicas stay as they are:
    `redeploy` deploys what the working tree has.

    \b
    Examples:
      innominatus-ctl restart checkout-service --env staging
      innominatus-ctl restart checkout-service payment-gateway --reason "certificates renewed"
    """
    from innominatus_cli.cli.remarks import told
    from innominatus_cli.operations.history import open_ledger
    from innominatus_cli.operations.resources.by_hand import restart
    from innominatus_cli.operations.resources.permission import HandOptions
    from innominatus_cli.reports.by_hand import restart_text

    done = restart(open_ledger(), application, workload, environment, HandOptions(**given))
    print_document(done.document, output, lambda: restart_text(done.document))
    return told(done.findings)
