"""What the git door opens, what it refuses, and what it reads."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from innominatus_cli.findings.finding import CannotContinue
from innominatus_cli.system.commands import CommandOutcome, CommandRequest, Ending, StreamOutput
from innominatus_cli.system.git import Git, Head, TreeEntry
from innominatus_cli.system.git_command import GitFailed, git_program
from innominatus_cli.system.git_identity import identity
from innominatus_cli.system.git_push import push
from innominatus_cli.system.git_writing import PathTaken, delete_ref, move_ref, write_blobs, write_tree

KILLS_THE_PUSH = """\
#!/bin/sh
process=$PPID
until tr '\\0' '\\n' < /proc/$process/cmdline | grep -qx push; do
  read -r pid name state process rest < /proc/$process/stat
done
kill -INT $process
sleep 0.3
exit 1
"""


def git(folder: Path, *arguments: str, allowed: tuple[int, ...] = (0,)) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, check=False)
    assert done.returncode in allowed, done.stderr.decode()
    return done.stdout.decode("utf-8", "surrogateescape").rstrip("\n")


@pytest.fixture(autouse=True)
def operator(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    config = tmp_path_factory.mktemp("config") / "gitconfig"
    config.write_text("[user]\n\tname = Ada Lovelace\n\temail = ada@example.org\n[init]\n\tdefaultBranch = main\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    return config


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "repo with ünicode"
    made.mkdir()
    git(made, "init", "-q")
    (made / "a.txt").write_text("one\n")
    (made / "sub").mkdir()
    (made / "sub" / "b c.txt").write_text("two\n")
    git(made, "add", "-A")
    git(made, "commit", "-q", "-m", "first")
    return made


def opened(folder: Path) -> Git:
    found = Git.open(folder)
    assert found is not None
    return found


def code_of(folder: Path) -> str:
    with pytest.raises(CannotContinue) as caught:
        Git.open(folder)
    return caught.value.findings[0].code.number


def test_a_folder_below_belongs_to_the_repository(folder: Path) -> None:
    found = opened(folder / "sub")
    assert (found.root, found.git_dir, found.common_dir) == (folder, folder / ".git", folder / ".git")
    assert found.object_format == "sha1"


def test_a_folder_outside_of_any_repository_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert Git.open(tmp_path) is None


def test_a_linked_worktree_has_its_own_root_and_the_common_folder(folder: Path) -> None:
    git(folder, "worktree", "add", "-q", "-b", "topic", "../linked")
    found = opened(folder.parent / "linked")
    assert found.root == folder.parent / "linked"
    assert found.common_dir == folder / ".git"
    assert found.git_dir != found.common_dir
    assert found.head().ref == "refs/heads/topic"


def test_a_bare_repository_is_refused(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "bare.git")
    assert code_of(tmp_path / "bare.git") == "ORC-6002"


def test_a_bare_repository_inside_the_working_tree_is_never_opened(folder: Path, tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    git(folder, "init", "-q", "--bare", "sub/evil")
    git(folder / "sub" / "evil", "config", "core.fsmonitor", f"touch {witness}")
    assert code_of(folder / "sub" / "evil") == "ORC-6002"
    assert not witness.exists()


def test_a_configuration_that_points_to_another_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    git(folder, "config", "core.worktree", str(tmp_path))
    assert code_of(folder) == "ORC-6002"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to another user")
def test_a_repository_of_another_user_is_refused_unless_the_operator_trusts_it(folder: Path, operator: Path) -> None:
    for path in (folder, folder / ".git"):
        os.chown(path, 12345, 12345)
    assert code_of(folder) == "ORC-6002"
    with operator.open("a") as config:
        config.write(f"[safe]\n\tdirectory = {folder}\n")
    assert opened(folder).root == folder


@pytest.mark.parametrize("said", [b"git version 2.35.9", b"nonsense"])
def test_an_old_git_is_refused(folder: Path, said: bytes) -> None:
    def run(_request: CommandRequest) -> CommandOutcome:
        return CommandOutcome(Ending.EXITED, 0, stdout=StreamOutput(said, len(said)))

    with pytest.raises(CannotContinue) as caught:
        Git.open(folder, run)
    assert caught.value.exit_status == 69


def test_without_git_the_finding_says_so(folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert code_of(folder) == "ORC-6001"


@pytest.mark.parametrize("start", [".", "sub/deep"])
def test_a_git_that_the_repository_brings_is_not_started(
    start: str, folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = folder / "git"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/witness\n")
    program.chmod(0o755)
    (folder / start).mkdir(parents=True, exist_ok=True)
    monkeypatch.setenv("PATH", f"{folder}:.:{os.environ['PATH']}")
    assert opened(folder / start).root == folder
    assert not (tmp_path / "witness").exists()


def test_git_is_found_from_the_root_of_the_machine_too() -> None:
    assert git_program(Path("/"))


def test_the_head_of_a_repository_without_commits_has_no_commit(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    assert opened(tmp_path).head() == Head(None, "refs/heads/main")


def test_the_head_says_branch_detachment_and_operation(folder: Path) -> None:
    commit = git(folder, "rev-parse", "HEAD")
    head = opened(folder).head()
    assert (head, head.branch) == (Head(commit, "refs/heads/main"), "main")
    git(folder, "checkout", "-q", "--detach")
    assert opened(folder).head() == Head(commit, None)
    git(folder, "checkout", "-q", "main")
    git(folder, "bisect", "start")
    assert opened(folder).head().operation == "bisect"


def test_the_head_is_told_where_branches_are_called_head_or_lead_to_another(folder: Path) -> None:
    commit = git(folder, "rev-parse", "HEAD")
    git(folder, "symbolic-ref", "refs/heads/alias", "refs/heads/main")
    git(folder, "symbolic-ref", "HEAD", "refs/heads/alias")
    assert opened(folder).head() == Head(commit, "refs/heads/main")
    git(folder, "symbolic-ref", "HEAD", "refs/heads/main")
    git(folder, "commit", "-q", "--allow-empty", "-m", "second")
    git(folder, "update-ref", "refs/heads/HEAD", commit)
    assert opened(folder).head() == Head(git(folder, "rev-parse", "refs/heads/main"), "refs/heads/main")


@pytest.mark.parametrize("revision", ["HEAD", "main", "v1", "HEAD^{commit}", "@"])
def test_a_revision_is_resolved(folder: Path, revision: str) -> None:
    git(folder, "tag", "-a", "-m", "one", "v1")
    assert opened(folder).resolve(revision) == git(folder, "rev-parse", "HEAD")


@pytest.mark.parametrize(
    "revision", ["", "--help", "-h", "nope", "main main", "HEAD\n", "--output=/tmp/x", "HEAD:a.txt", "HEAD..main"]
)
def test_an_unknown_revision_is_a_finding_and_never_an_option(folder: Path, revision: str) -> None:
    with pytest.raises(CannotContinue) as caught:
        opened(folder).resolve(revision)
    assert caught.value.findings[0].code.number == "ORC-6003"


def test_a_tree_lists_files_with_modes_and_ids(folder: Path) -> None:
    found = opened(folder)
    one, two = found.blob_id(b"one\n"), found.blob_id(b"two\n")
    assert found.tree("HEAD") == [TreeEntry("a.txt", "100644", one), TreeEntry("sub/b c.txt", "100644", two)]
    assert found.tree("HEAD", "sub") == [TreeEntry("sub/b c.txt", "100644", two)]
    assert found.tree("HEAD", "absent") == []
    assert found.tree("HEAD", "a.txt") == []


def test_blobs_of_any_size_and_content_are_read(folder: Path) -> None:
    contents = [b"", b"\0\n\n", b"x" * 3_000_000, "ünicode\n".encode()]
    names = []
    for number, data in enumerate(contents):
        (folder / f"blob{number}").write_bytes(data)
        names.append(git(folder, "hash-object", "-w", "--no-filters", f"blob{number}"))
    found = opened(folder)
    assert found.read_blobs(names) == dict(zip(names, contents, strict=True))
    assert [found.blob_id(data) for data in contents] == names


def test_a_missing_blob_ends_the_command(folder: Path) -> None:
    with pytest.raises(CannotContinue) as caught:
        opened(folder).read_blobs(["0" * 40])
    assert caught.value.findings[0].code.number == "ORC-6004"


def test_a_repository_of_sha256_has_its_own_ids(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--object-format=sha256")
    (tmp_path / "a").write_text("one\n")
    git(tmp_path, "add", "a")
    git(tmp_path, "commit", "-q", "-m", "first")
    found = opened(tmp_path)
    assert [entry.object_id for entry in found.tree("HEAD")] == [found.blob_id(b"one\n")]
    blobs = write_blobs(found, {"b": b"two\n"}, tmp_path)
    tree = write_tree(found, "HEAD", {"x/y/b": blobs["b"]}, tmp_path)
    assert git(tmp_path, "ls-tree", "-r", "--name-only", tree).splitlines() == ["a", "x/y/b"]


def test_what_differs_from_a_commit_is_told_without_filters(folder: Path) -> None:
    (folder / "a.txt").write_bytes(b"one\r\n")
    (folder / "sub" / "b c.txt").write_text("changed\n")
    (folder / "new.txt").write_text("new\n")
    (folder / "link").symlink_to("a.txt")
    found = opened(folder)
    assert found.differing(["a.txt", "sub/b c.txt", "new.txt", "absent", "link", "sub"], "HEAD") == [
        "link",
        "new.txt",
        "sub",
        "sub/b c.txt",
    ]
    (folder / "a.txt").unlink()
    assert found.differing(["a.txt"], "HEAD") == ["a.txt"]
    assert found.differing(["a.txt", "link"], None) == ["link"]


def test_a_tree_is_changed_only_where_it_should_be(folder: Path, tmp_path: Path) -> None:
    for name in ("sub.txt", "sub0", "sub-1/x"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(name)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "names that sort around 'sub/'")
    found = opened(folder)
    blob = write_blobs(found, {"x": b"new\n"}, tmp_path)["x"]
    tree = write_tree(found, "HEAD", {"sub/deep/er.txt": blob, "sub/b c.txt": None, "z": blob}, tmp_path)
    names = git(folder, "ls-tree", "-r", "-z", "--name-only", tree).split("\0")[:-1]
    assert names == ["a.txt", "sub-1/x", "sub.txt", "sub/deep/er.txt", "sub0", "z"]
    git(folder, "fsck", "--strict", "--full")


def test_a_folder_that_is_emptied_is_left_out(folder: Path, tmp_path: Path) -> None:
    tree = write_tree(opened(folder), "HEAD", {"sub/b c.txt": None}, tmp_path)
    assert git(folder, "ls-tree", "--name-only", tree).splitlines() == ["a.txt"]


@pytest.mark.parametrize("path", ["a.txt/inside", "sub"])
def test_a_path_that_is_taken_by_something_else_is_told(folder: Path, tmp_path: Path, path: str) -> None:
    found = opened(folder)
    with pytest.raises(PathTaken):
        write_tree(found, "HEAD", {path: found.blob_id(b"one\n")}, tmp_path)


def test_a_ref_moves_only_from_where_it_was_thought_to_be(folder: Path) -> None:
    found = opened(folder)
    who = identity(found)
    first = git(folder, "rev-parse", "HEAD")
    git(folder, "commit", "-q", "--allow-empty", "-m", "second")
    second = git(folder, "rev-parse", "HEAD")
    assert not move_ref(found, "refs/heads/main", first, first, "x", who)
    assert not move_ref(found, "refs/heads/main", first, None, "x", who)
    assert move_ref(found, "refs/heads/main", first, second, "x", who)
    assert not delete_ref(found, "refs/heads/main", second)
    with pytest.raises(GitFailed):
        move_ref(found, "refs/heads/main", "0" * 39 + "1", first, "x", who)


def test_the_identity_comes_from_the_operators_configuration(folder: Path, operator: Path) -> None:
    found = identity(opened(folder), {})
    assert (found.name, found.email, found.source) == ("Ada Lovelace", "ada@example.org", "git config")
    git(folder, "config", "user.email", "ada@work.example")
    assert identity(opened(folder), {}).email == "ada@work.example"
    named = {"GIT_AUTHOR_NAME": "Grace", "GIT_AUTHOR_EMAIL": "grace@example.org"}
    assert identity(opened(folder), named).source == "GIT_AUTHOR_*"
    operator.write_text("")
    git(folder, "config", "--unset", "user.email")
    unknown = identity(opened(folder), {})
    assert unknown.source == "operating system user"
    assert "@" in unknown.email
    warning = unknown.finding()
    assert warning is not None
    assert warning.code.number == "ORC-6005"


def test_a_push_goes_to_the_remote_of_the_branch_under_its_own_name(folder: Path, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "remote.git")
    git(folder, "remote", "add", "upstream", str(tmp_path / "remote.git"))
    git(folder, "push", "-q", "-u", "upstream", "main")
    git(folder, "checkout", "-q", "-b", "topic", "upstream/main")
    git(folder, "commit", "-q", "--allow-empty", "-m", "second")
    main = git(folder, "rev-parse", "main")
    assert push(opened(folder), "refs/heads/topic") is None
    remote = tmp_path / "remote.git"
    assert (git(remote, "rev-parse", "topic"), git(remote, "rev-parse", "main")) == (
        git(folder, "rev-parse", "topic"),
        main,
    )


def test_a_push_that_is_refused_is_a_warning_and_the_commit_stays(folder: Path, tmp_path: Path) -> None:
    assert push(opened(folder), "refs/heads/main") is not None
    git(tmp_path, "init", "-q", "--bare", "remote.git")
    git(folder, "remote", "add", "origin", str(tmp_path / "remote.git"))
    git(folder, "push", "-q", "origin", "main")
    git(folder, "commit", "-q", "--amend", "-m", "rewritten")
    commit = git(folder, "rev-parse", "main")
    refused = push(opened(folder), "refs/heads/main")
    assert refused is not None
    assert refused.code.number == "ORC-6023"
    assert "rejected" in refused.message or "fast-forward" in refused.message
    assert git(folder, "rev-parse", "main") == commit


@pytest.mark.skipif(sys.platform != "linux", reason="a hook finds the push in /proc")
def test_a_push_that_a_signal_ends_says_so(folder: Path, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "remote.git")
    hook = tmp_path / "remote.git" / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(KILLS_THE_PUSH)
    hook.chmod(0o755)
    git(folder, "remote", "add", "origin", str(tmp_path / "remote.git"))
    refused = push(opened(folder), "refs/heads/main")
    assert refused is not None
    assert refused.message == "'refs/heads/main' was not pushed to 'origin': git was ended by SIGINT"


def test_a_remote_that_would_run_a_program_is_refused(folder: Path, tmp_path: Path) -> None:
    git(folder, "remote", "add", "origin", f"ext::sh -c touch% {tmp_path}/witness")
    assert push(opened(folder), "refs/heads/main") is not None
    assert not (tmp_path / "witness").exists()
