"""`validate`: checks files of every kind and reports all findings at once."""

from typing import Unpack

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.checking import Answer, Wishes, answer, checking_options
from innominatus_cli.operations.checking import CheckRequest


@click.command("validate")
@click.argument("paths", nargs=-1, metavar="[PATH]...", shell_complete=offers.files)
@checking_options
def command(paths: tuple[str, ...], shown: Answer, **wishes: Unpack[Wishes]) -> int:
    r"""Check workflows, golden paths, policies, providers, admin-config and Score files.

    Without PATH, everything that the repository's admin-config.yaml leads to is checked. In a folder, files of other
    kinds are passed over. Nothing is executed and nothing is fetched. The exit status is 1 where an error was found.

    \b
    Examples:
      innominatus-ctl validate
      innominatus-ctl validate workflows/products/ecommerce
      innominatus-ctl validate --strict -o json score.yaml
      innominatus-ctl validate -o github --report sarif=findings.sarif
    """
    return answer(CheckRequest(paths, **wishes), shown)
