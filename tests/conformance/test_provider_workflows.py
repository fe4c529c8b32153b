"""Provider workflows of the original: those that need only bash run, all others plan with their tools."""

import json
import re
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml

from innominatus_cli.cli.main import run

SCORE = """apiVersion: score.dev/v1b1
metadata: {{name: shop}}
containers:
  web: {{image: "registry.example.com/web:1.2", variables: {{HOST: "${{resources.it.{output}}}"}}}}
resources:
  it: {{type: {kind}, params: {params}}}
"""


@pytest.fixture
def providers(corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(corpus / "innominatus" / "providers", tmp_path / "providers")
    names = sorted(path.name for path in (tmp_path / "providers").iterdir())
    entries = "".join(
        f"  - {{name: {name}, type: filesystem, path: ./providers/{name}, enabled: true}}\n" for name in names
    )
    (tmp_path / "admin-config.yaml").write_text(f"providers:\n{entries}")
    subprocess.run(("git", "init", "-q"), cwd=tmp_path, check=True)
    for key, value in (("user.name", "Ada"), ("user.email", "ada@shop.example")):
        subprocess.run(("git", "config", key, value), cwd=tmp_path, check=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _asks_for(root: Path, kind: str, output: str, params: dict[str, Any]) -> None:
    text = SCORE.format(kind=kind, output=output, params=json.dumps(params))
    (root / "score.yaml").write_text(text)
    subprocess.run(("git", "add", "-A"), cwd=root, check=True)
    subprocess.run(("git", "commit", "-qm", "x", "--allow-empty"), cwd=root, check=True)


def _steps(root: Path) -> list[dict[str, Any]]:
    records = sorted((root / ".innominatus/runs").rglob("*.json"), key=lambda path: path.stat().st_mtime_ns)
    found: list[dict[str, Any]] = json.loads(records[-1].read_text())["steps"]
    return found


def test_a_workflow_that_needs_only_bash_makes_and_removes_a_resource(
    providers: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _asks_for(providers, "postgres-mock", "host", {"db_name": "orders"})
    assert run(("run", "deploy-app", "score.yaml")) == 0, capsys.readouterr().err
    steps = {step["step"].rpartition("/")[2]: step for step in _steps(providers)}
    outputs = steps["provision-it"]["outputs"]
    assert {name: outputs[name] for name in ("host", "port", "database_name", "cluster_name", "username")} == {
        "host": "localhost",
        "port": "5432",
        "database_name": "orders",
        "cluster_name": "team-orders",
        "username": "orders_app",
    }
    assert "password" not in outputs
    written = [path for path in (providers / ".innominatus").rglob("*") if path.is_file()]
    assert not [path for path in written if path.parent.name != "plans" and b"mock-password-1" in path.read_bytes()]
    assert run(("run", "undeploy-app", "score.yaml")) == 0, capsys.readouterr().err
    removed = {step["step"].rpartition("/")[2]: step["status"] for step in _steps(providers)}
    assert removed["delete-it.delete-mock-database"] == "succeeded"
    assert removed["deprovision-it"] == "succeeded"


@pytest.mark.parametrize(
    ("kind", "params", "tools"),
    [
        ("kubernetes-namespace", {"namespace_name": "shop"}, {"kubectl"}),
        ("postgres", {"size": "small", "replicas": 2}, {"kubectl"}),
        (
            "container",
            {"team_id": "payments", "container_image": "registry.example.com/web:1.2"},
            {"kubectl"},
        ),
    ],
)
def test_a_workflow_that_needs_more_plans_with_its_tools(
    providers: Path, capsys: pytest.CaptureFixture[str], kind: str, params: dict[str, Any], tools: set[str]
) -> None:
    with (providers / "admin-config.yaml").open("a") as admin:
        admin.write("environments: {development: {kubernetes: {mode: apply}}}\n")
    _asks_for(providers, kind, "deployment_status" if kind == "container" else "status", params)
    assert run(("plan", "score.yaml", "-o", "json")) == 0, capsys.readouterr().err
    told = capsys.readouterr()
    plan = json.loads(told.out)
    plan = plan.get("plan", plan)
    assert plan is not None, told.err
    named = {tool["name"] for step in plan["steps"] for tool in step.get("tools", ())}
    assert tools <= named
    made = next(step for step in plan["steps"] if step["name"] == "provision-it")
    assert made["inputs"]["provisioner"]["kind"] == "workflow"


def test_a_param_that_a_provider_does_not_take_is_told_with_near_names(
    providers: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _asks_for(providers, "postgres-mock", "host", {"db_name": "orders", "replica": 2})
    assert run(("plan", "score.yaml")) == 1
    told = capsys.readouterr().err
    assert "has no param 'replica'" in told
    assert "Did you mean 'replicas'?" in told


SAMPLES = {"number": "1", "integer": "1", "boolean": "true", "object": "{}"}


def _as_task(root: Path, path: Path) -> tuple[str, ...]:
    """The arguments that plan a workflow by itself, every param that it needs given."""
    written = yaml.safe_load(path.read_text())["parameters"]
    needed = [one for one in written if one["required"] and "default" not in one]
    params = [text for one in needed for text in ("--param", f"{one['name']}={SAMPLES.get(one['type'], 'x1')}")]
    return ("plan", "--golden-path", str(path.relative_to(root)), "score.yaml", "-o", "json", *params)


def test_every_workflow_plans_by_itself(providers: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _asks_for(providers, "postgres-mock", "host", {"db_name": "orders"})
    paths = sorted(providers.glob("providers/*/workflows/*.yaml"))
    told = {}
    for path in paths:
        status = run(_as_task(providers, path))
        said = capsys.readouterr()
        assert status == 0, (path, said.err)
        told[path.name] = set(re.findall(r"(?:error|warning) (ORC-[0-9]+)", said.err))
    assert len(paths) == 11
    read_otherwise = {name for name, codes in told.items() if "ORC-2220" in codes}
    assert read_otherwise == {"provision-container.yaml", "provision-gitea-org.yaml", "update-postgres.yaml"}


def test_the_time_in_a_plan_is_that_of_its_run(providers: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _asks_for(providers, "postgres-mock", "host", {"db_name": "orders"})
    task = _as_task(providers, providers / "providers/database-team/workflows/update-postgres.yaml")
    digests = set()
    for _ in range(2):
        assert run(task) == 0
        told = json.loads(capsys.readouterr().out)
        digests.add(told["digest"])
        assert '{"$ref": "run.startedAt"}' in json.dumps(told["plan"])
    assert len(digests) == 1


class _Gitea(BaseHTTPRequestHandler):
    """Knows no organisation, and makes every one; `asked` is what it was given."""

    asked: ClassVar[list[Any]] = []

    def do_GET(self) -> None:
        self._answer(404, {})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append(body)
        self._answer(201, {"id": 7, "username": body["username"]})

    def _answer(self, status: int, data: dict[str, Any]) -> None:
        text = json.dumps(data, separators=(",", ":")).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.mark.parametrize("description", [None, "Payments & friends; the $HOME `team`"])
def test_an_organization_is_made_with_a_description_that_is_no_plain_word(
    providers: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, description: str | None
) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Gitea)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    _Gitea.asked.clear()
    url = f"http://127.0.0.1:{server.server_port}"
    with (providers / "admin-config.yaml").open("a") as admin:
        admin.write("env: [GITEA_URL]\n")
    monkeypatch.setenv("GITEA_URL", url)
    params = {"org_name": "payments", **({} if description is None else {"description": description})}
    _asks_for(providers, "gitea-org", "org_url", params)
    try:
        assert run(("run", "deploy-app", "score.yaml")) == 0, capsys.readouterr().err
    finally:
        server.shutdown()
        server.server_close()
    (asked,) = _Gitea.asked
    assert asked["description"] == (description or "Team organization")
    outputs = {step["step"].rpartition("/")[2]: step for step in _steps(providers)}["provision-it"]["outputs"]
    assert (outputs["org_id"], outputs["org_url"]) == ("7", f"{url}/payments")
