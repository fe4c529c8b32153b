"""The oracle that judges killed runs: of a run that nothing happened to it says nothing, and it notices each breach."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from innominatus_cli.execution.opening import read_run
from innominatus_cli.operations.history import open_ledger
from innominatus_cli.system.locks import try_lock
from innominatus_cli.system.state_folder import StateFolder
from tests.faults import oracle
from tests.faults.commands import Done, Trial, run
from tests.faults.oracle import durable_ends, judge, own_files
from tests.faults.scenes import CHAIN, SECRET, SECRET_FORMS, Scene, prepared

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="strace watches on Linux only"),
    pytest.mark.skipif(
        not shutil.which("strace") and os.environ.get("CI") != "true", reason="strace is not here; CI has to have it"
    ),
    pytest.mark.usefixtures("unmeasured"),
]
SAY, HEAR = (f"deployment/application/-/deploy/{name}" for name in ("say", "hear"))


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository in which the chain has run."""
    repository = prepared(CHAIN, tmp_path_factory.mktemp("ran") / "repository")
    assert run(repository, CHAIN.command).status == 0
    return repository


@pytest.fixture
def found(ran: Path, tmp_path: Path) -> Trial:
    return Trial(shutil.copytree(ran, tmp_path / "repository", symlinks=True))


def effects_of(trial: Trial) -> Path:
    (path,) = (trial.repository / ".git/innominatus/state").glob("*/*/effects")
    return path


def promises(trial: Trial) -> set[str]:
    return {wrong.partition(":")[0] for wrong in trial.wrong}


def test_of_a_run_that_nothing_happened_to_it_says_nothing_and_of_one_that_ran_twice_it_does(found: Trial) -> None:
    before, finished = own_files(found.repository), durable_ends(found.repository)
    assert len(finished) == 3
    judge(found, CHAIN, before, finished)
    assert found.wrong == []
    path = effects_of(found)
    path.write_text(path.read_text() + path.read_text().splitlines()[0] + "\n")
    judge(found, CHAIN, before, finished)
    assert promises(found) == {"I1", "I4"}


def test_a_record_that_is_gone_or_says_something_else_is_noticed(found: Trial) -> None:
    git = ["git", "-C", str(found.repository)]
    subprocess.run([*git, "rm", "-rqf", ".innominatus"], check=True)
    subprocess.run([*git, "commit", "-qm", "tidy up"], check=True)
    ledger = open_ledger(found.repository)
    (name,) = ledger.state.runs()
    oracle._judge_run(found, ledger.store, ledger.state, name, oracle._effects(found.repository))
    assert found.wrong == [f"I7: run {name} has 0 records"]
    oracle._judge_looking(found)
    assert promises(found) == {"I6", "I7"}


def line(kind: str, step: str) -> dict[str, str]:
    return {"type": kind, "step": step}


@pytest.mark.parametrize(
    ("lines", "broken"),
    [
        ([line("step_start", SAY), line("step_end", SAY), line("step_start", HEAR), line("step_end", HEAR)], set()),
        ([line("step_start", SAY), line("step_start", HEAR), line("step_end", SAY), line("step_end", HEAR)], {"I5"}),
        ([line("step_start", SAY), line("step_end", SAY), line("step_interrupted", SAY)], {"I3"}),
        ([line("step_start", SAY)], {"I3"}),
    ],
)
def test_the_order_of_a_journal_is_judged(found: Trial, lines: list[dict[str, str]], broken: set[str]) -> None:
    ledger = open_ledger(found.repository)
    plan = read_run(ledger.state.run_dir(ledger.state.runs()[0])).plan
    oracle._judge_journal(found, lines, {step.id: step for step in plan.steps})
    assert promises(found) == broken


@pytest.mark.parametrize("form", SECRET_FORMS)
def test_a_secret_in_a_file_in_a_git_object_or_on_the_terminal_is_noticed(found: Trial, form: str) -> None:
    oracle._judge_secrecy(found)
    assert found.wrong == []
    (found.repository / ".git/innominatus/left").write_bytes(b"x" + SECRET_FORMS[form] + b"x")
    command = ["git", "hash-object", "-w", "--stdin"]
    subprocess.run(command, cwd=found.repository, input=SECRET_FORMS[form], capture_output=True, check=True)
    found.said.append(SECRET_FORMS[form].decode())
    oracle._judge_secrecy(found)
    sinks = ("an object of git", "the terminal", ".git/innominatus/left")
    assert found.wrong == [f"I9: a secret as {form} in {sink}" for sink in sinks]


@pytest.fixture
def stray(ran: Path) -> Iterator[None]:
    """A process that says that it belongs to the run."""
    tag = {"INNOMINATUS_RUN": StateFolder(ran / ".git").runs()[0]}
    with subprocess.Popen(["sleep", "60"], env={**os.environ, **tag}) as process:
        yield
        process.kill()


@pytest.mark.usefixtures("stray")
def test_what_is_left_behind_and_what_was_changed_is_noticed(found: Trial) -> None:
    before = own_files(found.repository)
    (found.repository / "score.yaml").write_text("changed\n")
    path = next((found.repository / ".git/innominatus/locks").glob("*/*.lock"))
    held = try_lock(path)
    assert held is not None
    oracle._judge_surroundings(found, before)
    held.release()
    assert promises(found) == {"I10", "I11", "I12"}


def test_a_command_that_starts_more_than_git_is_noticed(found: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oracle, "LOOKING", (CHAIN.command,))
    oracle._judge_looking(found)
    assert promises(found) == {"I17"}


@pytest.mark.parametrize(
    ("lines", "broken"),
    [
        (["say", "hear", "undo-hear", "undo-say"], set()),
        (["say", "hear", "undo-hear", "undo-hear", "undo-say"], set()),
        (["say", "hear", "undo-say", "undo-hear"], {"I16"}),
        (["say", "hear", "undo-hear"], {"I16"}),
    ],
)
def test_what_is_taken_back_in_another_order_or_not_at_all_is_noticed(
    found: Trial, lines: list[str], broken: set[str]
) -> None:
    effects_of(found).write_text("".join(f"RUN deployment/application/-/deploy/{name}\n" for name in lines))
    oracle._judge_order(found)
    assert promises(found) == broken


@pytest.mark.parametrize(
    ("done", "broken"),
    [
        (Done(("plan",), 0, "fine", 1, late=False), set()),
        (Done(("plan",), -9, "", 1, late=False), set()),
        (Done(("plan",), 137, "", 1, late=False), set()),
        (Done(("plan",), 3, "", 1, late=False), set()),
        (Done(("plan",), 99, "", 1, late=False), {"I13"}),
        (Done(("plan",), 70, "ORC-9001", 1, late=False), {"I13"}),
        (Done(("plan",), 1, "Traceback (most recent call last)", 1, late=False), {"I13"}),
        (Done(("plan",), -9, "", 1, late=True), {"I14"}),
    ],
)
def test_how_a_command_ends_is_judged(tmp_path: Path, done: Done, broken: set[str]) -> None:
    trial = Trial(tmp_path)
    trial.note(done)
    assert promises(trial) == broken
    assert trial.most_kib == 1


def test_memory_is_judged_and_going_on_where_nothing_goes_on(found: Trial) -> None:
    found.most_kib = oracle.MOST_KIB + 1
    lost = Scene("lost", CHAIN.files, on=("resume", "01JD0000000000000000000000"))
    judge(found, lost, own_files(found.repository), {})
    assert promises(found) == {"I8", "I15"}
    assert SECRET not in "".join(found.said)
