"""The file door: only regular files, never beyond the repository, and writes that leave the old or the new."""

import errno
import os
import socket
from pathlib import Path

import pytest

from innominatus_cli.findings.catalogue import document as codes
from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import CannotContinue, Code, Finding
from innominatus_cli.system.files import parts_of, read_below, replace_below, write_file, write_output, write_together

LIMIT = 1000


def refused(outcome: bytes | Finding) -> Code:
    assert isinstance(outcome, Finding), outcome
    return outcome.code


def test_a_regular_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b.yaml").write_bytes(b"x")
    assert read_below(tmp_path, "a/b.yaml", LIMIT) == b"x"
    assert read_below(tmp_path, "./a//b.yaml", LIMIT) == b"x"


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "a/../../x", "~/x", "a\\b", "a\0b", "", "."])
def test_a_path_that_could_leave_the_repository_is_refused(tmp_path: Path, path: str) -> None:
    assert parts_of(path) is None
    assert refused(read_below(tmp_path, path, LIMIT)) is codes.OUTSIDE_REPOSITORY


def test_a_missing_file_is_a_finding_with_its_path(tmp_path: Path) -> None:
    outcome = read_below(tmp_path, "a/b.yaml", LIMIT)
    assert refused(outcome) is codes.NOT_READABLE
    assert isinstance(outcome, Finding)
    assert str(outcome.place) == "a/b.yaml"


def test_links_inside_the_repository_are_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.yaml").write_bytes(b"x")
    (tmp_path / "folder").symlink_to("real")
    (tmp_path / "link.yaml").symlink_to("folder/a.yaml")
    assert read_below(tmp_path, "link.yaml", LIMIT) == b"x"
    assert read_below(tmp_path, "folder/a.yaml", LIMIT) == b"x"


def test_a_link_out_of_the_repository_is_refused(tmp_path: Path) -> None:
    outside, root = tmp_path / "outside", tmp_path / "root"
    outside.mkdir()
    root.mkdir()
    (outside / "secret").write_bytes(b"x")
    (root / "file").symlink_to("../outside/secret")
    (root / "folder").symlink_to(outside)
    assert refused(read_below(root, "file", LIMIT)) is codes.OUTSIDE_REPOSITORY
    assert refused(read_below(root, "folder/secret", LIMIT)) is codes.OUTSIDE_REPOSITORY


def test_a_neighbour_whose_name_starts_like_the_repository_is_outside(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root-2").mkdir()
    (tmp_path / "root-2" / "x").write_bytes(b"x")
    (tmp_path / "root" / "x").symlink_to(tmp_path / "root-2" / "x")
    assert refused(read_below(tmp_path / "root", "x", LIMIT)) is codes.OUTSIDE_REPOSITORY


def test_links_in_a_circle_are_a_finding(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    assert refused(read_below(tmp_path, "a", LIMIT)) is codes.NOT_READABLE


def test_a_folder_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    assert refused(read_below(tmp_path, "a", LIMIT)) is codes.NOT_A_FILE


def test_a_pipe_without_a_writer_is_a_finding_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    assert refused(read_below(tmp_path, "pipe.yaml", LIMIT)) is codes.NOT_A_FILE


def test_a_device_and_a_socket_are_findings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path may have 107 bytes only
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        assert refused(read_below(tmp_path, "socket", LIMIT)) in {codes.NOT_A_FILE, codes.NOT_READABLE}
    assert refused(read_below("/dev", "zero", LIMIT)) is codes.NOT_A_FILE
    assert refused(read_below("/dev", "null", LIMIT)) is codes.NOT_A_FILE


def test_a_file_over_the_limit_is_refused_and_one_at_the_limit_is_not(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * LIMIT)
    (tmp_path / "b").write_bytes(b"x" * (LIMIT + 1))
    assert read_below(tmp_path, "a", LIMIT) == b"x" * LIMIT
    assert refused(read_below(tmp_path, "b", LIMIT)) is codes.TOO_LARGE


def test_a_file_that_grows_while_it_is_read_stays_bounded() -> None:
    """Files of /proc say that they are empty, and are not."""
    endless = Path("/proc/kallsyms")
    if not endless.is_file() or not os.access(endless, os.R_OK):
        pytest.skip("no file here says that it is smaller than it is")
    assert refused(read_below("/proc", "kallsyms", LIMIT)) is codes.TOO_LARGE


def test_descriptors_are_closed_whatever_happens(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    (tmp_path / "folder").mkdir()
    before = len(list(Path("/dev/fd").iterdir()))
    for path in ("a", "folder", "missing", "folder/missing", "../x"):
        read_below(tmp_path, path, 0)
    assert len(list(Path("/dev/fd").iterdir())) == before


def test_a_write_replaces_the_file_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "file.json"
    write_file(target, b"one")
    write_file(target, b"two")
    assert target.read_bytes() == b"two"
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("mask", [0o000, 0o077, 0o777])
def test_a_file_has_exactly_its_mode_whatever_the_umask(tmp_path: Path, mask: int) -> None:
    old = os.umask(mask)
    try:
        write_file(tmp_path / "secret", b"x", 0o600)
        write_file(tmp_path / "open", b"x", 0o644)
    finally:
        os.umask(old)
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "open").stat().st_mode & 0o777 == 0o644


def test_a_crash_before_the_end_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "file"
    write_file(target, b"old")

    def crash(_descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", crash)
    with pytest.raises(KeyboardInterrupt):
        write_file(target, b"new")
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_short_write_is_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, bytes(data[:3])))
    write_file(tmp_path / "file", b"0123456789")
    assert (tmp_path / "file").read_bytes() == b"0123456789"


def test_a_disk_that_refuses_ends_the_command_with_its_own_status(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(CannotContinue) as caught:
        write_file(tmp_path / "file" / "below", b"x")
    assert caught.value.exit_status is ExitStatus.CANNOT_WRITE_STATE


def tree(folder: Path) -> dict[str, bytes | None]:
    """Everything below a folder: the bytes of files, None for folders."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")
    }


def test_several_files_are_written_with_the_folders_that_they_need(tmp_path: Path) -> None:
    write_together(tmp_path, {"a/b/one": b"1", "two": b"2"})

    assert tree(tmp_path) == {"a": None, "a/b": None, "a/b/one": b"1", "two": b"2"}


def test_a_relative_root_is_one_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_together("new/place", {"file": b"1"})

    assert (tmp_path / "new/place/file").read_bytes() == b"1"


def test_a_file_that_is_there_stays_and_none_of_the_others_comes(tmp_path: Path) -> None:
    (tmp_path / "taken").write_bytes(b"mine")

    with pytest.raises(CannotContinue) as caught:
        write_together(tmp_path, {"a/first": b"1", "taken": b"2"})
    assert caught.value.exit_status is ExitStatus.CANNOT_WRITE_STATE
    assert tree(tmp_path) == {"taken": b"mine"}


def test_only_files_that_may_be_replaced_are(tmp_path: Path) -> None:
    (tmp_path / "config").write_bytes(b"old")
    write_together(tmp_path, {"config": b"new", "file": b"1"}, ["config"])

    assert tree(tmp_path) == {"config": b"new", "file": b"1"}


def test_nothing_is_replaced_where_a_new_file_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "config").write_bytes(b"old")
    (tmp_path / "taken").write_bytes(b"mine")

    with pytest.raises(CannotContinue):
        write_together(tmp_path, {"config": b"new", "taken": b"1"}, ["config"])
    assert tree(tmp_path) == {"config": b"old", "taken": b"mine"}


@pytest.mark.parametrize("call", ["fsync", "link", "replace"])
def test_an_interruption_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    (tmp_path / "config").write_bytes(b"old")

    def interrupt(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, call, interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_together(tmp_path, {"a/b/one": b"1", "config": b"new"}, ["config"])
    assert tree(tmp_path) == {"config": b"old"}


def test_a_disk_without_hard_links_takes_files_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: str, target: str) -> None:
        raise OSError(errno.ENOTSUP, "no hard links", source, None, target)

    monkeypatch.setattr(os, "link", refuse)
    (tmp_path / "taken").write_bytes(b"mine")
    write_together(tmp_path, {"a/one": b"1"})
    with pytest.raises(CannotContinue):
        write_together(tmp_path, {"taken": b"2"})

    assert tree(tmp_path) == {"a": None, "a/one": b"1", "taken": b"mine"}


def test_output_keeps_the_mode_of_a_file_and_the_link_to_it(tmp_path: Path) -> None:
    (tmp_path / "kept").write_bytes(b"old")
    (tmp_path / "kept").chmod(0o600)
    for name, target in (("link", "kept"), ("dangling", "new")):
        (tmp_path / name).symlink_to(target)
        write_output(tmp_path / name, b"told")
        assert (tmp_path / name).readlink() == Path(target)
        assert (tmp_path / target).read_bytes() == b"told"
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("kept", "new")] == [0o600, 0o644]


def test_output_goes_into_a_pipe_which_stays_one(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    reading = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_output(tmp_path / "pipe", b"told")
        assert os.read(reading, LIMIT) == b"told"
    finally:
        os.close(reading)
    assert (tmp_path / "pipe").is_fifo()


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="descriptors have no names here")
def test_output_goes_to_what_is_open_behind_what_stands_there(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as log:
        log.write(b"log\n")
        log.flush()
        write_output(f"/dev/fd/{log.fileno()}", b"told")
    assert (tmp_path / "log").read_bytes() == b"log\ntold"


@pytest.mark.parametrize("name", ["folder", "circle", "file/below"])
def test_output_that_nothing_takes_is_status_73(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "circle").symlink_to("circle")
    with pytest.raises(CannotContinue) as caught:
        write_output(tmp_path / name, b"told")
    assert caught.value.exit_status is ExitStatus.CANNOT_WRITE_STATE
    assert sorted(path.name for path in tmp_path.iterdir()) == ["circle", "file", "folder"]


@pytest.mark.parametrize("may", [True, False])
def test_a_file_that_is_replaced_keeps_mode_and_owner(
    may: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = []

    def give(_descriptor: int, user: int, group: int) -> None:
        given.append((user, group))
        if not may:
            raise PermissionError

    monkeypatch.setattr(os, "fchown", give)
    (tmp_path / "file").write_bytes(b"old")
    (tmp_path / "file").chmod(0o640)
    before = (tmp_path / "file").stat()
    assert replace_below(tmp_path, "file", b"old", b"new") is None
    assert (tmp_path / "file").read_bytes() == b"new"
    assert (tmp_path / "file").stat().st_mode == before.st_mode
    assert given == [(before.st_uid, before.st_gid)]
