"""`resource-provisioning`: one resource through the provisioner of its type."""

from typing import Literal

from innominatus_cli.drivers.contract import DriverResult, DriverSteps, StepContext
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.provisioners.contract import ResourceRequest
from innominatus_cli.provisioners.registry import PROVISIONERS, provisioner_for
from innominatus_cli.step_types.contract import known
from innominatus_cli.step_types.resources import ResourceProvisioningInputs


def driver(ctx: StepContext) -> DriverSteps:
    """Creates or deletes the resource; its outputs are the provisioner's."""
    yield from ()
    deletes = known(ctx.inputs_of(ResourceProvisioningInputs).operation) == "delete"
    return _provisioned(ctx, "delete" if deletes else "create")


def undo(ctx: StepContext) -> DriverSteps:
    """Removes the resource where the step made it; one that was there before stays."""
    yield from ()
    return _provisioned(ctx, "undo")


def _provisioned(ctx: StepContext, how: Literal["create", "delete", "undo"]) -> DriverResult:
    inputs = ctx.inputs_of(ResourceProvisioningInputs)
    provisioner = provisioner_for(inputs.resource_type)
    if provisioner is None:
        types = ", ".join(PROVISIONERS)
        return ctx.failed(
            codes.RESOURCE_TYPE_UNKNOWN,
            f"resource '{inputs.resource}': nothing makes the type '{inputs.resource_type}'; there are {types}",
            did_you_mean(inputs.resource_type, PROVISIONERS),
        )
    unknown = sorted(inputs.params.keys() - provisioner.params.keys())
    if unknown:
        return ctx.failed(
            codes.RESOURCE_FAILED,
            f"resource '{inputs.resource}' of type {provisioner.type} has no param '{unknown[0]}'",
            did_you_mean(unknown[0], provisioner.params) or f"Params: {', '.join(provisioner.params) or 'none'}.",
        )
    request = ResourceRequest(
        name=inputs.resource,
        type=inputs.resource_type,
        class_=inputs.resource_class,
        id=inputs.resource_id,
        params=inputs.params,
        application=ctx.application,
        environment=ctx.environment,
        state_dir=ctx.state_dir,
        mark=ctx.mark,
        undone_marks=tuple(ctx.undone_marks),
    )
    done = {"create": provisioner.create, "delete": provisioner.delete, "undo": provisioner.undo}[how](request)
    if done.problem:
        return ctx.failed(codes.RESOURCE_FAILED, f"resource '{inputs.resource}': {done.problem}")
    return DriverResult(outputs=done.outputs, public=tuple(provisioner.outputs), message=done.message)
