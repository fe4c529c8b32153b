"""`validate`: checks files of every kind and reports all findings at once."""

from typing import Unpack

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.checking import Answer, Wishes, answer, checking_options
from innominatus_cli.cli.overriding import one_score_file, override_options
from innominatus_cli.cli.paths import none_empty
from innominatus_cli.operations.checking import CheckRequest
from innominatus_cli.operations.overriding import Overriding


@click.command("validate")
@click.argument("paths", nargs=-1, metavar="[PATH]...", shell_complete=offers.files, callback=none_empty)
@checking_options
@override_options
def command(paths: tuple[str, ...], shown: Answer, overriding: Overriding, **wishes: Unpack[Wishes]) -> int:
    r"""Check workflows, golden paths, policies, providers, admin-config and Score files.

    Without PATH, everything that the repository's admin-config.yaml leads to is checked. In a folder, files of other
    kinds are passed over. Nothing is executed and nothing is fetched. The exit status is 1 where an error was found.

    \b
    Examples:
      innominatus-ctl validate
      innominatus-ctl validate workflows/products/ecommerce
      innominatus-ctl validate --strict -o json score.yaml
      innominatus-ctl validate --fix --diff workflows
      innominatus-ctl validate -o github --report sarif=findings.sarif
      innominatus-ctl validate score.yaml --overrides-file overrides.yaml --override-property metadata.team=shop
    """
    one_score_file(paths, overriding)
    return answer(CheckRequest(paths, overriding=overriding, **wishes), shown)
