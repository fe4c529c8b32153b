"""`port-forward`: a port of this machine that leads to a pod of an application."""

from typing import Any

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.by_hand import hand_options
from innominatus_cli.cli.environments import ENVIRONMENT
from innominatus_cli.cli.foreground import Ports


@click.command("port-forward")
@click.argument("application", metavar="APP", shell_complete=offers.applications)
@click.argument("ports", metavar="[LOCAL:]PORT...", nargs=-1, required=True, type=Ports())
@click.option("--env", "environment", metavar="ENV", type=ENVIRONMENT, help="Else the last one.")
@click.option("--workload", metavar="NAME", shell_complete=offers.workloads, help="Which one, where there are several.")
@hand_options
@click.option("--address", metavar="ADDRESS", default="127.0.0.1", show_default=True, help="Where to listen.")
def command(
    application: str,
    ports: tuple[str, ...],
    environment: str | None,
    workload: str | None,
    address: str,
    **given: Any,  # noqa: ANN401 - see HandOptions
) -> int:
    r"""Lead ports of this machine to a pod of a workload that is deployed, by kubectl, until Ctrl-C.

    Which cluster and object is told by the record of the last deployment. Policies and approvals are
    those of a run, and who opens which port is recorded before it starts.

    \b
    Examples:
      innominatus-ctl port-forward checkout-service 8080 --env staging
      innominatus-ctl port-forward checkout-service 9000:8080 --workload payment-gateway
    """
    from innominatus_cli.cli.foreground import forward

    return forward(application, ports, environment, workload, address, given)
