"""Loops for people: the value that a step is there for, how many steps there may be."""

import json
from collections.abc import Mapping
from typing import Final

from innominatus_cli.documents.plan import Cell, Plan
from innominatus_cli.documents.words import counted
from innominatus_cli.expressions.values import references_in

_LONGEST: Final = 40


def value_of_cell(cell: Cell | None) -> str:
    """The value of a round, in a few words: `eu-west`, `os=linux arch=arm`; empty where only the run knows it.

    An entry of a mapping is told as `orders=2`.
    """
    if cell is None or references_in(cell.item) or references_in(cell.matrix):
        return ""
    value = cell.item if cell.matrix is None else cell.matrix
    if isinstance(value, Mapping) and value.keys() == {"key", "value"}:
        text = f"{value['key']}={_text(value['value'])}"
    elif isinstance(value, Mapping):
        text = " ".join(f"{key}={_text(item)}" for key, item in value.items())
    else:
        text = _text(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def steps_in_words(plan: Plan) -> str:
    """`12 steps`; `up to 16 steps` where loops over outputs may become fewer."""
    steps = counted(sum(step.most_steps for step in plan.steps), "step")
    return f"up to {steps}" if any(step.expansion for step in plan.steps) else steps


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
