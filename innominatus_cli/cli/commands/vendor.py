"""`vendor`: workflows of other repositories."""

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.output import output_option, print_document, print_listing


@click.group("vendor")
def command() -> None:
    r"""Use workflows of other repositories: fetch and lock them, list them, verify them.

    \b
    Examples:
      innominatus-ctl vendor update
      innominatus-ctl vendor verify
    """


@command.command("update", short_help="Fetch the sources of admin-config.yaml, and lock what they are.")
@click.argument("names", metavar="[NAME]...", nargs=-1, shell_complete=offers.workflow_sources)
@click.option("--check", is_flag=True, help="Write nothing; exit status 1 where an update would change something.")
@output_option("table", "json", "yaml")
def update(names: tuple[str, ...], check: bool, output: str) -> int:
    r"""Fetch the workflow sources of admin-config.yaml, all or those named, into .innominatus/vendor.

    innominatus.lock says of which commits the files are, with the SHA-256 of each. Both are for you to review and to
    commit. No other command fetches anything.

    \b
    Examples:
      innominatus-ctl vendor update
      innominatus-ctl vendor update shared
      innominatus-ctl vendor update --check
    """
    from innominatus_cli.cli.remarks import told
    from innominatus_cli.operations.opening import open_repository, root_of
    from innominatus_cli.operations.vendoring.update import update as update_sources
    from innominatus_cli.reports.terminal import to_stderr
    from innominatus_cli.reports.vendoring import update_document, update_text

    outcome = update_sources(root_of(open_repository()), names, dry=check, progress=to_stderr)
    print_document(update_document(outcome), output, lambda: update_text(outcome))
    return told(outcome.findings) or int(check and outcome.is_change)


@command.command("list", short_help="List the sources and what is vendored of them.")
@output_option()
def list_sources(output: str) -> int:
    r"""List the workflow sources, their commits and their files.

    \b
    Examples:
      innominatus-ctl vendor list
      innominatus-ctl vendor list -o wide
    """
    from innominatus_cli.operations.opening import open_repository, root_of
    from innominatus_cli.operations.vendoring.looking import vendored_sources
    from innominatus_cli.reports.vendoring import sources_listing

    print_listing(sources_listing(vendored_sources(root_of(open_repository()))), output)
    return 0


@command.command("verify", short_help="Verify vendored files and innominatus.lock, without a network.")
@output_option("table", "json", "yaml")
def verify(output: str) -> int:
    r"""Verify that the vendored files are those of innominatus.lock, and the lock is that of admin-config.yaml.

    \b
    Examples:
      innominatus-ctl vendor verify
      innominatus-ctl vendor verify -o json
    """
    from innominatus_cli.cli.remarks import told
    from innominatus_cli.operations.opening import open_repository, root_of
    from innominatus_cli.operations.vendoring.looking import verify as verify_vendored
    from innominatus_cli.reports.vendoring import verification_document

    findings, sources = verify_vendored(root_of(open_repository()))
    text = "Vendored files and innominatus.lock are as they should be.\n"
    print_document(verification_document(findings), output, lambda: "" if findings else text)
    return told(findings, sources)
