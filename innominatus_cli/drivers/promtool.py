"""Prometheus' own judge of rules: promtool checks them, and runs unit tests of them."""

import re
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from innominatus_cli.documents.yaml_reader import read_yaml
from innominatus_cli.documents.yaml_writer import yaml_text
from innominatus_cli.drivers.contract import StepContext, ending_text
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.catalogue.judging import NOT_SHOWN_TO_BE_CHECKED, RULES_FAILED_TESTS
from innominatus_cli.findings.finding import Finding, has_errors
from innominatus_cli.system.commands import CommandOutcome, CommandRequest, Ending

_RULES: Final = "rules.yaml"
_FOUND: Final = re.compile(rb"SUCCESS: ([0-9]+) rules? found")
_FAILED: Final = re.compile(r"(?:alertname|expr): (.{1,100}?), time: (\S{1,20}?),")
_MOST_TOLD: Final = 10

Asked = Generator[CommandRequest, CommandOutcome, bool | Finding]


def check(ctx: StepContext, group: Mapping[str, Any], queries: Sequence[str]) -> Asked:
    """Whether promtool had a look; a finding where it refuses the rules, or a query of a dashboard.

    It may be missing where the step does not need it.
    """
    files: list[tuple[str, str, list[dict[str, Any]]]] = []
    if group["rules"]:
        files.append((_RULES, "the rules", group["rules"]))
    if queries:
        recorded = [{"record": f"dashboard:query:{number}", "expr": query} for number, query in enumerate(queries)]
        files.append(("queries.yaml", "the dashboards' queries", recorded))
    for name, what, rules in files:
        path = ctx.scratch_dir / name
        path.write_text(yaml_text([{"groups": [{"name": group["name"], "rules": rules}]}]), encoding="utf-8")
        outcome = yield ctx.command("promtool", "check", "rules", str(path))
        if outcome.ending is Ending.NOT_STARTED and not ctx.step.tools:
            return False
        if not outcome.succeeded:
            return ctx.finding(codes.ALERT_UNUSABLE, f"promtool {ending_text(outcome)}: it does not take {what}")
        said = _FOUND.search(outcome.stdout.head + outcome.stderr.head)
        if said is None or int(said[1]) != len(rules):
            return ctx.finding(NOT_SHOWN_TO_BE_CHECKED, f"promtool ended well and does not say that it took {what}")
    return bool(files)


def test(ctx: StepContext, written: Sequence[str]) -> Generator[CommandRequest, CommandOutcome, Finding | None]:
    """Runs each file of tests as a copy beside the rules."""
    for number, name in enumerate(written):
        path = ctx.repository_path(name)
        if isinstance(path, Finding):
            return path
        copied = _copied(ctx, name, path, ctx.scratch_dir / f"tests-{number}.yaml")
        if isinstance(copied, Finding):
            return copied
        outcome = yield ctx.command("promtool", "test", "rules", str(copied), cwd=ctx.scratch_dir)
        if outcome.ending is not Ending.EXITED:
            return ctx.program_failed("promtool", outcome)
        printed = outcome.stdout.head + outcome.stderr.head
        if not outcome.succeeded:
            told = _failures(printed.decode("utf-8", "replace"))
            return ctx.finding(RULES_FAILED_TESTS, f"'{name}' failed: {told or 'promtool ' + ending_text(outcome)}")
        if b"SUCCESS" not in printed or b"FAILED" in printed:
            return ctx.finding(NOT_SHOWN_TO_BE_CHECKED, f"promtool ended well and does not say that '{name}' passed")
    return None


def _copied(ctx: StepContext, name: str, path: Path, copy: Path) -> Path | Finding:
    try:
        data = path.read_bytes()
    except OSError as problem:
        return ctx.finding(codes.PATH_MISSING, f"'{name}' cannot be read: {problem.strerror}")
    documents, findings = read_yaml(name, data)
    if has_errors(findings):
        return ctx.finding(RULES_FAILED_TESTS, f"{findings[0].place}: {findings[0].message}")
    tests = documents[0].root.plain() if documents else None
    if not isinstance(tests, dict) or tests.get("rule_files") != [_RULES] or not tests.get("tests"):
        message = f"'{name}' does not test the rules of this step"
        return ctx.finding(RULES_FAILED_TESTS, message, f"Write `rule_files: [{_RULES}]`, and at least one test.")
    copy.write_bytes(data)
    return copy


def _failures(printed: str) -> str:
    """The alerts and times of what failed; expected and found samples stay in the step's log."""
    failed = list(dict.fromkeys(f"{what} at {when}" for what, when in _FAILED.findall(printed)))
    more = f", and {len(failed) - _MOST_TOLD} more" if len(failed) > _MOST_TOLD else ""
    return f"{', '.join(failed[:_MOST_TOLD])}{more}" if failed else ""
