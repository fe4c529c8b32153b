"""Stores of secrets: real files, real age, a real Vault; stand-ins that speak what the clouds' command lines print."""

import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import socket
from typing import Any
from urllib.request import Request, urlopen

import pytest

from innominatus_cli.documents.admin_config import AdminConfigDocument
from innominatus_cli.execution.redaction import Redactor
from innominatus_cli.execution.values import UnusableSecret
from innominatus_cli.operations.secret_stores.stores import SecretStores
from innominatus_cli.system.clock import SystemClock

VALUE = "correct-horse-7"
Make = Callable[..., SecretStores]


@pytest.fixture
def stores(tmp_path: Path) -> Make:
    """`stores({…a definition…}, {…environment…}, …sections of admin-config…)`: the stores, with one secret `token`."""

    def made(definition: dict[str, Any], outside: dict[str, str] | None = None, **sections: Any) -> SecretStores:
        admin = AdminConfigDocument.model_validate({"secrets": {"token": definition}, **sections})
        state, work = tmp_path / "state", tmp_path / "work"
        state.mkdir(exist_ok=True)
        work.mkdir(exist_ok=True)
        path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
        environment = {"PATH": path, **(outside or {})}
        return SecretStores(admin, work, state, "shop", "staging", SystemClock(), environment)

    return made


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str, str], Path]:
    """`program("aws", text)`: a program of that name which runs this Python; what it was asked is in `asked`."""

    def made(name: str, text: str) -> Path:
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        path = folder / name
        asked = tmp_path / "asked"
        head = f"#!{sys.executable}\nimport json, sys\nopen({str(asked)!r}, 'a').write(json.dumps(sys.argv) + '\\n')\n"
        path.write_text(head + text)
        path.chmod(0o755)
        return asked

    return made


def test_the_local_store_gives_what_is_in_a_private_file_and_when_it_was_changed(stores: Make, tmp_path: Path) -> None:
    found = stores({"store": "local"})
    assert found.value("token") is None
    again = stores({"store": "local"})
    wanted = again.wanted("token")
    assert wanted is not None
    again.store_of(wanted).replace(wanted, VALUE)
    path = tmp_path / "state" / "secrets" / "token"
    assert path.stat().st_mode & 0o777 == 0o600
    held = again.read(wanted)
    assert held is not None
    assert held.value == VALUE
    assert held.changed is not None
    assert datetime.now(UTC) - held.changed < timedelta(minutes=5)


@pytest.mark.parametrize("key", ["/tmp/elsewhere", "../elsewhere", "{application}/../../elsewhere"])
def test_a_key_that_leads_out_of_the_local_store_is_refused(stores: Make, key: str) -> None:
    found = stores({"store": "local", "key": key})
    wanted = found.wanted("token")
    assert wanted is not None
    with pytest.raises(UnusableSecret, match="leads out of the store"):
        found.store_of(wanted).replace(wanted, VALUE)
    with pytest.raises(UnusableSecret, match="leads out of the store"):
        found.value("token")


def test_a_local_secret_may_stand_in_a_folder(stores: Make, tmp_path: Path) -> None:
    found = stores({"store": "local", "key": "{environment}/token"})
    wanted = found.wanted("token")
    assert wanted is not None
    found.store_of(wanted).replace(wanted, VALUE)
    assert (tmp_path / "state" / "secrets" / "staging" / "token").read_text() == VALUE
    assert found.value("token") == VALUE


def test_a_local_file_that_others_can_read_is_refused(stores: Make, tmp_path: Path) -> None:
    (tmp_path / "state" / "secrets").mkdir(parents=True)
    path = tmp_path / "state" / "secrets" / "token"
    path.write_text(VALUE)
    path.chmod(0o644)
    with pytest.raises(UnusableSecret, match="not private"):
        stores({"store": "local"}).value("token")


def test_the_environment_gives_what_is_set(stores: Make) -> None:
    assert stores({"store": "env", "env": "T"}, {"T": VALUE}).value("token") == VALUE
    assert stores({"store": "env"}, {"TOKEN": VALUE}).value("token") == VALUE
    assert stores({"store": "env", "env": "T"}, {"T": ""}).value("token") is None


def age_identity() -> tuple[str, str]:
    x25519 = pytest.importorskip("pyrage").x25519
    identity = x25519.Identity.generate()
    return str(identity), str(identity.to_public())


def test_a_file_that_is_encrypted_with_age_gives_values_and_takes_new_ones(stores: Make, tmp_path: Path) -> None:
    identity, recipient = age_identity()
    pyrage = pytest.importorskip("pyrage")
    path = tmp_path / "work" / "secrets.staging.yaml.age"
    path.parent.mkdir()
    plain = f"token: {VALUE}\nother: {{value: keep-this, changed: 2026-01-02T03:04:05Z}}\n"
    path.write_bytes(pyrage.encrypt(plain.encode(), [pyrage.x25519.Recipient.from_str(recipient)]))
    config = {"file": {"recipients": [recipient]}}
    outside = {"INNOMINATUS_AGE_IDENTITY": identity}
    found = stores({"store": "file"}, outside, secretStores=config)
    assert found.value("token") == VALUE
    wanted = found.wanted("token")
    assert wanted is not None
    found.store_of(wanted).replace(wanted, "a-newer-horse-8")
    assert b"horse" not in path.read_bytes()
    key_file = tmp_path / "key.txt"
    key_file.write_text(f"# created by age-keygen\n{identity}\n")
    again = stores({"store": "file"}, {"INNOMINATUS_AGE_IDENTITY": str(key_file)}, secretStores=config)
    assert again.value("token") == "a-newer-horse-8"
    other = stores({"store": "file", "key": "other"}, outside, secretStores=config)
    wanted = other.wanted("token")
    assert wanted is not None
    held = other.read(wanted)
    assert held is not None
    assert (held.value, held.changed) == ("keep-this", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))


def test_a_file_that_is_not_there_yet_is_made_by_the_first_new_value(stores: Make, tmp_path: Path) -> None:
    identity, recipient = age_identity()
    config = {"file": {"path": "secrets/{environment}.age", "recipients": [recipient]}}
    outside = {"INNOMINATUS_AGE_IDENTITY": identity}
    found = stores({"store": "file"}, outside, secretStores=config)
    with pytest.raises(UnusableSecret, match=r"'secrets/staging.age' cannot be read: the file does not exist"):
        found.value("token")
    wanted = found.wanted("token")
    assert wanted is not None
    found.store_of(wanted).replace(wanted, VALUE)
    assert (tmp_path / "work" / "secrets" / "staging.age").is_file()
    assert stores({"store": "file"}, outside, secretStores=config).value("token") == VALUE


@pytest.mark.parametrize("written", ["0123456", "1_000_000", "12:30:45", "0x1F1F1F", "2026-01-02", "false-not"])
def test_a_value_of_an_encrypted_file_is_the_text_that_stands_there(stores: Make, tmp_path: Path, written: str) -> None:
    identity, recipient = age_identity()
    pyrage = pytest.importorskip("pyrage")
    path = tmp_path / "work" / "secrets.staging.yaml.age"
    path.parent.mkdir()
    plain = f"token: {written}\nempty:\nlist: [a]\n"
    path.write_bytes(pyrage.encrypt(plain.encode(), [pyrage.x25519.Recipient.from_str(recipient)]))
    outside = {"INNOMINATUS_AGE_IDENTITY": identity}
    assert stores({"store": "file"}, outside).value("token") == written
    assert stores({"store": "file", "key": "empty"}, outside).value("token") is None
    assert stores({"store": "file", "key": "nowhere"}, outside).value("token") is None
    with pytest.raises(UnusableSecret, match="'list' is no text"):
        stores({"store": "file", "key": "list"}, outside).value("token")


def test_a_file_for_somebody_else_says_so(stores: Make, tmp_path: Path) -> None:
    _, recipient = age_identity()
    other, _ = age_identity()
    pyrage = pytest.importorskip("pyrage")
    path = tmp_path / "work" / "secrets.staging.yaml.age"
    path.parent.mkdir()
    path.write_bytes(pyrage.encrypt(b"token: x", [pyrage.x25519.Recipient.from_str(recipient)]))
    with pytest.raises(UnusableSecret, match="is not encrypted for the identity in INNOMINATUS_AGE_IDENTITY"):
        stores({"store": "file"}, {"INNOMINATUS_AGE_IDENTITY": other}).value("token")
    with pytest.raises(UnusableSecret, match="INNOMINATUS_AGE_IDENTITY is not set"):
        stores({"store": "file"}).value("token")


AWS = f"""
if sys.argv[4] == 'prod/none':
    sys.stderr.write('An error occurred (ResourceNotFoundException) when calling the GetSecretValue operation')
    sys.exit(254)
if sys.argv[4] == 'prod/denied':
    sys.stderr.write('An error occurred (AccessDeniedException): {VALUE}')
    sys.exit(254)
secret = json.dumps({{"user": "shop", "password": "{VALUE}"}})
print(json.dumps({{"ARN": "arn:aws:x", "Name": sys.argv[4], "SecretString": secret, "CreatedDate": 1767322800.5}}))
"""
AZURE = f"""
print(json.dumps({{"value": "{VALUE}", "attributes": {{"enabled": True, "updated": "2026-01-02T03:00:00+00:00"}}}}))
"""
GCP = f"""
data = "{base64.urlsafe_b64encode(VALUE.encode()).decode()}"
print(json.dumps({{"name": "projects/1/secrets/token/versions/3", "payload": {{"data": data}}}}))
"""


def test_aws_is_asked_by_name_and_a_member_of_its_json_is_taken(
    stores: Make, program: Callable[[str, str], Path]
) -> None:
    asked = program("aws", AWS)
    definition = {"store": "aws", "key": "prod/{application}", "field": "password"}
    found = stores(definition, secretStores={"aws": {"region": "eu-central-1"}})
    wanted = found.wanted("token")
    assert wanted is not None
    held = found.read(wanted)
    assert held is not None
    assert held.value == VALUE
    assert held.changed == datetime.fromtimestamp(1767322800.5, UTC)
    found.value("token")
    lines = asked.read_text().splitlines()
    assert len(lines) == 1
    assert json.loads(lines[0])[1:] == [
        *("secretsmanager", "get-secret-value", "--secret-id", "prod/shop", "--output", "json"),
        *("--region", "eu-central-1"),
    ]
    assert stores({"store": "aws", "key": "prod/none"}).value("token") is None
    with pytest.raises(UnusableSecret) as denied:
        stores({"store": "aws", "key": "prod/denied"}).value("token")
    assert "'aws' ended with exit status 254" in str(denied.value)
    assert VALUE not in str(denied.value)


def test_azure_and_google_cloud_are_asked_by_name(stores: Make, program: Callable[[str, str], Path]) -> None:
    program("az", AZURE)
    asked = program("gcloud", GCP)
    assert stores({"store": "azure"}, secretStores={"azure": {"vault": "shop-kv"}}).value("token") == VALUE
    assert stores({"store": "gcp"}, secretStores={"gcp": {"project": "shop"}}).value("token") == VALUE
    assert "--secret=token" in asked.read_text()
    assert VALUE not in asked.read_text()
    with pytest.raises(UnusableSecret, match="name the key vault"):
        stores({"store": "azure"}).value("token")


def test_a_command_of_the_platforms_own_prints_the_value(stores: Make, program: Callable[[str, str], Path]) -> None:
    program("pass-show", f"print('{VALUE}' if sys.argv[1] == 'team/token' else '')")
    found = stores({"store": "command", "key": "team/{name}", "command": ["pass-show", "{key}"]})
    assert found.value("token") == VALUE
    assert stores({"store": "command", "command": ["pass-show", "{key}"]}).value("token") is None
    with pytest.raises(UnusableSecret, match="'no-such-program' cannot be started"):
        stores({"store": "command", "command": ["no-such-program"]}).value("token")


def test_a_value_that_is_not_read_to_its_end_is_none(stores: Make, program: Callable[[str, str], Path]) -> None:
    program("pass-show", "print('x' * 3_000_000)")
    with pytest.raises(UnusableSecret, match="prints 3,000,001 bytes, more than a secret has"):
        stores({"store": "command", "command": ["pass-show"]}).value("token")


def test_a_member_that_is_no_text_is_given_as_json(stores: Make, program: Callable[[str, str], Path]) -> None:
    program("pass-show", "print(json.dumps({'flags': {'on': True}, 'port': 543210, 'none': None}))")
    for field, value in (("flags", '{"on": true}'), ("port", "543210"), ("none", None)):
        assert stores({"store": "command", "command": ["pass-show"], "field": field}).value("token") == value


def test_a_program_of_the_repository_is_never_the_one_that_is_asked(stores: Make, tmp_path: Path) -> None:
    path = tmp_path / "work" / "bin" / "aws"
    path.parent.mkdir(parents=True)
    path.write_text('#!/bin/sh\necho \'{"SecretString": "from the repository"}\'\n')
    path.chmod(0o755)
    with pytest.raises(UnusableSecret, match="'aws' cannot be started"):
        stores({"store": "aws"}, {"PATH": str(path.parent)}).value("token")


@pytest.mark.parametrize(("enforce", "given"), [("never", True), ("production", True), ("always", False)])
def test_a_secret_that_is_too_old_is_given_where_policy_lets_it(
    stores: Make, tmp_path: Path, enforce: str, *, given: bool
) -> None:
    from innominatus_cli.operations.secret_values import is_enforced

    (tmp_path / "state" / "secrets").mkdir(parents=True)
    path = tmp_path / "state" / "secrets" / "token"
    path.write_text(VALUE)
    path.chmod(0o600)
    os.utime(path, (1_600_000_000, 1_600_000_000))
    found = stores({"store": "local"}, secretPolicy={"maxAge": "90d", "enforce": enforce})
    found.enforced = is_enforced(found.admin, "staging")
    if given:
        assert found.value("token") == VALUE
        assert is_enforced(found.admin, "production") == (enforce == "production")
    else:
        with pytest.raises(UnusableSecret, match="it may be 90d old"):
            found.value("token")


@pytest.fixture(scope="module")
def vault(tool: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Address and root token of a real Vault with a KV engine at `secret/`."""
    token_file = tmp_path_factory.mktemp("vault") / "token"
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    process = subprocess.Popen([tool("vaultd"), address, token_file], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b"ready")
        root = token_file.read_text()
        for _ in range(50):
            try:
                ask(f"http://{address}", root, "POST", "sys/mounts/kv", {"type": "kv", "options": {"version": "2"}})
                break
            except OSError:
                time.sleep(0.1)
        yield f"http://{address}", root
    finally:
        process.kill()
        process.communicate()


def ask(address: str, token: str, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    with urlopen(Request(f"{address}/v1/{path}", data, {"X-Vault-Token": token}, method=method)) as reply:  # noqa: S310
        text = reply.read()
    return json.loads(text) if text else None


def write(vault: tuple[str, str], path: str, data: dict[str, Any]) -> None:
    for _ in range(50):  # the engine is upgraded for a moment after it was mounted
        try:
            ask(*vault, "POST", f"kv/data/{path}", {"data": data})
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the KV engine does not answer")


def test_vault_gives_the_newest_version_and_takes_a_new_one(stores: Make, vault: tuple[str, str]) -> None:
    address, root = vault
    write(vault, "shop/staging", {"value": "old", "password": VALUE, "user": "shop"})
    config = {"vault": {"address": address, "mount": "kv"}}
    definition = {"store": "vault", "key": "{application}/{environment}", "field": "password"}
    redactor = Redactor()
    found = stores(definition, {"VAULT_TOKEN": root}, secretStores=config)
    found.learn = redactor.register
    assert found.value("token") == VALUE
    assert redactor.holds(root.encode())
    wanted = found.wanted("token")
    assert wanted is not None
    held = found.read(wanted)
    assert held is not None
    assert held.changed is not None
    assert abs(datetime.now(UTC) - held.changed) < timedelta(minutes=5)
    found.store_of(wanted).replace(wanted, "a-newer-horse-8")
    again = stores(definition, {"VAULT_TOKEN": root}, secretStores=config)
    assert again.value("token") == "a-newer-horse-8"
    kept = ask(address, root, "GET", "kv/data/shop/staging")["data"]["data"]
    assert kept == {"value": "old", "password": "a-newer-horse-8", "user": "shop"}
    assert (
        stores({"store": "vault", "key": "no/such"}, {"VAULT_TOKEN": root}, secretStores=config).value("token") is None
    )


def test_vault_lets_a_role_in_as_far_as_its_policy_goes(stores: Make, vault: tuple[str, str]) -> None:
    address, root = vault
    write(vault, "open/token", {"value": VALUE})
    write(vault, "closed/token", {"value": VALUE})
    policy = 'path "kv/data/open/*" { capabilities = ["read"] }'
    ask(address, root, "PUT", "sys/policies/acl/reader", {"policy": policy})
    ask(address, root, "POST", "sys/auth/approle", {"type": "approle"})
    ask(address, root, "POST", "auth/approle/role/ci", {"token_policies": ["reader"]})
    role = ask(address, root, "GET", "auth/approle/role/ci/role-id")["data"]["role_id"]
    secret = ask(address, root, "POST", "auth/approle/role/ci/secret-id", {})["data"]["secret_id"]
    outside = {"VAULT_ADDR": address, "VAULT_ROLE_ID": role, "VAULT_SECRET_ID": secret}
    config = {"vault": {"mount": "kv"}}
    assert stores({"store": "vault", "key": "open/token"}, outside, secretStores=config).value("token") == VALUE
    with pytest.raises(UnusableSecret, match="Vault answers 403 for 'closed/token'"):
        stores({"store": "vault", "key": "closed/token"}, outside, secretStores=config).value("token")
    wrong = {**outside, "VAULT_SECRET_ID": "0" * 36}
    with pytest.raises(UnusableSecret, match="Vault answers 400 to the AppRole's login"):
        stores({"store": "vault", "key": "open/token"}, wrong, secretStores=config).value("token")


def test_a_vault_that_is_not_there_says_so_without_a_token(stores: Make) -> None:
    outside = {"VAULT_ADDR": "http://127.0.0.1:1", "VAULT_TOKEN": VALUE}
    with pytest.raises(UnusableSecret) as gone:
        stores({"store": "vault"}, outside).value("token")
    assert "Vault at http://127.0.0.1:1: [Errno 111] Connection refused" in str(gone.value)
    assert VALUE not in str(gone.value)
    with pytest.raises(UnusableSecret, match="set VAULT_TOKEN, or VAULT_ROLE_ID"):
        stores({"store": "vault"}, {"VAULT_ADDR": "http://127.0.0.1:1"}).value("token")
