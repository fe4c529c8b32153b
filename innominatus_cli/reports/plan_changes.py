"""Changes of plans as lines for people and as data: shared by `plan diff` and `affected`."""

from collections.abc import Iterable, Iterator
from typing import Any

from innominatus_cli.documents.durations import duration_text
from innominatus_cli.findings.finding import Finding
from innominatus_cli.planning.comparison import Change, Comparison, Detail
from innominatus_cli.planning.value_text import value_text
from innominatus_cli.reports.terminal import one_line

_SIGNS = {"added": "+", "removed": "-", "changed": "~", "moved": ">"}
_LONGEST = 120
_TREES = {"/conditions/if_tree": "/conditions/if_text", "/conditions/unless_tree": "/conditions/unless_text"}


def change_lines(comparison: Comparison) -> Iterator[str]:
    """Each telling change with its sign, why it is there, and below it each value `old → new`."""
    for change in comparison.telling:
        yield from lines_of(change)


def lines_of(change: Change) -> Iterator[str]:
    """`+ step deployment/platform/-/scan/scan (security): because workflows/platform/scan.yaml:7 changed`."""
    kind = f" ({change.type})" if change.type else ""
    name = f"{change.was} → {change.now}" if change.change == "moved" else change.name
    because = f"  because {', '.join(change.because)}" if change.because else ""
    values = _values(change) if change.part not in {"step", "workflow", "plan"} else ""
    yield one_line(f"{_SIGNS[change.change]} {change.part} {name}{kind}{values}{because}")
    shown = {one.pointer for one in change.details}
    for one in change.details:
        if one.aspect != "position" and _TREES.get(one.pointer) not in shown:
            yield f"    {one_line(detail_text(one))}"


def detail_text(detail: Detail) -> str:
    """`inputs/threshold: high → critical`; what came or went has a sign in front."""
    name = detail.pointer.removeprefix("/").replace("~1", "/").replace("~0", "~") or "value"
    was, now = (_shown(detail.pointer, value) for value in (detail.was, detail.now))
    match detail.change:
        case "added":
            return f"+ {name}: {now}"
        case "removed":
            return f"- {name}: {was}"
        case _:
            return f"{name}: {was} → {now}"


def _values(change: Change) -> str:
    match change.change:
        case "added":
            return f": {_cut(value_text(change.now))}"
        case "removed":
            return f": {_cut(value_text(change.was))}"
        case _ if change.was == change.now and change.details:
            return f": {detail_text(change.details[0])}"
        case _:
            return f": {_cut(value_text(change.was))} → {_cut(value_text(change.now))}"


def _shown(pointer: str, value: object) -> str:
    if pointer == "/gate" and isinstance(value, dict):
        return f"{value.get('count')} of {', '.join(value.get('teams', []))}"
    if pointer.endswith("_seconds") and isinstance(value, int):
        return duration_text(value)
    return _cut(value_text(value))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def changes_document(comparison: Comparison) -> list[dict[str, Any]]:
    """Every change as data, sources and positions too, with whole values."""
    return [_change(one) for one in comparison.changes]


def _change(change: Change) -> dict[str, Any]:
    data: dict[str, Any] = {"part": change.part, "change": change.change, "name": change.name}
    if change.type:
        data["type"] = change.type
    if change.part not in {"step", "workflow"} or change.change == "moved":
        data |= _was_and_now(change)
    if change.details:
        data["details"] = [
            {"pointer": one.pointer, "change": one.change, **_was_and_now(one)} for one in change.details
        ]
    if change.because:
        data["because"] = list(change.because)
    return data


def _was_and_now(one: Change | Detail) -> dict[str, Any]:
    found = {} if one.change == "added" else {"was": one.was}
    return found if one.change == "removed" else {**found, "now": one.now}


def objections_document(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Findings of policies, each with its place."""
    return [
        {"code": one.code.number, "severity": one.severity.value, "message": one.message, "place": str(one.place)}
        for one in findings
    ]
