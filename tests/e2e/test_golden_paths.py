"""The shipped golden paths beside deploy-app, in development on a bare machine."""

import gzip
import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
SCORE = "docs/examples/checkout-service/score.yaml"


class Shop:
    """A repository with the project's own workflows and examples."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def ctl(self, *arguments: str, status: int = 0) -> str:
        """What the command line says, both streams."""
        argv = [sys.executable, "-m", "innominatus_cli", *arguments]
        done = subprocess.run(argv, cwd=self.root, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    def state(self, environment: str = "development") -> Path:
        """The state folder of the checkout service."""
        return self.root / ".git/innominatus/state/checkout-service" / environment

    def outputs(self, step: str) -> dict[str, object]:
        """What a step of the newest run gave."""
        newest = max((self.root / ".innominatus/runs").rglob("*.json"), key=lambda path: path.stem)
        steps = json.loads(newest.read_text())["steps"]
        return dict(next(one["outputs"] for one in steps if one["step"].endswith(f"/{step}")))


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    root = tmp_path / "repository"
    shutil.copytree(ROOT / "workflows", root / "workflows")
    shutil.copytree(ROOT / "docs/examples", root / "docs/examples")
    for name in ("admin-config.yaml", ".gitattributes"):
        shutil.copy(ROOT / name, root)
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "ada@example.com")
    for command in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "Everything"]):
        subprocess.run(["git", *command], cwd=root, check=True)
    return Shop(root)


def test_an_ephemeral_environment_is_removed_once_it_has_expired(shop: Shop) -> None:
    shop.ctl("run", "ephemeral-env", SCORE, "--param", "name=pr-42", "--param", "ttl=0m", "--param", "replicas=2")
    shop.ctl("run", "ephemeral-env", SCORE, "--param", "name=pr-43", "--param", "ttl=2h")
    manifests = shop.root / ".innominatus/manifests/checkout-service"
    rendered = (manifests / "preview-pr-42/deployment/application/workload/deploy-application.yaml").read_text()
    deployment = next(one for one in yaml.safe_load_all(rendered) if one["kind"] == "Deployment")
    assert deployment["spec"]["replicas"] == 2
    rows = json.loads(shop.ctl("status", "-o", "json"))["runs"]
    expires = {row["environment"]: row["expires_at"] for row in rows}
    assert expires["preview-pr-42"] < expires["preview-pr-43"]
    assert "checkout-service in preview-pr-42: expired" in shop.ctl("deprovision", "--expired", "--dry-run")

    told = shop.ctl("deprovision", "--expired")

    assert "checkout-service in preview-pr-42: succeeded" in told
    assert sorted(path.name for path in manifests.iterdir()) == ["preview-pr-43"]
    assert not (shop.state("preview-pr-42") / "databases/orders.db").exists()
    assert (shop.state("preview-pr-43") / "databases/orders.db").exists()
    left = json.loads(shop.ctl("deprovision", "--expired", "-o", "json"))
    assert [one["environment"] for one in left["others"]] == ["preview-pr-43"]
    assert left["expired"] == []


def test_a_database_is_checked_backed_up_and_restored(shop: Shop) -> None:
    missing = shop.ctl("run", "db-lifecycle", SCORE, "--param", "operation=backup", status=4)
    assert "ORC-5103" in missing
    shop.ctl("run", "deploy-app", SCORE)
    shop.ctl("run", "db-lifecycle", SCORE)
    assert int(str(shop.outputs("maintain-file")["tables"])) >= 5

    shop.ctl("run", "db-lifecycle", SCORE, "--param", "operation=backup")
    backup = str(shop.outputs("maintain-file")["file"])
    with gzip.open(shop.state() / "backups/orders" / backup) as packed:
        assert packed.read(16) == b"SQLite format 3\0"
    with closing(sqlite3.connect(shop.state() / "databases/orders.db", isolation_level=None)) as database:
        database.execute("DELETE FROM products")
    shop.ctl("run", "db-lifecycle", SCORE, "--param", "operation=restore", "--param", f"backup={backup}")

    with closing(sqlite3.connect(shop.state() / "databases/orders.db", isolation_level=None)) as database:
        assert database.execute("SELECT count(*) FROM products").fetchone() == (5,)
    assert len(list((shop.state() / "backups/orders").iterdir())) == 2  # what was there before the restore, too


def test_observability_is_rendered_and_taken_back_with_the_application(shop: Shop) -> None:
    shop.ctl("run", "deploy-app", SCORE)

    shop.ctl("run", "observability-setup", SCORE, "--param", "enable_logs=false", "--param", "retention_days=14")

    folder = shop.root / ".innominatus/manifests/checkout-service/development/deployment/application"
    folder /= "observability-setup"
    assert sorted(path.stem for path in folder.iterdir()) == ["deploy-grafana", "deploy-prometheus", "watch-volumes"]
    assert "--storage.tsdb.retention.time=14d" in (folder / "deploy-prometheus.yaml").read_text()
    shop.ctl("deprovision", "checkout-service")
    assert not (shop.root / ".innominatus/manifests").exists()
