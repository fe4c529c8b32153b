"""`doctor`: what the repository's workflows need on this machine."""

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.environments import ENVIRONMENT
from innominatus_cli.cli.output import output_option, print_listing


@click.command("doctor", short_help="Show which tools the workflows need, and whether they are here.")
@click.argument("scores", metavar="[SCORE]...", nargs=-1, shell_complete=offers.scores_or_applications)
@click.option("--env", "environment", metavar="NAME", type=ENVIRONMENT, help="The environment.")
@output_option()
def command(scores: tuple[str, ...], environment: str | None, output: str) -> int:
    r"""Show which tools the workflows need, in which versions, what is here, and how to get what is not.

    Without SCORE it looks at all workflows of the repository, in all environments; with Score files only at what their
    plans reach. Nothing of the repository is executed: programs are asked for their version, no server is asked at all.
    Exit status 69 where something is missing.

    \b
    Examples:
      innominatus-ctl doctor
      innominatus-ctl doctor apps/checkout/score.yaml --env staging
      innominatus-ctl doctor -o json
    """
    from innominatus_cli.cli.remarks import told
    from innominatus_cli.operations.doctor.diagnosis import diagnose
    from innominatus_cli.reports.doctor import diagnosis_listing

    diagnosis = diagnose(scores, environment)
    print_listing(diagnosis_listing(diagnosis), output)
    return told(diagnosis.findings)
