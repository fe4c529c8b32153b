"""One rule of the merged policies: its value, and where each part of it was written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from innominatus_cli.findings.finding import Place, Related

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Statement(Generic[T]):
    """What one document says of one key: the value, the key's place, and the place of each entry of a list."""

    value: T
    place: Place
    entries: Mapping[str, Place] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rule(Generic[T]):
    """What counts after merging; `statements` holds at least one, in the order in which documents were read."""

    key: str
    """The key as people write it: `allowedStepTypes`, `security.requireApproval`."""
    value: T
    statements: tuple[Statement[T], ...]

    @property
    def place(self) -> Place:
        """Where the rule stands: the statement that decides, else the first."""
        deciding = [statement for statement in self.statements if statement.value == self.value]
        return (deciding or list(self.statements))[0].place

    def place_of(self, entry: str) -> Place:
        """Where one entry of a list stands; the rule's own place for an entry that nobody wrote."""
        for statement in self.statements:
            if entry in statement.entries:
                return statement.entries[entry]
        return self.place

    def stands(self, message: str = "the rule stands here") -> tuple[Related, ...]:
        """The rule's places, for a finding that stands elsewhere."""
        return tuple(Related(message, statement.place) for statement in self.statements)

    def leaves_out(self, entry: str) -> tuple[Related, ...]:
        """The places of the lists that do not hold `entry`, for a finding about what is not on an allow-list."""
        return tuple(
            Related("it is not on this list", statement.place)
            for statement in self.statements
            if entry not in statement.entries
        )
