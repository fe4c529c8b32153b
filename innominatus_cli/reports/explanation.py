"""Codes of findings, explained: each at length with an example, or a list of all."""

import re
from collections.abc import Iterable
from textwrap import indent, wrap

from innominatus_cli.findings.blocks import block_of
from innominatus_cli.findings.catalogue import every_code
from innominatus_cli.findings.finding import Code
from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.reports.code_examples import Example, kept_examples
from innominatus_cli.reports.listing import Column, Listing, data_text, listing_text
from innominatus_cli.reports.terminal import painted

_CODE = re.compile(r"(?:ORC-?)?([0-9]+)|ORC-.*", re.IGNORECASE)
_WIDTH = 100
_COLUMNS = (
    Column("Code", "code"),
    Column("Severity", "severity"),
    Column("What it says", "title"),
    Column("Exit", "exit_status", wide=True),
    Column("What to do", "help", wide=True),
)


def is_code(word: str) -> bool:
    """Whether a word is meant as a code: `ORC-2001`, `orc2001`, `2001`, one that does not exist, but no name."""
    return _CODE.fullmatch(word) is not None


def codes_named(words: Iterable[str]) -> list[Code]:
    """The codes that words mean, each once. Raises ValueError for one that means none, with the nearest."""
    return list(dict.fromkeys(_code_named(word) for word in words))


def codes_with(words: Iterable[str], block: str | None = None, severity: str | None = None) -> list[Code]:
    """All codes of a block and a severity whose number, title, detail and remedy hold each of the words."""
    wanted = [word.lower() for word in words]
    return [
        code
        for code in every_code().values()
        if block in {None, block_of(code).name}
        and severity in {None, code.severity.value}
        and all(word in _searched(code) for word in wanted)
    ]


def explanation(codes: Iterable[Code], output: str, *, colour: bool = False) -> str:
    """Codes as text at length, as a table, or as data (`output` names which)."""
    if output == "text":
        return "\n".join(_explained(code, kept_examples().get(code.number), colour=colour) for code in codes)
    if output in {"json", "yaml"}:
        return data_text([code_data(code) for code in codes], output)
    return code_list(codes, output)


def code_list(codes: Iterable[Code], output: str) -> str:
    """Codes in one line each, or as data without their examples."""
    items = [_data(code) for code in codes]
    return listing_text(Listing(_COLUMNS, items, empty="There is no such code."), output)


def code_data(code: Code) -> dict[str, object]:
    """A code as plain data, with its example (null where there is none)."""
    example = kept_examples().get(code.number)
    return {**_data(code), "example": None if example is None else example._asdict()}


def _data(code: Code) -> dict[str, object]:
    return {
        "code": code.number,
        "block": block_of(code).name,
        "severity": code.severity.value,
        "exit_status": int(code.exit_status),
        "title": code.title,
        "detail": code.detail,
        "help": code.remedy,
        "help_page": code.help_page,
    }


def _code_named(word: str) -> Code:
    if not is_code(word):
        raise ValueError(f"'{word}' is no code like ORC-2017; `explain --list {word}` looks for the word")
    found = _CODE.fullmatch(word)
    number = f"ORC-{found[1]}" if found and found[1] else word.upper()
    known = every_code()
    if number in known:
        return known[number]
    hint = did_you_mean(number, known)
    raise ValueError(f"there is no code '{word}'" + (f": {hint}" if hint else "; `explain --list` shows all"))


def _searched(code: Code) -> str:
    return f"{code.number} {code.severity} {code.title} {code.detail} {code.remedy}".lower()


def _explained(code: Code, example: Example | None, *, colour: bool) -> str:
    head = painted(f"{code.number} ({code.severity}, exit status {int(code.exit_status)})", "bold", on=colour)
    parts = [f"{head}: {code.title}\n", _wrapped(code.detail), _wrapped(f"What to do: {code.remedy}")]
    if example is not None:
        if example.source:
            parts.append(f"With this file:\n\n{indent(example.source, '    ')}")
        parts.append(f"`{example.command}` says:\n\n{indent(example.says, '    ')}")
    return "\n".join((*parts, f"See {code.help_page}\n"))


def _wrapped(text: str) -> str:
    return "".join(f"{line}\n" for line in wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False))
