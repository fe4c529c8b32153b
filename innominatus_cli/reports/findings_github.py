"""Findings as annotations of GitHub Actions: workflow commands, and a last line that counts the findings.

GitHub shows at most 10 errors, 10 warnings and 10 notices of a step, and 50 annotations of a job, which the 30 of one
step never are. So the worst come first, spread over the files; a last notice counts what is left out. The summary of
the step has all of it (`step_summary`), and so have the other formats.
"""

from collections import defaultdict
from collections.abc import Sequence
from itertools import chain, islice, zip_longest

from innominatus_cli.documents.words import counted
from innominatus_cli.findings.finding import Finding, Severity
from innominatus_cli.operations.validation import Validation
from innominatus_cli.reports.findings_text import summary_text
from innominatus_cli.reports.runner_commands import command

PER_TYPE = 10
"""Of one type in a step."""
COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
"""The commands by severity, the worst first."""
TITLE = "innominatus-ctl"


def render(found: Validation) -> str:
    """The commands, and one line that counts the findings."""
    chosen = {one: _spread([f for f in found.findings if f.severity is one])[:PER_TYPE] for one in COMMANDS}
    if sum(map(len, chosen.values())) < len(found.findings):
        chosen[Severity.INFO] = chosen[Severity.INFO][: PER_TYPE - 1]
    lines = [_annotation(finding) for findings in chosen.values() for finding in findings]
    if left_out := len(found.findings) - len(lines):
        lines.append(command("notice", _rest(left_out), {"title": TITLE}))
    lines.append(summary_text(found.findings, found.files, found.suppressed))
    return "".join(f"{line}\n" for line in lines)


def _spread(findings: Sequence[Finding]) -> list[Finding]:
    """The first finding of every file before the second of any, files with many findings before others."""
    of_file: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        of_file[finding.place.path].append(finding)
    rounds = zip_longest(*sorted(of_file.values(), key=len, reverse=True))
    return list(islice((one for one in chain.from_iterable(rounds) if one is not None), PER_TYPE))


def _annotation(finding: Finding) -> str:
    """One finding. The log shows nothing but the message, so that this says the place and the code again."""
    place = finding.place
    properties = {"file": place.path} if place.path else {}
    if place.line:
        properties |= {"line": str(place.line), "col": str(max(place.column, 1))}
        if place.end_line == place.line and place.end_column > place.column:
            # Of several lines GitHub takes no columns, and shows the annotation below the last one.
            properties |= {"endLine": str(place.end_line), "endColumn": str(place.end_column)}
    properties["title"] = f"{finding.code.number}: {finding.code.title}"
    where = f"{place}: " if place.path else ""
    said = f"{where}{finding.code.number}: {finding.message}"
    return command(COMMANDS[finding.severity], f"{said}\n{finding.help}" if finding.help else said, properties)


def _rest(number: int) -> str:
    return (
        f"{counted(number, 'more finding')} {'is' if number == 1 else 'are'} not annotated, because GitHub shows "
        f"{PER_TYPE} of a type: see the summary of this step, or check again with `-o text`"
    )
