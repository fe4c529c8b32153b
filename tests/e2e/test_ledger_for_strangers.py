"""A stranger with a clone finds out that nothing was changed, and reads who ran what, when, where, approved by whom."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

ADMIN = """\
    teams:
      release:
        members: [eve@shop.example]
        signers: {{eve@shop.example: {{ssh: ["{eve}"]}}}}
    workflowPolicies:
      security: {{requireApproval: [production]}}
    ledger:
      signers: ["bot@shop.example {bot}"]
    """
CHECK = """\
    apiVersion: workflow.dev/v1
    kind: PlatformWorkflow
    metadata: {name: check, description: Looks, owner: platform-team, phase: deployment}
    spec:
      triggers: [manual]
      steps:
        - {name: look, type: script, config: {script: "true"}}
    """


def new_key(path: Path) -> str:
    """A key pair; the public half."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(path)], check=True)
    return path.with_suffix(".pub").read_text().strip()


@pytest.fixture
def published(workshop: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A remote with an approved run in production, and a signed statement about it."""
    eve, bot = new_key(tmp_path / "eve"), new_key(tmp_path / "bot")
    workshop.write("admin-config.yaml", ADMIN.format(eve=eve, bot=bot))
    workshop.write("workflows/platform/check.yaml", CHECK)
    workshop.git("init", "-q", "-b", "main")
    workshop.commit("Start")
    assert workshop("run", "check", "--env", "production").status == 6
    (plan,) = (workshop.folder / ".innominatus" / "plans").iterdir()
    with monkeypatch.context() as as_eve:
        as_eve.setenv("GIT_AUTHOR_NAME", "Eve")
        as_eve.setenv("GIT_AUTHOR_EMAIL", "eve@shop.example")
        told = workshop("approve", f"sha256:{plan.stem}", "--key", str(tmp_path / "eve"))
        assert told.status == 0, told.all
    assert workshop("run", "check", "--env", "production").status == 0
    remote = tmp_path / "remote.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(remote)], check=True)
    workshop.git("remote", "add", "origin", f"file://{remote}")
    workshop.git("push", "-q", "origin", "main")
    told = workshop("ledger", "sign", "--push", "--key", str(tmp_path / "bot"))
    assert told.status == 0, told.all
    return remote


def test_a_stranger_verifies_a_clone_and_reads_everything(published: Path, workshop: Any, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", f"file://{published}", str(clone)], check=True)
    stranger = type(workshop)(clone)
    told = stranger("ledger", "verify", "--fetch", "--signatures", "--strict")
    assert told.status == 0, told.all
    assert "is sound: 2 runs, 1 action, 1 plan, 4 commits, 2 signatures verified" in told.out
    assert "by bot@shop.example on main (3 records, signed)" in told.out
    shown = stranger("ledger", "show", "latest", "-o", "json").data
    record = shown["record"]
    assert record["commit"] == stranger.git("rev-parse", "HEAD^").strip()
    assert [(one["email"], one["team"], one["evidence"]) for one in record["approvals"]] == [
        ("eve@shop.example", "release", "ssh")
    ]
    assert [action["record"]["action"] for action in shown["actions"]] == ["approve"]
    assert stranger("audit", "search", "--action", "approve", "--actor", "eve", "-o", "json").data["found"] == 1
    statements = stranger("ledger", "export").out.splitlines()
    assert len(statements) == 2


def test_a_stranger_sees_that_the_newest_record_was_taken_away(published: Path, workshop: Any, tmp_path: Path) -> None:
    subprocess.run(["git", "update-ref", "refs/heads/main", "main~1"], cwd=published, check=True)
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", f"file://{published}", str(clone)], check=True)
    told = type(workshop)(clone)("ledger", "verify", "--fetch")
    assert told.status == 65
    assert "ORC-6069" in told.err
