"""An example of each code: a file and what the command says of it, taken from the cases that the codes are tested with.

The cases are no part of an installed package. So what pages and `explain` show of them is written beside this module,
by `python -m innominatus_cli.reports.findings_page`, and a test holds it equal.
"""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from innominatus_cli.findings.catalogue import every_code

KEPT = Path(__file__).with_suffix(".json")
_LONGEST = 14
_WIDEST = 120
_PROMPT = "$ "
"""What the expected output of a case begins with that runs another command than `validate`."""


class Example(NamedTuple):
    """The command, the file that it was given (empty where that is long, or many), and its words about the code."""

    command: str
    source: str
    says: str


@cache
def kept_examples() -> dict[str, Example]:
    """The examples that are part of the package, by the numbers of their codes."""
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    return {number: Example(*example) for number, example in kept.items()}


def examples_of(cases: Path) -> dict[str, Example]:
    """The first case of each code that has one in the folder of bad cases, tests/cases/err."""
    found = {}
    for number in every_code():
        expected = next(iter(sorted(cases.glob(f"{number.removeprefix('ORC-')}-*.out"))), None)
        if expected is not None:
            found[number] = _example(number, expected)
    return found


def kept_text(examples: dict[str, Example]) -> str:
    """The text of the file with examples: a line of JSON for each code."""
    lines = ",\n".join(f'"{number}": {json.dumps(one, ensure_ascii=False)}' for number, one in examples.items())
    return f"{{\n{lines}\n}}\n"


def _example(number: str, expected: Path) -> Example:
    text = expected.read_text(encoding="utf-8")
    if text.startswith(_PROMPT):
        command, _, told = text.removeprefix(_PROMPT).partition("\n")
        return Example(command, "", "".join(_blocks(told, number)))
    source = expected.with_suffix(".yaml")
    written = _readable(source.read_bytes()) if source.is_file() else ""
    says = text.strip("\n").rpartition("\n")[0] + "\n"
    return Example("innominatus-ctl validate", written if written.count("\n") <= _LONGEST else "", says)


def _blocks(told: str, number: str) -> Iterator[str]:
    """The lines of the findings of a code: their heads, and what is indented below them."""
    inside = False
    for line in told.splitlines(keepends=True):
        inside = f" {number}: " in line or (inside and line.startswith(" "))
        if inside:
            yield line


def _readable(data: bytes) -> str:
    """The text of a case; nothing for one that holds what no page should."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    plain = all(char.isprintable() or char == "\n" for char in text)
    return text if plain and all(len(line) < _WIDEST for line in text.split("\n")) else ""
