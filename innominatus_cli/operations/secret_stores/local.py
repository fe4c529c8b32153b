"""The stores of this machine: private files in the git directory (docs/adr/0010), and environment variables."""

import os
import stat
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from innominatus_cli.findings.finding import Finding
from innominatus_cli.operations.secret_stores.contract import LONGEST, Held, Wanted, cannot_rotate, store_failed
from innominatus_cli.system.files import parts_of, read_below, write_file

_OTHERS = 0o077
_PRIVATE = 0o600


class LocalStore:
    """One file of mode 0600 a secret, below the state folder of the application and environment."""

    def __init__(self, state_dir: Path) -> None:
        self._state_dir = state_dir

    def read(self, wanted: Wanted) -> Held | None:
        """The file's text. One that others can read is refused: whoever could has perhaps read it."""
        path = _path_of(wanted)
        data = read_below(os.fspath(self._state_dir), path, LONGEST)
        if isinstance(data, Finding):
            return None
        found = (self._state_dir / path).stat()
        if found.st_mode & _OTHERS or not stat.S_ISREG(found.st_mode):
            raise store_failed(wanted, "its file is not private (mode 0600)")
        return Held(data.decode("utf-8", "surrogateescape"), datetime.fromtimestamp(found.st_mtime, UTC))

    def replace(self, wanted: Wanted, value: str) -> None:
        """Writes the file anew. Raises CannotContinue (exit 73) where the disk refuses."""
        path = self._state_dir / _path_of(wanted)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_file(path, value.encode(), _PRIVATE)


def _path_of(wanted: Wanted) -> str:
    """Where a secret stands below the state folder. Raises UnusableSecret for a key that leads out of the store."""
    path = f"secrets/{wanted.key}"
    if wanted.key.startswith("/") or parts_of(path) is None:
        raise store_failed(wanted, f"its key '{wanted.key}' leads out of the store")
    return path


class EnvironmentStore:
    """Variables that CI or a shell has set."""

    def __init__(self, outside: Mapping[str, str]) -> None:
        self._outside = outside

    def read(self, wanted: Wanted) -> Held | None:
        """The variable's text; an empty one is none."""
        value = self._outside.get(variable_of(wanted))
        return Held(value) if value else None

    def replace(self, wanted: Wanted, value: str) -> None:  # noqa: ARG002 - the shape of a store
        """Nobody can change the environment of those who call us."""
        raise cannot_rotate(wanted, f"whatever sets the variable {variable_of(wanted)}")


def variable_of(wanted: Wanted) -> str:
    """The name of its environment variable."""
    return wanted.definition.env or wanted.name.upper().replace("-", "_").replace(".", "_")
