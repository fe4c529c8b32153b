"""What `explain APP` prints: why each step of a plan is there, and why other workflows are not."""

from collections.abc import Iterator
from itertools import groupby
from typing import Final

from innominatus_cli.documents.plan_explanation import (
    ExplainedAbsence,
    ExplainedCondition,
    ExplainedNeed,
    ExplainedResource,
    ExplainedStep,
    PlanExplanation,
)
from innominatus_cli.documents.vocabulary import When
from innominatus_cli.documents.words import counted
from innominatus_cli.reports.listing import Column, Listing, listing_text
from innominatus_cli.reports.terminal import one_line, painted

_WIDTH: Final = 10
_COLUMNS: Final = (
    Column("Step", "id"),
    Column("Type", "type"),
    Column("Trigger", "trigger"),
    Column("At", "at"),
    Column("After", "after"),
    Column("If", "condition"),
    Column("Tools", "tools", wide=True),
    Column("Policies", "policies", wide=True),
)


def explanation_text(explanation: PlanExplanation, *, colour: bool = False) -> str:
    """Everything, a block a step, by phase and tier."""
    product = f", product {explanation.product}" if explanation.product else ""
    head = f"{explanation.operation}: {explanation.application}{product}, environment {explanation.environment}"
    lines = [painted(one_line(head), "bold", on=colour), ""]
    for step in explanation.steps:
        lines += [painted(one_line(step.id), "cyan", on=colour), *map(_line, _said(step)), ""]
    if explanation.resources:
        lines.append(painted("Resources:", "bold", on=colour))
        lines += [*map(_resource, explanation.resources), ""]
    for tier, absent in groupby(explanation.absent, key=lambda one: one.tier):
        lines.append(painted(f"Not in this plan ({tier}):", "bold", on=colour))
        for one in absent:
            lines += [f"  {one_line(one.identity)} ({one_line(one.path)})", *map(_line, _missing(one))]
        lines.append("")
    if explanation.steps:
        lines.append(f"{counted(len(explanation.steps), 'step')}; digest {explanation.digest}")
    return "".join(f"{line}\n" for line in lines)


def explanation_table(explanation: PlanExplanation, output: str) -> str:
    """The steps, a line each (`table` or `wide`)."""
    rows = [
        {
            "id": step.id,
            "type": step.type,
            "trigger": step.trigger,
            "at": f"{step.path}:{step.line}",
            "after": [_short(need) for need in step.needs],
            "condition": "; ".join(map(_condition, step.conditions)),
            "tools": [f"{tool.name} {tool.range}" for tool in step.tools],
            "policies": [policy.key for policy in step.policies],
        }
        for step in explanation.steps
    ]
    return listing_text(Listing(_COLUMNS, rows, empty="The plan has no such step."), output)


def _resource(one: ExplainedResource) -> str:
    differs = [f"{change.what}: {_value(change.was)} → {_value(change.now)}" for change in one.differences]
    because = {
        "create": "the records know none that is there",
        "orphaned": "it is there, and the Score file has it no more",
        "release": "others use it",
        "delete": "the application goes",
        "unchanged": "it is asked for as it was made",
    }.get(one.change, "; ".join(differs))
    runs = f"; '{one.operation}' of its provider runs: {one.because}" if one.because else ""
    return f"  {one.change:<{_WIDTH}} {one_line(f'{one.resource} ({one.type}): {because}{runs}')}"


def _value(value: object) -> str:
    return "nothing" if value is None else _shown(value)


def _line(said: tuple[str, str]) -> str:
    word, text = said
    return f"  {word:<{_WIDTH}} {one_line(text)}"


def _said(step: ExplainedStep) -> Iterator[tuple[str, str]]:
    yield "at", f"{step.path}:{step.line}"
    yield "type", step.type + (f": {step.description}" if step.description else "")
    yield "workflow", f"{step.workflow} ({step.tier} tier)"
    if step.override_of:
        yield "overrides", step.override_of
    yield from _labelled("called by", [f"{one.step} at {one.path}:{one.line}" for one in step.calls])
    if step.cell:
        values = step.cell.matrix if step.cell.matrix is not None else {"item": step.cell.item}
        yield "for", ", ".join(f"{name} = {_shown(value)}" for name, value in values.items())
    if step.max_items is not None:
        yield "for each", f"value that the run gives, at most {step.max_items}"
    yield "because", f"{step.because} ({step.trigger})"
    yield from _labelled("after", [_need(need) for need in step.needs] or ["nothing: it starts at once"])
    if step.cleanup:
        yield "finally", "it runs whatever happened"
    if step.when is not When.ON_SUCCESS:
        yield "when", step.when
    for condition in step.conditions:
        known = [f"{one.name} is {_shown(one.value)} ({one.evidence})" for one in condition.known]
        yield from _labelled(condition.word, [_condition(condition).partition(": ")[2], *known])
    yield from _surroundings(step)
    yield from _labelled("policies", [f"{one.key} {one.says} ({one.path}:{one.line})" for one in step.policies])
    yield from _labelled(
        "refused", [f"{one.code}: {one.message}" for one in step.violations if one.severity == "error"]
    )


def _surroundings(step: ExplainedStep) -> Iterator[tuple[str, str]]:
    if step.gate:
        yield "approval", f"{step.gate.count} of {', '.join(step.gate.teams) or 'anybody'}"
    if step.rollback and step.rollback != "nothing":
        yield "rollback", f"{step.rollback}{f', by {step.rollback_by}' if step.rollback_by else ''}"
    if step.tools:
        yield "tools", ", ".join(f"{tool.name} {tool.range}".removesuffix(" *") for tool in step.tools)
    if step.secrets:
        yield "secrets", ", ".join(step.secrets)


def _labelled(word: str, texts: list[str]) -> Iterator[tuple[str, str]]:
    """The word before the first text, nothing before the others."""
    for number, text in enumerate(texts):
        yield "" if number else word, text


def _need(need: ExplainedNeed) -> str:
    if need.because == "barrier":
        return f"{need.id} (barrier: everything there has finished)"
    return f"{need.id} ({need.because})"


def _short(need: ExplainedNeed) -> str:
    return need.id if need.because in {"barrier", "workflow dependsOn"} else need.id.rpartition("/")[2]


def _condition(condition: ExplainedCondition) -> str:
    if condition.truth is None:
        return f"{condition.word}: {condition.text}"
    never = "" if condition.truth is (condition.word == "if") else ", so it never runs"
    return f"{condition.word}: {condition.text} → {'true' if condition.truth else 'false'}{never}"


def _shown(value: object) -> str:
    return value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)


def _missing(absent: ExplainedAbsence) -> Iterator[tuple[str, str]]:
    yield "  because", absent.reason
    if absent.brought_in_by:
        yield "  comes with", absent.brought_in_by
