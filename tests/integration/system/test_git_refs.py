"""Refs of our own on a real remote: created once, replaced by compare-and-swap, whatever the other side says."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from innominatus_cli.findings.finding import CannotContinue
from innominatus_cli.system.commands import CommandOutcome, CommandRequest, Ending, StreamOutput
from innominatus_cli.system.git import Git
from innominatus_cli.system.git_refs import RemoteRefs, ref_segment, remotes_of, write_blob
from innominatus_cli.system.processes import run
from tests.integration.remotes import clone_of, new_bare, sh

LOCK = "refs/innominatus/locks/shop/production"


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    return new_bare(tmp_path)


@pytest.fixture
def git(bare: Path) -> Git:
    return clone_of(bare, "clone")


@pytest.fixture
def refs(git: Git) -> RemoteRefs:
    return RemoteRefs.open(git, "origin")


def test_a_ref_is_created_once_replaced_by_who_knows_it_and_deleted(bare: Path, git: Git, refs: RemoteRefs) -> None:
    first, second, third = (write_blob(git, text) for text in (b"first", b"second", b"third"))
    assert refs.set(LOCK, first, None)
    assert not refs.set(LOCK, second, None)
    assert not refs.set(LOCK, third, second)
    assert refs.listed("refs/innominatus/locks/*") == {LOCK: first}
    assert refs.set(LOCK, second, first)
    assert refs.blob(LOCK, 100) == (second, b"second")
    assert sh(bare, "git", "cat-file", "-p", LOCK) == "second"
    assert not refs.delete(LOCK, first)
    assert refs.delete(LOCK, second)
    assert refs.delete(LOCK, second)
    assert refs.listed("refs/innominatus/locks/*") == {}
    assert refs.blob(LOCK, 100) is None


def test_what_is_done_already_counts_as_done(git: Git, refs: RemoteRefs) -> None:
    blob = write_blob(git, b"mine")
    assert refs.set(LOCK, blob, None)
    assert refs.set(LOCK, blob, None)


def test_of_many_clones_exactly_one_creates_the_ref(bare: Path) -> None:
    clones = [clone_of(bare, f"clone{number}") for number in range(8)]
    blobs = [write_blob(git, f"run {number}".encode()) for number, git in enumerate(clones)]

    def take(number: int) -> bool:
        return RemoteRefs.open(clones[number], "origin").set(LOCK, blobs[number], None)

    for _ in range(3):
        with ThreadPoolExecutor(8) as pool:
            won = list(pool.map(take, range(8)))
        assert won.count(True) == 1
        winner = won.index(True)
        assert RemoteRefs.open(clones[0], "origin").listed(LOCK) == {LOCK: blobs[winner]}
        assert RemoteRefs.open(clones[winner], "origin").delete(LOCK, blobs[winner])


def test_commits_and_trees_travel_and_leave_no_ref_in_the_clone(bare: Path, git: Git, refs: RemoteRefs) -> None:
    other = clone_of(bare, "other")
    commit = sh(git.root, "git", "commit-tree", "-m", "checkpoint", sh(git.root, "git", "write-tree"))
    assert refs.set("refs/innominatus/runs/R", commit, None)
    brought = RemoteRefs.open(other, "origin").fetch("refs/innominatus/runs/R", "refs/innominatus/runs/S")
    assert brought == {"refs/innominatus/runs/R": commit}
    assert other.objects([commit])[commit][0] == "commit"
    assert other.refs("refs/innominatus/") == {}
    assert not (other.git_dir / "FETCH_HEAD").exists()


def test_hooks_of_this_side_do_not_run(git: Git, refs: RemoteRefs) -> None:
    for name in ("pre-push", "reference-transaction"):
        hook = git.git_dir / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text("#!/bin/sh\ntouch ran\nexit 1\n")
        hook.chmod(0o755)
    blob = write_blob(git, b"x")
    assert refs.set(LOCK, blob, None)
    assert refs.blob(LOCK, 10) == (blob, b"x")
    assert not list(git.root.rglob("ran"))


def test_a_remote_that_takes_no_such_ref_is_told_with_its_reason(bare: Path, git: Git, refs: RemoteRefs) -> None:
    hook = bare / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho '\033[31m no refs here' >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(CannotContinue) as refused:
        refs.set(LOCK, write_blob(git, b"x"), None)
    finding = refused.value.findings[0]
    assert (finding.code.number, int(refused.value.exit_status)) == ("ORC-6102", 69)
    assert "pre-receive hook declined" in finding.message
    assert finding.message.isprintable()


@pytest.mark.parametrize("address", ["file:///nowhere/at/all.git", "https://user:secret@127.0.0.1:1/x.git"])
def test_a_remote_that_does_not_answer_is_told_without_credentials(bare: Path, address: str) -> None:
    git = clone_of(bare, "lost", address)
    refs = RemoteRefs.open(git, "origin")
    blob = write_blob(git, b"x")
    for call in (lambda: refs.set(LOCK, blob, None), lambda: refs.listed(LOCK), lambda: refs.fetch(LOCK)):
        with pytest.raises(CannotContinue) as lost:
            call()
        assert (lost.value.findings[0].code.number, int(lost.value.exit_status)) == ("ORC-6101", 69)
        assert "secret" not in str(lost.value)


@pytest.mark.parametrize("name", ["upstream", "ext::sh -c true", "--upload-pack=x", "", "file:///tmp"])
def test_only_a_remote_of_the_clone_is_spoken_to(git: Git, name: str) -> None:
    with pytest.raises(CannotContinue) as unknown:
        RemoteRefs.open(git, name)
    assert unknown.value.findings[0].code.number == "ORC-6100"
    assert "origin" in unknown.value.findings[0].message


def test_no_program_that_an_address_names_is_started(bare: Path, tmp_path: Path) -> None:
    git = clone_of(bare, "hostile", f"ext::sh -c 'touch% {tmp_path}/ran'")
    with pytest.raises(CannotContinue):
        RemoteRefs.open(git, "origin").listed(LOCK)
    assert not (tmp_path / "ran").exists()


def test_a_silent_remote_is_given_up_in_time(git: Git) -> None:
    with silent_server() as port:
        sh(git.root, "git", "remote", "add", "silent", f"http://127.0.0.1:{port}/x.git")
        with pytest.raises(CannotContinue) as lost:
            RemoteRefs.open(git, "silent", timeout_seconds=0.5).listed(LOCK)
    assert "no answer within" in lost.value.findings[0].message


@contextmanager
def silent_server() -> Iterator[int]:
    class Silent(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(1)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Silent)
    server.daemon_threads = True
    server.block_on_close = False
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


HOSTILE = (
    b"\xff\xfe\t\n\t\t\nnot an id\trefs/innominatus/locks/a/b\n"
    + b"a" * 40 + b"\trefs/innominatus/locks/good/one\n"
    + b"b" * 40 + b"\trefs/heads/refs/innominatus/locks/good/two\n"
    + b"c" * 40 + b"\trefs/innominatus/locks/\x1b[31m/red\n"
    + b"d" * 40 + b"\trefs/innominatus/locksmith/x\n"
    + b"e" * 39 + b"\trefs/innominatus/locks/short/id\n"
    + b"f" * 40 + b" refs/innominatus/locks/no/tab\n"
    + b"a" * 40 + b"\trefs/innominatus/locks/" + b"x" * 5000 + b"\n"
)  # fmt: skip


def test_only_well_formed_answers_are_taken(git: Git) -> None:
    def answer(request: CommandRequest) -> CommandOutcome:
        if "ls-remote" in request.argv:
            return CommandOutcome(Ending.EXITED, 0, stdout=StreamOutput(HOSTILE, len(HOSTILE)))
        return run(request)

    listing = Git(git.root, git.git_dir, git.common_dir, git.object_format, answer)
    assert RemoteRefs.open(listing, "origin").listed("refs/innominatus/locks/*") == {
        "refs/innominatus/locks/good/one": "a" * 40
    }


def test_a_huge_or_strange_ref_is_no_blob_of_ours(git: Git, refs: RemoteRefs) -> None:
    huge = write_blob(git, b"x" * 1000)
    assert refs.set(LOCK, huge, None)
    assert refs.blob(LOCK, 999) == (huge, b"")
    commit = sh(git.root, "git", "rev-parse", "HEAD")
    assert refs.set(LOCK, commit, huge)
    assert refs.blob(LOCK, 999) == (commit, b"")


def test_names_become_parts_of_refs_that_git_takes_and_that_differ(git: Git) -> None:
    names = [
        "shop",
        "shop.lock",
        "shop.",
        ".shop",
        "a..b",
        "a b",
        "~x",
        "x^",
        "a:b",
        "ä",
        "%",
        "",
        "a/b",
        "@{x",
        "-x",
        "*",
    ]
    parts = [ref_segment(name) for name in names]
    assert len(set(parts)) == len(names)
    for part in parts:
        assert "/" not in part
        sh(git.root, "git", "check-ref-format", f"refs/innominatus/locks/{part}/x")
    assert ref_segment("checkout-service_2.0") == "checkout-service_2.0"


def test_the_remotes_of_a_clone_are_known_by_name(git: Git) -> None:
    sh(git.root, "git", "remote", "add", "backup", "https://git.example.org/x.git")
    assert remotes_of(git) == ["backup", "origin"]


def test_a_ref_that_somebody_held_only_for_a_moment_is_asked_for_again(git: Git) -> None:
    pushes: list[str] = []

    def answer(request: CommandRequest) -> CommandOutcome:
        if "push" not in request.argv:
            return run(request)
        pushes.append(request.argv[-1])
        said = f"To x\n!\t{request.argv[-1]}\t[rejected] (stale info)\nDone\n".encode()
        if len(pushes) < 3:
            return CommandOutcome(Ending.EXITED, 1, stdout=StreamOutput(said, len(said)))
        return run(request)

    contended = RemoteRefs(Git(git.root, git.git_dir, git.common_dir, git.object_format, answer), "origin")
    blob = write_blob(git, b"x")
    assert contended.set(LOCK, blob, None)
    assert len(pushes) == 3
    assert contended.listed(LOCK) == {LOCK: blob}
