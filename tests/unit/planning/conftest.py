"""A repository in a folder of the test's own, and plans of it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any, TypeAlias

import pytest

from innominatus_cli.documents.repository import Repository
from innominatus_cli.documents.snapshot import WorkingTreeSnapshot
from innominatus_cli.planning.planner import plan_application
from innominatus_cli.planning.request import Facts, PlanOutcome, PlanRequest

SCORE = """
    apiVersion: score.dev/v1b1
    metadata: {name: shop-web, product: shop, team: storefront}
    containers:
      web: {image: "registry.example.com/web:1.2", variables: {DB: "${resources.db.path}"}}
    resources:
      db: {type: sqlite}
"""

Planner: TypeAlias = Callable[..., PlanOutcome]


@pytest.fixture
def plan(tmp_path: Path) -> Planner:
    """`plan(files, facts=…, **request)`: writes files (dedented text) and plans score.yaml in development."""

    def make(files: Mapping[str, str], facts: Facts | None = None, **request: Any) -> PlanOutcome:
        for path, text in {"score.yaml": SCORE, **files}.items():
            target = tmp_path / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(dedent(text).lstrip("\n"))
        wanted = {"environment": "development", "score_path": "score.yaml", **request}
        return plan_application(Repository(WorkingTreeSnapshot(tmp_path)), PlanRequest(**wanted), facts or Facts())

    return make
