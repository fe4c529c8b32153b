"""Codes of findings, explained: one at length, or a list of all."""

from collections.abc import Iterable

from innominatus_cli.findings.catalogue import every_code
from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import Code
from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.reports.listing import Column, Listing


def codes_named(names: Iterable[str]) -> list[Code]:
    """The codes with these numbers: `ORC-2001`, `orc-2001` or `2001`. Raises ValueError for one that does not exist."""
    known = every_code()
    found = []
    for name in names:
        number = name.upper() if name.upper().startswith("ORC-") else f"ORC-{name}"
        if number not in known:
            hint = did_you_mean(number, known)
            raise ValueError(f"there is no code '{name}'" + (f": {hint}" if hint else "; `explain --list` shows all"))
        found.append(known[number])
    return found


def code_data(code: Code) -> dict[str, object]:
    """A code as plain data."""
    return {
        "code": code.number,
        "severity": code.severity.value,
        "exit_status": int(code.exit_status),
        "title": code.title,
        "detail": code.detail,
        "help": code.remedy,
        "help_page": code.help_page,
    }


def explanation_text(codes: Iterable[Code]) -> str:
    """What each code means, as paragraphs."""
    return "\n".join(_explained(code) for code in codes)


def _explained(code: Code) -> str:
    status = "" if code.exit_status is ExitStatus.FINDINGS else f", exit status {int(code.exit_status)}"
    parts = [f"{code.number} ({code.severity}{status}): {code.title}", *_wrapped(code.detail)]
    parts += [f"What to do: {line}" if number == 0 else line for number, line in enumerate(_wrapped(code.remedy))]
    return "\n".join(line for line in (*parts, f"An example: {code.help_page}")) + "\n"


def _wrapped(text: str) -> list[str]:
    from textwrap import wrap  # noqa: PLC0415

    return wrap(text, 100, break_long_words=False, break_on_hyphens=False) if text else []


def code_listing(words: Iterable[str] = ()) -> Listing:
    """All codes, or those whose number, severity or title holds each of the words."""
    wanted = [word.lower() for word in words]
    items = [
        code_data(code)
        for code in every_code().values()
        if all(word in f"{code.number} {code.severity} {code.title}".lower() for word in wanted)
    ]
    columns = (
        Column("Code", "code"),
        Column("Severity", "severity"),
        Column("What it says", "title"),
        Column("Exit", "exit_status", wide=True),
        Column("What to do", "help", wide=True),
    )
    return Listing(columns, items, empty="No code has these words.")
