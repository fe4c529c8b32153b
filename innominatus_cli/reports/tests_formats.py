"""The formats of the result of `test`, by the name that `-o` and `--report` take."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from innominatus_cli.operations.testing.running import SuiteReport
from innominatus_cli.operations.validation import Validation
from innominatus_cli.reports import coverage_cobertura, findings_github, tests_junit, tests_text
from innominatus_cli.reports.listing import data_text
from innominatus_cli.reports.tests_json import suite_document


def render(report: SuiteReport, output: str, *, colour: bool = False) -> str:
    """The result in one of the formats. `cobertura` needs a report with coverage."""
    return tests_text.render(report, colour=colour) if output == "text" else _RENDER[output](report)


def _cobertura(report: SuiteReport) -> str:
    if report.coverage is None:
        raise AssertionError("there is no coverage to show")
    return coverage_cobertura.render(report.coverage)


def _github(report: SuiteReport) -> str:
    found = (*report.findings, *(one for case in report.outcomes for one in case.failures))
    files = len({case.path for case in report.outcomes})
    annotations = findings_github.render(Validation(found, files, report.sources, {})).splitlines()[:-1]
    return "".join(f"{line}\n" for line in (*annotations, tests_text.summary(report)))


_RENDER: Final[Mapping[str, Callable[[SuiteReport], str]]] = MappingProxyType(
    {
        "json": lambda report: data_text(suite_document(report), "json"),
        "yaml": lambda report: data_text(suite_document(report), "yaml"),
        "junit": tests_junit.render,
        "github": _github,
        "cobertura": _cobertura,
    }
)
