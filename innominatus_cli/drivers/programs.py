"""Runs a program of the user's own, for every driver that accepts `script` or `command`."""

import re
from collections.abc import Generator, Mapping
from functools import cache
from pathlib import Path

from innominatus_cli.documents.run_record import ToolFound
from innominatus_cli.drivers.contract import DriverResult, StepContext
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.finding import Finding
from innominatus_cli.step_types.programs import ProgramInputs
from innominatus_cli.system.commands import CommandOutcome, CommandRequest

_SHELL = re.compile(r"#!\s*(\S*/)?(env\s+)?(\S*/)?(ba)?sh(\s+-\S+)*")
BASH = ("bash", "--noprofile", "--norc", "-euo", "pipefail")


def run_program(
    ctx: StepContext, inputs: ProgramInputs, env: Mapping[str, str] | None = None
) -> Generator[CommandRequest, CommandOutcome, DriverResult]:
    """Runs `script` or `command`; its result carries what the program printed.

    A script is a file in the attempt's scratch folder that bash reads: its text is fixed when the run starts, values
    reach it through the environment. A command is an argv without a shell.
    """
    request = _request(ctx, inputs, env or {})
    if isinstance(request, Finding):
        return DriverResult(failure=request)
    outcome = yield request
    program = request.argv[0].rpartition("/")[2]
    if not outcome.succeeded:
        return DriverResult(failure=ctx.program_failed(program, outcome), printed=outcome.stdout)
    return DriverResult(printed=outcome.stdout, tools=_found(program))


@cache
def _found(program: str) -> tuple[ToolFound]:
    return (ToolFound(name=program),)


def _request(ctx: StepContext, inputs: ProgramInputs, env: Mapping[str, str]) -> CommandRequest | Finding:
    folder = ctx.repository_path(inputs.working_dir)
    if isinstance(folder, Finding):
        return folder
    if not folder.is_dir():
        return ctx.finding(codes.PATH_MISSING, f"working folder '{inputs.working_dir}' is no folder")
    argv = _argv(ctx, inputs, folder)
    return argv if isinstance(argv, Finding) else ctx.command(*argv, cwd=folder, env=env)


def _argv(ctx: StepContext, inputs: ProgramInputs, folder: Path) -> tuple[str, ...] | Finding:
    if inputs.script is not None:
        return _script(ctx, inputs.script)
    if not inputs.command or not inputs.command[0]:
        return ctx.finding(codes.INPUTS_UNUSABLE, "there is no program to run")
    if any("\0" in argument for argument in inputs.command):
        return ctx.finding(codes.INPUTS_UNUSABLE, "an argument holds a NUL character, which no program can be given")
    program, *arguments = inputs.command
    if "/" in program and not program.startswith("/"):
        written = str(folder.relative_to(ctx.work_dir.resolve()) / program)
        found = ctx.repository_path(written)
        if isinstance(found, Finding):
            return found
        program = str(found)
    return (program, *arguments)


def _script(ctx: StepContext, text: str) -> tuple[str, ...] | Finding:
    first = text.lstrip("\n").partition("\n")[0]
    if first.startswith("#!") and not _SHELL.fullmatch(first.rstrip()):
        return ctx.finding(
            codes.INPUTS_UNUSABLE,
            f"the script's first line names another interpreter than bash: {first.strip()}",
            "Put the program into a file of the repository and run it with `command`.",
        )
    if "\0" in text:
        return ctx.finding(codes.INPUTS_UNUSABLE, "the script holds a NUL character, which bash would pass over")
    path = ctx.scratch_dir / "script.sh"
    path.write_text(text if text.endswith("\n") else text + "\n", encoding="utf-8", newline="")
    return (*BASH, str(path))
