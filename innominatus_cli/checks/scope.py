"""What the references of one workflow may speak of."""

from functools import cached_property

from innominatus_cli.checks.facts import Facts
from innominatus_cli.checks.order import Before, cycles, follows
from innominatus_cli.documents.nodes import Document, MappingNode, ScalarNode, SequenceNode
from innominatus_cli.documents.schemas import schema_of_step_type


class WorkflowScope:
    """The names of one workflow, and the order of its steps."""

    def __init__(self, document: Document, facts: Facts) -> None:
        self.document = document
        self.facts = facts

    @cached_property
    def spec(self) -> MappingNode:
        """The workflow's `spec`."""
        return self.document.mapping.mapping("spec")

    @cached_property
    def step_nodes(self) -> list[MappingNode]:
        """All steps, those of `finally` last."""
        return [*self.spec.mappings("steps"), *self.spec.mappings("finally")]

    @cached_property
    def steps(self) -> list[str]:
        """The names of all steps."""
        return [name for step in self.step_nodes if (name := step.text("name"))]

    @cached_property
    def variables(self) -> dict[str, ScalarNode | None]:
        """Variables of the workflow with their values; None for those that a step sets."""
        found: dict[str, ScalarNode | None] = {
            key: node if isinstance(node, ScalarNode) else None
            for key, node in self.spec.mapping("variables").values.items()
        }
        return found | {key: None for step in self.step_nodes for key in step.mapping("setVariables").values}

    @cached_property
    def parameters(self) -> dict[str, ScalarNode | None]:
        """Parameters of the workflow with their defaults."""
        found: dict[str, ScalarNode | None] = {}
        for parameter in self.spec.mappings("parameters"):
            name, default = parameter.text("name"), parameter.get("default")
            if name:
                found[name] = default if isinstance(default, ScalarNode) and default.value is not None else None
        return found

    @cached_property
    def order(self) -> Before | None:
        """None where steps wait for each other in a circle, which is a finding of its own."""
        edges = follows(list(self.spec.mappings("steps")))
        return None if cycles(edges) else Before(edges)

    @cached_property
    def cleanup_order(self) -> Before | None:
        """The order of the steps of `finally`, which come after all others."""
        edges = follows(list(self.spec.mappings("finally")))
        return None if cycles(edges) else Before(edges)

    @cached_property
    def cleanup_steps(self) -> frozenset[str]:
        """The names of the steps of `finally`."""
        return frozenset(name for step in self.spec.mappings("finally") if (name := step.text("name")))

    def is_known_by(self, target: str, reader: str) -> bool:
        """Whether the step `target` is finished when the step `reader` starts."""
        if reader in self.cleanup_steps:
            if target not in self.cleanup_steps:
                return True
            return self.cleanup_order is None or self.cleanup_order.is_before(target, reader)
        return target not in self.cleanup_steps and (self.order is None or self.order.is_before(target, reader))

    @cached_property
    def outputs(self) -> dict[str, frozenset[str]]:
        """By step, the outputs that it has; without those steps that do not say, and those of types not built in."""
        found = {step.text("name"): _outputs(step) for step in self.step_nodes}
        return {name: outputs for name, outputs in found.items() if name and outputs}


def _outputs(step: MappingNode) -> frozenset[str]:
    schema = schema_of_step_type(step.text("type") or "")
    if schema is None or not _texts(step, "outputs"):
        return frozenset()
    own = (*_texts(step, "outputs"), *_texts(step, "secretOutputs"), *step.mapping("setVariables").values)
    return frozenset((*own, *schema.get("x-outputs", ())))


def _texts(step: MappingNode, key: str) -> list[str]:
    node = step.get(key)
    items = node.items if isinstance(node, SequenceNode) else []
    return [item.text for item in items if isinstance(item, ScalarNode)]
