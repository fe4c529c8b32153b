"""`ledger`: work with the run records."""

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.output import output_option, print_listing


@click.group("ledger")
def command() -> None:
    r"""Work with the run records.

    \b
    Examples:
      innominatus-ctl ledger adopt
    """


@command.command("adopt", short_help="Take waiting records into the branch that is checked out.")
@click.argument("runs", metavar="[RUN]...", nargs=-1, shell_complete=offers.runs)
@output_option()
def adopt(runs: tuple[str, ...], output: str) -> int:
    r"""Take waiting records into the branch that is checked out, one commit each: all, or those of the runs named.

    A record waits where its run could not commit to its branch: with a detached head, in the middle of a rebase or
    merge, after a switch of branches, or where the disk refused. An action in the ledger says who took it.

    \b
    Examples:
      innominatus-ctl ledger adopt
      innominatus-ctl ledger adopt 01JD
    """
    from innominatus_cli.cli.remarks import told
    from innominatus_cli.operations.adopting import adopt_records
    from innominatus_cli.operations.history import open_ledger
    from innominatus_cli.reports.history import adopted_listing

    ledger = open_ledger()
    outcome = adopt_records(ledger, runs)
    print_listing(adopted_listing(outcome), output)
    return told((*ledger.store.findings, *outcome.findings))
