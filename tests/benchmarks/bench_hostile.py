"""Hostile input: how long the slowest check of one takes, and how much memory the largest, a cold process each.

Files are those of tests/cases/hostile, repositories those of tests/faults/hostile_repositories.py. The short form takes
every twelfth file, and all files that are larger than 16 KiB.

    python tests/benchmarks/bench_hostile.py [--short]
"""

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
HOSTILE = ROOT / "tests" / "cases" / "hostile"
LONGEST_SECONDS, LARGEST_MB = 1.0, 200
STATUSES = {0, 1, 65, 69}
SHORT_EVERY, LARGE_BYTES = 12, 16 * 1024


class Outcome(NamedTuple):
    """One cold process: what it checked, its wall time, its peak memory and its exit status."""

    name: str
    seconds: float
    megabytes: float
    status: int


def main(*, short: bool) -> int:
    """Prints the slowest and the largest, and whether all are within the bounds; 1 where one is not."""
    outcomes = [*files(short=short), *repositories()]
    for title, key in (("slowest", lambda one: one.seconds), ("largest", lambda one: one.megabytes)):
        print(title)
        for one in sorted(outcomes, key=key, reverse=True)[:5]:
            print(f"  {one.name:58}{one.seconds:8.3f} s{one.megabytes:8.1f} MB   exit {one.status}")
    wrong = [
        one
        for one in outcomes
        if one.seconds > LONGEST_SECONDS or one.megabytes > LARGEST_MB or one.status not in STATUSES
    ]
    print(f"{len(outcomes)} inputs; bounds: {LONGEST_SECONDS} s, {LARGEST_MB} MB, exit {sorted(STATUSES)}")
    print("beyond the bounds: " + (", ".join(one.name for one in wrong) or "none"))
    return 1 if wrong else 0


def files(*, short: bool) -> Iterator[Outcome]:
    """`validate` of every file."""
    paths = sorted(HOSTILE.rglob("*.yaml"))
    chosen = [
        path for i, path in enumerate(paths) if not short or i % SHORT_EVERY == 0 or path.stat().st_size > LARGE_BYTES
    ]
    with tempfile.TemporaryDirectory() as folder:
        for path in chosen:
            shutil.copy(path, folder)
            yield measured(str(path.relative_to(HOSTILE)), folder, "validate", path.name)
            (Path(folder) / path.name).unlink()


def repositories() -> Iterator[Outcome]:
    """`validate` of every repository."""
    from tests.faults.hostile_repositories import MAKERS

    for name, make in MAKERS.items():
        with tempfile.TemporaryDirectory() as folder:
            make(Path(folder) / "repository")
            yield measured(f"repository {name}", f"{folder}/repository", "validate")


def measured(name: str, folder: str, *arguments: str) -> Outcome:
    """Runs the installed command in a process of its own and asks the system what it used."""
    tool = str(Path(sys.executable).parent / "innominatus-ctl")
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    quiet = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in (0, 1, 2)]
    began = time.perf_counter()
    argv = ["sh", "-c", 'cd "$1" && shift && exec "$@"', "sh", folder, tool, *arguments]
    pid = os.posix_spawn("/bin/sh", argv, environment, file_actions=quiet)
    _, status, usage = os.wait4(pid, 0)
    seconds = time.perf_counter() - began
    return Outcome(name, seconds, usage.ru_maxrss / 1024, os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    sys.exit(main(short="--short" in sys.argv[1:]))
