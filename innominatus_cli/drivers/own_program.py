"""The program of a step type that the repository brings: an argv without a shell, its tools checked first."""

from pathlib import Path

from innominatus_cli.documents.run_record import ToolFound
from innominatus_cli.drivers.contract import DriverResult, DriverSteps, StepContext
from innominatus_cli.drivers.tools import tool
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.finding import Finding
from innominatus_cli.step_types.own import OwnInputs


def run_own_program(ctx: StepContext) -> DriverSteps:
    """Runs the command from the repository's root; outputs are on stdout, or in the step's `output_file`."""
    command = ctx.inputs_of(OwnInputs).command
    tools: list[ToolFound] = []
    for need in ctx.step.tools:
        found = yield from tool(ctx, need)
        if isinstance(found, Finding):
            return DriverResult(failure=found, tools=tuple(tools))
        tools.append(found)
    argv = _argv(ctx, command)
    if isinstance(argv, Finding):
        return DriverResult(failure=argv, tools=tuple(tools))
    before = _stamps(ctx)
    outcome = yield ctx.command(*argv)
    program = argv[0].rpartition("/")[2]
    tools += [] if any(one.name == program for one in tools) else [ToolFound(name=program)]
    on_stdout = ctx.step.program is None or ctx.step.program.reads == "stdout"
    failure = None
    if not outcome.succeeded:
        failure = ctx.program_failed(program, outcome)
    elif not on_stdout and _stamps(ctx) == before:
        failure = ctx.finding(codes.OUTPUT_UNREADABLE, f"'{program}' did not write '{ctx.step.output_file}'")
    return DriverResult(failure, printed=outcome.stdout if on_stdout else None, tools=tuple(tools))


def _argv(ctx: StepContext, command: list[str]) -> tuple[str, ...] | Finding:
    if any("\0" in argument for argument in command):
        return ctx.finding(codes.INPUTS_UNUSABLE, "an argument holds a NUL character, which no program can be given")
    program, *arguments = command
    if "/" in program and not program.startswith("/"):
        found = ctx.repository_path(program)
        if isinstance(found, Finding):
            return found
        program = str(found)
    return (program, *arguments)


def _stamps(ctx: StepContext) -> list[tuple[int, int, int] | None]:
    """What the file of outputs is now, in both places where it may be: what an earlier run left is not an output."""
    written = ctx.step.output_file
    if written is None:
        return []
    inside = ctx.repository_path(written)
    return [_stamp(ctx.scratch_dir / written), None if isinstance(inside, Finding) else _stamp(inside)]


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
