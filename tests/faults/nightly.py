"""The large figures of tests/faults: kills at every point, at random points and in recoveries. Prints what it counted.

python tests/faults/nightly.py [--kills 30000] [--pairs 10000] [--jobs 2] [--seed 1] [--minutes M]

With `--minutes` each of the kinds in each of the scenes ends after its share of that time, and what was chosen comes in
random order.
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

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.faults.commands import Trial  # noqa: E402 - the path comes first
from tests.faults.killing import Point, points_of, trial  # noqa: E402 - the path comes first
from tests.faults.scenes import SCENES, Scene, prepared  # noqa: E402

_AT_ONCE = 64


def main(kills: int, pairs: int, jobs: int, seed: int, minutes: float) -> int:
    """Runs everything; 1 where a promise was broken."""
    strace = shutil.which("strace")
    if strace is None:
        print("strace is missing")
        return 1
    os.environ.update(GIT_CONFIG_GLOBAL=os.devnull, GIT_CONFIG_NOSYSTEM="1", NO_COLOR="1", PYTHONDONTWRITEBYTECODE="1")
    chosen = random.Random(seed)  # noqa: S311 - to be repeated
    broken = 0
    with tempfile.TemporaryDirectory() as folder:
        for scene in SCENES:
            home = Path(folder) / scene.name
            template = prepared(scene, home / "template")
            points = points_of(scene, template, Path(strace), home)
            share = (len(SCENES) - 1 + kills) // len(SCENES)
            singles: list[tuple[Point, ...]] = [(point,) for point in points]
            singles += [(chosen.choice(points),) for _ in range(share - len(points))]
            doubles: list[tuple[Point, ...]] = [
                tuple(chosen.choices(points, k=2)) for _ in range((len(SCENES) - 1 + pairs) // len(SCENES))
            ]
            seconds = minutes * 60 / (2 * len(SCENES))
            if minutes:
                chosen.shuffle(singles)
            for title, trials in {"kills": singles, "kills of a run and of its recovery": doubles}.items():
                broken += _all(f"{scene.name}: {title}", scene, template, home, Path(strace), trials, jobs, seconds)
    print(f"{broken} broken promises")
    return 1 if broken else 0


def _all(
    title: str,
    scene: Scene,
    template: Path,
    home: Path,
    strace: Path,
    trials: Sequence[tuple[Point, ...]],
    jobs: int,
    seconds: float,
) -> int:
    started = time.monotonic()
    hit = broken = done = 0
    promises: Counter[str] = Counter()

    def one(numbered: tuple[int, tuple[Point, ...]]) -> tuple[tuple[Point, ...], Trial]:
        number, points = numbered
        found = trial(scene, template, home / f"trial-{number % _AT_ONCE}", strace, *points)
        return points, found

    with ThreadPoolExecutor(jobs) as pool:
        waiting = iter(enumerate(trials))
        while batch := list(islice(waiting, _AT_ONCE if not seconds else jobs)):
            if seconds and time.monotonic() - started > seconds:
                break
            for points, found in pool.map(one, batch):
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
    parser.add_argument("--kills", type=int, default=30_000)
    parser.add_argument("--pairs", type=int, default=10_000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=0, help="in all; 0: until everything is done")
    given = parser.parse_args()
    sys.exit(main(given.kills, given.pairs, given.jobs, given.seed, given.minutes))
