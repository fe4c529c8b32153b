"""Makes secrets, policies and roles in Vault (or OpenBao), looks for them, or takes back what a run made.

The request has `address`, `mount` (a KV engine of version 2), `namespace`, `approle_mount`, `ca_file`, `token_from`,
`notes` (a file), `mark`, `secrets` (`name`, `key`, `field`, `generate`), `policies` (`name`, and `rules` or null) and
`roles` (`name`, `path`, `mount`, `data`). `do` is `make`, `look` or `undo`, the latter with `marks`. Answers `results`,
each with `kind`, `name`, `state`: `exists`, `made`, `changed`, `missing`, `differs`, `removed`, `kept`; or `problem`
and `message`. Values of secrets never leave this program: neither old ones nor those that it generates.

Sources: https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2, …/system/policies, …/auth/approle.
"""

import json
import os
import ssl
import sys
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import HTTPRedirectHandler, HTTPSHandler, ProxyHandler, Request, build_opener

_ALPHABETS = {
    "alphanumeric": "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
    "hex": "0123456789abcdef",
    "base64url": "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
}
_SECONDS = 15
_MOST = 1024 * 1024
_TRIES = 5
_OK, _NO_CONTENT, _BAD_REQUEST, _NOT_FOUND = 200, 204, 400, 404
_TOO_MANY, _SERVER_ERRORS = 429, 500


class Wrong(Exception):  # noqa: N818 - ends the work of this program, with a problem and its message
    """Something is wrong; nothing more is done."""

    def __init__(self, problem: str, message: str) -> None:
        super().__init__(message)
        self.problem = problem


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:  # noqa: ANN401 - urllib's own signature
        """Nowhere: a token would go with it."""


class Vault:
    """One Vault, asked with one token."""

    def __init__(self, request: dict[str, Any]) -> None:
        self.address = request["address"] or os.environ.get("VAULT_ADDR", "")
        self.mount = quote(request["mount"].strip("/"))
        self._namespace = request["namespace"] or os.environ.get("VAULT_NAMESPACE", "")
        if not self.address.startswith(("http://", "https://")):
            raise Wrong("failed", "name `secretStores.vault.address`, or give the step VAULT_ADDR")
        ca_file = os.environ.get("VAULT_CACERT") or None
        try:
            context = ssl.create_default_context(cafile=ca_file)
        except OSError as broken:
            raise Wrong("failed", f"VAULT_CACERT cannot be read ({broken.strerror})") from None
        self._opener = build_opener(_NoRedirect, HTTPSHandler(context=context), ProxyHandler())
        self._token = ""
        self._token = os.environ.get(request["token_from"], "") or self._logged_in(request["approle_mount"])

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        """Status and JSON of a reply. Raises Wrong where there is none."""
        headers = {"X-Vault-Request": "true", "Content-Type": "application/json"}
        headers |= {"X-Vault-Token": self._token} if self._token else {}
        headers |= {"X-Vault-Namespace": self._namespace} if self._namespace else {}
        data = None if body is None else json.dumps(body).encode()
        url = f"{self.address.rstrip('/')}/v1/{path}"
        try:
            asked = Request(url, data=data, headers=headers, method=method)  # noqa: S310 - http or https
            with self._opener.open(asked, timeout=_SECONDS) as reply:
                return reply.status, _object(reply.read(_MOST))
        except HTTPError as answered:
            with answered:
                if answered.code == _TOO_MANY or answered.code >= _SERVER_ERRORS:
                    raise Wrong("unreachable", f"Vault at {self.address} answers {answered.code}") from None
                return answered.code, _object(answered.read(_MOST))
        except URLError as broken:
            raise Wrong("unreachable", f"Vault at {self.address}: {broken.reason}") from None
        except (OSError, HTTPException, ValueError) as broken:
            raise Wrong("unreachable", f"Vault at {self.address}: {type(broken).__name__}") from None

    def read(self, path: str, what: str) -> dict[str, Any] | None:
        """The `data` of a reply; None where there is nothing. Raises Wrong for any other status."""
        status, found = self.ask("GET", path)
        if status == _NOT_FOUND:
            return None
        if status != _OK or not isinstance(found.get("data"), dict):
            raise Wrong("failed", f"Vault answers {status} for {what}")
        data: dict[str, Any] = found["data"]
        return data

    def write(self, method: str, path: str, body: dict[str, Any] | None, what: str) -> None:
        """Raises Wrong where Vault does not take it."""
        status, _ = self.ask(method, path, body)
        if status not in {_OK, _NO_CONTENT}:
            raise Wrong("failed", f"Vault answers {status} to a change of {what}")

    def _logged_in(self, mount: str) -> str:
        role, secret = os.environ.get("VAULT_ROLE_ID", ""), os.environ.get("VAULT_SECRET_ID", "")
        if not role or not secret:
            raise Wrong("failed", "the step's `env` has no token, and no VAULT_ROLE_ID with VAULT_SECRET_ID")
        status, found = self.ask("POST", f"auth/{quote(mount)}/login", {"role_id": role, "secret_id": secret})
        auth = found.get("auth")
        token = auth.get("client_token") if isinstance(auth, dict) else None
        if status != _OK or not isinstance(token, str):
            raise Wrong("failed", f"Vault answers {status} to the AppRole's login")
        return token


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """The results, in order: secrets, policies, roles."""
    try:
        vault = Vault(request)
        settings = [_Setting(vault, policy["name"], _policy(policy)) for policy in request["policies"]]
        settings += [_Setting(vault, role["name"], _role(role)) for role in request["roles"]]
        if request["do"] == "undo":
            notes = _Notes(request["notes"])
            results = [notes.undone(setting, request["marks"]) for setting in reversed(settings)]
            return {"results": results + [_secret_undone(vault, one, request["marks"]) for one in request["secrets"]]}
        make = request["do"] == "make"
        results = [_secret(vault, one, request["mark"], make=make) for one in request["secrets"]]
        if make and any(result["state"] == "missing" for result in results):
            return {"results": results}
        notes = _Notes(request["notes"])
        return {"results": results + [_setting(one, notes, request["mark"], make=make) for one in settings]}
    except Wrong as wrong:
        told = {"problem": wrong.problem, "message": str(wrong)}
        return {**told, "unreachable": True} if wrong.problem == "unreachable" else told
    except OSError as broken:
        return {"problem": "failed", "message": f"notes cannot be kept ({broken.strerror})"}


def _secret(vault: Vault, secret: dict[str, Any], mark: str, *, make: bool) -> dict[str, str]:
    name, field = secret["name"], secret["field"]
    for _ in range(_TRIES):
        data, version = _held(vault, secret)
        if field in data:
            return _result("secret", name, "exists")
        if not make or secret["generate"] is None:
            return _result("secret", name, "missing")
        value = generate(secret["generate"]["length"], secret["generate"]["alphabet"])
        if _put(vault, secret, {**data, field: value}, version):
            _note_secret(vault, secret, mark, version + 1)
            return _result("secret", name, "made")
    raise Wrong("failed", f"secret '{name}' is changed all the time by something else")


def _held(vault: Vault, secret: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """The data of the newest version, and its number; nothing and 0 where there never was one."""
    status, found = vault.ask("GET", f"{vault.mount}/data/{quote(secret['key'])}")
    data = found.get("data")
    if status == _NOT_FOUND and not isinstance(data, dict):
        return {}, 0
    if status not in {_OK, _NOT_FOUND} or not isinstance(data, dict) or not isinstance(data.get("metadata"), dict):
        raise Wrong(
            "failed", f"Vault answers {status} for '{secret['key']}' of '{vault.mount}', a KV engine of version 2"
        )
    return data.get("data") or {}, int(data["metadata"]["version"])


def _put(vault: Vault, secret: dict[str, Any], data: dict[str, Any], version: int) -> bool:
    """Writes the next version. False: somebody was faster."""
    body = {"data": data, "options": {"cas": version}}
    status, found = vault.ask("POST", f"{vault.mount}/data/{quote(secret['key'])}", body)
    if status == _BAD_REQUEST and "check-and-set" in str(found.get("errors")):
        return False
    if status not in {_OK, _NO_CONTENT}:
        raise Wrong("failed", f"Vault answers {status} to a write of '{secret['key']}'")
    return True


def _label(secret: dict[str, Any]) -> str:
    return f"innominatus.{secret['field']}"


def _note_secret(vault: Vault, secret: dict[str, Any], mark: str, version: int) -> None:
    path = f"{vault.mount}/metadata/{quote(secret['key'])}"
    known = vault.read(path, f"the metadata of '{secret['key']}'") or {}
    custom = {**(known.get("custom_metadata") or {}), _label(secret): f"{version} {mark}"}
    vault.write("POST", path, {"custom_metadata": custom}, f"the metadata of '{secret['key']}'")


def _secret_undone(vault: Vault, secret: dict[str, Any], marks: list[str]) -> dict[str, str]:
    path, name, field = f"{vault.mount}/metadata/{quote(secret['key'])}", secret["name"], secret["field"]
    known = vault.read(path, f"the metadata of '{secret['key']}'")
    custom = dict((known or {}).get("custom_metadata") or {})
    made, _, mark = str(custom.pop(_label(secret), "")).partition(" ")
    data, version = _held(vault, secret)
    if mark not in marks or field not in data:
        return _result("secret", name, "kept")
    then = vault.read(f"{vault.mount}/data/{quote(secret['key'])}?version={int(made)}", f"'{secret['key']}'")
    if not then or (then.get("data") or {}).get(field) != data[field]:
        return _result("secret", name, "kept")
    rest = {key: value for key, value in data.items() if key != field}
    if not rest and made == "1":
        vault.write("DELETE", path, None, f"'{secret['key']}'")
    elif _put(vault, secret, rest, version):
        vault.write("POST", path, {"custom_metadata": custom}, f"the metadata of '{secret['key']}'")
    else:
        return _result("secret", name, "kept")
    return _result("secret", name, "removed")


class _Setting:
    """A policy or a role: where it is, and how it is to be (None: it has to be there, however it is)."""

    def __init__(self, vault: Vault, name: str, told: tuple[str, str, dict[str, Any] | None]) -> None:
        self.vault, self.name = vault, name
        self.kind, self.path, self.wanted = told

    def read(self) -> dict[str, Any] | None:
        """How it is; None where it is not there."""
        found = self.vault.read(self.path, f"{self.kind} '{self.name}'")
        return {"policy": found.get("policy", "")} if found is not None and self.kind == "policy" else found

    def write(self, data: dict[str, Any] | None) -> None:
        """Puts it, or takes it away."""
        self.vault.write("DELETE" if data is None else "POST", self.path, data, f"{self.kind} '{self.name}'")

    def is_so(self, found: dict[str, Any] | None, wanted: dict[str, Any] | None) -> bool:
        """Whether what was found has all that is wanted; Vault adds defaults of its own."""
        if found is None or wanted is None:
            return found is wanted
        return all(_same(found.get(key), value) for key, value in wanted.items())


def _policy(policy: dict[str, Any]) -> tuple[str, str, dict[str, Any] | None]:
    rules = policy["rules"]
    return "policy", f"sys/policies/acl/{quote(policy['name'])}", None if rules is None else {"policy": rules}


def _role(role: dict[str, Any]) -> tuple[str, str, dict[str, Any] | None]:
    return "role", f"auth/{quote(role['mount'])}/role/{quote(role['name'])}", role["data"]


def _setting(setting: _Setting, notes: "_Notes", mark: str, *, make: bool) -> dict[str, str]:
    found = setting.read()
    if found is not None and (setting.wanted is None or setting.is_so(found, setting.wanted)):
        return _result(setting.kind, setting.name, "exists")
    if setting.wanted is None or not make:
        return _result(setting.kind, setting.name, "missing" if found is None else "differs")
    before = None if found is None else {key: found.get(key) for key in setting.wanted}
    notes.add(mark, setting, before)
    setting.write(setting.wanted)
    if not setting.is_so(setting.read(), setting.wanted):
        raise Wrong("failed", f"{setting.kind} '{setting.name}' is not as it was written")
    return _result(setting.kind, setting.name, "made" if found is None else "changed")


class _Notes:
    """How each policy and role was before a run changed it, and what it made of it: Vault itself does not know."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        try:
            self._notes: dict[str, Any] = json.loads(self._path.read_bytes())
        except (OSError, ValueError):
            self._notes = {}

    def add(self, mark: str, setting: _Setting, before: dict[str, Any] | None) -> None:
        """Notes it before it is done; what an earlier attempt of the run noted stays."""
        place = f"{setting.vault.address} {setting.path}"
        known = self._notes.setdefault(mark, {}).get(place)
        self._notes[mark][place] = {"before": known["before"] if known else before, "after": setting.wanted}
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self._path.with_suffix(".new")
        draft.write_text(json.dumps(self._notes))
        draft.replace(self._path)

    def undone(self, setting: _Setting, marks: list[str]) -> dict[str, str]:
        """Puts it back as it was before the first of the runs, where it still is as they left it."""
        place = f"{setting.vault.address} {setting.path}"
        known = [self._notes[mark][place] for mark in marks if place in self._notes.get(mark, {})]
        if not known:
            return _result(setting.kind, setting.name, "kept")
        found, before = setting.read(), known[0]["before"]
        if setting.is_so(found, before):
            return _result(setting.kind, setting.name, "removed")
        if not any(setting.is_so(found, one["after"]) for one in known):
            raise Wrong("later", f"{setting.kind} '{setting.name}' was changed by something else since")
        setting.write(before)
        return _result(setting.kind, setting.name, "removed")


def generate(length: int, alphabet: str) -> str:
    """`length` characters, each equally likely, from the operating system's randomness."""
    characters = _ALPHABETS[alphabet]
    limit = 256 - 256 % len(characters)
    found: list[str] = []
    while len(found) < length:
        found += [characters[byte % len(characters)] for byte in os.urandom(length) if byte < limit]
    return "".join(found[:length])


def _same(found: object, wanted: object) -> bool:
    if isinstance(found, list) and isinstance(wanted, list):
        return sorted(map(str, found)) == sorted(map(str, wanted))
    if isinstance(found, str) and isinstance(wanted, str):
        return found.strip() == wanted.strip()
    return found == wanted or (found is None and wanted in ([], ""))


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _result(kind: str, name: str, state: str) -> dict[str, str]:
    return {"kind": kind, "name": name, "state": state}


if __name__ == "__main__":
    os.umask(0o077)
    json.dump(answer(json.load(sys.stdin)), sys.stdout)
