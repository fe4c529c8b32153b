"""`script`, `validation` and `policy` with real processes, a real HTTP server and real sockets."""

import http.server
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from innominatus_cli.drivers.children import probe

HOSTILE = "$(touch pwned); `touch pwned` \"'\\ && -n *"


def printed(result: Any) -> str:
    assert result.printed is not None
    return str(result.printed.head.decode())


def test_a_script_prints_outputs(run_step: Any) -> None:
    result = run_step("script", {"script": 'echo "OUTPUT_region=$REGION"'}, env={"REGION": "eu"})
    assert result.failure is None
    assert printed(result) == "OUTPUT_region=eu\n"


def test_a_hostile_value_stays_a_value(run_step: Any, repository: Path) -> None:
    result = run_step("script", {"script": 'printf %s "$VALUE"'}, env={"VALUE": HOSTILE})
    assert printed(result) == HOSTILE
    result = run_step("script", {"command": ["printf", "%s", HOSTILE]})
    assert printed(result) == HOSTILE
    assert list(repository.iterdir()) == []


@pytest.mark.parametrize("script", ["false; echo on", "false | cat", 'echo "$NOT_SET"', "exit 3", "kill -9 $$"])
def test_a_script_that_fails_anywhere_fails_the_step(run_step: Any, script: str) -> None:
    result = run_step("script", {"script": script})
    assert result.failure.code.number == "ORC-5103"


def test_no_profile_of_the_user_is_read(run_step: Any, repository: Path) -> None:
    (repository / "env.sh").write_text("echo from-the-profile\n")
    result = run_step("script", {"script": "echo clean"}, env={"HOME": str(repository)})
    assert printed(result) == "clean\n"


def test_quotes_and_here_documents_mean_what_they_say(run_step: Any) -> None:
    script = "cat <<'EOF'\n$(date) ${HOME} \"x\"\nEOF\n"
    assert printed(run_step("script", {"script": script})) == '$(date) ${HOME} "x"\n'


def test_a_program_of_the_repository_runs_in_its_folder(run_step: Any, repository: Path) -> None:
    (repository / "tools").mkdir()
    program = repository / "tools" / "where.sh"
    program.write_text("#!/bin/sh\npwd\n")
    program.chmod(0o755)
    result = run_step("script", {"command": ["./where.sh"], "workingDir": "tools"})
    assert printed(result).strip() == str((repository / "tools").resolve())


def test_a_missing_program_is_named(run_step: Any) -> None:
    result = run_step("script", {"command": ["frobnicate-8b1c"]})
    assert result.failure.code.number == "ORC-5102"
    assert "'frobnicate-8b1c'" in result.failure.message


def test_a_script_without_bash_says_so(run_step: Any, tmp_path: Path) -> None:
    result = run_step("script", {"script": "true"}, env={"PATH": str(tmp_path)})
    assert result.failure.code.number == "ORC-5102"
    assert "'bash'" in result.failure.message


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers by path; `/flaky` fails twice."""

    flaky = 0

    def do_GET(self) -> None:
        status = {"/down": 503, "/moved": 302}.get(self.path, 200)
        if self.path == "/flaky":
            Handler.flaky += 1
            status = 200 if Handler.flaky > 2 else 500
        self.send_response(status)
        self.send_header("Location", "/")
        self.end_headers()
        self.wfile.write(b'{"status": "ready"}')

    do_HEAD = do_GET  # noqa: N815 - the name that http.server wants

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its signature
        """Says nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    Handler.flaky = 0
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def check(run_step: Any, **parts: Any) -> Any:
    return run_step("validation", {"checks": [{"name": "it", "interval": 0, "timeout": 5, **parts}]})


def test_http_checks_see_status_and_content(run_step: Any, server: str) -> None:
    assert check(run_step, type="http", url=f"{server}/").failure is None
    assert check(run_step, type="http", url=f"{server}/", contains="ready").failure is None
    assert check(run_step, type="http", url=f"{server}/", method="HEAD").failure is None
    assert check(run_step, type="http", url=f"{server}/moved", expectStatus=[301, 302]).failure is None
    told = check(run_step, type="http", url=f"{server}/down").failure.message
    assert "it: HTTP status 503 instead of 200" in told
    told = check(run_step, type="http", url=f"{server}/moved").failure.message
    assert "HTTP status 302 instead of 200" in told
    told = check(run_step, type="http", url=f"{server}/", contains="steady").failure.message
    assert "the text that it should contain is not in it" in told


def test_the_probe_answers_for_every_check_in_order(server: str, closed_port: int, tmp_path: Path) -> None:
    common: dict[str, Any] = {
        "timeout": 5,
        "retries": 0,
        "interval": 0,
        "method": "GET",
        "expect_status": [200],
        "contains": None,
        "server": None,
        "record": None,
        "expect": None,
    }
    port = int(server.rpartition(":")[2])
    checks: list[dict[str, Any]] = [
        {"type": "http", "url": f"{server}/"},
        {"type": "http", "url": f"{server}/down", "retries": 1},
        {"type": "http", "url": f"http://127.0.0.1:{closed_port}/"},
        {"type": "http", "url": "http://[broken/"},
        {"type": "tcp", "host": "127.0.0.1", "port": port},
        {"type": "tcp", "host": "127.0.0.1", "port": closed_port},
        {"type": "dns", "host": "localhost"},
        {"type": "dns", "host": "a" * 70 + ".invalid"},
        {"type": "file", "path": str(tmp_path)},
        {"type": "file", "path": str(Path(__file__)), "contains": "closed_port"},
        {"type": "file", "path": str(Path(__file__)), "contains": "never" + "-there"},
    ]
    results = probe.answer({"checks": [common | check for check in checks]})["results"]
    assert [result["passed"] for result in results] == [
        True, False, False, False, True, False, True, False, False, True, False,
    ]  # fmt: skip
    assert [result["tries"] for result in results][:2] == [1, 2]
    assert all(bool(result["seen"]) is not result["passed"] for result in results)


def test_a_check_is_repeated_until_it_passes(run_step: Any, server: str) -> None:
    assert check(run_step, type="http", url=f"{server}/flaky", retries=1).failure is not None
    Handler.flaky = 0
    assert check(run_step, type="http", url=f"{server}/flaky", retries=2).failure is None


def test_nobody_listening_is_told(run_step: Any, closed_port: int) -> None:
    told = check(run_step, type="http", url=f"http://127.0.0.1:{closed_port}/", retries=1).failure.message
    assert "no answer (Connection refused), after 2 tries" in told
    told = check(run_step, type="tcp", host="127.0.0.1", port=closed_port).failure.message
    assert "no connection (Connection refused)" in told


@pytest.mark.parametrize("spoken", [b"garbage\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nshort", b""])
def test_a_server_that_speaks_nonsense_is_a_failed_check(run_step: Any, spoken: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def speak() -> None:
            taken, _ = listening.accept()
            with taken:
                taken.recv(4096)
                taken.sendall(spoken)

        thread = threading.Thread(target=speak)
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        result = check(run_step, type="http", url=url, contains="ready")
        thread.join()
    assert result.failure.code.number == "ORC-5110"


def test_tcp_and_dns_checks(run_step: Any, server: str) -> None:
    port = int(server.rpartition(":")[2])
    assert check(run_step, type="tcp", host="127.0.0.1", port=port).failure is None
    assert check(run_step, type="dns", host="localhost").failure is None
    assert "does not resolve" in check(run_step, type="dns", host="no-such-host.invalid").failure.message
    assert "does not resolve" in check(run_step, type="dns", host="$(id)").failure.message


def test_file_checks(run_step: Any, repository: Path, state: Path) -> None:
    (repository / "a.txt").write_text("hello")
    (state / "made.txt").write_text("made")
    assert check(run_step, type="file", path="a.txt", contains="ell").failure is None
    assert check(run_step, type="file", path="made.txt").failure is None
    assert "is not in it" in check(run_step, type="file", path="a.txt", contains="x").failure.message
    assert "the file does not exist" in check(run_step, type="file", path="b.txt").failure.message
    assert check(run_step, type="file", path="../x").failure.code.number == "ORC-5104"


def test_command_checks_and_all_failures_at_once(run_step: Any) -> None:
    checks = [
        {"name": "good", "type": "command", "command": ["true"]},
        {"name": "bad", "type": "command", "command": ["false"]},
        {"name": "gone", "type": "command", "command": ["frobnicate-8b1c"]},
        {"name": "nowhere", "type": "dns", "host": "no-such-host.invalid"},
    ]
    told = run_step("validation", {"checks": checks}).failure.message
    assert "3 of 4 checks failed" in told
    assert told.index("bad:") < told.index("gone:") < told.index("nowhere:")


def test_a_validation_script_gives_outputs_behind_its_checks(run_step: Any) -> None:
    checks = [{"name": "good", "type": "command", "command": ["true"]}]
    result = run_step("validation", {"checks": checks, "script": "echo OUTPUT_ok=yes"})
    assert result.outputs == {"passed": 1}
    assert printed(result) == "OUTPUT_ok=yes\n"


def test_a_policy_script_reads_the_rendered_manifests(run_step: Any) -> None:
    manifests = {".innominatus/manifests/checkout/development/deployment/a.yaml": b"kind: A\n"}
    script = 'grep -rq "kind: B" "$INNOMINATUS_RENDERED_DIR"'
    assert run_step("policy", {"script": script}, manifests=manifests).failure.code.number == "ORC-5103"
    script = 'grep -q "kind: A" "$INNOMINATUS_RENDERED_DIR/deployment/a.yaml"'
    assert run_step("policy", {"script": script}, manifests=manifests).failure is None


def test_a_step_is_ended_when_its_time_is_over(run_step: Any) -> None:
    result = run_step("script", {"script": "sleep 60"}, timeout_seconds=1)
    assert "ran out of time" in result.failure.message


@pytest.mark.usefixtures("kubectl")
def test_kubectl_takes_every_argument_that_is_given_to_it(
    run_step: Any, repository: Path, closed_port: int, outcomes: Any
) -> None:
    config = repository / "kubeconfig"
    config.write_text(
        "apiVersion: v1\nkind: Config\ncurrent-context: test\n"
        "contexts: [{name: test, context: {cluster: test, user: test}}]\nusers: [{name: test, user: {}}]\n"
        f"clusters: [{{name: test, cluster: {{server: 'http://127.0.0.1:{closed_port}'}}}}]\n"
    )
    config_map = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    env = {"KUBECONFIG": str(config), "HOME": str(repository)}
    for inputs in (
        {"operation": "apply", "objects": [config_map]},
        {"operation": "delete", "objects": [config_map]},
        {"operation": "get", "resourceType": "deployment", "resourceName": "web"},
    ):
        result = run_step("kubernetes", {"mode": "apply", "context": "test", **inputs}, env=env)
        assert result.failure.code.number == "ORC-5406"
        assert result.artifacts == {}
        assert b"refused" in outcomes[-1].stderr.head, outcomes[-1].stderr.head
        assert b"unknown flag" not in outcomes[-1].stderr.head


def test_a_missing_kubectl_is_named_with_how_to_get_it(run_step: Any, tmp_path: Path) -> None:
    config_map = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    result = run_step("kubernetes", {"mode": "apply", "objects": [config_map]}, env={"PATH": str(tmp_path)})
    assert result.failure.code.number == "ORC-5102"
    assert "kubectl" in result.failure.help
    assert os.environ["PATH"] != str(tmp_path)
