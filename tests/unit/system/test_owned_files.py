"""Files of ours in a folder that others write to: no link leads out."""

import os
from pathlib import Path

import pytest

from innominatus_cli.system.owned_files import (
    NotARegularFile,
    owned_files,
    read_owned,
    remove_drafts,
    remove_owned,
    replace_owned,
)


def test_a_file_is_written_read_listed_and_removed_with_its_empty_folders(tmp_path: Path) -> None:
    replace_owned(tmp_path, "a/b/c.json", b"one")
    replace_owned(tmp_path, "a/d.json", b"two")
    replace_owned(tmp_path, "a/b/c.json", b"three")
    assert read_owned(tmp_path, "a/b/c.json") == b"three"
    assert list(owned_files(tmp_path, "a")) == ["a/b/c.json", "a/d.json"]
    remove_owned(tmp_path, "a/b/c.json")
    assert list(owned_files(tmp_path, "")) == ["a/d.json"]
    assert not (tmp_path / "a" / "b").exists()
    remove_owned(tmp_path, "a/b/c.json")
    assert read_owned(tmp_path, "a/b/c.json") is None


def test_a_link_on_the_way_or_at_the_end_is_never_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x").write_bytes(b"theirs")
    root = tmp_path / "root"
    root.mkdir()
    (root / "folder").symlink_to(outside)
    (root / "file").symlink_to(outside / "x")
    for path in ("folder/x", "file"):
        with pytest.raises(NotARegularFile):
            read_owned(root, path)
    with pytest.raises(OSError, match=r"Not a directory|Too many levels"):
        replace_owned(root, "folder/x", b"ours")
    replace_owned(root, "file", b"ours")
    assert (outside / "x").read_bytes() == b"theirs"
    assert not (root / "file").is_symlink()
    assert list(owned_files(root, "folder")) == []


@pytest.mark.parametrize("path", ["../x", "a/../../x", "./x", "a//x", "/etc/passwd"])
def test_a_path_that_leads_out_is_a_mistake_of_ours(tmp_path: Path, path: str) -> None:
    with pytest.raises(ValueError, match="not a path below"):
        replace_owned(tmp_path, path, b"")


def test_a_folder_in_place_of_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(NotARegularFile):
        read_owned(tmp_path, "a")


def test_a_failed_write_leaves_the_old_content_and_no_temporary_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_owned(tmp_path, "a", b"old")

    def refuse(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", refuse)
    with pytest.raises(OSError, match="No space"):
        replace_owned(tmp_path, "a", b"new")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a", b"old")]


def test_drafts_of_processes_that_are_gone_are_removed_and_nothing_else_is(tmp_path: Path) -> None:
    replace_owned(tmp_path, "runs/one.json", b"{}")
    gone, mine = "runs/.one.json.999999999.0123abcd", f"runs/.one.json.{os.getpid()}.0123abcd"
    for name in (gone, mine, "runs/.two.json.999999999.0123abcd", "runs/.one.json.old"):
        (tmp_path / name).write_bytes(b"")
    remove_drafts(tmp_path, "runs/one.json")
    remove_drafts(tmp_path, "no-such-folder/one.json")
    left = sorted(path.name for path in (tmp_path / "runs").iterdir())
    assert left == [
        ".one.json." + str(os.getpid()) + ".0123abcd",
        ".one.json.old",
        ".two.json.999999999.0123abcd",
        "one.json",
    ]
