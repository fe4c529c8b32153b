"""Approvals for people and programs: what was decided, and what waits for whom."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from innominatus_cli.operations.approving import Given
from innominatus_cli.policies.approvals import GateState
from innominatus_cli.reports.listing import Column, Listing
from innominatus_cli.reports.terminal import one_line

_COLUMNS: Final = (
    Column("Application", "application"),
    Column("Environment", "environment"),
    Column("Gate", "gate"),
    Column("State", "state"),
    Column("Asks", "asks"),
    Column("Given By", "by"),
    Column("Run", "run"),
    Column("Message", "says"),
    Column("Plan", "plan", wide=True),
    Column("Against", "reasons", wide=True),
)
_DONE: Final = {"approve": "approved", "reject": "rejected"}


def approvals_listing(rows: Sequence[dict[str, Any]]) -> Listing:
    """The gates, one a row; JSON and YAML have every approval and why others do not count."""
    shown = [{**row, "reasons": "; ".join(row["against"]) or "-", "says": row["message"] or "-"} for row in rows]
    return Listing(
        _COLUMNS,
        shown,
        document={"schema": "innominatus.dev/approvals/v1", "gates": list(rows)},
        empty="Nothing waits for an approval.",
    )


def given_text(given: Given) -> str:
    """What was decided, and what each gate still needs."""
    statement = given.statement
    what = f"run {statement.run}" if statement.run else f"plan {statement.plan.removeprefix('sha256:')[:12]}"
    lines = [
        f"{statement.email} {_DONE[statement.action]} {what} of {statement.application} in {statement.environment}"
    ]
    lines += [f"  {state.gate.id}: {_word(state)}" for state in given.states]
    lines.append(f"  record {given.written.path}")
    if given.by_hand and all(state.is_open for state in given.states):
        lines.append(f"Whoever asked for it gives the same command again: {given.by_hand}")
    elif statement.run and all(state.is_open for state in given.states):
        others = f"somebody else than {statement.email}, whose approval would not count then"
        lines.append(f"Go on with: innominatus-ctl resume {statement.run} ({others})")
    return "".join(f"{one_line(line)}\n" for line in lines)


def given_document(given: Given) -> dict[str, Any]:
    """The same as data."""
    written = given.written
    return {
        "schema": "innominatus.dev/approval/v1",
        "statement": given.statement.as_json(),
        "evidence": None if written.record.evidence is None else written.record.evidence.kind,
        "path": written.path,
        "commit": written.commit,
        "ref": written.ref,
        "gates": {state.gate.id: {"open": state.is_open, "given": len(state.counted)} for state in given.states},
        "lacks": _lacking(given.states),
    }


def _word(state: GateState) -> str:
    return "open" if state.is_open else f"closed, {state.lacks}"


def _lacking(states: Iterable[GateState]) -> list[str]:
    return [state.lacks for state in states if not state.is_open]
