"""`audit`: who did what."""

from typing import Any

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.environments import ENVIRONMENT
from innominatus_cli.cli.moments import Moment
from innominatus_cli.cli.output import output_option, page_options, print_listing, print_text


@click.group("audit")
def command() -> None:
    r"""Find out who did what.

    \b
    Examples:
      innominatus-ctl audit search --actor ada --since 30d
    """


@command.command("search", short_help="Search runs and actions by person, action, application and time.")
@click.option("--actor", metavar="WHO", help="A part of a name or e-mail address, or a pattern with `*`.")
@click.option(
    "--action", "actions", metavar="WHAT", multiple=True, help="run, deploy, approve, adopt …; several count."
)
@click.option("--app", "application", metavar="APP", shell_complete=offers.applications, help="Of one application.")
@click.option("--env", "environment", metavar="ENV", type=ENVIRONMENT, help="In one environment.")
@click.option("--since", type=Moment(), help="From then on: 2026-11-20, a time, or 30d ago.")
@click.option("--until", type=Moment(end=True), help="Until then; a day is included.")
@click.option(
    "--run", metavar="RUN", shell_complete=offers.runs, help="What concerns a run: an id, its start, `latest`."
)
@output_option("table", "wide", "csv", "json", "yaml", "template")
@page_options
def search(output: str, limit: int | None, offset: int, **wished: Any) -> int:  # noqa: ANN401 - see AuditQuery
    r"""Search runs and actions by person, action, application and time, the newest first.

    \b
    Examples:
      innominatus-ctl audit search --actor ada@example.org --since 2026-11-01 --until 2026-11-30
      innominatus-ctl audit search --app checkout-service --env production --action deploy --action rollback
      innominatus-ctl audit search --action approve --action reject -o wide
      innominatus-ctl audit search --run 01JD -o json
      innominatus-ctl audit search --since 90d -o csv > audit.csv
    """
    from innominatus_cli.cli.remarks import told
    from innominatus_cli.documents.action_names import AUDITED
    from innominatus_cli.findings.near_names import did_you_mean
    from innominatus_cli.operations.auditing import AuditQuery
    from innominatus_cli.operations.auditing import search as found
    from innominatus_cli.operations.history import open_ledger, page
    from innominatus_cli.reports.audit import CSV_COLUMNS, audit_listing, csv_text

    wished["actions"] = tuple(name.replace("-", "_") for name in wished["actions"])
    for name in set(wished["actions"]) - set(AUDITED):
        raise click.UsageError(f"there is no action '{name}'; {did_you_mean(name, AUDITED) or ', '.join(AUDITED)}")
    ledger = open_ledger()
    rows = found(ledger, AuditQuery(**wished))
    shown = page(rows, limit, offset)
    if output == "csv":
        print_text(csv_text(shown, CSV_COLUMNS))
    else:
        print_listing(audit_listing(rows, shown), output)
    return told(ledger.store.findings)
