"""The tool killed at every point that matters, resumed, and judged: what `tests.faults.oracle` calls I1 to I17.

At every twentieth storage, spawn and wait point of five scenes, at every one with INNOMINATUS_FAULTS=all; at moments
of a run and of its recovery; and at pairs of points, of which the second one hits the recovery.
`tests/faults/nightly.py` runs the large figures.
"""

import os
import random
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.faults.commands import Trial
from tests.faults.killing import Moment, Where, points_of, seconds_of, trial
from tests.faults.scenes import CHAIN, SCENES, WIDE, Scene, prepared

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="strace injects faults on Linux only")
ALL = os.environ.get("INNOMINATUS_FAULTS") == "all"
EVERY = 1 if ALL else 20
PAIRS = 50 if ALL else 4
MOMENTS = 50 if ALL else 4


def killed(
    scene: Scene, template: Path, folder: Path, strace: Path, trials: Sequence[tuple[Where, ...]]
) -> list[Trial]:
    """Two at a time, each in a folder of its own."""

    def one(numbered: tuple[int, tuple[Where, ...]]) -> Trial:
        number, points = numbered
        return trial(scene, template, folder / str(number), strace, *points)

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(one, enumerate(trials)))


def told(trials: Sequence[tuple[Where, ...]], found: Sequence[Trial]) -> str:
    """What went wrong, by the points that it went wrong at."""
    wrong = [(points, one) for points, one in zip(trials, found, strict=True) if one.wrong]
    return "\n\n".join(
        f"{' then '.join(map(str, points))}: {'; '.join(one.wrong)}\n{''.join(one.said)}" for points, one in wrong[:5]
    )


@pytest.mark.usefixtures("unmeasured")
@pytest.mark.timeout(1500)
@pytest.mark.parametrize("scene", SCENES, ids=[scene.name for scene in SCENES])
def test_a_run_that_is_killed_anywhere_loses_nothing_and_runs_nothing_twice(
    scene: Scene, tmp_path: Path, tool: Callable[[str], Path]
) -> None:
    strace = tool("strace")
    template = prepared(scene, tmp_path / "template")
    points = points_of(scene, template, strace, tmp_path)
    assert len(points) > 50
    trials = [(point,) for point in points[::EVERY]]
    found = killed(scene, template, tmp_path, strace, trials)
    assert not any(one.wrong for one in found), told(trials, found)
    assert sum(one.statuses[0] == -9 for one in found) > len(trials) // 2


@pytest.mark.usefixtures("unmeasured")
@pytest.mark.timeout(1500)
def test_a_recovery_that_is_killed_is_recovered(tmp_path: Path, tool: Callable[[str], Path]) -> None:
    strace = tool("strace")
    template = prepared(CHAIN, tmp_path / "template")
    points = points_of(CHAIN, template, strace, tmp_path)
    chosen = random.Random(4)  # noqa: S311 - the same pairs every time
    trials = [(chosen.choice(points), chosen.choice(points)) for _ in range(PAIRS)]
    found = killed(CHAIN, template, tmp_path, strace, trials)
    assert not any(one.wrong for one in found), told(trials, found)


@pytest.mark.usefixtures("unmeasured")
@pytest.mark.timeout(1500)
def test_a_run_and_its_recovery_may_be_killed_at_any_moment(tmp_path: Path, tool: Callable[[str], Path]) -> None:
    strace = tool("strace")
    template = prepared(WIDE, tmp_path / "template")
    lasts = seconds_of(WIDE, template, tmp_path)
    chosen = random.Random(5)  # noqa: S311 - the same share of the time every time
    trials = [(Moment(chosen.uniform(0, lasts)), Moment(chosen.uniform(0, lasts))) for _ in range(MOMENTS)]
    found = killed(WIDE, template, tmp_path, strace, trials)
    assert not any(one.wrong for one in found), told(trials, found)
    assert any(one.statuses[0] == -9 for one in found)
