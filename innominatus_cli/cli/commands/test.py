"""`test`: the tests that stand beside workflows."""

from typing import Any

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.output import ReportFile, output_option
from innominatus_cli.cli.testing import FILE_FORMATS, FORMATS, answer


@click.command("test")
@click.argument("names", nargs=-1, metavar="[PATH|NAME]...", shell_complete=offers.files)
@click.option("--filter", "only", multiple=True, metavar="GLOB", help="Only tests with such a name; may be repeated.")
@click.option("--update", is_flag=True, help="Write the snapshots of plans, and remove those that no test has.")
@click.option("--coverage", is_flag=True, help="Also say which workflows, branches and policies the tests cover.")
@click.option("--fail-under", type=click.FloatRange(0, 100), metavar="PERCENT", help="Fail where less is covered.")
@click.option("--allow-none", is_flag=True, help="A repository without any test is no error.")
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Test in N processes.")
@output_option(*FORMATS)
@click.option(
    "--report",
    "reports",
    type=ReportFile(FILE_FORMATS, FORMATS),
    multiple=True,
    help="Also write a file; may be repeated.",
)
def command(output: str, reports: tuple[tuple[str, str], ...], **wanted: Any) -> int:  # noqa: ANN401
    r"""Run the tests in `tests` folders beside workflows: each is planned, judged and simulated.

    No step is executed, and no record is written. Without a PATH or NAME all tests run.

    \b
    Examples:
      innominatus-ctl test
      innominatus-ctl test workflows/products/ecommerce
      innominatus-ctl test checkout-deployment/first-deployment
      innominatus-ctl test --filter '*refused*'
      innominatus-ctl test --update
      innominatus-ctl test --coverage --fail-under 80 --report junit=junit.xml --report cobertura=coverage.xml
    """
    from innominatus_cli.operations.testing.running import Wanted

    return answer(Wanted(**wanted), output, reports)
