"""What `plan diff` is asked to compare, and how it and `affected` show what they found."""

from typing import Any

import click

from innominatus_cli.cli.output import print_document, print_for_people
from innominatus_cli.cli.remarks import told
from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.operations.affected import AffectedReport, exit_status
from innominatus_cli.operations.plan_diff import End, PlanDiff, diff_plan_files, diff_plans
from innominatus_cli.operations.planning import PlanWish
from innominatus_cli.reports.affected import affected_document, affected_markdown, affected_text
from innominatus_cli.reports.plan_diff import diff_document, diff_markdown, diff_text
from innominatus_cli.system.files import is_named_file

_HOW = "Write `plan diff A..B SCORE`, `plan diff REV SCORE`, `plan diff SCORE --env A..B` or `plan diff A.json B.json`."
_WITH_BOTH = 2


def wanted_diff(words: tuple[str, ...], wish: dict[str, Any], policies_from: str | None) -> PlanDiff:
    """The comparison that the words of a command line ask for. Raises UsageError where they ask for none."""
    if len(words) == _WITH_BOTH and all(word.endswith(".json") and is_named_file(word) for word in words):
        given = {name for name, value in wish.items() if value and name != "overriding"}
        if given or policies_from is not None or wish["overriding"].wanted:
            raise click.UsageError("two plan files are compared as they are: no other option fits")
        return diff_plan_files(*words)
    *revisions, score = words
    environments = _environments(wish.pop("environment"))
    ends = _ends(revisions, environments)
    old, new = (End(revision, environment) for revision, environment in zip(ends, environments, strict=True))
    return diff_plans(PlanWish(score=score, **wish), old, new, policies_from)


def _environments(written: str | None) -> tuple[str | None, str | None]:
    if written is None or ".." not in written:
        return written, written
    old, _, new = written.partition("..")
    if not old or not new:
        raise click.UsageError("--env takes NAME, or two of them as OLD..NEW")
    return old, new


def _ends(revisions: list[str], environments: tuple[str | None, str | None]) -> tuple[str | None, str | None]:
    """Two revisions, as git reads them; None is the working tree."""
    match revisions:
        case []:
            if environments[0] == environments[1]:
                raise click.UsageError(f"there is nothing to compare with. {_HOW}")
            return None, None
        case [one] if ".." in one:
            return _range(one)
        case [one]:
            return one, one if environments[0] != environments[1] else None
        case [old, new] if ".." not in old + new:
            return old, new
        case _:
            raise click.UsageError(f"there are too many revisions. {_HOW}")


def _range(written: str) -> tuple[str, str]:
    from innominatus_cli.operations.planned_revision import fork_of  # noqa: PLC0415 - needs git

    symmetric = "..." in written
    old, _, new = written.partition("..." if symmetric else "..")
    old, new = old or "HEAD", new or "HEAD"
    return (fork_of(old, new) if symmetric else old), new


def print_diff(diff: PlanDiff, output: str, *, detailed: bool) -> int:
    """Findings of the ends go to stderr, the comparison to stdout; without two plans there is none."""
    for side in (diff.old, diff.new):
        if side.plan is None:
            status = told(side.findings, diff.sources)
            print_for_people(f"There is no plan of {side.name} to compare.\n")
            return status or ExitStatus.FINDINGS
    if output == "markdown":
        print_for_people(diff_markdown(diff))
    else:
        print_document(diff_document(diff), output, lambda: diff_text(diff))
    return diff.exit_status(detailed=detailed)


def print_affected(report: AffectedReport, output: str, fail_on: tuple[str, ...]) -> int:
    """What is affected goes to stdout; the exit status is that of the first thing that is to fail."""
    if output == "markdown":
        print_for_people(affected_markdown(report))
    else:
        print_document(affected_document(report), output, lambda: affected_text(report))
    return exit_status(report, fail_on)
