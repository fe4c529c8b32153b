"""`logs`: what the steps of a run printed."""

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.output import output_option, print_document, print_for_people


@click.command("logs")
@click.argument("run", metavar="RUN", shell_complete=offers.runs)
@click.option("--step", metavar="STEP", help="Only this step: its name, its id, or the end of its id.")
@click.option("--tail", type=click.IntRange(min=0), metavar="N", help="Only the last N lines of each stream.")
@click.option("-f", "--follow", is_flag=True, help="Show what is printed until the run has ended.")
@output_option("text", "json", "yaml", "template")
def command(run: str, step: str | None, tail: int | None, follow: bool, output: str) -> int:
    r"""Show what the steps of a run printed, `| ` before a line of stdout, `! ` before one of stderr.

    RUN is the id of a run, the start of an id that no other run shares, or `latest`. Logs are never committed: they are
    in the clone that ran.

    \b
    Examples:
      innominatus-ctl logs latest
      innominatus-ctl logs 01JD --step run-migrations --tail 20
      innominatus-ctl logs latest --follow
    """
    from innominatus_cli.operations.following import follow as followed
    from innominatus_cli.operations.history import open_ledger
    from innominatus_cli.operations.logs import run_logs
    from innominatus_cli.reports.logs import followed_text, logs_document, logs_text

    if follow and (output != "text" or tail is not None):
        raise click.UsageError("--follow shows text as it comes: leave out --output and --tail")
    if follow:
        for piece in followed_text(followed(open_ledger(), run, step)):
            print_for_people(piece)
        return 0
    logs = run_logs(open_ledger(), run, step)
    if output == "text":
        for piece in logs_text(logs, tail):
            print_for_people(piece)
    else:
        print_document(logs_document(logs, tail), output, str)
    return 0
