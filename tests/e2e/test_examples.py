"""The applications of docs/examples deploy on a bare machine: no network, and no tool but git, bash and Python."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted(path.parent.name for path in (ROOT / "docs/examples").glob("*/score.yaml"))
ELSEWHERE = {
    f"'if: {condition}' does not hold"
    for condition in ('environment.name in ["staging", "production"]', 'environment.name == "staging"')
}
BARE_TOOLS = ("git", "bash", "sh", "env", "cat", "dirname", "sleep", "python3")


def _run(folder: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(argv, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def _ctl(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return _run(folder, sys.executable, "-m", "innominatus_cli", *arguments)


def _deploy(folder: Path, name: str, *more: str) -> subprocess.CompletedProcess[str]:
    score = f"docs/examples/{name}/score.yaml"
    return _ctl(folder, "run", "deploy-app", score, "--env", "development", *more)


def _records(folder: Path, name: str) -> list[dict[str, Any]]:
    found = sorted((folder / ".innominatus/runs" / name / "development").rglob("*.json"))
    return [json.loads(path.read_text(encoding="utf-8")) for path in found]


@pytest.fixture
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in BARE_TOOLS:
        found = sys.executable if name == "python3" else shutil.which(name)
        assert found, f"{name} is needed"
        (tools / name).symlink_to(found)
    monkeypatch.setenv("PATH", str(tools))
    for name, value in {"NAME": "Ada", "EMAIL": "ada@example.com"}.items():
        monkeypatch.setenv(f"GIT_AUTHOR_{name}", value)
        monkeypatch.setenv(f"GIT_COMMITTER_{name}", value)


@pytest.fixture
def repository(tmp_path: Path, bare_machine: None) -> Path:  # noqa: ARG001 - for its effect
    folder = tmp_path / "repository"
    shutil.copytree(ROOT / "workflows", folder / "workflows")
    shutil.copytree(ROOT / "docs/examples", folder / "docs/examples")
    for name in ("admin-config.yaml", ".gitattributes"):
        shutil.copy(ROOT / name, folder)
    for command in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "Everything"]):
        assert _run(folder, "git", *command).returncode == 0
    return folder


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_deploys_and_commits_its_record(repository: Path, name: str) -> None:
    deployed = _deploy(repository, name)

    assert deployed.returncode == 0, deployed.stdout + deployed.stderr
    (record,) = _records(repository, name)
    assert record["status"] == "succeeded"
    assert {step["status"] for step in record["steps"]} <= {"succeeded", "skipped"}
    assert {step["reason"] for step in record["steps"] if step["status"] == "skipped"} <= ELSEWHERE
    assert _run(repository, "git", "status", "--porcelain").stdout == ""
    committed = set(_run(repository, "git", "show", "--name-only", "--format=", "HEAD").stdout.split())
    assert {path.split("/")[1] for path in committed} == {"runs", "plans", "manifests"}


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_deploys_a_second_time(repository: Path, name: str) -> None:
    first, second = _deploy(repository, name), _deploy(repository, name)

    assert first.returncode == 0, first.stdout + first.stderr
    assert second.returncode == 0, second.stdout + second.stderr
    assert [record["status"] for record in _records(repository, name)] == ["succeeded", "succeeded"]


def test_phases_and_tiers_of_the_checkout_service_come_in_order(repository: Path) -> None:
    assert _deploy(repository, "checkout-service").returncode == 0

    (record,) = _records(repository, "checkout-service")
    workflows = list(dict.fromkeys(step["step"].rpartition("/")[0] for step in record["steps"]))
    assert workflows == [
        "pre-deployment/platform/-/security-scan",
        "pre-deployment/product/ecommerce/database-setup",
        "deployment/product/ecommerce/payment-integration",
        "deployment/application/-/resources",
        "deployment/application/-/workload",
        "deployment/application/-/routes",
        "post-deployment/platform/-/cost-monitoring",
        "post-deployment/platform/-/compliance-check",
        "post-deployment/product/ecommerce/sample-catalog",
    ]


def test_the_sample_catalog_is_loaded_on_the_first_deployment_only(repository: Path) -> None:
    for _ in range(2):
        assert _deploy(repository, "checkout-service").returncode == 0

    first, second = _records(repository, "checkout-service")
    loaded = "post-deployment/product/ecommerce/sample-catalog/load-products"
    (outputs,) = [step["outputs"] for step in first["steps"] if step["step"] == loaded]
    assert str(outputs["products"]) == "5"
    assert loaded not in [step["step"] for step in second["steps"]]


def test_a_manual_workflow_runs_when_it_is_named(repository: Path) -> None:
    assert _deploy(repository, "clickstream-collector", "--workflow", "analytics/warehouse-report").returncode == 0

    (record,) = _records(repository, "clickstream-collector")
    counted = "post-deployment/product/analytics/warehouse-report/count-events"
    (outputs,) = [step["outputs"] for step in record["steps"] if step["step"] == counted]
    assert outputs == {"events": 0, "sessions": 0}


def test_a_model_whose_version_was_registered_with_another_digest_is_refused(repository: Path) -> None:
    assert _deploy(repository, "product-recommender").returncode == 0
    model = repository / "workflows/products/ml-platform/models/recommender.json"
    model.write_text(model.read_text().replace('"TEA-011", "POT-100"', '"TEA-010", "POT-100"'))
    assert _run(repository, "git", "commit", "-q", "-am", "Another model").returncode == 0

    again = _deploy(repository, "product-recommender")

    assert again.returncode == 4, again.stdout + again.stderr
    assert _records(repository, "product-recommender")[-1]["failures"] == [
        "pre-deployment/product/ml-platform/model-registry/register-model"
    ]


def test_an_undeployed_application_leaves_its_records_and_no_manifests(repository: Path) -> None:
    score = "docs/examples/checkout-service/score.yaml"
    assert _deploy(repository, "checkout-service").returncode == 0

    removed = _ctl(repository, "run", "undeploy-app", score, "--env", "development")

    assert removed.returncode == 0, removed.stdout + removed.stderr
    kept = _run(repository, "git", "ls-files", ".innominatus").stdout.split()
    assert {path.split("/")[1] for path in kept} == {"runs", "plans"}
    assert len(_records(repository, "checkout-service")) == 2
    assert _run(repository, "git", "status", "--porcelain").stdout == ""


def test_a_run_in_production_waits_before_any_step(repository: Path) -> None:
    waits = _ctl(repository, "run", "deploy-app", "docs/examples/checkout-service/score.yaml", "--env", "production")

    assert waits.returncode == 6
    assert "ORC-5012" in waits.stderr
    assert "admin-config.yaml:" in waits.stderr
    (path,) = (repository / ".innominatus/runs/checkout-service/production").rglob("*.json")
    record = json.loads(path.read_text(encoding="utf-8"))
    assert (record["kind"], record["status"]) == ("run", "waiting")
    assert {step["status"] for step in record["steps"]} == {"planned"}


def test_a_parameter_out_of_its_range_is_refused_with_its_place(repository: Path) -> None:
    refused = _deploy(repository, "checkout-service", "--param", "expected_replicas=11")

    assert refused.returncode == 1
    assert "workflows/golden-paths/deploy-app.yaml:" in refused.stderr
    assert "at most 10" in refused.stderr
    assert _records(repository, "checkout-service") == []
