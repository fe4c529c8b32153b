"""Rules over the workflows inside of a Score file: those of any other workflow, at the places of the file."""

from collections.abc import Iterator

from innominatus_cli.checks import (
    conditions,
    contexts,
    loops,
    reach,
    references,
    step_settings,
    steps,
    sub_workflows,
    timing,
)
from innominatus_cli.checks.facts import Facts
from innominatus_cli.checks.places import place_within
from innominatus_cli.checks.scope import scope_of
from innominatus_cli.documents.nodes import Document, MappingNode, Node
from innominatus_cli.findings.catalogue.score import UNKNOWN_RESOURCE
from innominatus_cli.findings.finding import Finding, Place
from innominatus_cli.findings.near_names import did_you_mean

_EVERY_RULE = tuple(
    rule
    for module in (steps, references, contexts, conditions, reach, step_settings, loops, sub_workflows, timing)
    for rule in module.RULES
)


class _Embedded(Document):
    """An embedded workflow as a workflow document; places are those of the workload."""

    __slots__ = ("outer",)

    def __init__(self, outer: Document, workflow: MappingNode) -> None:
        super().__init__(outer.path, MappingNode({"spec": workflow}), kind="Workflow", text=outer.text)
        self.outer = outer

    def place(self, node: Node | None = None) -> Place:
        """The place in the workload."""
        return self.outer.place(node)

    def text_of(self, node: Node | None = None) -> str:
        """The text that the node came from."""
        return self.outer.text_of(node)


def check_embedded_workflows(document: Document, facts: Facts) -> Iterator[Finding]:
    """The rules over steps, references and conditions, for the workload's own workflows."""
    for embedded in _workflows(document):
        for rule in _EVERY_RULE:
            yield from rule(embedded, facts)


def check_resources(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2082: a step reads outputs of resources that the workload has, or that a step makes."""
    resources = document.mapping.mapping("resources").values
    for embedded in _workflows(document):
        scope = scope_of(embedded, facts)
        known = {*resources, *_made(scope.step_nodes)}
        for text in scope.texts:
            for reference in text.parsed.references if "resources" in text.value else ():
                if reference.path[0] == "resources" and len(reference.path) > 1 and reference.path[1] not in known:
                    message = f"'{reference.written}' names no resource of this workload: '{reference.path[1]}'"
                    place = place_within(embedded, text.node, reference.offset, reference.written)
                    yield Finding(UNKNOWN_RESOURCE, message, place, did_you_mean(reference.path[1], known))


def _made(steps_of_workflow: list[MappingNode]) -> set[str]:
    """The names of resources that steps make themselves."""
    configs = [step.mapping("config") for step in steps_of_workflow]
    named = (config.text(key) for config in configs for key in ("resource", "resourceName", "name"))
    return {name for name in named if name}


def _workflows(document: Document) -> Iterator[Document]:
    workflows = document.mapping.mapping("workflows")
    for workflow in workflows.values.values():
        if isinstance(workflow, MappingNode):
            yield _Embedded(document, workflow)


RULES = (check_embedded_workflows, check_resources)
