"""`cancel`: tell a run to end."""

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.output import output_option, print_document
from innominatus_cli.cli.remotes import REMOTE


@click.command("cancel")
@click.argument("run", metavar="RUN", shell_complete=offers.runs)
@click.option("--reason", metavar="TEXT", default="", help="Why, for the record.")
@click.option(
    "--remote", metavar="REMOTE", type=REMOTE, help="The remote with the run's lock; default: `locks.remote`."
)
@click.option("--let-steps-end", is_flag=True, help="Let what runs come to its own end.")
@click.option("--kill", is_flag=True, help="Kill what runs, and clean nothing up.")
@output_option("text", "json", "yaml")
def command(run: str, reason: str, remote: str | None, output: str, *, let_steps_end: bool, kill: bool) -> int:
    r"""End a run that works, here or in another clone, or close one that waits; who did is recorded.

    No step is started any more, those that run are interrupted and then ended, the `finally` steps of workflows that
    have begun clean up, and the run writes its record. RUN is an id, the start of one that no other run shares, or
    `latest`. To cancel once more, in a harder way, is possible.

    \b
    Examples:
      innominatus-ctl cancel latest --reason "wrong version"
      innominatus-ctl cancel latest --let-steps-end
      innominatus-ctl cancel 01JD --remote origin --kill
    """
    from innominatus_cli.cli.remarks import told
    from innominatus_cli.execution.stopping import Way
    from innominatus_cli.operations.cancelling import cancel_run
    from innominatus_cli.operations.history import open_ledger
    from innominatus_cli.reports.locks import cancelled_text

    if let_steps_end and kill:
        raise click.UsageError("--let-steps-end and --kill are two ways to end a run")
    way = Way.FINISH if let_steps_end else Way.KILL if kill else Way.INTERRUPT
    cancelled = cancel_run(open_ledger(), run, reason, remote, way=way)
    print_document(cancelled.document, output, lambda: cancelled_text(cancelled))
    return told(cancelled.findings)
