"""`security`: what the built-in scanner finds, what it passes over, and that nothing checked is never clean."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from innominatus_cli.drivers.children import scan

GOOD = {
    "metadata": {"name": "shop"},
    "containers": {"web": {"image": "r.example/web@sha256:" + "0" * 64, "resources": {"limits": {"memory": "128Mi"}}}},
}


def answered(ended: Any, *found: dict[str, str], scanned: int = 1, skipped: tuple[str, ...] = ()) -> Any:
    return ended(stdout=json.dumps({"scanned": scanned, "skipped": skipped, "found": found}).encode())


def scanned_manifest(context: Any, play: Any, ended: Any, data: dict[str, Any], **inputs: Any) -> Any:
    manifests = {"m/a.yaml": yaml.safe_dump(data).encode()}
    ctx = context("security", {"workload": GOOD, **inputs}, manifests=manifests)
    return play(ctx, [answered(ended)])[0]


def pod(**spec: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [], **spec}}


def container(**parts: Any) -> dict[str, Any]:
    base = {"name": "c", "image": "c@sha256:" + "0" * 64, "resources": {"limits": {"memory": "1Gi"}}}
    return pod(containers=[base | parts])


def test_a_clean_workload_passes_and_says_what_was_scanned(context: Any, play: Any, ended: Any) -> None:
    result, (request,) = play(context("security", {"workload": GOOD}), [answered(ended)])
    assert result.failure is None
    assert result.outputs == {"scanned": 1, "findings": 0}
    assert result.message == "1 text scanned; found: nothing"
    assert list(json.loads(request.stdin)["texts"]) == ["workload"]


@pytest.mark.parametrize(
    ("data", "severity", "words"),
    [
        (container(securityContext={"privileged": True}), "CRITICAL", "is privileged"),
        (container(securityContext={"allowPrivilegeEscalation": True}), "MEDIUM", "allows privilege escalation"),
        (container(securityContext={"runAsUser": 0}), "MEDIUM", "runs as root"),
        (container(securityContext={"capabilities": {"add": ["CAP_SYS_ADMIN"]}}), "HIGH", "capability CAP_SYS_ADMIN"),
        (container(image="nginx"), "HIGH", "'nginx' names no version"),
        (container(image="nginx:latest"), "HIGH", "'nginx:latest' names no version"),
        (container(image="host:5000/nginx"), "HIGH", "names no version"),
        (container(image="nginx:1.2"), "LOW", "names a tag and no digest"),
        (container(resources={}), "MEDIUM", "has no memory limit"),
        (pod(hostNetwork=True), "HIGH", "hostNetwork"),
        (pod(hostPID=True), "HIGH", "hostPID"),
        (pod(volumes=[{"name": "v", "hostPath": {"path": "/"}}]), "HIGH", "hostPath volume 'v'"),
        (
            pod(volumes=[{"name": "v", "hostPath": {"path": "/var/run/docker.sock"}}]),
            "CRITICAL",
            "hostPath volume 'v'",
        ),
        (
            {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"a": "b"}},
            "HIGH",
            "a Secret with its values",
        ),
        (
            {
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "ClusterRole",
                "metadata": {"name": "r"},
                "rules": [{"verbs": ["*"], "resources": ["*"]}],
            },
            "HIGH",
            "may do everything",
        ),
        (
            {
                "apiVersion": "batch/v1",
                "kind": "CronJob",
                "metadata": {"name": "j"},
                "spec": {"jobTemplate": {"spec": {"template": {"spec": {"containers": [], "hostIPC": True}}}}},
            },
            "HIGH",
            "hostIPC",
        ),
        (
            {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {"name": "d"},
                "spec": {"template": {"spec": {"containers": [], "initContainers": [{"name": "i", "image": "x"}]}}},
            },
            "HIGH",
            "Deployment/d, container i",
        ),
    ],
)
def test_a_dangerous_manifest_is_found(
    context: Any, play: Any, ended: Any, data: dict[str, Any], severity: str, words: str
) -> None:
    result = scanned_manifest(context, play, ended, data, severityThreshold=severity)
    assert result.failure.code.number == "ORC-5180"
    assert f"{severity} " in result.failure.message
    assert words in result.failure.message


def test_what_is_below_the_threshold_is_counted_and_passes(context: Any, play: Any, ended: Any) -> None:
    result = scanned_manifest(context, play, ended, container(image="nginx:1.2", resources={}))
    assert result.failure is None
    assert result.message == "1 text scanned; found: 1 MEDIUM, 1 LOW"


def test_a_workload_of_the_score_file_is_looked_at_too(context: Any, play: Any, ended: Any) -> None:
    workload = {"metadata": {"name": "s"}, "containers": {"web": {"image": "nginx:latest"}}}
    result, _ = play(context("security", {"workload": workload}), [answered(ended)])
    assert "workload, container web: image 'nginx:latest' names no version" in result.failure.message


def test_found_secrets_fail_the_step_unless_it_only_tells(context: Any, play: Any, ended: Any) -> None:
    found = {"place": "a.env:3", "rule": "aws-access-key", "severity": "CRITICAL", "what": "an AWS access key id"}
    result, _ = play(context("security", {"workload": GOOD}), [answered(ended, found)])
    assert result.failure.message == "step 'the-step': CRITICAL a.env:3: an AWS access key id (aws-access-key)"
    ctx = context("security", {"workload": GOOD, "failOnVulnerabilities": False})
    result, _ = play(ctx, [answered(ended, found)])
    assert result.failure is None
    assert result.outputs["findings"] == 1


def test_the_worst_is_told_first_and_very_many_are_counted(context: Any, play: Any, ended: Any) -> None:
    low = [{"place": f"a:{n:03}", "rule": "r", "severity": "HIGH", "what": "w"} for n in range(30)]
    worst = {"place": "z:1", "rule": "r", "severity": "CRITICAL", "what": "w"}
    result, _ = play(context("security", {"workload": GOOD}), [answered(ended, *low, worst)])
    assert result.failure.message.startswith("step 'the-step': CRITICAL z:1")
    assert result.failure.message.endswith("and 11 more")


def test_nothing_to_scan_is_not_clean(context: Any, play: Any) -> None:
    result, requests = play(context("security", {}))
    assert requests == []
    assert result.failure.code.number == "ORC-5113"


def test_a_scan_without_an_answer_is_not_clean(context: Any, play: Any, ended: Any) -> None:
    result, _ = play(context("security", {"workload": GOOD}), [ended(1)])
    assert result.failure.code.number == "ORC-5107"


def test_another_scanner_needs_something_to_scan(context: Any, play: Any) -> None:
    result, requests = play(context("security", {"scanner": "trivy"}))
    assert requests == []
    assert result.failure.code.number == "ORC-5113"


@pytest.mark.parametrize("path", ["../x", "/etc", "absent"])
def test_paths_to_scan_stay_in_the_repository(context: Any, play: Any, path: str) -> None:
    result, requests = play(context("security", {"paths": [path]}))
    assert requests == []
    assert result.failure.code.number in {"ORC-5104", "ORC-5105"}


def test_a_broken_manifest_is_a_finding(context: Any, play: Any) -> None:
    result, _ = play(context("security", {}, manifests={"m/a.yaml": b"a: ["}))
    assert result.failure.code.number == "ORC-5120"


def scan_line(line: str) -> list[str]:
    return [one["rule"] for one in scan.answer({"root": "/", "paths": [], "texts": {"t": line}})["found"]]


AKIA = "AKIA" + "IOSFODNN7EXAMPLE"
JWT = "eyJ" + "hbGciOiJIUzI1NiJ9." + "eyJ" + "zdWIiOiIxMjM0NTY3ODkwIn0." + "dozjgNryP4J3jVmNHl0w5N"


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        (f"key: {AKIA}", "aws-access-key"),
        ("-----BEGIN RSA " + "PRIVATE KEY-----", "private-key"),
        ("-----BEGIN " + "PRIVATE KEY-----", "private-key"),
        ("t = ghp_" + "a1B2" * 9, "github-token"),
        ("glpat-" + "x" * 20, "gitlab-token"),
        ("xoxb-" + "123456789012-abc", "slack-token"),
        ("sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc", "stripe-key"),
        ("AIza" + "SyA1234567890abcdefghijklmnopqrstuv", "google-key"),
        (JWT, "jwt"),
        ("url: postgres://admin:" + "s3cr3tpw@db.example/shop", "url-password"),
        ("DB_PASSWORD=" + "Tr0ub4dor&3x", "assigned-secret"),
        ('  "api_key": "' + "a8F3kQ9zL1" + '"', "assigned-secret"),
        ("stripe-secret: '" + "9f8e7d6c5b4a" + "'", "assigned-secret"),
    ],
)
def test_a_secret_in_a_text_is_found(line: str, rule: str) -> None:
    assert scan_line(line) == [rule]


@pytest.mark.parametrize(
    "line",
    [
        "password: ${secrets.db}",
        "password: {{ .parameters.password }}",
        "token: <your token>",
        "secret: changeme-please",
        "secretKey: stripe-api-key",
        "secretStoreRef: innominatus-local",
        "token_file: /var/run/secrets/token",
        "api_key: example-key-123456",
        "password: $DB_PASSWORD",
        "url: postgres://db.example:5432/shop",
        "tokens: 4096",
        "generate: true",
        "passwords are long",
        "key: " + AKIA + "  # innominatus: not-a-secret",
    ],
)
def test_placeholders_names_and_paths_are_no_secrets(line: str) -> None:
    assert scan_line(line) == []


def test_files_are_scanned_once_and_never_outside_the_root(tmp_path: Path) -> None:
    root = tmp_path / "repository"
    (root / "a" / ".git").mkdir(parents=True)
    (root / "a" / "x.env").write_text(f"ok\nkey={AKIA}\n")
    (root / "a" / "binary").write_bytes(b"\0" + AKIA.encode())
    (root / "a" / ".git" / "config").write_text(AKIA)
    (tmp_path / "outside").write_text(AKIA)
    (root / "a" / "link").symlink_to(tmp_path / "outside")
    answer = scan.answer({"root": str(root), "paths": [str(root / "a"), str(root / "a" / "x.env")], "texts": {}})
    assert answer["scanned"] == 1
    assert answer["skipped"] == ["a/binary"]
    assert [one["place"] for one in answer["found"]] == ["a/x.env:2"]
    assert AKIA not in json.dumps(answer)
