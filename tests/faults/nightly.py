"""The large figures of tests/faults: kills at every point, at random points and in recoveries. Prints what it counted.

python tests/faults/nightly.py [SCENE ...] [--kills 30000] [--pairs 10000] [--jobs 2] [--seed 1] [--minutes M] [--cold]

`--kills 0` is every point once. Commands are forks of warm processes, which costs a third; with `--cold` they are new
ones, as in the tests. With `--minutes` each of the kinds in each of the scenes ends after its share of that time, and
what was chosen comes in random order.
"""

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.faults.commands import Trial, be_warm  # noqa: E402 - the path comes first
from tests.faults.killing import Point, points_of, trial  # noqa: E402 - the path comes first
from tests.faults.scenes import SCENES, Scene, prepared  # noqa: E402

_AT_ONCE = 64


def main(given: argparse.Namespace) -> int:
    """Runs everything; 1 where a promise was broken."""
    strace = shutil.which("strace")
    if strace is None:
        print("strace is missing")
        return 1
    os.environ.update(GIT_CONFIG_GLOBAL=os.devnull, GIT_CONFIG_NOSYSTEM="1", NO_COLOR="1")
    chosen = random.Random(given.seed)  # noqa: S311 - to be repeated
    scenes = [scene for scene in SCENES if scene.name in given.scenes or not given.scenes]
    broken = 0
    begins = None if given.cold else be_warm
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(given.jobs, initializer=begins) as pool:
        for scene in scenes:
            home = Path(folder) / scene.name
            template = prepared(scene, home / "template")
            # What counts calls is to be such a process as is killed: another one reads other files first.
            points = pool.submit(points_of, scene, template, Path(strace), home).result()
            singles: list[tuple[Point, ...]] = [(point,) for point in points]
            singles += [(chosen.choice(points),) for _ in range(-(-given.kills // len(scenes)) - len(points))]
            doubles: list[tuple[Point, ...]] = [
                tuple(chosen.choices(points, k=2)) for _ in range(-(-given.pairs // len(scenes)))
            ]
            seconds = given.minutes * 60 / (2 * len(scenes))
            if given.minutes:
                chosen.shuffle(singles)
            one = _Trials(scene, template, home, Path(strace))
            broken += _all(pool, f"{scene.name}: kills", one, singles, given.jobs, seconds)
            broken += _all(pool, f"{scene.name}: kills of a run and of its recovery", one, doubles, given.jobs, seconds)
    print(f"{broken} broken promises")
    return 1 if broken else 0


class _Trials(NamedTuple):
    """Numbered trials of one scene."""

    scene: Scene
    template: Path
    home: Path
    strace: Path

    def trial(self, numbered: tuple[int, tuple[Point, ...]]) -> tuple[tuple[Point, ...], Trial]:
        number, points = numbered
        folder = self.home / f"trial-{number % _AT_ONCE}"
        return points, trial(self.scene, self.template, folder, self.strace, *points)


def _all(
    pool: ThreadPoolExecutor, title: str, one: _Trials, trials: Sequence[tuple[Point, ...]], jobs: int, seconds: float
) -> int:
    started = time.monotonic()
    hit = broken = done = 0
    promises: Counter[str] = Counter()
    waiting = iter(enumerate(trials))
    while batch := list(islice(waiting, _AT_ONCE if not seconds else jobs)):
        if seconds and time.monotonic() - started > seconds:
            break
        for points, found in pool.map(one.trial, batch):
            done += 1
            hit += found.statuses[0] < 0
            broken += bool(found.wrong)
            promises.update(wrong.partition(":")[0] for wrong in found.wrong)
            for wrong in found.wrong:
                print(f"  {' then '.join(map(str, points))}: {wrong}", flush=True)
    took = time.monotonic() - started
    print(f"{title}: {done:,} trials, {hit:,} hit, {broken} with broken promises, {took:.0f} s", flush=True)
    for name, count in sorted(promises.items()):
        print(f"    {name}: {count}")
    return broken


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenes", nargs="*", metavar="SCENE")
    parser.add_argument("--kills", type=int, default=30_000)
    parser.add_argument("--pairs", type=int, default=10_000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=0, help="in all; 0: until everything is done")
    parser.add_argument("--cold", action="store_true", help="a new process for each command")
    sys.exit(main(parser.parse_args()))
