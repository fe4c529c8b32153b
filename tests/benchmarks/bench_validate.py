"""Cold start: one file through `validate-product-workflow`, against `python -c pass` and other checkers of YAML.

Commands take turns, so that a busy moment hits all of them; each figure is the median of the rounds, and a ratio is
the median of the rounds' own ratios. Byte code is written before anything is measured.

    python tests/benchmarks/bench_validate.py [--short]
"""

import compileall
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.benchmarks import peers  # noqa: E402 - the path comes first

FILE = "workflows/products/ecommerce/database-setup.yaml"
SLOW = ("pydantic", "rich", "git", "jinja2", "jsonschema", "importlib.metadata")
ROUNDS, SHORT_ROUNDS = 41, 11
OURS = "validate-product-workflow"
ALONE = "the same in no repository"
BOUNDS = {OURS: 5.0, ALONE: 5.0, "a bad file": 6.5, "--version": 2.5, "--help": 7.0}
"""How often `python -c pass` each may take at most."""
OF_PEERS = {"yamale": 1.0, "yamllint": 1.0, "pykwalify": 1.0, "check-jsonschema": 0.25, "ajv-cli": 0.3}
"""What part of each peer's time ours may take at most."""
LARGEST_MB = 32


def main(rounds: int) -> None:
    """Prints the table, which bounds are met, memory, and which slow modules the command loads."""
    with tempfile.TemporaryDirectory() as folder:
        compare(rounds, Path(folder))
    print(f"slow modules it loads: {', '.join(slow_modules()) or 'none'}")


def compare(rounds: int, folder: Path) -> None:
    """Measures all commands in turn."""
    python = sys.executable
    tool = str(Path(python).parent / "innominatus-ctl")
    bad = folder / "bad.yaml"
    bad.write_text((ROOT / FILE).read_text(encoding="utf-8").replace("type: ", "typ: "), encoding="utf-8")
    alone = folder / Path(FILE).name
    alone.write_bytes((ROOT / FILE).read_bytes())
    commands = {
        "python -c pass": [python, "-c", "pass"],
        OURS: [tool, OURS, FILE],
        ALONE: [tool, OURS, str(alone)],
        "validate": [tool, "validate", FILE],
        "a bad file": [tool, OURS, str(bad)],
        "--version": [tool, "--version"],
        "--help": [tool, "--help"],
        "plan": [tool, "plan", "docs/examples/checkout-service/score.yaml"],
        **peer_commands(folder),
    }
    compileall.compile_dir(str(ROOT / "innominatus_cli"), quiet=2)
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds + 1):
        for name, command in commands.items():
            taken[name].append(seconds(command))
    print(f"{rounds} rounds, Python {sys.version.split()[0]}")
    print(f"{'command':28}{'median ms':>10}{'min ms':>9}{'x floor':>9}{'ours/it':>9}")
    floors = {name: ratio(times, taken["python -c pass"]) for name, times in taken.items()}
    parts = {name: ratio(taken[OURS], times) for name, times in taken.items()}
    for name, times in taken.items():
        median = statistics.median(times[1:]) * 1000
        print(f"{name:28}{median:10.1f}{min(times[1:]) * 1000:9.1f}{floors[name]:9.2f}{parts[name]:9.2f}")
    for name, bound in BOUNDS.items():
        print(f"{name}: at most {bound} x `python -c pass`: {'met' if floors[name] <= bound else 'MISSED'}")
    for name, bound in OF_PEERS.items():
        met = "not here" if name not in parts else "met" if parts[name] <= bound else "MISSED"
        print(f"{OURS}: at most {bound} x {name}: {met}")
    megabytes = memory([tool, OURS, FILE])
    print(f"memory: {megabytes:.1f} MB, at most {LARGEST_MB}: {'met' if megabytes <= LARGEST_MB else 'MISSED'}")


def peer_commands(folder: Path) -> dict[str, list[str]]:
    """The peers that are here, each with a schema of its own form for the same file."""
    (folder / "schema.json").write_text('{"type": "object", "required": ["apiVersion", "metadata"]}', encoding="utf-8")
    (folder / "yamale.yaml").write_text(
        "apiVersion: str()\nkind: str()\nmetadata: map()\nspec: map()\n", encoding="utf-8"
    )
    anything = "type: map\nmapping:\n  regex;(.+):\n    type: any\n"
    (folder / "pykwalify.yaml").write_text(anything, encoding="utf-8")
    found: dict[str, list[str]] = {}
    if (programs := peers.python_peers()) is not None:
        found["yamale"] = [str(programs / "yamale"), "-n", "1", "-s", str(folder / "yamale.yaml"), FILE]
        found["yamllint"] = [str(programs / "yamllint"), "-d", "relaxed", FILE]
        found["pykwalify"] = [str(programs / "pykwalify"), "-d", FILE, "-s", str(folder / "pykwalify.yaml")]
        found["check-jsonschema"] = [
            str(programs / "check-jsonschema"),
            "--schemafile",
            str(folder / "schema.json"),
            FILE,
        ]
    if (ajv := peers.node_peer()) is not None:
        found["ajv-cli"] = [str(ajv), "validate", "-s", str(folder / "schema.json"), "--spec=draft2020", "-d", FILE]
    return found


def ratio(times: list[float], others: list[float]) -> float:
    """The median of the rounds' own ratios, the first round aside."""
    return statistics.median(own / other for own, other in zip(times[1:], others[1:], strict=True))


def seconds(command: list[str]) -> float:
    """How long one run of a command takes; it must succeed, or have findings."""
    began = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, env=environment(), check=False, capture_output=True)
    took = time.perf_counter() - began
    if done.returncode not in {0, 1}:
        raise SystemExit(f"{command[0]} ended with {done.returncode}: {done.stderr.decode()[:1000]}")
    return took


def memory(command: list[str]) -> float:
    """The peak memory of one run, in MB."""
    quiet = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in (0, 1, 2)]
    argv = ["sh", "-c", 'cd "$1" && shift && exec "$@"', "sh", str(ROOT), *command]
    pid = os.posix_spawn("/bin/sh", argv, environment(), file_actions=quiet)
    return os.wait4(pid, 0)[2].ru_maxrss / 1024


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
