"""Both snapshots answer alike: the working tree, and a revision behind a fake of the git door."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from innominatus_cli.documents.canonical import git_blob_id
from innominatus_cli.documents.revision_snapshot import RevisionSnapshot
from innominatus_cli.documents.snapshot import Snapshot, WorkingTreeSnapshot
from innominatus_cli.findings.catalogue import document as codes
from innominatus_cli.findings.finding import Finding


@dataclass(frozen=True)
class Entry:
    path: str
    mode: str
    object_id: str


class FakeGit:
    """A tree in memory: text is a file, `-> target` a link, None a submodule."""

    def __init__(self, files: dict[str, str | None]) -> None:
        self.blobs: dict[str, bytes] = {}
        self.entries = []
        self.reads = 0
        for path, content in files.items():
            data = (content or "").removeprefix("-> ").encode()
            object_id = git_blob_id(data)
            self.blobs[object_id] = data
            mode = "160000" if content is None else "120000" if content.startswith("-> ") else "100644"
            self.entries.append(Entry(path, mode, object_id))

    def tree(self, commit: str) -> list[Entry]:
        assert commit == "v1"
        return self.entries

    def read_blobs(self, object_ids: Iterable[str]) -> dict[str, bytes]:
        self.reads += 1
        return {object_id: self.blobs[object_id] for object_id in object_ids}


FILES = {
    "admin-config.yaml": "admin",
    "workflows/platform/a.yaml": "a",
    "workflows/platform/b.txt": "b",
    "workflows/linked.yaml": "-> platform/a.yaml",
    "alias": "-> workflows/platform",
    "circle": "-> circle",
    "out.yaml": "-> ../outside.yaml",
    "absolute.yaml": "-> /etc/hostname",
    ".innominatus/runs/x.yaml": "record",
    "web/node_modules/y.yaml": "module",
}


@pytest.fixture(params=["working tree", "revision"])
def snapshot(request: pytest.FixtureRequest, tmp_path: Path) -> Snapshot:
    if request.param == "revision":
        return RevisionSnapshot(FakeGit(dict(FILES)), "v1")
    root = tmp_path / "root"
    for path, content in FILES.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if content.startswith("-> "):
            file.symlink_to(content.removeprefix("-> "))
        else:
            file.write_text(content)
    (tmp_path / "outside.yaml").write_text("secret")
    return WorkingTreeSnapshot(root)


def code_of(outcome: bytes | Finding) -> object:
    assert isinstance(outcome, Finding), outcome
    return outcome.code


def test_paths_are_sorted_and_leave_out_what_is_not_the_users(snapshot: Snapshot) -> None:
    assert snapshot.paths("", (".yaml",)) == [
        "absolute.yaml",
        "admin-config.yaml",
        "alias/a.yaml",
        "out.yaml",
        "workflows/linked.yaml",
        "workflows/platform/a.yaml",
    ]
    assert snapshot.paths("workflows/platform") == ["workflows/platform/a.yaml", "workflows/platform/b.txt"]
    assert snapshot.paths("alias") == ["alias/a.yaml", "alias/b.txt"]
    assert snapshot.paths("workflows/nothing") == []
    assert snapshot.paths("../root") == []


def test_a_file_is_read_with_the_id_that_git_gives_it(snapshot: Snapshot) -> None:
    assert snapshot.read("workflows/platform/a.yaml") == b"a"
    assert snapshot.object_id("workflows/platform/a.yaml") == git_blob_id(b"a")


def test_links_inside_are_followed_and_have_the_id_of_what_they_lead_to(snapshot: Snapshot) -> None:
    assert snapshot.read("workflows/linked.yaml") == b"a"
    assert snapshot.read("alias/a.yaml") == b"a"
    assert snapshot.object_id("workflows/linked.yaml") == git_blob_id(b"a")


@pytest.mark.parametrize("path", ["out.yaml", "absolute.yaml", "../outside.yaml", "/etc/hostname", "a/../../b"])
def test_whatever_leaves_the_repository_is_a_finding(snapshot: Snapshot, path: str) -> None:
    assert code_of(snapshot.read(path)) is codes.OUTSIDE_REPOSITORY
    assert snapshot.object_id(path) is None
    assert not snapshot.is_file(path)


def test_what_is_no_file_is_a_finding(snapshot: Snapshot) -> None:
    assert code_of(snapshot.read("workflows")) is codes.NOT_A_FILE
    assert code_of(snapshot.read("missing.yaml")) is codes.NOT_READABLE
    assert code_of(snapshot.read("circle")) is codes.NOT_READABLE


def test_a_file_over_the_limit_is_a_finding_however_often_it_is_asked_for(snapshot: Snapshot) -> None:
    assert code_of(snapshot.read("admin-config.yaml", 4)) is codes.TOO_LARGE
    assert snapshot.read("admin-config.yaml", 5) == b"admin"
    assert code_of(snapshot.read("admin-config.yaml", 4)) is codes.TOO_LARGE


def test_files_and_folders_are_told_apart(snapshot: Snapshot) -> None:
    assert snapshot.is_file("workflows/linked.yaml")
    assert not snapshot.is_file("workflows")
    assert snapshot.is_folder("workflows/platform")
    assert snapshot.is_folder("")
    assert not snapshot.is_folder("workflows/platform/a.yaml")
    assert not snapshot.is_folder("missing")


def test_a_snapshot_says_what_it_is(tmp_path: Path) -> None:
    assert WorkingTreeSnapshot(tmp_path).describe() == "working tree"
    assert RevisionSnapshot(FakeGit({}), "v1").describe() == "v1"


def test_a_working_tree_file_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("one")
    snapshot = WorkingTreeSnapshot(tmp_path)
    assert snapshot.read("a") == b"one"
    (tmp_path / "a").write_text("two")
    assert snapshot.read("a") == b"one"


def test_a_blob_is_read_once() -> None:
    git = FakeGit({"a": "x", "b": "x"})
    snapshot = RevisionSnapshot(git, "v1")
    assert (snapshot.read("a"), snapshot.read("b"), git.reads) == (b"x", b"x", 1)


def test_the_files_of_a_folder_are_read_in_one_go() -> None:
    git = FakeGit({"a/1.yaml": "x", "a/2.yaml": "y", "a/big.bin": "z", "b/3.yaml": "w"})
    snapshot = RevisionSnapshot(git, "v1")
    assert [snapshot.read(path) for path in snapshot.paths("a", (".yaml",))] == [b"x", b"y"]
    assert git.reads == 1


def test_a_submodule_is_no_file() -> None:
    outcome = RevisionSnapshot(FakeGit({"sub": None}), "v1").read("sub")
    assert code_of(outcome) is codes.NOT_A_FILE


def test_links_to_folders_in_a_circle_end(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.yaml").write_text("x")
    (tmp_path / "a" / "up").symlink_to("..")
    assert WorkingTreeSnapshot(tmp_path).paths("", (".yaml",)) == ["a/x.yaml"]
    revision = RevisionSnapshot(FakeGit({"a/x.yaml": "x", "a/up": "-> ../a"}), "v1")
    assert revision.paths("", (".yaml",)) == ["a/x.yaml"]


def test_thirty_pairs_of_links_are_no_billion_ways(tmp_path: Path) -> None:
    tree: dict[str, str | None] = {"apps/level30/score.yaml": "x"}
    for number in range(30):
        tree |= {f"apps/level{number}/{side}": f"-> ../level{number + 1}" for side in ("left", "right")}
    for path, content in tree.items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if str(content).startswith("-> "):
            file.symlink_to(str(content).removeprefix("-> "))
        else:
            file.write_text(str(content))
    listed = WorkingTreeSnapshot(str(tmp_path)).paths("", (".yaml",))
    assert "apps/level30/score.yaml" in listed
    assert len(listed) == 2
    assert RevisionSnapshot(FakeGit(tree), "v1").paths("", (".yaml",)) == listed


def test_a_link_to_a_folder_outside_is_listed_so_that_reading_it_is_a_finding(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "x.yaml").write_text("secret")
    (root / "link").symlink_to(tmp_path / "outside")
    snapshot = WorkingTreeSnapshot(root)
    assert snapshot.paths("", (".yaml",)) == ["link"]
    assert code_of(snapshot.read("link")) is codes.OUTSIDE_REPOSITORY
    assert snapshot.paths("link") == ["link"]
    assert snapshot.paths("link/below") == ["link"]
    revision = RevisionSnapshot(FakeGit({"link": "-> ../outside"}), "v1")
    assert revision.paths("link") == ["link"]
    assert code_of(revision.read("link")) is codes.OUTSIDE_REPOSITORY


def test_whatever_stands_at_a_path_exists_also_when_it_cannot_be_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "nowhere").symlink_to("missing")
    (tmp_path / "outside").symlink_to("/etc")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_text("x")
    snapshot = WorkingTreeSnapshot(tmp_path)
    assert all(snapshot.exists(path) for path in ("pipe", "nowhere", "outside", "folder", "folder/file"))
    assert not any(snapshot.exists(path) for path in ("missing", "folder/missing", "../folder"))
    revision = RevisionSnapshot(FakeGit({"folder/file": "x", "nowhere": "-> missing", "outside": "-> /etc"}), "v1")
    assert all(revision.exists(path) for path in ("nowhere", "outside", "folder", "folder/file"))
    assert not any(revision.exists(path) for path in ("missing", "folder/missing", "../folder"))


def test_pipes_are_listed_and_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "p.yaml")
    snapshot = WorkingTreeSnapshot(tmp_path)
    assert snapshot.paths("", (".yaml",)) == ["p.yaml"]
    assert code_of(snapshot.read("p.yaml")) is codes.NOT_A_FILE
