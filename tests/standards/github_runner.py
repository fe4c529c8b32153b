"""How GitHub's runner reads the output of a step, by its documentation and the grammar of ActionCommand.cs."""

import re
from collections.abc import Iterator
from typing import NamedTuple

REGISTERED = frozenset(
    (
        *("add-mask", "add-matcher", "add-path", "debug", "echo", "endgroup", "error", "group"),
        *("internal-set-repo-path", "notice", "remove-matcher", "save-state", "set-env", "set-output"),
        *("stop-commands", "warning"),
    )
)
"""The names that the runner knows; case does not count."""
_PROPERTY = (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%"))
_DATA = (("%0D", "\r"), ("%0A", "\n"), ("%25", "%"))
_OLD = ((";", "%3B"), ("\r", "%0D"), ("\n", "%0A"), ("]", "%5D"))


class Command(NamedTuple):
    """A command that the runner carries out."""

    name: str
    properties: dict[str, str]
    data: str


def commands(output: str) -> Iterator[Command]:
    """The commands in an output that are carried out: none between `stop-commands` and its end."""
    stopped_by: str | None = None
    for line in re.split(r"\r\n|\r|\n", output):
        known = REGISTERED if stopped_by is None else REGISTERED | {stopped_by.lower()}
        found = _new_form(line, known) or _old_form(line, known)
        if found is None:
            continue
        if stopped_by is not None:
            if found.name.lower() == stopped_by.lower():
                stopped_by = None
        elif found.name.lower() == "stop-commands":
            stopped_by = found.data
        else:
            yield found


def _new_form(line: str, known: frozenset[str]) -> Command | None:
    text = line.lstrip()
    end = text.find("::", 2)
    if not text.startswith("::") or end < 0:
        return None
    name, _, written = text[2:end].partition(" ")
    if name.lower() not in known:
        return None
    pairs = [pair.split("=", 1) for pair in written.strip().split(",") if "=" in pair]
    return Command(name, {key: _undone(value, _PROPERTY) for key, value in pairs}, _undone(text[end + 2 :], _DATA))


def _old_form(line: str, known: frozenset[str]) -> Command | None:
    start = line.find("##[")
    end = line.find("]", start)
    if start < 0 or end < 0:
        return None
    name, _, written = line[start + 3 : end].partition(" ")
    if name.lower() not in known:
        return None
    pairs = [pair.split("=", 1) for pair in written.strip().split(";") if "=" in pair]
    old = tuple((escape, char) for char, escape in _OLD)
    return Command(name, {key: _undone(value, old) for key, value in pairs}, _undone(line[end + 1 :], old))


def _undone(text: str, escapes: tuple[tuple[str, str], ...]) -> str:
    for escape, char in escapes:
        text = text.replace(escape, char)
    return text
