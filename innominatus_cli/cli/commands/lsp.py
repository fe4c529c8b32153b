"""`lsp`: the language server that editors start."""

import os

import click

from innominatus_cli.findings.exit_status import ExitStatus


@click.command("lsp")
def command() -> int:
    r"""Run the language server over stdin and stdout: diagnostics, hover, completion and quick fixes while you type.

    An editor starts it; the rules and codes are those of `validate`. It needs the extra `lsp`.

    \b
    Examples:
      pip install 'innominatus-cli[lsp]'
      innominatus-ctl lsp
    """
    try:
        from innominatus_cli.language_server.server import make_server
    except ModuleNotFoundError as problem:
        from innominatus_cli.findings.catalogue.document import LANGUAGE_SERVER_MISSING
        from innominatus_cli.findings.finding import CannotContinue, Finding, Place

        message = f"the language server needs the package '{problem.name}'"
        raise CannotContinue(Finding(LANGUAGE_SERVER_MISSING, message, Place(""))) from problem
    # Descriptors of its own: it closes them when the editor leaves.
    make_server().start_io(os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb"))
    return ExitStatus.OK
