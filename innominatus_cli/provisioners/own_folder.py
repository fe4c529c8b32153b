"""The folder of a resource that code provisions: `provisioners/<type>/<identity>` below the state folder, mode 0700.

It is the working directory of the provisioner's process. Beside it stands who made the resource, before it is made, so
that a rollback takes back what its own run did and no more.
"""

import hashlib
import hmac
import os
import re
import secrets
import shutil
from pathlib import Path
from typing import Final

from innominatus_cli.provisioners.contract import ResourceRequest

_PLAIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,100}")
_FOLDER: Final = "provisioners"
_BACKUPS: Final = "backups"
_KEY: Final = "key"
_KEY_BYTES: Final = 32
KEY_SECRET: Final = "provisioner-key"  # noqa: S105 - a name
"""The secret of admin-config.yaml that all machines derive random outputs from, where it is defined."""
KEY_VARIABLE: Final = "INNOMINATUS_PROVISIONER_KEY"
"""The variable of a provisioning step that holds it."""


class OwnFolder:
    """The folder of one resource. Every method may raise OSError."""

    def __init__(self, request: ResourceRequest) -> None:
        self._request = request
        self.root = request.state_dir / _FOLDER
        self.path = self.root / _slug(request.type) / _slug(request.identity)
        self._note = self.path.with_name(f".{self.path.name}.made-by")

    def make(self) -> None:
        """Makes the folder, and notes who makes the resource where there was none."""
        if self.path.is_symlink() or self.root.is_symlink():
            raise OSError(0, "it is a symbolic link")
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self.path.is_dir():
            _write(self._note, self._request.mark.encode())
            self.path.mkdir(mode=0o700)

    @property
    def is_there(self) -> bool:
        """Whether the resource was made here and not removed."""
        return self.path.is_dir() and not self.path.is_symlink()

    @property
    def is_of_this_run(self) -> bool:
        """Whether a run that is to be undone made the resource."""
        return self._note.is_file() and self._note.read_text() in self._request.undone_marks

    def backup(self, backup_id: str) -> Path:
        """The folder of a backup, existing or not: beside the resources, so that it stays when this one is removed."""
        request = self._request
        return request.state_dir / _BACKUPS / _slug(request.type) / _slug(request.identity) / _slug(backup_id)

    def remove(self) -> None:
        """Removes the folder with everything in it."""
        if self.is_there:
            shutil.rmtree(self.path)
        self._note.unlink(missing_ok=True)

    def read(self, name: str) -> bytes | None:
        """A file of the folder; None where there is none."""
        path = self.path / name
        return path.read_bytes() if path.is_file() else None

    def write(self, name: str, data: bytes) -> None:
        """Writes a file of the folder, mode 0600, so that a crash leaves the old one or the new one."""
        _write(self.path / name, data)

    def read_shared(self, name: str) -> bytes | None:
        """A file that all resources of the application and environment have in common."""
        path = self.root / name
        return path.read_bytes() if path.is_file() else None

    def write_shared(self, name: str, data: bytes) -> None:
        """Writes such a file."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(self.root / name, data)

    def key(self) -> bytes:
        """The key that random outputs are derived from, the same for the application and environment.

        It is made of the secret that the platform team gives for all machines; where there is none it is random, made
        once, and kept here.
        """
        given = self._request.env.get(KEY_VARIABLE, "")
        if given:
            said = f"{self._request.application}\0{self._request.environment}".encode()
            return hmac.new(given.encode(), said, hashlib.sha256).digest()
        path = self.root / _KEY
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.is_file():
            _write(path, secrets.token_bytes(_KEY_BYTES))
        return path.read_bytes()

    def derived(self, purpose: str) -> bytes:
        """32 bytes that are the same for a resource and purpose as long as the key is."""
        said = f"{self._request.type}\0{self._request.class_}\0{self._request.identity}\0{purpose}"
        return hmac.new(self.key(), said.encode(), hashlib.sha256).digest()


def _slug(text: str) -> str:
    """A text as the name of a file: itself where it can be one, else what can be kept of it and a digest."""
    if _PLAIN.fullmatch(text):
        return text
    kept = re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-.")[:60] or "resource"
    return f"{kept}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def _write(path: Path, data: bytes) -> None:
    draft = path.with_name(f"{path.name}.draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
