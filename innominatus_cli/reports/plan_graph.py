"""A plan as a graph: Mermaid for pages, DOT for graphviz, JSON for programs.

Steps stand in a cluster for their workflow, that in one for its tier, that in one for its phase. Barriers are small
nodes between them, so that edges stay few. What a repository wrote is text in every form, never syntax.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from innominatus_cli.documents.plan import Plan, PlannedStep
from innominatus_cli.reports.terminal import one_line

GRAPH_SCHEMA: Final = "innominatus.dev/plan-graph/v1"
_PLAIN: Final = re.compile(r"[^\w ./:@,()=+-]")
_BARRIER_CLASS: Final = "classDef barrier fill:#888,stroke:#888,color:#888"


class Cluster(NamedTuple):
    """A box: its title, its nodes and the boxes in it, in the order of the plan."""

    title: str
    nodes: list[PlannedStep]
    clusters: dict[str, "Cluster"]


def graph_text(plan: Plan, output: str) -> str:
    """The graph as `mermaid`, `dot` or `json`."""
    if output == "mermaid":
        return "".join(f"{line}\n" for line in _mermaid(plan))
    if output == "dot":
        return "".join(f"{line}\n" for line in _dot(plan))
    from innominatus_cli.reports.listing import data_text  # noqa: PLC0415

    return data_text(graph_document(plan), "json")


def graph_document(plan: Plan) -> dict[str, Any]:
    """Nodes with their workflow, tier and phase, and edges from what is needed to what needs it."""
    return {
        "schema": GRAPH_SCHEMA,
        "digest": plan.digest,
        "nodes": [
            {
                "id": step.id,
                "kind": step.kind,
                "name": step.name,
                "type": step.type,
                "phase": step.phase.value,
                "tier": step.tier.value,
                "workflow": step.workflow_id,
            }
            for step in plan.steps
        ],
        "edges": [{"from": need, "to": step.id} for step in plan.steps for need in step.needs],
    }


def _clusters(plan: Plan) -> dict[str, Cluster]:
    """By phase; a workflow's own barriers stand in its box, those of a tier in the tier's."""
    phases: dict[str, Cluster] = {}
    titles = {workflow.id: workflow.identity for workflow in plan.workflows}
    for step in plan.steps:
        phase = phases.setdefault(step.phase, Cluster(step.phase, [], {}))
        tier = phase.clusters.setdefault(step.tier, Cluster(step.tier, [], {}))
        owner = _workflow_of(step, titles)
        if owner is None:
            tier.nodes.append(step)
        else:
            tier.clusters.setdefault(owner, Cluster(titles[owner], [], {})).nodes.append(step)
    return phases


def _workflow_of(step: PlannedStep, titles: Mapping[str, str]) -> str | None:
    """A barrier's id is that of its workflow, or begins with it."""
    owner = step.workflow_id or (step.id if step.id in titles else step.id.rpartition("/")[0])
    return owner if owner in titles else None


def _name(step: PlannedStep) -> str:
    """What a step is called in its workflow, with what it was expanded by."""
    return step.id.removeprefix(f"{step.workflow_id}/")


def _edges(plan: Plan) -> Iterator[tuple[int, int]]:
    numbers = {step.id: number for number, step in enumerate(plan.steps)}
    for step in plan.steps:
        for need in step.needs:
            yield numbers[need], numbers[step.id]


def _mermaid(plan: Plan) -> Iterator[str]:
    numbers = {step.id: number for number, step in enumerate(plan.steps)}
    boxes = iter(range(len(plan.steps) * 3))
    yield "flowchart TB"
    for phase in _clusters(plan).values():
        yield from _mermaid_box(phase, numbers, boxes, "  ")
    for needed, needing in _edges(plan):
        yield f"  n{needed} --> n{needing}"
    yield f"  {_BARRIER_CLASS}"


def _mermaid_box(box: Cluster, numbers: Mapping[str, int], boxes: Iterator[int], indent: str) -> Iterator[str]:
    yield f'{indent}subgraph c{next(boxes)}["{_mermaid_text(box.title)}"]'
    for inner in box.clusters.values():
        yield from _mermaid_box(inner, numbers, boxes, f"{indent}  ")
    for step in box.nodes:
        name = f"n{numbers[step.id]}"
        if step.kind == "barrier":
            yield f'{indent}  {name}((" ")):::barrier'
        else:
            yield f'{indent}  {name}["{_mermaid_text(_name(step))}<br/>{_mermaid_text(step.type)}"]'
    yield f"{indent}end"


def _mermaid_text(text: str) -> str:
    """Text of a label: whatever Mermaid, Markdown or HTML could take for syntax is written as a character's number."""
    return _PLAIN.sub(lambda found: f"#{ord(found.group())};", one_line(text))


def _dot(plan: Plan) -> Iterator[str]:
    numbers = {step.id: number for number, step in enumerate(plan.steps)}
    boxes = iter(range(len(plan.steps) * 3))
    yield "digraph plan {"
    yield "  rankdir=TB;"
    yield '  node [shape=box, style=rounded, fontname="sans-serif"];'
    yield '  graph [fontname="sans-serif"];'
    for phase in _clusters(plan).values():
        yield from _dot_box(phase, numbers, boxes, "  ")
    for needed, needing in _edges(plan):
        yield f"  n{needed} -> n{needing};"
    yield "}"


def _dot_box(box: Cluster, numbers: Mapping[str, int], boxes: Iterator[int], indent: str) -> Iterator[str]:
    yield f"{indent}subgraph cluster_{next(boxes)} {{"
    yield f'{indent}  label="{_dot_text(box.title)}";'
    for inner in box.clusters.values():
        yield from _dot_box(inner, numbers, boxes, f"{indent}  ")
    for step in box.nodes:
        name, tip = f"n{numbers[step.id]}", _dot_text(step.id)
        if step.kind == "barrier":
            yield f'{indent}  {name} [shape=point, width=0.08, label="", tooltip="{tip}"];'
        else:
            label = f"{_dot_text(_name(step))}\\n{_dot_text(step.type)}"
            yield f'{indent}  {name} [label="{label}", tooltip="{tip}"];'
    yield f"{indent}}}"


def _dot_text(text: str) -> str:
    """Text of a quoted string: a backslash begins an escape there, `&` an entity."""
    return one_line(text).replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")
