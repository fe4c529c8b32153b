"""The options and the answer that `validate` and `check` share."""

import os
import sys
from collections.abc import Callable, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar, cast

import click

from innominatus_cli.cli.output import ReportFile, output_option, print_for_people, print_text
from innominatus_cli.findings.finding import CannotContinue, Finding
from innominatus_cli.operations.checking import CheckRequest, check
from innominatus_cli.operations.validation import from_git_root
from innominatus_cli.reports.formats import FOR_FORGES, FORMATS, render

if TYPE_CHECKING:
    from innominatus_cli.operations.fixing import Fixing
    from innominatus_cli.operations.validation import Validation

F = TypeVar("F", bound=Callable[..., Any])


class Wishes(TypedDict):
    """The options that become fields of a `CheckRequest`."""

    strict_score: bool
    since: str | None
    policies_from: str | None
    baseline: str | None
    write_baseline: str | None
    jobs: int | None
    cache: bool
    fix: bool
    diff: bool


class Answer(TypedDict):
    """The options that say what counts and how it is shown."""

    strict: bool
    output: str
    reports: tuple[tuple[str, str], ...]


_COUNTING = (
    click.option(
        "--since",
        metavar="REV",
        help="Only findings of what changed since the last commit that REV and HEAD have in common (committed, staged, "
        "unstaged or untracked), and new ones in what depends on it.",
    ),
    click.option(
        "--policies-from", metavar="REV", help="Judge by the policies and ignores of another revision, as CI does."
    ),
    click.option("--baseline", metavar="FILE", help="Findings in FILE are known and do not count."),
    click.option("--write-baseline", metavar="FILE", help="Write all findings to FILE, as the baseline."),
)
"""The options that say which findings count."""


def checking_options(function: F) -> F:
    """What both commands take, in the order in which help shows it."""
    function = _gathered(function)
    function = click.option(
        "--report",
        "reports",
        type=ReportFile(FORMATS, FORMATS),
        multiple=True,
        help="Also write the result to a file; may be repeated.",
    )(function)
    function = output_option(*FORMATS)(function)
    for option in reversed(_COUNTING):
        function = option(function)
    function = click.option(
        "--cache/--no-cache", default=True, help="Keep facts of many files in the git directory, for the next check."
    )(function)
    function = click.option(
        "--jobs", type=click.IntRange(min=1), help="Check files in N processes. [default: by files and processors]"
    )(function)
    function = click.option("--diff", is_flag=True, help="Show what --fix would change; alone it writes nothing.")(
        function
    )
    function = click.option("--fix", is_flag=True, help="Mend what can be mended safely; comments and layout stay.")(
        function
    )
    function = click.option("--strict-score", is_flag=True, help="The house's dialect of Score is an error.")(function)
    return click.option("--strict", is_flag=True, help="Warnings fail too.")(function)


def _gathered(function: F) -> F:
    """The command with the options that say how, as one value `shown`."""

    @wraps(function)
    def command(
        *arguments: Any,  # noqa: ANN401 - click's
        strict: bool,
        output: str,
        reports: tuple[tuple[str, str], ...],
        **others: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        return function(*arguments, shown=Answer(strict=strict, output=output, reports=reports), **others)

    return cast("F", command)


def answer(request: CheckRequest, shown: Answer) -> int:
    """Checks, shows the findings, and returns the exit status."""
    if request.baseline is not None and request.write_baseline is not None:
        raise click.UsageError("--baseline reads and --write-baseline writes: give one of them")
    if request.fix or request.diff:
        _refuse_fixes(request, shown["output"])
    if request.since is not None and request.write_baseline is not None:
        raise click.UsageError("--write-baseline writes all findings: give it without --since")
    found = check(request)
    if found.fixed is not None:
        only_a_diff = found.fixed.shows_diff and not found.fixed.written and shown["output"] == "text"
        _tell_fixes(found.fixed, found.findings if only_a_diff else ())
    if request.overriding.wanted and any(kinds and "Workload" not in kinds for kinds in found.kinds.values()):
        raise click.UsageError(f"'{request.paths[0]}' is no Score file, and nothing else can be overridden")
    show(found, shown, request.directory)
    if request.write_baseline is not None and shown["output"] == "text":
        from innominatus_cli.reports.terminal import to_stderr  # noqa: PLC0415 - a baseline is written seldom

        to_stderr(f"baseline written to {request.write_baseline}")
    return int(found.exit_status(strict=shown["strict"]))


def show(found: "Validation", shown: Answer, directory: str = ".") -> None:
    """Prints the findings of a check in `directory` and writes the reports that are wished for.

    Reports are written also where the reader of stdout went away.
    """
    output = shown["output"]
    write = print_for_people if output in {"text", "table"} else print_text
    try:
        write(_rendered(found, output, directory, strict=shown["strict"], colour=_wants_colour()))
    finally:
        if output == "github":
            _summarise(_for_readers(found, output, directory))
        for wanted, file in shown["reports"]:
            from innominatus_cli.system.files import write_output  # noqa: PLC0415 - few checks have reports

            text = _rendered(found, wanted, directory, strict=shown["strict"])
            write_output(file, text.encode("utf-8", "backslashreplace"))


def _rendered(found: "Validation", output: str, directory: str, *, strict: bool, colour: bool = False) -> str:
    return render(_for_readers(found, output, directory), output, strict=strict, colour=colour)


def _for_readers(found: "Validation", output: str, directory: str) -> "Validation":
    """The same with paths from the root of the checkout, for formats whose readers look there."""
    return from_git_root(found, directory) if output in FOR_FORGES else found


def _refuse_fixes(request: CheckRequest, output: str) -> None:
    """Ends in wrong usage where there is nothing to mend, or no way to show a diff."""
    if request.overriding.wanted:
        raise click.UsageError("--fix and --diff mend files; they cannot be used with overrides")
    if request.diff and output not in {"text", "json", "yaml"}:
        raise click.UsageError(f"-o {output} cannot show a diff; use text, json or yaml")


def _tell_fixes(fixing: "Fixing", unshown: Sequence[Finding]) -> None:
    from innominatus_cli.reports.fixes_text import fixes_summary  # noqa: PLC0415 - few ask for fixes
    from innominatus_cli.reports.terminal import to_stderr  # noqa: PLC0415

    to_stderr(fixes_summary(fixing, unshown))


def _wants_colour() -> bool:
    from innominatus_cli.reports.terminal import wants_colour  # noqa: PLC0415 - after the check

    return wants_colour(sys.stdout)


def _summarise(found: "Validation") -> None:
    """Adds the findings to the summary of the step, where GitHub Actions has one. No check fails for want of it."""
    file = os.environ.get("GITHUB_STEP_SUMMARY")
    if not file:
        return
    from innominatus_cli.cli.remarks import told  # noqa: PLC0415 - on a runner only
    from innominatus_cli.reports.step_summary import LARGEST, step_summary  # noqa: PLC0415
    from innominatus_cli.system.files import append_file, size_of  # noqa: PLC0415

    try:
        text = step_summary(found, LARGEST - size_of(file))
        append_file(file, text.encode("utf-8", "backslashreplace"))
    except CannotContinue as problem:
        told(problem.findings)
