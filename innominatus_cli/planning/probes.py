"""The `probe` of a step: a program that says whether the step's work is done."""

from innominatus_cli.documents.plan import PlannedProbe
from innominatus_cli.documents.vocabulary import Idempotency
from innominatus_cli.documents.workflow import StepDefinition
from innominatus_cli.expressions.contexts import Scope
from innominatus_cli.expressions.values import Folded
from innominatus_cli.planning.inputs import BuiltInputs, InputBuilder
from innominatus_cli.planning.places import Spot
from innominatus_cli.step_types.contract import StepType


def built_probe(
    definition: StepDefinition, scope: Scope, builder: InputBuilder, spot: Spot, folded: Folded
) -> BuiltInputs | None:
    """The program as inputs of a `script` step, findings with it; it sees what its step sees. None without a probe."""
    kind = builder.types.find("script")
    if definition.probe is None or kind is None:
        return None
    written = definition.probe.model_dump(exclude_none=True)
    return builder.build(kind, written, scope, spot.at("probe"), folded)


def planned_probe(built: BuiltInputs | None) -> PlannedProbe | None:
    """What the plan holds of it."""
    return None if built is None else PlannedProbe(inputs=built.values)


def idempotency_of(definition: StepDefinition, kind: StepType) -> Idempotency:
    """What the step says, else `check` where it has a probe, else what its type says."""
    return definition.idempotency or (Idempotency.CHECK if definition.probe is not None else kind.idempotency)
