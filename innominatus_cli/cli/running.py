"""What `run`, `deploy` and `test-product-workflow --execute` share: options, progress, the report."""

import gc
import os
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.output import Duration, print_document, print_for_people, print_text
from innominatus_cli.cli.overriding import need_score
from innominatus_cli.cli.remotes import REMOTE
from innominatus_cli.cli.wishing import wish_options
from innominatus_cli.documents.vocabulary import Operation
from innominatus_cli.findings.finding import Severity
from innominatus_cli.operations.overriding import NO_OVERRIDES
from innominatus_cli.operations.planning import PlanWish
from innominatus_cli.operations.running import RunOperation, RunOptions, RunReport
from innominatus_cli.reports.findings_text import findings_text
from innominatus_cli.reports.plan_text import plan_document, plan_text
from innominatus_cli.reports.run_progress import progress_for
from innominatus_cli.reports.run_text import refusal_line, run_document, run_lines
from innominatus_cli.reports.terminal import to_stderr, wants_colour
from innominatus_cli.system.clock import SystemClock

if TYPE_CHECKING:
    from innominatus_cli.operations.plan_files import HeldPlan
    from innominatus_cli.operations.resuming import ResumeWish

_COLLECT_AFTER: Final = 100_000
"""New objects between two looks of the collector, which the engine turns on. Nearly all that a plan of 1,000 steps
makes lives to the end, and looking through it again and again took a tenth of such a run."""
T = TypeVar("T")
RUN_DEFAULTS: Final[Mapping[str, Any]] = {
    "environment": None,
    "parameters": (),
    "param_files": (),
    "workflows": (),
    "max_parallel": None,
    "timeout": None,
    "policies_from": None,
    "dry_run": False,
    "no_commit": False,
    "push": False,
    "rollback_on_failure": False,
    "checkpoint": None,
    "lock_remote": None,
    "overriding": NO_OVERRIDES,
}
"""The values of `run_options` where nothing is said, for commands that run without offering them."""


def run_options(function: Callable[..., T]) -> Callable[..., T]:
    """The options of every command that runs."""
    return wish_options(execution_options(dry_run_option(function)))


def dry_run_option(function: Callable[..., T]) -> Callable[..., T]:
    """`--dry-run`."""
    return click.option("--dry-run", is_flag=True, help="Plan and judge only; run and record nothing.")(function)


def execution_options(function: Callable[..., T]) -> Callable[..., T]:
    """How a run is done, whatever it does."""
    for option in reversed(
        [
            click.option("--max-parallel", type=click.IntRange(1, 256), help="Run at most N steps at once."),
            click.option("--timeout", type=Duration(), help="Stop what runs after this long, as in 90s, 30m, 1h30m."),
            click.option("--policies-from", metavar="REV", help="Judge by the policies of another revision."),
            click.option("--no-commit", is_flag=True, help="Write the record without committing it."),
            click.option("--push", is_flag=True, help="Push the record's commit."),
            click.option("--rollback-on-failure", is_flag=True, help="Where it fails, roll back at once what it did."),
            click.option(
                "--checkpoint", type=click.Choice(["push"]), help="Keep the journal on the remote, to resume elsewhere."
            ),
            click.option(
                "--lock-remote", metavar="REMOTE", type=REMOTE, help="Hold the lock on this remote too, for all clones."
            ),
        ]
    ):
        function = option(function)
    return function


def plan_file_option(function: Callable[..., T]) -> Callable[..., T]:
    """`--plan FILE`, passed on as `plan_file`."""
    return click.option(
        "--plan",
        "plan_file",
        metavar="FILE",
        shell_complete=offers.files,
        help="Run exactly the plan that `plan --out FILE` wrote; exit 5 where something it was made from differs.",
    )(function)


def carry_out(
    name: str | None, score: str | None, output: str, given: dict[str, Any], only: Operation | None = None
) -> int:
    """Runs, tells how it goes on stderr and what came of it on stdout, and returns the exit status.

    `name` is a golden path or a workflow; None the configured default. `given` holds the values of `run_options`, and
    `plan_file` where the command has it. `only` is what a plan file may do; None lets it do anything.
    """
    need_score(score, given["overriding"])
    gc.set_threshold(_COLLECT_AFTER)
    wish = PlanWish(
        name=name,
        score=score,
        environment=given["environment"],
        parameters=given["parameters"],
        param_files=given["param_files"],
        workflows=given["workflows"],
        overriding=given["overriding"],
    )
    held = _held(given.get("plan_file"), wish, only)
    options = options_of(given)
    observer = progress_for(sys.stderr, os.environ)
    operation = RunOperation(".", SystemClock(), observer, held)
    report = operation.run(held.wish(operation.git.root) if held else wish, options)
    show_report(report, output)
    if report.record is None and options.dry_run and report.outcome.plan is not None:
        _print_plan(report, output)
    return report.exit_status


def go_on(wish: "ResumeWish", output: str, given: dict[str, Any]) -> int:
    """Goes on with an earlier run, tells and reports as `carry_out` does, and returns the exit status.

    `given` holds the values of `execution_options`.
    """
    from innominatus_cli.operations.resuming import ResumeOperation  # noqa: PLC0415 - few commands go on

    gc.set_threshold(_COLLECT_AFTER)
    observer = progress_for(sys.stderr, os.environ)
    report = ResumeOperation(".", SystemClock(), observer).resume(wish, options_of({**RUN_DEFAULTS, **given}))
    show_report(report, output)
    if report.record is None and not report.exit_status:
        print_document(run_document(report), output, str)
    return report.exit_status


def options_of(given: Mapping[str, Any]) -> RunOptions:
    """The options of a run by the values of `run_options`."""
    return RunOptions(
        max_parallel=given["max_parallel"],
        timeout_seconds=given["timeout"],
        policies_from=given["policies_from"],
        dry_run=given["dry_run"],
        commit=not given["no_commit"],
        push=given["push"],
        rollback_on_failure=given["rollback_on_failure"],
        checkpoint=given["checkpoint"] == "push",
        lock_remote=given["lock_remote"],
    )


def show_report(report: RunReport, output: str) -> None:
    """What is to be told on stderr, and the record on stdout where there is one."""
    told = [finding for finding in report.everything() if finding.severity is not Severity.INFO]
    if told:
        to_stderr(findings_text(told, sources=report.sources, colour=wants_colour(sys.stderr)).rstrip("\n"))
    if report.record is not None:
        lines = run_lines(report, colour=wants_colour(sys.stdout))
        print_document(run_document(report), output, lambda: "".join(f"{line}\n" for line in lines))


def _held(plan_file: str | None, wish: PlanWish, only: Operation | None) -> "HeldPlan | None":
    """The plan file that is to be run. Raises a usage error where something else is asked for beside it."""
    if plan_file is None:
        return None
    if wish != PlanWish(overriding=wish.overriding) or wish.overriding.wanted:
        named = "name no GOLDENPATH, SCORE, --env, --param and so on beside it"
        raise click.UsageError(f"--plan FILE runs what FILE says: {named}")
    from innominatus_cli.operations.plan_files import read_plan_file  # noqa: PLC0415 - few runs have one

    held = read_plan_file(plan_file)
    operation = held.file.plan.operation
    if only is not None and operation is not only:
        raise click.UsageError(f"'{plan_file}' is a plan to {operation}; run it with `run --plan {plan_file}`")
    return held


def _print_plan(report: RunReport, output: str) -> None:
    if output in {"json", "yaml"}:
        print_document(plan_document(report.outcome), output, str)
    else:
        print_for_people(plan_text(report.outcome))
        word = refusal_line(report.exit_status) if report.exit_status else "Run without --dry-run to execute."
        print_text(f"{word}\n")
