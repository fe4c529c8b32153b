"""`validation`: http, tcp, dns, file and command checks, or a program that must succeed."""

from collections.abc import Generator
from typing import Any
from urllib.parse import urlsplit

from innominatus_cli.documents.admin_config import HealthCheckProbe
from innominatus_cli.documents.words import counted
from innominatus_cli.drivers.contract import DriverResult, DriverSteps, StepContext, ending_text, inside
from innominatus_cli.drivers.programs import run_program
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.finding import Finding
from innominatus_cli.step_types.checking import NamedHealthCheck, ValidationInputs
from innominatus_cli.step_types.contract import known
from innominatus_cli.system.commands import CommandOutcome, CommandRequest, Ending

_NEEDS = {"http": "url", "tcp": "host", "dns": "host", "file": "path", "command": "command"}


def driver(ctx: StepContext) -> DriverSteps:
    """Makes every check, also behind one that failed, then runs the program; says what each failed check saw."""
    inputs = ctx.inputs_of(ValidationInputs)
    checks = _checks(ctx, inputs)
    if isinstance(checks, Finding):
        return DriverResult(failure=checks)
    failed = yield from _probe(ctx, {name: check for name, check in checks.items() if check.type != "command"})
    if isinstance(failed, Finding):
        return DriverResult(failure=failed)
    for name, check in checks.items():
        if check.type == "command":
            problem = yield from _run_command(ctx, check)
            if problem:
                failed[name] = problem
    if failed:
        told = "; ".join(f"{name}: {failed[name]}" for name in checks if name in failed)
        return ctx.failed(codes.CHECK_FAILED, f"{len(failed)} of {counted(len(checks), 'check')} failed: {told}")
    outputs = {"passed": len(checks)}
    if inputs.script is None and not inputs.command:
        return DriverResult(outputs=outputs, message=f"{counted(len(checks), 'check')} passed")
    ran = yield from run_program(ctx, inputs)
    return DriverResult(ran.failure, outputs=outputs, printed=ran.printed, tools=ran.tools)


def _checks(ctx: StepContext, inputs: ValidationInputs) -> dict[str, HealthCheckProbe] | Finding:
    """Every check by its name, with the step's own limits and the environment's own form."""
    limits = {
        key: known(value)
        for key, value in {"timeout": inputs.timeout, "retries": inputs.retries, "interval": inputs.interval}.items()
        if value is not None
    }
    found: dict[str, HealthCheckProbe] = {}
    for named in (*inputs.health_checks, *inputs.checks):
        if isinstance(named, str):
            return ctx.finding(codes.INPUTS_UNUSABLE, f"health check '{named}' is not in admin-config's healthChecks")
        if named.name in found:
            return ctx.finding(codes.INPUTS_UNUSABLE, f"two checks are called '{named.name}'")
        check = _of_environment(named, ctx.environment).model_copy(update=limits)
        problem = _problem(check)
        if problem:
            return ctx.finding(codes.INPUTS_UNUSABLE, f"check '{named.name}' {problem}")
        found[named.name] = check
    return found


def _of_environment(named: NamedHealthCheck, environment: str) -> HealthCheckProbe:
    return named.environments.get(environment, named)


def _problem(check: HealthCheckProbe) -> str:
    needed = _NEEDS[check.type]
    if not getattr(check, needed):
        return f"is of type {check.type} and needs '{needed}'"
    if check.type == "tcp" and check.port is None:
        return "is of type tcp and needs 'port'"
    if check.type == "http":
        return _url_problem(str(check.url))
    return ""


def _url_problem(url: str) -> str:
    try:
        parts = urlsplit(url)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        good = False
    if not good or any(character.isspace() or not character.isprintable() for character in url):
        return "needs a url that starts with http:// or https://"
    return ""


def _probe(
    ctx: StepContext, checks: dict[str, HealthCheckProbe]
) -> Generator[CommandRequest, CommandOutcome, dict[str, str] | Finding]:
    """What failed and what was seen, by name."""
    requests: list[dict[str, Any]] = []
    for name, check in checks.items():
        data = check.model_dump(mode="json", by_alias=False)
        if check.type == "file":
            path = _file(ctx, str(check.path))
            if isinstance(path, Finding):
                return path
            data["path"] = path
        requests.append({**data, "name": name})
    if not requests:
        return {}
    answer = ctx.answer((yield ctx.child("probe", {"checks": requests})))
    if isinstance(answer, Finding):
        return answer
    failed = {}
    for name, result in zip(checks, answer["results"], strict=True):
        if not result["passed"]:
            failed[name] = _after(result["seen"], result["tries"])
    return failed


def _after(seen: str, tries: int) -> str:
    return f"{seen}, after {tries} tries" if tries > 1 else seen


def _file(ctx: StepContext, written: str) -> str | Finding:
    """A file of the repository, or one below the state folder (what a tool has made)."""
    in_repository = inside(ctx.work_dir, written)
    in_state = inside(ctx.state_dir, written)
    if in_state is not None and in_state.exists():
        return str(in_state)
    if in_repository is not None:
        return str(in_repository)
    return ctx.finding(codes.PATH_OUTSIDE, f"'{written}' leads out of the repository and out of the state folder")


def _run_command(ctx: StepContext, check: HealthCheckProbe) -> Generator[CommandRequest, CommandOutcome, str]:
    """An empty text when the command succeeded, or what was seen last."""
    request = ctx.command(*(check.command or ()))
    limit = min(check.timeout, request.timeout_seconds or check.timeout)
    request = CommandRequest(request.argv, request.cwd, request.env, limit)
    tries = 0
    while True:
        outcome = yield request
        tries += 1
        if outcome.succeeded:
            return ""
        if tries > check.retries or outcome.ending in {Ending.NOT_STARTED, Ending.CANCELLED}:
            return _after(f"'{request.argv[0]}' {ending_text(outcome)}", tries)
        if check.interval:
            yield ctx.command("sleep", str(check.interval))
