"""Checks that something answers or holds: http, tcp, dns, file and command, for drivers that look or wait."""

from collections.abc import Generator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from innominatus_cli.documents.admin_config import HealthCheckProbe
from innominatus_cli.drivers.contract import StepContext, ending_text, inside
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.finding import Finding
from innominatus_cli.step_types.checking import NamedHealthCheck
from innominatus_cli.system.commands import CommandOutcome, CommandRequest, Ending

_NEEDS = {"http": "url", "tcp": "host", "dns": "host", "file": "path", "command": "command"}

Failed = Generator[CommandRequest, CommandOutcome, dict[str, str] | Finding]
"""What failed and what was seen, by name."""


def made(ctx: StepContext, checks: Mapping[str, HealthCheckProbe]) -> Failed:
    """Makes every check, also behind one that failed."""
    failed = yield from _probe(ctx, {name: check for name, check in checks.items() if check.type != "command"})
    if isinstance(failed, Finding):
        return failed
    for name, check in checks.items():
        if check.type == "command":
            problem = yield from _run_command(ctx, check)
            if problem:
                failed[name] = problem
    return {name: failed[name] for name in checks if name in failed}


def in_force(
    ctx: StepContext, named: Sequence[NamedHealthCheck | str], limits: Mapping[str, Any]
) -> dict[str, HealthCheckProbe] | Finding:
    """Every check by its name, with the step's own limits and the environment's own form."""
    found: dict[str, HealthCheckProbe] = {}
    for one in named:
        if isinstance(one, str):
            return ctx.finding(codes.INPUTS_UNUSABLE, f"health check '{one}' is not in admin-config's healthChecks")
        if one.name in found:
            return ctx.finding(codes.INPUTS_UNUSABLE, f"two checks are called '{one.name}'")
        check = _of_environment(one, ctx.environment).model_copy(update=dict(limits))
        problem = _problem(check)
        if problem:
            return ctx.finding(codes.INPUTS_UNUSABLE, f"check '{one.name}' {problem}")
        found[one.name] = check
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


def _probe(ctx: StepContext, checks: Mapping[str, HealthCheckProbe]) -> Failed:
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
