"""Three ways to stop a run."""

from enum import Enum
from typing import NamedTuple

from innominatus_cli.findings.finding import Finding


class Way(Enum):
    """How a run is stopped; no step starts any more, but those that clean up (`finally`)."""

    FINISH = "finish"
    """What runs comes to its own end, with all its attempts; then clean-up runs."""
    INTERRUPT = "interrupt"
    """What runs is ended by the stop ladder, SIGINT first; then clean-up runs."""
    KILL = "kill"
    """What runs is ended at once, clean-up too, and no more of that starts."""


class StopAsked(NamedTuple):
    """Why and how a run is to stop, where somebody asked for it at this time. Without `cleans_up` nothing starts."""

    finding: Finding
    way: Way = Way.INTERRUPT
    cleans_up: bool = True
    at: str = ""
