"""Fetching from real repositories: what a ref means, and what fetching never does."""

import os
from pathlib import Path

import pytest

from innominatus_cli.system.commands import CommandOutcome, CommandRequest
from innominatus_cli.system.git_command import GitFailed
from innominatus_cli.system.git_fetching import FetchedTree, UnknownRef, fetched
from innominatus_cli.system.processes import run
from tests.integration.operations.other_repositories import Other


@pytest.fixture
def other(tmp_path: Path) -> Other:
    return Other(tmp_path / "shared")


def contents(tree: FetchedTree, folder: str = "") -> dict[str, bytes]:
    entries = tree.entries(folder)
    assert entries is not None
    blobs = tree.contents([entry.object_id for entry in entries])
    return {entry.path: blobs[entry.object_id] for entry in entries}


@pytest.mark.parametrize("form", ["{}", "file://{}"])
def test_branches_tags_and_commits_are_found(other: Other, form: str) -> None:
    address = form.format(other.folder)
    first = other.commit({"a": "1"})
    other.git("tag", "v1")
    other.git("tag", "-a", "-m", "signed", "v1-annotated")
    second = other.commit({"a": "2"})
    other.git("branch", "feature/x")
    for ref, commit in {
        "main": second,
        "HEAD": second,
        "feature/x": second,
        "refs/heads/main": second,
        "v1": first,
        "refs/tags/v1": first,
        "v1-annotated": first,
        first: first,
        second: second,
        first[:12]: first,
        second[:7]: second,
    }.items():
        with fetched(address, ref) as tree:
            assert (ref, tree.commit) == (ref, commit)
            assert contents(tree) == {"a": b"1" if commit == first else b"2"}


def test_a_force_pushed_branch_is_what_it_is_now(other: Other) -> None:
    other.commit({"a": "1"})
    other.git("checkout", "-q", "--orphan", "new")
    commit = other.commit({"b": "2"}, "a")
    other.git("branch", "-f", "main", "new")
    with fetched(str(other.folder), "main") as tree:
        assert tree.commit == commit
        assert contents(tree) == {"b": b"2"}


def test_repositories_of_sha_256_are_read(tmp_path: Path) -> None:
    other = Other(tmp_path / "new", "sha256")
    commit = other.commit({"a": "1"})
    for ref in ("main", commit, commit[:10]):
        with fetched(str(other.folder), ref) as tree:
            assert tree.commit == commit
            assert contents(tree) == {"a": b"1"}


def test_a_shallow_clone_is_a_repository_too(other: Other, tmp_path: Path) -> None:
    other.commit({"a": "1"})
    commit = other.commit({"a": "2"})
    other.git("clone", "-q", "--depth=1", f"file://{other.folder}", str(tmp_path / "clone"))
    for ref in ("main", commit, commit[:10]):
        with fetched(str(tmp_path / "clone"), ref) as tree:
            assert tree.commit == commit


def test_a_name_that_is_a_branch_and_a_tag_is_to_be_written_in_full(other: Other) -> None:
    other.commit({"a": "1"})
    other.git("tag", "next")
    with pytest.raises(UnknownRef, match="no branch"), fetched(str(other.folder), "nxt"):
        pass
    other.git("branch", "next")
    with fetched(str(other.folder), "next"):  # one commit, whichever is meant
        pass
    other.git("checkout", "-q", "next")
    other.commit({"a": "2"})
    with (
        pytest.raises(UnknownRef, match="write 'refs/heads/next' or 'refs/tags/next'"),
        fetched(str(other.folder), "next"),
    ):
        pass


@pytest.mark.parametrize("ref", ["nothing", "refs/heads/nothing", "abcdef0123"])
def test_a_ref_that_is_not_there_is_said(other: Other, ref: str) -> None:
    other.commit({"a": "1"})
    with pytest.raises(UnknownRef, match="no branch, tag or commit"), fetched(str(other.folder), ref):
        pass


def test_a_blob_is_no_commit(other: Other) -> None:
    other.commit({"a": "1"})
    blob = other.git("rev-parse", "HEAD:a")
    with pytest.raises((UnknownRef, GitFailed)), fetched(str(other.folder), blob):
        pass


def test_an_empty_repository_has_no_ref(other: Other) -> None:
    with pytest.raises(UnknownRef), fetched(str(other.folder), "main"):
        pass


def test_what_is_no_repository_says_so_in_one_line(tmp_path: Path) -> None:
    with (
        pytest.raises(GitFailed, match="does not appear to be a git repository") as caught,
        fetched(str(tmp_path / "x"), "main"),
    ):
        pass
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("address", ["ext::sh -c 'touch started'", "http://127.0.0.1:9/x", "git://127.0.0.1:9/x"])
def test_git_itself_refuses_what_is_not_allowed(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_ALLOW_PROTOCOL", "ext:http:git")
    with pytest.raises(GitFailed, match="not allowed"), fetched(address, "main"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_credentials_in_what_git_says_are_not_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "config"
    config.write_text(f'[url "https://ada:word@127.0.0.1:9/"]\n\tinsteadOf = file://{tmp_path}/x/\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    with pytest.raises(GitFailed) as caught, fetched(f"file://{tmp_path}/x/y.git", "main"):
        pass
    assert "word" not in str(caught.value)


def test_no_hook_filter_or_submodule_of_anybody_runs(
    other: Other, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("post-checkout", "reference-transaction", "post-merge", "pre-auto-gc", "post-index-change"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
        (hooks / name).chmod(0o755)
    template = tmp_path / "template"
    template.mkdir()
    (template / "hooks").symlink_to(hooks)
    config = tmp_path / "config"
    config.write_text(
        f"[core]\n\thooksPath = {hooks}\n\tfsmonitor = touch {tmp_path}/ran\n[init]\n\ttemplateDir = {template}\n"
        f'[filter "evil"]\n\tsmudge = touch {tmp_path}/ran\n\tclean = touch {tmp_path}/ran\n'
        "[fetch]\n\trecurseSubmodules = true\n"
    )
    other.commit(
        {"a": "1", ".gitattributes": "* filter=evil\n", ".gitmodules": '[submodule "x"]\n\tpath = x\n\turl = ../x\n'}
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("GIT_TEMPLATE_DIR", str(template))
    with fetched(str(other.folder), "main") as tree:
        assert contents(tree)["a"] == b"1"
    assert not (tmp_path / "ran").exists()


def test_variables_that_lead_to_another_repository_are_not_followed(
    other: Other, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other.commit({"a": "1"})
    mine = Other(tmp_path / "mine")
    mine.commit({"b": "2"})
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "mine").rglob("*")}
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "mine" / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path / "mine"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "mine" / ".git" / "index"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(tmp_path / "mine" / ".git" / "objects"))
    with fetched(str(other.folder), "main") as tree:
        assert contents(tree) == {"a": b"1"}
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "mine").rglob("*")} == before


def test_nobody_is_asked_and_nothing_stays_behind(
    other: Other, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other.commit({"a": "1"})
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    asked: list[CommandRequest] = []

    def watching(request: CommandRequest) -> CommandOutcome:
        asked.append(request)
        return run(request)

    monkeypatch.setenv("SSH_ASKPASS", "/bin/false")
    with fetched(str(other.folder), "main", watching) as tree:
        assert contents(tree) == {"a": b"1"}
    assert list(temporary.iterdir()) == []
    for request in asked:
        assert request.timeout_seconds
        assert request.stdin is None or b"\n" in request.stdin
        assert "SSH_ASKPASS" not in request.env
        assert request.env["GIT_TERMINAL_PROMPT"] == "0"
    fetches = [request.argv for request in asked if "fetch" in request.argv]
    assert [("--depth=1" in argv, "--no-recurse-submodules" in argv) for argv in fetches] == [(True, True)]
    assert os.environ["SSH_ASKPASS"] == "/bin/false"


def test_a_folder_that_is_none_has_no_entries(other: Other) -> None:
    other.commit({"a": "1", "b/c": "2"})
    with fetched(str(other.folder), "main") as tree:
        assert tree.entries("a") is None
        assert tree.entries("x") is None
        assert [entry.path for entry in tree.entries("b") or ()] == ["c"]


@pytest.mark.parametrize("address", ["ssh://git@git.example{}", "git@git.example:{}"])
def test_ssh_is_the_operators_own(other: Other, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """Their GIT_SSH_COMMAND is asked, here a stand-in that runs on this machine what it is to run on the other."""
    commit = other.commit({"a": "1"})
    ssh = tmp_path / "ssh"
    ssh.write_text('#!/bin/sh\necho "$@" >> "$0.log"\nfor last; do :; done\nexec sh -c "$last"\n')
    ssh.chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(ssh))
    monkeypatch.setenv("GIT_SSH_VARIANT", "simple")
    with fetched(address.format(other.folder), "main") as tree:
        assert tree.commit == commit
        assert contents(tree) == {"a": b"1"}
    calls = (tmp_path / "ssh.log").read_text().splitlines()
    assert len(calls) == 2
    assert all(call.startswith("git@git.example git-upload-pack ") for call in calls)


def test_what_takes_too_long_is_ended_and_said(other: Other, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ssh = tmp_path / "ssh"
    ssh.write_text("#!/bin/sh\nexec sleep 60\n")
    ssh.chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(ssh))
    monkeypatch.setattr("innominatus_cli.system.git_command._TIMEOUT_SECONDS", 1)
    with pytest.raises(GitFailed, match="longer than"), fetched(f"ssh://git.example{other.folder}", "main"):
        pass
