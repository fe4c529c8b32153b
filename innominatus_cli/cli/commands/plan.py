"""`plan`: what a run would do, and why."""

import sys

import click

from innominatus_cli.cli.output import output_option, print_document, print_text


@click.command("plan")
@click.argument("score", required=False)
@click.option("--env", "environment", metavar="NAME", help="The environment to plan for.")
@click.option("--param", "parameters", metavar="NAME=VALUE", multiple=True, help="A golden path's parameter.")
@click.option("--golden-path", "name", metavar="NAME", help="A golden path or workflow; else the default one.")
@click.option("--workflow", "workflows", metavar="NAME", multiple=True, help="Add a manual workflow.")
@click.option("--digest", is_flag=True, help="Print the plan's digest only.")
@click.option("--explain", is_flag=True, help="Also say which workflows are absent and why, inputs and sources.")
@output_option()
def command(
    score: str | None,
    environment: str | None,
    parameters: tuple[str, ...],
    name: str | None,
    workflows: tuple[str, ...],
    digest: bool,
    explain: bool,
    output: str,
) -> int:
    r"""Show what a run would do, and why. Nothing is executed or written.

    \b
    Examples:
      innominatus-ctl plan docs/examples/checkout-service/score.yaml --env development
      innominatus-ctl plan score.yaml --explain
      innominatus-ctl plan score.yaml -o json
      innominatus-ctl plan score.yaml --digest
    """
    from innominatus_cli.operations.planning import PlanWish, plan_for
    from innominatus_cli.reports.findings_text import findings_text
    from innominatus_cli.reports.plan_text import plan_document, plan_text, resolution_text
    from innominatus_cli.reports.terminal import to_stderr, wants_colour

    report = plan_for(PlanWish(name, score, environment, parameters, workflows))
    outcome = report.outcome
    if outcome.findings:
        to_stderr(findings_text(outcome.findings, colour=wants_colour(sys.stderr)).rstrip("\n"))
    if outcome.plan is None:
        if outcome.resolved and output in {"table", "wide"} and not digest:
            print_text(resolution_text(outcome))
        return 1
    if digest:
        print_text(f"{outcome.plan.digest}\n")
    else:
        wide = explain or output == "wide"
        print_document(plan_document(outcome, report), output, lambda: plan_text(outcome, report, wide=wide))
    return 0
