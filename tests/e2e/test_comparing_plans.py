"""What a change does to plans, as somebody sees it with the installed command; and the workflow that the docs show."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

SCAN = """\
    apiVersion: workflow.dev/v1
    kind: PlatformWorkflow
    metadata: {name: scan, description: Scans, owner: platform-team, phase: pre-deployment}
    spec:
      triggers: [all_deployments]
      steps:
        - name: scan
          type: script
          timeout: 5m
          config: {script: make scan}
    """
SCORE = """\
    apiVersion: score.dev/v1b1
    metadata: {name: shop}
    containers:
      web: {image: "registry.example.com/shop:1.0.0"}
    """


def test_a_platform_engineer_sees_what_a_change_does_before_it_is_merged(workshop: Any) -> None:
    workshop.write("admin-config.yaml", "workflowPolicies: {allowedStepTypes: [script, kubernetes]}\n")
    workshop.write("workflows/platform/scan.yaml", SCAN)
    workshop.write("apps/score.yaml", SCORE)
    workshop.commit()
    workshop.git("branch", "base")
    workshop.write("workflows/platform/scan.yaml", SCAN.replace("5m", "9m"))
    workshop.commit()
    told = workshop("affected", "--since", "base")
    assert told.status == 0, told.all
    assert "1 of 1 application affected: 1 step changed in 1, timeouts changed in 1." in told.out
    assert "workflows/platform/scan.yaml:7 changed" in told.out
    assert workshop("affected", "--since", "base", "--fail-on", "changed").status == 1
    comment = workshop("affected", "--since", "base", "-o", "markdown").out
    assert comment.startswith("### 1 of 1 application affected")
    diff = json.loads(workshop("plan", "diff", "base..HEAD", "apps/score.yaml", "-o", "json").out)
    before = workshop("plan", "apps/score.yaml", "--at", "base", "--digest").out.strip()
    assert diff["old"]["digest"] == before
    assert diff["changes"][0]["details"] == [
        {"pointer": "/timeout_seconds", "change": "changed", "was": 300, "now": 540}
    ]
    assert workshop("plan", "diff", "base..HEAD", "apps/score.yaml", "--exit-code").status == 1


def test_the_workflow_that_the_docs_show_is_one(tool: Callable[[str], Path], root: Path, tmp_path: Path) -> None:
    page = (root / "docs/how-to/see-the-blast-radius.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    file = tmp_path / "workflow.yml"
    file.write_text(block, encoding="utf-8")
    argv: list[str | Path] = [tool("actionlint"), "-shellcheck=", "-pyflakes=", "-no-color", file]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (0, "")
