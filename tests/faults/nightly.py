"""The large figures of tests/faults: kills at every point, anywhere, and in recoveries. Prints what it counted.

python tests/faults/nightly.py [SCENE ...] [--kills 30000] [--pairs 10000] [--jobs 2] [--seed 1] [--minutes M] [--cold]

Every point comes once, the other kills and all pairs are at random: half at points, half at moments of the run's time.
`--kills 0` is every point once. Commands are forks of warm processes, which costs a third; with `--cold` they are new
ones, as in the tests. With `--minutes` each of the kinds in each of the scenes ends after its share of that time, and
what was chosen comes in random order. Repositories are made in memory where there is such a folder: whoever is killed
leaves the same there, and no trial waits for a disk, which took a quarter of its time.
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
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.faults.commands import Trial, be_warm  # noqa: E402 - the path comes first
from tests.faults.killing import Moment, Point, Where, points_of, seconds_of, trial  # noqa: E402 - the path comes first
from tests.faults.scenes import SCENES, Scene, prepared  # noqa: E402

_AT_ONCE = 64
_MEMORY = Path("/dev/shm")


def main(given: argparse.Namespace) -> int:
    """Runs everything; 1 where a promise was broken."""
    strace = shutil.which("strace")
    if strace is None:
        print("strace is missing")
        return 1
    os.environ.update(GIT_CONFIG_GLOBAL=os.devnull, GIT_CONFIG_NOSYSTEM="1", NO_COLOR="1")
    chosen = random.Random(given.seed)  # noqa: S311 - to be repeated
    scenes = [scene for scene in SCENES if scene.name in given.scenes or not given.scenes]
    counts = {"kills": Count(), "kills of a run and of its recovery": Count()}
    begins = None if given.cold else be_warm
    memory = _MEMORY if os.access(_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory) as folder, ThreadPoolExecutor(given.jobs, initializer=begins) as pool:
        for scene in scenes:
            home = Path(folder) / scene.name
            template = prepared(scene, home / "template")
            # What counts calls is to be such a process as is killed: another one reads other files first.
            points = pool.submit(points_of, scene, template, Path(strace), home).result()
            lasts = pool.submit(seconds_of, scene, template, home).result()

            def anywhere(points: Sequence[Point] = points, lasts: float = lasts) -> Where:
                return Moment(chosen.uniform(0, lasts)) if chosen.random() < 1 / 2 else chosen.choice(points)

            singles: list[tuple[Where, ...]] = [(point,) for point in points]
            singles += [(anywhere(),) for _ in range(-(-given.kills // len(scenes)) - len(points))]
            doubles: list[tuple[Where, ...]] = [(anywhere(), anywhere()) for _ in range(-(-given.pairs // len(scenes)))]
            seconds = given.minutes * 60 / (2 * len(scenes))
            if given.minutes:
                chosen.shuffle(singles)
            one = _Trials(scene, template, home, Path(strace))
            for (kind, count), trials in zip(counts.items(), (singles, doubles), strict=True):
                found = _all(pool, one, trials, given.jobs, seconds)
                print(f"{scene.name}: {kind}: {found}", flush=True)
                count.add(found)
    for kind, count in counts.items():
        print(f"together: {kind}: {count}")
    return 1 if any(count.broken for count in counts.values()) else 0


@dataclass
class Count:
    """What came of trials: how many there were, how many hit the point, and how many broke which promise."""

    done: int = 0
    hit: int = 0
    broken: int = 0
    seconds: float = 0
    promises: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Count") -> None:
        """Takes over what was counted elsewhere."""
        self.done += other.done
        self.hit += other.hit
        self.broken += other.broken
        self.seconds += other.seconds
        self.promises.update(other.promises)

    def __str__(self) -> str:
        rate = self.done / self.seconds if self.seconds else 0
        promises = "".join(f"\n    {name}: {count}" for name, count in sorted(self.promises.items()))
        return (
            f"{self.done:,} trials, {self.hit:,} hit, {self.broken} with broken promises, "
            f"{self.seconds:.0f} s, {rate:.1f} a second{promises}"
        )


class _Trials(NamedTuple):
    """Numbered trials of one scene."""

    scene: Scene
    template: Path
    home: Path
    strace: Path

    def trial(self, numbered: tuple[int, tuple[Where, ...]]) -> tuple[tuple[Where, ...], Trial]:
        number, points = numbered
        folder = self.home / f"trial-{number % _AT_ONCE}"
        return points, trial(self.scene, self.template, folder, self.strace, *points)


def _all(
    pool: ThreadPoolExecutor, one: _Trials, trials: Sequence[tuple[Where, ...]], jobs: int, seconds: float
) -> Count:
    """Runs them, for so many seconds (0: all), and prints what is broken as it is found."""
    started = time.monotonic()
    count = Count()
    waiting = iter(enumerate(trials))
    while batch := list(islice(waiting, _AT_ONCE if not seconds else jobs)):
        if seconds and time.monotonic() - started > seconds:
            break
        for points, found in pool.map(one.trial, batch):
            count.done += 1
            count.hit += found.statuses[0] < 0
            count.broken += bool(found.wrong)
            count.promises.update(wrong.partition(":")[0] for wrong in found.wrong)
            for wrong in found.wrong:
                print(f"  {' then '.join(map(str, points))}: {wrong}", flush=True)
    count.seconds = time.monotonic() - started
    return count


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
