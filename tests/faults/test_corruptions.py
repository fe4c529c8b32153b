"""Some thousands of random corruptions of journals and ledgers; corruptions.py does as many as one likes."""

import subprocess
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from innominatus_cli.operations.history import open_ledger
from innominatus_cli.operations.verifying import verify
from tests.faults.corruptions import (
    DETECTED,
    HARMLESS,
    UNNOTICED,
    anchored_tips,
    damaged_ledger,
    make_records,
    problems,
    trials,
)

SEED = 20_261_125


def test_undamaged_ledgers_have_no_problems() -> None:
    for seed in range(50):
        files = make_records(Random(seed))  # noqa: S311 - can be repeated
        assert problems(files, anchored_tips(files)) == []


def test_all_of_some_thousand_corruptions_are_detected_or_leave_a_harmless_tail(tmp_path: Path) -> None:
    fates = Counter((kind, fate) for kind, fate, _ in trials(4_000, SEED, tmp_path))
    assert [kind for kind, fate in fates if fate == UNNOTICED] == []
    assert len({kind for kind, _ in fates}) > 15
    assert {kind for kind, fate in fates if fate == HARMLESS} <= {
        "journal bit flips",
        "journal cut tail",
        "journal cut out",
        "journal zeros",
        "journal swap",
    }
    assert sum(count for (_, fate), count in fates.items() if fate == DETECTED) > 3_000


@pytest.fixture
def git_of_ada(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "gitconfig"
    config.write_text("[user]\n\tname = Ada\n\temail = ada@shop.example\n[init]\n\tdefaultBranch = main\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))


def commit(repository: Path, files: dict[str, bytes]) -> None:
    """Makes these files, and no other record, the commit that is checked out."""
    subprocess.run(["git", "rm", "-rqf", "--ignore-unmatch", "."], cwd=repository, check=True)
    for path, data in files.items():
        file = repository / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    subprocess.run(["git", "add", "-Af"], cwd=repository, check=True)
    subprocess.run(["git", "commit", "-qm", "x", "--allow-empty"], cwd=repository, check=True)


@pytest.mark.usefixtures("git_of_ada")
def test_the_command_says_the_same_of_damage_that_was_committed_and_of_its_own_accord(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    subprocess.run(["git", "init", "-q", str(repository)], check=True)
    random = Random(SEED)  # noqa: S311 - can be repeated
    files = make_records(random)
    commit(repository, files)
    assert verify(open_ledger(repository)).report.sound
    for _ in range(25):
        kind, damaged = damaged_ledger(files, random)
        if damaged == files:
            continue
        commit(repository, damaged)
        found = verify(open_ledger(repository))
        assert not found.report.sound, kind
        assert all(finding.place.path for finding in found.findings)
        subprocess.run(["git", "reset", "-q", "--hard", "HEAD~1"], cwd=repository, check=True)
    assert verify(open_ledger(repository)).report.sound
