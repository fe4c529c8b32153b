"""The power fails at every point that matters: unsynced writes are lost, and still every step runs exactly once.

At every twelfth storage, spawn and wait point; at every one with INNOMINATUS_FAULTS=all.
"""

import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.faults.commands import Trial
from tests.faults.killing import Point, points_of
from tests.faults.power_cuts import cut_trial
from tests.faults.scenes import PROBED, prepared

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="strace injects faults on Linux only")
EVERY = 1 if os.environ.get("INNOMINATUS_FAULTS") == "all" else 12


@pytest.mark.usefixtures("unmeasured")
@pytest.mark.timeout(3000)
def test_a_power_cut_anywhere_loses_no_step_and_repeats_none(tmp_path: Path, tool: Callable[[str], Path]) -> None:
    strace = tool("strace")
    template = prepared(PROBED, tmp_path / "template")
    points = points_of(PROBED, template, strace, tmp_path)[::EVERY]

    def one(numbered: tuple[int, Point]) -> Trial:
        number, point = numbered
        return cut_trial(PROBED, template, tmp_path / str(number), strace, point, number)

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(one, enumerate(points)))
    wrong = [
        f"{point}: {'; '.join(trial.wrong)}\n{''.join(trial.said)}"
        for point, trial in zip(points, found, strict=True)
        if trial.wrong
    ]
    assert not wrong, "\n\n".join(wrong[:5])
    assert sum(trial.statuses[0] == -9 for trial in found) > len(found) // 2
