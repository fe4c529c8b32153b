"""`affected`: the blast radius of a change."""

from typing import Any

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.environments import ENVIRONMENT
from innominatus_cli.cli.output import output_option


@click.command("affected")
@click.option("--since", metavar="REV", required=True, help="Compare with where HEAD left this revision.")
@click.option("--env", "environment", metavar="NAME", type=ENVIRONMENT, help="The environment.")
@click.option("--golden-path", "name", metavar="NAME", shell_complete=offers.runnable, help="Else the default one.")
@click.option("--policies-from", metavar="REV", help="Judge both ends by the policies of one revision.")
@click.option(
    "--fail-on",
    type=click.Choice(("changed", "broken", "refused")),
    multiple=True,
    help="Exit with 1 where a plan changed, or an application can no longer be planned; with 3 where one is refused.",
)
@click.option("--cache/--no-cache", default=True, help="Keep what is found out in the git directory, for next time.")
@output_option("text", "json", "yaml", "markdown", "template")
def command(
    output: str,
    since: str,
    policies_from: str | None,
    cache: bool,
    fail_on: tuple[str, ...],
    **wish: Any,  # noqa: ANN401
) -> int:
    r"""Show which applications' plans a change alters, and how.

    Every Score file is planned as it was and as it is now; facts from outside the repository are the same for both.
    `-o markdown` makes a comment for a pull request.

    \b
    Examples:
      innominatus-ctl affected --since origin/main
      innominatus-ctl affected --since origin/main --env production --fail-on refused --fail-on broken
      innominatus-ctl affected --since main --policies-from main -o json
      innominatus-ctl affected --since "origin/$GITHUB_BASE_REF" -o markdown > comment.md
    """
    from innominatus_cli.cli.comparing import print_affected
    from innominatus_cli.operations.affected import find_affected
    from innominatus_cli.operations.planning import PlanWish

    report = find_affected(since, PlanWish(**wish), policies_from, cache=cache)
    return print_affected(report, output, fail_on)
