"""What came of a run, for people: one screen at its end."""

from collections import Counter
from typing import Any

from innominatus_cli.documents.durations import took_text
from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.operations.running import RunReport
from innominatus_cli.reports.terminal import one_line, painted, printable

_COLOURS = {
    "succeeded": "green",
    "failed": "red",
    "refused": "red",
    "interrupted": "yellow",
    "timed_out": "red",
    "waiting": "yellow",
}
_SHORT = 12


def refusal_line(status: int) -> str:
    """Why nothing would run by a plan that was judged, from the exit status of its findings."""
    if status == ExitStatus.WAITS_FOR_APPROVAL:
        return "It waits for an approval: no step would run before."
    return "Policies refuse it: no step would run."


def run_lines(report: RunReport, *, colour: bool = False) -> list[str]:
    """The summary of a run that left a record; nothing where there is none."""
    record = report.record
    if record is None:
        return []
    status = painted(record.status, _COLOURS[record.status], on=colour)
    counts = Counter(result.status for result in record.steps)
    steps = ", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "no step ran"
    lines = [
        f"{record.application} in {record.environment}: {status} ({steps}; {took_text(record.duration_ms)})",
        f"  run     {record.run}",
        f"  plan    {(record.plan or '-').removeprefix('sha256:')[:_SHORT]}",
    ]
    lines += [f"  failed  {one_line(step)}: {one_line(_reason(report, step))}" for step in record.failures]
    lines += [f"  logs    innominatus-ctl logs {record.run}"] if record.failures else []
    lines += _whereabouts(report)
    return lines if report.rollback is None else [*lines, *_rollback(report.rollback, colour=colour)]


def run_document(report: RunReport) -> dict[str, Any]:
    """The same as data: the record as it is stored, and where it went."""
    written = report.written
    document = {
        "schema": "innominatus.dev/run-report/v1",
        "exit_status": int(report.exit_status),
        "record": report.record.as_json() if report.record else None,
        "path": written.path if written else None,
        "commit": written.commit if written else None,
        "ref": written.ref if written else None,
    }
    return document if report.rollback is None else {**document, "rollback": run_document(report.rollback)}


def _rollback(report: RunReport, *, colour: bool) -> list[str]:
    """What came of the rollback of a run that failed."""
    if report.record is not None:
        return ["rolled back:" if not report.exit_status else "ROLLBACK FAILED:", *run_lines(report, colour=colour)]
    return ["ROLLBACK FAILED: see the findings"] if report.exit_status else ["Nothing was left to roll back."]


def _reason(report: RunReport, step: str) -> str:
    results = report.record.steps if report.record else []
    return next((result.reason for result in results if result.step == step), "")


def _whereabouts(report: RunReport) -> list[str]:
    written = report.written
    if written is None:
        return []
    if written.kept_at is not None:
        return [f"  record  kept in {written.kept_at}: it could not be written to the repository"]
    if written.lost:
        return [f"  record  lost, but for this: {printable(written.record.canonical.decode().rstrip())}"]
    if written.commit is None:
        return [f"  record  {written.path} (not committed: it counts for others once it is)"]
    where = f"{written.commit[:_SHORT]} on {written.ref}"
    return [f"  record  {written.path}", f"  commit  {where}"]
