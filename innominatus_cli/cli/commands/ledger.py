"""`ledger`: work with the records."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.environments import ENVIRONMENT
from innominatus_cli.cli.moments import Moment
from innominatus_cli.cli.output import output_option, print_document, print_listing, print_text
from innominatus_cli.cli.remotes import REMOTE

if TYPE_CHECKING:
    from innominatus_cli.operations.history import OpenLedger


@click.group("ledger")
def command() -> None:
    r"""Work with the records of runs and actions: verify, sign and show them, back them up, adopt those that wait.

    \b
    Examples:
      innominatus-ctl ledger verify
      innominatus-ctl ledger show latest
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


@command.command("verify", short_help="Find out whether every record is as it was written, and none is missing.")
@click.option("--signatures", is_flag=True, help="Also verify the signatures on actions and on the ledger's commits.")
@click.option("--head", metavar="FILE|REV", help="A heads statement, or a revision, that the ledger must hold all of.")
@click.option(
    "--allowed-signers", metavar="FILE", type=click.Path(path_type=Path), help="Whose signatures count (ssh-keygen(1))."
)
@click.option("--policies-from", metavar="REV", help="Take `ledger.signers` from another revision.")
@click.option("--branch", metavar="NAME", help="Which branch this is, where the head is detached.")
@click.option("--fetch", is_flag=True, help="Fetch the heads statements of the remote first.")
@click.option("--remote", metavar="NAME", type=REMOTE, help="The remote for --fetch.  [default: `ledger.remote`]")
@click.option("--strict", is_flag=True, help="Warnings fail too.")
@output_option("text", "json", "yaml")
def verify(output: str, strict: bool, **wished: Any) -> int:  # noqa: ANN401 - see VerifyOptions
    r"""Find out whether every record is as it was written, and none is missing.

    Names, bytes, the chain, plans, every commit of the history, and what is known from outside: signed statements of
    refs/innominatus/heads, and what this clone saw last. Nothing is executed, and nothing fetched without --fetch. Exit
    status 65 with the file, and the byte where one is known, where something was edited, removed, reordered or rolled
    back.

    \b
    Examples:
      innominatus-ctl ledger verify
      innominatus-ctl ledger verify --fetch
      innominatus-ctl ledger verify --signatures --policies-from origin/main
      innominatus-ctl ledger verify --head origin/main --strict
      innominatus-ctl ledger verify --allowed-signers signers --signatures -o json
    """
    from innominatus_cli.cli.remarks import told
    from innominatus_cli.operations.verifying import VerifyOptions
    from innominatus_cli.operations.verifying import verify as verify_ledger
    from innominatus_cli.reports.ledger_text import verification_text

    verified = verify_ledger(_ledger_of(wished["branch"]), VerifyOptions(**wished))
    print_document(verified.report.as_json(), output, lambda: verification_text(verified.report))
    return told(verified.findings) or int(strict and bool(verified.findings))


def _ledger_of(branch: str | None) -> "OpenLedger":
    """The ledger. Raises UsageError where `--branch` is another one than what it is on: statements would be false."""
    from innominatus_cli.operations.history import open_ledger

    ledger = open_ledger()
    own = ledger.store.branch()
    if branch and own not in {None, branch}:
        raise click.UsageError(f"--branch is for a detached head, and this ledger is on '{own}'")
    return ledger


@command.command("sign", short_help="Sign a statement of what the ledger of this branch holds.")
@click.option("--key", metavar="KEY", help="An ssh key: a file, or a public key of ssh-agent's.  [default: git's]")
@click.option("--push", is_flag=True, help="Fetch the remote's statements before, and push this one.")
@click.option("--remote", metavar="NAME", type=REMOTE, help="The remote for --push.  [default: `ledger.remote`]")
@click.option("--unsigned", is_flag=True, help="Make the statement without a signature.")
@click.option("--branch", metavar="NAME", help="Which branch this is, where the head is detached.")
@output_option("text", "json", "yaml")
def sign(output: str, **wished: Any) -> int:  # noqa: ANN401 - see SignOptions
    r"""Sign a statement of what the ledger of this branch holds, so that nobody can take its newest records away.

    The ledger is verified first. The statement goes to refs/innominatus/heads, signed with the ssh key that git's
    `user.signingkey` names, or with another one; whoever verifies then sees when a record of it is gone.

    \b
    Examples:
      innominatus-ctl ledger sign
      innominatus-ctl ledger sign --key ~/.ssh/id_ed25519 --push
      innominatus-ctl ledger sign --branch main -o json
    """
    from innominatus_cli.cli.remarks import told
    from innominatus_cli.operations.signing import SignOptions, sign_heads
    from innominatus_cli.reports.ledger_text import signed_document, signed_text

    signed = sign_heads(_ledger_of(wished["branch"]), SignOptions(**wished))
    print_document(signed_document(signed), output, lambda: signed_text(signed))
    return told(signed.findings)


@command.command("show", short_help="Show one run: who, what, when, from which commit, under which approvals.")
@click.argument("run", shell_complete=offers.runs)
@output_option("text", "json", "yaml", "template")
def show(run: str, output: str) -> int:
    r"""Show one run: who, what, when, from which commit, under which approvals, and what came of each step.

    RUN is an id, the start of one, or `latest`.

    \b
    Examples:
      innominatus-ctl ledger show latest
      innominatus-ctl ledger show 01JD -o json
    """
    from innominatus_cli.cli.remarks import told
    from innominatus_cli.operations.history import open_ledger
    from innominatus_cli.operations.showing import shown_run
    from innominatus_cli.reports.ledger_text import record_text

    ledger = open_ledger()
    shown = shown_run(ledger, run)
    print_document(shown.document, output, lambda: record_text(*shown))
    return told(ledger.store.findings)


@command.command("export", short_help="Print the ledger for other tools: in-toto statements, CSV, JSON.")
@click.option("--format", "form", type=click.Choice(("in-toto", "csv", "json")), default="in-toto", show_default=True)
@click.option("--app", "application", metavar="APP", shell_complete=offers.applications, help="Of one application.")
@click.option("--env", "environment", metavar="ENV", type=ENVIRONMENT, help="In one environment.")
@click.option("--since", type=Moment(), help="Runs that began then or later: 2026-11-20, a time, or 30d ago.")
def export(form: str, application: str | None, environment: str | None, since: datetime | None) -> int:
    r"""Print the ledger for other tools, the oldest run first.

    in-toto is a line a run: a Statement v1 with SLSA provenance, whose subjects are the files that the run made. CSV
    has a line a run; JSON also holds the records of actions, as they are stored.

    \b
    Examples:
      innominatus-ctl ledger export --app checkout-service > checkout.intoto.jsonl
      innominatus-ctl ledger export --format csv --since 90d > runs.csv
      innominatus-ctl ledger export --format json
    """
    from innominatus_cli.cli.remarks import told
    from innominatus_cli.operations.history import open_ledger, require_application
    from innominatus_cli.reports.ledger_export import export_text

    ledger = open_ledger()
    store = ledger.store
    if application is not None:
        require_application(ledger, application)
    print_text(export_text(store, form, application, environment, since))
    return told(store.findings)


@command.command("gc", short_help="Remove records of old runs so that the chain stays provable.")
@click.option("--keep-days", metavar="N", type=click.IntRange(min=0, max=36_500), help="Keep what ended since then.")
@click.option("--keep-last", metavar="N", type=click.IntRange(min=0), help="Keep the newest N of each environment.")
@click.option("--dry-run", is_flag=True, help="Only show what would go.")
@output_option()
def gc(keep_days: int | None, keep_last: int | None, dry_run: bool, output: str) -> int:
    r"""Remove records of old runs, and plans that no record names any more, in one commit.

    The ledger is verified first. An action `gc` in the ledger keeps the id, path, digest and parents of each, so that
    `ledger verify` still proves the chain. Without options `ledger.retention` of admin-config.yaml holds (365 days, and
    the last 20 runs of each application and environment). Actions stay, and so does what waits, is not pushed yet, or
    is needed to plan, resume and roll back.

    \b
    Examples:
      innominatus-ctl ledger gc --dry-run
      innominatus-ctl ledger gc --keep-days 90 --keep-last 10
      innominatus-ctl ledger gc -o json
    """
    from innominatus_cli.cli.remarks import told
    from innominatus_cli.operations.collecting import collect_records
    from innominatus_cli.operations.history import open_ledger
    from innominatus_cli.reports.ledger_gc import gc_listing

    done = collect_records(open_ledger(), keep_days, keep_last, dry_run=dry_run)
    print_listing(gc_listing(done), output)
    return told(done.findings)


@command.command("backup", short_help="Write the ledger into one file, a git bundle.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@output_option("text", "json", "yaml")
def backup(file: Path, output: str) -> int:
    r"""Write the ledger into one file: a git bundle of the branch that holds it, and of refs/innominatus.

    The ledger is verified first, and a file that is there is never written over.

    \b
    Examples:
      innominatus-ctl ledger backup ledger-2026-11-25.bundle
      innominatus-ctl ledger backup ledger.bundle -o json
    """
    from innominatus_cli.cli.remarks import told
    from innominatus_cli.operations.backing_up import back_up
    from innominatus_cli.operations.history import open_ledger
    from innominatus_cli.reports.ledger_backup import backup_document, backup_text

    made = back_up(open_ledger(), file)
    print_document(backup_document(made), output, lambda: backup_text(made))
    return told(made.findings)


@command.command("restore", short_help="Take what is missing here out of a backup.")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--at", metavar="TIME|RUN", help="Take nothing that ended later: a day, a time, how long ago, a run.")
@click.option("--dry-run", is_flag=True, help="Verify and count only: the drill.")
@output_option("text", "json", "yaml")
def restore(file: Path, at: str | None, dry_run: bool, output: str) -> int:
    r"""Take the records, plans and actions that are missing here out of a backup, byte for byte, in one commit.

    The backup's ledger is verified first. What stands here is neither changed nor removed, and an action in the ledger
    says who restored what. A run is an id, the start of one, or `latest`, the newest of the backup.

    \b
    Examples:
      innominatus-ctl ledger restore ledger.bundle --dry-run
      innominatus-ctl ledger restore ledger.bundle
      innominatus-ctl ledger restore ledger.bundle --at 2026-11-20
    """
    from innominatus_cli.cli.moments import end_of
    from innominatus_cli.cli.remarks import told
    from innominatus_cli.operations.backing_up import restore as restore_ledger
    from innominatus_cli.operations.history import open_ledger
    from innominatus_cli.reports.ledger_backup import restored_document, restored_text

    done = restore_ledger(open_ledger(), file, end_of(at), dry_run=dry_run)
    print_document(restored_document(done), output, lambda: restored_text(done))
    return told(done.findings)
