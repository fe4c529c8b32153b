"""`security` with real scanners, and with such as lie."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.drivers.page_examples import blocks

KEY = "AKIA" + "QYLPMN5HHHFPZAM2"
OPEN = """\
resource "aws_security_group" "open" {
  ingress {
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
"""
RULES = """\
rules:
  - id: no-eval
    languages: [python]
    severity: ERROR
    message: eval runs what it is given
    pattern: eval(...)
"""


@pytest.fixture
def path_of(tool: Callable[[str], Path]) -> Callable[[str], dict[str, str]]:
    """PATH with a program first."""
    return lambda name: {"PATH": f"{tool(name).parent}{os.pathsep}{os.environ['PATH']}"}


def scan(run_step: Any, scanner: str, env: dict[str, str], *paths: str, **more: Any) -> Any:
    return run_step("security", {"scanner": scanner, "paths": list(paths), **more}, env=env)


def test_gitleaks_names_the_line_and_not_the_secret(run_step: Any, repository: Path, path_of: Any, state: Path) -> None:
    (repository / "src").mkdir()
    (repository / "src" / "settings.py").write_text(f'first = 1\naws_key = "{KEY}"\n')
    result = scan(run_step, "gitleaks", path_of("gitleaks"), "src")
    assert result.failure.code.number == "ORC-5180"
    assert "CRITICAL src/settings.py:2: a secret" in result.failure.message
    assert KEY not in result.failure.message
    (report,) = (state / "reports").iterdir()
    assert KEY not in report.read_text()
    assert json.loads(report.read_text())["version"] == "2.1.0"
    (repository / "src" / "settings.py").write_text("first = 1\n")
    assert scan(run_step, "gitleaks", path_of("gitleaks"), "src").outputs["findings"] == 0


def test_bandit_counts_by_severity(run_step: Any, repository: Path, path_of: Any) -> None:
    (repository / "src").mkdir()
    (repository / "src" / "a.py").write_text("import subprocess\nsubprocess.call('ls', shell=True)\n")
    assert scan(run_step, "bandit", path_of("bandit"), "src", severityThreshold="CRITICAL").outputs["findings"] == 0
    low = scan(run_step, "bandit", path_of("bandit"), "src", severityThreshold="LOW")
    assert low.failure.code.number == "ORC-5180"
    assert "src/a.py:2" in low.failure.message
    told = scan(run_step, "bandit", path_of("bandit"), "src", severityThreshold="LOW", failOnVulnerabilities=False)
    assert told.outputs["findings"] >= 2


def test_semgrep_asks_rules_of_the_repository(run_step: Any, repository: Path, path_of: Any) -> None:
    (repository / "rules.yaml").write_text(RULES)
    (repository / "a.py").write_text("x = 1\neval(x)\n")
    result = scan(run_step, "semgrep", path_of("semgrep"), "a.py", rules=["rules.yaml"])
    assert result.failure.code.number == "ORC-5180"
    assert "HIGH a.py:2: eval runs what it is given" in result.failure.message
    assert scan(run_step, "semgrep", path_of("semgrep"), "a.py").failure.code.number == "ORC-5181"


def test_checkov_does_not_pass_what_it_cannot_parse(run_step: Any, repository: Path, path_of: Any) -> None:
    (repository / "infra").mkdir()
    (repository / "infra" / "main.tf").write_text(OPEN)
    env = path_of("checkov")
    result = scan(run_step, "checkov", env, "infra", severityThreshold="HIGH")
    assert result.failure.code.number == "ORC-5180"
    assert "infra/main.tf:1" in result.failure.message or "main.tf:1" in result.failure.message
    (repository / "infra" / "bad.tf").write_text('resource "a" { b {\n')
    beside = scan(run_step, "checkov", env, "infra", severityThreshold="CRITICAL")
    assert (beside.failure.code.number, beside.outputs) == ("ORC-5181", {})
    assert "it could not parse everything" in beside.failure.message


def test_checkov_is_not_asked_about_yaml_that_it_would_pass_over(run_step: Any, repository: Path, path_of: Any) -> None:
    (repository / "k8s").mkdir()
    (repository / "k8s" / "good.yaml").write_text("a: 1\n")
    (repository / "k8s" / "bad.yaml").write_text("kind: Pod\n  metadata: {name: a\n")
    result = scan(run_step, "checkov", path_of("checkov"), "k8s", severityThreshold="CRITICAL")
    assert (result.failure.code.number, result.outputs) == ("ORC-5181", {})
    assert "passes over what it cannot parse: k8s/bad.yaml" in result.failure.message
    (repository / "k8s" / "bad.yaml").unlink()
    (repository / "k8s" / "templates").mkdir()
    (repository / "k8s" / "templates" / "a.yaml").write_text("{{ if .x }}\n{{ end }}\n")
    assert "k8s/templates/a.yaml" in scan(run_step, "checkov", path_of("checkov"), "k8s").failure.message


def test_pip_audit_does_not_pass_what_it_skipped(run_step: Any, repository: Path, path_of: Any) -> None:
    (repository / "requirements.txt").write_text("innominatus-no-such-package==1.0\n")
    result = scan(run_step, "pip-audit", path_of("pip-audit"), "requirements.txt")
    assert result.failure.code.number == "ORC-5181"


def fake(folder: Path, name: str, text: str) -> dict[str, str]:
    """A program of that name first on PATH; its report goes where it is told."""
    folder.mkdir(exist_ok=True)
    where = 'for a in "$@"; do case "$a" in --output=/*|--report-path=*) out="${a#*=}";; esac; done'
    (folder / name).write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && {{ echo Version: 0.99.0; exit; }}\n{where}\n{text}\n'
    )
    (folder / name).chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


def sarif(result: dict[str, Any], **run: Any) -> str:
    driver = {"name": "Trivy", "rules": [{"id": "CVE-1", "properties": {"security-severity": "9.8"}}]}
    return json.dumps({"version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": [result], **run}]})


FOUND = {"ruleId": "CVE-1", "level": "note", "message": {"text": "Package: x"}}


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("exit 0", "ORC-5181", "wrote no report"),
        ("echo nonsense > $out", "ORC-5181", "no JSON"),
        ("echo '{}' > $out", "ORC-5181", "no SARIF"),
        ("echo '{\"runs\": [{}]}' > $out", "ORC-5181", "no SARIF"),
        ("exit 1", "ORC-5181", "exit status 1"),
        ("sleep 20", "ORC-5181", "ran out of time"),
        ("kill -9 $$", "ORC-5181", "SIGKILL"),
        (f"echo '{sarif(FOUND)}' > $out", "ORC-5180", "CRITICAL"),
        (f"echo '{sarif(FOUND, invocations=[{'executionSuccessful': False}])}' > $out", "ORC-5181", "everything"),
    ],
)
def test_what_a_scanner_did_not_check_is_never_clean(
    run_step: Any, repository: Path, tmp_path: Path, text: str, code: str, words: str
) -> None:
    (repository / "a.txt").write_text("a")
    env = fake(tmp_path / "bin", "trivy", text)
    result = run_step("security", {"scanner": "trivy", "paths": ["a.txt"]}, env=env, timeout_seconds=3)
    assert (result.failure.code.number, result.outputs) == (code, {})
    assert words in result.failure.message


def test_a_missing_scanner_is_named_with_the_way_to_get_it(run_step: Any, repository: Path, tmp_path: Path) -> None:
    (repository / "a.txt").write_text("a")
    result = scan(run_step, "grype", {"PATH": str(tmp_path)}, "a.txt")
    assert result.failure.code.number == "ORC-5102"
    assert "github.com/anchore/grype" in result.failure.remedy


def test_the_examples_of_the_page_run(run_step: Any, repository: Path, path_of: Any) -> None:
    own, other = (yaml.safe_load(block)[0]["config"] for block in blocks("security", "yaml"))
    for name in ("config", "k8s", "app"):
        (repository / name).mkdir()
        (repository / name / "settings.yaml").write_text("region: eu\n")
    assert run_step("security", own).outputs == {"scanned": 2, "findings": 0}
    assert run_step("security", other, env=path_of("gitleaks")).outputs["findings"] == 0
    (repository / "app" / "settings.yaml").write_text(f'aws_key = "{KEY}"\n')
    assert run_step("security", other, env=path_of("gitleaks")).failure.code.number == "ORC-5180"
