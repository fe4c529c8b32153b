"""`test`: a test suite, judged by its JUnit report as well as by its exit status."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from innominatus_cli.documents.words import counted
from innominatus_cli.drivers.contract import DriverResult, DriverSteps, StepContext, inside
from innominatus_cli.drivers.programs import run_program
from innominatus_cli.drivers.tools import tool
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.catalogue.delivery import NO_TEST_REPORT, TESTS_FAILED
from innominatus_cli.findings.finding import Finding
from innominatus_cli.step_types.flow import TestSuiteInputs
from innominatus_cli.step_types.programs import ProgramInputs

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_MOST_BYTES: Final = 32 * 1024 * 1024
_MOST_TOLD: Final = 10
_DECLARES: Final = re.compile(rb"(\xef\xbb\xbf)?(\s|<\?.*?\?>|<!--.*?-->)*<!DOCTYPE", re.DOTALL)
_VARIABLE: Final = "INNOMINATUS_TEST_REPORT"


@dataclass(frozen=True, slots=True)
class _Report:
    tests: int
    skipped: int
    seconds: float
    failed: tuple[str, ...]
    """The tests that failed or broke, by class and name."""


def driver(ctx: StepContext) -> DriverSteps:
    """Runs the suite, then reads its report; a good exit status alone is not enough."""
    inputs = ctx.inputs_of(TestSuiteInputs)
    report = _place(ctx, inputs)
    if isinstance(report, Finding):
        return DriverResult(failure=report)
    before = _stamp(report)
    tools = []
    for need in ctx.step.tools:
        found = yield from tool(ctx, need)
        if isinstance(found, Finding):
            return DriverResult(failure=found)
        tools.append(found)
    ran = yield from run_program(ctx, _program(inputs, report), {_VARIABLE: str(report), **_settings(inputs, report)})
    tools += [one for one in ran.tools if one.name not in {found.name for found in tools}]
    fresh = _stamp(report) != before
    read = _read(report) if fresh else "it was not written"
    if isinstance(read, str):
        failure = ran.failure or ctx.finding(NO_TEST_REPORT, f"report '{report.name}': {read}")
        return DriverResult(failure, printed=ran.printed, tools=tuple(tools))
    return DriverResult(
        _judged(ctx, read) or ran.failure,
        outputs={
            "tests": read.tests,
            "failures": len(read.failed),
            "skipped": read.skipped,
            "seconds": round(read.seconds, 3),
        },
        public=("tests", "failures", "skipped", "seconds"),
        message=f"{counted(read.tests, 'test')}, {read.skipped} skipped",
        printed=ran.printed,
        tools=tuple(tools),
    )


def _judged(ctx: StepContext, read: _Report) -> Finding | None:
    if read.failed:
        told = "; ".join(read.failed[:_MOST_TOLD])
        more = f"; and {len(read.failed) - _MOST_TOLD} more" if len(read.failed) > _MOST_TOLD else ""
        return ctx.finding(TESTS_FAILED, f"{len(read.failed)} of {counted(read.tests, 'test')} failed: {told}{more}")
    if read.tests == read.skipped:
        return ctx.finding(NO_TEST_REPORT, "no test ran" if not read.tests else "every test was skipped")
    return None


def _place(ctx: StepContext, inputs: TestSuiteInputs) -> Path | Finding:
    """Where the report will be: in the working folder where the step says so, else in the attempt's own folder."""
    if inputs.report is None:
        return ctx.scratch_dir / "junit.xml"
    folder = ctx.repository_path(inputs.working_dir)
    if isinstance(folder, Finding):
        return folder
    found = inside(folder, inputs.report)
    return found or ctx.finding(codes.PATH_OUTSIDE, f"'{inputs.report}' leads out of the working folder")


def _program(inputs: TestSuiteInputs, report: Path) -> ProgramInputs:
    """The framework's command line, or the step's own program."""
    command = {
        "pytest": ["pytest", f"--junitxml={report}", "--"],
        "jest": ["jest", "--ci", "--reporters=default", "--reporters=jest-junit", "--"],
        "newman": ["newman", "run", "--reporters=cli,junit", f"--reporter-junit-export={report}", "--"],
        "node": ["node", "--test", "--test-reporter=junit", f"--test-reporter-destination={report}"],
    }
    if inputs.framework is None:
        return ProgramInputs(script=inputs.script, command=inputs.command, working_dir=inputs.working_dir)
    return ProgramInputs(command=[*command[inputs.framework], *inputs.arguments], working_dir=inputs.working_dir)


def _settings(inputs: TestSuiteInputs, report: Path) -> Mapping[str, str]:
    """The variables of jest-junit, which takes no arguments."""
    if inputs.framework != "jest":
        return {}
    return {"JEST_JUNIT_OUTPUT_DIR": str(report.parent), "JEST_JUNIT_OUTPUT_NAME": report.name}


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """What a file is now: a report that an earlier run left is none of this one."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _read(path: Path) -> _Report | str:
    """A JUnit report; what is wrong with it in words where it is none.

    Suites may stand in suites; only test cases are counted, for the sums that programs write into suites differ.
    """
    from xml.etree import ElementTree as ET  # noqa: PLC0415 - only what reads a report needs it

    try:
        data = path.read_bytes() if path.is_file() and path.stat().st_size <= _MOST_BYTES else b""
    except OSError as problem:
        return f"it cannot be read: {problem.strerror}"
    if not data:
        return f"it is no file, empty, or longer than {_MOST_BYTES // 1024 // 1024} MiB"
    if _DECLARES.match(data):
        return "it declares entities, which no report needs"
    try:
        root = ET.fromstring(data)  # noqa: S314 - it is bounded and declares no entities
    except ET.ParseError as problem:
        return f"it is no XML: line {problem.position[0]}, column {problem.position[1] + 1}"
    return _counted(root)


def _counted(root: "Element") -> _Report | str:
    if root.tag not in {"testsuites", "testsuite"}:
        return f"it is no JUnit report: its root is '{root.tag}'"
    cases = list(root.iter("testcase"))
    skipped = sum(1 for case in cases if case.find("skipped") is not None)
    failed = tuple(_name(case) for case in cases if case.find("failure") is not None or case.find("error") is not None)
    return _Report(len(cases), skipped, sum(_seconds(case) for case in cases), failed)


def _name(case: "Element") -> str:
    names = (case.get("classname"), case.get("name"))
    return " ".join(".".join(filter(None, names)).split())[:200] or "a test without a name"


def _seconds(case: "Element") -> float:
    try:
        seconds = float((case.get("time") or "0").replace(",", ""))
    except ValueError:
        return 0.0
    return seconds if math.isfinite(seconds) else 0.0
