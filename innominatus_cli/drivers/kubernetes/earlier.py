"""What a cluster had before a step applied its objects: kept beside the application's state, for a rollback."""

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from innominatus_cli.drivers.contract import StepContext
from innominatus_cli.drivers.kubernetes.kubectl import MANAGER
from innominatus_cli.drivers.kubernetes.owned import applied_by
from innominatus_cli.drivers.manifests import Manifest


def keep(ctx: StepContext, objects: Sequence[Manifest], found: Sequence[dict[str, Any]]) -> None:
    """Notes under the step's mark what was there; a later attempt of the same run changes nothing of it.

    The file may hold Secrets: nobody else may read it. Raises OSError.
    """
    path = _path(ctx)
    notes = _read(path)
    if ctx.mark in notes:
        return
    before = [applied_by(MANAGER, one) for one in found]
    notes[ctx.mark] = {"objects": [one.data for one in objects], "before": before, "whole": False}
    _fold(notes)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(notes, file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


class Kept(NamedTuple):
    """What is noted of a step."""

    applied: list[Manifest]
    before: list[Manifest]
    """What we had applied of these objects before, by their own managed fields."""
    whole: bool
    """Whether `before` are whole objects instead, as older versions of this tool noted them."""


def kept(ctx: StepContext) -> Kept | None:
    """What the step of the run applied, and what was there before; None where nothing is noted of it."""
    notes = _read(_path(ctx))
    marks = [mark for mark in ctx.undone_marks if mark in notes]
    if not marks:
        return None
    first = notes[marks[0]]
    applied = {json.dumps(data, sort_keys=True): data for mark in marks for data in notes[mark]["objects"]}
    return Kept(
        [Manifest(data, "the run") for data in applied.values()],
        [Manifest(data, "before") for data in first["before"]],
        first.get("whole", True),
    )


_MOST = 20
"""How many runs are remembered one by one."""


def _fold(notes: dict[str, Any]) -> None:
    """Lets the first run that is remembered stand for those behind it that are too many: a removal needs them all."""
    while len(notes) > _MOST:
        first, second = list(notes)[:2]
        objects = notes[first]["objects"]
        objects += [one for one in notes.pop(second)["objects"] if one not in objects]


def _path(ctx: StepContext) -> Path:
    step = ctx.step.undoes.step if ctx.step.undoes else ctx.step.id
    return ctx.state_dir / "kubernetes" / f"{hashlib.sha256(step.encode()).hexdigest()[:16]}.json"


def _read(path: Path) -> dict[str, Any]:
    try:
        notes = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return notes if isinstance(notes, dict) else {}
