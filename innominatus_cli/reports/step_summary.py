"""The summary of a step of GitHub Actions: all findings in Markdown, and nothing that Markdown or HTML would obey."""

import re
from collections.abc import Iterator, Sequence

from innominatus_cli.findings.finding import Finding
from innominatus_cli.operations.validation import Validation
from innominatus_cli.reports.findings_github import COMMANDS, TITLE
from innominatus_cli.reports.findings_text import summary_text
from innominatus_cli.reports.terminal import one_line

LARGEST = 1024 * 1024
"""GitHub refuses the summary of a step that has more bytes, all of it."""
_LAST_LINE = 80
_OBEYED = re.compile(r"[!\"#$&*:<>@\[\\\]^_`{|}~]|(?<=www)\.", re.IGNORECASE)
"""Markdown, HTML, mathematics, mentions, emoji, and the addresses that become links by themselves."""


def step_summary(found: Validation, room: int = LARGEST) -> str:
    """All findings, the worst first, as many as `room` bytes take, and a line that counts the others.

    Empty where there is no room at all.
    """
    head = f"### {TITLE}\n\n{summary_text(found.findings, found.files, found.suppressed)}\n\n"
    if found.findings:
        head += "| | place | code | what is wrong |\n| --- | --- | --- | --- |\n"
    left = room - len(head) - _LAST_LINE
    if left < 0:
        return ""
    order = list(COMMANDS)
    return head + "".join(_fitting(sorted(found.findings, key=lambda one: order.index(one.severity)), left))


def _fitting(findings: Sequence[Finding], room: int) -> Iterator[str]:
    for number, finding in enumerate(findings):
        said = f"{finding.message}. {finding.help}" if finding.help else finding.message
        place = finding.place
        where = f"{place.path}:{place.line}" if place.line else place.path
        row = f"| {finding.severity} | {_cell(where)} | {finding.code.number} | {_cell(said)} |\n"
        room -= len(row.encode("utf-8", "replace"))
        if room < 0:
            yield f"\n{len(findings) - number} more are not shown here.\n"
            return
        yield row


def _cell(text: str) -> str:
    return _OBEYED.sub(lambda found: f"&#{ord(found.group())};", one_line(text))
