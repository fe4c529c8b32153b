"""The surfaces that other repositories use, as they use them: pre-commit, GitHub Actions (by act) and GitLab CI."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

GOOD = """\
apiVersion: workflow.dev/v1
kind: ProductWorkflow
metadata:
  name: setup
  description: Sets things up
  product: shop
  owner: shop-team
  phase: deployment
spec:
  triggers: [product_deployment]
  timeout: 5m
  steps:
    - name: build
      type: script
      config:
        script: make build
"""
BAD = GOOD.replace("type: script", "type: scrpt")
ADMIN = "workflowPolicies:\n  allowedStepTypes: [script]\n  allowedProductWorkflows: [shop/setup]\n"
WORKFLOW = "workflows/products/shop/setup.yaml"
pytestmark = pytest.mark.usefixtures("unmeasured")


@pytest.fixture(scope="module")
def project(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a consumer gets of the project: the files of the working tree that git has, in one commit."""
    folder = tmp_path_factory.mktemp("project") / "innominatus-cli"
    listed = _git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    for name in (name for name in listed if name and not name.startswith(("tests/", ".innominatus/"))):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / name, folder / name, follow_symlinks=False)
    _commit(folder)
    return folder


@pytest.fixture
def consumer(tmp_path: Path) -> Path:
    """A repository of workflows without anything wrong."""
    folder = tmp_path / "platform"
    write(folder / WORKFLOW, GOOD)
    write(folder / "admin-config.yaml", ADMIN)
    _commit(folder)
    return folder


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def _commit(folder: Path, message: str = "start") -> None:
    if not (folder / ".git").exists():
        _git(folder, "init", "-q", "-b", "main")
    identity = ("-c", "user.name=Me", "-c", "user.email=me@example.org")
    _git(folder, "add", "-A")
    _git(folder, *identity, "commit", "-q", "--no-verify", "-m", message)


def _run(
    argv: list[str], folder: Path, environment: dict[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        argv,
        cwd=folder,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


HOOKS = ("validate-product-workflow", "validate", "check", "test")
TEST = """\
apiVersion: workflow.dev/v1
kind: WorkflowTest
metadata: {name: setup, description: The shop is set up, owner: shop-team}
spec:
  tests:
    - name: built
      given: {task: shop/setup}
      expect: {runs: [build]}
"""


def test_pre_commit_refuses_a_broken_workflow_and_passes_a_good_one(project: Path, consumer: Path) -> None:
    command = [sys.executable, "-m", "pre_commit", "try-repo", str(project), "--verbose", "--files", WORKFLOW]
    write(consumer / "workflows/products/shop/tests/setup.yaml", TEST)
    good = _run(command, consumer)
    assert (good.returncode, good.stdout.count("Passed")) == (0, len(HOOKS)), good.stdout + good.stderr
    write(consumer / WORKFLOW, BAD)
    bad = _run(command, consumer)
    assert (bad.returncode, bad.stdout.count("Failed")) == (1, len(HOOKS)), bad.stdout + bad.stderr
    assert all(f"- hook id: {hook}" in bad.stdout for hook in HOOKS)
    assert bad.stdout.count("ORC-2002") >= len(HOOKS)


ACTION = """\
on: [push, pull_request]
permissions: {contents: read}
jobs:
  check:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
        with: {fetch-depth: 0}
      - uses: acme/innominatus-cli@v1
        with:
          sarif: out/findings.sarif
          python: PYTHON
"""
REUSED = """\
on: [push]
permissions: {contents: read}
jobs:
  check:
    uses: ./.github/workflows/check-workflows.yml
    with:
      requirement: REQUIREMENT
      strict: true
"""


def _act(tool: Callable[[str], Path], folder: Path, event: str, *more: str) -> "subprocess.CompletedProcess[str]":
    cache = folder.parent / "act"
    runners = [option for name in ("latest", "24.04") for option in ("-P", f"ubuntu-{name}=-self-hosted")]
    offline = ["--no-cache-server", "--action-offline-mode"]
    argv = [str(tool("act")), event, *runners, *offline, *more]
    environment = {"XDG_CACHE_HOME": str(cache), "HOME": str(cache), "PATH": _path()}
    return _run(argv, folder, environment)


def _path() -> str:
    """PATH with this interpreter's own folder first, so that `python3` in a workflow is new enough."""
    return f"{Path(sys.base_prefix) / 'bin'}{os.pathsep}{os.environ['PATH']}"


def test_the_action_annotates_a_broken_workflow(tool: Callable[[str], Path], project: Path, consumer: Path) -> None:
    python = str(Path(sys.base_prefix) / "bin" / "python3")
    write(consumer / ".github/workflows/ci.yml", ACTION.replace("PYTHON", python))
    local = ("--local-repository", f"acme/innominatus-cli@v1={project}")
    _commit(consumer, "with a check")
    good = _act(tool, consumer, "push", *local)
    assert good.returncode == 0, good.stdout + good.stderr
    write(consumer / WORKFLOW, BAD)
    _commit(consumer, "broken")
    bad = _act(tool, consumer, "push", *local)
    assert bad.returncode != 0
    assert "ORC-2002" in bad.stdout, bad.stdout + bad.stderr


def test_the_base_branch_judges_a_pull_request(tool: Callable[[str], Path], project: Path, consumer: Path) -> None:
    """A change that allows what it brings is still refused by the policies that it started from."""
    python = str(Path(sys.base_prefix) / "bin" / "python3")
    write(consumer / ".github/workflows/ci.yml", ACTION.replace("PYTHON", python))
    _commit(consumer, "with a check")
    _git(consumer, "update-ref", "refs/remotes/origin/main", "HEAD")
    _git(consumer, "switch", "-q", "-c", "change")
    write(consumer / WORKFLOW, GOOD.replace("type: script", "type: policy"))
    write(consumer / "admin-config.yaml", ADMIN.replace("[script]", "[script, policy]"))
    _commit(consumer, "allow it myself")
    event = consumer.parent / "event.json"
    event.write_text(
        json.dumps({"pull_request": {"base": {"ref": "main"}, "head": {"ref": "change"}}}), encoding="utf-8"
    )
    local = ("--local-repository", f"acme/innominatus-cli@v1={project}", "-e", str(event))
    refused = _act(tool, consumer, "pull_request", *local)
    assert refused.returncode != 0, refused.stdout + refused.stderr
    assert "ORC-4004" in refused.stdout


def test_the_reusable_workflow_checks_the_caller(tool: Callable[[str], Path], project: Path, consumer: Path) -> None:
    reusable = (project / ".github/workflows/check-workflows.yml").read_text(encoding="utf-8")
    write(consumer / ".github/workflows/check-workflows.yml", reusable)
    write(consumer / ".github/workflows/ci.yml", REUSED.replace("REQUIREMENT", str(project)))
    write(consumer / WORKFLOW, BAD)
    _commit(consumer, "broken")
    bad = _act(tool, consumer, "push", "-W", ".github/workflows/ci.yml")
    assert bad.returncode != 0
    assert "ORC-2002" in bad.stdout, bad.stdout + bad.stderr
    lint = _run([str(tool("actionlint")), "-shellcheck=", "-pyflakes="], consumer)
    assert (lint.returncode, lint.stdout) == (0, "")


def test_the_gitlab_template_leaves_reports(tool: Callable[[str], Path], project: Path, consumer: Path) -> None:
    for name in ("git", "rsync"):
        tool(name)
    write(
        consumer / ".gitlab/check-workflows.yml", (project / ".gitlab/check-workflows.yml").read_text(encoding="utf-8")
    )
    include = {"local": ".gitlab/check-workflows.yml", "inputs": {"requirement": str(project)}}
    write(consumer / ".gitlab-ci.yml", json.dumps({"include": [include], "stages": ["test"]}))
    write(consumer / WORKFLOW, BAD)
    write(consumer / "workflows/products/shop/tests/setup.yaml", TEST)
    _commit(consumer, "broken")
    argv = [str(tool("gitlab-ci-local")), "--shell-executor-no-image", "--force-shell-executor", "innominatus-check"]
    done = _run(argv, consumer, {"PATH": _path(), "CI": "", "HOME": str(consumer.parent)})
    assert done.returncode != 0, done.stdout + done.stderr
    report = next(consumer.rglob("gl-code-quality-report.json"))
    issues = json.loads(report.read_text(encoding="utf-8"))
    assert "ORC-2002" in {issue["check_name"] for issue in issues}
    tests = next(consumer.rglob("innominatus-tests.xml")).read_text(encoding="utf-8")
    assert 'tests="1" failures="1"' in tests
    assert "shop/tests/setup.yaml" not in next(consumer.rglob("innominatus-coverage.xml")).read_text(encoding="utf-8")
