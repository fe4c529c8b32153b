"""How people name steps: `<phase>/<tier>/<product or ->/<workflow>/<step>`, `<workflow>/<step>`, or by the step's name.

`*` stands for a part of a name, `**` for parts of several. An index `[0]` is a part of a name and no set.
"""

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from innominatus_cli.documents.globs import matches


class StepNames(NamedTuple):
    """The names of a step: its id in a plan, the identity of its workflow, its own name."""

    id: str
    workflow: str
    name: str

    @property
    def short(self) -> str:
        """`<workflow>/<step>`."""
        return f"{self.workflow}/{self.name}"


def is_pattern(written: str) -> bool:
    """Whether a text may stand for many steps."""
    return "*" in written or "?" in written


def names_step(written: str, step: StepNames) -> bool:
    """Whether a text names a step."""
    if not is_pattern(written):
        return written in {step.id, step.name, step.short}
    glob = _glob(written)
    return any(matches(name, glob) for name in (step.id, step.short, step.name))


def named_by(written: str, steps: Iterable[StepNames]) -> list[StepNames]:
    """The steps that a text names, in their order."""
    return [step for step in steps if names_step(written, step)]


@cache
def _glob(written: str) -> str:
    return written.replace("[", "[[]")
