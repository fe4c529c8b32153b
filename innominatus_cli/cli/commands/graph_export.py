"""`graph-export`: a plan as a graph, for pages and pictures."""

from typing import Any

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.wishing import wish_options


@click.command("graph-export")
@click.argument("score", metavar="SCORE|APP", shell_complete=offers.scores_or_applications)
@click.option(
    "--format",
    "form",
    type=click.Choice(["mermaid", "dot", "json"]),
    default="mermaid",
    show_default=True,
    help="What it is written in.",
)
@click.option("--output", "file", metavar="FILE", shell_complete=offers.files, help="Write to FILE instead of stdout.")
@wish_options
def command(score: str, form: str, file: str | None, **wish: Any) -> int:  # noqa: ANN401 - click's own options
    r"""Write a plan as a graph of its steps, in boxes for phases, tiers and workflows.

    \b
    Examples:
      innominatus-ctl graph-export score.yaml --format mermaid --output plan.mmd
      innominatus-ctl graph-export checkout-service --env staging --format dot | dot -Tsvg > plan.svg
    """
    from innominatus_cli.cli.explaining import score_of
    from innominatus_cli.cli.planning import print_graph
    from innominatus_cli.operations.planning import PlanWish, plan_for

    return print_graph(plan_for(PlanWish(**wish, score=score_of(score)), judging=False), form, file)
