"""`validation`: http, tcp, dns, file and command checks, or a program that must succeed."""

from innominatus_cli.documents.words import counted
from innominatus_cli.drivers.contract import DriverResult, DriverSteps, StepContext
from innominatus_cli.drivers.probes import in_force, made
from innominatus_cli.drivers.programs import run_program
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.finding import Finding
from innominatus_cli.step_types.checking import ValidationInputs
from innominatus_cli.step_types.contract import known


def driver(ctx: StepContext) -> DriverSteps:
    """Makes every check, also behind one that failed, then runs the program; says what each failed check saw."""
    inputs = ctx.inputs_of(ValidationInputs)
    limits = {
        key: known(value)
        for key, value in {"timeout": inputs.timeout, "retries": inputs.retries, "interval": inputs.interval}.items()
        if value is not None
    }
    checks = in_force(ctx, [*inputs.health_checks, *inputs.checks], limits)
    if isinstance(checks, Finding):
        return DriverResult(failure=checks)
    failed = yield from made(ctx, checks)
    if isinstance(failed, Finding):
        return DriverResult(failure=failed)
    if failed:
        told = "; ".join(f"{name}: {seen}" for name, seen in failed.items())
        return ctx.failed(codes.CHECK_FAILED, f"{len(failed)} of {counted(len(checks), 'check')} failed: {told}")
    outputs = {"passed": len(checks)}
    if inputs.script is None and not inputs.command:
        return DriverResult(outputs=outputs, message=f"{counted(len(checks), 'check')} passed")
    ran = yield from run_program(ctx, inputs)
    return DriverResult(ran.failure, outputs={} if ran.failure else outputs, printed=ran.printed, tools=ran.tools)
