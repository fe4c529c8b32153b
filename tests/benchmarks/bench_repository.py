"""A repository of many files, checked whole: against libyaml's events in C, and against checkers without our rules.

The commands take turns; a ratio is the median of the rounds' own ratios. Peers get the same files, in one process each,
and the published JSON Schemas of their kinds where they take one; check-jsonschema and yamllint, which are slow, get a
tenth of the files, and their time is taken tenfold after their start.

    python tests/benchmarks/bench_repository.py [--short]
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from innominatus_cli.checks import checking  # noqa: E402 - the path comes first
from tests.benchmarks import peers  # noqa: E402
from tests.benchmarks.generated_repository import generate  # noqa: E402

FILES, SHORT_FILES = 10_000, 1_000
ROUNDS, SHORT_ROUNDS = 3, 2
ONE, TWO = "innominatus-ctl, one process", "innominatus-ctl, two processes"
AGAIN = "the same again, one process"
BOUNDS = {ONE: 12.0, TWO: 6.5}
"""How often the floor each may take at most, with 10,000 files: with fewer, the start of the command weighs more."""


def main(*, short: bool) -> None:
    """Prints the table of times and ratios, and which bounds are met."""
    files, rounds = (SHORT_FILES, SHORT_ROUNDS) if short else (FILES, ROUNDS)
    with tempfile.TemporaryDirectory() as folder:
        size = generate(Path(folder) / "repository", files)
        how = "as Python" if str(checking.__file__).endswith(".py") else "compiled"
        print(f"{files:,} files, {size / 1e6:.1f} MB, {rounds} rounds, Python {sys.version.split()[0]}, {how}")
        compare(Path(folder) / "repository", rounds, {} if short else BOUNDS)


def compare(repository: Path, rounds: int, bounds: dict[str, float]) -> None:
    """Measures everything over one repository."""
    tool = str(Path(sys.executable).parent / "innominatus-ctl")
    scores = sorted(str(path) for path in (repository / "apps").rglob("*.yaml"))
    workflows = sorted(str(path) for path in (repository / "workflows").rglob("*.yaml"))
    everything = [*workflows, *scores]
    taken: dict[str, list[float]] = {}
    commands: dict[str, tuple[list[str], bytes, float]] = {}
    if (floor := peers.event_floor()) is not None:
        commands["libyaml events in C"] = ([str(floor)], "\n".join(everything).encode(), 1)
    else:
        print("no compiler or no libyaml headers: the floor is missing")
    commands[ONE] = ([tool, "check", "--no-cache", "--jobs", "1", "-o", "json"], b"", 1)
    commands[TWO] = ([tool, "check", "--no-cache", "--jobs", "2", "-o", "json"], b"", 1)
    commands[AGAIN] = ([tool, "check", "--jobs", "1", "-o", "json"], b"", 1)
    seconds(commands[AGAIN][0], b"", repository)
    commands.update(peer_commands(repository, everything))
    for _ in range(rounds):
        for name, (argv, given, factor) in commands.items():
            taken.setdefault(name, []).append(seconds(argv, given, repository) * factor)
    report(taken, bounds)
    print(f"largest process of all: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f} MB")


def peer_commands(repository: Path, files: list[str]) -> dict[str, tuple[list[str], bytes, float]]:
    """The peers that are here: their command lines, and what their time is multiplied with."""
    schema = repository.parent / "schema.json"
    schema.write_text(json.dumps(shape_of_files()), encoding="utf-8")
    found: dict[str, tuple[list[str], bytes, float]] = {}
    some = files[:: max(1, len(files) // 1000)]
    factor = len(files) / len(some)
    if (programs := peers.python_peers()) is not None:
        found["check-jsonschema"] = (
            [str(programs / "check-jsonschema"), "--schemafile", str(schema), *some],
            b"",
            factor,
        )
        found["yamllint"] = ([str(programs / "yamllint"), "-d", "relaxed", *some], b"", factor)
    if (ajv := peers.node_peer()) is not None:
        argv = [str(ajv), "validate", "-s", str(schema), "--spec=draft2020", "--strict=false", "--errors=text"]
        found["ajv-cli (no places)"] = ([*argv, *(part for file in files for part in ("-d", file))], b"", 1)
    return found


def shape_of_files() -> dict[str, object]:
    """The published JSON Schemas of the two kinds that the files are of, as one."""
    score, workflow = (
        json.loads((ROOT / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8"))
        for name in ("score", "workflow")
    )
    return {
        "$schema": score["$schema"],
        "if": {"properties": {"apiVersion": {"const": "score.dev/v1b1"}}},
        "then": {"$ref": score["$id"]},
        "else": {"$ref": workflow["$id"]},
        "$defs": {"score": score, "workflow": workflow},
    }


def seconds(argv: list[str], given: bytes, folder: Path) -> float:
    """How long one command takes. Peers may have findings; ours must have none."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    began = time.perf_counter()
    done = subprocess.run(argv, cwd=folder, env=environment, input=given, capture_output=True, check=False)
    took = time.perf_counter() - began
    if "innominatus-ctl" in argv[0] and done.returncode:
        raise SystemExit(f"{argv[0]} found something:\n{done.stdout.decode()[:2000]}")
    return took


def report(taken: dict[str, list[float]], bounds: dict[str, float]) -> None:
    """The table, and what of the bounds is met."""
    floor = taken.get("libyaml events in C")
    print(f"{'command':34}{'median s':>10}{'x floor':>10}{'x ours':>10}")
    ratios = {}
    for name, times in taken.items():
        ours = statistics.median(own / base for own, base in zip(times, taken[ONE], strict=True))
        shown = ""
        if floor is not None:
            ratios[name] = statistics.median(own / base for own, base in zip(times, floor, strict=True))
            shown = f"{ratios[name]:.1f}"
        print(f"{name:34}{statistics.median(times):10.2f}{shown:>10}{ours:10.2f}")
    for name, bound in bounds.items():
        if name in ratios:
            print(f"{name}: at most {bound} x the floor: {'met' if ratios[name] <= bound else 'MISSED'}")


if __name__ == "__main__":
    main(short="--short" in sys.argv[1:])
