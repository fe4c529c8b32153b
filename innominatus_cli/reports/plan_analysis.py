"""What `analyze` prints."""

from collections.abc import Iterator

from innominatus_cli.documents.durations import duration_text, took_text
from innominatus_cli.documents.plan_analysis import PlanAnalysis, Risk, StepTimes
from innominatus_cli.documents.words import counted
from innominatus_cli.reports.table import table_lines
from innominatus_cli.reports.terminal import one_line, painted

_FEW = 4
"""Steps of a risk that are named before the rest is counted."""


def analysis_text(analysis: PlanAnalysis, *, wide: bool = False, colour: bool = False) -> str:
    """The analysis for people; `wide` names every step of every risk."""
    where = f"{analysis.application} in {analysis.environment}"
    steps = f"{counted(analysis.workflows, 'workflow')}, {counted(len(analysis.steps), 'step')}"
    lines = [painted(one_line(f"{where}: {steps}"), "bold", on=colour), *_times(analysis), "", "Critical path"]
    times = {one.id: one for one in analysis.steps}
    lines += [f"  {one_line(one)}  {_took(times[one])}" for one in analysis.critical_path]
    rows = [(one.phase, one.steps, one.width) for one in analysis.phases]
    lines += ["", *table_lines(("Phase", "Steps", "At once"), rows)]
    if analysis.max_parallel is not None:
        lines.append(f"At most {counted(analysis.max_parallel, 'step')} may run at once.")
    lines += ["", *_table(analysis), ""]
    for risk in analysis.risks:
        lines += _risk(risk, wide=wide, colour=colour)
    return "".join(f"{line}\n" for line in lines)


def _times(analysis: PlanAnalysis) -> Iterator[str]:
    if analysis.expected_ms is None:
        yield "Expected: nobody knows; no step of the critical path has ever run."
    else:
        unknown = f"; {counted(len(analysis.unknown), 'step')} of it never ran" if analysis.unknown else ""
        slow = f", {took_text(analysis.slow_ms)} by 90th percentiles" if analysis.slow_ms is not None else ""
        yield f"Expected: {took_text(analysis.expected_ms)} by medians{slow} (steps of the critical path{unknown})."
    if analysis.past_runs is not None:
        past = analysis.past_runs
        took = f"{took_text(past.median_ms)} (median), {took_text(past.p90_ms)} (90th percentile)"
        yield f"So far:   {took} of {counted(past.runs, 'whole run')} here."
    yield f"At most:  {duration_text(analysis.bound_seconds)} (timeouts, with every attempt and pause)."


def _took(times: StepTimes) -> str:
    return "never runs" if times.never_runs else took_text(times.median_ms) or "no run yet"


def _table(analysis: PlanAnalysis) -> list[str]:
    rows = [
        (
            one.id,
            one.type,
            "never runs" if one.never_runs else took_text(one.median_ms),
            took_text(one.p90_ms),
            f"{one.runs} ({one.origin})" if one.runs else one.origin,
            one.failed or "",
            duration_text(one.bound_seconds),
        )
        for one in analysis.steps
    ]
    return table_lines(("Step", "Type", "Median", "P90", "Of runs", "Failed", "At most"), rows)


def _risk(risk: Risk, *, wide: bool, colour: bool) -> Iterator[str]:
    yield f"{painted(risk.reason, 'yellow', on=colour)}: {one_line(risk.says)}"
    shown = risk.steps if wide else risk.steps[:_FEW]
    yield from (f"  {one_line(step)}" for step in shown)
    if len(risk.steps) > len(shown):
        yield f"  … and {len(risk.steps) - len(shown)} more (-o wide)"
