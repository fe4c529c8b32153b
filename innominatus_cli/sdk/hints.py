"""What people find useful about a resource: addresses, dashboards, commands."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

HintType: TypeAlias = Literal[
    "url", "dashboard", "command", "connection_string", "git_clone", "api_endpoint", "docs", "text"
]


@dataclass(frozen=True, slots=True)
class Hint:
    """One line for people: a label and a value. Hints are shown and recorded, so they hold no secret."""

    type: HintType
    label: str
    value: str

    def as_json(self) -> dict[str, str]:
        """As the protocol has it."""
        return {"type": self.type, "label": self.label, "value": self.value}

    @classmethod
    def url(cls, label: str, value: str) -> "Hint":
        """An address for a browser."""
        return cls("url", label, value)

    @classmethod
    def dashboard(cls, label: str, value: str) -> "Hint":
        """The address of a dashboard."""
        return cls("dashboard", label, value)

    @classmethod
    def command(cls, label: str, value: str) -> "Hint":
        """A command to type."""
        return cls("command", label, value)

    @classmethod
    def docs(cls, label: str, value: str) -> "Hint":
        """The address of a page that explains."""
        return cls("docs", label, value)
