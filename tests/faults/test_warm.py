"""A fork of a warm process does what a new process does, can be killed at a call, and is killed where it hangs."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults import commands
from tests.faults.commands import be_warm, run, started_by
from tests.faults.scenes import CHAIN, SECRET, SECRET_VARIABLE, prepared
from tests.faults.warm import Warm

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="strace injects faults on Linux only"),
    pytest.mark.usefixtures("unmeasured"),
]


@pytest.fixture
def warm() -> Iterator[None]:
    be_warm()
    yield
    commands._warm.process.close()
    del commands._warm.process


def test_a_fork_says_and_leaves_what_a_new_process_does(
    tmp_path: Path, request: pytest.FixtureRequest, tool: Callable[[str], Path]
) -> None:
    strace = tool("strace")
    repository = prepared(CHAIN, tmp_path / "repository")
    words = (("plan", "score.yaml"), ("validate",), ("no-such-command",), ("history",))
    new = [run(repository, one)[:3] for one in words]
    started = started_by(repository, ("history",))[1]
    request.getfixturevalue("warm")
    assert [run(repository, one)[:3] for one in words] == new
    assert started_by(repository, ("history",))[1] == started == {"git"}
    killed = ["-qq", "-o", os.devnull, "-e", "trace=fdatasync", "-e", "inject=fdatasync:signal=KILL:when=1"]
    assert run(repository, CHAIN.command, [str(strace), *killed]).status == -9
    done = run(repository, ("resume", "latest"))
    assert done.status in {0, 1}, done.said
    assert run(repository, CHAIN.command).status == 0
    assert SECRET not in run(repository, ("logs", "latest")).said


def test_a_fork_that_hangs_is_killed(tmp_path: Path) -> None:
    repository = prepared(CHAIN, tmp_path / "repository")
    process = Warm({**os.environ, SECRET_VARIABLE: SECRET})
    assert process.run(repository, CHAIN.command, (), tmp_path / "out", 0.05)[::2] == (-9, True)
    status, kib, late = process.run(repository, ("version",), (), tmp_path / "out", 60)
    assert (status, late) == (0, False)
    assert kib > 10_000
    process.close()
