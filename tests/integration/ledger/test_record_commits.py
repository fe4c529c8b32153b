"""A record's commit beside whatever the user has: nothing of theirs changes, nothing of ours is lost."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

import pytest

from innominatus_cli.ledger import landing
from innominatus_cli.ledger.adopt import adopt
from innominatus_cli.ledger.store import Standing
from innominatus_cli.ledger.working_tree import WorkingTreeStore
from innominatus_cli.system.git_identity import Identity

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from innominatus_cli.documents.run_record import RunRecord
    from innominatus_cli.ledger.store import Written
    from innominatus_cli.system.commands import CommandOutcome, CommandRequest
    from tests.integration.ledger.conftest import Repository

    MakeRecord = Callable[..., RunRecord]

PLAN = b'{"not":"a plan"}\n'
MANIFEST = ".innominatus/manifests/checkout-service/development/deployment.yaml"


def write(repository: Repository, record: RunRecord, artifacts: dict[str, bytes] | None = None) -> Written:
    git = repository.open()
    return WorkingTreeStore(git).write(record, PLAN, artifacts or {}, git.head())


def test_a_record_is_one_commit_with_its_plan_and_manifests(repository: Repository, make_record: MakeRecord) -> None:
    before = repository.git("rev-parse", "HEAD")
    written = write(repository, make_record(), {MANIFEST: b"kind: Deployment\n"})
    assert written.findings == ()
    assert written.commit == repository.git("rev-parse", "HEAD")
    assert repository.git("rev-parse", "HEAD^") == before
    changed = repository.git("diff", "--name-status", before, "HEAD").splitlines()
    plan = f".innominatus/plans/{'a' * 64}.json"
    assert changed == [f"A\t{MANIFEST}", f"A\t{plan}", f"A\t{written.path}"]
    assert repository.read(written.path).encode() == written.record.canonical
    assert repository.git("show", f"HEAD:{plan}").encode() + b"\n" == PLAN
    assert repository.git("status", "--porcelain") == ""
    assert repository.is_sound()


def test_the_message_is_conventional_and_starts_no_pipeline(repository: Repository, make_record: MakeRecord) -> None:
    written = write(repository, make_record())
    subject, _, body = repository.git("log", "-1", "--format=%B").partition("\n")
    assert subject == "chore(innominatus): deploy checkout-service to development: succeeded [skip ci]"
    assert f"Innominatus-Run: {written.record.run}" in body
    assert f"Innominatus-Record: {written.path}" in body
    assert repository.git("log", "-1", "--format=%an %ae|%cn %ce") == (
        "Ada Lovelace ada@example.org|Ada Lovelace ada@example.org"
    )


def test_what_is_staged_changed_and_untracked_stays_exactly_so(repository: Repository, make_record: MakeRecord) -> None:
    repository.commit("src/both.txt", "one\n")
    repository.commit("src/gone.txt", "one\n")
    repository.write("src/both.txt", "two\n")
    repository.git("add", "src/both.txt")
    repository.write("src/both.txt", "three\n")
    repository.write("src/staged.txt", "new\n")
    repository.git("add", "src/staged.txt")
    repository.git("rm", "-q", "--cached", "src/gone.txt")
    repository.write("README.md", "changed\n")
    repository.write("untracked ünicode.txt", "mine\n")
    before = repository.users_state()
    written = write(repository, make_record())
    assert repository.users_state() == before
    assert repository.our_status() == ""
    assert repository.git("show", "--name-only", "--format=", "HEAD").splitlines() == [
        f".innominatus/plans/{'a' * 64}.json",
        written.path,
    ]
    assert repository.is_sound()


def test_a_failed_run_commits_its_record_and_never_its_manifests(
    repository: Repository, make_record: MakeRecord
) -> None:
    written = write(repository, make_record(status="failed"), {MANIFEST: b"kind: Deployment\n"})
    assert written.commit is not None
    assert MANIFEST not in repository.git("ls-files").splitlines()
    assert not (repository.path / MANIFEST).exists()
    assert repository.git("status", "--porcelain") == ""


def test_a_later_run_replaces_the_manifests_and_names_the_earlier_record(
    repository: Repository, make_record: MakeRecord
) -> None:
    first = write(repository, make_record(), {MANIFEST: b"one\n"})
    second = write(repository, make_record(), {MANIFEST: b"two\n"})
    assert second.record.parents == [first.record.digest]
    assert repository.read(MANIFEST) == "two\n"
    assert repository.git("status", "--porcelain") == ""
    assert repository.store().tips() == [second.record.digest]


def test_a_successful_removal_takes_the_manifests_away_and_a_failed_one_does_not(
    repository: Repository, make_record: MakeRecord
) -> None:
    other = ".innominatus/manifests/checkout-service/production/a.yaml"
    write(repository, make_record(), {MANIFEST: b"one\n"})
    write(repository, make_record(environment="production"), {other: b"one\n"})
    write(repository, make_record(operation="undeploy", status="failed"))
    assert repository.read(MANIFEST) == "one\n"
    removed = write(repository, make_record(operation="undeploy"))
    assert removed.findings == ()
    assert not (repository.path / MANIFEST).parent.exists()
    assert [name for name in repository.git("ls-files").splitlines() if "/manifests/" in name] == [other]
    assert repository.git("status", "--porcelain") == ""
    assert repository.is_sound()


def test_a_removal_never_takes_a_manifest_that_the_user_edited(repository: Repository, make_record: MakeRecord) -> None:
    write(repository, make_record(), {MANIFEST: b"one\n"})
    repository.write(MANIFEST, "mine\n")
    removed = write(repository, make_record(operation="undeploy"))
    assert removed.pending
    assert repository.read(MANIFEST) == "mine\n"
    repository.git("checkout", "-q", "--", MANIFEST)
    assert len(adopt(repository.store()).adopted) == 1
    assert not (repository.path / MANIFEST).exists()
    assert repository.git("status", "--porcelain") == ""


def test_the_first_commit_of_a_repository_holds_only_our_paths(
    tmp_path: Path, repository: Repository, make_record: MakeRecord
) -> None:
    empty = type(repository)(tmp_path / "empty")
    empty.path.mkdir()
    empty.git("init", "-q", "-b", "main")
    empty.write("mine.txt", "mine\n")
    empty.git("add", "mine.txt")
    empty.write("other.txt", "other\n")
    written = write(empty, make_record())
    assert written.ref == "refs/heads/main"
    assert empty.git("rev-list", "--count", "HEAD") == "1"
    assert all(name.startswith(".innominatus/") for name in empty.git("ls-tree", "-r", "--name-only", "HEAD").split())
    assert empty.git("status", "--porcelain").splitlines() == ["A  mine.txt", "?? other.txt"]
    assert empty.is_sound()


def test_a_detached_head_gives_a_pending_record_and_changes_nothing(
    repository: Repository, make_record: MakeRecord
) -> None:
    repository.git("checkout", "-q", "--detach")
    repository.write("mine.txt", "mine\n")
    before = (repository.users_state(), repository.git("rev-parse", "HEAD"), repository.git("rev-parse", "main"))
    written = write(repository, make_record(), {MANIFEST: b"one\n"})
    assert written.pending
    assert written.ref == f"refs/innominatus/pending/{written.record.run}"
    assert repository.git("rev-parse", written.ref) == written.commit
    assert [finding.code.number for finding in written.findings] == ["ORC-6021"]
    assert "detached HEAD" in written.findings[0].message
    after = (repository.users_state(), repository.git("rev-parse", "HEAD"), repository.git("rev-parse", "main"))
    assert after == before
    assert not (repository.path / ".innominatus").exists()
    assert repository.is_sound()


def test_a_rebase_in_progress_gives_a_pending_record(repository: Repository, make_record: MakeRecord) -> None:
    git = repository.open()
    head_at_start = git.head()
    repository.git("checkout", "-q", "-b", "topic")
    repository.commit("README.md", "topic\n")
    repository.git("checkout", "-q", "main")
    repository.commit("README.md", "main\n")
    repository.git("checkout", "-q", "topic")
    repository.git("rebase", "main", allowed=(1,))
    before = repository.users_state()
    written = WorkingTreeStore(git).write(make_record(), PLAN, {}, head_at_start)
    assert written.pending
    assert "rebase" in written.findings[0].message
    assert repository.users_state() == before
    assert repository.git("rev-parse", f"{written.commit}^") == repository.git("rev-parse", "main")
    repository.write("README.md", "both\n")
    repository.git("add", "README.md")
    repository.git("-c", "core.editor=true", "rebase", "--continue")
    assert repository.is_sound()


@pytest.mark.parametrize("operation", ["merge", "cherry-pick"])
def test_a_merge_or_cherry_pick_in_progress_gives_a_pending_record(
    repository: Repository, make_record: MakeRecord, operation: str
) -> None:
    repository.git("checkout", "-q", "-b", "topic")
    repository.commit("README.md", "topic\n")
    repository.git("checkout", "-q", "main")
    repository.commit("README.md", "main\n")
    git = repository.open()
    head_at_start = git.head()
    repository.git(operation, "topic", allowed=(1,))
    before = (repository.users_state(), repository.git("rev-parse", "HEAD"))
    written = WorkingTreeStore(git).write(make_record(), PLAN, {}, head_at_start)
    assert written.pending
    assert operation in written.findings[0].message
    assert (repository.users_state(), repository.git("rev-parse", "HEAD")) == before
    repository.git(operation, "--abort")
    outcome = adopt(repository.store())
    assert [adopted.stored.record.run for adopted in outcome.adopted] == [written.record.run]
    assert repository.git("status", "--porcelain") == ""


def test_a_branch_switched_during_the_run_gives_a_pending_record_on_the_branch_it_began_on(
    repository: Repository, make_record: MakeRecord
) -> None:
    git = repository.open()
    head_at_start = git.head()
    repository.git("checkout", "-q", "-b", "topic")
    tip = repository.commit("README.md", "topic\n")
    before = repository.users_state()
    written = WorkingTreeStore(git).write(make_record(), PLAN, {}, head_at_start)
    assert written.pending
    assert "'main' is no longer checked out" in written.findings[0].message
    assert (repository.users_state(), repository.git("rev-parse", "topic")) == (before, tip)
    assert repository.git("rev-parse", f"{written.commit}^") == repository.git("rev-parse", "main")
    assert repository.is_sound()


def test_a_worktree_commits_to_its_own_branch_and_leaves_the_main_one_alone(
    repository: Repository, make_record: MakeRecord
) -> None:
    repository.git("worktree", "add", "-q", "-b", "topic", "../linked")
    linked = type(repository)(repository.path.parent / "linked")
    main = (repository.users_state(), repository.git("rev-parse", "main"))
    linked.write("README.md", "changed in the worktree\n")
    before = linked.users_state()
    written = write(linked, make_record())
    assert written.ref == "refs/heads/topic"
    assert linked.git("rev-parse", "HEAD") == written.commit
    assert linked.users_state() == before
    assert linked.our_status() == ""
    assert (repository.users_state(), repository.git("rev-parse", "main")) == main
    assert repository.is_sound()


def test_a_conflicting_file_of_the_users_is_never_overwritten(repository: Repository, make_record: MakeRecord) -> None:
    repository.write(MANIFEST, "mine\n")
    before = repository.git("status", "--porcelain", "-uall"), repository.git("rev-parse", "HEAD")
    written = write(repository, make_record(), {MANIFEST: b"ours\n"})
    assert written.pending
    assert MANIFEST in written.findings[0].message
    assert repository.read(MANIFEST) == "mine\n"
    assert (repository.git("status", "--porcelain", "-uall"), repository.git("rev-parse", "HEAD")) == before


def test_a_staged_file_at_our_path_is_never_overwritten(repository: Repository, make_record: MakeRecord) -> None:
    write(repository, make_record(), {MANIFEST: b"one\n"})
    repository.write(MANIFEST, "edited\n")
    repository.git("add", MANIFEST)
    repository.write(MANIFEST, "one\n")
    before = repository.git("status", "--porcelain"), repository.git("ls-files", "-s")
    written = write(repository, make_record(), {MANIFEST: b"two\n"})
    assert written.pending
    assert "staged" in written.findings[0].message
    assert (repository.git("status", "--porcelain"), repository.git("ls-files", "-s")) == before


def test_a_link_in_place_of_our_folder_leads_no_write_out_of_the_repository(
    repository: Repository, make_record: MakeRecord, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (repository.path / ".innominatus").symlink_to(outside)
    written = write(repository, make_record())
    assert written.pending
    assert list(outside.iterdir()) == []
    assert (repository.path / ".innominatus").is_symlink()


def test_a_file_in_place_of_our_folder_gives_a_record_kept_in_the_state_folder(
    repository: Repository, make_record: MakeRecord
) -> None:
    repository.commit(".innominatus", "a file\n")
    written = write(repository, make_record())
    assert written.commit is None
    assert written.kept_at is not None
    assert [finding.code.number for finding in written.findings] == ["ORC-6022"]
    assert str(written.kept_at) in written.findings[0].message
    assert (written.kept_at / written.path).read_bytes() == written.record.canonical
    repository.git("rm", "-q", ".innominatus")
    repository.git("commit", "-q", "-m", "make room")
    assert [adopted.stored.standing for adopted in adopt(repository.store()).adopted] == [Standing.KEPT]
    assert not written.kept_at.exists()
    assert repository.git("show", f"HEAD:{written.path}") + "\n" == written.record.canonical.decode()
    assert repository.git("status", "--porcelain") == ""


def test_a_commit_of_the_users_in_between_is_kept_and_built_upon(
    repository: Repository, make_record: MakeRecord
) -> None:
    git = repository.open()
    store = WorkingTreeStore(git)
    moved: list[str] = []
    plain = git.command.run

    def run(request: CommandRequest) -> CommandOutcome:
        if "update-ref" in request.argv and not moved:
            moved.append(repository.commit("README.md", "meanwhile\n"))
        return plain(request)

    object.__setattr__(git.command, "run", run)
    written = store.write(make_record(), PLAN, {}, git.head())
    assert repository.git("rev-parse", "HEAD") == written.commit
    assert repository.git("rev-parse", "HEAD^") == moved[0]
    assert repository.git("status", "--porcelain") == ""
    assert repository.is_sound()


def test_a_lock_of_the_index_is_waited_for(repository: Repository, make_record: MakeRecord) -> None:
    lock = repository.path / ".git" / "index.lock"
    lock.touch()
    timer = threading.Timer(0.3, lock.unlink)
    timer.start()
    written = write(repository, make_record())
    timer.join()
    assert not written.pending
    assert repository.git("status", "--porcelain") == ""


class _Hurried:
    """A clock whose waits take no time, so that patience ends at once."""

    def __init__(self, plain: Any) -> None:
        self._plain = plain
        self._ahead = 0.0

    def now(self) -> Any:
        return self._plain.now()

    def monotonic(self) -> float:
        return float(self._plain.monotonic()) + self._ahead

    def sleep(self, seconds: float) -> None:
        self._ahead += seconds

    def new_id(self) -> str:
        return str(self._plain.new_id())


def test_a_lock_of_the_index_that_stays_gives_a_pending_record_and_stays(
    repository: Repository, make_record: MakeRecord
) -> None:
    from innominatus_cli.system.clock import SystemClock

    before = repository.git("rev-parse", "HEAD")
    lock = repository.path / ".git" / "index.lock"
    lock.touch()
    git = repository.open()
    written = WorkingTreeStore(git, clock=_Hurried(SystemClock())).write(make_record(), PLAN, {}, git.head())
    assert written.pending
    assert "index.lock" in written.findings[0].message
    assert lock.exists()
    lock.unlink()
    assert repository.git("rev-parse", "HEAD") == before
    assert repository.git("status", "--porcelain", "-uall") == ""


@pytest.mark.parametrize("lock", ["refs/heads/main.lock", "HEAD.lock"])
def test_a_lock_of_the_branch_that_stays_is_not_waited_for_without_end(
    repository: Repository, make_record: MakeRecord, monkeypatch: pytest.MonkeyPatch, lock: str
) -> None:
    monkeypatch.setattr(landing, "_REF_PATIENCE_SECONDS", 0.1)
    repository.write(f".git/{lock}", "")
    before = repository.git("rev-parse", "HEAD")
    written = write(repository, make_record())
    assert written.pending or written.kept_at
    assert repository.git("rev-parse", "HEAD") == before
    assert repository.git("status", "--porcelain") == ""
    (repository.path / ".git" / lock).unlink()
    store = WorkingTreeStore(repository.open())
    assert [stored.record.run for stored in store.waiting()] == [written.record.run]


def test_concurrent_writers_lose_no_record(repository: Repository, make_record: MakeRecord) -> None:
    head = repository.open().head()
    records = [[make_record(application=f"app-{writer}") for _ in range(3)] for writer in range(8)]
    problems: list[object] = []

    def work(mine: list[RunRecord]) -> None:
        try:
            store = repository.store()
            for record in mine:
                written = store.write(record, PLAN, {}, head)
                if written.pending or written.commit is None:
                    problems.append(written.findings)
        except BaseException as problem:  # noqa: BLE001 - a thread's exception is told by the test
            problems.append(problem)

    threads = [threading.Thread(target=work, args=(mine,)) for mine in records]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    expected = sorted(record.run for mine in records for record in mine)
    store = repository.store()
    assert [stored.record.run for stored in store.records()] == expected
    assert repository.git("rev-list", "--count", "HEAD") == str(len(expected) + 1)
    assert repository.git("status", "--porcelain") == ""
    assert len(store.tips()) == 1
    assert repository.is_sound()


def test_writers_without_a_common_lock_lose_no_record_either(
    repository: Repository, make_record: MakeRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    from contextlib import nullcontext

    monkeypatch.setattr(WorkingTreeStore, "turn", lambda _store: nullcontext())
    test_concurrent_writers_lose_no_record(repository, make_record)


HOSTILE = """
[core]
\tfsmonitor = touch {witness}/fsmonitor; false
\thooksPath = {hooks}
\tsshCommand = touch {witness}/ssh
\tpager = touch {witness}/pager
\teditor = touch {witness}/editor
[diff]
\texternal = touch {witness}/external
[filter "evil"]
\tclean = touch {witness}/clean; cat
\tsmudge = touch {witness}/smudge; cat
\tprocess = touch {witness}/process
\trequired = true
[diff "evil"]
\ttextconv = touch {witness}/textconv; cat
\tcommand = touch {witness}/diff
[gpg]
\tprogram = touch {witness}/gpg
[commit]
\tgpgSign = true
[credential]
\thelper = "!touch {witness}/credential"
[gc]
\tauto = 1
[alias]
\trev-parse = !touch {witness}/alias
"""


def make_hostile(repository: Repository, tmp_path: Path) -> Path:
    """Configures everything that could run a program; each leaves a witness."""
    witness, hooks = tmp_path / "witness", tmp_path / "hooks"
    witness.mkdir()
    hooks.mkdir()
    for name in ("pre-commit", "post-commit", "reference-transaction", "post-index-change", "commit-msg", "pre-push"):
        hook = hooks / name
        hook.write_text(f"#!/bin/sh\ntouch {witness}/hook-{name}\n")
        hook.chmod(0o755)
    repository.commit(".gitattributes", "* filter=evil diff=evil\n")
    with (repository.path / ".git" / "config").open("a") as config:
        config.write(HOSTILE.format(witness=witness, hooks=hooks))
    return witness


def test_nothing_that_a_hostile_repository_configures_is_executed(
    repository: Repository, make_record: MakeRecord, tmp_path: Path
) -> None:
    witness = make_hostile(repository, tmp_path)
    os.utime(repository.path / "README.md", (1, 1))
    git = repository.open()
    head = git.head()
    store = WorkingTreeStore(git)
    assert git.differing(["README.md", ".gitattributes", "absent"], head.commit) == []
    git.resolve("HEAD")
    git.read_blobs([entry.object_id for entry in git.tree("HEAD")])
    written = store.write(make_record(), PLAN, {MANIFEST: b"one\n"}, head)
    assert written.findings == ()
    pending = store.write(make_record(), PLAN, {}, type(head)(head.commit, None))
    assert pending.pending
    assert len(adopt(store).adopted) == 1
    store.tips()
    assert [path.name for path in witness.iterdir()] == []


def test_an_inherited_git_environment_leads_nowhere_else(
    repository: Repository, make_record: MakeRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = type(repository)(tmp_path / "elsewhere")
    elsewhere.path.mkdir()
    elsewhere.git("init", "-q")
    monkeypatch.setenv("GIT_DIR", str(elsewhere.path / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(elsewhere.path))
    monkeypatch.setenv("GIT_INDEX_FILE", str(elsewhere.path / ".git" / "index"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(elsewhere.path / ".git" / "objects"))
    written = write(repository, make_record())
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY"):
        monkeypatch.delenv(name)
    assert repository.git("rev-parse", "HEAD") == written.commit
    assert repository.git("status", "--porcelain") == ""
    assert not (elsewhere.path / ".git" / "index").exists()


def test_without_a_commit_the_files_stand_in_the_working_tree_and_are_said_to(
    repository: Repository, make_record: MakeRecord
) -> None:
    git = repository.open()
    store = WorkingTreeStore(git)
    written = store.write(make_record(), PLAN, {MANIFEST: b"one\n"}, git.head(), commit=False)
    assert (written.commit, written.pending) == (None, False)
    assert (written.commit, written.findings) == (None, ())
    assert repository.git("diff", "--cached", "--name-only") == ""
    assert repository.read(MANIFEST) == "one\n"
    assert [stored.standing for stored in store.records()] == [Standing.UNCOMMITTED]
    assert store.tips() == []


def test_files_left_uncommitted_are_ours_to_replace_and_to_commit(
    repository: Repository, make_record: MakeRecord
) -> None:
    git = repository.open()
    store = WorkingTreeStore(git)
    store.write(make_record(), PLAN, {MANIFEST: b"one\n"}, git.head(), commit=False)
    again = store.write(make_record(), PLAN, {MANIFEST: b"two\n"}, git.head(), commit=False)
    assert (again.commit, again.findings) == (None, ())
    committed = store.write(make_record(), PLAN, {MANIFEST: b"three\n"}, git.head())
    assert not committed.pending
    assert repository.git("show", f"HEAD:{MANIFEST}") == "three"
    repository.write(MANIFEST, "mine now\n")
    assert store.write(make_record(), PLAN, {MANIFEST: b"four\n"}, git.head()).pending
    assert repository.read(MANIFEST) == "mine now\n"


def test_a_read_only_repository_is_told_of_with_the_status_for_state(
    repository: Repository, make_record: MakeRecord
) -> None:
    git = repository.open()
    plain = git.command.run

    def run(request: CommandRequest) -> CommandOutcome:
        if "hash-object" in request.argv:
            request = type(request)(("false",), request.cwd, request.env)
        return plain(request)

    object.__setattr__(git.command, "run", run)
    written = WorkingTreeStore(git).write(make_record(), PLAN, {}, git.head())
    assert written.findings[0].code.exit_status == 73
    assert written.kept_at is not None
    assert repository.git("status", "--porcelain") == ""


def test_a_ledger_that_cannot_be_read_keeps_the_record(repository: Repository, make_record: MakeRecord) -> None:
    write(repository, make_record())
    git = repository.open()
    (git.common_dir / "innominatus" / "ledger" / "tips.json").unlink()
    tree = repository.git("rev-parse", "HEAD:.innominatus/runs/checkout-service/development")
    (git.git_dir / "objects" / tree[:2] / tree[2:]).unlink()
    written = WorkingTreeStore(git).write(make_record(), PLAN, {}, git.head())
    assert [finding.code.exit_status for finding in written.findings] == [73]
    assert written.kept_at is not None


def test_the_operating_systems_user_signs_where_git_knows_nobody(
    repository: Repository, make_record: MakeRecord, git_identity: Path
) -> None:
    git_identity.write_text("")
    git = repository.open()
    store = WorkingTreeStore(git)
    assert store.who.source == "operating system user"
    assert store.who.finding() is not None
    written = store.write(make_record(), PLAN, {}, git.head())
    assert repository.git("log", "-1", "--format=%an <%ae>") == f"{store.who.name} <{store.who.email}>"
    assert not written.pending


def test_a_name_with_signs_that_git_drops_makes_a_commit(repository: Repository, make_record: MakeRecord) -> None:
    git = repository.open()
    who = Identity("Grace Hopper", "grace@example.org", "git config")
    written = WorkingTreeStore(git, who=who).write(make_record(), PLAN, {}, git.head())
    assert repository.git("log", "-1", "--format=%an <%ae>") == "Grace Hopper <grace@example.org>"
    assert written.commit


def test_attributes_and_line_ends_leave_the_status_clean(repository: Repository, make_record: MakeRecord) -> None:
    repository.commit(".gitattributes", "* text=auto eol=crlf\n")
    repository.git("config", "core.autocrlf", "true")
    written = write(repository, make_record(), {MANIFEST: b"one\ntwo\n"})
    assert not written.pending
    assert repository.our_status() == ""
    assert repository.git("cat-file", "blob", f"HEAD:{MANIFEST}") == "one\ntwo"


def test_an_ignored_ledger_is_committed_all_the_same(repository: Repository, make_record: MakeRecord) -> None:
    repository.commit(".gitignore", ".innominatus/\n")
    written = write(repository, make_record())
    assert written.path in repository.git("ls-files").splitlines()
    assert repository.git("status", "--porcelain") == ""
