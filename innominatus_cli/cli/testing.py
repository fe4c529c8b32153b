"""How `test` answers: on stdout, in files, and by its exit status."""

import sys
from typing import TYPE_CHECKING, Final

from innominatus_cli.cli.output import print_for_people, print_text
from innominatus_cli.findings.exit_status import ExitStatus

if TYPE_CHECKING:
    from innominatus_cli.operations.testing.running import Wanted

FORMATS: Final = ("text", "json", "yaml", "junit", "github")
FILE_FORMATS: Final = (*FORMATS, "cobertura")


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
