"""`restart`: the same pods anew."""

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.environments import ENVIRONMENT
from innominatus_cli.cli.output import output_option, print_document


@click.command("restart")
@click.argument("application", metavar="APP", shell_complete=offers.applications)
@click.argument("workload", metavar="[WORKLOAD]", required=False, shell_complete=offers.workloads)
@click.option("--env", "environment", metavar="ENV", type=ENVIRONMENT, help="Else the last one.")
@click.option("--reason", metavar="TEXT", default="", help="Why, for the record.")
@output_option("text", "json", "yaml")
def command(application: str, workload: str | None, environment: str | None, reason: str, output: str) -> int:
    r"""Replace the pods of a workload that is deployed, one after the other, and wait for the new ones; it is recorded.

    Which cluster and object is told by the record of the last deployment. Images, settings and replicas stay as they
    are: `redeploy` deploys what the working tree has.

    \b
    Examples:
      innominatus-ctl restart checkout-service --env staging
      innominatus-ctl restart checkout-service payment-gateway --reason "certificates renewed"
    """
    from innominatus_cli.cli.remarks import told
    from innominatus_cli.operations.history import open_ledger
    from innominatus_cli.operations.resources.by_hand import restart
    from innominatus_cli.reports.by_hand import restart_text

    done = restart(open_ledger(), application, workload, environment, reason)
    print_document(done.document, output, lambda: restart_text(done.document))
    return told(done.findings)
