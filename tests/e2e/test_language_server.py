"""A scripted editor session over stdin and stdout, with the installed command."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pygls")

WORKFLOW = """\
apiVersion: workflow.dev/v1
kind: ProductWorkflow
metadata:
  name: setup
  description: "Sets up 🚀 everything"
  product: shop
  owner: shop-team
  phase: deployment
spec:
  triggers:
    - product_deployment
  variables:
    SIZE: small
  steps:
    - name: build
      type: script
      timeout: 1m
      config:
        script: make build
      outputs: [image]
    - name: deploy
      type: kuberntes
      depends_on: [build]
      config:
        namespace: ${steps.build.outputs.image}
"""
ADMIN = "secrets: {stripe-key: {store: env, env: STRIPE}}\nworkflowPolicies: {allowedStepTypes: [script, kubernetes]}\n"


class Editor:
    """The client's side of the protocol: numbered requests, notifications, and what the server tells by itself."""

    def __init__(self, folder: Path) -> None:
        tool = Path(sys.executable).parent / "innominatus-ctl"
        self._process = subprocess.Popen([tool, "lsp"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._number = 0
        self.told: list[dict[str, Any]] = []

    def send(self, method: str, params: object, *, number: int | None = None) -> None:
        message = {"jsonrpc": "2.0", "method": method, "params": params} | ({} if number is None else {"id": number})
        data = json.dumps(message).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(data), data))
        self._process.stdin.flush()

    def receive(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        size = 0
        while (line := self._process.stdout.readline().strip()) != b"":
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                size = int(value)
        message: dict[str, Any] = json.loads(self._process.stdout.read(size))
        return message

    def ask(self, method: str, params: object) -> Any:
        self._number += 1
        self.send(method, params, number=self._number)
        while True:
            message = self.receive()
            if message.get("id") == self._number:
                assert "error" not in message, message
                return message["result"]
            self.told.append(message)

    def diagnostics(self) -> list[dict[str, Any]]:
        """The next that the server tells of a file."""
        diagnostics: list[dict[str, Any]] = self.published()["diagnostics"]
        return diagnostics

    def published(self) -> dict[str, Any]:
        """The same, with the file's address."""
        while True:
            waiting = [one for one in self.told if one.get("method") == "textDocument/publishDiagnostics"]
            if waiting:
                self.told.remove(waiting[0])
                found: dict[str, Any] = waiting[0]["params"]
                return found
            self.told.append(self.receive())

    def leave(self) -> int:
        self.ask("shutdown", None)
        self.send("exit", None)
        with self._process as process:
            return process.wait(timeout=30)


@pytest.fixture
def editor(tmp_path: Path) -> Iterator[Editor]:
    (tmp_path / "workflows/products/shop").mkdir(parents=True)
    (tmp_path / "admin-config.yaml").write_text(ADMIN, encoding="utf-8")
    editor = Editor(tmp_path)
    capabilities = {"general": {"positionEncodings": ["utf-16"]}, "textDocument": {"publishDiagnostics": {}}}
    answer = editor.ask("initialize", {"processId": None, "rootUri": tmp_path.as_uri(), "capabilities": capabilities})
    for feature in ("hoverProvider", "completionProvider", "codeActionProvider"):
        assert answer["capabilities"][feature]
    editor.send("initialized", {})
    yield editor
    assert editor.leave() == 0


def opened(editor: Editor, folder: Path, text: str = WORKFLOW) -> str:
    """The URI of a workflow that the editor has open, and that nobody has saved."""
    uri = (folder / "workflows/products/shop/setup.yaml").as_uri()
    document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
    editor.send("textDocument/didOpen", {"textDocument": document})
    return uri


def position_of(text: str, words: str, behind: int = 0) -> dict[str, int]:
    before = text[: text.index(words) + behind]
    return {"line": before.count("\n"), "character": len(before.rpartition("\n")[2].encode("utf-16-le")) // 2}


def test_a_file_that_is_opened_has_the_findings_of_validate(editor: Editor, tmp_path: Path) -> None:
    opened(editor, tmp_path)
    found = {one["code"]: one for one in editor.diagnostics()}
    unknown = found["ORC-2002"]
    assert unknown["severity"] == 1
    assert unknown["source"] == "innominatus-ctl"
    assert "did you mean 'kubernetes'" in unknown["message"].lower()
    assert unknown["range"]["start"] == position_of(WORKFLOW, "kuberntes")
    assert unknown["range"]["end"] == position_of(WORKFLOW, "kuberntes", len("kuberntes"))


def test_findings_follow_what_is_typed_and_go_when_the_file_is_closed(editor: Editor, tmp_path: Path) -> None:
    uri = opened(editor, tmp_path)
    assert "ORC-2002" in {one["code"] for one in editor.diagnostics()}
    area = {
        "start": position_of(WORKFLOW, "kuberntes"),
        "end": position_of(WORKFLOW, "kuberntes", len("kuberntes")),
    }
    editor.send(
        "textDocument/didChange",
        {"textDocument": {"uri": uri, "version": 2}, "contentChanges": [{"range": area, "text": "kubernetes"}]},
    )
    assert "ORC-2002" not in {one["code"] for one in editor.diagnostics()}
    editor.send("textDocument/didClose", {"textDocument": {"uri": uri}})
    assert editor.diagnostics() == []


@pytest.mark.parametrize("name", ["setup.yaml", "nothing.yaml", "", "%00.yaml"])
def test_a_question_about_a_file_that_is_not_open_has_an_empty_answer(
    editor: Editor, tmp_path: Path, name: str
) -> None:
    editor.send("textDocument/didClose", {"textDocument": {"uri": opened(editor, tmp_path)}})
    document = {"textDocument": {"uri": (tmp_path / "workflows/products/shop").as_uri() + "/" + name}}
    place = {"line": 1, "character": 1}
    assert editor.ask("textDocument/hover", {**document, "position": place}) is None
    assert editor.ask("textDocument/completion", {**document, "position": place})["isIncomplete"] is False
    wanted = {**document, "range": {"start": place, "end": place}, "context": {"diagnostics": []}}
    assert editor.ask("textDocument/codeAction", wanted) == []


@pytest.mark.parametrize("escaped", ["set(up)%20%C3%A9.yaml", "set%28up%29%20%C3%A9.yaml"])
def test_saving_tells_of_what_is_open_by_the_address_that_the_editor_gave(
    editor: Editor, tmp_path: Path, escaped: str
) -> None:
    uri = f"{tmp_path.as_uri()}/workflows/products/shop/{escaped}"  # editors differ in what they escape
    document = {"uri": uri, "languageId": "yaml", "version": 1, "text": WORKFLOW}
    editor.send("textDocument/didOpen", {"textDocument": document})
    first = editor.published()
    editor.send("textDocument/didSave", {"textDocument": {"uri": uri}})
    assert editor.published() == first
    assert first["uri"] == uri
    assert "ORC-2002" in {one["code"] for one in first["diagnostics"]}


def test_a_text_that_is_no_yaml_yet_has_one_finding_and_completion_goes_on(editor: Editor, tmp_path: Path) -> None:
    broken = WORKFLOW + "    - name: more\n      ty\n"
    uri = opened(editor, tmp_path, broken)
    assert [one["code"] for one in editor.diagnostics() if one["severity"] == 1]
    labels = _labels(editor, uri, position_of(broken, "      ty\n", len("      ty")))
    assert "type" in labels
    assert "name" not in labels


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("phase: deployment", "pre-deployment, deployment, post-deployment"),
        ("script\n      timeout", "**script**"),
        ("kuberntes", "ORC-2002"),
        ("steps.build.outputs", "output of the step `build`"),
        ("triggers:", "all_deployments"),
    ],
)
def test_hover_says_what_stands_there(editor: Editor, tmp_path: Path, words: str, said: str) -> None:
    uri = opened(editor, tmp_path)
    place = position_of(WORKFLOW, words, 1)
    answer = editor.ask("textDocument/hover", {"textDocument": {"uri": uri}, "position": place})
    assert said in answer["contents"]["value"]


def _labels(editor: Editor, uri: str, position: dict[str, int]) -> list[str]:
    answer = editor.ask("textDocument/completion", {"textDocument": {"uri": uri}, "position": position})
    return [one["label"] for one in answer["items"]]


@pytest.mark.parametrize(
    ("old", "new", "proposed", "not_proposed"),
    [
        ("type: kuberntes", "type: ", "kubernetes", "build"),
        ("depends_on: [build]", "dependsOn: [", "build", "deploy"),
        ("phase: deployment", "phase: ", "post-deployment", "true"),
        ("outputs.image}", "outputs.", "image", "SIZE"),
        ("${steps.build.outputs.image}", "${variables.", "SIZE", "image"),
        ("${steps.build.outputs.image}", "${secrets.", "stripe-key", "SIZE"),
        ("        namespace: ${steps.build.outputs.image}", "        name", "namespace", "type"),
        ("    - product_deployment", "    - ", "first_deployment", "name"),
    ],
)
def test_completion_knows_keys_values_step_types_and_names(
    editor: Editor, tmp_path: Path, old: str, new: str, proposed: str, not_proposed: str
) -> None:
    opened(editor, tmp_path)
    text = WORKFLOW.replace("kuberntes", "kubernetes").replace(old.replace("kuberntes", "kubernetes"), new)
    uri = (tmp_path / "workflows/products/shop/setup.yaml").as_uri()
    change = {"textDocument": {"uri": uri, "version": 2}, "contentChanges": [{"text": text}]}
    editor.send("textDocument/didChange", change)
    labels = _labels(editor, uri, position_of(text, new, len(new)))
    assert proposed in labels
    assert not_proposed not in labels


@pytest.mark.parametrize(
    ("words", "title", "mended"),
    [
        ("kuberntes", "Write 'kubernetes'", "type: kubernetes"),
        ("depends_on", "Write 'dependsOn'", "dependsOn: [build]"),
    ],
)
def test_a_quick_fix_mends_what_it_stands_at(
    editor: Editor, tmp_path: Path, words: str, title: str, mended: str
) -> None:
    uri = opened(editor, tmp_path)
    editor.diagnostics()
    place = position_of(WORKFLOW, words, 1)
    area = {"start": place, "end": place}
    asked = {"textDocument": {"uri": uri}, "range": area, "context": {"diagnostics": []}}
    actions = {one["title"]: one for one in editor.ask("textDocument/codeAction", asked)}
    (edit,) = actions[title]["edit"]["changes"][uri]
    line = WORKFLOW.split("\n")[edit["range"]["start"]["line"]]
    new = line[: edit["range"]["start"]["character"]] + edit["newText"] + line[edit["range"]["end"]["character"] :]
    assert mended in new


def test_a_quick_fix_moves_an_input_into_config(editor: Editor, tmp_path: Path) -> None:
    text = WORKFLOW.replace("      config:\n        namespace:", "      namespace:").replace("kuberntes", "kubernetes")
    assert text != WORKFLOW
    uri = opened(editor, tmp_path, text)
    editor.diagnostics()
    place = position_of(text, "      namespace:", 7)
    asked = {"textDocument": {"uri": uri}, "range": {"start": place, "end": place}, "context": {"diagnostics": []}}
    (action,) = editor.ask("textDocument/codeAction", asked)
    (edit,) = action["edit"]["changes"][uri]
    assert "      config:\n        namespace: " in edit["newText"]


def test_a_file_of_another_kind_has_no_findings(editor: Editor, tmp_path: Path) -> None:
    uri = (tmp_path / "docker-compose.yaml").as_uri()
    text = "services:\n  web:\n    image: nginx\n"
    document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
    editor.send("textDocument/didOpen", {"textDocument": document})
    assert editor.diagnostics() == []


def test_a_document_that_is_no_file_is_left_alone(editor: Editor) -> None:
    document = {"uri": "untitled:Untitled-1", "languageId": "yaml", "version": 1, "text": "a: 1\n"}
    editor.send("textDocument/didOpen", {"textDocument": document})
    place = {"line": 0, "character": 0}
    assert editor.ask("textDocument/hover", {"textDocument": {"uri": document["uri"]}, "position": place}) is None


def test_without_its_extra_the_command_says_how_to_get_it(tmp_path: Path) -> None:
    code = (
        "import sys\nsys.modules['pygls'] = None\nsys.modules['lsprotocol'] = None\n"
        "from innominatus_cli.cli.main import run\nsys.exit(run(['lsp']))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 69
    assert "ORC-1089" in done.stderr
    assert "innominatus-cli[lsp]" in done.stderr
