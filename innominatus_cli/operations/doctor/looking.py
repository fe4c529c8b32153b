"""Whether this machine has what is needed: programs and their versions, all asked at once, and what is behind them."""

import sys
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, NamedTuple

from innominatus_cli.documents.admin_config import AdminConfigDocument
from innominatus_cli.documents.versions import parse_range, parse_version
from innominatus_cli.drivers.tools import version_in
from innominatus_cli.execution.environment import base_environment
from innominatus_cli.findings.catalogue import doctor as codes
from innominatus_cli.findings.finding import Finding, Place
from innominatus_cli.operations.doctor.needs import Needs
from innominatus_cli.step_types.tools import TOOLS, known_tool
from innominatus_cli.system.commands import CommandOutcome, CommandRequest
from innominatus_cli.system.processes import Supervisor
from innominatus_cli.system.programs import find_program

_SECONDS: Final = 20.0
_PYTHON: Final = ">=3.11"

State = Literal["ok", "missing", "wrong version", "no answer", "not set"]


class Check(NamedTuple):
    """One thing that is needed. `install` says how to get it, where it is not as it should be."""

    name: str
    kind: Literal["tool", "backend"]
    state: State
    range: str
    version: str
    path: str
    install: str
    needed_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All that was looked at, and a finding for each that is not as it should be."""

    checks: list[Check]
    findings: list[Finding]


def looked_at(
    needs: Needs, admin: AdminConfigDocument, environments: Iterable[str], root: Path, outside: Mapping[str, str]
) -> Diagnosis:
    """Asks every program for its version, for at most 20 seconds, and looks at backends.

    Programs come from PATH, never from the repository, and run in no folder of it.
    """
    env = base_environment(outside, (), root, {})
    paths = {name: find_program(name, path=env["PATH"], cwd=root, untrusted=root) for name in needs.users}
    asked = {name: path for name, path in paths.items() if path and (name in TOOLS or needs.ranges[name])}
    printed = _versions(asked, env)
    checks = [_python(), *(_tool(name, needs, paths[name], printed.get(name)) for name in sorted(needs.users))]
    kubeconfig = {"KUBECONFIG": outside["KUBECONFIG"]} if "KUBECONFIG" in outside else {}
    environments = list(environments)
    checks += _contexts(admin, environments, paths.get("kubectl"), env | kubeconfig)
    checks += _stores(admin, needs.secrets, environments, outside)
    return Diagnosis(checks, [found for check in checks if (found := _finding(check)) is not None])


def _versions(paths: Mapping[str, str], env: Mapping[str, str]) -> dict[str, CommandOutcome]:
    return _all({name: _request((path, *known_tool(name).asks), env) for name, path in paths.items()})


def _request(argv: tuple[str, ...], env: Mapping[str, str]) -> CommandRequest:
    return CommandRequest(argv, Path("/"), env, _SECONDS)


def _all(requests: Mapping[str, CommandRequest]) -> dict[str, CommandOutcome]:
    """The outcomes of processes that run side by side."""
    with Supervisor(subreaper=False) as supervisor:
        children = {name: supervisor.start(request) for name, request in requests.items()}
        while any(child.outcome is None for child in children.values()):
            supervisor.wait()
    return {name: child.outcome for name, child in children.items() if child.outcome is not None}


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    return Check("python", "tool", "ok", _PYTHON, version, sys.executable, "", ("innominatus-ctl itself",))


def _tool(name: str, needs: Needs, path: str | None, outcome: CommandOutcome | None) -> Check:
    ranges, known = needs.ranges[name], known_tool(name)
    wanted = " and ".join(ranges)
    state: State = "ok"
    version = ""
    if path is None:
        state = "missing"
    elif outcome is not None:
        written = version_in(outcome.stdout.head, known) if outcome.succeeded else None
        found = written and (parse_version(written) or parse_version(written.partition("-")[0]))
        version = str(found) if found else ""
        if ranges and not found:
            state = "no answer"
        elif found and not all(one is None or one.admits(found) for one in map(parse_range, ranges)):
            state = "wrong version"
    which = f", in a version that is {wanted}" if wanted else ""
    install = "" if state == "ok" else f"Install {known.install}{which}."
    return Check(name, "tool", state, wanted, version, path or "", install, tuple(needs.users[name]))


def _contexts(
    admin: AdminConfigDocument, environments: Iterable[str], kubectl: str | None, env: Mapping[str, str]
) -> list[Check]:
    """Whether the contexts of environments that are applied to are in the operator's kubeconfig."""
    targets = {name: here.kubernetes for name in environments if (here := admin.environment(name)) is not None}
    wanted = {name: target.context for name, target in targets.items() if target.mode == "apply" and target.context}
    if not wanted or kubectl is None:
        return []
    asked = _request((kubectl, "config", "get-contexts", "-o", "name"), env)
    listed = _all({"kubectl": asked})["kubectl"].stdout.head.decode("utf-8", "replace").split("\n")
    checks: list[Check] = []
    for name, context in sorted(wanted.items()):
        missing = "" if context in listed else f"the context '{context}' in your kubeconfig"
        checks.append(_backend(f"context {context}", missing, [f"admin-config.yaml: environment '{name}'"]))
    return checks


def _stores(
    admin: AdminConfigDocument, wanted: Collection[str] | None, environments: Iterable[str], outside: Mapping[str, str]
) -> list[Check]:
    """What the stores of secrets (the `wanted`, or all) want from the machine's own environment; no store is asked."""
    names = sorted(environments)
    entries = [(name, entry) for name, entry in sorted(admin.secrets.items()) if wanted is None or name in wanted]
    secrets = [(name, entry.here(one)) for name, entry in entries for one in names or [""]]
    used: dict[str, list[str]] = {}
    for name, secret in secrets:
        user = f"admin-config.yaml: secret '{name}'"
        if user not in used.setdefault(secret.store, []):
            used[secret.store].append(user)
    checks: list[Check] = []
    stores = admin.secret_stores
    if "vault" in used:
        wanted = [] if stores.vault.address or outside.get("VAULT_ADDR") else ["VAULT_ADDR"]
        role = outside.get("VAULT_ROLE_ID") and outside.get("VAULT_SECRET_ID")
        wanted += [] if outside.get("VAULT_TOKEN") or role else ["VAULT_TOKEN (or VAULT_ROLE_ID and VAULT_SECRET_ID)"]
        missing = " and ".join(wanted)
        checks.append(_backend("store vault", missing, used["vault"]))
    if "file" in used:
        identity = stores.file.identity
        checks.append(_backend("store file", "" if outside.get(identity) else identity, used["file"]))
    variables: dict[str, dict[str, None]] = {}
    for name, secret in secrets:
        if secret.store == "env":
            variable = secret.env or name.upper().replace("-", "_").replace(".", "_")
            variables.setdefault(variable, {})[f"admin-config.yaml: secret '{name}'"] = None
    for variable, users in variables.items():
        checks.append(_backend(f"variable {variable}", "" if outside.get(variable) else variable, list(users)))
    return checks


def _backend(name: str, missing: str, users: list[str]) -> Check:
    install = f"Set {missing}." if missing else ""
    return Check(name, "backend", "not set" if missing else "ok", "", "", "", install, tuple(users))


def _finding(check: Check) -> Finding | None:
    if check.state == "ok":
        return None
    by = check.needed_by[0]
    more = f" and {len(check.needed_by) - 1} more" if len(check.needed_by) > 1 else ""
    place, who = Place(""), f"{by}{more}"
    if check.kind == "backend":
        return Finding(codes.BACKEND_NOT_READY, f"{check.name} is not ready; {who} needs it", place, check.install)
    if check.state == "missing":
        return Finding(
            codes.NEEDED_TOOL_MISSING, f"'{check.name}' is not on PATH; {who} needs it", place, check.install
        )
    what = f"is {check.version}" if check.version else "does not say its version"
    return Finding(
        codes.NEEDED_TOOL_UNFIT, f"'{check.name}' {what}; {check.range} is needed by {who}", place, check.install
    )
