"""Cold start: one good file through `validate-product-workflow`, against `python -c pass` of the same interpreter.

Commands take turns, so that a busy moment hits all of them; each figure is the median of the rounds, and a ratio is
the median of the rounds' own ratios. Byte code is written before anything is measured.

    python tests/benchmarks/bench_validate.py [--short]
"""

import compileall
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILE = "workflows/products/ecommerce/database-setup.yaml"
SLOW = ("pydantic", "rich", "git", "jinja2", "jsonschema", "importlib.metadata")
ROUNDS, SHORT_ROUNDS = 41, 11
TARGET = 6.5


def main(rounds: int) -> None:
    """Prints the table, the target, and which slow modules the command loads."""
    python = sys.executable
    tool = str(Path(python).parent / "innominatus-ctl")
    commands = {
        "python -c pass": [python, "-c", "pass"],
        "validate-product-workflow": [tool, "validate-product-workflow", FILE],
        "validate": [tool, "validate", FILE],
        "--version": [tool, "--version"],
        "--help": [tool, "--help"],
        "plan": [tool, "plan", "docs/examples/checkout-service/score.yaml"],
    }
    compileall.compile_dir(str(ROOT / "innominatus_cli"), quiet=2)
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds + 1):
        for name, command in commands.items():
            taken[name].append(seconds(command))
    floor = taken["python -c pass"][1:]
    print(f"{rounds} rounds, Python {sys.version.split()[0]}")
    print(f"{'command':28}{'median ms':>10}{'min ms':>9}{'x floor':>9}")
    for name, times in taken.items():
        ratio = statistics.median(own / base for own, base in zip(times[1:], floor, strict=True))
        print(f"{name:28}{statistics.median(times[1:]) * 1000:10.1f}{min(times[1:]) * 1000:9.1f}{ratio:9.2f}")
    print(f"target: validate-product-workflow at most {TARGET} x `python -c pass`")
    print(f"slow modules it loads: {', '.join(slow_modules()) or 'none'}")


def seconds(command: list[str]) -> float:
    """How long one run of a command takes; it must succeed."""
    began = time.perf_counter()
    subprocess.run(command, cwd=ROOT, env=environment(), check=True, capture_output=True)
    return time.perf_counter() - began


def slow_modules() -> list[str]:
    """Which of the modules that the command must not load it loads."""
    code = (
        "import sys\nfrom innominatus_cli.cli.main import run\n"
        f"status = run(['validate-product-workflow', {FILE!r}])\n"
        f"print(*[name for name in {SLOW!r} if name in sys.modules], file=sys.stderr)\nsys.exit(status)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment(), check=True, capture_output=True)
    return done.stderr.decode().split()


def environment() -> dict[str, str]:
    """This environment, with byte code allowed."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


if __name__ == "__main__":
    main(SHORT_ROUNDS if "--short" in sys.argv[1:] else ROUNDS)
