"""Records pushed to a branch that others push to as well, on a real remote."""

from collections.abc import Callable
from pathlib import Path

import pytest

from innominatus_cli.documents.run_record import RunRecord
from innominatus_cli.findings.finding import Finding
from innominatus_cli.ledger.pushing import push_records
from tests.integration.ledger.conftest import Repository

MAIN = "refs/heads/main"
MakeRecord = Callable[..., RunRecord]


@pytest.fixture
def bare(tmp_path: Path, repository: Repository) -> Repository:
    repository.git("init", "-q", "--bare", "-b", "main", str(tmp_path / "remote.git"))
    repository.git("remote", "add", "origin", f"file://{tmp_path}/remote.git")
    repository.git("push", "-q", "origin", MAIN)
    return Repository(tmp_path / "remote.git")


@pytest.fixture
def ours(bare: Repository) -> Repository:
    return clone(bare, "ours")


@pytest.fixture
def theirs(bare: Repository) -> Repository:
    return clone(bare, "theirs")


def clone(bare: Repository, name: str) -> Repository:
    bare.git("clone", "-q", f"file://{bare.path}", str(bare.path.parent / name))
    return Repository(bare.path.parent / name)


def deploy(repository: Repository, record: RunRecord, artifacts: dict[str, bytes] | None = None) -> tuple[Finding, ...]:
    """Commits a record as a run does, and pushes it."""
    store = repository.store()
    written = store.write(record, None, artifacts or {}, store.git.head())
    assert written.ref == MAIN
    return push_records(store, MAIN)


def runs_on(bare: Repository, revision: str = MAIN) -> list[str]:
    names = bare.git("ls-tree", "-r", "--name-only", revision, "--", ".innominatus/runs").splitlines()
    return sorted(name.rpartition("/")[2].removesuffix(".json") for name in names)


def numbers(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.code.number for finding in findings]


def test_who_loses_the_race_pushes_on_top_of_the_winner(
    bare: Repository, ours: Repository, theirs: Repository, make_record: MakeRecord
) -> None:
    records = [make_record(plan=None) for _ in range(4)]
    assert deploy(theirs, records[0]) == ()
    assert deploy(ours, records[1]) == ()
    assert deploy(ours, records[2]) == ()
    assert deploy(theirs, records[3]) == ()
    assert runs_on(bare) == sorted(record.run for record in records)
    assert theirs.git("rev-parse", "HEAD") == bare.git("rev-parse", MAIN)
    assert bare.git("rev-list", "--min-parents=2", MAIN) == ""
    for repository in (ours, theirs):
        assert repository.users_state()[0] == repository.our_status() == ""
        assert repository.is_sound()
    assert {stored.record.run for stored in theirs.store().records()} == {record.run for record in records}
    assert bare.git("for-each-ref", "refs/innominatus") == ours.git("for-each-ref", "refs/innominatus") == ""


def test_a_record_that_is_made_again_keeps_its_bytes(
    bare: Repository, ours: Repository, theirs: Repository, make_record: MakeRecord
) -> None:
    store = ours.store()
    written = store.write(make_record(plan=None), None, {}, store.git.head())
    before = ours.read(written.path)
    assert deploy(theirs, make_record(plan=None)) == ()
    assert push_records(store, MAIN) == ()
    assert bare.git("show", f"{MAIN}:{written.path}") + "\n" == before


def test_commits_of_the_users_that_are_not_pushed_are_never_touched(
    bare: Repository, ours: Repository, theirs: Repository, make_record: MakeRecord
) -> None:
    mine = ours.commit("notes.txt", "not ready\n")
    assert deploy(theirs, make_record(plan=None)) == ()
    tip = bare.git("rev-parse", MAIN)
    record = make_record(plan=None)
    (told,) = deploy(ours, record)
    assert told.code.number == "ORC-6023"
    assert "commits of yours" in told.message
    assert bare.git("rev-parse", MAIN) == tip
    assert ours.git("rev-parse", "HEAD^") == mine
    assert record.run in runs_on(ours)
    assert told.help.startswith("`git pull --no-rebase`, then `git push`")
    ours.git("pull", "-q", "--no-rebase", "--no-edit")
    ours.git("push", "-q")
    assert record.run in runs_on(bare)
    assert bare.git("cat-file", "-t", mine) == "commit", "a record may name it"


def test_files_that_others_changed_are_for_the_user_to_bring(
    bare: Repository, ours: Repository, theirs: Repository, make_record: MakeRecord
) -> None:
    theirs.commit("README.md", "theirs\n")
    theirs.git("push", "-q")
    ours.write("README.md", "half written\n")
    records = [make_record(plan=None), make_record(plan=None)]
    assert numbers(deploy(ours, records[0])) == ["ORC-6115"]
    assert ours.read("README.md") == "half written\n"
    assert bare.git("show", f"{MAIN}:README.md") == "theirs"
    assert numbers(deploy(ours, records[1])) == ["ORC-6115"]
    assert runs_on(bare) == sorted(record.run for record in records)
    assert bare.git("rev-list", "--count", MAIN) == "4"
    ours.git("checkout", "-q", "--", "README.md")
    ours.git("pull", "-q", "--rebase")
    assert ours.git("rev-parse", "HEAD") == bare.git("rev-parse", MAIN)


def test_a_refusal_is_no_race(bare: Repository, ours: Repository, make_record: MakeRecord) -> None:
    hook = bare.path / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho >> asked\nexit 1\n")
    hook.chmod(0o755)
    assert numbers(deploy(ours, make_record(plan=None))) == ["ORC-6023"]
    assert (bare.path / "asked").read_text() == "\n"


def test_a_hook_of_the_operators_is_asked_for_every_push(
    bare: Repository, ours: Repository, theirs: Repository, make_record: MakeRecord
) -> None:
    assert deploy(theirs, make_record(plan=None)) == ()
    hook = ours.path / ".git" / "hooks" / "pre-push"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nif read -r line; then exit 1; fi\n")
    hook.chmod(0o755)
    tip = bare.git("rev-parse", MAIN)
    assert numbers(deploy(ours, make_record(plan=None))) == ["ORC-6023"]
    assert bare.git("rev-parse", MAIN) == tip


def test_a_manifest_of_a_later_run_is_kept(
    bare: Repository, ours: Repository, theirs: Repository, make_record: MakeRecord
) -> None:
    manifest = ".innominatus/manifests/checkout-service/development/web.yaml"
    earlier, later = sorted((make_record(plan=None), make_record(plan=None)), key=lambda record: record.run)
    assert deploy(theirs, later, {manifest: b"later\n"}) == ()
    assert "ORC-6025" in numbers(deploy(ours, earlier, {manifest: b"earlier\n"}))
    assert bare.git("show", f"{MAIN}:{manifest}") == "later"
    ours.git("fetch", "-q")
    ours.git("reset", "-q", "--hard", "origin/main")
    theirs.git("pull", "-q")
    assert deploy(theirs, make_record(plan=None), {manifest: b"between\n"}) == ()
    assert deploy(ours, make_record(plan=None), {manifest: b"newest\n"}) == ()
    assert bare.git("show", f"{MAIN}:{manifest}") == "newest"
