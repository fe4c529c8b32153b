"""`retry`: run steps of an earlier run again."""

from typing import Any

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.output import output_option
from innominatus_cli.cli.running import execution_options, go_on


@click.command("retry")
@click.argument("run", metavar="RUN", shell_complete=offers.runs)
@click.option("--step", "steps", multiple=True, metavar="STEP", help="Run this step again though it succeeded.")
@click.option("--downstream", is_flag=True, help="With --step: and everything that stands behind it.")
@click.option("--assume", multiple=True, metavar="STEP=done|not-done", help="Decide about a step in doubt.")
@click.option("--accept-changes", is_flag=True, help="Plan anew where sources of the plan have changed.")
@click.option("--take-over", is_flag=True, help="Go on though another clone may have gone on with the run.")
@execution_options
@output_option("text", "json", "yaml")
def command(run: str, steps: tuple[str, ...], output: str, *, downstream: bool, **given: Any) -> int:  # noqa: ANN401
    r"""Run the steps of a run again that failed, with all their attempts, or one that succeeded.

    As `resume`, it is a new run by the plan of the earlier one. With --step that step runs again, and what stands
    behind it keeps its results unless --downstream says otherwise. STEP is a step's name, its id, or the end of its id.

    \b
    Examples:
      innominatus-ctl retry latest
      innominatus-ctl retry 01JD --step smoke-test
      innominatus-ctl retry 01JD --step deploy --downstream
    """
    from innominatus_cli.operations.resuming import ResumeWish

    if downstream and not steps:
        raise click.UsageError("--downstream goes with --step")
    names = ("assume", "accept_changes", "take_over")
    wish = ResumeWish(run, retry=True, steps=steps, downstream=downstream, **{name: given.pop(name) for name in names})
    return go_on(wish, output, given)
