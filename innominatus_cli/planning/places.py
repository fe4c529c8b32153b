"""Where planning's findings point: from problems in values to places in the file that holds them."""

from collections.abc import Sequence

from innominatus_cli.checks.places import place_within
from innominatus_cli.documents.nodes import Document, MappingNode, Node, ScalarNode, SequenceNode
from innominatus_cli.expressions.references import Problem, ProblemKind
from innominatus_cli.expressions.values import Folded, PlacedProblem
from innominatus_cli.findings.catalogue import plan as codes
from innominatus_cli.findings.catalogue.workflow import MALFORMED_REFERENCE
from innominatus_cli.findings.finding import Code, Finding, Place

_CODES = {
    ProblemKind.UNRESOLVED: codes.UNRESOLVED_REFERENCE,
    ProblemKind.MALFORMED: MALFORMED_REFERENCE,
    ProblemKind.NOT_PLAIN: codes.VALUE_IN_SCRIPT,
}


class Spot:
    """A node of a document that something planned was written at."""

    __slots__ = ("document", "node")

    def __init__(self, document: Document, node: Node | None = None) -> None:
        self.document = document
        self.node = document.root if node is None else node

    @property
    def place(self) -> Place:
        """The node's place."""
        return self.document.place(self.node)

    @property
    def start(self) -> tuple[str, int, int]:
        """The path, line and column where the node begins; quicker than its place."""
        return self.document.start_of(self.node)

    def at(self, *pointer: str | int) -> "Spot":
        """The node behind the pointer, or the last one on the way to it that exists."""
        node = self.node
        for key in pointer:
            found = _child(node, key)
            if found is None:
                break
            node = found
        return Spot(self.document, node)

    def key(self, key: str) -> "Spot":
        """The key itself, where this is a mapping that has it."""
        return Spot(self.document, self.node.key(key)) if isinstance(self.node, MappingNode) else self

    def has(self, key: str) -> bool:
        """Whether this is a mapping with that key."""
        return isinstance(self.node, MappingNode) and key in self.node.values

    def find(self, written: str) -> Place | None:
        """The place of the first text below this node that has these characters, from them on."""
        waiting = [self.node]
        while waiting:
            node = waiting.pop()
            if isinstance(node, ScalarNode):
                offset = node.value.find(written) if isinstance(node.value, str) else -1
                if offset >= 0:
                    return Spot(self.document, node).within(offset)
            elif isinstance(node, MappingNode):
                waiting += reversed(node.values.values())
            elif isinstance(node, SequenceNode):
                waiting += reversed(node.items)
        return None

    def within(self, offset: int) -> Place:
        """The place of what begins at an offset of this node's text."""
        if not isinstance(self.node, ScalarNode) or not isinstance(self.node.value, str):
            return self.place
        text = self.node.value
        end = next((text.find(close, offset) + len(close) for close in ("}}", "}") if text.find(close, offset) >= 0), 0)
        written = text[offset:end] if text[offset : offset + 1] in {"$", "{"} and end else _word(text, offset)
        return place_within(self.document, self.node, offset, written)


def _word(text: str, offset: int) -> str:
    rest = text[offset:].split()
    return rest[0] if rest else ""


def _child(node: Node, key: str | int) -> Node | None:
    if isinstance(node, MappingNode) and isinstance(key, str):
        return node.get(key)
    if isinstance(node, SequenceNode) and isinstance(key, int) and key < len(node.items):
        return node.items[key]
    return None


def findings_of(folded: Folded, spot: Spot) -> list[Finding]:
    """The problems of a folded value, which was written at `spot`."""
    return [finding_of(placed, spot) for placed in folded.problems]


def finding_of(placed: PlacedProblem, spot: Spot) -> Finding:
    """One problem at its place."""
    problem = placed.problem
    where = spot.at(*placed.pointer)
    return Finding(_CODES[problem.kind], problem.message, where.within(problem.offset), problem.remedy)


def conditions_of(problems: Sequence[Problem], spot: Spot, code: Code) -> list[Finding]:
    """Problems of a condition, which is the text of `spot`."""
    return [Finding(code, problem.message, spot.within(problem.offset), problem.remedy) for problem in problems]
