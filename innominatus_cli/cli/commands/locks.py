"""`locks`: who holds which lock, in this clone and on a remote."""

import sys

import click
from click.core import ParameterSource

from innominatus_cli.cli.output import output_option, print_document, print_listing
from innominatus_cli.cli.remotes import REMOTE

_REMOTE = click.option(
    "--remote",
    metavar="REMOTE",
    type=REMOTE,
    help="The remote that has the locks; default: `locks.remote` of admin-config.yaml.",
)


@click.group("locks", invoke_without_command=True)
@_REMOTE
@output_option()
@click.pass_context
def command(ctx: click.Context, remote: str | None, output: str) -> None:
    r"""Show who holds which lock, in this clone and on the remote, and break one that was left behind.

    \b
    Examples:
      innominatus-ctl locks
      innominatus-ctl locks --remote origin -o json
      innominatus-ctl locks break 8a1f0c3d5e7b9a2c4d6e8f0a1b3c5d7e9f0a2b4c --reason "runner died"
    """
    if ctx.invoked_subcommand is None:
        print_locks(remote, output)
    for name in ctx.params if ctx.invoked_subcommand else ():
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            message = f"--{name} stands behind the subcommand: locks {ctx.invoked_subcommand} --{name}"
            raise click.UsageError(message)


def print_locks(remote: str | None, output: str) -> None:
    """The locks of this clone and of the remote, on stdout."""
    from innominatus_cli.operations.held_locks import all_locks
    from innominatus_cli.operations.history import open_ledger
    from innominatus_cli.reports.locks import locks_listing

    print_listing(locks_listing(all_locks(open_ledger(), remote)), output)


@command.command("list", short_help="List the locks.")
@_REMOTE
@output_option()
def list_(remote: str | None, output: str) -> int:
    r"""List the locks of this clone and of the remote: whose they are, since when, and whether they are looked after.

    \b
    Examples:
      innominatus-ctl locks list -o wide
    """
    print_locks(remote, output)
    return 0


@command.command("show", short_help="Show one lock; exit 1 where it is not held any more.")
@click.argument("lock_id", metavar="LOCK-ID")
@_REMOTE
@output_option()
def show(lock_id: str, remote: str | None, output: str) -> int:
    r"""Show the lock with exactly this id; exit 1 where nobody holds it any more.

    The id of a lock on a remote is the fencing token of its run (INNOMINATUS_FENCING_TOKEN in its steps), so that a
    step can ask whether it may still write.

    \b
    Examples:
      innominatus-ctl locks show "$INNOMINATUS_FENCING_TOKEN"
    """
    from innominatus_cli.operations.held_locks import lock_of_id
    from innominatus_cli.operations.history import open_ledger
    from innominatus_cli.reports.locks import locks_listing

    print_listing(locks_listing([lock_of_id(open_ledger(), lock_id, remote)]), output)
    return 0


@command.command("break", short_help="Take a lock away from a run that cannot give it back.")
@click.argument("lock_id", metavar="LOCK-ID")
@click.option("--reason", metavar="TEXT", default="", help="Why, for the record.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@_REMOTE
@output_option("text", "json", "yaml")
def break_(lock_id: str, reason: str, yes: bool, remote: str | None, output: str) -> int:
    r"""Take away the lock with exactly this id, and commit a record of it.

    A run that still works stops as soon as it sees that its lock is gone. Look first whether it works: `locks show`.

    \b
    Examples:
      innominatus-ctl locks break 8a1f0c3d5e7b9a2c4d6e8f0a1b3c5d7e9f0a2b4c --reason "runner died" --yes
    """
    from innominatus_cli.cli.remarks import told
    from innominatus_cli.operations.held_locks import lock_of_id, take_away, told_of
    from innominatus_cli.operations.history import open_ledger
    from innominatus_cli.reports.locks import broken_document, broken_text
    from innominatus_cli.reports.terminal import one_line

    ledger = open_ledger()
    lock = lock_of_id(ledger, lock_id, remote)
    if not yes and not sys.stdin.isatty():
        raise click.UsageError("nobody is there to be asked: say --yes")
    if not yes and not click.confirm(f"Break the lock that is held by {one_line(told_of(lock))}?", err=True):
        raise click.Abort
    broken = take_away(ledger, lock, reason, remote)
    print_document(broken_document(broken), output, lambda: broken_text(broken))
    return told(broken.findings)
