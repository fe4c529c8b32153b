"""A revision reads like the working tree that it was committed from, with the object ids that git gives."""

import os
import subprocess
from pathlib import Path

import pytest

from innominatus_cli.documents.repository import Repository
from innominatus_cli.documents.revision_snapshot import RevisionSnapshot
from innominatus_cli.documents.snapshot import WorkingTreeSnapshot
from innominatus_cli.findings.finding import Finding
from innominatus_cli.system.git import Git

WORKFLOW = """apiVersion: workflow.dev/v1
kind: PlatformWorkflow
metadata: {name: scan, description: Ünïcode}
spec: {triggers: [all_deployments], steps: [{name: a, type: script, config: {script: echo}}]}
"""


def git(root: Path, *argv: str) -> str:
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "core.autocrlf=false")
    done = subprocess.run(("git", *identity, *argv), cwd=root, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "workflows" / "platform").mkdir(parents=True)
    (tmp_path / "workflows" / "platform" / "scan.yaml").write_text(WORKFLOW)
    (tmp_path / "workflows" / "platform" / "über.yaml").write_text(WORKFLOW.replace("scan", "other"))
    (tmp_path / "workflows" / "products").mkdir()
    (tmp_path / "workflows" / "products" / "shop").symlink_to("../shop")
    (tmp_path / "workflows" / "shop").mkdir()
    (tmp_path / "workflows" / "shop" / "x.yaml").write_text(WORKFLOW.replace("Platform", "Product"))
    (tmp_path / "out.yaml").symlink_to("/etc/hostname")
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "start")
    return tmp_path


def revision_of(root: Path) -> RevisionSnapshot:
    opened = Git.open(root)
    assert opened is not None
    return RevisionSnapshot(opened, opened.resolve("HEAD"))


def test_a_revision_is_what_was_committed(root: Path) -> None:
    tree, revision = WorkingTreeSnapshot(root), revision_of(root)
    paths = tree.paths("", (".yaml",))
    assert revision.paths("", (".yaml",)) == paths
    assert len(paths) == 5
    for path in paths:
        there, here = revision.read(path), tree.read(path)
        if isinstance(here, Finding):
            assert isinstance(there, Finding)
            assert there.code is here.code
        else:
            assert there == here
        assert revision.object_id(path) == tree.object_id(path)


def test_object_ids_are_gits_own(root: Path) -> None:
    path = "workflows/platform/scan.yaml"
    assert WorkingTreeSnapshot(root).object_id(path) == git(root, "rev-parse", f"HEAD:{path}")


def test_a_revision_does_not_see_the_working_tree(root: Path) -> None:
    before = revision_of(root)
    (root / "workflows" / "platform" / "scan.yaml").write_text("broken: [")
    os.unlink(root / "workflows" / "products" / "shop")  # noqa: PTH108
    found = Repository(before)
    assert [w.model.metadata.name for w in found.platform_workflows()] == ["scan", "other"]
    assert [w.model.metadata.name for w in found.product_workflows("shop")] == ["scan"]
    assert found.findings == []
