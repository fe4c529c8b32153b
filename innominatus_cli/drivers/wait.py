"""`wait`: a time, then looks until all checks pass or the step's time is over."""

from innominatus_cli.documents.words import counted
from innominatus_cli.drivers.contract import DriverResult, DriverSteps, StepContext
from innominatus_cli.drivers.probes import in_force, made
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.finding import Finding
from innominatus_cli.step_types.contract import known
from innominatus_cli.step_types.flow import WaitInputs
from innominatus_cli.system.commands import Ending


def driver(ctx: StepContext) -> DriverSteps:
    """Pauses are processes of their own, so that stopping the run stops them; the step's timeout bounds the whole."""
    inputs = ctx.inputs_of(WaitInputs)
    checks = in_force(ctx, inputs.until, {"retries": 0})
    if isinstance(checks, Finding):
        return DriverResult(failure=checks)
    waited = known(inputs.duration) if inputs.duration is not None else 0
    if waited:
        outcome = yield ctx.command("sleep", str(waited))
        if not outcome.succeeded:
            return DriverResult(failure=ctx.program_failed("sleep", outcome))
    looks = 0
    while checks:
        looks += 1
        failed = yield from made(ctx, checks)
        if isinstance(failed, Finding):
            return DriverResult(failure=failed)
        if not failed:
            break
        outcome = yield ctx.command("sleep", str(max(1, known(inputs.interval))))
        if outcome.ending is Ending.TIMED_OUT:
            told = "; ".join(f"{name}: {seen}" for name, seen in failed.items())
            return ctx.failed(codes.CHECK_FAILED, f"after {counted(looks, 'look')} this did not pass: {told}")
        if not outcome.succeeded:
            return DriverResult(failure=ctx.program_failed("sleep", outcome))
    outputs = {"passed": len(checks), "looks": looks}
    passed = f"{counted(len(checks), 'check')} passed after {counted(looks, 'look')}" if checks else ""
    told = f"waited {waited} s" if waited else ""
    return DriverResult(outputs=outputs, message="; ".join(filter(None, (told, passed))))
