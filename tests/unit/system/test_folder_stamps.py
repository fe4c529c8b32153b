"""Folders are listed again only where names may have changed."""

import os
from pathlib import Path

import pytest

from innominatus_cli.system import folder_stamps
from innominatus_cli.system.folder_stamps import stamped_folder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(folder_stamps, "_COARSE_NS", 0)
    made = tmp_path / "runs"
    (made / "web").mkdir(parents=True)
    (made / "b.json").touch()
    (made / "a.json").touch()
    (made / "link.json").symlink_to("a.json")
    (made / "other").symlink_to("web")
    return made


def test_names_are_sorted_and_links_are_none(folder: Path) -> None:
    found = stamped_folder(folder.parent, "runs", "")
    assert found is not None
    assert (found.unchanged, found.files, found.folders) == (False, ["a.json", "b.json"], ["web"])


def test_a_folder_that_looks_as_it_did_is_not_listed(folder: Path) -> None:
    first = stamped_folder(folder.parent, "runs", "")
    assert first is not None
    again = stamped_folder(folder.parent, "runs", first.stamp)
    assert again is not None
    assert (again.unchanged, again.files) == (True, [])


def test_a_new_name_is_seen_although_somebody_set_the_times_back(folder: Path) -> None:
    first = stamped_folder(folder.parent, "runs", "")
    assert first is not None
    before = folder.stat()
    (folder / "c.json").touch()
    os.utime(folder, ns=(before.st_atime_ns, before.st_mtime_ns))
    again = stamped_folder(folder.parent, "runs", first.stamp)
    assert again is not None
    assert again.files == ["a.json", "b.json", "c.json"]


def test_one_that_changed_just_now_has_no_stamp(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_stamps, "_COARSE_NS", 60_000_000_000)
    found = stamped_folder(folder.parent, "runs", "")
    assert found is not None
    assert found.stamp == ""


def test_a_link_to_a_folder_and_nothing_at_all_are_no_folder(folder: Path) -> None:
    assert stamped_folder(folder, "other", "") is None
    assert stamped_folder(folder, "absent", "") is None
