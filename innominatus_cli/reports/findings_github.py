"""Findings as annotations of GitHub Actions: workflow commands on stdout, and a summary of the step in Markdown.

GitHub shows at most 10 errors, 10 warnings and 10 notices of a step, and 50 annotations of a job. So the worst come
first, spread over the files; a last notice counts what is left out, all of which is in the summary and in SARIF.

What a repository wrote is escaped as the runner unescapes it (`actions/toolkit`, command.ts), so that no name, key
or message can begin a command of its own.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from innominatus_cli.findings.finding import Finding, Severity
from innominatus_cli.operations.validation import Validation
from innominatus_cli.reports.findings_text import summary_text
from innominatus_cli.reports.terminal import one_line

PER_TYPE = 10
"""Of one type in a step."""
_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
_MOST_SUMMARY_BYTES = 900 * 1024
"""GitHub refuses a summary of more than 1 MiB, whole."""


def render(found: Validation) -> str:
    """The commands, and one line that counts the findings."""
    lines = []
    left_out = 0
    for severity, command in _COMMANDS.items():
        own = [finding for finding in found.findings if finding.severity is severity]
        room = PER_TYPE - (severity is Severity.INFO)  # one notice is kept for what is left out
        lines += [_command(command, finding) for finding in _spread(own)[:room]]
        left_out += max(0, len(own) - room)
    if left_out:
        more = f"{left_out} more findings are in the summary of this step"
        lines.append(f"::notice title=innominatus-ctl::{_data(more)}")
    lines.append(_data(summary_text(found.findings, found.files)))
    return "".join(f"{line}\n" for line in lines)


def _spread(findings: Sequence[Finding]) -> list[Finding]:
    """The findings so that the first of every file come before the second of any."""
    turns: dict[str, int] = defaultdict(int)
    keyed = []
    for finding in findings:
        turns[finding.place.path] += 1
        keyed.append((turns[finding.place.path], finding))
    return [finding for _, finding in sorted(keyed, key=lambda one: one[0])]


def _command(command: str, finding: Finding) -> str:
    place = finding.place
    properties = {"file": place.path}
    if place.line:
        properties |= {"line": str(place.line), "col": str(max(place.column, 1))}
        if place.end_line == place.line and place.end_column > place.column:
            properties |= {"endLine": str(place.end_line), "endColumn": str(place.end_column)}
    properties["title"] = f"{finding.code.number}: {finding.code.title}"
    written = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    said = f"{finding.message}\n{finding.help}" if finding.help else finding.message
    return f"::{command} {written}::{_data(said)}"


def _data(text: str) -> str:
    """A message as the runner reads it back; `##[` is no command of old either."""
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return one_line(escaped).replace("##[", "## [")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def step_summary(found: Validation) -> str:
    """All findings as Markdown, as many as a summary holds."""
    head = f"### innominatus-ctl\n\n{_cell(summary_text(found.findings, found.files))}\n\n"
    if not found.findings:
        return head
    head += "| | place | code | what is wrong |\n| --- | --- | --- | --- |\n"
    worst_first = sorted(found.findings, key=lambda finding: list(_COMMANDS).index(finding.severity))
    return head + "".join(_fitting(worst_first, _MOST_SUMMARY_BYTES - len(head)))


def _fitting(findings: Iterable[Finding], room: int) -> Iterator[str]:
    waiting = list(findings)
    for number, finding in enumerate(waiting):
        place = finding.place
        where = f"{place.path}:{place.line}" if place.line else place.path
        said = f"{finding.message}. {finding.help}" if finding.help else finding.message
        row = f"| {finding.severity} | {_cell(where)} | {finding.code.number} | {_cell(said)} |\n"
        room -= len(row.encode())
        if room < 0:
            yield f"\n{len(waiting) - number} more are not shown here.\n"
            return
        yield row


def _cell(text: str) -> str:
    """Text that Markdown and HTML leave alone."""
    safe = one_line(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "".join(f"&#{ord(char)};" if char in "|`*_[]()!#~\\@" else char for char in safe).replace("://", "&#58;//")
