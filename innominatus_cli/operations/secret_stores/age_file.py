"""The store `file`: one YAML or JSON file in the repository, encrypted with age (https://age-encryption.org/v1).

Decrypted it is a mapping of names: to a value, or to `{value: …, changed: RFC 3339}`. A value is the text that stands
there: `0123456` and `1_000` are no numbers.
"""

import os
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from innominatus_cli.documents.secret_definitions import FileStoreConfig
from innominatus_cli.findings.finding import Finding
from innominatus_cli.operations.secret_stores.contract import Held, Wanted, cannot_rotate, moment_of, store_failed
from innominatus_cli.system.clock import Clock, timestamp
from innominatus_cli.system.files import read_below, write_file

if TYPE_CHECKING:
    from types import ModuleType

    from pyrage import x25519

_NO_VALUE: Final = frozenset({"", "~", "null"})
_MOST = 4 * 1024 * 1024


class AgeFileStore:
    """Reads with the identity that an environment variable holds or names as a file; writes for `recipients`."""

    def __init__(self, config: FileStoreConfig, root: Path, outside: Mapping[str, str], clock: Clock) -> None:
        self._config = config
        self._root = root
        self._outside = outside
        self._clock = clock
        self._read: dict[str, dict[str, Any]] = {}

    def read(self, wanted: Wanted) -> Held | None:
        """The entry of the file, which is decrypted once."""
        entry = self._entries(wanted).get(wanted.key, "")
        value, changed = (entry.get("value", ""), entry.get("changed")) if isinstance(entry, dict) else (entry, None)
        if not isinstance(value, str):
            raise store_failed(wanted, f"'{wanted.key}' is no text in '{self._path(wanted)}'")
        return None if value in _NO_VALUE else Held(value, moment_of(changed))

    def replace(self, wanted: Wanted, value: str) -> None:
        """Encrypts the file anew for the recipients of admin-config, and makes it where there is none."""
        if not self._config.recipients:
            raise cannot_rotate(wanted, "name `recipients` under secretStores.file, so that it can be encrypted anew")
        from yaml import safe_dump  # noqa: PLC0415

        age = _age(wanted)
        path = self._root / self._path(wanted)
        entries = self._entries(wanted) if os.path.lexists(path) else {}
        entries[wanted.key] = {"value": value, "changed": timestamp(self._clock.now())}
        try:
            recipients = [age.x25519.Recipient.from_str(one) for one in self._config.recipients]
        except age.RecipientError as error:
            raise store_failed(wanted, "a recipient of secretStores.file is no age public key") from error
        write_file(path, age.encrypt(safe_dump(entries, allow_unicode=True).encode(), recipients))

    def _path(self, wanted: Wanted) -> str:
        return self._config.path.replace("{environment}", wanted.environment)

    def _entries(self, wanted: Wanted) -> dict[str, Any]:
        path = self._path(wanted)
        if path not in self._read:
            self._read[path] = self._decrypted(wanted, path)
        return self._read[path]

    def _decrypted(self, wanted: Wanted, path: str) -> dict[str, Any]:
        from yaml import BaseLoader, YAMLError, load  # noqa: PLC0415

        data = read_below(os.fspath(self._root), path, _MOST)
        if isinstance(data, Finding):
            raise store_failed(wanted, f"'{path}' cannot be read: {data.message}")
        age = _age(wanted)
        try:
            found = load(age.decrypt(data, self._identities(wanted)), BaseLoader)  # noqa: S506 - it makes texts only
        except age.DecryptError as error:
            raise store_failed(
                wanted, f"'{path}' is not encrypted for the identity in {self._config.identity}"
            ) from error
        except YAMLError:
            raise store_failed(wanted, f"what is encrypted in '{path}' is no YAML") from None  # its text has values
        if not isinstance(found, dict):
            raise store_failed(wanted, f"what is encrypted in '{path}' is no mapping of names to values")
        return found

    def _identities(self, wanted: Wanted) -> "list[x25519.Identity]":
        age = _age(wanted)
        variable = self._config.identity
        text = self._outside.get(variable, "").strip()
        if not text:
            raise store_failed(wanted, f"{variable} is not set: the age identity, or the path of its file")
        try:
            if "AGE-SECRET-KEY-" not in text:
                text = Path(text).expanduser().read_text(encoding="utf-8")
            return [age.x25519.Identity.from_str(line.strip()) for line in text.splitlines() if line.startswith("AGE-")]
        except (OSError, age.IdentityError, UnicodeDecodeError):
            raise store_failed(wanted, f"what {variable} says is no age identity") from None


def _age(wanted: Wanted) -> "ModuleType":
    """The library. Raises UnusableSecret where its extra is not installed."""
    try:
        return import_module("pyrage")
    except ImportError as error:
        raise store_failed(wanted, "it needs the extra `age`: pip install 'innominatus-cli[age]'") from error
