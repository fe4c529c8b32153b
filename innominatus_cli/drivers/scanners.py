"""Other scanners: how each is started, and what its report says.

A report that does not say that everything was read is none.
"""

import json
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from innominatus_cli.documents.json_reader import read_json
from innominatus_cli.documents.run_record import ToolFound
from innominatus_cli.documents.yaml_reader import read_yaml
from innominatus_cli.drivers.contract import StepContext, ending_text
from innominatus_cli.drivers.tools import tool
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.finding import Finding, has_errors
from innominatus_cli.system.commands import CommandOutcome, CommandRequest, Ending

_MOST_BYTES: Final = 64 * 1024 * 1024
_CVSS: Final = ((9.0, "CRITICAL"), (7.0, "HIGH"), (4.0, "MEDIUM"))
"""Least scores of the bands. Source: CVSS 3.1, section 5."""
_LEVELS: Final = {"error": "HIGH", "warning": "MEDIUM", "note": "LOW", "none": "LOW"}
"""SARIF's levels, for reports that give no score. Source: SARIF 2.1.0, section 3.27.10."""

_PARSED: Final = frozenset({".yaml", ".yml", ".json"})
_LEFT_OUT: Final = frozenset({"node_modules"})
"""Folders that checkov does not look into, beside those with a leading dot."""

Told: TypeAlias = tuple[str, str, str]
"""Place, severity and words of one problem."""


class _Unreadable(Exception):  # noqa: N818 - the name says what happened
    """A report that does not say what was found; the text says why."""


@dataclass(frozen=True, slots=True)
class Scan:
    """What a scanner found, and its report as it wrote it."""

    found: tuple[Told, ...]
    report: bytes
    report_name: str
    tools: tuple[ToolFound, ...]


Scanned = Generator[CommandRequest, CommandOutcome, Scan | Finding]


def scan(ctx: StepContext, scanner: str, paths: Sequence[Path], rules: Sequence[Path]) -> Scanned:
    """Runs a scanner over files and folders; a finding where it did not read all of them."""
    tools = []
    for need in ctx.step.tools:
        found = yield from tool(ctx, need)
        if isinstance(found, Finding):
            return found
        tools.append(found)
    how = _SCANNERS[scanner]
    unread = [name for path in paths for name in _no_yaml(ctx, path)] if scanner == "checkov" else []
    if unread:
        return ctx.finding(codes.COULD_NOT_SCAN, f"checkov passes over what it cannot parse: {', '.join(unread[:5])}")
    told: list[Told] = []
    reports: list[tuple[str, bytes]] = []
    for number, path in enumerate(paths):
        folder = ctx.scratch_dir / f"report-{number}"
        folder.mkdir()
        outcome = yield ctx.command(scanner, *how.arguments(path, folder, rules), env=how.env)
        try:
            data = _report(outcome, folder / how.report, how.good)
            told += _relative(ctx, how.read(data, folder))
        except _Unreadable as problem:
            return ctx.finding(codes.COULD_NOT_SCAN, f"{scanner} did not check '{_shown(ctx, path)}': {problem}")
        reports.append((how.report, data))
    name, report = reports[0] if len(reports) == 1 else (how.report, _together(how.report, reports))
    return Scan(tuple(told), report, name, tuple(tools))


def _no_yaml(ctx: StepContext, path: Path) -> Iterator[str]:
    """YAML and JSON files that cannot be parsed, which checkov passes over without a word; no templates of charts."""
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        inner = file.relative_to(path).parts if path.is_dir() else ()
        if file.suffix not in _PARSED or any(part in _LEFT_OUT or part[0] == "." for part in inner):
            continue
        of_chart = "templates" in file.parts and any((folder / "Chart.yaml").is_file() for folder in file.parents)
        if of_chart or not file.is_file():
            continue
        try:
            unreadable = has_errors(read_yaml(file.name, file.read_bytes())[1])
        except OSError:
            unreadable = True
        if unreadable:
            yield _shown(ctx, file)


def _report(outcome: CommandOutcome, path: Path, good: frozenset[int]) -> bytes:
    if outcome.ending is not Ending.EXITED or outcome.exit_code not in good:
        raise _Unreadable(f"it {ending_text(outcome)}")
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise _Unreadable("its report is too long")
        return path.read_bytes()
    except OSError:
        raise _Unreadable("it ended well and wrote no report") from None


def _json(data: bytes) -> Any:  # noqa: ANN401 - what a scanner wrote
    try:
        return read_json(data)
    except ValueError:
        raise _Unreadable("its report is no JSON") from None


def _sarif(data: bytes, folder: Path) -> list[Told]:
    """The problems of a SARIF file; messages are told, but for those that may repeat a secret."""
    del folder
    report = _json(data)
    runs = report.get("runs") if isinstance(report, dict) else None
    if not isinstance(runs, list) or not runs:
        raise _Unreadable("its report is no SARIF")
    try:
        return [told for run in runs for told in _run(run)]
    except (KeyError, TypeError, AttributeError, ValueError):
        raise _Unreadable("its report is no SARIF") from None


def _run(run: Mapping[str, Any]) -> Iterator[Told]:
    for invocation in run.get("invocations") or ():
        notes = [one for one in invocation.get("toolExecutionNotifications") or () if one.get("level") == "error"]
        if invocation.get("executionSuccessful") is False or notes:
            raise _Unreadable("its report says that it could not read everything")
    driver = run["tool"]["driver"]
    rules = {rule["id"]: rule for rule in driver.get("rules") or ()}
    hides = driver["name"].lower() == "gitleaks"
    for result in run.get("results") or ():
        rule = rules.get(result.get("ruleId"), {})
        place = (result.get("locations") or [{}])[0].get("physicalLocation", {})
        line = place.get("region", {}).get("startLine")
        path = place.get("artifactLocation", {}).get("uri", "")
        words = "a secret" if hides else " ".join(str(result["message"].get("text", "")).split())[:200]
        name = result.get("ruleId") or "a rule without a name"
        severity = "CRITICAL" if hides else _severity(result, rule)
        yield f"{path}:{line}" if line else path, severity, f"{words} ({name})"


def _severity(result: Mapping[str, Any], rule: Mapping[str, Any]) -> str:
    for properties in (result.get("properties") or {}, rule.get("properties") or {}):
        named = str(properties.get("issue_severity") or properties.get("severity") or "").upper()
        if named in {"LOW", "MEDIUM", "HIGH", "CRITICAL"}:
            return named
        if "security-severity" in properties:
            score = float(properties["security-severity"])
            return next((name for least, name in _CVSS if score >= least), "LOW")
    level = result.get("level") or (rule.get("defaultConfiguration") or {}).get("level") or "warning"
    return _LEVELS[level]


def _checkov(data: bytes, folder: Path) -> list[Told]:
    """What it found, once its other report says that it parsed every file and knew what to do with one at least."""
    try:
        summaries = _json((folder / "results_json.json").read_bytes())
    except OSError:
        raise _Unreadable("it wrote no summary") from None
    parts = summaries if isinstance(summaries, list) else [summaries]
    sums = [part.get("summary", part) for part in parts if isinstance(part, dict)]
    if any(one.get("parsing_errors") for one in sums):
        raise _Unreadable("it could not parse everything")
    if not sum(int(one.get("passed", 0)) + int(one.get("failed", 0)) for one in sums):
        raise _Unreadable("there is nothing in it that it checks")
    return _sarif(data, folder)


def _pip_audit(data: bytes, folder: Path) -> list[Told]:
    """Known vulnerabilities, each HIGH, for it gives no severities; a dependency that it skipped was not checked."""
    del folder
    report = _json(data)
    try:
        dependencies = report["dependencies"]
        skipped = [one["name"] for one in dependencies if "skip_reason" in one]
        if skipped:
            raise _Unreadable(f"it skipped {', '.join(skipped[:5])}")
        return [
            (f"{one['name']} {one['version']}", "HIGH", f"known vulnerability ({found['id']})")
            for one in dependencies
            for found in one["vulns"]
        ]
    except (KeyError, TypeError):
        raise _Unreadable("its report has another form") from None


@dataclass(frozen=True, slots=True)
class _Scanner:
    arguments: Callable[[Path, Path, Sequence[Path]], tuple[str, ...]]
    """From what is scanned, the folder for the report, and rules."""
    report: str
    read: Callable[[bytes, Path], list[Told]] = _sarif
    good: frozenset[int] = frozenset({0})
    env: Mapping[str, str] | None = None


def _kind(path: Path) -> str:
    return "directory" if path.is_dir() else "file"


_SCANNERS: Final[Mapping[str, _Scanner]] = {
    "gitleaks": _Scanner(
        lambda path, folder, rules: (
            "dir",
            "--report-format=sarif",
            f"--report-path={folder}/report.sarif",
            "--exit-code=0",
            "--no-banner",
            "--redact",
            *(f"--config={rule}" for rule in rules[:1]),
            "--",
            str(path),
        ),
        "report.sarif",
    ),
    "checkov": _Scanner(
        lambda path, folder, rules: (
            f"--{_kind(path)}={path}",
            "--output=json",
            "--output=sarif",
            f"--output-file-path={folder}",
            "--quiet",
            "--compact",
            "--skip-download",
            "--soft-fail",
            *(f"--external-checks-dir={rule}" for rule in rules),
        ),
        "results_sarif.sarif",
        _checkov,
    ),
    "bandit": _Scanner(
        lambda path, folder, rules: (
            "--quiet",
            "--recursive",
            "--format=sarif",
            f"--output={folder}/report.sarif",
            "--exit-zero",
            *(f"--configfile={rule}" for rule in rules[:1]),
            "--",
            str(path),
        ),
        "report.sarif",
    ),
    "semgrep": _Scanner(
        lambda path, folder, rules: (
            "scan",
            *(f"--config={rule}" for rule in rules),
            "--sarif",
            f"--output={folder}/report.sarif",
            "--metrics=off",
            "--disable-version-check",
            "--no-git-ignore",
            "--quiet",
            "--",
            str(path),
        ),
        "report.sarif",
    ),
    "pip-audit": _Scanner(
        lambda path, folder, _rules: (
            f"--requirement={path}",
            "--format=json",
            f"--output={folder}/report.json",
            "--progress-spinner=off",
            "--no-deps",
            "--disable-pip",
        ),
        "report.json",
        _pip_audit,
        frozenset({0, 1}),
    ),
    "trivy": _Scanner(
        lambda path, folder, _rules: (
            "fs",
            "--format=sarif",
            f"--output={folder}/report.sarif",
            "--scanners=vuln,secret,misconfig",
            "--exit-code=0",
            "--quiet",
            "--",
            str(path),
        ),
        "report.sarif",
    ),
    "grype": _Scanner(
        lambda path, folder, _rules: (
            f"{'dir' if path.is_dir() else 'file'}:{path}",
            "--output=sarif",
            f"--file={folder}/report.sarif",
            "--quiet",
        ),
        "report.sarif",
        env={"GRYPE_CHECK_FOR_APP_UPDATE": "false"},
    ),
}
"""Sources: `--help` of the versions that are tested; for trivy and grype, which could not be tried, their manuals."""


def _shown(ctx: StepContext, path: Path) -> str:
    try:
        return path.resolve().relative_to(ctx.work_dir.resolve()).as_posix()
    except ValueError:
        return path.name


def _relative(ctx: StepContext, told: list[Told]) -> Iterator[Told]:
    roots = tuple(f"{root.resolve()}/".lstrip("/") for root in (ctx.work_dir, ctx.scratch_dir))
    for place, severity, words in told:
        short = place.removeprefix("file://").lstrip("/")
        for root in roots:
            short = short.removeprefix(root)
        yield short, severity, words


def _together(name: str, reports: Sequence[tuple[str, bytes]]) -> bytes:
    """Several reports as one: SARIF's runs behind each other, others as a list."""
    data = [read_json(report) for _, report in reports]
    if name.endswith(".sarif"):
        return json.dumps({**data[0], "runs": [run for one in data for run in one["runs"]]}).encode()
    return json.dumps(data).encode()
