"""`stats`: what records in git say of a time, and skimming them as fast as that needs."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from innominatus_cli.cli.main import run
from innominatus_cli.documents.run_record import StepResult
from innominatus_cli.ledger.listed import last_deployments, skim
from innominatus_cli.ledger.records import record_path
from innominatus_cli.operations.history import open_ledger
from innominatus_cli.operations.statistics import statistics, workflow_of
from innominatus_cli.system.clock import timestamp, ulid, ulid_milliseconds

if TYPE_CHECKING:
    from collections.abc import Callable

    from innominatus_cli.documents.run_record import RunRecord
    from innominatus_cli.documents.statistics import Statistics
    from tests.integration.ledger.conftest import Repository

    MakeRecord = Callable[..., RunRecord]

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ADMIN = "workflowPolicies:\n  requiredPlatformWorkflows: [scan]\n"
SCORE = "apiVersion: score.dev/v1b1\nmetadata: {{name: {}, product: shop}}\ncontainers: {{web: {{image: 'x:1'}}}}\n"
SCAN = "pre-deployment/platform/-/scan/look"
SEED = "deployment/product/shop/seed/fill"
WORKLOAD = "deployment/application/-/workload/deploy-application"


def result(step: str, status: str = "succeeded", duration_ms: int = 100, **more: Any) -> StepResult:
    return StepResult.model_validate({"step": step, "status": status, "duration_ms": duration_ms, **more})


@pytest.fixture
def history(repository: Repository, make_record: MakeRecord) -> Callable[..., None]:
    """`history(days_ago, **facts)` writes a record, without committing it."""
    numbers = iter(range(1000))

    def write(days_ago: float, **facts: Any) -> None:
        began = NOW - timedelta(days=days_ago)
        randomness = next(numbers).to_bytes(10)
        run_id = ulid(int(began.timestamp() * 1000), randomness)
        at = timestamp(began)
        made = make_record(run=run_id, started_at=at, finished_at=at, **facts)
        repository.write(record_path(".innominatus", made), made.canonical.decode())

    return write


@pytest.fixture
def shop(repository: Repository, history: Callable[..., None]) -> Repository:
    """Two applications, one of which was never deployed, with runs, failures and a refusal."""
    for name in ("web", "idle"):
        repository.write(f"apps/{name}/score.yaml", SCORE.format(name))
    repository.write("admin-config.yaml", ADMIN)
    for path in ("platform/scan", "platform/extra", "products/shop/seed", "products/ads/fill"):
        repository.write(f"workflows/{path}.yaml", "")
    history(90, application="web", steps=[result(WORKLOAD)], duration_ms=1000)
    steps = [result(SCAN), result(SEED, duration_ms=300), result(WORKLOAD)]
    history(3, application="web", steps=steps, duration_ms=2000)
    failed = [result(SCAN), result(SEED, "failed"), result(WORKLOAD, "skipped")]
    history(2, application="web", status="failed", steps=failed, failures=[SEED], duration_ms=500)
    history(1, application="web", environment="staging", steps=[result(SCAN, "skipped"), result(WORKLOAD)])
    finding = {"code": "ORC-4004", "severity": "error", "message": "no", "path": "x"}
    history(1, application="web", kind="refusal", status="refused", plan=None, findings=[finding])
    repository.git("add", "--all")
    repository.git("commit", "-q", "-m", "Records")
    return repository


def told(shop: Repository, days: int | None = 30) -> Statistics:
    return statistics(open_ledger(shop.path), NOW, None if days is None else days * 24 * 3600).statistics


def test_runs_of_the_time_are_counted_by_what_they_were_of(shop: Repository) -> None:
    found = told(shop)
    assert (found.runs, found.failed, found.refusals, found.applications_defined) == (3, 1, 1, 2)
    assert [(one.name, one.runs, one.failed) for one in found.by_environment] == [
        ("development", 2, 1),
        ("staging", 1, 0),
    ]
    assert [(one.name, one.runs, one.failed, one.failure_rate) for one in found.by_workflow] == [
        ("application/workload", 2, 0, 0.0),
        ("scan", 2, 0, 0.0),
        ("shop/seed", 2, 1, 0.5),
    ]
    assert found.by_environment[0].median_ms == 2000
    assert told(shop, None).runs == 4
    assert told(shop, None).by_application[0].runs == 4


def test_products_and_what_is_idle_are_told(shop: Repository) -> None:
    found = told(shop)
    assert [
        (one.name, one.applications, one.runs, one.workflows_run, one.workflows_defined) for one in found.products
    ] == [
        ("shop", ["web"], 3, 1, 1),
        ("ads", [], 0, 0, 1),
    ]
    assert found.idle_workflows == ["ads/fill", "extra"]
    assert found.never_deployed == ["idle"]


def test_refusals_are_counted_by_their_code(shop: Repository) -> None:
    (refused,) = told(shop).refused_by
    assert (refused.code, refused.count, refused.applications) == ("ORC-4004", 1, ["web"])
    assert refused.title


def test_what_stands_without_a_required_workflow_is_not_covered(shop: Repository, history: Callable[..., None]) -> None:
    (coverage,) = told(shop).coverage
    assert (coverage.workflow, coverage.covered, coverage.deployments) == ("scan", 1, 2)
    assert [(one.environment, one.reason) for one in coverage.uncovered] == [("staging", "no step of it ran")]
    history(0.5, application="web", steps=[result(WORKLOAD)])
    assert [(one.environment, one.reason) for one in told(shop).coverage[0].uncovered] == [
        ("development", "not in its plan"),
        ("staging", "no step of it ran"),
    ]


def test_a_failure_that_was_allowed_is_none(shop: Repository, history: Callable[..., None]) -> None:
    history(0.5, application="web", steps=[result(SCAN, "failed", continued=True)])
    scan = next(one for one in told(shop).by_workflow if one.name == "scan")
    assert (scan.runs, scan.failed) == (3, 0)


@pytest.mark.parametrize(
    ("step", "workflow"),
    [
        (SCAN, "scan"),
        (SEED, "shop/seed"),
        (WORKLOAD, "application/workload"),
        ("deployment/application/shop/own/a/b", "shop/own"),
        ("deployment/application", None),
    ],
)
def test_a_step_names_its_workflow(step: str, workflow: str | None) -> None:
    assert workflow_of(step) == workflow


def test_skimming_says_what_reading_says(shop: Repository) -> None:
    store = shop.store()
    skimmed = skim(store).records
    read = [stored.record for stored in store.records()]
    assert [(one.run, one.status, one.duration_ms, one.plan) for one in skimmed] == [
        (one.run, one.status, one.duration_ms, one.plan) for one in read
    ]
    assert [[step.step for step in one.steps] for one in skimmed] == [[step.step for step in one.steps] for one in read]


def test_a_damaged_record_is_left_out_with_the_finding_that_reading_gives(
    shop: Repository, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = next(path for path in shop.git("ls-files").splitlines() if path.startswith(".innominatus/runs/web/staging"))
    shop.commit(path, "{}\n")
    assert [finding.code.number for finding in skim(shop.store()).findings] == ["ORC-6011"]
    monkeypatch.chdir(shop.path)
    assert run(["stats", "--all", "-o", "json"]) == 65
    assert json.loads(capfd.readouterr().out)["runs"] == 3


def test_the_last_deployment_of_each_environment_stands(shop: Repository) -> None:
    found = last_deployments(shop.store()).records
    assert [(one.application, one.environment, len(one.steps)) for one in found] == [
        ("web", "development", 3),
        ("web", "staging", 2),
    ]


def test_the_id_of_a_run_says_when_it_began() -> None:
    assert ulid_milliseconds(ulid(1_763_640_000_123, bytes(10))) == 1_763_640_000_123


def test_a_repository_without_records_has_statistics(
    repository: Repository, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository.path)
    assert run(["stats"]) == 0
    assert capfd.readouterr().out.startswith("0 runs since ")
    assert run(["stats", "--since", "7d", "--all"]) == 2


def test_the_text_shows_tables_and_what_is_not_covered(
    shop: Repository, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shop.path)
    assert run(["stats", "--all", "-o", "wide"]) == 0
    text = capfd.readouterr().out
    assert "4 runs of all time, 1 failed; 1 refusal" in text
    assert "web in staging (no step of it ran)" in text
    assert "Never deployed: idle" in text


def test_tallies_are_lines_for_spreadsheets(
    shop: Repository, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shop.path)
    assert run(["stats", "--all", "-o", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capfd.readouterr().out)))
    assert {row["of"] for row in rows} == {"application", "environment", "workflow", "step type"}
    assert next(row["failure_rate"] for row in rows if row["name"] == "shop/seed") == "0.5"
