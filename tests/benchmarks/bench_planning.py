"""One application, planned in repositories of 10 to 10,000 workflows and up to 1,000 applications: it costs the same.

Each size is planned by new processes in turn, so that nothing is known from before; the time is that of the processor,
of planning alone, and the median of the rounds. The platform has the same five workflows everywhere.

    python tests/benchmarks/bench_planning.py [--short]
"""

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.benchmarks.generated_platform import commit, generate  # noqa: E402 - the path comes first

SIZES, SHORT_SIZES = (10, 100, 1_000, 10_000), (10, 100, 1_000)
ROUNDS, SHORT_ROUNDS = 9, 5
PLATFORM = 5
BOUND = 1.5
"""The largest repository against the smallest: what is left is git, which reads the index and the tree."""
_ONE = """
import gc, sys, time
gc.disable()
from innominatus_cli.operations.planning import PlanWish, plan_for
began = time.process_time()
report = plan_for(PlanWish(score="apps/app-00000/score.yaml", list_others=False))
took = time.process_time() - began
assert report.outcome.plan is not None, report.outcome.findings
print(took)
"""


def main(*, short: bool) -> None:
    """Prints the growth curve, and whether it is flat."""
    sizes, rounds = (SHORT_SIZES, SHORT_ROUNDS) if short else (SIZES, ROUNDS)
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            generate(Path(folder) / str(size), min(size, 1_000), size, PLATFORM)
            commit(Path(folder) / str(size))
        taken: dict[int, list[float]] = {size: [] for size in sizes}
        for _ in range(rounds + 1):
            for size in sizes:
                taken[size].append(seconds(Path(folder) / str(size)))
    print(f"{'workflows':>10}{'applications':>14}{'median ms':>11}{'x smallest':>12}")
    medians = {size: statistics.median(times[1:]) for size, times in taken.items()}
    for size, median in medians.items():
        print(f"{size:10,}{min(size, 1_000):14,}{median * 1000:11.1f}{median / medians[sizes[0]]:12.2f}")
    growth = medians[sizes[-1]] / medians[sizes[0]]
    print(f"at most {BOUND} x: {'met' if growth <= BOUND else 'MISSED'}")


def seconds(repository: Path) -> float:
    """The processor time of planning in a new process."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPATH"] = str(ROOT)
    argv = [sys.executable, "-c", _ONE]
    done = subprocess.run(argv, cwd=repository, env=environment, capture_output=True, check=True)
    return float(done.stdout)


if __name__ == "__main__":
    main(short="--short" in sys.argv[1:])
