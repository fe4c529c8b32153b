"""What a step gives to others: read from what its program printed, and from the files it wrote.

- a line `OUTPUT_name=value`, or `::set-output name=NAME::VALUE`: text;
- a JSON object: the whole of stdout, or else its last line that is one, or else the last one that is written over
  several lines, from a line `{` to a line `}`: typed;
- the file in `$INNOMINATUS_OUTPUT` and the step's `outputFile`: a JSON object (typed), or lines `name=value` (text).

Later ones win over earlier ones, files over stdout, and what the driver says itself over everything.
"""

import json
import os
import re
import stat
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from innominatus_cli.documents.canonical import canonical_json
from innominatus_cli.documents.plan import PlannedStep

FILE_BYTES: Final = 1024 * 1024
RECORD_BYTES: Final = 64 * 1024
"""How much of a step's outputs a record holds."""
_NAME: Final = r"[A-Za-z_][A-Za-z0-9_.-]{0,127}"
_OUTPUT_LINE: Final = re.compile(rf"OUTPUT_({_NAME})=(.*)")
_SET_OUTPUT: Final = re.compile(rf"::set-output name=({_NAME})::(.*)")
_LINE_END: Final = re.compile(r"\r\n|\n|\r")
"""What ends a line for programs; `str.splitlines` takes eight more characters for it, which values may hold."""
_FILE_LINE: Final = re.compile(rf"\s*(?:export\s+)?({_NAME})=(.*)")


class UnreadableOutputs(Exception):  # noqa: N818 - it says what is the case; never leaves `execution`
    """A file of outputs is no such thing; the text says which and why."""


def printed_outputs(stdout: bytes) -> dict[str, Any]:
    """The outputs in what a program printed."""
    if not stdout:
        return {}
    text = stdout.decode(errors="replace")
    found: dict[str, Any] = _json_object(text) or {}
    lines = _LINE_END.split(text)
    if not found:
        found = next((last for line in reversed(lines) if line.startswith("{") and (last := _json_object(line))), {})
    found = found or _written_over_lines(lines)
    for line in lines:
        match = _OUTPUT_LINE.fullmatch(line) or _SET_OUTPUT.fullmatch(line)
        if match:
            found[match[1]] = match[2]
    return found


def _written_over_lines(lines: Sequence[str]) -> dict[str, Any]:
    """The last JSON object from a line `{` to a line `}`; empty where there is none."""
    start: int | None = None
    found: dict[str, Any] = {}
    for at, line in enumerate(lines):
        if line.rstrip() == "{":
            start = at
        elif line.rstrip() == "}" and start is not None:
            found = _json_object("\n".join(lines[start : at + 1])) or found
            start = None
    return found


def file_outputs(path: Path, *, required: bool) -> dict[str, Any]:
    """The outputs in a file; none where it is absent and not `required`. Raises UnreadableOutputs."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
    except FileNotFoundError:
        if required:
            raise UnreadableOutputs(f"'{path.name}' was not written") from None
        return {}
    except OSError as error:
        raise UnreadableOutputs(f"'{path.name}': {error.strerror}") from error
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise UnreadableOutputs(f"'{path.name}' is no regular file")
    with os.fdopen(fd, "rb") as file:
        data = file.read(FILE_BYTES + 1)
    if len(data) > FILE_BYTES:
        raise UnreadableOutputs(f"'{path.name}' has more than {FILE_BYTES:,} bytes")
    return _parsed(data, path.name)


def unkept_output(outputs: Mapping[str, Any]) -> str:
    """The first output that neither the journal nor a record can hold, as a message begins; empty where all are fine.

    What programs print is looked at where it is read; a driver may have an answer of a tool or a server.
    """
    if is_kept(outputs):
        return ""
    bad = next((name for name, value in outputs.items() if not is_kept({name: value})), "")
    return f"output {bad!r:.60}" if bad else "its outputs"


def is_kept(value: object) -> bool:
    """Whether JSON holds a value exactly (RFC 8785): no huge integer, no infinity, no half of a surrogate pair."""
    try:
        canonical_json(value)
    except (ValueError, TypeError, RecursionError):
        return False
    return True


def recorded_outputs(
    step: PlannedStep, outputs: Mapping[str, Any], public: Sequence[str] = (), secret: Collection[str] = ()
) -> tuple[dict[str, Any], list[str]]:
    """The declared outputs that a record may hold, and the names of those that it may not: secret or too large.

    `public` are names of more outputs that belong into the record, `secret` of more that never do.
    """
    kept: dict[str, Any] = {}
    withheld: list[str] = []
    room = RECORD_BYTES
    for name in dict.fromkeys((*step.declared_outputs, *public)):
        if name not in outputs:
            continue
        size = len(json.dumps(outputs[name], ensure_ascii=False).encode(errors="replace"))
        if name in step.secret_outputs or name in secret or size > room:
            withheld.append(name)
        else:
            kept[name] = outputs[name]
            room -= size
    return kept, withheld


def _parsed(data: bytes, name: str) -> dict[str, Any]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableOutputs(f"'{name}' is no UTF-8 text") from error
    if text.lstrip().startswith("{"):
        found = _json_object(text)
        if found is None:
            raise UnreadableOutputs(f"'{name}' is no JSON object")
        return found
    lines: dict[str, Any] = {}
    for number, line in enumerate(_LINE_END.split(text), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _FILE_LINE.fullmatch(line)
        if match is None:
            raise UnreadableOutputs(f"line {number} of '{name}' is not of the form name=value")
        lines[match[1]] = match[2]
    return lines


def _json_object(text: str) -> dict[str, Any] | None:
    if not text.lstrip().startswith("{"):
        return None
    try:
        found = json.loads(text, parse_constant=_refuse)
        canonical_json(found)  # no record can hold half of a surrogate pair, an infinity or an integer beyond 2^53
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
