"""A shop with one product workflow, and tests of it."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent, indent
from typing import Any, TypeAlias

import pytest

from innominatus_cli.operations.testing.running import SuiteReport, Wanted, run_tests

FILES = {
    "admin-config.yaml": """
        env: [REGION]
        workflowPolicies:
          allowedProductWorkflows: [shop/catalog]
          maxStepsPerWorkflow: 5
          security:
            requireApproval: [production]
        """,
    "score.yaml": """
        apiVersion: score.dev/v1b1
        metadata: {name: teashop, product: shop}
        containers:
          web: {image: "registry.example.com/teashop:1.0.0"}
        """,
    "workflows/products/shop/catalog.yaml": """
        apiVersion: workflow.dev/v1
        kind: ProductWorkflow
        metadata: {name: catalog, description: The catalog, product: shop, owner: shop-team, phase: pre-deployment}
        spec:
          triggers: [product_deployment]
          timeout: 5m
          parameters:
            - {name: size, type: int, default: 3}
          outputs:
            path: ${steps.make.outputs.path}
          steps:
            - name: make
              type: script
              config: {command: [make, "${parameters.size}"]}
              outputs: [path, teas]
            - name: fill
              type: script
              if: steps.make.outputs.teas > 0
              retry: {attempts: 2}
              env: {CATALOG: "${steps.make.outputs.path}", REGION: "${env.REGION}"}
              config: {script: fill}
            - name: report
              type: script
              when: on_failure
              config: {script: report}
          finally:
            - name: clean
              type: script
              config: {script: clean}
        """,
}
HEAD = """\
apiVersion: workflow.dev/v1
kind: WorkflowTest
metadata: {name: %s, description: The catalog, owner: shop-team}
spec:
  given:
    score: score.yaml
    env: {REGION: north}
"""
FOLDER = "workflows/products/shop/tests"
Testing: TypeAlias = Callable[..., SuiteReport]


class Shop:
    """A repository without git: nothing here needs one."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, path: str, text: str) -> None:
        """Writes a file; common indentation is taken off."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(dedent(text).lstrip("\n"))

    def tests(self, body: str, name: str = "catalog", folder: str = FOLDER) -> str:
        """Writes a file of tests, and returns its path."""
        path = f"{folder}/{name}.yaml"
        self.write(path, HEAD % name + indent(dedent(body).lstrip("\n"), "  "))
        return path

    def run(self, *names: str, **more: Any) -> SuiteReport:
        """`test`."""
        return run_tests(Wanted(names, **more), self.root)

    def told(self, body: str, **more: Any) -> list[str]:
        """What fails in tests, a line each: place, code and message."""
        self.tests(body)
        report = self.run(**more)
        found = [*report.findings, *(one for outcome in report.outcomes for one in outcome.failures)]
        return [f"{one.place.line}:{one.place.column} {one.code.number} {one.message}" for one in found]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.chdir(tmp_path)
    made = Shop(tmp_path)
    for path, text in FILES.items():
        made.write(path, text)
    return made
