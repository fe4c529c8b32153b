"""`script`: a bash script, or a command without a shell."""

from innominatus_cli.drivers.contract import DriverSteps, StepContext
from innominatus_cli.drivers.programs import run_program
from innominatus_cli.step_types.programs import ScriptInputs


def driver(ctx: StepContext) -> DriverSteps:
    """Runs the program; outputs are read from what it prints."""
    return (yield from run_program(ctx, ctx.inputs_of(ScriptInputs)))
