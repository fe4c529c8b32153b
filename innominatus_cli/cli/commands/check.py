"""`check`: the whole repository, from wherever in it one stands."""

from typing import Unpack

import click

from innominatus_cli.cli.checking import Answer, Wishes, answer, checking_options
from innominatus_cli.operations.checking import CheckRequest


@click.command("check")
@checking_options
def command(shown: Answer, **wishes: Unpack[Wishes]) -> int:
    r"""Check the whole repository: every document, what they say together, and the policies.

    It is the check for CI, from any folder of the repository; `validate` takes files and folders. Nothing is executed
    and nothing is fetched. The exit status is 1 where an error was found.

    \b
    Examples:
      innominatus-ctl check --strict
      innominatus-ctl check --diff
      innominatus-ctl check -o github --report sarif=findings.sarif
    """
    return answer(CheckRequest(**wishes), shown)
