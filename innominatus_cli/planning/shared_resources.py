"""A resource that other applications use stays, whichever way the work of one of them is taken back."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from innominatus_cli.documents.plan import PlannedStep
from innominatus_cli.documents.vocabulary import Tier
from innominatus_cli.findings.catalogue.resources import SHARED_RESOURCE_STAYS
from innominatus_cli.findings.finding import Finding, Place

MAKES: Final = "make-"
"""What names of calls of a provider's workflow for `create` begin with."""
_PROVISIONING: Final = "resource-provisioning"


def lets_go(
    name: str, inputs: Mapping[str, Any], used_by: Sequence[str], evidence: str, place: Place
) -> tuple[dict[str, Any], Finding]:
    """The inputs of the step by which an application lets go of what others use, and the warning that it stays."""
    ready = {key: value for key, value in inputs.items() if key != "outputs"} | {"operation": "release"}
    message = f"resource '{name}' stays, it is used by {', '.join(used_by)} too ({evidence})"
    return ready, Finding(SHARED_RESOURCE_STAYS, message, place)


def resource_behind(step: PlannedStep, names: Iterable[str]) -> str | None:
    """Which of these resources of the application a step makes: itself, or within the workflow of its provider."""
    if step.tier is not Tier.APPLICATION:
        return None
    own = step.inputs.get("resource") if step.type == _PROVISIONING else None
    return next(
        (name for name in names if own == name or step.id.startswith(f"{step.workflow_id}/{MAKES}{name}.")), None
    )
