"""The blocks of the catalogue: what the first digit of a code's number says."""

from typing import NamedTuple

from innominatus_cli.findings.finding import Code


class Block(NamedTuple):
    """A block: its digit, the word that stands for it on a command line, and its title."""

    digit: str
    name: str
    title: str


BLOCKS = (
    Block("1", "document", "Documents: text and shape"),
    Block("2", "workflow", "Workflows, golden paths, policies, providers and Score files"),
    Block("3", "plan", "Plans"),
    Block("4", "policy", "Policies"),
    Block("5", "execution", "Execution"),
    Block("6", "ledger", "The ledger and git"),
    Block("7", "engine", "Engines"),
    Block("8", "catalogue", "The catalogue"),
    Block("9", "internal", "Bugs of the tool"),
)
_OF_DIGIT = {block.digit: block for block in BLOCKS}


def block_of(code: Code) -> Block:
    """The block that a code belongs to."""
    return _OF_DIGIT[code.number.removeprefix("ORC-")[0]]
