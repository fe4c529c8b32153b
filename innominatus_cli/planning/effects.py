"""What the changes of a plan come to, in a few words that are the same for every application with the same effect."""

from collections.abc import Iterable

from innominatus_cli.documents.words import counted
from innominatus_cli.planning.comparison import Change, Comparison

SAME_STEPS = "same steps, another digest"
APPROVAL = "approval now needed"
NO_APPROVAL = "approval no longer needed"
REFUSED = "refused"
NOT_REFUSED = "no longer refused"
POLICIES = "policies say something else"
_WORDS = {
    "timeout_seconds": "timeouts changed",
    "retry": "retries changed",
    "conditions": "conditions changed",
    "needs": "order changed",
    "gate": "approvals changed",
    "inputs": "inputs changed",
    "input_files": "files that steps read changed",
    "env": "environment variables changed",
    "secrets": "secrets changed",
}


def effects(comparison: Comparison) -> tuple[str, ...]:
    """`+1 step`, `2 steps changed`, `approval now needed`, `timeouts changed`, …; nothing for equal plans."""
    if not comparison:
        return ()
    steps = comparison.steps
    found = [
        _count(steps, "added", "+{}"),
        _count(steps, "removed", "-{}"),
        _count(steps, "moved", "{} moved"),
        _count(steps, "changed", "{} changed"),
        *_gates(comparison.telling),
    ]
    details = [one for change in steps for one in change.details if change.change in {"changed", "moved"}]
    aspects = {one.aspect for one in details if not (one.pointer == "/gate" and one.change != "changed")}
    found += [word for aspect, word in _WORDS.items() if aspect in aspects]
    others = {change.part for change in comparison.telling} - {"step"}
    if not any(found) and others:
        found += [f"{part}s changed" if part != "plan" else "application changed" for part in sorted(others)]
    return tuple(filter(None, found)) or (SAME_STEPS,)


def _count(steps: tuple[Change, ...], change: str, text: str) -> str:
    number = sum(one.change == change for one in steps)
    return text.format(counted(number, "step")) if number else ""


def _gates(changes: Iterable[Change]) -> list[str]:
    """Gates of steps and workflows that come and go; a step that moves keeps its own."""
    details = [one for change in changes for one in change.details if one.pointer.startswith("/gate")]
    come, gone = (any(one.change == change for one in details) for change in ("added", "removed"))
    return [APPROVAL] if come and not gone else [NO_APPROVAL] if gone and not come else []
