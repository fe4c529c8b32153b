"""The result of `test` for people: a line a file, what failed and why, what is covered, and one line that counts."""

from collections.abc import Iterator
from itertools import groupby

from innominatus_cli.documents.words import counted
from innominatus_cli.operations.testing.coverage import Coverage, CoveredWorkflow, Share
from innominatus_cli.operations.testing.running import CaseOutcome, SuiteReport
from innominatus_cli.reports.findings_text import findings_text
from innominatus_cli.reports.table import table_lines
from innominatus_cli.reports.terminal import one_line, painted, printable

_DIFF_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def render(report: SuiteReport, *, colour: bool = False) -> str:
    """The whole result."""
    parts = [*_files(report, colour=colour)]
    failed = [outcome for outcome in report.outcomes if not outcome.passed]
    for outcome in failed:
        about = f": {one_line(outcome.description)}" if outcome.description else ""
        parts.append(f"\n{painted('FAILED', 'red', on=colour)} {one_line(outcome.name)}{about}\n")
        parts.append(findings_text(outcome.failures, sources=report.sources, colour=colour))
        parts.append(diff_text(outcome.diff, colour=colour))
    if report.findings:
        parts.append("\n" + findings_text(report.findings, sources=report.sources, colour=colour))
    parts += [f"wrote {one_line(path)}\n" for path in report.written]
    parts += [f"removed {one_line(path)}\n" for path in report.removed]
    if report.coverage is not None:
        parts.append("\n" + coverage_text(report.coverage))
    return f"{''.join(parts)}\n{summary(report, colour=colour)}\n".lstrip("\n")


def summary(report: SuiteReport, *, colour: bool = False) -> str:
    """`1 failed, 5 passed in 0.12s`."""
    failed = sum(not outcome.passed for outcome in report.outcomes)
    passed = len(report.outcomes) - failed
    words = [f"{failed} failed"] if failed else []
    words += [f"{passed} passed"] if passed or not failed else []
    words += [counted(len(report.errors), "error")] if report.errors else []
    warnings = len(report.findings) - len(report.errors)
    words += [counted(warnings, "warning")] if warnings else []
    text = f"{', '.join(words)} in {report.duration_ms / 1000:.2f}s"
    return painted(text, "green" if report.passed else "red", on=colour)


def diff_text(diff: str, *, colour: bool = False) -> str:
    """A unified diff, its lines coloured."""
    lines = []
    for line in diff.splitlines():
        shown = printable(line)
        kind = "" if shown.startswith(("+++", "---")) else _DIFF_COLOURS.get(shown[:1], "")
        lines.append(painted(shown, kind, on=colour) if kind else shown)
    return "".join(f"{line}\n" for line in lines)


def coverage_text(coverage: Coverage) -> str:
    """What the tests cover, and of each workflow and policy what is missing."""
    rows = [
        (one_line(flow.identity), str(flow.tests), _share(_branches(flow)), ", ".join(_missing(flow)))
        for flow in coverage.workflows
    ]
    lines = [*table_lines(("Workflow", "Tests", "Branches", "Not seen"), rows), ""]
    rows_of_policies = [
        (policy.key, *(str(branch.tests) for branch in policy.branches), *([""] * (2 - len(policy.branches))))
        for policy in coverage.policies
    ]
    if rows_of_policies:
        lines += [*table_lines(("Policy", "Held", "Refused"), rows_of_policies), ""]
    lines.append(
        f"Covered: {coverage.total.percent:.0f} % (workflows {_share(coverage.of_workflows)}, "
        f"branches {_share(coverage.of_branches)}, policies {_share(coverage.of_policies)})"
    )
    return "".join(f"{line}\n" for line in lines)


def _files(report: SuiteReport, *, colour: bool) -> Iterator[str]:
    """A line for each file: a dot for a test that passed, an F for one that failed."""
    for path, outcomes in groupby(report.outcomes, key=_path):
        marks = "".join(
            painted(".", "green", on=colour) if outcome.passed else painted("F", "red", on=colour)
            for outcome in outcomes
        )
        yield f"{one_line(path)} {marks}\n"


def _path(outcome: CaseOutcome) -> str:
    return outcome.path


def _branches(flow: CoveredWorkflow) -> Share:
    counts = [branch.tests > 0 for step in flow.steps for branch in step.branches]
    return Share(sum(counts), len(counts))


def _share(share: Share) -> str:
    return f"{share.covered}/{share.total}"


def _missing(flow: CoveredWorkflow) -> Iterator[str]:
    for step in flow.steps:
        for branch in step.branches:
            if not branch.tests:
                yield f"{one_line(step.name)} {branch.word} (line {step.line})"
