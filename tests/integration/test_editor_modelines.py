"""The modelines of `init` and `new`, read by the language server that editors use for YAML."""

import json
import queue
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from innominatus_cli.cli import main
from innominatus_cli.operations.init import init_repository

LONGEST_SECONDS = 60
NEW = (
    ("application", "greeter"),
    ("application", "reports", "--template", "scheduled-job"),
    ("workflow", "scan", "--tier", "platform", "--step-type", "security"),
    ("product", "cards"),
    ("golden-path", "rotate", "--operation", "task"),
    ("step-type", "greet"),
    ("provider", "databases", "--resource-type", "postgres"),
    ("policy", "limits", "--max-concurrent", "4"),
)


class YamlServer:
    """yaml-language-server with an editor's default settings, but for its store of schemas, which needs a network."""

    def __init__(self, program: Path, folder: Path) -> None:
        argv = [str(program), "--stdio"]
        self._process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._told: queue.Queue[dict[str, Any]] = queue.Queue()
        self._diagnostics: dict[str, list[str]] = {}
        threading.Thread(target=self._listen, daemon=True).start()
        capabilities = {"textDocument": {"publishDiagnostics": {}}, "workspace": {"configuration": True}}
        self._send("initialize", {"processId": None, "rootUri": folder.as_uri(), "capabilities": capabilities}, 1)
        self._wait(lambda message: message.get("id") == 1 and "result" in message)
        self._send("initialized", {})
        self._wait(lambda message: message.get("method") == "workspace/configuration")

    def diagnostics(self, path: Path, text: str) -> list[str]:
        """What an editor would underline in a file with this text."""
        document = {"uri": path.as_uri(), "languageId": "yaml", "version": 1, "text": text}
        self._send("textDocument/didOpen", {"textDocument": document})
        found = self._wait(lambda message: message.get("params", {}).get("uri") == path.as_uri())
        return [item["message"] for item in found["params"]["diagnostics"]]

    def close(self) -> None:
        """Ends the server."""
        self._process.kill()
        self._process.communicate()

    def _wait(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        while True:
            message = self._told.get(timeout=LONGEST_SECONDS)
            if message.get("method") == "workspace/configuration":
                settings = {"validate": True, "schemaStore": {"enable": False}}
                asked = [item.get("section") for item in message["params"]["items"]]
                self._write({"id": message["id"], "result": [settings if it == "yaml" else None for it in asked]})
            elif "method" in message and "id" in message:
                self._write({"id": message["id"], "result": None})
            if wanted(message):
                return message

    def _send(self, method: str, params: object, number: int | None = None) -> None:
        self._write({"method": method, "params": params} | ({} if number is None else {"id": number}))

    def _write(self, message: dict[str, Any]) -> None:
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(data), data))
        self._process.stdin.flush()

    def _listen(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        while header := stream.readline():
            length = int(header.partition(b":")[2]) if header.lower().startswith(b"content-length") else 0
            while stream.readline().strip():
                pass
            self._told.put(json.loads(stream.read(length)))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    init_repository(tmp_path, "web-shop")
    monkeypatch.chdir(tmp_path)
    for arguments in NEW:
        assert main.run(["new", *arguments]) == 0
    return tmp_path


@pytest.fixture
def server(folder: Path, tool: Callable[[str], Path]) -> Iterator[YamlServer]:
    started = YamlServer(tool("yaml-language-server"), folder)
    yield started
    started.close()


def test_an_editor_finds_every_schema_without_a_network_and_underlines_what_is_wrong(
    folder: Path, server: YamlServer
) -> None:
    paths = [*folder.glob("admin-config.yaml"), *folder.rglob("apps/*/score.yaml"), *folder.glob("workflows/**/*.yaml")]
    assert len(paths) > len(NEW)
    for path in paths:
        text = path.read_text(encoding="utf-8")
        assert server.diagnostics(path.with_name(f"good-{path.name}"), text) == [], path
        wrong = server.diagnostics(path.with_name(f"bad-{path.name}"), f"{text}\nnmae: x\n")
        assert wrong == ["Property nmae is not allowed."], path
