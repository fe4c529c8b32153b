"""`pulumi`: previews, brings up, destroys and refreshes a stack; through the Pulumi CLI's JSON."""

import hashlib
import json
import re
import shutil
from collections.abc import Generator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar

from innominatus_cli.documents.json_reader import read_json
from innominatus_cli.documents.run_record import ToolFound
from innominatus_cli.documents.words import counted
from innominatus_cli.drivers.contract import DriverResult, DriverSteps, StepContext, ending_text
from innominatus_cli.drivers.made_notes import changing, gone, what_was_done
from innominatus_cli.drivers.tools import tool
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.catalogue import infrastructure
from innominatus_cli.findings.finding import Finding
from innominatus_cli.step_types.contract import known
from innominatus_cli.step_types.infrastructure import PULUMI_TOOL, PulumiInputs
from innominatus_cli.system.commands import CommandOutcome, CommandRequest, Ending

T = TypeVar("T")
Asked: TypeAlias = Generator[CommandRequest, CommandOutcome, T | Finding]

_ANSWER_BYTES: Final = 64 * 1024 * 1024
_LISTED: Final = 200
_STACK: Final = re.compile(r"[A-Za-z0-9_.-]{1,100}(?:/[A-Za-z0-9_.-]{1,100}){0,2}")
_KEY: Final = re.compile(r"[A-Za-z0-9_.:-]{1,200}")
_SECRET: Final = "[secret]"  # noqa: S105 - what Pulumi prints in the place of one
_PROJECT: Final = ("Pulumi.yaml", "Pulumi.yml", "Pulumi.json")
_ACTIONS: Final = {name: name for name in ("create", "update", "delete", "replace", "read", "same")}
_OF_A_STACK: Final = re.compile(r"Pulumi\.[A-Za-z0-9_.-]+\.ya?ml")
_MISSING: Final = (b"no stack named", b"stack not found")
_LOCKED: Final = (b"the stack is currently locked", b"Another update is currently in progress", b"[409]")
_NO_LOGIN: Final = (b"PULUMI_ACCESS_TOKEN", b"pulumi login", b"passphrase must be set", b"incorrect passphrase")


class Change(NamedTuple):
    """What an update does to one resource."""

    action: str
    title: str


class Project:
    """Requests to Pulumi about one stack of one project."""

    def __init__(self, ctx: StepContext, inputs: PulumiInputs, found: ToolFound, folder: Path) -> None:
        self.ctx = ctx
        self.inputs = inputs
        self.tool = found
        self._folder = folder

    def ask(
        self, *arguments: str, answer: bool = False, stdin: bytes | None = None
    ) -> Generator[CommandRequest, CommandOutcome, CommandOutcome]:
        """One command about the stack. `answer`: what it prints is for us alone, and in no log."""
        home = self.ctx.state_dir / "pulumi"
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        env = {
            "CI": "1",
            "NO_COLOR": "1",
            "PULUMI_HOME": self.ctx.env.get("PULUMI_HOME", str(home / "home")),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }
        if "PULUMI_BACKEND_URL" not in self.ctx.env and "PULUMI_ACCESS_TOKEN" not in self.ctx.env:
            state = home / "state"
            state.mkdir(exist_ok=True, mode=0o700)
            env["PULUMI_BACKEND_URL"] = f"file://{state}"
        argv = (PULUMI_TOOL.name, *arguments, "--non-interactive", "--color=never", f"--cwd={self._folder}")
        keep = _ANSWER_BYTES
        return (yield self.ctx.command(*argv, env=env, stdin=stdin, keep_bytes=keep, logs_stdout=not answer))

    def object(self, *arguments: str, answer: bool = False) -> Asked[dict[str, Any]]:
        """The JSON object that a command printed."""
        outcome = yield from self.ask(*arguments, "--json", answer=answer)
        if not outcome.succeeded:
            return self.failed(arguments[0], outcome)
        try:
            found = read_json(outcome.stdout.head)
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, dict) and not outcome.stdout.truncated:
            return found
        return self.ctx.finding(infrastructure.ANSWER_UNREADABLE, f"'pulumi {arguments[0]}' printed no JSON")

    def failed(self, command: str, outcome: CommandOutcome) -> Finding:
        """The finding for a command that failed, by words that Pulumi's documentation knows."""
        asked, said = f"'pulumi {command}'", outcome.stderr.head + outcome.stdout.head
        if outcome.ending is not Ending.EXITED:
            return self.ctx.finding(codes.PROGRAM_FAILED, f"{asked} {ending_text(outcome)}")
        if any(text in said for text in _LOCKED):
            return self.ctx.finding(infrastructure.STACK_BUSY, f"stack '{self.inputs.stack}' is locked")
        if any(text in said for text in _MISSING):
            return self.ctx.finding(infrastructure.STACK_MISSING, f"there is no stack '{self.inputs.stack}'")
        if any(text in said for text in _NO_LOGIN):
            return self.ctx.finding(infrastructure.CREDENTIALS_MISSING, f"{asked} finds no usable credentials")
        return self.ctx.finding(infrastructure.STACK_FAILED, f"{asked} {ending_text(outcome)}")


def driver(ctx: StepContext) -> DriverSteps:
    """Does what `operation` says; on a failure there are no outputs."""
    project = yield from _opened(ctx)
    if isinstance(project, Finding):
        return DriverResult(failure=project)
    work = {"preview": _previewed, "destroy": _destroyed, "refresh": _refreshed}
    result = yield from work.get(str(known(project.inputs.operation)), _up)(project)
    return DriverResult(failure=result, tools=(project.tool,)) if isinstance(result, Finding) else result


def undo(ctx: StepContext) -> DriverSteps:
    """Destroys what the stack holds, where the run that is taken back made it."""
    inputs = ctx.inputs_of(PulumiInputs)
    if known(inputs.operation) != "up":
        return DriverResult()
    did = what_was_done(_notes(ctx), _key(inputs), ctx.undone_marks)
    if did == "untouched":
        return DriverResult(message="the run changed nothing here")
    if did == "changed":
        message = f"stack '{inputs.stack}' was there before this run: it is not destroyed"
        return ctx.failed(infrastructure.NOT_MADE_BY_THIS_RUN, message)
    project = yield from _opened(ctx)
    if isinstance(project, Finding):
        return DriverResult(failure=project)
    result = yield from _destroyed(project)
    return DriverResult(failure=result) if isinstance(result, Finding) else result


def preview(ctx: StepContext) -> DriverSteps:
    """What `driver` would do: Pulumi's own preview."""
    project = yield from _opened(ctx)
    if isinstance(project, Finding):
        return DriverResult(failure=project)
    operation = known(project.inputs.operation)
    arguments = ("destroy", "--preview-only") if operation == "destroy" else ("preview",)
    changes = yield from _changes(project, *arguments)
    if isinstance(changes, Finding):
        return DriverResult(failure=changes)
    told = [{"action": one.action, "object": one.title} for one in _real(changes or ())]
    return DriverResult(outputs={"changes": [] if operation == "refresh" else told})


def probe(ctx: StepContext) -> DriverSteps:
    """Done is what a preview finds nothing left to do for, with the stack's outputs."""
    project = yield from _opened(ctx)
    if isinstance(project, Finding):
        return DriverResult(failure=project)
    if known(project.inputs.operation) != "up":
        return DriverResult(outputs={"done": False})
    changes = yield from _changes(project, "preview")
    if isinstance(changes, Finding):
        return DriverResult(failure=changes)
    found = ({}, ()) if _real(changes or ()) else (yield from _outputs(project))
    if isinstance(found, Finding):
        return DriverResult(failure=found)
    told = _result(project, changes or (), *found, "")
    return replace(told, outputs={**told.outputs, "done": not _real(changes or ())})


def drift(ctx: StepContext) -> DriverSteps:
    """What a refresh would change in the state."""
    project = yield from _opened(ctx)
    if isinstance(project, Finding):
        return DriverResult(failure=project)
    changes = yield from _changes(project, "refresh", "--preview-only")
    if isinstance(changes, Finding):
        return DriverResult(failure=changes)
    words = {"delete": "it is gone", "update": "it differs"}
    differs = [{"object": one.title, "what": words.get(one.action, one.action)} for one in _real(changes or ())]
    return DriverResult(outputs={"drift": differs})


def _opened(ctx: StepContext) -> Asked[Project]:
    """The project of a step: its tool found, and a copy of the project that Pulumi may write into."""
    inputs = ctx.inputs_of(PulumiInputs)
    if not _STACK.fullmatch(inputs.stack) or inputs.stack.startswith("-"):
        return ctx.finding(codes.INPUTS_UNUSABLE, f"'{inputs.stack}' cannot be the name of a stack")
    found = yield from tool(ctx, PULUMI_TOOL)
    if isinstance(found, Finding):
        return found
    folder = ctx.repository_path(inputs.working_dir)
    if isinstance(folder, Finding):
        return folder
    if not any((folder / name).is_file() for name in _PROJECT):
        return ctx.finding(codes.INPUTS_UNUSABLE, f"'{inputs.working_dir}' holds no Pulumi.yaml")
    copy = ctx.state_dir.resolve() / "pulumi" / "work" / hashlib.sha256(_key(inputs).encode()).hexdigest()[:12]
    try:
        return Project(ctx, inputs, found, _copied(folder, copy))
    except OSError as error:
        return ctx.finding(codes.INPUTS_UNUSABLE, f"'{inputs.working_dir}' cannot be copied: {error.strerror}")


def _copied(folder: Path, copy: Path) -> Path:
    """The project's files, copied, its folders linked: Pulumi writes the stack's configuration beside its files."""
    copy.mkdir(parents=True, exist_ok=True, mode=0o700)
    names = {entry.name for entry in folder.iterdir()} - {".git", ".innominatus"}
    for entry in copy.iterdir():
        if entry.name not in names and not _OF_A_STACK.fullmatch(entry.name):
            entry.unlink()
    for name in sorted(names):
        target = copy / name
        target.unlink(missing_ok=True)
        if (folder / name).is_dir():
            target.symlink_to((folder / name).resolve())
        else:
            shutil.copy(folder / name, target)
            target.chmod(0o600)
    return copy


def _stack(project: Project) -> Asked[bool]:
    """Selects the stack and sets its configuration; whether it is there. Only `up` and `preview` make it."""
    inputs = project.inputs
    makes = known(inputs.operation) in {"up", "preview"}
    outcome = yield from project.ask("stack", "select", f"--stack={inputs.stack}", *(("--create",) if makes else ()))
    if not outcome.succeeded:
        problem = project.failed("stack select", outcome)
        return False if problem.code is infrastructure.STACK_MISSING else problem
    values = {name: (value, "--plaintext") for name, value in inputs.config.items()}
    for name, variable in inputs.config_from.items():
        secret = project.ctx.variable(variable)
        if isinstance(secret, Finding):
            return secret
        values[name] = (secret, "--secret")
    for name, (value, how) in sorted(values.items()):
        if not _KEY.fullmatch(name) or name.startswith("-"):
            return project.ctx.finding(codes.INPUTS_UNUSABLE, f"'{name}' cannot be a key of the configuration")
        outcome = yield from project.ask(
            "config", "set", how, f"--stack={inputs.stack}", name, stdin=value.encode("utf-8", "surrogateescape")
        )
        if not outcome.succeeded:
            return project.failed("config set", outcome)
    return True


def _changes(project: Project, *command: str) -> Asked[tuple[Change, ...] | None]:
    """What a preview says; None where there is no stack. What stays as it is is left out, but for its number."""
    there = yield from _stack(project)
    if isinstance(there, Finding) or not there:
        return there if isinstance(there, Finding) else None
    read = yield from project.object(*command, f"--stack={project.inputs.stack}")
    if isinstance(read, Finding):
        return read
    steps = read.get("steps")
    if not isinstance(steps, list):
        message = f"'pulumi {command[0]}' printed no steps of a preview"
        return project.ctx.finding(infrastructure.ANSWER_UNREADABLE, message)
    return tuple(Change(_action(one), _title(one)) for one in steps if isinstance(one, dict) and _is_own(one))


def _up(project: Project) -> Asked[DriverResult]:
    changes = yield from _changes(project, "preview")
    if isinstance(changes, Finding):
        return changes
    planned = changes or ()
    message = "no changes"
    if _real(planned):
        makes_it = all(one.action == "create" for one in planned)
        changing(_notes(project.ctx), _key(project.inputs), project.ctx.mark, makes_it=makes_it)
        problem = yield from _worked(project, "up", "update")
        if isinstance(problem, Finding):
            return problem
        message = problem
    found = yield from _outputs(project)
    return found if isinstance(found, Finding) else _result(project, planned, *found, message)


def _previewed(project: Project) -> Asked[DriverResult]:
    changes = yield from _changes(project, "preview")
    if isinstance(changes, Finding):
        return changes
    return _result(project, changes or (), {}, (), counted(len(_real(changes or ())), "change"))


def _destroyed(project: Project) -> Asked[DriverResult]:
    changes = yield from _changes(project, "destroy", "--preview-only")
    if isinstance(changes, Finding):
        return changes
    message = "nothing was there"
    if changes:
        problem = yield from _worked(project, "destroy", "destroy")
        if isinstance(problem, Finding):
            return problem
        message = problem
    gone(_notes(project.ctx), _key(project.inputs))
    return _result(project, changes or (), {}, (), message)


def _refreshed(project: Project) -> Asked[DriverResult]:
    changes = yield from _changes(project, "refresh", "--preview-only")
    if isinstance(changes, Finding):
        return changes
    if changes is None:
        return project.ctx.finding(infrastructure.STACK_MISSING, f"there is no stack '{project.inputs.stack}'")
    message = yield from _worked(project, "refresh", "refresh")
    if isinstance(message, Finding):
        return message
    found = yield from _outputs(project)
    return found if isinstance(found, Finding) else _result(project, changes, *found, message)


def _worked(project: Project, command: str, kind: str) -> Asked[str]:
    """Runs an update, and asks the stack's history whether it was done: in words, what it came to."""
    stack = f"--stack={project.inputs.stack}"
    outcome = yield from project.ask(command, "--yes", "--skip-preview", stack)
    if not outcome.succeeded:
        return project.failed(command, outcome)
    asked = yield from project.ask("stack", "history", "--json", "--page-size=1", "--page=1", stack)
    try:
        last = read_json(asked.stdout.head)[0]
        done, result = str(last["kind"]), str(last["result"])
        counts = dict(last.get("resourceChanges") or {})
    except (ValueError, LookupError, TypeError):
        message = "'pulumi stack history' does not say what was done"
        return project.ctx.finding(infrastructure.ANSWER_UNREADABLE, message)
    if (done, result) != (kind, "succeeded"):
        message = f"the last update of stack '{project.inputs.stack}' is '{done}', and it is '{result}'"
        return project.ctx.finding(infrastructure.STACK_FAILED, message)
    told = [f"{number} {action}" for action, number in sorted(counts.items()) if action != "same"]
    return ", ".join(told) or "nothing changed"


def _outputs(project: Project) -> Asked[tuple[dict[str, Any], tuple[str, ...]]]:
    """The stack's outputs, and the names of those that hold a secret."""
    stack = f"--stack={project.inputs.stack}"
    shown = yield from project.object("stack", "output", stack, answer=True)
    if isinstance(shown, Finding):
        return shown
    secret = tuple(name for name, value in shown.items() if _SECRET in json.dumps(value))
    if not secret:
        return shown, ()
    whole = yield from project.object("stack", "output", "--show-secrets", stack, answer=True)
    return whole if isinstance(whole, Finding) else (whole, secret)


def _result(
    project: Project, changes: tuple[Change, ...], values: Mapping[str, Any], secret: tuple[str, ...], message: str
) -> DriverResult:
    real = _real(changes)
    actions = [change.action for change in real]
    replaced = actions.count("replace")
    own: dict[str, Any] = {
        "changed": bool(real),
        "plan_summary": {
            "add": actions.count("create") + replaced,
            "change": actions.count("update"),
            "destroy": actions.count("delete") + replaced,
            "changes": [{"action": one.action, "object": one.title} for one in real[:_LISTED]],
        },
    }
    public = (*own, *(name for name in values if name not in own))
    outputs = own | dict(values)
    spare = tuple(values)
    tools = (project.tool,)
    return DriverResult(outputs=outputs, public=public, secret=secret, spare=spare, message=message, tools=tools)


def _real(changes: tuple[Change, ...]) -> list[Change]:
    return [one for one in changes if one.action != "same"]


def _action(step: Mapping[str, Any]) -> str:
    return _ACTIONS.get(str(step.get("op")), "update")


def _is_own(step: Mapping[str, Any]) -> bool:
    """Whether a step is one of its own: a replacement is told in three, of which one counts."""
    return step.get("op") not in {"create-replacement", "delete-replaced", "discard", "discard-replaced"}


def _title(step: Mapping[str, Any]) -> str:
    """`type name` of a URN, `urn:pulumi:stack::project::type::name`."""
    parts = str(step.get("urn", "")).split("::")
    return f"{parts[-2].rpartition('$')[2]} {parts[-1]}" if len(parts) > 1 else "?"


def _notes(ctx: StepContext) -> Path:
    return ctx.state_dir / "pulumi" / "made.json"


def _key(inputs: PulumiInputs) -> str:
    return f"{inputs.working_dir} {inputs.stack}"
