"""`ansible`: runs a playbook; a callback plugin of our own tells what happened, host by host."""

import json
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from innominatus_cli.documents.json_reader import read_json
from innominatus_cli.documents.run_record import ToolFound
from innominatus_cli.documents.words import counted
from innominatus_cli.drivers.contract import DriverResult, DriverSteps, StepContext, ending_text
from innominatus_cli.drivers.tools import tool
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.catalogue import infrastructure
from innominatus_cli.findings.finding import Finding
from innominatus_cli.step_types.contract import known
from innominatus_cli.step_types.infrastructure import ANSIBLE_TOOL, AnsibleInputs
from innominatus_cli.system.commands import CommandOutcome, CommandRequest, Ending

_PLUGINS: Final = Path(__file__).parent / "children" / "ansible_plugins"
_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_EVENT_BYTES: Final = 64 * 1024 * 1024
_NAMED: Final = 3
"""How many hosts a message names."""
_OWN: Final = ("changed", "hosts")


class Told(NamedTuple):
    """What the plugin wrote."""

    results: tuple[Mapping[str, str], ...]
    hosts: Mapping[str, Mapping[str, int]]
    custom: Mapping[str, Any]
    is_complete: bool
    """Whether the playbook came to its end, well or not."""

    def those(self, *statuses: str) -> list[Mapping[str, str]]:
        """The results of these kinds, in order."""
        return [one for one in self.results if one["status"] in statuses]


Played = Generator[CommandRequest, CommandOutcome, tuple[Told, ToolFound] | Finding]


def driver(ctx: StepContext) -> DriverSteps:
    """Runs the playbook; outputs are counts and what its `set_stats` tasks gave."""
    inputs = ctx.inputs_of(AnsibleInputs)
    played = yield from _played(ctx, inputs, check=known(inputs.check))
    if isinstance(played, Finding):
        return DriverResult(failure=played)
    told, found = played
    custom = _custom(told.custom)
    changed = len(told.those("changed"))
    outputs: dict[str, Any] = {"changed": changed, "hosts": {host: dict(told.hosts[host]) for host in told.hosts}}
    would = "would change" if known(inputs.check) else "changed"
    return DriverResult(
        outputs=outputs | custom,
        public=(*_OWN, *(name for name in custom if name not in _OWN)),
        message=f"{counted(len(told.hosts), 'host')}, {counted(changed, 'task')} {would} something",
        tools=(found,),
    )


def preview(ctx: StepContext) -> DriverSteps:
    """What `driver` would do, by `--check --diff`."""
    played = yield from _played(ctx, ctx.inputs_of(AnsibleInputs), check=True)
    if isinstance(played, Finding):
        return DriverResult(failure=played)
    changes = [{"action": "update", "object": f"{one['host']}: {one['task']}"} for one in played[0].those("changed")]
    return DriverResult(outputs={"changes": changes}, tools=(played[1],))


def probe(ctx: StepContext) -> DriverSteps:
    """Done is a playbook that would change nothing, and skips nothing: what cannot be checked is skipped."""
    played = yield from _played(ctx, ctx.inputs_of(AnsibleInputs), check=True)
    if isinstance(played, Finding):
        return DriverResult(failure=played)
    return DriverResult(outputs={"done": not played[0].those("changed", "skipped", "ignored")}, tools=(played[1],))


def drift(ctx: StepContext) -> DriverSteps:
    """What is no longer as the playbook left it."""
    played = yield from _played(ctx, ctx.inputs_of(AnsibleInputs), check=True)
    if isinstance(played, Finding):
        return DriverResult(failure=played)
    differs = [{"object": one["host"], "what": f"task '{one['task']}'"} for one in played[0].those("changed")]
    return DriverResult(outputs={"drift": differs}, tools=(played[1],))


def _played(ctx: StepContext, inputs: AnsibleInputs, *, check: bool) -> Played:
    found = yield from tool(ctx, ANSIBLE_TOOL)
    if isinstance(found, Finding):
        return found
    request = _request(ctx, inputs, check=check)
    if isinstance(request, Finding):
        return request
    outcome = yield request
    if outcome.ending is not Ending.EXITED:
        return ctx.program_failed(ANSIBLE_TOOL.name, outcome)
    told = _read(_events(ctx))
    problem = _problem(ctx, told, outcome)
    return problem or (told, found)


def _request(ctx: StepContext, inputs: AnsibleInputs, *, check: bool) -> CommandRequest | Finding:
    paths = {}
    for name in (inputs.playbook, inputs.working_dir, *([inputs.inventory] if inputs.inventory else [])):
        found = ctx.repository_path(name)
        if isinstance(found, Finding):
            return found
        paths[name] = found
    if any("," in host or not host.strip() for host in inputs.hosts):
        return ctx.finding(codes.INPUTS_UNUSABLE, "a host's name is empty or has a comma in it")
    options = [f"--inventory={paths[inputs.inventory]}"] if inputs.inventory else []
    options += [f"--inventory={','.join(inputs.hosts)},"] if inputs.hosts else []
    options += ["--check", "--diff"] if check else []
    options += ["--diff"] if known(inputs.diff) and not check else []
    options += [f"--tags={','.join(inputs.tags)}"] if inputs.tags else []
    options += [f"--skip-tags={','.join(inputs.skip_tags)}"] if inputs.skip_tags else []
    options += [f"--limit={inputs.limit}"] if inputs.limit else []
    variables = dict(inputs.variables)
    if inputs.hosts and _LOCAL.issuperset(inputs.hosts):
        options.append("--connection=local")
        variables = {"ansible_python_interpreter": "{{ ansible_playbook_python }}", **variables}
    if variables:
        options.append(f"--extra-vars=@{_private(ctx, 'extra-vars.json', json.dumps(variables))}")
    if inputs.vault_password_from is not None:
        password = ctx.variable(inputs.vault_password_from)
        if isinstance(password, Finding):
            return password
        options.append(f"--vault-password-file={_private(ctx, 'vault-password', password)}")
    argv = (ANSIBLE_TOOL.name, *options, "--", str(paths[inputs.playbook]))
    return ctx.command(*argv, cwd=paths[inputs.working_dir], env=_environment(ctx, inputs))


def _environment(ctx: StepContext, inputs: AnsibleInputs) -> dict[str, str]:
    """Ansible's own switches, in the place of what a terminal, or a user's configuration of callbacks, would be."""
    given = ctx.env
    enabled = ",".join(part for part in (given.get("ANSIBLE_CALLBACKS_ENABLED"), "innominatus_events") if part)
    plugins = ":".join(part for part in (given.get("ANSIBLE_CALLBACK_PLUGINS"), str(_PLUGINS)) if part)
    found = {
        "ANSIBLE_CALLBACKS_ENABLED": enabled,
        "ANSIBLE_CALLBACK_PLUGINS": plugins,
        "ANSIBLE_FORCE_COLOR": "0",
        "ANSIBLE_LOCAL_TEMP": str(ctx.scratch_dir / "ansible"),
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_NOCOWS": "1",
        "ANSIBLE_RETRY_FILES_ENABLED": "0",
        "INNOMINATUS_EVENTS": str(_events(ctx)),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    _events(ctx).unlink(missing_ok=True)
    _events(ctx).touch(mode=0o600)
    if not any("utf" in given.get(name, "").lower() for name in ("LC_ALL", "LC_CTYPE", "LANG")):
        found["LC_ALL"] = "C.UTF-8"  # without it Ansible refuses to start
    if inputs.python_interpreter:
        found["ANSIBLE_PYTHON_INTERPRETER"] = inputs.python_interpreter
    return found


def _events(ctx: StepContext) -> Path:
    return ctx.scratch_dir / "ansible-events.jsonl"


def _private(ctx: StepContext, name: str, text: str) -> Path:
    path = ctx.scratch_dir / name
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
    return path


def _read(path: Path) -> Told:
    results: list[dict[str, str]] = []
    hosts: dict[str, dict[str, int]] = {}
    custom: dict[str, Any] = {}
    is_complete = False
    try:
        with path.open("rb") as file:
            lines = file.read(_EVENT_BYTES).splitlines()
    except OSError:
        lines = []
    for line in lines:
        try:
            event = read_json(line)
        except ValueError:
            continue
        match event:
            case {"event": "result", "status": str(), "task": str(), "host": str()}:
                results.append(event)
            case {"event": "stats", "hosts": dict(hosts), "custom": dict(custom)}:
                is_complete = True
            case _:
                continue
    return Told(tuple(results), hosts, custom, is_complete)


def _problem(ctx: StepContext, told: Told, outcome: CommandOutcome) -> Finding | None:
    """What went wrong, by what the plugin told first: Ansible's exit status alone says little."""
    gone = sorted(host for host, counts in told.hosts.items() if counts.get("unreachable"))
    if gone:
        return ctx.finding(infrastructure.HOSTS_UNREACHABLE, f"{_some(gone)} cannot be reached")
    broken = sorted(host for host, counts in told.hosts.items() if counts.get("failures"))
    failed = told.those("failed")
    if broken or (failed and outcome.exit_code):
        task = failed[-1]["task"] if failed else "a task"
        return ctx.finding(infrastructure.PLAYBOOK_FAILED, f"task '{task}' failed on {_some(broken or ['a host'])}")
    if outcome.exit_code:
        return ctx.finding(infrastructure.PLAYBOOK_FAILED, f"'{ANSIBLE_TOOL.name}' {ending_text(outcome)}")
    if told.hosts:
        return None
    if told.is_complete:
        return ctx.finding(infrastructure.NO_HOSTS, "no host of the inventory matches the playbook")
    message = f"'{ANSIBLE_TOOL.name}' did not say how the playbook ended"
    return ctx.finding(infrastructure.ANSWER_UNREADABLE, message)


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:_NAMED])
    return f"{shown} and {len(names) - _NAMED} more" if len(names) > _NAMED else shown


def _custom(custom: Mapping[str, Any]) -> dict[str, Any]:
    """What `set_stats` gave: of the run by name; of hosts by name and host."""
    found: dict[str, Any] = {}
    for host, values in custom.items():
        if host != "_run" and isinstance(values, dict):
            for name, value in values.items():
                found.setdefault(name, {})[host] = value
    run = custom.get("_run")
    return found | (run if isinstance(run, dict) else {})
