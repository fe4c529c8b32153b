"""`runs bisect` as text and data."""

from collections.abc import Iterator
from typing import Any

from innominatus_cli.ledger.store import StoredRecord
from innominatus_cli.ledger.summaries import of_run
from innominatus_cli.operations.bisecting import Bisection
from innominatus_cli.operations.history import run_row, short
from innominatus_cli.reports.plan_diff import diff_document, diff_text
from innominatus_cli.reports.terminal import one_line


def bisection_document(found: Bisection) -> dict[str, Any]:
    """What was found, as data."""
    return {
        "schema": "innominatus.dev/bisection/v1",
        "good": run_row(of_run(found.good)),
        "bad": run_row(of_run(found.bad)),
        "commits": [{**one._asdict(), "changes_a_source": one.id in found.touching} for one in found.commits],
        "plans": diff_document(found.diff) if found.diff is not None else None,
    }


def bisection_text(found: Bisection) -> str:
    """What was found, for people."""
    return "".join(f"{line}\n" for line in _lines(found))


def _lines(found: Bisection) -> Iterator[str]:
    yield _run("good", found.good)
    yield _run("bad ", found.bad)
    failures = found.bad.record.failures
    if failures:
        yield f"      first failure: {failures[0]}"
    yield ""
    if found.commits:
        yield "Commits between them (* changes a source of the plan):"
    else:
        yield "No commit came between them: the same sources, other circumstances."
    for one in found.commits:
        mark = "*" if one.id in found.touching else " "
        yield f"  {mark} {short(one.id)} {one_line(one.subject)} ({one_line(one.author)})"
    yield ""
    yield "How their plans differ:" if found.diff is not None else "The ledger lacks one of the plans."
    if found.diff is not None:
        yield from (f"  {line}" if line else "" for line in diff_text(found.diff).splitlines())


def _run(word: str, stored: StoredRecord) -> str:
    record = stored.record
    what = f"{record.status.replace('_', ' ')}, {record.started_at}, commit {short(record.commit) or 'none'}"
    return f"{word}  {record.run}  {what}, by {one_line(record.actor.name)}"
