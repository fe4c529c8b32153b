"""What the steps of a run printed, safe to show: on a terminal, and in a pipeline that reads commands from its log."""

from codecs import IncrementalDecoder, getincrementaldecoder
from collections.abc import Iterable, Iterator
from typing import Any, Final

from innominatus_cli.operations.following import Printed
from innominatus_cli.operations.logs import RunLogs, StepLog
from innominatus_cli.reports.terminal import one_line, printable

_MARKS: Final = {"stdout": "| ", "stderr": "! "}
_LONGEST_LINE: Final = 64 * 1024


def logs_text(logs: RunLogs, tail: int | None = None) -> Iterator[str]:
    """The logs in pieces. Every line begins with `| ` (stdout) or `! ` (stderr), so that none is a command to CI."""
    if logs.status == "refused":
        yield f"Run {logs.run} was refused: no step ran.\n"
    elif not logs.steps:
        yield f"No step of run {logs.run} printed anything.\n"
    for number, step in enumerate(logs.steps):
        status = f" ({step.status})" if step.status else ""
        gap = "\n" if number else ""
        yield f"{gap}{one_line(step.step)}{status}\n"
        if not step.files:
            yield "  printed nothing\n"
        for stream, mark in _MARKS.items():
            for lines in _lines(step, stream, tail):
                yield "".join(f"{mark}{_harmless(line)}\n" for line in lines)


def followed_text(printed: Iterable[Printed]) -> Iterator[str]:
    """Whole lines as they come, each with its step: `build | …` of stdout, `build ! …` of stderr."""
    decoders: dict[tuple[str, str], IncrementalDecoder] = {}
    rests: dict[tuple[str, str], str] = {}
    for piece in printed:
        key = (piece.step, piece.stream)
        decoder = decoders.setdefault(key, getincrementaldecoder("utf-8")("backslashreplace"))
        *lines, rest = (rests.pop(key, "") + decoder.decode(piece.data, final=piece.last)).split("\n")
        if rest and (piece.last or len(rest) > _LONGEST_LINE):
            lines.append(rest)
            rest = ""
        rests[key] = rest
        name = one_line(piece.step.rpartition("/")[2])
        yield "".join(f"{name} {_MARKS[piece.stream]}{_harmless(line)}\n" for line in lines)


def logs_document(logs: RunLogs, tail: int | None = None) -> dict[str, Any]:
    """The logs as plain data."""
    return {
        "schema": "innominatus.dev/logs/v1",
        "run": logs.run,
        "status": logs.status,
        "steps": [
            {"step": step.step, "status": step.status, **{stream: _whole(step, stream, tail) for stream in _MARKS}}
            for step in logs.steps
        ],
    }


def _lines(step: StepLog, stream: str, tail: int | None) -> Iterator[list[str]]:
    """The lines of a stream, a chunk's at a time; one that is longer than 64 KiB comes in parts."""
    decoder = getincrementaldecoder("utf-8")("backslashreplace")
    rest = ""
    for chunk in step.chunks(stream, tail):
        *lines, rest = (rest + decoder.decode(chunk)).split("\n")
        if len(rest) > _LONGEST_LINE:
            lines.append(rest)
            rest = ""
        yield lines
    rest += decoder.decode(b"", final=True)
    if rest:
        yield [rest]


def _whole(step: StepLog, stream: str, tail: int | None) -> str:
    return b"".join(step.chunks(stream, tail)).decode("utf-8", "backslashreplace")


def _harmless(line: str) -> str:
    """A line without control characters and without the `##[` that old runners obey anywhere in a line."""
    return printable(line.removesuffix("\r")).replace("##[", "## [")
