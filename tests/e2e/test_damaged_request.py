"""`resume` over a run whose file of what was asked for is damaged."""

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_backup_of_the_ledger import WORKFLOW


@pytest.fixture
def failed(workshop: Any) -> Path:
    """A repository with a run that failed; the file that says what was asked for."""
    workshop.write("admin-config.yaml", "admin: {}\n")
    workshop.write("workflows/platform/look.yaml", WORKFLOW.replace('"true"', "test -e mended"))
    workshop.commit()
    assert workshop("run", "look").status == 4
    (path,) = Path(workshop.folder, ".git/innominatus/runs").glob("*/request.json")
    return path


def test_one_that_is_whole_is_gone_on_with(workshop: Any, failed: Path) -> None:
    assert failed.exists()
    Path(workshop.folder, "mended").touch()
    assert workshop("resume", "latest").status == 0


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-5]),
        lambda path: path.write_bytes(b"{}"),
        lambda path: path.write_bytes(path.read_bytes() + b"\n"),
        lambda path: (path.unlink(), path.mkdir()),
        lambda path: (path.rename(path.with_name("other")), path.symlink_to("other")),
    ],
)
def test_one_that_is_damaged_is_told_and_nothing_runs(workshop: Any, failed: Path, damage: Any) -> None:
    Path(workshop.folder, "mended").touch()
    damage(failed)
    told = workshop("resume", "latest")
    assert told.status == 65, told.all
    assert "ORC-5200" in told.all
    assert "request.json" in told.all
    assert len(workshop.records("run")) == 1


def test_one_that_was_never_stored_keeps_nobody_from_going_on(workshop: Any, failed: Path) -> None:
    Path(workshop.folder, "mended").touch()
    failed.unlink()
    assert workshop("resume", "latest").status == 0
