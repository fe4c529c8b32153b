"""Real servers of secrets and of the cloud's API for tests."""

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from secrets import token_hex
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.integration.starting import answers, free_port, servers


class VaultServer(NamedTuple):
    """A Vault core in memory, unsealed, without any engine but the token's and the system's own."""

    url: str
    token: str
    """The root token."""

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """What Vault says to `/v1/PATH`; None to what is not there."""
        data = None if body is None else json.dumps(body).encode()
        request = Request(f"{self.url}/v1/{path}", data, {"X-Vault-Token": self.token}, method=method)  # noqa: S310
        try:
            with urlopen(request, timeout=30) as reply:  # noqa: S310
                text = reply.read()
        except HTTPError as refused:
            if refused.code == 404:
                return None
            raise
        return json.loads(text) if text else None

    def new_engine(self, path: str = "") -> str:
        """The path of an empty KV engine of version 2, ready to take secrets; one that is at `path` is thrown away."""
        if path:
            self.ask("DELETE", f"sys/mounts/{path}")
        path = path or f"kv-{token_hex(4)}"
        self.ask("POST", f"sys/mounts/{path}", {"type": "kv", "options": {"version": "2"}})
        for _ in range(200):  # it is upgraded for a moment after it was mounted, and refuses everything
            try:
                self.ask("GET", f"{path}/config")
            except HTTPError:
                time.sleep(0.05)
            else:
                return path
        raise AssertionError("the KV engine does not answer")


class MotoServer(NamedTuple):
    """The APIs of AWS, in memory."""

    url: str

    @property
    def environment(self) -> dict[str, str]:
        """What a client of AWS needs to find it, and nothing of the machine's own account."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }


@pytest.fixture(scope="session")
def vault_server(tool: Callable[[str], Path]) -> Iterator[VaultServer]:
    """A real Vault core: mount engines below paths of your own, the session shares it."""
    program = tool("vaultd")
    with servers("vault") as started:
        address, token = f"127.0.0.1:{free_port()}", started.folder / "token"
        healthy = f"http://{address}/v1/sys/health"
        started.start("vaultd", [program, address, token], lambda: answers(healthy, b'"sealed":false'))
        yield VaultServer(f"http://{address}", token.read_text())


@pytest.fixture(scope="session")
def moto_server(tool: Callable[[str], Path]) -> Iterator[MotoServer]:
    """The AWS API by moto: what one test creates, the next one sees."""
    program, port = tool("moto_server"), free_port()
    with servers("moto") as started:
        url = f"http://127.0.0.1:{port}"
        argv: list[str | Path] = [program, "-H", "127.0.0.1", "-p", str(port)]
        started.start("moto", argv, lambda: answers(f"{url}/moto-api/data.json"))
        yield MotoServer(url)
