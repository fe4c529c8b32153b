"""What `--fix` and `--diff` did, for people (text, unified diff) and for programs."""

from collections import Counter
from collections.abc import Sequence
from difflib import unified_diff
from typing import TYPE_CHECKING, Any

from innominatus_cli.documents.edits import lines_of
from innominatus_cli.documents.words import counted
from innominatus_cli.findings.finding import Finding, Severity
from innominatus_cli.reports.terminal import one_line, painted

if TYPE_CHECKING:
    from innominatus_cli.operations.fixing import FixedFile, Fixing

_NO_END = "\\ No newline at end of file\n"


def fixes_text(fixing: "Fixing", *, colour: bool = False) -> str:
    """What stands before the remaining findings: the diff if it is wanted, or else a line for each sort of fix."""
    if fixing.shows_diff:
        return "".join(diff_text(file, colour=colour) for file in fixing.files)
    return "".join(_file_text(file, colour) for file in fixing.files)


def fixes_summary(fixing: "Fixing", unshown: Sequence[Finding] = ()) -> str:
    """One line: how much was mended, in how many files, and how many findings are left that a diff does not show."""
    left = [
        counted(count, word)
        for severity, word in ((Severity.ERROR, "error"), (Severity.WARNING, "warning"))
        if (count := sum(finding.severity is severity for finding in unshown))
    ]
    return f"{_mended(fixing)}; {' and '.join(left)} left, not shown with --diff" if left else _mended(fixing)


def _mended(fixing: "Fixing") -> str:
    findings, files = counted(fixing.mended, "finding"), counted(len(fixing.files), "file")
    if not fixing.files:
        return "nothing was mended" if fixing.written else "nothing would be mended"
    if fixing.written:
        return f"{findings} mended in {files}"
    return f"{findings} would be mended in {files}"


def fixes_data(fixing: "Fixing") -> list[dict[str, Any]]:
    """The value of `fixed` in JSON and YAML: each file with its fixes; with its diff where that is wanted."""
    return [
        {
            "path": file.path,
            "written": fixing.written,
            "fixes": [{"code": fix.code, "title": fix.title} for fix in file.fixes],
            **({"diff": diff_text(file)} if fixing.shows_diff else {}),
        }
        for file in fixing.files
    ]


def diff_text(file: "FixedFile", *, colour: bool = False) -> str:
    """The unified diff of one file, as `git apply` takes it."""
    before, after = (lines_of(data.decode("utf-8", "replace")) for data in (file.before, file.after))
    path = one_line(file.path)
    lines = []
    for line in unified_diff(before, after, f"a/{path}", f"b/{path}"):
        ended = line if line.endswith("\n") else f"{line}\n{_NO_END}"
        lines.append(_painted(ended, colour))
    return "".join(lines)


def _painted(line: str, colour: bool) -> str:
    colours = {"---": "bold", "+++": "bold", "-": "red", "+": "green", "@": "cyan"}
    found = next((name for start, name in colours.items() if line.startswith(start)), None)
    if not colour or found is None:
        return line
    return f"{painted(line[:-1], found, on=True)}\n"


def _file_text(file: "FixedFile", colour: bool) -> str:
    lines = [f"{painted(one_line(file.path), 'bold', on=colour)}: {counted(len(file.fixes), 'finding')} mended"]
    for fix, count in Counter(file.fixes).items():
        times = f" ({count} times)" if count > 1 else ""
        lines.append(f"  {painted(f'fixed {fix.code}', 'green', on=colour)}: {one_line(fix.title)}{times}")
    return "".join(f"{line}\n" for line in lines)
