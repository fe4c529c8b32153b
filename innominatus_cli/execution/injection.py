"""How a step is given its variables, and secrets among them: as text, as a private file, or on stdin."""

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from innominatus_cli.documents.plan import PlannedStep
from innominatus_cli.execution.secrecy import Delivery
from innominatus_cli.execution.values import StepView, environment_text
from innominatus_cli.expressions.references import split_path
from innominatus_cli.expressions.values import NoValue
from innominatus_cli.system.commands import CommandRequest

_FOLDER: Final = "secrets"


@dataclass(frozen=True, slots=True)
class Injected:
    """The variables of a step's `env`, and what its programs find on stdin; None: nothing."""

    env: Mapping[str, str] = field(repr=False)
    stdin: bytes | None = field(default=None, repr=False)
    files: tuple[Path, ...] = ()

    def given(self, request: CommandRequest) -> CommandRequest:
        """The request with the secret on stdin, where its driver has nothing else for it."""
        if self.stdin is None or request.stdin is not None:
            return request
        return replace(request, stdin=self.stdin)

    def forget(self) -> None:
        """Removes the files: the attempt that read them is over."""
        for path in self.files:
            path.unlink(missing_ok=True)
        for folder in {path.parent for path in self.files}:
            with suppress(OSError):  # the step has put something of its own there
                folder.rmdir()


def injected(step: PlannedStep, view: StepView, scratch: Path, delivery: Callable[[str], Delivery]) -> Injected:
    """What `env` of a step says. A file of mode 0600 for a secret is below `scratch`, which goes away after the run.

    Raises NoValue where a value is missing or two secrets would have to be on stdin, OSError where a file cannot be
    written.
    """
    env: dict[str, str] = {}
    files: list[Path] = []
    stdin: bytes | None = None
    for name, value in step.env.items():
        text = environment_text(name, value, view)
        secret = _secret_named(value)
        match delivery(secret) if secret is not None else "env":
            case "file":
                files.append(_file(scratch, name, text.encode("utf-8", "surrogateescape")))
                env[name] = str(files[-1])
            case "stdin" if stdin is not None:
                raise NoValue(f"'{name}' in `env` is a secret for stdin, and another one is there already")
            case "stdin":
                stdin = text.encode("utf-8", "surrogateescape")
            case _:
                env[name] = text
    return Injected(env, stdin, tuple(files))


def _secret_named(value: object) -> str | None:
    """The secret that a value is, if it is nothing else."""
    if isinstance(value, Mapping) and value.keys() == {"$ref"}:
        path = split_path(str(value["$ref"]))
        if len(path) > 1 and path[0] == "secrets":
            return ".".join(path[1:])
    return None


def _file(scratch: Path, name: str, data: bytes) -> Path:
    folder = scratch / _FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / name
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(data)
    return path
