"""How long a run of no-op steps takes against `make -j2` and others that do the same. Prints ratios; asserts nothing.

    python tests/benchmarks/bench_run.py [--short]

Steps in 10 layers, each needing three of the layer before; 2 wide; output captured, journalled, recorded, committed. A
step is a `script` with `command: ["true"]`, make's recipe is `@true`, and that of the others is the same again
(`step_runners.py`). The slope is that of whole processes between 100 and 1,000 steps, the fixed cost what is left for
no step at all. Rounds take turns, and ratios are made within a round, because a shared machine is never as fast twice.
What the engine itself takes of it (the rest is reading, checking and planning 900 more steps, and their record) is the
duration in the run's record. Then a chain of 200 steps against make, as whole processes less those of a chain of 20;
how much memory the engine needs for 10,000 steps beside their plan; and, where strace is here, how often the tool waits
for the disk for each step.

On a machine with other work put `chrt -r 10` before it: a parent that works between its children waits for its turn
each time, and make does not work.
"""

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests.benchmarks import step_runners
from tests.benchmarks.step_runners import MAKE, MAKE_NAME

SIZES = (100, 1000)
LAYERS = 10
CHAIN = (20, 200)
WIDTHS = (2, 16)
MANY = 10_000
ROUNDS, SHORT_ROUNDS = 7, 2
OWN = "innominatus-ctl run"
SELDOM = {"luigi": 7}
"""Of how many rounds each takes part in one, where that is not every second: some take seconds for each."""
PYTHON = Path(sys.executable)
SCORE = """\
apiVersion: score.dev/v1b1
metadata:
  name: bench
containers:
  web:
    image: nginx:1.27
"""
ADMIN = """\
limits:
  maxParallel: 2
"""
PATH_DOCUMENT = """\
apiVersion: workflow.dev/v1
kind: GoldenPath
metadata:
  name: bench
spec:
  operation: task
  workflow: workflows/bench.yaml
"""


def needs_of(step: int, count: int) -> list[int]:
    """The three steps of the layer before that a step needs; in a chain the one before."""
    if count in CHAIN:
        return [step - 1] if step else []
    width = count // LAYERS
    layer, place = divmod(step, width)
    return [(layer - 1) * width + (place + shift) % width for shift in range(3)] if layer else []


def workflow(count: int) -> str:
    steps = (
        f"    - name: s{step}\n      type: script\n"
        f"      dependsOn: [{', '.join(f's{need}' for need in needs_of(step, count))}]\n"
        '      config:\n        command: ["true"]\n'
        for step in range(count)
    )
    head = "apiVersion: workflow.dev/v1\nkind: Workflow\nmetadata:\n  name: bench\n  description: Nothing, often.\n"
    return head + "spec:\n  steps:\n" + "".join(steps)


def repository(folder: Path, count: int) -> Path:
    """A committed repository whose golden path `bench` runs so many steps."""
    files = {
        "score.yaml": SCORE,
        "admin-config.yaml": ADMIN,
        "workflows/golden-paths/bench.yaml": PATH_DOCUMENT,
        "workflows/bench.yaml": workflow(count),
        **step_runners.files([needs_of(step, count) for step in range(count)]),
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for argv in (["init", "-q"], ["add", "."], ["-c", "core.fsync=none", "commit", "-q", "-m", "bench"]):
        subprocess.run(["git", *argv], cwd=folder, check=True, env=environment())
    return folder


def environment() -> dict[str, str]:
    who = {"GIT_AUTHOR_NAME": "b", "GIT_AUTHOR_EMAIL": "b@b", "GIT_COMMITTER_NAME": "b", "GIT_COMMITTER_EMAIL": "b@b"}
    names = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**names, **who, "GIT_CONFIG_GLOBAL": os.devnull}


def timed(argv: list[str], origin: Path) -> float:
    """Seconds of a command in a fresh copy of a repository, so that no round sees the records of another."""
    return timed_with_engine(argv, origin)[0]


def timed_with_engine(argv: list[str], origin: Path) -> tuple[float, float]:
    """The same, and the seconds that the engine took of it by the record; 0 where there is none."""
    folder = origin.with_name("work")
    shutil.copytree(origin, folder, symlinks=True)
    try:
        seconds = timed_in(argv, folder)
        records = (json.loads(path.read_bytes()) for path in folder.glob(".innominatus/runs/**/*.json"))
        return seconds, sum(record["duration_ms"] for record in records) / 1000
    finally:
        shutil.rmtree(folder)


def timed_in(argv: list[str], folder: Path) -> float:
    started = time.perf_counter()
    done = subprocess.run(argv, cwd=folder, env=environment(), capture_output=True, check=False)
    seconds = time.perf_counter() - started
    if done.returncode:
        raise SystemExit(
            f"{argv} exits {done.returncode}:\n{done.stdout.decode()[-2000:]}{done.stderr.decode()[-4000:]}"
        )
    return seconds


def own_command(width: int = 2) -> list[str]:
    tool = str(PYTHON.with_name("innominatus-ctl"))
    return [tool, "run", "bench", "score.yaml", "--env", "development", "--max-parallel", str(width)]


def chain_ratios(root: Path, rounds: int) -> list[float]:
    """How many times longer than make a step of a chain takes, round by round."""
    folders = {count: repository(root / str(count), count) for count in CHAIN}
    ratios = []
    for _ in range(rounds):
        slopes = [timed(argv, folders[CHAIN[1]]) - timed(argv, folders[CHAIN[0]]) for argv in (MAKE, own_command())]
        ratios.append(slopes[1] / slopes[0])
    return ratios


def syncs_of(root: Path, strace: str) -> dict[str, float]:
    """Calls of fsync and fdatasync a step, between runs of 100 and 1,000 steps, by width; and in a chain."""
    found = {}
    shapes = [(f"{width} wide", SIZES, width) for width in WIDTHS] + [("chain", CHAIN, WIDTHS[0])]
    for name, sizes, width in shapes:
        argv = own_command(width)
        counts = []
        for count in sizes:
            log = root / "syncs"
            timed([strace, "-f", "-qq", "-o", str(log), "-e", "trace=fsync,fdatasync", *argv], root / str(count))
            counts.append(sum(" = 0" in line for line in log.read_text().splitlines()))
        found[name] = (counts[1] - counts[0]) / (sizes[1] - sizes[0])
    return found


def memory(folder: Path) -> str:
    """A line with the memory of a process that holds a plan of `MANY` steps, before and after the engine ran it."""
    folder.mkdir()
    argv = [str(PYTHON), __file__, "--memory"]
    done = subprocess.run(argv, cwd=folder, env=environment(), capture_output=True, text=True, check=True)
    return done.stdout


def run_many() -> None:
    """Plans `MANY` steps in this process, without any document, and lets the engine run them 2 wide."""
    from innominatus_cli.documents.plan import Application, Plan, PlannedStep
    from innominatus_cli.documents.vocabulary import Operation, Phase, Tier
    from innominatus_cli.execution.engine import ExecutionOptions, execute_plan
    from innominatus_cli.execution.setting import RunSetting
    from innominatus_cli.system.clock import SystemClock
    from innominatus_cli.system.state_folder import StateFolder

    def planned(number: int) -> PlannedStep:
        needs = [f"deployment/application/-/bench/s{need}" for need in needs_of(number, MANY)]
        name, where = f"s{number}", {"phase": Phase.DEPLOYMENT, "tier": Tier.APPLICATION}
        inputs = {"command": ["true"]}
        identity = f"deployment/application/-/bench/{name}"
        return PlannedStep(id=identity, name=name, type="script", needs=needs, inputs=inputs, **where)

    clock, here = SystemClock(), Path.cwd()
    plan = Plan(
        operation=Operation.TASK,
        application=Application(name="bench"),
        environment="development",
        sources=[],
        inputs=[],
        workflows=[],
        steps=[planned(number) for number in range(MANY)],
    )
    setting = RunSetting(plan, clock.new_id(), here, StateFolder(here), clock, lambda: 0.0, os.environ)
    if not plan.digest:  # as every run works it out before the engine begins
        raise AssertionError(plan)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result = execute_plan(setting, ExecutionOptions(max_parallel=2))
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if result.status != "succeeded":
        raise SystemExit(f"the run of {MANY} steps {result.status}")
    megabytes = (after - before) / 1024
    sys.stdout.write(f"memory of the engine for {MANY:,} steps: {megabytes:.0f} MB beside {before / 1024:.0f} MB\n")


def slope(argv: list[str], folders: dict[int, Path]) -> tuple[float, float, float]:
    """Seconds a step between a small and a large run; seconds of no step at all; what the engine took of the first."""
    (small, first), (large, last) = (timed_with_engine(argv, folders[count]) for count in SIZES)
    more = SIZES[1] - SIZES[0]
    return (large - small) / more, small - (large - small) / more * SIZES[0], (last - first) / more


def main(rounds: int) -> None:
    root = Path(tempfile.mkdtemp(prefix="bench-run-"))
    try:
        folders = {count: repository(root / str(count), count) for count in SIZES}
        runners = {OWN: own_command(), **step_runners.commands()}
        for argv in runners.values():
            timed(argv, folders[SIZES[0]])
        found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in runners}
        for number in range(rounds):
            for name, argv in runners.items():
                if name in (OWN, MAKE_NAME) or number < max(1, rounds // SELDOM.get(name, 2)):
                    found[name].append(slope(argv, folders))
        report(found)
        ratios = chain_ratios(root, rounds)
        sys.stdout.write(f"a chain of {CHAIN[1]}: {statistics.median(ratios):.2f} x make a step\n")
        sys.stdout.write(memory(root / "memory"))
        strace = shutil.which("strace")
        for name, count in syncs_of(root, strace).items() if strace else ():
            sys.stdout.write(f"syncs a step, {name}: {count:.2f}\n")
    finally:
        shutil.rmtree(root)


def report(found: dict[str, list[tuple[float, float, float]]]) -> None:
    sys.stdout.write(f"{'':22} {'ms a step':>10} {'x make':>8} {'ours is':>10} {'fixed ms':>10} {'rounds':>7}\n")
    for name, rows in found.items():
        a_step, at_rest = (statistics.median(row[place] for row in rows) * 1000 for place in (0, 1))
        makes = ratio_of(rows, found[MAKE_NAME])
        ours = f"{ratio_of(found[OWN], rows):8.2f} x" if name != OWN else ""
        sys.stdout.write(f"{name:22} {a_step:10.3f} {makes:8.2f} {ours:>10} {at_rest:10.1f} {len(rows):7}\n")
    engine = [(row[2], *row[1:]) for row in found[OWN]]
    a_step = statistics.median(row[0] for row in engine) * 1000
    sys.stdout.write(f"of which the engine: {a_step:.3f} ms a step, {ratio_of(engine, found[MAKE_NAME]):.2f} x make\n")


def ratio_of(some: list[tuple[float, float, float]], others: list[tuple[float, float, float]]) -> float:
    """How many times as long as the others some take a step, round by round where both took part."""
    return statistics.median(one[0] / other[0] for one, other in zip(some, others, strict=False))


if __name__ == "__main__":
    if "--memory" in sys.argv[1:]:
        run_many()
    else:
        main(SHORT_ROUNDS if "--short" in sys.argv[1:] else ROUNDS)
