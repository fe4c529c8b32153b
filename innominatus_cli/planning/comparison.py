"""How two plans differ: which sources, inputs and steps, by name."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from innominatus_cli.documents.plan import Plan


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that two plans do not have in common; `was` and `now` are texts for people."""

    part: Literal["input", "source", "workflow", "step", "plan"]
    name: str
    change: Literal["added", "removed", "changed"]
    was: str = ""
    now: str = ""


def differences(old: Plan, new: Plan) -> list[Difference]:
    """What `new` has otherwise than `old`: inputs first, for a fact is the usual reason, then sources, then steps."""
    found = [
        *_compare("input", _inputs(old, new), _inputs(new, old)),
        *_compare("source", _by(old.sources, "path", "object_id"), _by(new.sources, "path", "object_id")),
        *_compare("workflow", {one.id: one for one in old.workflows}, {one.id: one for one in new.workflows}),
        *_compare("step", _steps(old), _steps(new)),
    ]
    if not found and old.digest != new.digest:
        found.append(Difference("plan", "parameters, limits or application", "changed"))
    return found


def _steps(plan: Plan) -> dict[str, object]:
    """Its steps, loops and sub-workflows; barriers between phases and tiers only follow from them."""
    return {one.id: one for one in plan.steps if one.kind == "step" or one.group is not None}


def _inputs(plan: Plan, other: Plan) -> dict[str, str]:
    """Values with their evidence; the evidence alone where the other plan has the same value."""
    same = {one.name: one.value for one in other.inputs}
    return {
        one.name: one.evidence if same.get(one.name) == one.value else f"{_shown(one.value)} ({one.evidence})"
        for one in plan.inputs
    }


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _by(items: Iterable[object], key: str, value: str) -> dict[str, str]:
    return {str(getattr(item, key)): str(getattr(item, value)) for item in items}


def _compare(
    part: Literal["input", "source", "workflow", "step"], old: Mapping[str, object], new: Mapping[str, object]
) -> list[Difference]:
    found: list[Difference] = []
    for name in sorted(old.keys() | new.keys()):
        if name not in new:
            found.append(Difference(part, name, "removed", was=_text(old[name])))
        elif name not in old:
            found.append(Difference(part, name, "added", now=_text(new[name])))
        elif old[name] != new[name]:
            found.append(Difference(part, name, "changed", _text(old[name]), _text(new[name])))
    return found


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
