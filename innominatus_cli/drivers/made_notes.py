"""Notes in the state folder: which run made something outside, and which changed it last.

A rollback destroys only what the very run made (`StepContext.mark`); what was there before it must be known when the
run is long over.
"""

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Literal, TypeAlias

Verdict: TypeAlias = Literal["made", "changed", "untouched"]


def changing(path: Path, key: str, mark: str, *, makes_it: bool) -> None:
    """Notes, before it happens, that the step of this mark makes or changes what `key` names."""
    before = _read(path).get(key, {})
    _write(path, key, {"made_by": mark if makes_it else before.get("made_by", ""), "changed_by": mark})


def gone(path: Path, key: str) -> None:
    """What `key` names is there no longer."""
    _write(path, key, None)


def what_was_done(path: Path, key: str, marks: Collection[str]) -> Verdict:
    """What the steps of these marks did to it."""
    note = _read(path).get(key, {})
    if note.get("changed_by") not in marks:
        return "untouched"
    return "made" if note.get("made_by") in marks else "changed"


def _read(path: Path) -> dict[str, dict[str, str]]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return {str(key): one for key, one in found.items() if isinstance(one, dict)} if isinstance(found, dict) else {}


def _write(path: Path, key: str, entry: Mapping[str, str] | None) -> None:
    notes = _read(path)
    notes.pop(key, None)
    notes |= {} if entry is None else {key: dict(entry)}
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(notes, sort_keys=True), encoding="utf-8")
    fresh.replace(path)
