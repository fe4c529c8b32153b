"""Workflow commands: the lines of a step's output that GitHub's runner (and those of Gitea, Forgejo and act) obeys.

A line that begins with `::name`, behind blanks, is a command. So is an old `##[name]`, anywhere in a line; of the two
the runner tries the first form first (actions/runner, ActionCommand.cs). What a repository wrote must never become one.
"""

from collections.abc import Mapping

from innominatus_cli.reports.terminal import printable


def command(name: str, data: str, properties: Mapping[str, str] | None = None) -> str:
    """One line: a command with texts that come from anywhere, escaped as the runner undoes it."""
    written = ",".join(f"{key}={_property(value)}" for key, value in (properties or {}).items())
    return f"::{name} {written}::{_data(data)}" if written else f"::{name}::{_data(data)}"


def guarded(text: str) -> str:
    """The text itself, or between `::stop-commands::` and its end where a line of it looks like a command.

    The end is a word that is made of the whole text, so that no text can hold its own.
    """
    if not any(line.lstrip().startswith("::") or "##[" in line for line in text.splitlines()):
        return text
    from hashlib import sha256  # noqa: PLC0415 - hardly any text needs it

    word = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    ended = text if text.endswith("\n") else f"{text}\n"
    return f"::stop-commands::{word}\n{ended}::{word}::\n"


def _data(text: str) -> str:
    """A command's message. Nothing undoes `##[`, so it is broken in two."""
    return printable(text).replace("%", "%25").replace("\n", "%0A").replace("##[", "## [")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
