"""`ledger verify` over real repositories: what it finds, where it says it is, and what it leaves alone."""

from __future__ import annotations

import json
import os
import subprocess
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from innominatus_cli.documents.action_record import Evidence
from innominatus_cli.documents.approval_statement import SIGNATURE_NAMESPACE, ApprovalStatement
from innominatus_cli.documents.canonical import canonical_json, digest
from innominatus_cli.documents.ledger_heads import HeadsStatement
from innominatus_cli.documents.ledger_verification import LedgerCounts
from innominatus_cli.findings.finding import CannotContinue, Finding, Severity
from innominatus_cli.ledger.earlier_commits import first_difference
from innominatus_cli.ledger.heads import HEADS_REF, read_heads, write_heads
from innominatus_cli.operations.history import open_ledger
from innominatus_cli.operations.signing import SignOptions, sign_heads
from innominatus_cli.operations.verifying import VerifyOptions, verify
from innominatus_cli.system.clock import SystemClock
from innominatus_cli.system.git_command import GitFailed
from innominatus_cli.system.git_identity import Identity
from innominatus_cli.system.ssh_signatures import sign
from innominatus_cli.system.state_folder import StateFolder
from tests.integration.ledger.conftest import Repository
from tests.integration.ledger.test_action_records import make_action

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from innominatus_cli.documents.run_record import RunRecord
    from innominatus_cli.ledger.store import Written
    from innominatus_cli.ledger.verifying import Verified

    MakeRecord = Callable[..., RunRecord]

PLAN = {"plan": "of the test"}
PLAN_BYTES = canonical_json(PLAN) + b"\n"


class Ledger:
    """A repository to which records are written, and which is verified."""

    def __init__(self, repository: Repository, make: MakeRecord) -> None:
        self.repository = repository
        self.make = make

    def run(self, **changes: Any) -> Written:
        """Writes a run's record with a plan that is there."""
        store = self.repository.store()
        head = store.git.head()
        record = self.make(**{"plan": digest(PLAN), "commit": head.commit, **changes})
        return store.write(record, PLAN_BYTES if record.plan else None, {}, head)

    def act(self, **changes: Any) -> Any:
        """Writes an action's record."""
        store = self.repository.store()
        return store.write_action(make_action(**changes), store.git.head())

    def verify(self, **options: Any) -> Verified:
        """Verifies, as the command does."""
        return verify(open_ledger(self.repository.path), VerifyOptions(**options))

    def told(self, **options: Any) -> list[tuple[str, str]]:
        """The codes and places of everything that is wrong."""
        return places(self.verify(**options).findings)

    def forget(self) -> None:
        """As a clone that never verified."""
        (self.repository.path / ".git/innominatus/ledger/seen-heads.json").unlink(missing_ok=True)


def places(findings: tuple[Finding, ...]) -> list[tuple[str, str]]:
    return [(finding.code.number, finding.place.path) for finding in findings]


@pytest.fixture
def ledger(repository: Repository, make_record: MakeRecord) -> Ledger:
    return Ledger(repository, make_record)


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(path)], check=True)
    return path


def signers(key: Path, email: str = "ada@example.org") -> Path:
    file = key.with_name("signers")
    file.write_text(f"{email} {key.with_suffix('.pub').read_text()}")
    return file


def test_an_empty_repository_and_one_without_records_are_sound(repository: Repository, ledger: Ledger) -> None:
    assert ledger.told() == []
    empty = type(repository)(repository.path.parent / "empty")
    empty.path.mkdir()
    empty.git("init", "-q", "-b", "main")
    report = verify(open_ledger(empty.path)).report
    assert (report.sound, report.commit, report.tips, report.counts) == (True, None, [], LedgerCounts())


def test_runs_and_actions_form_a_sound_ledger_that_says_who_ran_what(ledger: Ledger) -> None:
    run = ledger.run()
    action = ledger.act(run=run.record.run)
    last = ledger.run(status="failed")
    report = ledger.verify().report
    assert report.sound
    assert report.findings == []
    assert report.tips == [last.record.digest]
    assert (report.counts.runs, report.counts.actions, report.counts.plans, report.counts.commits) == (2, 1, 1, 4)
    assert action.record.digest in last.record.parents
    (row,) = report.last_runs
    assert (row.run, row.status, row.email) == (last.record.run, "failed", "ada@example.org")
    assert (row.commit, row.plan, row.approvals) == (last.record.commit, digest(PLAN), [])


def test_commits_that_records_name_and_nobody_has_are_told_at_the_first_and_counted(ledger: Ledger) -> None:
    ledger.run(commit=None)
    first = ledger.run(commit="0" * 40)
    (found,) = ledger.verify().findings
    assert (found.code.number, found.place.path) == ("ORC-6068", first.path)
    assert found.message == "commit 000000000000 is not in this clone"
    ledger.run(commit="1" * 40)
    assert ledger.verify().findings[0].message.endswith(", nor are those of 1 other record")
    ledger.run(commit="main")
    (found,) = ledger.verify().findings
    assert found.place.path == first.path
    assert found.message == "commit 000000000000 is not in this clone, nor are those of 2 other records"
    (row,) = ledger.verify().report.last_runs
    assert row.commit == "main"


def test_a_rollback_is_told_from_a_deployment(ledger: Ledger) -> None:
    first = ledger.run()
    assert [row.operation for row in ledger.verify().report.last_runs] == ["deploy"]
    ledger.run(kind="rollback", rolls_back=first.record.run)
    assert [row.operation for row in ledger.verify().report.last_runs] == ["rollback"]


def test_a_run_without_a_commit_and_a_plan_is_shown_without(ledger: Ledger) -> None:
    ledger.run(commit=None, plan=None)
    report = ledger.verify().report
    (row,) = report.last_runs
    assert (row.commit, row.plan, report.counts.plans, report.sound) == (None, None, 0, True)


@pytest.mark.parametrize("inner", [True, False])
def test_an_edit_is_found_with_its_file_its_byte_and_its_commit(ledger: Ledger, inner: bool) -> None:
    first = ledger.run()
    if inner:
        ledger.run()
    text = ledger.repository.read(first.path)
    edited = text.replace("succeeded", "failed")
    commit = ledger.repository.commit(first.path, edited)
    found = ledger.verify().findings
    changed = next(finding for finding in found if finding.code.number == "ORC-6062")
    assert changed.place.path == first.path
    assert changed.place.column == text.index("succeeded") + 1
    assert commit[:12] in changed.message
    assert ("ORC-6064" in {finding.code.number for finding in found}) is inner


def test_a_record_that_was_replaced_by_another_file_is_found_though_that_was_added(ledger: Ledger) -> None:
    run = ledger.run()
    edited = ledger.repository.read(run.path).replace("succeeded", "failed")
    ledger.repository.git("rm", "-q", run.path)
    ledger.repository.git("commit", "-qm", "remove")
    ledger.repository.commit(run.path, edited)
    assert ledger.told()[0] == ("ORC-6062", run.path)
    ledger.repository.commit(run.path, edited.replace("failed", "timed_out"))
    ledger.repository.commit(run.path, edited)
    assert ledger.told()[0] == ("ORC-6062", run.path)


def test_an_edit_that_keeps_no_valid_record_is_found_as_such_too(ledger: Ledger) -> None:
    first = ledger.run()
    ledger.repository.commit(first.path, ledger.repository.read(first.path)[:-5])
    assert ("ORC-6011", first.path) in ledger.told()


def test_an_edit_in_the_working_tree_alone_is_found(ledger: Ledger) -> None:
    first = ledger.run()
    text = ledger.repository.read(first.path)
    ledger.repository.write(first.path, text.replace("succeeded", "failed"))
    (finding,) = ledger.verify().findings
    assert (finding.code.number, finding.place.path) == ("ORC-6062", first.path)
    assert finding.place.column == text.index("succeeded") + 1
    (ledger.repository.path / first.path).unlink()
    assert ledger.told() == [("ORC-6063", first.path)]
    (ledger.repository.path / first.path).symlink_to("/etc/passwd")
    assert ledger.told() == [("ORC-6062", first.path)]


def test_line_ends_of_a_checkout_and_files_outside_of_a_sparse_one_are_no_edits(ledger: Ledger) -> None:
    first = ledger.run()
    ledger.repository.write(first.path, ledger.repository.read(first.path).replace("\n", "\r\n"))
    assert ledger.told() == []
    ledger.repository.git("checkout", "-q", "--", ".")
    ledger.repository.git("sparse-checkout", "set", "src")
    assert not (ledger.repository.path / first.path).exists()
    assert ledger.told() == []


@pytest.mark.parametrize(
    ("one", "other", "index"),
    [
        (b"", b"", 0),
        (b"a", b"", 0),
        (b"ab", b"a", 1),
        (b"ab", b"ac", 1),
        (b"x" * 4096 + b"a", b"x" * 4096 + b"b", 4096),
        (b"x" * 4096 + b"a", b"x" * 4096, 4096),
        (b"x" * 9000 + b"a" + b"z" * 9000, b"x" * 9000 + b"b" + b"z" * 9000, 9000),
    ],
)
def test_the_first_byte_that_differs(one: bytes, other: bytes, index: int) -> None:
    assert first_difference(one, other) == first_difference(other, one) == index


def test_of_many_edits_all_are_told_and_the_first_hundred_with_their_byte(ledger: Ledger) -> None:
    folder = ".innominatus/actions/2026-11"
    for number in range(105):
        ledger.repository.write(f"{folder}/01JD0000000000000000000{number:03d}.json", f"before {number}")
    ledger.repository.git("add", ".")
    ledger.repository.git("commit", "-qm", "many")
    for number in range(105):
        ledger.repository.write(f"{folder}/01JD0000000000000000000{number:03d}.json", f"behind {number}")
    ledger.repository.git("commit", "-qam", "changed")
    changed = [finding for finding in ledger.verify().findings if finding.code.number == "ORC-6062"]
    assert len(changed) == 105
    assert [finding.place.column for finding in changed].count(3) == 100
    assert changed[104].place.column == 0


def test_a_removed_record_is_found_even_when_later_commits_are_fine(ledger: Ledger) -> None:
    first = ledger.run()
    ledger.repository.git("rm", "-q", first.path)
    ledger.repository.git("commit", "-qm", "tidy up")
    ledger.run()
    assert ledger.told() == [("ORC-6063", first.path)]


def test_a_record_that_was_put_back_is_no_finding(ledger: Ledger) -> None:
    first = ledger.run()
    ledger.run()
    ledger.repository.git("rm", "-q", first.path)
    ledger.repository.git("commit", "-qm", "tidy up")
    ledger.repository.git("checkout", "-q", "HEAD^", "--", first.path)
    ledger.repository.git("commit", "-qm", "put it back")
    assert ledger.told() == []


def _edit(ledger: Ledger, path: str, text: str | None = None) -> None:
    """Commits other bytes in the place of a record's, or those of the commit before."""
    if text is None:
        ledger.repository.git("checkout", "-q", "HEAD^", "--", path)
    else:
        ledger.repository.write(path, text)
    ledger.repository.git("commit", "-qam", "another one")


def test_an_edited_record_that_was_put_back_is_no_finding(ledger: Ledger) -> None:
    first = ledger.run()
    ledger.run()
    _edit(ledger, first.path, "{}")
    assert ("ORC-6062", first.path) in ledger.told()
    _edit(ledger, first.path)
    assert ledger.told() == []


def test_an_edited_record_that_was_put_back_on_a_branch_is_no_finding_behind_the_merge(ledger: Ledger) -> None:
    ledger.repository.git("checkout", "-q", "-b", "side")
    ledger.repository.git("commit", "-q", "--allow-empty", "-m", "side")
    ledger.repository.git("checkout", "-q", "main")
    first = ledger.run()
    _edit(ledger, first.path, "{}")
    ledger.repository.git("checkout", "-q", "side")
    ledger.repository.git("merge", "-q", "-m", "merge", "main")
    _edit(ledger, first.path, "again")
    ledger.repository.git("checkout", "-q", "main~1", "--", first.path)
    ledger.repository.git("commit", "-qam", "put it back")
    assert ledger.told() == []


def test_bytes_that_were_put_back_once_do_not_excuse_the_next_edit(ledger: Ledger) -> None:
    first = ledger.run()
    _edit(ledger, first.path, "{}")
    _edit(ledger, first.path)
    _edit(ledger, first.path)
    assert ("ORC-6062", first.path) in ledger.told()


def test_other_bytes_from_a_branch_that_never_had_the_record_do_not_pass_for_it(ledger: Ledger) -> None:
    ledger.run()
    ledger.repository.git("checkout", "-q", "-b", "side")
    ledger.repository.git("checkout", "-q", "main")
    first = ledger.run()
    ledger.repository.git("checkout", "-q", "side")
    ledger.repository.write(first.path, "{}")
    ledger.repository.git("add", ".")
    ledger.repository.git("commit", "-qm", "forged")
    ledger.repository.git("checkout", "-q", "main")
    ledger.repository.git("merge", "-q", "-s", "ours", "-m", "merge", "side")
    ledger.repository.git("checkout", "-q", "side", "--", first.path)
    ledger.repository.git("commit", "-qm", "taken over")
    assert ("ORC-6062", first.path) in ledger.told()


def test_a_merge_that_took_one_sides_records_away_is_found(ledger: Ledger) -> None:
    ledger.run()
    ledger.repository.git("checkout", "-q", "-b", "side")
    lost = ledger.run()
    ledger.repository.git("checkout", "-q", "main")
    ledger.run()
    ledger.repository.git("merge", "-q", "-s", "ours", "-m", "merge", "side")
    assert ledger.told() == [("ORC-6063", lost.path)]


def test_a_merge_of_two_sides_is_sound_and_the_next_record_joins_them(ledger: Ledger) -> None:
    ledger.run()
    ledger.repository.git("checkout", "-q", "-b", "side")
    left = ledger.run()
    ledger.repository.git("checkout", "-q", "main")
    right = ledger.run()
    ledger.repository.git("merge", "-q", "-m", "merge", "side")
    assert ledger.verify().report.tips == sorted([left.record.digest, right.record.digest])
    joined = ledger.run()
    assert joined.record.parents == sorted([left.record.digest, right.record.digest])
    assert ledger.told() == []


def test_a_record_that_was_moved_is_found_at_both_places(ledger: Ledger) -> None:
    first = ledger.run()
    elsewhere = first.path.replace("development", "production")
    (ledger.repository.path / elsewhere).parent.mkdir(parents=True)
    ledger.repository.git("mv", first.path, elsewhere)
    ledger.repository.git("commit", "-qm", "move it")
    assert ledger.told() == [("ORC-6063", first.path), ("ORC-6011", elsewhere)]


def test_history_that_was_rewritten_is_found_by_a_clone_that_saw_more(ledger: Ledger) -> None:
    ledger.run()
    ledger.run()
    assert ledger.told() == []
    ledger.repository.git("reset", "-q", "--hard", "HEAD~1")
    assert ledger.told() == [("ORC-6069", "branch main")]
    assert ledger.told() == [("ORC-6069", "branch main")]
    ledger.forget()
    assert ledger.told() == []


def test_a_branch_without_any_commit_is_a_rollback_of_one_that_had_some(ledger: Ledger) -> None:
    ledger.run()
    assert ledger.told() == []
    ledger.repository.git("checkout", "-q", "--detach")
    ledger.repository.git("branch", "-qD", "main")
    ledger.repository.git("checkout", "-q", "--orphan", "main")
    assert ledger.told() == [("ORC-6069", "branch main")]


def test_a_forged_history_that_is_longer_is_found_too(ledger: Ledger) -> None:
    ledger.run()
    ledger.run()
    assert ledger.told() == []
    ledger.repository.git("reset", "-q", "--hard", "HEAD~1")
    for _ in range(3):
        ledger.run()
    assert ledger.told() == [("ORC-6069", "branch main")]


def test_a_rebase_that_keeps_the_records_is_no_rollback(ledger: Ledger) -> None:
    ledger.run(commit=None)
    assert ledger.told() == []
    ledger.repository.git("commit", "-q", "--amend", "-m", "another message")
    assert ledger.told() == []


def test_deleting_the_newest_record_is_found_through_the_anchored_heads(ledger: Ledger, key: Path) -> None:
    ledger.run()
    last = ledger.run()
    sign_heads(open_ledger(ledger.repository.path), SignOptions(key=str(key)))
    ledger.repository.git("reset", "-q", "--hard", "HEAD~1")
    ledger.forget()
    place = f"{HEADS_REF}:main.json"
    assert ledger.told(allowed_signers=signers(key)) == [("ORC-6069", place)]
    assert last.record.digest[:19] in ledger.verify().findings[0].message


def test_a_stranger_with_a_clone_verifies_against_the_fetched_heads(ledger: Ledger, key: Path, tmp_path: Path) -> None:
    ledger.run()
    sign_heads(open_ledger(ledger.repository.path), SignOptions(key=str(key)))
    clone = type(ledger.repository)(tmp_path / "clone")
    subprocess.run(["git", "clone", "-q", str(ledger.repository.path), str(clone.path)], check=True)
    clone.git("fetch", "-q", "origin", "refs/innominatus/*:refs/innominatus/*")
    report = verify(open_ledger(clone.path), VerifyOptions(allowed_signers=signers(key))).report
    assert report.sound
    assert [(anchor.kind, anchor.signed, anchor.count) for anchor in report.anchors] == [("statement", True, 1)]


@pytest.fixture
def remote(ledger: Ledger, tmp_path: Path) -> Path:
    """A bare repository that is the `origin` of the ledger's."""
    bare = tmp_path / "remote.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(bare)], check=True)
    ledger.repository.git("remote", "add", "origin", f"file://{bare}")
    ledger.repository.git("push", "-q", "origin", "main")
    return bare


def clone_of(ledger: Ledger, remote: Path, name: str) -> Ledger:
    path = remote.parent / name
    subprocess.run(["git", "clone", "-q", f"file://{remote}", str(path)], check=True)
    return Ledger(type(ledger.repository)(path), ledger.make)


def signed_and_pushed(ledger: Ledger, **options: Any) -> Any:
    return sign_heads(open_ledger(ledger.repository.path), SignOptions(unsigned=True, push=True, **options))


def on(remote: Path) -> str:
    """What the remote's ref of statements is."""
    return subprocess.run(
        ["git", "rev-parse", HEADS_REF], cwd=remote, capture_output=True, text=True, check=True
    ).stdout.strip()


def test_statements_are_pushed_and_a_stranger_fetches_them(ledger: Ledger, remote: Path) -> None:
    ledger.run()
    ledger.repository.git("push", "-q", "origin", "main")
    signed = signed_and_pushed(ledger)
    assert signed.findings == ()
    assert on(remote) == signed.commit
    stranger = clone_of(ledger, remote, "stranger")
    assert stranger.verify().report.anchors == []
    stranger.forget()
    assert [anchor.name for anchor in stranger.verify(fetch=True).report.anchors] == ["main"]


def test_a_clone_that_is_behind_signs_nothing_over_a_newer_statement(ledger: Ledger, remote: Path) -> None:
    ledger.run()
    ledger.repository.git("push", "-q", "origin", "main")
    behind = clone_of(ledger, remote, "behind")
    ledger.run()
    signed = signed_and_pushed(ledger)
    refused = signed_and_pushed(behind)
    assert refused.statement is None
    assert places(refused.findings) == [("ORC-6069", f"{HEADS_REF}:main.json")]
    assert on(remote) == signed.commit
    ledger.repository.git("push", "-q", "origin", "main")
    behind.repository.git("pull", "-q")
    assert signed_and_pushed(behind).findings == ()
    assert behind.told() == []


def test_statements_of_two_clones_about_two_branches_both_stay(ledger: Ledger, remote: Path) -> None:
    ledger.run()
    ledger.repository.git("push", "-q", "origin", "main")
    other = clone_of(ledger, remote, "other")
    other.repository.git("checkout", "-q", "-b", "side")
    other.run()
    sign_heads(open_ledger(other.repository.path), SignOptions(unsigned=True))
    signed_and_pushed(ledger)
    assert other.verify(fetch=True).report.sound
    assert other.repository.git("ls-tree", "--name-only", HEADS_REF).splitlines() == ["main.json", "side.json"]
    signed_and_pushed(other)
    assert ledger.verify(fetch=True).report.sound
    assert ledger.repository.git("ls-tree", "--name-only", HEADS_REF).splitlines() == ["main.json", "side.json"]


def test_a_remote_whose_statements_went_back_changes_nothing_here(ledger: Ledger, remote: Path) -> None:
    ledger.run()
    old = signed_and_pushed(ledger).commit
    ledger.run()
    new = signed_and_pushed(ledger).commit
    subprocess.run(["git", "update-ref", HEADS_REF, old], cwd=remote, check=True)
    assert ledger.told(fetch=True) == []
    assert ledger.repository.git("rev-parse", HEADS_REF) == new


def test_whoever_loses_a_race_begins_anew_and_gives_up_in_the_end(
    ledger: Ledger, remote: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from innominatus_cli.operations import fetching_heads

    ledger.run()
    plain = fetching_heads.push_heads
    lost = [2]

    def others_are_faster(*arguments: Any) -> bool:
        lost[0] -= 1
        return lost[0] < 0 and plain(*arguments)

    monkeypatch.setattr(fetching_heads, "push_heads", others_are_faster)
    signed = signed_and_pushed(ledger)
    assert (signed.findings, on(remote)) == ((), signed.commit)
    lost[0] = 100
    assert [finding.code.number for finding in signed_and_pushed(ledger).findings] == ["ORC-6023"]


def test_a_remote_that_is_none_or_gone_is_told(ledger: Ledger, remote: Path) -> None:
    ledger.run()
    with pytest.raises(CannotContinue) as caught:
        ledger.verify(fetch=True, remote="nowhere")
    assert caught.value.findings[0].code.number == "ORC-6100"
    remote.rename(remote.with_name("gone"))
    with pytest.raises(CannotContinue) as caught:
        ledger.verify(fetch=True)
    assert caught.value.findings[0].code.number == "ORC-6101"


@pytest.mark.parametrize("kind", ["HEAD^{tree}", "HEAD:README.md"])
def test_a_remote_ref_of_statements_that_is_no_commit_is_not_taken(ledger: Ledger, remote: Path, kind: str) -> None:
    ledger.run()
    ledger.repository.git("push", "-q", "origin", "main")
    bad = subprocess.run(["git", "rev-parse", kind], cwd=remote, capture_output=True, text=True, check=True)
    subprocess.run(["git", "update-ref", HEADS_REF, bad.stdout.strip()], cwd=remote, check=True)
    assert ledger.told(fetch=True) == []
    assert ledger.repository.git("for-each-ref", HEADS_REF) == ""
    assert signed_and_pushed(ledger).commit == on(remote)


def test_a_statement_can_be_verified_by_hand_with_git_and_ssh_keygen(ledger: Ledger, key: Path) -> None:
    ledger.run()
    sign_heads(open_ledger(ledger.repository.path), SignOptions(key=str(key)))
    commands = f"""
        git show {HEADS_REF}:main.json > .git/statement.json
        git show {HEADS_REF}:main.json.sig > .git/statement.json.sig
        ssh-keygen -Y verify -f {signers(key)} -I ada@example.org -n heads@innominatus \\
          -s .git/statement.json.sig < .git/statement.json
    """
    done = subprocess.run(["sh", "-ec", commands], cwd=ledger.repository.path, capture_output=True, check=True)
    assert b'Good "heads@innominatus" signature for ada@example.org' in done.stdout


@pytest.mark.parametrize("attack", ["unsigned", "other key", "other name", "other purpose", "edited"])
def test_a_statement_without_an_allowed_signature_is_not_trusted(
    ledger: Ledger, key: Path, tmp_path: Path, attack: str
) -> None:
    ledger.run()
    allowed = signers(key)
    other = tmp_path / "other"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(other)], check=True)
    opened = open_ledger(ledger.repository.path)
    options = SignOptions(str(other if attack == "other key" else key), unsigned=attack == "unsigned")
    sign_heads(opened, options)
    if attack == "other name":
        allowed = signers(key, "eve@example.org")
    if attack == "other purpose":
        allowed.write_text(allowed.read_text().replace(" ssh-", ' namespaces="git" ssh-'))
    if attack == "edited":
        rewrite_statement(ledger.repository, "main.json", lambda text: text.replace('"count":1', '"count":0'))
    assert ledger.told(allowed_signers=allowed) == [("ORC-6070", f"{HEADS_REF}:main.json")]


def rewrite_statement(repository: Repository, name: str, change: Callable[[str], str]) -> None:
    """Commits another file to the ref of statements, as somebody who may push it could."""
    index = {**os.environ, "GIT_INDEX_FILE": str(repository.path / ".git" / "other-index")}
    text = change(repository.git("show", f"{HEADS_REF}:{name}") + "\n")

    def git(*arguments: str, given: str | None = None) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=repository.path, env=index, input=given, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    git("read-tree", HEADS_REF)
    blob = git("hash-object", "-w", "--stdin", given=text)
    git("update-index", "--add", "--cacheinfo", f"100644,{blob},{name}")
    commit = git("commit-tree", "-p", HEADS_REF, "-m", "x", git("write-tree"))
    git("update-ref", HEADS_REF, commit)


@pytest.mark.parametrize(("lost", "also"), [(1, ""), (2, ", nor is 1 other"), (3, ", nor are 2 others")])
def test_what_a_statement_names_and_the_ledger_lacks_is_counted(ledger: Ledger, lost: int, also: str) -> None:
    ledger.run()
    sign_heads(open_ledger(ledger.repository.path), SignOptions(unsigned=True))
    tips = [f"sha256:{number}" + "0" * 63 for number in range(lost)]
    rewrite_statement(
        ledger.repository, "main.json", lambda text: canonical_json({**json.loads(text), "tips": tips}).decode() + "\n"
    )
    found = ledger.verify()
    messages = [finding.message for finding in found.findings if finding.code.number == "ORC-6069"]
    assert any(
        message.endswith(f"names record sha256:000000000000…, which is not in the ledger{also}") for message in messages
    )
    (anchor,) = (anchor for anchor in found.report.anchors if anchor.kind == "statement")
    assert (anchor.signed, anchor.holds) == (False, False)


def test_a_statement_that_counts_more_records_than_there_are_is_told(ledger: Ledger) -> None:
    ledger.run()
    sign_heads(open_ledger(ledger.repository.path), SignOptions(unsigned=True))
    rewrite_statement(ledger.repository, "main.json", lambda text: text.replace('"count":1', '"count":2'))
    (finding,) = ledger.verify().findings
    assert finding.message.endswith("counts 2 records, and there are 1")


def test_only_a_signature_that_is_asked_for_and_holds_is_counted(ledger: Ledger, key: Path) -> None:
    ledger.run()
    sign_heads(open_ledger(ledger.repository.path), SignOptions(key=str(key)))
    for options, signed in (({}, 0), ({"allowed_signers": signers(key)}, 1)):
        found = ledger.verify(**options)
        (anchor,) = (anchor for anchor in found.report.anchors if anchor.kind == "statement")
        assert (anchor.signed, anchor.holds, found.report.counts.signatures) == (bool(signed), True, signed)


@pytest.mark.parametrize("text", ["", "{}", "[" * 100_000, '{"schema":1}', "\x00"])
def test_what_is_no_statement_is_told(ledger: Ledger, text: str) -> None:
    ledger.run()
    sign_heads(open_ledger(ledger.repository.path), SignOptions(unsigned=True))
    rewrite_statement(ledger.repository, "main.json", lambda _: text)
    assert ledger.told()[0] == ("ORC-6070", f"{HEADS_REF}:main.json")


def test_signing_anew_takes_away_what_could_be_no_statement(ledger: Ledger) -> None:
    run = ledger.run()
    ledger.repository.git("update-ref", HEADS_REF, "HEAD")
    assert ("ORC-6070", f"{HEADS_REF}:{run.path}") in ledger.told()
    sign_heads(open_ledger(ledger.repository.path), SignOptions(unsigned=True))
    assert ledger.told() == []
    assert ledger.repository.git("ls-tree", "-r", "--name-only", HEADS_REF) == "main.json"


@pytest.mark.parametrize(("size", "found"), [(1024 * 1024, True), (1024 * 1024 + 1, False)])
def test_a_statement_of_more_than_a_mebibyte_is_none(repository: Repository, size: int, found: bool) -> None:
    git, clock = repository.open(), SystemClock()
    facts = {"branch": "main", "commit": "1" * 40, "tips": [], "count": 0, "at": "x"}
    short = HeadsStatement.model_validate({**facts, "by": ""})
    long = HeadsStatement.model_validate({**facts, "by": "a" * (size - len(short.canonical))})
    assert len(long.canonical) == size
    who = Identity("Ada", "ada@example.org", "git config")
    write_heads(git, StateFolder(repository.path / ".git"), who, clock, long, "")
    statements, findings = read_heads(git, git.commit_of(HEADS_REF))
    assert [one.statement for one in statements] == ([long] if found else [])
    assert places(tuple(findings)) == ([] if found else [("ORC-6070", f"{HEADS_REF}:main.json")])


def test_a_statement_gives_up_where_its_ref_is_locked(repository: Repository) -> None:
    lock = repository.path / ".git" / f"{HEADS_REF}.lock"
    lock.parent.mkdir(parents=True)
    lock.touch()
    facts = {"branch": "main", "commit": "1" * 40, "tips": [], "count": 0, "at": "x", "by": "a@b"}
    who = Identity("Ada", "ada@example.org", "git config")
    state = StateFolder(repository.path / ".git")
    git = repository.open()
    with pytest.raises(GitFailed, match="is locked or moves all the time"):
        write_heads(git, state, who, SystemClock(), HeadsStatement.model_validate(facts), "")
    assert git.commit_of(HEADS_REF) is None


def test_a_statement_of_another_branch_counts_only_where_its_commit_is_an_ancestor(ledger: Ledger) -> None:
    ledger.run()
    ledger.repository.git("checkout", "-q", "-b", "side")
    ledger.run()
    sign_heads(open_ledger(ledger.repository.path), SignOptions(unsigned=True))
    ledger.repository.git("checkout", "-q", "main")
    assert [anchor.name for anchor in ledger.verify().report.anchors] == []
    ledger.repository.git("merge", "-q", "--ff-only", "side")
    assert [(anchor.name, anchor.holds) for anchor in ledger.verify().report.anchors] == [
        ("side", True),
        ("main", True),
    ]


def test_an_older_statement_in_place_of_a_newer_one_is_a_rollback(ledger: Ledger) -> None:
    ledger.run()
    opened = open_ledger(ledger.repository.path)
    sign_heads(opened, SignOptions(unsigned=True))
    old = ledger.repository.git("rev-parse", HEADS_REF)
    ledger.run()
    sign_heads(open_ledger(ledger.repository.path), SignOptions(unsigned=True))
    assert ledger.told() == []
    ledger.repository.git("update-ref", HEADS_REF, old)
    assert ledger.told() == [("ORC-6069", f"{HEADS_REF}:main.json")]
    ledger.repository.git("update-ref", "-d", HEADS_REF)
    assert ledger.told() == [("ORC-6074", HEADS_REF)]


def test_a_statement_is_newer_than_the_one_that_it_replaces_though_the_clock_is_behind(ledger: Ledger) -> None:
    class Behind(SystemClock):
        def now(self) -> datetime:
            return datetime.now(UTC) - timedelta(minutes=3)

    ledger.run()
    first = sign_heads(open_ledger(ledger.repository.path), SignOptions(unsigned=True)).statement
    ledger.run()
    second = sign_heads(open_ledger(ledger.repository.path), SignOptions(unsigned=True), Behind()).statement
    assert first is not None
    assert second is not None
    assert second.at > first.at
    assert (second.count, ledger.told()) == (2, [])


@pytest.mark.parametrize(
    ("age", "told"),
    [
        (timedelta(days=31), "it is 31 days old"),
        (timedelta(minutes=95, seconds=5), "it is 1h35m old"),
        (timedelta(seconds=5), "it is less than a minute old"),
    ],
)
def test_an_old_statement_is_warned_of(ledger: Ledger, age: timedelta, told: str) -> None:
    ledger.repository.commit("admin-config.yaml", "ledger: {headsMaxAge: 1s}\n")
    ledger.run()
    sign_heads(open_ledger(ledger.repository.path), SignOptions(unsigned=True))

    class Later(SystemClock):
        def now(self) -> datetime:
            return datetime.now(UTC) + age

    found = verify(open_ledger(ledger.repository.path), clock=Later())
    assert places(found.findings) == [("ORC-6071", f"{HEADS_REF}:main.json")]
    assert found.findings[0].message == told
    assert found.report.sound


def test_signing_refuses_a_ledger_that_is_not_sound_and_replaces_a_statement_that_nobody_trusts(
    ledger: Ledger, key: Path
) -> None:
    first = ledger.run()
    admin = f"ledger: {{signers: ['ada@example.org {key.with_suffix('.pub').read_text().strip()}']}}\n"
    sign_heads(open_ledger(ledger.repository.path), SignOptions(unsigned=True))
    ledger.repository.commit("admin-config.yaml", admin)
    assert ledger.told() == [("ORC-6070", f"{HEADS_REF}:main.json")]
    with pytest.raises(CannotContinue, match="nobody would trust a statement without a signature"):
        sign_heads(open_ledger(ledger.repository.path), SignOptions(unsigned=True))
    signed = sign_heads(open_ledger(ledger.repository.path), SignOptions(key=str(key)))
    assert signed.statement is not None
    assert ledger.told() == []
    ledger.repository.commit(first.path, ledger.repository.read(first.path).replace("succeeded", "failed"))
    refused = sign_heads(open_ledger(ledger.repository.path), SignOptions(key=str(key)))
    assert refused.statement is None
    assert "ORC-6062" in {finding.code.number for finding in refused.findings}


def test_a_key_is_named_as_the_signers_know_it_and_a_strangers_key_signs_nothing(
    ledger: Ledger, key: Path, tmp_path: Path
) -> None:
    ledger.run()
    public = key.with_suffix(".pub").read_text().strip()
    ledger.repository.commit("admin-config.yaml", f"ledger: {{signers: ['bot@example.org {public}']}}\n")
    signed = sign_heads(open_ledger(ledger.repository.path), SignOptions(key=str(key)))
    assert signed.statement is not None
    assert signed.statement.by == "bot@example.org"
    assert ledger.told() == []
    ledger.repository.commit("admin-config.yaml", f"ledger: {{signers: ['*@example.org {public}']}}\n")
    signed = sign_heads(open_ledger(ledger.repository.path), SignOptions(key=str(key)))
    assert signed.statement is not None
    assert signed.statement.by == "ada@example.org"
    assert ledger.told() == []
    before = ledger.repository.git("rev-parse", HEADS_REF)
    stranger = tmp_path / "stranger"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(stranger)], check=True)
    with pytest.raises(CannotContinue) as caught:
        sign_heads(open_ledger(ledger.repository.path), SignOptions(key=str(stranger)))
    assert caught.value.findings[0].code.number == "ORC-6061"
    ledger.repository.commit("admin-config.yaml", f"ledger: {{signers: ['* namespaces=\"git\" {public}']}}\n")
    with pytest.raises(CannotContinue):
        sign_heads(open_ledger(ledger.repository.path), SignOptions(key=str(key)))
    assert ledger.repository.git("rev-parse", HEADS_REF) == before


def test_a_detached_head_needs_the_name_of_its_branch(ledger: Ledger, key: Path) -> None:
    ledger.run()
    ledger.repository.git("checkout", "-q", "--detach")
    with pytest.raises(CannotContinue):
        sign_heads(open_ledger(ledger.repository.path), SignOptions(key=str(key)))
    signed = sign_heads(open_ledger(ledger.repository.path), SignOptions(key=str(key), branch="main"))
    assert signed.statement is not None
    assert signed.statement.branch == "main"
    assert [anchor.kind for anchor in ledger.verify(branch="main").report.anchors] == ["statement", "remembered"]


def test_a_statement_of_a_file_or_the_records_of_a_revision_can_be_named(
    ledger: Ledger, key: Path, tmp_path: Path
) -> None:
    ledger.run()
    last = ledger.run()
    signed = sign_heads(open_ledger(ledger.repository.path), SignOptions(key=str(key)))
    assert signed.statement is not None
    file = tmp_path / "heads.json"
    file.write_bytes(signed.statement.canonical)
    file.with_name("heads.json.sig").write_text(signed.signature)
    ledger.repository.git("update-ref", "-d", HEADS_REF)
    ledger.repository.git("branch", "elsewhere")
    ledger.repository.git("reset", "-q", "--hard", "HEAD~1")
    ledger.forget()
    assert ledger.told(head="elsewhere") == [("ORC-6069", last.path)]
    ledger.forget()
    told = ledger.told(head=str(file), allowed_signers=signers(key))
    assert ("ORC-6069", str(file)) in told
    file.write_text("{}")
    with pytest.raises(CannotContinue) as caught:
        ledger.verify(head=str(file))
    assert caught.value.findings[0].code.number == "ORC-6070"
    with pytest.raises(CannotContinue) as caught:
        ledger.verify(head="nowhere")
    assert caught.value.findings[0].code.number == "ORC-6003"


def test_signers_come_from_the_revision_that_is_named_and_not_from_the_change_itself(
    ledger: Ledger, key: Path, tmp_path: Path
) -> None:
    public = key.with_suffix(".pub").read_text().strip()
    ledger.repository.commit("admin-config.yaml", f"ledger: {{signers: ['ada@example.org {public}']}}\n")
    ledger.repository.git("branch", "base")
    ledger.run()
    eves = tmp_path / "eve"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(eves)], check=True)
    hers = eves.with_suffix(".pub").read_text().strip()
    ledger.repository.commit("admin-config.yaml", f"ledger: {{signers: ['ada@example.org {hers}']}}\n")
    sign_heads(open_ledger(ledger.repository.path), SignOptions(key=str(eves)))
    assert ledger.told() == []
    assert ledger.told(policies_from="base") == [("ORC-6070", f"{HEADS_REF}:main.json")]


def approval(key: Path, record: str, namespace: str = SIGNATURE_NAMESPACE, **changes: Any) -> Evidence:
    """Evidence that Ada approved, in the record with this id."""
    statement = ApprovalStatement(
        **{
            "action": "approve",
            "record": record,
            "plan": digest(PLAN),
            "gates": ["environment"],
            "application": "checkout-service",
            "environment": "production",
            "teams": ["release"],
            "email": "ada@example.org",
            "decided_at": "2026-11-20T20:00:00.000Z",
            "expires_at": "2026-11-21T20:00:00.000Z",
            "nonce": "00",
            **changes,
        }
    )
    signature = sign(str(key), namespace, statement.text.encode())
    return Evidence(kind="ssh", statement=statement.text, signature=signature, signer="ada@example.org")


def test_the_evidence_of_an_approval_is_verified_with_signatures_only(ledger: Ledger, key: Path) -> None:
    ids = [SystemClock().new_id() for _ in range(8)]
    good = approval(key, ids[0])
    ledger.act(id=ids[0], evidence=good)
    for number, bad in enumerate(
        (
            approval(key, ids[1], "git"),
            approval(key, ids[2], "heads@innominatus"),
            good.model_copy(update={"statement": good.statement.replace("production", "staging")}),
            good.model_copy(update={"signature": "none"}),
            good,
            approval(key, ids[6], email="eve@example.org"),
            good.model_copy(
                update={"statement": "{}", "signature": sign(str(key), SIGNATURE_NAMESPACE, b"{}")}  # of nothing
            ),
        ),
        start=1,
    ):
        ledger.act(id=ids[number], evidence=bad)
    ledger.act(action="reject", evidence=approval(key, "x"))
    ledger.act(action="break_lock", evidence=approval(key, "x"))  # what it says is nobody's business here
    assert ledger.told() == []
    found = ledger.verify(signatures=True, allowed_signers=signers(key))
    assert sorted(
        finding.message.partition(" is ")[2] or finding.message.partition(" was ")[2]
        for finding in found.findings
        if finding.code.number == "ORC-6072"
    ) == [
        "no statement of an approval",
        "not signed by 'ada@example.org'",
        "not signed by 'ada@example.org'",
        "not signed by 'ada@example.org'",
        "signed by another than it names",
        "signed for something else",
        "signed for something else",
        "signed for something else",
    ]
    assert found.report.counts.signatures == 10


def test_the_keys_of_approvers_count_for_approvals_and_for_no_statement(ledger: Ledger, key: Path) -> None:
    public = key.with_suffix(".pub").read_text().strip()
    team = f"{{members: [Ada@example.org], signers: {{Ada@example.org: {{ssh: ['{public}']}}}}}}"
    ledger.repository.commit("admin-config.yaml", f"teams: {{release: {team}}}\n")
    identity = SystemClock().new_id()
    ledger.act(id=identity, evidence=approval(key, identity))
    report = ledger.verify(signatures=True).report
    assert (report.findings, report.counts.signatures) == ([], 1)
    other = f"ledger: {{signers: ['bot@example.org ssh-ed25519 AAAA']}}\nteams: {{release: {team}}}\n"
    ledger.repository.commit("admin-config.yaml", other)
    with pytest.raises(CannotContinue):
        sign_heads(open_ledger(ledger.repository.path), SignOptions(key=str(key)))


def test_a_commit_that_was_signed_by_nobody_we_know_is_told_with_signatures(ledger: Ledger, key: Path) -> None:
    ledger.run()
    options = ("-c", "gpg.format=ssh", "-c", f"user.signingkey={key}")
    ledger.repository.git(*options, "commit", "-q", "--amend", "--no-edit", "-S")
    commit = ledger.repository.git("rev-parse", "HEAD")
    found = ledger.verify(signatures=True, allowed_signers=signers(key))
    assert ([finding.code.number for finding in found.findings], found.report.counts.signatures) == (["ORC-6074"], 1)
    assert ledger.told(signatures=True) == [("ORC-6072", f"commit {commit}")]


def test_a_plan_that_is_missing_edited_or_no_digest_at_all_is_told(ledger: Ledger) -> None:
    run = ledger.run()
    path = f".innominatus/plans/{digest(PLAN).removeprefix('sha256:')}.json"
    ledger.repository.git("rm", "-q", path)
    ledger.repository.git("commit", "-qm", "no plan")
    assert ledger.told() == [("ORC-6067", path)]
    ledger.repository.commit(path, PLAN_BYTES.decode() + "\n")
    assert ledger.told() == [("ORC-6067", path)]
    for other in (PLAN_BYTES[:-1] + b" ", PLAN_BYTES[:-1]):
        ledger.repository.commit(path, other.decode())
        assert ledger.told() == [("ORC-6067", path)]
        assert "its digest differs" in ledger.verify().findings[0].message
    ledger.repository.commit(path, PLAN_BYTES.decode())
    assert ledger.told() == []
    record = ledger.make(plan="../../x", run=run.record.run[:-1] + ("0" if run.record.run[-1] != "0" else "1"))
    name = run.path.replace(run.record.run, record.run)
    ledger.repository.commit(name, record.canonical.decode())
    assert ledger.told() == [("ORC-6067", name)]


def test_a_shallow_clone_is_warned_of_and_still_verified(ledger: Ledger, tmp_path: Path) -> None:
    for _ in range(3):
        ledger.run()
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", "--depth", "1", f"file://{ledger.repository.path}", str(clone)], check=True)
    found = verify(open_ledger(clone))
    assert {finding.code.number for finding in found.findings} == {"ORC-6068", "ORC-6073"}
    assert all(finding.severity is Severity.WARNING for finding in found.findings)
    assert found.report.counts.runs == 3


def test_a_partial_clone_says_how_it_gets_what_it_lacks(ledger: Ledger, tmp_path: Path) -> None:
    ledger.run()
    ledger.repository.git("config", "uploadpack.allowFilter", "true")
    clone = Repository(tmp_path / "clone")
    filtered = ("clone", "-q", "--filter=blob:none", "--no-checkout", f"file://{ledger.repository.path}")
    ledger.repository.git(*filtered, str(clone.path))
    with pytest.raises(CannotContinue, match="git fetch --refetch --no-filter"):
        verify(open_ledger(clone.path))
    clone.git("fetch", "-q", "--refetch", "--no-filter")
    clone.git("checkout", "-q", "main")
    assert verify(open_ledger(clone.path)).report.sound


def test_waiting_records_are_counted_and_belong_to_no_chain(ledger: Ledger) -> None:
    ledger.repository.git("checkout", "-q", "--detach")
    ledger.run()
    ledger.act()
    ledger.repository.git("checkout", "-q", "main")
    store = ledger.repository.store()
    store.write(ledger.make(plan=None), None, {}, store.git.head(), commit=False)
    report = ledger.verify().report
    assert (report.sound, report.counts.waiting, report.counts.runs) == (True, 3, 0)


def test_nothing_of_the_repository_is_changed_or_executed(ledger: Ledger, tmp_path: Path) -> None:
    ledger.run()
    trap = tmp_path / "trap"
    hooks = ledger.repository.path / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("reference-transaction", "post-index-change", "post-checkout"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {trap}\n")
        (hooks / name).chmod(0o755)
    for setting in ("core.fsmonitor", "diff.external", "filter.x.clean", "core.sshCommand", "gpg.ssh.program"):
        ledger.repository.git("config", setting, f"touch {trap}; false")
    (ledger.repository.path / ".gitattributes").write_text("* filter=x diff=x\n")
    before = ledger.repository.git("for-each-ref"), (ledger.repository.path / ".git" / "index").read_bytes()
    assert ledger.told(signatures=True) == []
    assert (ledger.repository.git("for-each-ref"), (ledger.repository.path / ".git" / "index").read_bytes()) == before
    assert not trap.exists()


def test_a_read_only_state_folder_only_forgets(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger.run()

    def refuse(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("innominatus_cli.ledger.seen_heads.replace_owned", refuse)
    assert ledger.verify().report.anchors == []
    assert ledger.verify().report.anchors == []


@pytest.mark.parametrize("noted", ["", "[]", "{", '{"main": 1}', '{"main": {"tips": 1}}', "[" * 10_000])
def test_a_note_that_cannot_be_read_says_nothing(ledger: Ledger, noted: str) -> None:
    ledger.run()
    assert ledger.told() == []
    (ledger.repository.path / ".git/innominatus/ledger/seen-heads.json").write_text(noted)
    assert ledger.verify().report.anchors == []


def test_the_command_answers_with_65_for_people_and_machines_and_strict_fails_for_warnings(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from innominatus_cli.cli.main import run

    monkeypatch.chdir(ledger.repository.path)
    first = ledger.run(commit="0" * 40)
    assert run(["ledger", "verify"]) == 0
    shown = capfd.readouterr()
    assert "is sound: 1 run, 0 actions, 1 plan, 2 commits" in shown.out
    assert "ORC-6068" in shown.err
    assert "ada@example.org" in shown.out
    assert run(["ledger", "verify", "--strict"]) == 1
    capfd.readouterr()
    ledger.repository.git("rm", "-q", first.path)
    ledger.repository.git("commit", "-qm", "tidy up")
    assert run(["ledger", "verify", "-o", "json"]) == 65
    report = json.loads(capfd.readouterr().out)
    assert report["schema"] == "innominatus.dev/ledger-verification/v1"
    assert report["sound"] is False
    assert report["findings"][0]["path"] == first.path


def test_signing_and_trusting_a_file_of_signers_by_the_command(
    ledger: Ledger, key: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from innominatus_cli.cli.main import run

    monkeypatch.chdir(ledger.repository.path)
    ledger.run()
    assert run(["ledger", "sign", "--key", str(key)]) == 0
    assert capfd.readouterr().out.startswith("Signed: 1 record on main at ")
    assert run(["ledger", "verify", "--signatures", "--allowed-signers", str(signers(key))]) == 0
    assert "by ada@example.org on main (1 record, signed)" in capfd.readouterr().out
    assert run(["ledger", "verify", "--allowed-signers", "nowhere"]) == 65
    assert "ORC-6070" in capfd.readouterr().err


def test_who_approved_several_gates_of_a_run_is_named_once(ledger: Ledger) -> None:
    digest = ledger.act(reason="green").record.digest
    one = {"record": digest, "email": "eve@example.org", "team": "release", "evidence": "ssh"}
    ledger.run(approvals=[{"gate": gate, **one} for gate in ("environment", "resource:volume")])
    (row,) = ledger.verify().report.last_runs
    assert row.approvals == ["eve@example.org"]


def test_a_run_is_shown_with_who_what_when_from_where_and_under_which_approvals(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from innominatus_cli.cli.main import run

    monkeypatch.chdir(ledger.repository.path)
    approval = ledger.act(reason="all tests are green").record
    counted = {
        "gate": "environment",
        "record": approval.digest,
        "email": "eve@example.org",
        "team": "release",
        "evidence": "ssh",
    }
    made = ledger.run(approvals=[counted]).record
    assert run(["ledger", "show", made.run[:20]]) == 0
    out = capfd.readouterr().out
    for said in (
        f"run {made.run}: deploy checkout-service to development: succeeded",
        "Ada Lovelace <ada@example.org>",
        f"commit {made.commit}",
        f"environment by eve@example.org of release (ssh; {approval.digest})",
        "approve by ada@example.org",
        "all tests are green",
        made.digest,
    ):
        assert said in out
    assert run(["ledger", "show", "latest", "-o", "json"]) == 0
    shown = json.loads(capfd.readouterr().out)
    assert shown["record"] == made.as_json()
    assert [action["digest"] for action in shown["actions"]] == [approval.digest]
