"""`plan diff`: how two plans differ."""

from typing import Any

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.output import output_option
from innominatus_cli.cli.wishing import wish_options


@click.command("plan-diff")
@click.argument("ends", nargs=-1, required=True, metavar="[A..B] SCORE | A.json B.json", shell_complete=offers.files)
@wish_options
@click.option("--golden-path", "name", metavar="NAME", shell_complete=offers.runnable, help="Else the default one.")
@click.option("--policies-from", metavar="REV", help="Judge both plans by the policies of one revision.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 where they differ, as git does.")
@output_option("text", "json", "yaml", "markdown", "template")
def command(output: str, ends: tuple[str, ...], policies_from: str | None, exit_code: bool, **wish: Any) -> int:  # noqa: ANN401
    r"""Show how two plans differ: steps, order, inputs, gates, what policies say, and because of which files.

    `A..B` are revisions, `A...B` begins where B left A; without a `B` it is HEAD. `A` alone is compared with the
    working tree. `--env A..B` compares environments.

    \b
    Examples:
      innominatus-ctl plan diff main..HEAD score.yaml
      innominatus-ctl plan diff main score.yaml
      innominatus-ctl plan diff score.yaml --env staging..production
      innominatus-ctl plan diff before.json after.json
      innominatus-ctl plan diff main...HEAD score.yaml -o markdown
    """
    from innominatus_cli.cli.comparing import print_diff, wanted_diff

    diff = wanted_diff(ends, wish, policies_from)
    return print_diff(diff, output, detailed=exit_code)
