"""`affected` over 1,000 applications and 200 workflows, against parsing the same files once.

Both are timed by the processor, in new processes that take turns; a ratio is the median of the rounds' own ratios. What
is told apart is what changed: nothing, a workflow of one product, or one of the platform, which every plan has; and how
much is known: nothing, the same comparison (`again`), or the comparison before the change (`changed since`).

    python tests/benchmarks/bench_affected.py [--short]
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.benchmarks.generated_platform import commit, generate  # noqa: E402 - the path comes first

APPLICATIONS, SHORT_APPLICATIONS = 1_000, 200
WORKFLOWS, SHORT_WORKFLOWS = 200, 50
ROUNDS, SHORT_ROUNDS = 3, 2
BOUND = 25.0
BOUND_KEPT = 8.0
"""With what an earlier run has kept."""
KEPT = ".git/innominatus/cache"
CHANGES = {
    "nothing": "",
    "a product's workflow": "workflows/products/product-0001/step-00010.yaml",
    "a platform's workflow": "workflows/platform/scan-0001.yaml",
}
_PARSE = """
import gc, pathlib, time
gc.disable()
from innominatus_cli.documents.loading import load
files = [(str(path), path.read_bytes()) for path in sorted(pathlib.Path().rglob("*.yaml"))]
load(*files[0])
began = time.process_time()
for path, data in files:
    load(path, data)
print(time.process_time() - began, len(files))
"""
_AFFECTED = """
import gc, time
gc.disable()
from innominatus_cli.operations.affected import find_affected
from innominatus_cli.operations.planning import PlanWish
began = time.process_time()
report = find_affected("main", PlanWish())
print(time.process_time() - began, len(report.affected), report.planned, report.parsed)
"""


def main(*, short: bool) -> None:
    """Prints times and ratios, and whether the bound is met."""
    applications, workflows = (SHORT_APPLICATIONS, SHORT_WORKFLOWS) if short else (APPLICATIONS, WORKFLOWS)
    with tempfile.TemporaryDirectory() as folder:
        repository = Path(folder)
        generate(repository, applications, workflows)
        commit(repository)
        print(f"{applications:,} applications, {workflows:,} workflows")
        print(f"{'changed':24}{'affected':>10}{'planned':>9}{'parsed':>8}{'median s':>10}{'x parsing':>11}")
        for name, path in CHANGES.items():
            measure(repository, name, path, SHORT_ROUNDS if short else ROUNDS)


def measure(repository: Path, name: str, path: str, rounds: int) -> None:
    """One kind of change."""
    file = repository / path
    before = file.read_text(encoding="utf-8") if path else ""
    after = before.replace("timeout: 5m", "timeout: 6m")
    taken: dict[str, list[tuple[float, float]]] = {name: [], "  again": [], **({"  changed since": []} if path else {})}
    found: dict[str, list[float]] = {}
    for _ in range(rounds):
        parsing = numbers(repository, _PARSE)
        for what, times in taken.items():
            if what != "  again":
                shutil.rmtree(repository / KEPT, ignore_errors=True)
            if what == "  changed since":
                file.write_text(before, encoding="utf-8")
                numbers(repository, _AFFECTED)
            if path:
                file.write_text(after, encoding="utf-8")
            found[what] = numbers(repository, _AFFECTED)
            times.append((found[what][0], found[what][0] / parsing[0]))
    if path:
        file.write_text(before, encoding="utf-8")
    for what, times in taken.items():
        seconds, ratio = (statistics.median(values) for values in zip(*times, strict=True))
        affected, planned, parsed = (int(number) for number in found[what][1:])
        if path and not affected:
            raise SystemExit(f"a change of {path} affects nothing: the benchmark measures nothing")
        bound = BOUND if what == name else BOUND_KEPT
        verdict = f"at most {bound:.0f}: {'met' if ratio <= bound else 'MISSED'}"
        print(f"{what:24}{affected:10,}{planned:9,}{parsed:8,}{seconds:10.2f}{ratio:11.1f}  {verdict}")


def numbers(repository: Path, program: str) -> list[float]:
    """What a program prints in a new process."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPATH"] = str(ROOT)
    argv = [sys.executable, "-c", program]
    done = subprocess.run(argv, cwd=repository, env=environment, capture_output=True, check=True)
    return [float(word) for word in done.stdout.split()]


if __name__ == "__main__":
    main(short="--short" in sys.argv[1:])
