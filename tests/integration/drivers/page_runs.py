"""Runs the example of a step type's page as a person would who copies it: in a workflow, by the command line.

The text of the page goes into a product workflow as it stands. Around it are a Score file, an admin-config.yaml and the
files that the example names; where the example names a server of `example.com`, the address of one that the test has
started takes its place (`hosts`).
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent, indent
from typing import Any, TypeAlias

import pytest
import yaml

from tests.integration.drivers.page_examples import blocks

SCORE = """\
apiVersion: score.dev/v1b1
metadata: {{name: {name}, product: shop, team: shop, costCenter: retail}}
containers:
  web:
    image: registry.example.com/shop/web:1.0.0
    resources: {{limits: {{cpu: 500m, memory: 128Mi}}, requests: {{cpu: 250m, memory: 64Mi}}}}
"""
WORKFLOW = """\
apiVersion: workflow.dev/v1
kind: ProductWorkflow
metadata: {name: example, description: The example of a page, product: shop, owner: shop, phase: pre-deployment}
spec:
  triggers: [product_deployment]
  steps:
"""
GOLDEN_PATH = """\
apiVersion: workflow.dev/v1
kind: GoldenPath
metadata: {name: deploy-app, description: Deploys an application}
spec: {operation: deploy}
"""
LONGEST_SECONDS = 120


class Page:
    """A repository for the example of one page.

    Attributes:
        root: The repository.
        run: The last record of a run; None before one has ended.
        said: What the last command printed.
        workflow: The text of the workflow that holds the example.
        environment: The environment of commands.
    """

    def __init__(self, root: Path, step_type: str, name: str) -> None:
        self.root = root
        self.name = name
        self.step_type = step_type
        self.run: dict[str, Any] | None = None
        self.said = ""
        self.workflow = ""
        self.environment = dict(os.environ)

    def write(self, path: str, text: str) -> Path:
        """Writes a file of the repository; common indentation is taken off."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(dedent(text), encoding="utf-8")
        return target

    def git(self, *arguments: str) -> str:
        """What git prints; it has to end well."""
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.root,
            capture_output=True,
            text=True,
            check=False,
            env=self.environment,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def acts(self, name: str) -> None:
        """Who runs the commands from now on."""
        for role in ("AUTHOR", "COMMITTER"):
            self.environment[f"GIT_{role}_NAME"] = name
            self.environment[f"GIT_{role}_EMAIL"] = f"{name}@shop.example"

    def ctl(self, *arguments: str) -> int:
        """The exit status of `innominatus-ctl`, which ran in the repository."""
        argv = [sys.executable, "-m", "innominatus_cli", *arguments]
        done = subprocess.run(
            argv,
            cwd=self.root,
            capture_output=True,
            text=True,
            timeout=LONGEST_SECONDS,
            check=False,
            env=self.environment,
        )
        self.said = done.stdout + done.stderr
        paths = sorted((self.root / ".innominatus" / "runs").rglob("*.json"))
        self.run = json.loads(paths[-1].read_text(encoding="utf-8")) if paths else None
        return done.returncode

    def deploy(self) -> int:
        """The exit status of a run of everything."""
        return self.ctl("run", "deploy-app", "score.yaml", "--env", "development")

    def step(self, name: str) -> dict[str, Any]:
        """What the last run's record says of a step of the example."""
        assert self.run is not None, self.said
        return next(step for step in self.run["steps"] if step["step"].endswith(f"/{name}"))

    def outputs(self, name: str) -> dict[str, Any]:
        """The recorded outputs of a step that has succeeded."""
        step = self.step(name)
        assert step["status"] == "succeeded", self.said
        return dict(step.get("outputs") or {})

    def prepare(
        self,
        *,
        admin: Mapping[str, Any] | None = None,
        files: Mapping[str, str] | None = None,
        hosts: Mapping[str, str] | None = None,
        env: Mapping[str, str] | None = None,
        before: str = "",
        text: str | None = None,
    ) -> None:
        """Makes the repository.

        Args:
            admin: What admin-config.yaml says besides what every example needs.
            files: Files of the repository that the example names, by path.
            hosts: Addresses of the example, each with what takes its place; all of them stand in the example.
            env: Variables of the command; those that are not PATH and the like reach steps too.
            before: Steps in front of the example's.
            text: Another text than the page's first example.
        """
        example = blocks(self.step_type, "yaml")[0] if text is None else text
        for host, other in (hosts or {}).items():
            assert host in example, f"{host} does not stand in the example"
            example = example.replace(host, other)
        left = set(re.findall(r"https?://[a-z.]*example\.com", example))
        assert not left or not hosts, f"nothing answers for {left}"
        steps = dedent(before) + example
        given = {name: value for name, value in (env or {}).items() if name not in {"PATH", "HOME"}}
        config = {
            "workflowPolicies": {"workflowsRoot": "./workflows", "allowedProductWorkflows": ["shop/example"]},
            "applications": ["score.yaml"],
            "environments": {"development": {}},
            **({"env": sorted(given)} if given else {}),
            **(admin or {}),
        }
        self.write("admin-config.yaml", yaml.safe_dump(config, sort_keys=False))
        self.write("score.yaml", SCORE.format(name=self.name))
        self.write("workflows/golden-paths/deploy-app.yaml", GOLDEN_PATH)
        self.workflow = WORKFLOW + indent(steps, "    ")
        self.write("workflows/products/shop/example.yaml", self.workflow)
        for path, content in (files or {}).items():
            self.write(path, content)
        self.environment |= dict(env or {})
        self.git("add", "--all")
        self.git("commit", "-q", "-m", "The example of a page")


def secret(variable: str) -> dict[str, str]:
    """A secret of admin-config.yaml that a variable of the environment holds."""
    return {"store": "env", "env": variable}


OpenPage: TypeAlias = Callable[..., Page]


@pytest.fixture
def page(tmp_path: Path) -> OpenPage:
    """`page("http", hosts=…, …)` makes a repository with the example of that page; `.deploy()` runs it."""

    def made(step_type: str, name: str = "checkout", **more: Any) -> Page:
        root = tmp_path / "of-a-page"
        root.mkdir()
        found = Page(root, step_type, name)
        found.acts("ada")
        found.git("init", "-q", "-b", "main")
        found.prepare(**more)
        return found

    return made
