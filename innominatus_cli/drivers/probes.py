"""Checks that something answers or holds: http, tcp, tls, dns, file, sql and command, for drivers that look or wait."""

from collections.abc import Generator, Mapping, Sequence
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from innominatus_cli.documents.admin_config import HealthCheckProbe
from innominatus_cli.documents.environment_names import entry_for
from innominatus_cli.documents.words import counted
from innominatus_cli.drivers.contract import StepContext, ending_text, inside
from innominatus_cli.drivers.databases.connections import connection_of
from innominatus_cli.drivers.databases.looking import MOST_ROWS, look
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.finding import Finding
from innominatus_cli.step_types.checking import NamedHealthCheck
from innominatus_cli.system.commands import CommandOutcome, CommandRequest, Ending

_NEEDS = {
    "http": "url",
    "tcp": "host",
    "tls": "host",
    "dns": "host",
    "file": "path",
    "sql": "query",
    "command": "command",
}
_BY_CHILD = frozenset({"http", "tcp", "tls", "dns", "file"})
_DNS_PORT = 53

Failed = Generator[CommandRequest, CommandOutcome, dict[str, str] | Finding]
"""What failed and what was seen, by name."""


def made(ctx: StepContext, checks: Mapping[str, HealthCheckProbe]) -> Failed:
    """Makes every check, also behind one that failed."""
    failed = yield from _probe(ctx, {name: check for name, check in checks.items() if check.type in _BY_CHILD})
    if isinstance(failed, Finding):
        return failed
    for name, check in checks.items():
        if check.type in _BY_CHILD:
            continue
        problem = yield from (_run_command if check.type == "command" else _query)(ctx, check)
        if isinstance(problem, Finding):
            return problem
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
    return entry_for(named.environments, environment) or named


def _problem(check: HealthCheckProbe) -> str:
    needed = _NEEDS[check.type]
    if not getattr(check, needed):
        return f"is of type {check.type} and needs '{needed}'"
    if check.type == "tcp" and check.port is None:
        return "is of type tcp and needs 'port'"
    if check.type == "http":
        return _url_problem(str(check.url))
    if check.server and _server(check.server) is None:
        return "needs a server as ADDRESS or ADDRESS:PORT, an address of IPv6 in brackets"
    if check.expect and not check.server and check.record not in {None, "A", "AAAA"}:
        return f"needs 'server' to ask for {check.record}: the machine's resolver gives addresses only"
    return ""


def _server(text: str) -> tuple[str, int] | None:
    """A DNS server's address and port."""
    try:
        parts = urlsplit(f"//{text}")
        host, port = ip_address(parts.hostname or ""), parts.port
    except ValueError:
        return None
    return (str(host), port or _DNS_PORT) if parts.netloc == text else None


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
        for key, path in (("path", _path_of(ctx, check)), ("ca_file", _trusted(ctx, check))):
            if isinstance(path, Finding):
                return path
            data[key] = path
        server = _server(check.server) if check.server else None
        data["server"] = server and {"host": server[0], "port": server[1]}
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


def _path_of(ctx: StepContext, check: HealthCheckProbe) -> str | Finding | None:
    return _file(ctx, str(check.path)) if check.type == "file" else None


def _trusted(ctx: StepContext, check: HealthCheckProbe) -> str | Finding | None:
    if check.type != "tls" or check.ca_file is None:
        return None
    path = ctx.repository_path(check.ca_file)
    return path if isinstance(path, Finding) else str(path)


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


def _query(ctx: StepContext, check: HealthCheckProbe) -> Generator[CommandRequest, CommandOutcome, str | Finding]:
    """An empty text when the database gave what it should, or what was seen last."""
    connection = connection_of(ctx, check.connection_string, check.connection_from or "DATABASE_URL")
    if isinstance(connection, Finding):
        return connection
    tries = 0
    while True:
        rows = yield from look(ctx, connection, str(check.query), check.timeout)
        tries += 1
        if isinstance(rows, Finding):
            return rows
        seen = rows if isinstance(rows, str) else _unlike(check, rows)
        if not seen:
            return ""
        if tries > check.retries:
            return _after(seen, tries)
        if check.interval:
            yield ctx.command("sleep", str(check.interval))


def _unlike(check: HealthCheckProbe, rows: Sequence[str | None]) -> str:
    """What differs from what should be, without a value of the database."""
    wanted = 1 if check.rows is None else check.rows
    if check.rows is None and check.value is None:
        return "" if rows else "the query gives no row"
    if check.rows is not None and len(rows) != wanted:
        found = f"over {MOST_ROWS} rows" if len(rows) > MOST_ROWS else counted(len(rows), "row")
        return f"the query gives {found} instead of {wanted}"
    if check.value is not None and (not rows or rows[0] != check.value):
        return "the first value is another one" if rows else "the query gives no row"
    return ""
