"""Where runs, logs, locks and tool state are, and who may read them."""

import os
from pathlib import Path

import pytest

from innominatus_cli.system.state_folder import StateFolder

RUN = "01J9Z0C4W5T3Q8R7M2X6Y1V0NB"


def test_every_path_lies_below_the_common_directory(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path)
    assert folder.journal_path(RUN) == tmp_path / "innominatus" / "runs" / RUN / "journal.jsonl"
    assert folder.log_path(RUN, 3, "stderr") == tmp_path / "innominatus" / "runs" / RUN / "logs" / "3.stderr"
    assert folder.tool_state_dir("shop", "development") == tmp_path / "innominatus" / "state" / "shop" / "development"
    assert folder.lock_path("shop", "development").name == "development.lock"


@pytest.mark.parametrize("name", ["..", ".", "../../etc", "a/b", "", "%", "é", ".hidden", "x" * 300])
def test_no_name_leaves_its_folder_or_meets_another(tmp_path: Path, name: str) -> None:
    folder = StateFolder(tmp_path)
    path = folder.tool_state_dir(name, "development")
    assert path.parent.parent == tmp_path / "innominatus" / "state"
    assert path.parent.name not in {"", ".", ".."}
    assert len(path.parent.name) < 200
    assert path != folder.tool_state_dir("shop", "development")


@pytest.mark.parametrize("run", ["", "..", "latest", RUN.lower(), f"{RUN}X", f"{RUN[:-1]}U"])
def test_only_a_ulid_names_a_run(tmp_path: Path, run: str) -> None:
    with pytest.raises(ValueError, match="is not a run id"):
        StateFolder(tmp_path).run_dir(run)


def test_folders_are_private_whatever_the_umask(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path)
    before = os.umask(0o777)
    try:
        made = folder.ensure(folder.logs_dir(RUN))
    finally:
        os.umask(before)
    for path in (made, made.parent, folder.runs_dir, folder.root):
        assert path.stat().st_mode & 0o777 == 0o700


def test_runs_are_listed_oldest_first_and_nothing_else_is_a_run(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path)
    assert folder.runs() == []
    later = "01J9Z0C4W6T3Q8R7M2X6Y1V0NB"
    for name in (later, RUN, "notes.txt"):
        folder.ensure(folder.runs_dir / name)
    assert folder.runs() == [RUN, later]


def test_scratch_goes_and_the_rest_stays(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path)
    folder.ensure(folder.scratch_dir(RUN) / "0")
    folder.ensure(folder.logs_dir(RUN))
    folder.remove_scratch(RUN)
    folder.remove_scratch(RUN)
    assert not folder.scratch_dir(RUN).exists()
    assert folder.logs_dir(RUN).is_dir()


def test_a_state_folder_that_is_none_has_no_runs(tmp_path: Path) -> None:
    (tmp_path / "innominatus").write_text("a file")
    assert StateFolder(tmp_path).runs() == []
