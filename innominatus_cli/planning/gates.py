"""Gates of the plan: from `approval` of a step or workflow, and from the inputs of a step of type `approval`."""

from collections.abc import Mapping
from typing import Any, Final

from innominatus_cli.documents.plan import Gate
from innominatus_cli.documents.workflow import StepApproval, StepDefinition
from innominatus_cli.findings.catalogue.approvals import GATE_NOT_STATIC
from innominatus_cli.findings.finding import Finding
from innominatus_cli.planning.places import Spot

APPROVAL: Final = "approval"


def gate_of(written: StepApproval | None) -> Gate | None:
    """The gate that somebody wrote as `approval`."""
    if written is None:
        return None
    return Gate(teams=written.teams, count=written.count, expires_seconds=written.expires)


def gate_of_step(
    definition: StepDefinition, inputs: Mapping[str, Any], spot: Spot, found: list[Finding]
) -> Gate | None:
    """The gate before a step, its own or that of its type; what is wrong with it is added to `found`.

    A step of type `approval` with an `approval` of its own asks for what its inputs say and no less: that is two gates
    in one place, and refused.
    """
    if definition.type != APPROVAL:
        return gate_of(definition.approval)
    teams, count = inputs.get("teams", []), inputs.get("count", 1)
    static = isinstance(count, int) and isinstance(teams, list) and all(isinstance(team, str) for team in teams)
    if not static or definition.approval is not None:
        why = "depend on what only the run knows" if not static else "are said twice: in `config` and in `approval`"
        place = spot.at("config").place if spot.has("config") else spot.place
        found.append(Finding(GATE_NOT_STATIC, f"who must approve step '{definition.name}' and how many {why}", place))
        return None
    return Gate(teams=teams, count=count, expires_seconds=inputs.get("expires"))
