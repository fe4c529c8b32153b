"""`test-product-workflow`: one product workflow for one application."""

from typing import Any

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.environments import ENVIRONMENT
from innominatus_cli.cli.output import output_option, print_document
from innominatus_cli.cli.overriding import override_options
from innominatus_cli.cli.wishing import parameter_options


@click.command("test-product-workflow", short_help="Show or run the steps that a workflow has for an application.")
@click.argument("workflow", shell_complete=offers.product_workflows)
@click.argument("score", shell_complete=offers.files)
@click.option("--dry-run/--execute", default=True, help="Show the steps (default), or run them and record the run.")
@click.option("--env", "environment", metavar="NAME", type=ENVIRONMENT, help="The environment.")
@parameter_options
@override_options
@output_option("text", "json", "yaml")
def command(workflow: str, score: str, dry_run: bool, output: str, **wish: Any) -> int:  # noqa: ANN401
    r"""Show the steps of WORKFLOW (a file, an identity or a name) for the application of SCORE, or run them.

    \b
    Examples:
      innominatus-ctl test-product-workflow my-workflow.yaml test-app.yaml --dry-run
      innominatus-ctl test-product-workflow ecommerce/payment-integration score.yaml --env development --execute
    """
    from innominatus_cli.cli.remarks import told
    from innominatus_cli.operations.planning import PlanWish
    from innominatus_cli.operations.product_testing import try_workflow
    from innominatus_cli.reports.product_testing import trial_document, trial_text

    trial = try_workflow(workflow, PlanWish(score=score, **wish))
    if dry_run or trial.reason or not trial.steps:
        print_document(trial_document(trial), output, lambda: trial_text(trial))
        return told(trial.findings, trial.sources)
    from innominatus_cli.cli.running import RUN_DEFAULTS, carry_out

    return carry_out(trial.runs_as, score, output, {**RUN_DEFAULTS, **wish})
