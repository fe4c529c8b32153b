"""One conversation with a provisioner that is code: a process is asked, watched and held to its word.

A generator like a driver: it yields the `CommandRequest`s and is sent their outcomes, so that steps and
`provisioners test` do the same. The process gets the resource's own folder as working directory; the working tree is
looked at before and after, by git, and whatever differs then is told.
"""

import re
import sys
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, Final, TypeAlias

from innominatus_cli.documents.versions import parse_range, parse_version
from innominatus_cli.provisioners.contract import ResourceRequest
from innominatus_cli.provisioners.own_folder import OwnFolder
from innominatus_cli.provisioners.protocol import MOST_BYTES, Answer, Backup, NoAnswer, answer_of, request_of, untrue
from innominatus_cli.system.commands import CommandOutcome, CommandRequest, Ending

DEFAULT_SECONDS: Final = 300
_KEPT_OUT: Final = ("INNOMINATUS_OUTPUT", "INNOMINATUS_STATE_DIR", "PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP")
_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9_]")
_TREE: Final = ("git", "--no-optional-locks", "status", "--porcelain=v1", "-z", "--untracked-files=all")


class Trouble(Enum):
    """What kind of thing went wrong."""

    FAILED = "failed"
    NO_ANSWER = "no answer"
    LIES = "lies"
    WROTE_OUTSIDE = "wrote outside"
    NOT_STARTED = "not started"


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong, as the end of a sentence that begins with the provisioner's name."""

    trouble: Trouble
    message: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Code:
    """A provisioner that is code, as a plan says it."""

    name: str
    kind: str
    """`command`, `module` or `entry-point`."""
    run: tuple[str, ...]
    version: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict)
    secret_outputs: tuple[str, ...] = ()
    config: Mapping[str, Any] = field(default_factory=dict)
    timeout_seconds: float = DEFAULT_SECONDS


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a conversation takes place."""

    work_dir: Path
    """The repository root."""
    env: Mapping[str, str] = field(repr=False)
    """The allow-listed variables, with secrets that the provisioner is to have."""


Conversation: TypeAlias = Generator[CommandRequest, CommandOutcome, Answer | Problem]


def converse(
    operation: str, code: Code, request: ResourceRequest, setting: Setting, backup: Backup | None = None
) -> Conversation:
    """Asks for `provision`, `deprovision`, `status`, `describe`, `backup` or `restore`.

    Gives the answer, or what is wrong with it. The last two need a `backup`, whose folder is made.
    """
    folder = OwnFolder(request)
    try:
        if operation == "provision":
            folder.make()
        elif not folder.is_there:
            folder.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        cwd = folder.path if folder.is_there else folder.path.parent
        if backup is not None:
            backup.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        asked = _command(operation, code, request, setting, cwd, backup)
    except OSError as wrong:
        return Problem(Trouble.NOT_STARTED, f"cannot have its folder: {wrong.strerror}")
    outcome = yield from watched(asked, setting)
    return outcome if isinstance(outcome, Problem) else _judged(operation, code, outcome)


def watched(
    asked: CommandRequest, setting: Setting
) -> Generator[CommandRequest, CommandOutcome, CommandOutcome | Problem]:
    """Runs a process and looks at the working tree before and after, which it may not change."""
    before = yield from _tree(setting)
    outcome = yield asked
    after = yield from _tree(setting)
    changed = sorted({*after.items()} ^ {*before.items()})
    if not changed:
        return outcome
    names = ", ".join(f"'{name}'" for name in dict.fromkeys(name for name, _ in changed[:6]))
    return Problem(Trouble.WROTE_OUTSIDE, f"changed the working tree: {names}")


def _judged(operation: str, code: Code, outcome: CommandOutcome) -> Answer | Problem:
    if outcome.ending is Ending.NOT_STARTED:
        return Problem(Trouble.NOT_STARTED, f"cannot be started: {outcome.problem or 'the program is not there'}")
    try:
        answer = answer_of(outcome.stdout.head, outcome.stdout.size)
    except NoAnswer as absent:
        if outcome.succeeded and (operation != "deprovision" or outcome.stdout.head.strip()):
            return Problem(Trouble.NO_ANSWER, f"gave no answer: it {absent}")
        answer = Answer()
    if not outcome.succeeded:
        ended = _ended(outcome)
        return Problem(Trouble.FAILED, f"{ended}: {_error(answer)}" if answer.error else ended)
    if answer.error:
        return Problem(Trouble.FAILED, f"says: {_error(answer)}")
    return _held_to_its_word(code, answer) if operation == "provision" else answer


def _held_to_its_word(code: Code, answer: Answer) -> Answer | Problem:
    described = answer.describes.get("outputs") or {}
    said = {name: one.get("type", "any") for name, one in described.items() if isinstance(one, dict)}
    lie = untrue(answer.outputs, code.outputs) or untrue(answer.outputs, said) or _other_version(code, answer)
    secrets = {*answer.secrets, *code.secret_outputs}
    absent = sorted(secrets - answer.outputs.keys())
    if not lie and absent:
        lie = f"calls '{absent[0]}' a secret, which is no output of it"
    return Problem(Trouble.LIES, lie) if lie else answer._replace(secrets=tuple(sorted(secrets)))


def _other_version(code: Code, answer: Answer) -> str:
    """Whether a class is of a version that nobody asked for, in words."""
    said = str(answer.describes.get("version") or "")
    wanted, found = parse_range(code.version) if code.version else None, parse_version(said)
    if not said or wanted is None or (found is not None and wanted.admits(found)):
        return ""
    return f"is of the version {said}, and {code.version} is asked for"


def _error(answer: Answer) -> str:
    return f"{answer.error_code}: {answer.error}" if answer.error_code else answer.error


def _ended(outcome: CommandOutcome) -> str:
    match outcome.ending:
        case Ending.TIMED_OUT:
            return "ran out of time"
        case Ending.SIGNALLED:
            return f"was killed by signal {outcome.signal}"
        case Ending.CANCELLED:
            return "was cancelled"
        case _:
            return f"ended with exit status {outcome.exit_code}"


def _command(
    operation: str, code: Code, request: ResourceRequest, setting: Setting, cwd: Path, backup: Backup | None
) -> CommandRequest:
    env = {name: value for name, value in setting.env.items() if name not in _KEPT_OUT}
    env |= {"INNOMINATUS_PROVISIONER_DIR": str(cwd), **_said_in_env(operation, request)}
    if backup is not None:
        env |= {"INNOMINATUS_BACKUP_ID": backup.id, "INNOMINATUS_BACKUP_DIR": str(backup.folder)}
        env["INNOMINATUS_BACKUP_LOCATION"] = backup.location.replace("\0", "")
    config = {key: value for key, value in code.config.items() if key != "path"}
    return CommandRequest(
        argv=_argv(code, setting),
        cwd=cwd,
        env=env,
        timeout_seconds=code.timeout_seconds,
        stdin=request_of(operation, request, config, backup),
        keep_bytes=MOST_BYTES + 1,
        logs_stdout=False,
    )


def _said_in_env(operation: str, request: ResourceRequest) -> dict[str, str]:
    """The request once more, for programs that read no JSON: `INNOMINATUS_PARAM_<NAME>` is each plain param."""
    said = {
        "INNOMINATUS_OPERATION": operation,
        "INNOMINATUS_RESOURCE_NAME": request.name,
        "INNOMINATUS_RESOURCE_TYPE": request.type,
        "INNOMINATUS_RESOURCE_CLASS": request.class_,
        "INNOMINATUS_RESOURCE_ID": request.id or f"{request.application}.{request.name}",
        "INNOMINATUS_APPLICATION": request.application,
        "INNOMINATUS_ENVIRONMENT": request.environment,
    }
    for name, value in request.params.items():
        if isinstance(value, str | int | float):
            text = str(value).lower() if isinstance(value, bool) else str(value)
            said[f"INNOMINATUS_PARAM_{_NOT_IN_NAMES.sub('_', name).upper()}"] = text
    return {name: value for name, value in said.items() if "\0" not in value}


def _argv(code: Code, setting: Setting) -> tuple[str, ...]:
    """Words that are files of the repository are given by their whole paths: the process runs elsewhere."""
    if code.kind == "command":
        return tuple(_whole(word, setting.work_dir, first=not at) for at, word in enumerate(code.run))
    child = (sys.executable, "-I", "-B", "-X", "utf8", "-m", "innominatus_cli.sdk.child", code.run[0])
    if code.kind == "entry-point":
        return child
    return (*child, str(setting.work_dir / str(code.config.get("path", "."))))


def _whole(word: str, work_dir: Path, *, first: bool) -> str:
    is_file = "/" in word and not word.startswith(("/", "-")) and (first or (work_dir / word).is_file())
    return str(work_dir / word) if is_file else word


def _tree(setting: Setting) -> Generator[CommandRequest, CommandOutcome, dict[str, tuple[int, int]]]:
    """What git calls changed in the working tree, with size and time; nothing where git cannot say."""
    if not (setting.work_dir / ".git").exists():
        return {}
    path = setting.env.get("PATH", "")
    env = {"PATH": path, "LC_ALL": "C", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null"}
    outcome = yield CommandRequest(_TREE, setting.work_dir, env, 60, keep_bytes=MOST_BYTES, logs_stdout=False)
    if not outcome.succeeded:
        return {}
    found: dict[str, tuple[int, int]] = {}
    for line in outcome.stdout.head.decode(errors="surrogateescape").split("\0"):
        name = line[3:]
        if not name or name.startswith(".innominatus/"):
            continue
        try:
            seen = (setting.work_dir / name).lstat()
            found[name] = (seen.st_size, seen.st_mtime_ns)
        except OSError:
            found[name] = (-1, 0)
    return found
