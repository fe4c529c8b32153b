"""The store `vault`: HashiCorp Vault's KV engine, version 2, over its HTTP API.

Source: https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2 and …/auth/approle.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

from innominatus_cli.documents.json_reader import read_json
from innominatus_cli.documents.secret_definitions import VaultStoreConfig
from innominatus_cli.operations.secret_stores.contract import Held, Wanted, moment_of, store_failed
from innominatus_cli.system.http import HttpFailed, Reply, request

_FIELD: Final = "value"
_OK, _NO_CONTENT, _NOT_FOUND = 200, 204, 404


class VaultStore:
    """Asks with VAULT_TOKEN, or with the AppRole in VAULT_ROLE_ID and VAULT_SECRET_ID; `learn` is told every token."""

    def __init__(self, config: VaultStoreConfig, outside: Mapping[str, str], learn: Callable[[bytes], object]) -> None:
        self._config = config
        self._outside = outside
        self._learn = learn
        self._token = ""
        self._read: dict[str, dict[str, Any] | None] = {}

    def read(self, wanted: Wanted) -> Held | None:
        """The field of the newest version; each path is asked for once."""
        if wanted.key not in self._read:
            self._read[wanted.key] = self._secret(wanted)
        found = self._read[wanted.key]
        value = None if found is None else found["data"].get(wanted.definition.field or _FIELD)
        if found is None or value is None:
            return None
        text = value if isinstance(value, str) else json.dumps(value)
        return Held(text, moment_of(found["metadata"].get("created_time")))

    def replace(self, wanted: Wanted, value: str) -> None:
        """Writes a new version with the other fields as they are; Vault refuses it where somebody was faster."""
        found = self._secret(wanted)
        data = {**(found["data"] if found else {}), wanted.definition.field or _FIELD: value}
        version = found["metadata"].get("version", 0) if found else 0
        body = {"data": data, "options": {"cas": version}}
        reply = self._asked(wanted, "POST", f"{self._config.mount}/data/{quote(wanted.key)}", body)
        if reply.status not in {_OK, _NO_CONTENT}:
            raise store_failed(wanted, f"Vault answers {reply.status} to a write of '{wanted.key}'")
        self._read.pop(wanted.key, None)

    def _secret(self, wanted: Wanted) -> dict[str, Any] | None:
        reply = self._asked(wanted, "GET", f"{self._config.mount}/data/{quote(wanted.key)}")
        if reply.status == _NOT_FOUND:
            return None
        if reply.status != _OK:
            raise store_failed(wanted, f"Vault answers {reply.status} for '{wanted.key}'")
        data = _data_of(reply)
        if not isinstance(data.get("data"), dict) or not isinstance(data.get("metadata"), dict):
            raise store_failed(wanted, f"'{wanted.key}' is no secret of a KV engine of version 2")
        return data

    def _asked(self, wanted: Wanted, method: str, path: str, body: Mapping[str, Any] | None = None) -> Reply:
        self._token = self._token or self._outside.get("VAULT_TOKEN", "") or self._logged_in(wanted)
        self._learn(self._token.encode())
        return self._http(wanted, method, path, body, {"X-Vault-Token": self._token})

    def _logged_in(self, wanted: Wanted) -> str:
        role, secret = self._outside.get("VAULT_ROLE_ID", ""), self._outside.get("VAULT_SECRET_ID", "")
        if not role or not secret:
            raise store_failed(wanted, "set VAULT_TOKEN, or VAULT_ROLE_ID and VAULT_SECRET_ID")
        self._learn(secret.encode())
        body = {"role_id": role, "secret_id": secret}
        reply = self._http(wanted, "POST", f"auth/{self._config.approle_mount}/login", body, {})
        token = _token_of(reply) if reply.status == _OK else None
        if token is None:
            raise store_failed(wanted, f"Vault answers {reply.status} to the AppRole's login")
        return token

    def _http(
        self, wanted: Wanted, method: str, path: str, body: Mapping[str, Any] | None, headers: Mapping[str, str]
    ) -> Reply:
        address = self._config.address or self._outside.get("VAULT_ADDR", "")
        if not address:
            raise store_failed(wanted, "name `secretStores.vault.address`, or set VAULT_ADDR")
        namespace = self._config.namespace or self._outside.get("VAULT_NAMESPACE", "")
        more = {"X-Vault-Namespace": namespace} if namespace else {}
        data = None if body is None else json.dumps(body).encode()
        try:
            return request(
                method,
                f"{address.rstrip('/')}/v1/{path}",
                data,
                {**headers, **more, "X-Vault-Request": "true"},
                ca_file=self._outside.get("VAULT_CACERT") or None,
            )
        except HttpFailed as failed:
            raise store_failed(wanted, f"Vault at {address}: {failed}") from None


def _data_of(reply: Reply) -> dict[str, Any]:
    try:
        found = read_json(reply.body)["data"]
    except (ValueError, KeyError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}


def _token_of(reply: Reply) -> str | None:
    try:
        found = read_json(reply.body)["auth"]["client_token"]
    except (ValueError, KeyError, TypeError):
        return None
    return found if isinstance(found, str) else None
