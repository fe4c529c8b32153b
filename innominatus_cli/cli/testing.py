"""How `test` answers: on stdout, in files, and by its exit status."""

import sys
from typing import TYPE_CHECKING, Any, Final

import click

from innominatus_cli.cli.output import print_for_people, print_text
from innominatus_cli.findings.exit_status import ExitStatus

if TYPE_CHECKING:
    from innominatus_cli.operations.testing.running import Wanted

    _ReportType = click.ParamType[tuple[str, str]]
else:
    _ReportType = click.ParamType

FORMATS: Final = ("text", "json", "yaml", "junit", "github")
_FILE_FORMATS: Final = (*FORMATS, "cobertura")


class ReportFile(_ReportType):
    """`FORMAT=FILE`: a format of results of tests and where to write it."""

    name = "FORMAT=FILE"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """The format and the file."""
        if isinstance(value, tuple):
            return value
        output, _, file = str(value).partition("=")
        if output in _FILE_FORMATS and file == "-":
            hint = f"; '-o {output}' writes it to standard output" if output in FORMATS else ""
            return self.fail(f"a report goes to a file{hint}", param, ctx)
        if output not in _FILE_FORMATS or not file:
            return self.fail(f"'{value}' is not FORMAT=FILE with a format of {', '.join(_FILE_FORMATS)}", param, ctx)
        return output, file

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:  # noqa: ARG002
        """The formats, each with its `=`."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415

        return [CompletionItem(f"{name}=") for name in _FILE_FORMATS if name.startswith(incomplete)]


def answer(wanted: "Wanted", output: str, reports: tuple[tuple[str, str], ...]) -> int:
    """Tests, shows what came of it, writes the reports, and returns the exit status."""
    from innominatus_cli.operations.testing.running import run_tests  # noqa: PLC0415 - `--help` does without
    from innominatus_cli.reports.terminal import wants_colour  # noqa: PLC0415
    from innominatus_cli.reports.tests_formats import render  # noqa: PLC0415
    from innominatus_cli.system.files import write_output  # noqa: PLC0415

    if any(name == "cobertura" for name, _ in reports):
        wanted = wanted._replace(coverage=True)
    report = run_tests(wanted)
    write = print_for_people if output == "text" else print_text
    write(render(report, output, colour=wants_colour(sys.stdout)))
    for name, file in reports:
        write_output(file, render(report, name).encode("utf-8", "backslashreplace"))
    return int(ExitStatus.OK if report.passed else ExitStatus.FINDINGS)
