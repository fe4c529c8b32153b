"""`cancel`: tell a run to end."""

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.output import output_option, print_document


@click.command("cancel")
@click.argument("run", metavar="RUN", shell_complete=offers.runs)
@click.option("--reason", metavar="TEXT", default="", help="Why, for the record.")
@click.option("--remote", metavar="REMOTE", help="The remote with the run's lock; default: `locks.remote`.")
@output_option("text", "json", "yaml")
def command(run: str, reason: str, remote: str | None, output: str) -> int:
    r"""End a run that works, here or in another clone, or close one that waits; who did is recorded.

    No step is started any more, those that run are interrupted and then ended, and the run writes its record. RUN is an
    id, the start of one that no other run shares, or `latest`.

    \b
    Examples:
      innominatus-ctl cancel latest --reason "wrong version"
      innominatus-ctl cancel 01JD --remote origin
    """
    from innominatus_cli.cli.remarks import told
    from innominatus_cli.operations.cancelling import cancel_run
    from innominatus_cli.operations.history import open_ledger
    from innominatus_cli.reports.locks import cancelled_text

    cancelled = cancel_run(open_ledger(), run, reason, remote)
    print_document(cancelled.document, output, lambda: cancelled_text(cancelled))
    return told(cancelled.findings)
