"""From a canonical document to its frozen model, with every error of the model at its place."""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from innominatus_cli.documents.nodes import Document, MappingNode, Node, Plain, ScalarNode, SequenceNode
from innominatus_cli.documents.written import WrittenFloat, WrittenInt
from innominatus_cli.findings.catalogue.document import INVALID_VALUE
from innominatus_cli.findings.finding import Finding

ModelT = TypeVar("ModelT", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Typed(Generic[ModelT]):
    """A model and the document that it was made from, for places."""

    model: ModelT
    document: Document


def typed(document: Document, model: type[ModelT]) -> Typed[ModelT]:
    """The model of a document without structural findings. Raises ValueError where the model refuses it."""
    return Typed(model.model_validate(data_of(document.root)), document)


def typed_or_findings(document: Document, model: type[ModelT]) -> Typed[ModelT] | list[Finding]:
    """The model of a document, or why there is none."""
    try:
        return typed(document, model)
    except ValidationError as error:
        return [_finding(document, problem) for problem in error.errors(include_url=False, include_input=False)]


def rule_findings(document: Document) -> list[Finding]:
    """What the model of a catalogue document refuses beyond its schema: rules between fields."""
    from innominatus_cli.documents.remediation_workflow import RemediationWorkflowDocument  # noqa: PLC0415

    outcome = typed_or_findings(document, RemediationWorkflowDocument)
    return outcome if isinstance(outcome, list) else []


def data_of(node: Node) -> Plain:
    """Plain data for a model; numbers remember their text where it is not what Python would write."""
    if isinstance(node, MappingNode):
        return {key: data_of(value) for key, value in node.values.items()}
    if isinstance(node, SequenceNode):
        return [data_of(item) for item in node.items]
    if not isinstance(node, ScalarNode):
        raise AssertionError("there are three sorts of nodes")  # noqa: TRY004 - a bug of ours
    value = node.value
    if value.__class__ is str or isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if str(value) == node.text:
        return value
    return WrittenInt.of(value, node.text) if isinstance(value, int) else WrittenFloat.of(value, node.text)


def _finding(document: Document, problem: Any) -> Finding:  # noqa: ANN401 - a TypedDict that pydantic keeps to itself
    node = _node_at(document.root, problem["loc"])
    message = str(problem["msg"]).removeprefix("Value error, ")
    return Finding(INVALID_VALUE, message, document.place(node))


def _node_at(root: Node, location: tuple[int | str, ...]) -> Node:
    """The innermost node on the way; parts that name alternatives of a union are passed over."""
    node = root
    for part in location:
        if isinstance(node, MappingNode) and isinstance(part, str):
            node = node.values.get(part, node)
        elif isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.items):
            node = node.items[part]
    return node
