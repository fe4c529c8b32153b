"""Loops for people: the value that a step is there for, how many steps there may be."""

import json
from typing import Final

from innominatus_cli.documents.plan import Cell, Plan
from innominatus_cli.documents.words import counted
from innominatus_cli.expressions.values import references_in

_LONGEST: Final = 40


def value_of_cell(cell: Cell | None) -> str:
    """The value of a round, in a few words: `eu-west`, `os=linux arch=arm`; empty where only the run knows it."""
    if cell is None or references_in(cell.item) or references_in(cell.matrix):
        return ""
    if cell.matrix is not None:
        text = " ".join(f"{key}={_text(value)}" for key, value in cell.matrix.items())
    else:
        text = _text(cell.item)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def steps_in_words(plan: Plan) -> str:
    """`12 steps`; `up to 16 steps` where loops over outputs may become fewer."""
    steps = counted(sum(step.most_steps for step in plan.steps), "step")
    return f"up to {steps}" if any(step.expansion for step in plan.steps) else steps


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
