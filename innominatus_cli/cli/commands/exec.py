"""`exec`: a command in a pod of an application."""

from typing import Any

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.by_hand import hand_options
from innominatus_cli.cli.environments import ENVIRONMENT


@click.command("exec")
@click.argument("application", metavar="APP", shell_complete=offers.applications)
@click.argument("words", metavar="-- COMMAND [ARGUMENT]...", nargs=-1, required=True, type=click.UNPROCESSED)
@click.option("--env", "environment", metavar="ENV", type=ENVIRONMENT, help="Else the last one.")
@click.option("--workload", metavar="NAME", shell_complete=offers.workloads, help="Which one, where there are several.")
@click.option("-c", "--container", metavar="NAME", help="Which container of the pod; else its first one.")
@hand_options
@click.option("-i", "--stdin", is_flag=True, help="Let the command read what comes here on stdin.")
def command(
    application: str,
    words: tuple[str, ...],
    environment: str | None,
    workload: str | None,
    container: str | None,
    stdin: bool,
    **given: Any,  # noqa: ANN401 - see HandOptions
) -> int:
    r"""Run a command in a pod of a workload that is deployed, in this terminal, by kubectl; its exit status is ours.

    Which cluster and object is told by the record of the last deployment. Policies and approvals are those of a run.
    Who runs which program is recorded before it starts, without its arguments and what it prints: they may hold a
    secret.

    \b
    Examples:
      innominatus-ctl exec checkout-service --env staging -- ls -l /data
      innominatus-ctl exec checkout-service -c web -- sh
      innominatus-ctl exec checkout-service -i -- psql < query.sql
    """
    from innominatus_cli.cli.foreground import execute_in_pod

    return execute_in_pod(application, words, environment, workload, container, given, stdin=stdin)
