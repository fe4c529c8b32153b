"""`plan`: what a run would do, and why."""

from typing import Any

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.output import output_option
from innominatus_cli.cli.overriding import need_score
from innominatus_cli.cli.wishing import named_option, wish_options


@click.command("plan")
@click.argument("score", required=False, shell_complete=offers.files)
@named_option
@wish_options
@click.option("--policies-from", metavar="REV", help="Judge the plan by the policies of another revision.")
@click.option("--at", metavar="REV", help="Plan what another revision holds; nothing is checked out.")
@click.option("--digest", is_flag=True, help="Print the plan's digest only.")
@click.option("--explain", is_flag=True, help="Also say which workflows are absent and why, inputs and sources.")
@click.option("--out", metavar="FILE", shell_complete=offers.files, help="Also write the plan, for `run --plan FILE`.")
@output_option("table", "wide", "tree", "json", "yaml", "mermaid", "dot", "template")
def command(
    output: str,
    digest: bool,
    explain: bool,
    policies_from: str | None,
    at: str | None,
    out: str | None,
    **wish: Any,  # noqa: ANN401
) -> int:
    r"""Show what a run would do, and why. Nothing is executed or written.

    At its end stands what policies refuse of a run that you start now (exit status 3), and which approvals it would
    wait for (exit status 0: the plan is what people approve). With --digest nothing is judged but by --policies-from.

    \b
    Examples:
      innominatus-ctl plan docs/examples/checkout-service/score.yaml --env development
      innominatus-ctl plan score.yaml --explain
      innominatus-ctl plan score.yaml -o json
      innominatus-ctl plan score.yaml -o tree
      innominatus-ctl plan score.yaml --env staging --out checkout.plan.json
      innominatus-ctl plan score.yaml --digest
      innominatus-ctl plan score.yaml --policies-from origin/main
      innominatus-ctl plan score.yaml --at v1.4.0
      innominatus-ctl plan diff main..HEAD score.yaml
      innominatus-ctl plan score.yaml --overrides-file overrides.staging.yaml --env staging
    """
    from innominatus_cli.cli.planning import keep_plan, print_plan
    from innominatus_cli.operations.planning import PlanWish, plan_for

    need_score(wish["score"], wish["overriding"])
    wished = PlanWish(**wish)
    judging = not digest or policies_from is not None  # a digest is the same for everybody
    report = plan_for(wished, policies_from=policies_from, at=at, judging=judging)
    status = print_plan(report, output, digest=digest, wide=explain or output == "wide")
    return keep_plan(report, wished, out, status)
