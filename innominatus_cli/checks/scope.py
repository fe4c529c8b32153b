"""What the references of one workflow may speak of, and every text in which they stand."""

from collections.abc import Sequence
from functools import cached_property

from innominatus_cli.checks.facts import Facts
from innominatus_cli.checks.order import Before, Edges, cycles, follows
from innominatus_cli.checks.places import texts_in
from innominatus_cli.documents.nodes import Document, MappingNode, Node, ScalarNode, SequenceNode
from innominatus_cli.documents.schemas import schema_of_step_type
from innominatus_cli.expressions.references import CONTEXTS, ParsedText, parse, parse_script

_AFTER = frozenset({"setVariables", "rollback"})
"""What is read when its step has ended."""
_NO_VALUES = frozenset({"name", "type", "description", "dependsOn", "if", "unless", "when"})
_PROGRAMS = frozenset({"config", "probe"})
_SCRIPTS = frozenset({"script", "command", "run"})


class Text:
    """One text of a workflow, the step that it belongs to (empty: none), and whether it is a script.

    `is_after` tells a text that is read when its step has ended: it may speak of the step's own `outputs`; one that
    `is_rollback` may name the step itself too.
    """

    __slots__ = ("is_after", "is_rollback", "is_script", "node", "step", "value")

    def __init__(
        self,
        node: ScalarNode,
        step: str = "",
        *,
        is_script: bool = False,
        is_after: bool = False,
        is_rollback: bool = False,
    ) -> None:
        self.node = node
        self.step = step
        self.is_script = is_script
        self.is_after = is_after
        self.is_rollback = is_rollback
        self.value = str(node.value)
        """The text itself."""

    @property
    def parsed(self) -> ParsedText:
        """Its parts."""
        return parse_script(self.value) if self.is_script else parse(self.value)


class WorkflowScope:
    """The names of one workflow, and the order of its steps."""

    def __init__(self, document: Document, facts: Facts) -> None:
        self.document = document
        self.facts = facts
        self.spec = document.mapping.mapping("spec")
        """The workflow's `spec`."""
        self.step_nodes = [*self.spec.mappings("steps"), *self.spec.mappings("finally")]
        """All steps in the order of the file, those of `finally` last."""

    @cached_property
    def names_are_plain(self) -> bool:
        """Whether each step has a name of its own, whatever the case, and none that of a context."""
        names = [name.casefold() for step in self.step_nodes if (name := step.text("name")) is not None]
        return len({*names}) == len(names) and CONTEXTS.isdisjoint(names)

    @cached_property
    def steps(self) -> dict[str, MappingNode]:
        """All steps by name; of two with one name the first."""
        found: dict[str, MappingNode] = {}
        for step in self.step_nodes:
            name = step.text("name")
            if name:
                found.setdefault(name, step)
        return found

    @cached_property
    def texts(self) -> list[Text]:
        """Every text whose references are replaced, in the order of the file; conditions are none.

        Those that can hold no reference, because they have neither `$` nor `{`, are left out.
        """
        found: list[Text] = []
        for key in ("variables", "outputs"):
            found += [Text(node) for node in _speaking(self.spec.get(key))]
        for parameter in self.spec.mappings("parameters"):
            found += [Text(node) for node in _speaking(parameter.get("default"))]
        for step in self.step_nodes:
            found += _step_texts(step)
        return found

    @cached_property
    def variables(self) -> dict[str, ScalarNode | None]:
        """Variables of the workflow with their values; None for those that a step sets."""
        found: dict[str, ScalarNode | None] = {
            key: node if isinstance(node, ScalarNode) else None
            for key, node in self.spec.mapping("variables").values.items()
        }
        return found | {key: None for step in self.step_nodes for key in step.mapping("setVariables").values}

    @cached_property
    def setters(self) -> dict[str, list[str]]:
        """By variable, the steps that set it, in the order of the file."""
        found: dict[str, list[str]] = {}
        for name, step in self.steps.items():
            for variable in step.mapping("setVariables").values:
                found.setdefault(variable, []).append(name)
        return found

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
    def edges(self) -> Edges:
        """What each step, those of `finally` aside, waits for."""
        return follows(list(self.spec.mappings("steps")))

    @cached_property
    def circles(self) -> list[list[str]]:
        """Steps that wait for each other, those of `finally` aside. Their order in the file alone is no circle."""
        return cycles(self.edges) if any("dependsOn" in step.values for step in self.step_nodes) else []

    @cached_property
    def order(self) -> Before | None:
        """None where steps wait for each other in a circle, which is a finding of its own."""
        return None if self.circles else Before(self.edges)

    @cached_property
    def cleanup_edges(self) -> Edges:
        """What each step of `finally` waits for, those of the others aside."""
        return follows(list(self.spec.mappings("finally")))

    @cached_property
    def cleanup_circles(self) -> list[list[str]]:
        """Steps of `finally` that wait for each other."""
        return cycles(self.cleanup_edges) if "finally" in self.spec.values else []

    @cached_property
    def cleanup_order(self) -> Before | None:
        """The order of the steps of `finally`, which come after all others."""
        return None if self.cleanup_circles else Before(self.cleanup_edges)

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
        return {name: outputs for name, outputs in found.items() if name and outputs} | self.called

    @cached_property
    def called(self) -> dict[str, frozenset[str]]:
        """By step that calls a workflow, the outputs of that workflow; without those of which nobody can tell."""
        calls = [step for step in self.step_nodes if step.text("type") == "workflow" and step.text("workflow")]
        if not calls or self.facts.documents_of is None:
            return {}
        from innominatus_cli.checks.sub_workflows import called_document  # noqa: PLC0415 - few workflows call others

        found: dict[str, frozenset[str]] = {}
        for step in calls:
            called = called_document(step.text("workflow") or "", self.document.path, self.facts)
            if called is not None:
                outputs = called.mapping.mapping("spec").mapping("outputs").values
                found[step.text("name") or ""] = frozenset(outputs)
        return found


_last: list[WorkflowScope] = []


def scope_of(document: Document, facts: Facts) -> WorkflowScope:
    """The scope of a workflow; the rules over one document, which come one after the other, share it."""
    if not _last or _last[0].document is not document or _last[0].facts is not facts:
        _last[:] = [WorkflowScope(document, facts)]
    return _last[0]


def _step_texts(step: MappingNode) -> list[Text]:
    name = step.text("name") or ""
    found: list[Text] = []
    for key, value in step.values.items():
        if key in _NO_VALUES:
            continue
        if key in _PROGRAMS and isinstance(value, MappingNode):
            for inner, node in value.values.items():
                if texts := _speaking(node):
                    found += [Text(text, name, is_script=text is node and inner in _SCRIPTS) for text in texts]
        elif texts := _speaking(value):
            found += [Text(text, name, is_after=key in _AFTER, is_rollback=key == "rollback") for text in texts]
    return found


def _speaking(node: Node | None) -> Sequence[ScalarNode]:
    """The texts in a node that may hold a reference."""
    if node.__class__ is ScalarNode:
        return (node,) if ("$" in node.text or "{" in node.text) and isinstance(node.value, str) else ()
    if node is None:
        return ()
    return [text for text in texts_in(node) if "$" in text.text or "{" in text.text]


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
