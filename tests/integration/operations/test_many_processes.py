"""Several processes find what one finds, in its order; one that ends badly loses nothing."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from innominatus_cli.operations import many_files
from innominatus_cli.operations.repository_check import RepositoryCheck
from innominatus_cli.operations.validation import Validation, validate
from innominatus_cli.system import forking
from innominatus_cli.system.forking import Work, in_processes

CASES = Path(__file__).resolve().parents[2] / "cases"
DOUBLED = Work[int](lambda number: number * 2, lambda done: [done], lambda plain: int(plain[0]))


def everything(jobs: int | None) -> Validation:
    return validate([str(CASES / "err"), str(CASES / "ok")], jobs=jobs)


@pytest.mark.parametrize("jobs", [2, 3, 7])
def test_several_processes_find_what_one_finds(jobs: int) -> None:
    one, several = everything(1), everything(jobs)
    assert len(one.findings) > 200
    assert several.findings == one.findings
    assert (several.files, several.kinds, several.sources) == (one.files, one.kinds, one.sources)


def test_they_agree_where_all_documents_of_a_repository_are_held_against_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "workflows" / "products" / "shop"
    folder.mkdir(parents=True)
    for number in range(120):
        (folder / f"flow-{number}.yaml").write_text(
            "apiVersion: workflow.dev/v1\nkind: ProductWorkflow\n"
            f"metadata: {{name: flow-{number % 100}, product: shop, phase: deployment, "
            f"dependsOn: [flow-{number + 1}]}}\n"
            "spec: {triggers: [product_deployment], steps: [{name: a, type: script, config: {script: make}}]}\n"
        )
    monkeypatch.chdir(tmp_path)
    one, several = validate((), jobs=1), validate((), jobs=2)
    assert {"ORC-2008", "ORC-2013"} <= {finding.code.number for finding in one.findings}
    assert several.findings == one.findings


def in_copies(act: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets every process but this one do something when it checks its third file."""
    here, usual, seen = os.getpid(), many_files._check_one, []

    def check(repository: RepositoryCheck, path: str) -> many_files.Checked:
        seen.append(path)
        if os.getpid() != here and len(seen) > 2:
            act()
        return usual(repository, path)

    monkeypatch.setattr(many_files, "_check_one", check)


def test_a_process_that_is_killed_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = everything(1)
    in_copies(lambda: os.kill(os.getpid(), signal.SIGKILL), monkeypatch)
    assert everything(3).findings == expected.findings


def test_a_process_that_fails_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RuntimeError("only here")

    expected = everything(1)
    in_copies(fail, monkeypatch)
    assert everything(3).findings == expected.findings


def test_a_bug_shows_as_it_does_in_one_process() -> None:
    def fail(number: int) -> int:
        raise RuntimeError(f"block {number}")

    before = children()
    with pytest.raises(RuntimeError, match="block"):
        in_processes(Work[int](fail, lambda done: done, lambda plain: plain), 4, 3)
    assert children() <= before


def children() -> set[str]:
    """The processes that are children of this one; what other tests left behind may be among them."""
    return {pid for path in Path("/proc/self/task").glob("*/children") for pid in path.read_text().split()}


@pytest.mark.parametrize(("blocks", "processes"), [(0, 2), (1, 1), (1, 4), (500, 3)])
def test_outcomes_come_in_the_order_of_their_blocks(blocks: int, processes: int) -> None:
    assert in_processes(DOUBLED, blocks, processes) == [number * 2 for number in range(blocks)]


def test_outcomes_of_any_size_come_through() -> None:
    large = Work[str](lambda _: "x" * 3_000_000, lambda done: done, str)
    assert [len(text) for text in in_processes(large, 3, 2)] == [3_000_000] * 3


def test_an_outcome_that_was_half_brought_is_made_here() -> None:
    here = os.getpid()

    def work(number: int) -> str:
        if os.getpid() == here:
            time.sleep(0.5)  # meanwhile nobody reads, and the copy's pipe is full
        else:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.setitimer(signal.ITIMER_REAL, 0.1)
        return f"{number}" * 3_000_000

    assert in_processes(Work[str](work, lambda done: done, str), 2, 2) == ["0" * 3_000_000, "1" * 3_000_000]


def test_no_descriptor_is_left_open() -> None:
    before = sorted(path.name for path in Path("/proc/self/fd").iterdir())
    in_processes(DOUBLED, 50, 4)
    assert sorted(path.name for path in Path("/proc/self/fd").iterdir()) == before


@pytest.mark.parametrize("allowed", [0, 2, 100])
def test_no_more_processes_are_started_than_there_are_blocks_and_the_system_has(
    allowed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[bool] = []
    fork = os.fork

    def counted() -> int:
        if len(started) >= allowed:
            raise BlockingIOError(11, "Resource temporarily unavailable")
        started.append(True)
        return fork()

    monkeypatch.setattr(os, "fork", counted)
    assert in_processes(DOUBLED, 5, 100_000) == [0, 2, 4, 6, 8]
    assert len(started) == min(allowed, 4)


def test_few_files_and_few_processors_take_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(many_files, "can_fork", lambda: True)
    monkeypatch.setattr(many_files, "usable_processors", lambda: 4)
    assert many_files.processes_for(299, None) == 1
    assert many_files.processes_for(300, None) == 2
    assert many_files.processes_for(10_000, None) == 4
    assert many_files.processes_for(10, 3) == 3
    monkeypatch.setattr(many_files, "usable_processors", lambda: 1)
    assert many_files.processes_for(10_000, None) == 1
    monkeypatch.setattr(many_files, "can_fork", lambda: False)
    assert many_files.processes_for(10_000, 3) == 1


def test_where_other_threads_run_nothing_is_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    assert forking.can_fork() == (threading.active_count() == 1)
    monkeypatch.setattr(threading, "active_count", lambda: 2)
    assert not forking.can_fork()
