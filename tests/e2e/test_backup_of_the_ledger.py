"""`ledger backup` and `ledger restore`, as somebody uses them after a clone lost its records."""

import json
import subprocess
from pathlib import Path
from typing import Any

WORKFLOW = """\
    apiVersion: workflow.dev/v1
    kind: PlatformWorkflow
    metadata: {name: look, description: Looks, owner: platform-team, phase: pre-deployment}
    spec:
      triggers: [manual]
      steps: [{name: look, type: script, timeout: 1m, config: {script: "true"}}]
    """


def with_runs(workshop: Any, count: int) -> str:
    workshop.write("admin-config.yaml", "admin: {}\n")
    workshop.write("workflows/platform/look.yaml", WORKFLOW)
    workshop.commit()
    start = str(workshop.git("rev-parse", "HEAD")).strip()
    for _ in range(count):
        assert workshop("run", "look").status == 0
    return start


def test_lost_records_come_back_byte_for_byte_and_the_ledger_says_who_brought_them(workshop: Any) -> None:
    start = with_runs(workshop, 3)
    before = workshop.git("ls-tree", "-r", "HEAD", ".innominatus")
    told = workshop("ledger", "backup", "../ledger.bundle")
    assert told.status == 0, told.all
    assert "3 records" in told.out
    workshop.git("reset", "-q", "--hard", start)
    drill = json.loads(workshop("ledger", "restore", "../ledger.bundle", "--dry-run", "-o", "json").out)
    assert (drill["runs"], drill["commit"]) == (3, None)
    assert workshop.git("rev-parse", "HEAD").strip() == start
    told = workshop("ledger", "restore", "../ledger.bundle")
    assert told.status == 0, told.all
    assert set(before.splitlines()) <= set(workshop.git("ls-tree", "-r", "HEAD", ".innominatus").splitlines())
    assert workshop("ledger", "verify").status == 0
    assert json.loads(workshop("audit", "search", "--action", "restore", "-o", "json").out)
    assert workshop.git("status", "--porcelain") == ""
    assert "Nothing is missing" in workshop("ledger", "restore", "../ledger.bundle").out


def test_only_what_had_ended_by_a_run_comes_back(workshop: Any) -> None:
    start = with_runs(workshop, 3)
    runs = sorted(record["run"] for record in workshop.records("run"))
    assert workshop("ledger", "backup", "../ledger.bundle").status == 0
    workshop.git("reset", "-q", "--hard", start)
    assert workshop("ledger", "restore", "../ledger.bundle", "--at", runs[1]).status == 0
    assert sorted(record["run"] for record in workshop.records("run")) == runs[:2]
    verified = workshop("ledger", "verify")
    assert verified.status == 65, "this clone has seen the third run, and says that it is gone"


def test_a_backup_that_is_damaged_or_differs_restores_nothing(workshop: Any, tmp_path: Path) -> None:
    with_runs(workshop, 2)
    bundle = Path(workshop.folder).parent / "ledger.bundle"
    assert workshop("ledger", "backup", str(bundle)).status == 0
    refused = workshop("ledger", "backup", str(bundle))
    assert refused.status == 73
    assert "the file is there already" in refused.all
    refused = workshop("ledger", "backup", "../nowhere/ledger.bundle")
    assert refused.status == 73
    assert "ORC-1061" in refused.all
    data = bundle.read_bytes()
    damaged = tmp_path / "damaged.bundle"
    damaged.write_bytes(data[: len(data) // 2])
    refused = workshop("ledger", "restore", str(damaged))
    assert refused.status == 65
    assert "ORC-6080" in refused.all
    (path,) = list(Path(workshop.folder, ".innominatus/runs").rglob("*.json"))[:1]
    path.write_bytes(path.read_bytes().replace(b"succeeded", b"failed", 1))
    subprocess.run(["git", "commit", "-qam", "Edited"], cwd=workshop.folder, check=True)
    head = workshop.git("rev-parse", "HEAD")
    refused = workshop("ledger", "restore", str(bundle))
    assert refused.status == 65
    assert "ORC-6081" in refused.all
    assert workshop.git("rev-parse", "HEAD") == head
