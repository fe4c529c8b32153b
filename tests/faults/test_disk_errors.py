"""The disk refuses at each place where a run writes: the right exit status, and what is left can be gone on with.

Every tenth case; all of them with INNOMINATUS_FAULTS=all.
"""

import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from innominatus_cli.findings.exit_status import ExitStatus
from tests.faults.commands import Trial
from tests.faults.failing import FOR_EVER, Failure, failed, failures_of
from tests.faults.scenes import CHAIN, prepared

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="strace injects faults on Linux only")
EVERY = 1 if os.environ.get("INNOMINATUS_FAULTS") == "all" else 10
REFUSED = ("lock", "run folder", "journal", "mark of an open run", "folders")
"""What a run cannot begin or go on without: its exit status is 73."""


@pytest.mark.usefixtures("unmeasured")
@pytest.mark.timeout(3000)
def test_a_disk_that_refuses_leaves_nothing_half_written_and_the_run_can_be_gone_on_with(
    tmp_path: Path, tool: Callable[[str], Path]
) -> None:
    strace = tool("strace")
    template = prepared(CHAIN, tmp_path / "template")
    failures = failures_of(CHAIN, template, strace, tmp_path)
    assert {failure.kind for failure in failures} >= {*REFUSED, "record", "ledger", "scratch", "log"}
    assert any(failure.for_ever and failure.call in FOR_EVER for failure in failures)

    def one(numbered: tuple[int, Failure]) -> Trial:
        number, failure = numbered
        return failed(CHAIN, template, tmp_path / str(number), strace, failure)

    chosen = failures[::EVERY]
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(one, enumerate(chosen)))
    wrong = [
        f"{failure}: {'; '.join(trial.wrong)}\n{''.join(trial.said)}"
        for failure, trial in zip(chosen, found, strict=True)
        if trial.wrong
    ]
    assert not wrong, "\n\n".join(wrong[:5])
    for failure, trial in zip(chosen, found, strict=True):
        if failure.kind in REFUSED and failure.call not in {"mkdir", "unlink", "unlinkat"}:
            assert trial.statuses[0] == ExitStatus.CANNOT_WRITE_STATE, (str(failure), trial.said[0])
        assert trial.statuses[-1] == ExitStatus.OK, (str(failure), trial.said)
