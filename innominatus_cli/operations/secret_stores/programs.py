"""The stores that are asked through a program: the clouds' command lines, and a command of the platform's own.

Arguments hold the secret's name only; the value comes on stdout, and what is on stderr is shown to nobody.
Sources: AWS CLI `secretsmanager get-secret-value`, Azure CLI `az keyvault secret show`, Google Cloud CLI
`gcloud secrets versions access`, each with JSON output.
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from innominatus_cli.documents.json_reader import read_json
from innominatus_cli.documents.secret_definitions import CloudStoreConfig
from innominatus_cli.operations.secret_stores.contract import (
    Held,
    Wanted,
    cannot_rotate,
    member_of,
    moment_of,
    store_failed,
)
from innominatus_cli.system.commands import CommandOutcome, CommandRequest, Ending

Run = Callable[[CommandRequest], CommandOutcome]
_SECONDS: Final = 60.0
_ABSENT: Final = re.compile(rb"ResourceNotFoundException|SecretNotFound|NOT_FOUND")


class ProgramStore:
    """Runs one program a secret, in the operator's own environment, which has the credentials."""

    def __init__(self, config: CloudStoreConfig, outside: Mapping[str, str], work_dir: Path, run: Run) -> None:
        self._config = config
        self._outside = outside
        self._work_dir = work_dir
        self._run = run

    def read(self, wanted: Wanted) -> Held | None:
        """What the program gives."""
        match wanted.definition.store:
            case "aws":
                return self._aws(wanted)
            case "azure":
                return self._azure(wanted)
            case "gcp":
                return self._gcp(wanted)
            case _:
                return self._command(wanted)

    def replace(self, wanted: Wanted, value: str) -> None:  # noqa: ARG002 - the shape of a store
        """A value would have to stand in the program's arguments, and the clouds rotate by functions of their own."""
        how = {
            "aws": f"aws secretsmanager rotate-secret --secret-id {wanted.key}",
            "azure": f"az keyvault secret set --name {wanted.key} --file FILE",
            "gcp": f"gcloud secrets versions add {wanted.key} --data-file=FILE",
        }
        raise cannot_rotate(wanted, how.get(wanted.definition.store, "in what its command asks"))

    def _aws(self, wanted: Wanted) -> Held | None:
        argv = ["aws", "secretsmanager", "get-secret-value", "--secret-id", wanted.key, "--output", "json"]
        argv += ["--region", self._config.region] if self._config.region else []
        argv += ["--profile", self._config.profile] if self._config.profile else []
        found = self._json(wanted, argv)
        if found is None:
            return None
        text = found.get("SecretString")
        if not isinstance(text, str):
            raise store_failed(wanted, "it is binary; only text can be given to a step")
        return _held(wanted, text, found.get("CreatedDate"))

    def _azure(self, wanted: Wanted) -> Held | None:
        if not self._config.vault:
            raise store_failed(wanted, "name the key vault: `secretStores.azure.vault`")
        argv = ["az", "keyvault", "secret", "show", "--vault-name", self._config.vault, "--name", wanted.key]
        found = self._json(wanted, [*argv, "--output", "json"])
        if found is None:
            return None
        text, attributes = found.get("value"), found.get("attributes")
        if not isinstance(text, str):
            raise store_failed(wanted, "'az' answered without a value")
        return _held(wanted, text, attributes.get("updated") if isinstance(attributes, dict) else None)

    def _gcp(self, wanted: Wanted) -> Held | None:
        argv = ["gcloud", "secrets", "versions", "access", "latest", f"--secret={wanted.key}", "--format=json"]
        argv += [f"--project={self._config.project}"] if self._config.project else []
        found = self._json(wanted, argv)
        if found is None:
            return None
        try:
            text = base64.urlsafe_b64decode(found["payload"]["data"]).decode()
        except (KeyError, TypeError, ValueError, binascii.Error):
            raise store_failed(wanted, "'gcloud' answered without a payload that is text") from None
        return _held(wanted, text, None)

    def _command(self, wanted: Wanted) -> Held | None:
        if not wanted.definition.command:
            raise store_failed(wanted, "name its `command`: a program and its arguments")
        argv = [argument.replace("{key}", wanted.key) for argument in wanted.definition.command]
        data = self._printed(wanted, argv)
        text = "" if data is None else _text(wanted, data).removesuffix("\n").removesuffix("\r")
        return _held(wanted, text, None) if text else None

    def _json(self, wanted: Wanted, argv: list[str]) -> dict[str, Any] | None:
        data = self._printed(wanted, argv)
        if data is None:
            return None
        try:
            found = read_json(data)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise store_failed(wanted, f"'{argv[0]}' answered no JSON object") from None
        return found

    def _printed(self, wanted: Wanted, argv: list[str]) -> bytes | None:
        outcome = self._run(CommandRequest(tuple(argv), self._work_dir, dict(self._outside), timeout_seconds=_SECONDS))
        if outcome.stdout.truncated:
            raise store_failed(wanted, f"'{argv[0]}' prints {outcome.stdout.size:,} bytes, more than a secret has")
        if outcome.succeeded:
            return outcome.stdout.head
        if outcome.ending is Ending.EXITED and _ABSENT.search(outcome.stderr.head):
            return None
        if outcome.ending is Ending.NOT_STARTED:
            raise store_failed(wanted, f"'{argv[0]}' cannot be started: it is not on PATH")
        how = (
            f"with exit status {outcome.exit_code}" if outcome.ending is Ending.EXITED else f"({outcome.ending.value})"
        )
        raise store_failed(wanted, f"'{argv[0]}' ended {how}")


def _text(wanted: Wanted, data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise store_failed(wanted, "its value is no text") from None


def _held(wanted: Wanted, text: str, changed: object) -> Held | None:
    data: Any = {}
    if wanted.definition.field is not None:
        try:
            data = read_json(text)
        except ValueError:
            data = None
        if not isinstance(data, dict):
            raise store_failed(wanted, f"its value is no JSON object that could have '{wanted.definition.field}'")
    value = member_of(wanted, text, data)
    return None if value is None else Held(value, moment_of(changed))
