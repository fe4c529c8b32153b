"""Every store of a repository, opened when it is first asked, and each secret read once."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from innominatus_cli.documents.admin_config import AdminConfigDocument
from innominatus_cli.documents.durations import duration_text
from innominatus_cli.execution.values import UnusableSecret
from innominatus_cli.findings.catalogue.secrets import SECRET_TOO_OLD
from innominatus_cli.operations.secret_stores.contract import Held, SecretStore, Wanted
from innominatus_cli.operations.secret_stores.local import EnvironmentStore, LocalStore
from innominatus_cli.system.clock import Clock


def _nobody(value: bytes) -> None:
    """Whoever has no redactor."""


@dataclass(slots=True)
class SecretStores:
    """The stores of one repository for one application and environment.

    `state_dir` is the state folder of both, whose `secrets/` is the local store. `learn` is told what else is secret,
    as tokens of stores are. `enforced`: whether a secret that is too old is not given out.
    """

    admin: AdminConfigDocument
    root: Path
    state_dir: Path
    application: str
    environment: str
    clock: Clock
    outside: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    learn: Callable[[bytes], object] = _nobody
    enforced: bool = False
    _open: dict[str, SecretStore] = field(default_factory=dict)
    _held: dict[str, Held | None] = field(default_factory=dict, repr=False)

    def value(self, name: str) -> str | None:
        """The value of a secret by name; None where there is none. Raises UnusableSecret."""
        wanted = self.wanted(name)
        if wanted is None:
            return None
        held = self.read(wanted)
        if held is not None and self.enforced:
            problem = self.too_old(wanted, held.changed)
            if problem:
                raise UnusableSecret(SECRET_TOO_OLD, problem)
        return None if held is None else held.value

    def wanted(self, name: str) -> Wanted | None:
        """A secret of admin-config; None for a name that is not there."""
        entry = self.admin.secrets.get(name)
        if entry is None:
            return None
        return Wanted(name, entry.here(self.environment), self.application, self.environment)

    def read(self, wanted: Wanted) -> Held | None:
        """What its store has, asked once. Raises UnusableSecret."""
        if wanted.name not in self._held:
            self._held[wanted.name] = self.store_of(wanted).read(wanted)
        return self._held[wanted.name]

    def too_old(self, wanted: Wanted, changed: datetime | None) -> str:
        """Why a secret is too old; empty where it is not, or where nobody knows."""
        most = wanted.definition.max_age or self.admin.secret_policy.max_age
        if not most or changed is None:
            return ""
        age = int((self.clock.now() - changed).total_seconds())
        if age <= most:
            return ""
        return f"secret '{wanted.name}' is {duration_text(age - age % 60)} old; it may be {duration_text(most)} old"

    def store_of(self, wanted: Wanted) -> SecretStore:
        """The store that a secret is in."""
        kind = wanted.definition.store
        if kind not in self._open:
            self._open[kind] = self._opened(kind)
        return self._open[kind]

    def _opened(self, kind: str) -> SecretStore:
        stores = self.admin.secret_stores
        match kind:
            case "local":
                return LocalStore(self.state_dir)
            case "env":
                return EnvironmentStore(self.outside)
            case "file":
                from innominatus_cli.operations.secret_stores.age_file import AgeFileStore  # noqa: PLC0415 - an extra

                return AgeFileStore(stores.file, self.root, self.outside, self.clock)
            case "vault":
                from innominatus_cli.operations.secret_stores.vault import VaultStore  # noqa: PLC0415 - brings HTTP

                return VaultStore(stores.vault, self.outside, self.learn)
            case _:
                from innominatus_cli.operations.secret_stores.programs import ProgramStore  # noqa: PLC0415
                from innominatus_cli.system.processes import run  # noqa: PLC0415

                config = {"aws": stores.aws, "azure": stores.azure, "gcp": stores.gcp}.get(kind, stores.aws)
                return ProgramStore(config, self.outside, self.root, partial(run, untrusted=self.root))
