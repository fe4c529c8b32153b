"""A loop over outputs becomes its steps: the same values give the same steps, however often they are worked out."""

from collections.abc import Sequence
from typing import Any, Final

from innominatus_cli.documents.canonical import canonical_json, digest_of_bytes
from innominatus_cli.documents.plan import Cell, Expansion, PlannedStep
from innominatus_cli.execution.step_ends import finding_of
from innominatus_cli.execution.values import RunValues, StepView
from innominatus_cli.expressions.loops import LoopError, combinations, items_of
from innominatus_cli.expressions.values import NoValue, as_literal, resolve
from innominatus_cli.findings.catalogue import expansion as codes
from innominatus_cli.findings.catalogue.execution import VALUE_MISSING
from innominatus_cli.findings.finding import Finding

RECORD_BYTES: Final = 64 * 1024
"""How much of what a loop went over a record holds."""


def cells_of(step: PlannedStep, values: RunValues) -> list[Cell] | Finding:
    """The rounds of a loop, now that what it goes over is known; a finding where that is no list, or too long."""
    expansion = step.expansion
    if expansion is None:
        raise AssertionError(f"{step.id} is no loop")
    key = "forEach" if expansion.matrix is None else "matrix"
    if any(values.is_secret(step.workflow_id, value, step.name) for value in _sources(expansion)):
        return finding_of(step, codes.NO_LOOP_WHILE_RUNNING, f"'{key}' would go over a secret")
    view = StepView(values, step.workflow_id)
    try:
        return _cells(expansion, view)
    except NoValue as missing:
        return finding_of(step, VALUE_MISSING, f"'{key}': {missing}")
    except LoopError as wrong:
        code = codes.LOOP_TOO_LONG if wrong.too_many else codes.LOOP_WITHOUT_VALUES
        return finding_of(step, code, f"'{key}' {wrong.problem}")


def steps_of(pattern: PlannedStep, cells: Sequence[Cell]) -> list[PlannedStep]:
    """The steps that a loop becomes, one for each of its rounds."""
    return [
        pattern.model_copy(
            update={
                "id": f"{pattern.id}[{cell.index}]",
                "name": f"{pattern.name}[{cell.index}]",
                "within": pattern.id,
                "cell": cell,
                "expansion": None,
            }
        )
        for cell in cells
    ]


def digest_of_cells(cells: Sequence[Cell]) -> str:
    """`sha256:` of the rounds, for the journal."""
    return digest_of_bytes(_canonical(cells))


def recorded_cells(cells: Sequence[Cell]) -> list[Cell] | None:
    """The rounds, as far as a record may hold them."""
    return list(cells) if len(_canonical(cells)) <= RECORD_BYTES else None


def _canonical(cells: Sequence[Cell]) -> bytes:
    return canonical_json([cell.as_json() for cell in cells])


def _sources(expansion: Expansion) -> list[Any]:
    return [expansion.for_each, expansion.include, expansion.exclude, *(axis.values for axis in expansion.matrix or ())]


def _cells(expansion: Expansion, view: StepView) -> list[Cell]:
    """Raises NoValue, LoopError."""
    if expansion.matrix is None:
        items = items_of(resolve(expansion.for_each, view.value), expansion.max_items)
        return [Cell(index=index, item=as_literal(item)) for index, item in enumerate(items)]
    axes = [(axis.key, resolve(axis.values, view.value)) for axis in expansion.matrix]
    include, exclude = (resolve(value, view.value) for value in (expansion.include, expansion.exclude))
    found = combinations(axes, include, exclude, expansion.max_items)
    return [Cell(index=index, matrix=as_literal(one)) for index, one in enumerate(found)]
