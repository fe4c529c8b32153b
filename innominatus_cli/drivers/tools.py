"""The program that a driver is about to use: is it there, and in a version that will do?"""

import re
from collections.abc import Generator

from innominatus_cli.documents.plan import ToolNeed
from innominatus_cli.documents.run_record import ToolFound
from innominatus_cli.documents.versions import parse_range, parse_version
from innominatus_cli.drivers.contract import StepContext, ending_text
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.finding import Finding
from innominatus_cli.step_types.tools import KnownTool, known_tool
from innominatus_cli.system.commands import CommandOutcome, CommandRequest, Ending

_NUMBERS = re.compile(rb"(?<![\w.])[vV]?([0-9]{1,9})\.([0-9]{1,9})(?:\.([0-9]{1,9}))?((?:-[0-9A-Za-z.-]+)?)")
_EARLY = re.compile(rb"-(?:alpha|beta|canary|dev|next|nightly|pre|preview|rc|snapshot)", re.IGNORECASE)

ToolAsked = Generator[CommandRequest, CommandOutcome, ToolFound | Finding]


def tool(ctx: StepContext, need: ToolNeed) -> ToolAsked:
    """The tool, if it is there in a version of the range; it is asked for its version only where a range is written.

    A tool that is missing, hangs, is too old or too new, or prints no version is a finding with the way to get it.
    """
    if need.range.strip() in {"", "*"}:
        return ToolFound(name=need.name)
    if parse_range(need.range) is None:
        return ctx.finding(codes.INPUTS_UNUSABLE, f"'{need.range}' is no range of versions of '{need.name}'")
    return _judged(ctx, need, (yield ctx.command(need.name, *known_tool(need.name).asks)))


def _judged(ctx: StepContext, need: ToolNeed, outcome: CommandOutcome) -> ToolFound | Finding:
    known = known_tool(need.name)
    asked = " ".join((need.name, *known.asks))
    if outcome.ending is Ending.NOT_STARTED:
        message = f"'{need.name}' cannot be started: {outcome.problem or 'it is not on PATH'}"
        return ctx.finding(codes.TOOL_MISSING, message, f"Install {known.install}.")
    if not outcome.succeeded:
        return ctx.finding(codes.PROGRAM_FAILED, f"'{asked}' {ending_text(outcome)}")
    written = version_in(outcome.stdout.head, known)
    if written is None:
        return ctx.finding(codes.TOOL_MISSING, f"'{asked}' names no version; {need.range} is needed")
    # A vendor's suffix, as in `1.32.4-gke.1`, makes a version no earlier one: the numbers alone count as well.
    versions = [found for text in (written, written.partition("-")[0]) if (found := parse_version(text)) is not None]
    wanted = parse_range(need.range)
    version = next((found for found in versions if wanted is not None and wanted.admits(found)), None)
    if version is None:
        message = f"'{need.name}' is {written}, and {need.range} is needed"
        return ctx.finding(codes.TOOL_MISSING, message, f"Install {known.install}, in a version that is {need.range}.")
    return ToolFound(name=need.name, version=str(versions[0]))


def version_in(printed: bytes, known: KnownTool) -> str | None:
    """The first thing in what a tool printed that looks like its version: `1.2.3`, or `1.2.3-rc.1`.

    What packagers put behind a hyphen (`1.32.4-gke.100`) is none of a version's order, so it is left out.
    """
    start = printed.find(known.before.encode()) if known.before else 0
    found = _NUMBERS.search(printed, max(0, start))
    if found is None:
        return None
    numbers = [int(part) for part in found.groups()[:3] if part is not None]
    early = found[4].decode() if _EARLY.match(found[4]) else ""
    return ".".join(map(str, (*numbers, 0)[:3])) + early
