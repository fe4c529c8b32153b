"""How long `stats` takes over many records, and what committing one more costs. Prints ratios.

    python tests/benchmarks/bench_records.py [--short]

Records of 16 steps, of 200 applications in 3 environments over a year, in one commit. The floor is `git cat-file` of
all of them and `json.loads`; whole records are what `history` reads. A month is what `stats` shows by itself. Seconds
are those that this process computed, so that a busy machine changes little; nothing is asserted.

Then `history` is asked for the newest 50 runs, as it shows them by itself, of 100,000 (with --short: of 1,000) in a
checked out repository: without an index, which makes it, and with it (to be at most 0.3 seconds), with git's CPU
seconds; and for all of them.

Then one record is committed to a ledger of 1,000 and to one of 100,000 (with --short: 100 and 1,000), by each store, in
turns; the ratio of the two medians is to be at most 1.5 for the branch store. It counts the CPU seconds of git too.
"""

import json
import random
import resource
import statistics as numbers
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from innominatus_cli.documents.run_record import RunRecord, StepResult
from innominatus_cli.documents.verdict import Actor
from innominatus_cli.ledger.branch_store import BranchStore
from innominatus_cli.ledger.records import record_path
from innominatus_cli.ledger.working_tree import WorkingTreeStore
from innominatus_cli.operations.history import NEWEST, history, open_ledger
from innominatus_cli.operations.statistics import DEFAULT_SECONDS, statistics
from innominatus_cli.system.clock import timestamp, ulid
from innominatus_cli.system.git import Git

SIZES, SHORT_SIZES = (100, 1_000, 10_000), (100, 500)
FEW_AND_MANY, SHORT_FEW_AND_MANY = (1_000, 100_000), (100, 1_000)
ROUNDS = 15
BOUND = 1.5
LIST_SECONDS = 0.3
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


def fast_import(folder: Path, count: int) -> None:
    """A repository with so many records, in one commit of main and the same one of the ledger's branch."""
    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=folder, check=True)
    stream = bytearray()
    for branch in ("main", "innominatus/ledger"):
        stream += b"commit refs/heads/%s\ncommitter a <a@b.c> 1700000000 +0000\ndata 1\nx\n" % branch.encode()
        for number in range(count):
            made = record(number, count)
            data = made.canonical
            path = record_path(".innominatus", made).encode()
            stream += b"M 100644 inline %s\ndata %d\n%s\n" % (path, len(data), data)
    subprocess.run(["git", "fast-import", "--quiet"], cwd=folder, input=stream, check=True)
    subprocess.run(["git", "checkout", "-q", "-f", "main"], cwd=folder, check=True)


def used() -> float:
    """CPU seconds of this process and of all that it has waited for."""
    spent = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in spent)


def lists(folder: Path, count: int) -> None:
    """Prints what `history` costs without an index, and with one."""

    def spent(newest: int | None) -> float:
        before = used()
        rows = history(open_ledger(folder), newest=newest).rows
        if len(rows) != (newest or count):
            raise AssertionError(len(rows))
        return used() - before

    time.sleep(2.1)  # folders that changed just now are listed again
    cold, again = spent(NEWEST), spent(NEWEST)
    warm, everything = min(spent(NEWEST) for _ in range(5)), min(spent(None) for _ in range(3))
    size = sum(path.stat().st_size for path in (folder / ".git/innominatus/ledger").glob("index-*"))
    print(
        f"history of {count:,} records, the newest {NEWEST}: {cold:.2f}s without an index, {again:.3f}s "
        f"and then {warm:.3f}s with it (bound {LIST_SECONDS}); all {everything:.2f}s; it has {size / 1e6:.0f} MB"
    )


def commits(few: int, many: int) -> None:
    """Prints what committing one record costs with few and with many others."""
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        stores: list[dict[type[WorkingTreeStore], WorkingTreeStore]] = []
        for name, count in ((one, few), (other, many)):
            fast_import(Path(name), count)
            if count == many:
                lists(Path(name), count)
            git = Git.open(Path(name))
            if git is None:
                raise AssertionError(name)
            stores.append({kind: kind(git) for kind in (BranchStore, WorkingTreeStore)})
        for kind, label in ((BranchStore, "branch store"), (WorkingTreeStore, "tree store")):
            spent: list[list[float]] = [[], []]
            for turn in range(ROUNDS + 1):
                for number, store in enumerate(made[kind] for made in stores):
                    new = record(few - 1, few).model_copy(
                        update={"run": ulid(int(NOW.timestamp() * 1000), turn.to_bytes(10)), "plan": None}
                    )
                    head = store.git.head()
                    before = used()
                    if store.write(new, None, {}, head).findings:
                        raise AssertionError(label)
                    spent[number].append(used() - before)
            small, large = (numbers.median(one[1:]) for one in spent)
            bound = f" (bound {BOUND})" if kind is BranchStore else ""
            print(
                f"one record committed by the {label}: {small:.3f}s among {few:,}, {large:.3f}s among {many:,}, "
                f"{large / small:.2f}x{bound}"
            )


def main(*, short: bool) -> None:
    """Prints a line a size, and a line a store."""
    random.seed(1)
    print(f"{'records':>8} {'floor':>8} {'stats, all':>12} {'a month':>8} {'whole':>14}")
    for count in SHORT_SIZES if short else SIZES:
        with tempfile.TemporaryDirectory() as name:
            fill(Path(name), count)
            print(measured(Path(name), count))
    commits(*(SHORT_FEW_AND_MANY if short else FEW_AND_MANY))


if __name__ == "__main__":
    main(short="--short" in sys.argv)
