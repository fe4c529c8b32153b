"""How long `stats` takes over many records, against reading their bytes and parsing them as JSON. Prints ratios.

    python tests/benchmarks/bench_records.py [--short]

Records of 16 steps, of 200 applications in 3 environments over a year, in one commit. The floor is `git cat-file` of
all of them and `json.loads`; whole records are what `history` reads. A month is what `stats` shows by itself. Seconds
are those that this process computed, so that a busy machine changes little; nothing is asserted.
"""

import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from innominatus_cli.documents.run_record import RunRecord, StepResult
from innominatus_cli.documents.verdict import Actor
from innominatus_cli.ledger.records import record_path
from innominatus_cli.operations.history import open_ledger
from innominatus_cli.operations.statistics import DEFAULT_SECONDS, statistics
from innominatus_cli.system.clock import timestamp, ulid

SIZES, SHORT_SIZES = (100, 1_000, 10_000), (100, 500)
STEPS = (
    "pre-deployment/platform/-/scan/look",
    *(f"deployment/product/shop/flow-{number % 5}/step-{number}" for number in range(14)),
    "deployment/application/-/workload/deploy-application",
)
NOW = datetime(2026, 11, 20, tzinfo=UTC)
YEAR = timedelta(days=365)


def record(number: int, count: int) -> RunRecord:
    """The record with this number of so many, the oldest first."""
    began = NOW - YEAR + YEAR / count * number
    at = timestamp(began)
    return RunRecord(
        kind="run",
        run=ulid(int(began.timestamp() * 1000), number.to_bytes(10)),
        parents=["sha256:" + "a" * 64],
        application=f"app-{number % 200}",
        environment=("development", "staging", "production")[number % 3],
        operation="deploy",
        status="succeeded",
        plan=f"sha256:{number % 50:064x}",
        actor=Actor(name="Ada", email="ada@shop.example", source="git config"),
        started_at=at,
        finished_at=at,
        duration_ms=random.randint(1000, 60000),  # noqa: S311 - no secret
        dirty=False,
        tool_version="0.1.0",
        steps=[StepResult(step=step, status="succeeded", started_at=at, duration_ms=100) for step in STEPS],
    )


def fill(folder: Path, count: int) -> None:
    """A repository with so many records in one commit."""
    (folder / "admin-config.yaml").write_text("workflowPolicies: {requiredPlatformWorkflows: [scan]}\n")
    for number in range(count):
        made = record(number, count)
        path = folder / record_path(".innominatus", made)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(made.canonical)
    who = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
    for arguments in (["init", "-q"], ["add", "-A"], [*who, "commit", "-qm", "x"]):
        subprocess.run(["git", "-c", "gc.auto=0", *arguments], cwd=folder, check=True)


def seconds(work: Callable[[], object]) -> float:
    """CPU seconds of this process and of the git processes that it waits for; the best of two."""
    best = float("inf")
    for _ in range(2):
        before = time.process_time()
        work()
        best = min(best, time.process_time() - before)
    return best


def measured(folder: Path, count: int) -> str:
    """The line of a repository of so many records."""
    store = open_ledger(folder).store
    paths, _ = store.files()

    def floor() -> None:
        for data in store.git.read_blobs(paths.values()).values():
            json.loads(data)

    base = seconds(floor)
    everything = seconds(lambda: statistics(open_ledger(folder), NOW, None))
    month = seconds(lambda: statistics(open_ledger(folder), NOW, DEFAULT_SECONDS))
    whole = seconds(store.records)
    return (
        f"{count:>8} {base:>7.3f}s {everything:>6.3f}s {everything / base:>3.1f}x "
        f"{month:>7.3f}s {whole:>8.2f}s {whole / base:>4.1f}x"
    )


def main(*, short: bool) -> None:
    """Prints a line a size."""
    random.seed(1)
    print(f"{'records':>8} {'floor':>8} {'stats, all':>12} {'a month':>8} {'whole':>14}")
    for count in SHORT_SIZES if short else SIZES:
        with tempfile.TemporaryDirectory() as name:
            fill(Path(name), count)
            print(measured(Path(name), count))


if __name__ == "__main__":
    main(short="--short" in sys.argv)
