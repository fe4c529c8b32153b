"""`Place`, `Severity`, `Code` and `Finding`: one vocabulary for everything that is wrong with what a person wrote."""

from enum import StrEnum
from typing import NamedTuple

from innominatus_cli.findings.exit_status import ExitStatus


class Severity(StrEnum):
    """How bad a finding is; only errors change an exit status (warnings too under `--strict`)."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Place(NamedTuple):
    """Where in a text something stands.

    `line`, `column`, `end_line` and `end_column` count from 1; 0 means unknown. `column` counts code points, and
    the end is exclusive. `pointer` is an RFC 6901 JSON pointer into the document, `path` is relative to the repository
    root (POSIX separators), or as the user typed it for a file outside.
    """

    path: str
    line: int = 0
    column: int = 0
    end_line: int = 0
    end_column: int = 0
    pointer: str = ""

    def __str__(self) -> str:
        if not self.line:
            return self.path
        return f"{self.path}:{self.line}:{self.column}"


class Code(NamedTuple):
    """One problem of the catalogue: a number that is never reused, a title, a severity and a remedy for every case.

    `detail` is the longer text of docs/reference/findings.md: why it matters and how to mend it. Where the line of the
    file holds a secret, `quotes_source` is False: no report shows it. `guards` marks
    what keeps a repository secure: a change that is judged by another revision cannot ignore it (docs/adr/0015).
    """

    number: str
    title: str
    remedy: str
    severity: Severity = Severity.ERROR
    exit_status: ExitStatus = ExitStatus.FINDINGS
    detail: str = ""
    quotes_source: bool = True
    guards: bool = False

    @property
    def help_page(self) -> str:
        """The page and section that explain this code, relative to the repository root of the tool."""
        return f"docs/reference/findings.md#{self.number.lower()}"


class Related(NamedTuple):
    """Another place that a finding speaks of, as in "first defined here"."""

    message: str
    place: Place


class Edit(NamedTuple):
    """Text to put in place of what stands from a place's start to its (exclusive) end; equal ends insert it.

    Lines and columns count from 1, columns in code points, in the file as it was read (a byte order mark aside).
    """

    line: int
    column: int
    end_line: int
    end_column: int
    text: str


class Fix(NamedTuple):
    """A safe mend of one finding: what it does, as a button would say it, and the edits of the finding's own file.

    Edits of one fix do not overlap. Applying them and checking again never shows the same finding there.
    """

    title: str
    edits: tuple[Edit, ...]


class Finding(NamedTuple):
    """One case of a `Code`: `message` says this case, `remedy` (when not empty) replaces the code's general remedy.

    `fix` is there only where the mend changes nothing but what the finding speaks of (comments and layout stay).
    """

    code: Code
    message: str
    place: Place
    remedy: str = ""
    related: tuple[Related, ...] = ()
    severity_override: Severity | None = None
    fix: Fix | None = None

    @property
    def severity(self) -> Severity:
        """This case's severity: the code's own, unless the rule said otherwise."""
        return self.severity_override or self.code.severity

    @property
    def help(self) -> str:
        """What to do about it, as a sentence."""
        said = self.remedy or self.code.remedy
        return f"{said[:1].upper()}{said[1:]}"

    @property
    def sort_key(self) -> tuple[str, int, int, str, str]:
        """By file, then place, then code: output never depends on the order in which rules ran."""
        return (self.place.path, self.place.line, self.place.column, self.code.number, self.message)


class CannotContinue(Exception):  # noqa: N818 - the name says what happened, as in architecture rule 1
    """Ends a command. Carries at least one finding; caught once, in `cli/main.py`.

    The exit status is the given one, else that of the first error's code.
    """

    def __init__(self, *findings: Finding, exit_status: ExitStatus | None = None) -> None:
        super().__init__("; ".join(f"{f.place}: {f.code.number} {f.message}" for f in findings))
        self.findings = findings
        self.exit_status = findings[0].code.exit_status if exit_status is None else exit_status


def has_errors(findings: "list[Finding] | tuple[Finding, ...]") -> bool:
    """Whether any of the findings is an error."""
    return any(f.severity is Severity.ERROR for f in findings)
