"""Coverage as Cobertura XML: a package for each tier, a class for each file, a line for each step and each policy.

It is the format that GitLab, Jenkins and Azure DevOps show beside the lines of a change, and that others take in. Hits
of a line are tests; a line with more than one branch says how many of them were seen.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple
from xml.sax.saxutils import quoteattr

from innominatus_cli.operations.testing.coverage import Branch, Coverage
from innominatus_cli.reports.terminal import one_line

_DOCTYPE: Final = '<!DOCTYPE coverage SYSTEM "http://cobertura.sourceforge.net/xml/coverage-04.dtd">\n'
_NEVER_IN_XML: Final = {ord(char): f"\\u{ord(char):04x}" for char in "\ufffe\uffff"}


class _Line(NamedTuple):
    """A line that can be covered."""

    number: int
    branches: tuple[Branch, ...]

    @property
    def hits(self) -> int:
        return max((branch.tests for branch in self.branches), default=0)

    @property
    def seen(self) -> int:
        return sum(branch.tests > 0 for branch in self.branches)


def render(coverage: Coverage) -> str:
    """The report. Its paths are those of the repository, whose root is the one source."""
    packages: dict[str, dict[str, list[_Line]]] = defaultdict(lambda: defaultdict(list))
    for flow in coverage.workflows:
        packages[flow.tier][flow.path] += [_Line(step.line, step.branches) for step in flow.steps if step.branches]
    for policy in coverage.policies:
        packages["policies"][policy.place.path].append(_Line(policy.place.line, policy.branches))
    lines = [line for files in packages.values() for own in files.values() for line in own]
    covered, several = sum(line.hits > 0 for line in lines), [line for line in lines if len(line.branches) > 1]
    seen, valid = sum(line.seen for line in several), sum(len(line.branches) for line in several)
    head = (
        f'<coverage {_rates(lines)} lines-covered="{covered}" lines-valid="{len(lines)}" '
        f'branches-covered="{seen}" branches-valid="{valid}" complexity="0" version="1" timestamp="0">\n'
        "  <sources>\n    <source>.</source>\n  </sources>\n  <packages>\n"
    )
    body = "".join(_package(name, files) for name, files in packages.items())
    whole = f'<?xml version="1.0" encoding="UTF-8"?>\n{_DOCTYPE}{head}{body}  </packages>\n</coverage>\n'
    return whole.translate(_NEVER_IN_XML)


def _package(name: str, files: Mapping[str, list[_Line]]) -> str:
    rates = _rates(line for lines in files.values() for line in lines)
    body = "".join(_class(path, sorted(lines)) for path, lines in files.items())
    return (
        f'    <package name={_quoted(name)} {rates} complexity="0">\n      <classes>\n{body}'
        "      </classes>\n    </package>\n"
    )


def _class(path: str, lines: list[_Line]) -> str:
    name = path.rpartition("/")[2]
    body = "".join(_line(line) for line in lines)
    return (
        f'        <class name={_quoted(name)} filename={_quoted(path)} {_rates(lines)} complexity="0">\n'
        f"          <methods/>\n          <lines>\n{body}          </lines>\n        </class>\n"
    )


def _line(line: _Line) -> str:
    head = f'            <line number="{line.number}" hits="{line.hits}"'
    total = len(line.branches)
    if total < 2:  # noqa: PLR2004 - one way is no branch
        return f'{head} branch="false"/>\n'
    percent = 100 * line.seen // total
    return f'{head} branch="true" condition-coverage="{percent}% ({line.seen}/{total})"/>\n'


def _rates(lines: Iterable[_Line]) -> str:
    every = list(lines)
    branches = [branch for line in every if len(line.branches) > 1 for branch in line.branches]
    line_rate = _rate(sum(line.hits > 0 for line in every), len(every))
    return f'line-rate="{line_rate}" branch-rate="{_rate(sum(b.tests > 0 for b in branches), len(branches))}"'


def _rate(covered: int, total: int) -> str:
    return f"{covered / total:.4g}" if total else "1"


def _quoted(text: str) -> str:
    return quoteattr(one_line(text))
