"""The values of secrets, for the one step that names them: the local store and the environment."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from innominatus_cli.documents.admin_config import SecretDefinition
from innominatus_cli.execution.secrecy import Delivery
from innominatus_cli.execution.values import Secrets
from innominatus_cli.findings.finding import Finding
from innominatus_cli.system.files import read_below

_LONGEST = 64 * 1024


def delivery_of(table: Mapping[str, SecretDefinition]) -> Callable[[str], Delivery]:
    """How a step is given the secret of a name: what its definition says."""

    def how(name: str) -> Delivery:
        definition = table.get(name)
        return definition.inject if definition is not None else "env"

    return how


def secret_values(table: Mapping[str, SecretDefinition], state_dir: Path, outside: Mapping[str, str]) -> Secrets:
    """A function from a secret's name to its value; None where it has none.

    `state_dir` is the state folder of the application and environment, whose `secrets/` is the local store.
    """

    def value(name: str) -> str | None:
        definition = table.get(name)
        if definition is None:
            return None
        if definition.store == "env":
            return outside.get(definition.env or name.upper().replace("-", "_"))
        data = read_below(os.fspath(state_dir), f"secrets/{name}", _LONGEST)
        return None if isinstance(data, Finding) else data.decode("utf-8", "surrogateescape")

    return value
