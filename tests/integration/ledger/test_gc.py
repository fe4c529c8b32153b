"""`ledger gc`: old records go in one commit, the chain stays provable, and nobody can hide behind it."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from innominatus_cli.cli import main
from innominatus_cli.documents.canonical import canonical_json, digest
from innominatus_cli.findings.catalogue.ledger import CLOCK_WENT_BACK
from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import CannotContinue, Severity
from innominatus_cli.ledger.collecting import collect
from innominatus_cli.ledger.facts import first_deployment
from innominatus_cli.ledger.heads import HEADS_REF
from innominatus_cli.ledger.retention import Retention
from innominatus_cli.operations.acting import new_action
from innominatus_cli.operations.collecting import Collected, collect_records
from innominatus_cli.operations.history import history, open_ledger
from innominatus_cli.operations.signing import SignOptions, sign_heads
from innominatus_cli.operations.verifying import VerifyOptions, verify
from innominatus_cli.system.clock import timestamp, ulid
from tests.integration.ledger.test_action_records import make_action

if TYPE_CHECKING:
    from collections.abc import Callable

    from innominatus_cli.documents.run_record import RunRecord
    from innominatus_cli.ledger.working_tree import WorkingTreeStore
    from innominatus_cli.system.commands import CommandOutcome, CommandRequest
    from tests.integration.ledger.conftest import Repository

    MakeRecord = Callable[..., RunRecord]

BEGAN = datetime(2024, 1, 1, tzinfo=UTC)
_KILLED = 9


class Old:
    """A repository whose records are of 2024, a day apart; each run has a plan of its own."""

    def __init__(self, repository: Repository, make: MakeRecord, *, branch: bool) -> None:
        self.repository = repository
        self.make = make
        self.branch = branch
        self.days = 0
        if branch:
            repository.commit("admin-config.yaml", "ledger: {store: branch}\n")

    @property
    def ref(self) -> str:
        return "innominatus/ledger" if self.branch else "HEAD"

    def store(self) -> WorkingTreeStore:
        return open_ledger(self.repository.path).store

    def run(self, status: str = "failed", **changes: Any) -> RunRecord:
        """Writes the record of the next day."""
        self.days += 1
        moment = BEGAN + timedelta(days=self.days)
        plan = {"plan": self.days}
        facts = {
            "run": ulid(int(moment.timestamp() * 1000), self.days.to_bytes(10)),
            "started_at": timestamp(moment),
            "finished_at": timestamp(moment),
            "status": status,
            "plan": digest(plan),
        }
        store = self.store()
        record = self.make(**{**facts, **changes})
        written = store.write(record, canonical_json(plan) + b"\n", {}, store.git.head())
        assert written.findings == ()
        return written.record

    def gc(self, keep_days: int = 30, keep_last: int = 0, **options: Any) -> Collected:
        return collect_records(open_ledger(self.repository.path), keep_days, keep_last, **options)

    def told(self, **options: Any) -> list[str]:
        found = verify(open_ledger(self.repository.path), VerifyOptions(**options)).findings
        return [f"{one.code.number} {one.place.path}" for one in found if one.code is not CLOCK_WENT_BACK]

    def errors(self, **options: Any) -> list[str]:
        found = verify(open_ledger(self.repository.path), VerifyOptions(**options)).findings
        return [one.code.number for one in found if one.severity is Severity.ERROR]

    def runs(self) -> list[str]:
        return [row["run"] for row in reversed(history(open_ledger(self.repository.path)).rows)]

    def files(self) -> set[str]:
        return set(self.repository.git("ls-tree", "-r", "--name-only", self.ref, ".innominatus/").splitlines())

    def forge(self, change: Callable[[dict[str, Any]], None]) -> None:
        """Replaces the newest action by a changed one, in the commit that brought it, as somebody who may push can."""
        (path,) = [name for name in self.files() if "/actions/" in name]
        action = json.loads(self.repository.git("show", f"{self.ref}:{path}"))
        change(action)
        self.replace({path: canonical_json(action) + b"\n"}, amend=True)

    def forget(self) -> None:
        """As a clone that never verified."""
        (self.repository.path / ".git/innominatus/ledger/seen-heads.json").unlink(missing_ok=True)

    def forget_tips(self) -> None:
        """As a clone that never wrote."""
        (self.repository.path / ".git/innominatus/ledger/tips.json").unlink(missing_ok=True)

    def replace(self, files: dict[str, bytes | None], *, amend: bool = False) -> None:
        """A commit of files to the branch of the ledger, made by git."""
        git = self.repository.git
        place = self.repository.path
        if self.branch:
            place = self.repository.path.parent / f"other-{len(list(self.repository.path.parent.iterdir()))}"
            git("worktree", "add", "-q", str(place), self.ref)
        other = type(self.repository)(place)
        for path, data in files.items():
            if data is None:
                other.git("rm", "-q", "--", path)
            else:
                (place / path).parent.mkdir(parents=True, exist_ok=True)
                (place / path).write_bytes(data)
                other.git("add", "--", path)
        other.git("commit", "-q", *(["--amend", "--no-edit"] if amend else ["-m", "Edit"]))
        if self.branch:
            git("worktree", "remove", "--force", str(place))


@pytest.fixture(params=["tree", "branch"])
def old(request: pytest.FixtureRequest, repository: Repository, make_record: MakeRecord) -> Old:
    return Old(repository, make_record, branch=request.param == "branch")


def lived(old: Old) -> tuple[list[RunRecord], list[RunRecord]]:
    """A history of failures between successes: those that stay, and those that may go."""
    first = old.run("succeeded")
    going = [old.run(), old.run()]
    middle = old.run("succeeded")
    going += [old.run(), old.run("refused", kind="refusal")]
    last = old.run("succeeded")
    going.append(old.run())
    return [first, middle, last], going


def test_old_records_go_with_their_plans_in_one_commit_and_the_ledger_is_still_proved(old: Old) -> None:
    staying, going = lived(old)
    before = old.repository.git("rev-parse", old.ref)
    assert old.told() == []
    done = old.gc()
    assert [one.id for one in done.collection.details.removed] == [record.run for record in going]
    assert old.repository.git("rev-parse", f"{old.ref}^") == before
    assert old.runs() == [record.run for record in staying]
    assert {name for name in old.files() if "/plans/" in name} == {
        f".innominatus/plans/{(record.plan or '').removeprefix('sha256:')}.json" for record in staying
    }
    assert old.told() == []
    report = verify(open_ledger(old.repository.path)).report
    assert (report.counts.runs, report.counts.actions, report.counts.removed) == (3, 1, len(going))
    assert report.anchors[0].kind == "remembered"
    assert report.anchors[0].holds
    assert report.tips == old.store().tips() == [done.collection.record.digest if done.collection.record else ""]
    assert old.repository.git("status", "--porcelain") == ""
    again = old.run("succeeded")
    assert again.parents == report.tips
    old.forget_tips()
    assert old.store().tips() == [again.digest]
    assert old.told() == []


def test_a_tombstone_says_what_the_record_said(old: Old) -> None:
    _, going = lived(old)
    done = old.gc()
    (one, *_) = done.collection.details.removed
    assert (one.digest, one.parents, one.kind) == (going[0].digest, going[0].parents, "run")
    assert done.collection.record is not None
    assert done.collection.record.details == done.collection.details.as_json()


@pytest.mark.parametrize(
    "command", ["ledger show {0}", "logs {0}", "resume {0}", "rollback {0}", "rollback {1} --to {0}"]
)
def test_who_names_a_run_that_was_removed_is_told_where_it_went(
    old: Old, command: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    _, going = lived(old)
    done = old.gc()
    assert done.collection.record is not None
    monkeypatch.chdir(old.repository.path)
    assert main.run(command.format(going[0].run, going[0].application).split()) == ExitStatus.FINDINGS
    said = capfd.readouterr().err
    assert f"`ledger gc` has removed the record of run {going[0].run} (action {done.collection.record.id})" in said
    path = done.collection.details.removed[0].path
    assert f"git log --all --diff-filter=D -- {path}" in said
    shown = old.repository.git("log", "--all", "--diff-filter=D", "--format=%H", "--", path).strip()
    assert going[0].run in old.repository.git("show", f"{shown}^:{path}")


def test_what_is_young_or_among_the_last_of_its_place_stays(old: Old) -> None:
    lived(old)
    elsewhere = [old.run(environment="production") for _ in range(3)]
    assert old.gc(keep_days=36_500).collection.details.removed == []
    assert old.repository.git("status", "--porcelain") == ""
    removed = [one.id for one in old.gc(keep_last=2).collection.details.removed]
    assert elsewhere[0].run in removed
    assert not {record.run for record in elsewhere[1:]} & set(removed)


def test_what_admin_config_says_holds_where_no_option_does(old: Old) -> None:
    lived(old)
    store = "store: branch, " if old.branch else ""
    old.repository.commit("admin-config.yaml", f"ledger: {{{store}retention: {{keepDays: 30, keepLast: 1}}}}\n")
    details = collect_records(open_ledger(old.repository.path), dry_run=True).collection.details
    assert (details.keep_days, details.keep_last, len(details.removed)) == (30, 1, 4)


def test_a_dry_run_changes_nothing(old: Old) -> None:
    lived(old)
    before = old.repository.git("rev-parse", old.ref)
    assert len(old.gc(dry_run=True).collection.details.removed) == 5
    assert old.repository.git("rev-parse", old.ref) == before


def test_runs_that_others_went_on_with_or_took_back_stay_with_them_and_so_do_those_that_wait(old: Old) -> None:
    waiting = old.run("waiting")
    gone_on = old.run()
    lonely = old.run()
    first = old.run("succeeded")
    resumed = old.run("succeeded", kind="resume", resumes=gone_on.run)
    rolled = old.run("succeeded", kind="rollback", rolls_back=first.run)
    done = old.gc()
    assert [one.id for one in done.collection.details.removed] == [lonely.run]
    assert old.runs() == [one.run for one in (waiting, gone_on, first, resumed, rolled)]


def test_a_removal_lets_everything_before_it_go_but_the_first_success(old: Old) -> None:
    first, *_ = lived(old)[0]
    evidence = first_deployment(old.store(), "checkout-service", "development")
    removal = old.run("succeeded", operation="undeploy")
    last = old.run("succeeded")
    old.gc()
    assert old.runs() == [first.run, removal.run, last.run]
    assert first_deployment(old.store(), "checkout-service", "development") == evidence


def test_actions_stay_and_so_does_the_plan_that_one_of_them_names(old: Old) -> None:
    lived(old)
    going = old.run(environment="production")
    old.run("succeeded", environment="production")
    store = old.store()
    approval = make_action(plan=going.plan, run=going.run)
    store.write_action(approval, store.git.head())
    details = old.gc().collection.details
    assert going.run in {one.id for one in details.removed}
    assert going.plan not in details.plans
    assert [one.record.action for one in old.store().actions()] == ["approve", "gc"]
    assert old.told() == []


def test_a_second_gc_removes_what_has_become_old_and_a_third_has_nothing_to_do(old: Old) -> None:
    lived(old)
    old.gc()
    more = [old.run(), old.run()]
    old.run("succeeded")
    assert [one.id for one in old.gc().collection.details.removed] == [record.run for record in more]
    before = old.repository.git("rev-parse", old.ref)
    assert old.gc().collection.commit is None
    assert old.repository.git("rev-parse", old.ref) == before
    assert old.told() == []
    old.forget_tips()
    assert len(old.store().tips()) == 1


def test_a_deletion_that_no_gc_names_is_found_before_it_and_after_it(old: Old) -> None:
    staying, _ = lived(old)
    (path,) = [name for name in old.files() if staying[1].run in name]
    old.gc()
    assert old.errors() == []
    old.replace({path: None})
    assert {"ORC-6063", "ORC-6064"} <= set(old.errors())
    with pytest.raises(CannotContinue):
        old.gc()


def test_a_record_that_was_edited_before_it_was_removed_is_found(old: Old) -> None:
    _, going = lived(old)
    (path,) = [name for name in old.files() if going[0].run in name]
    data = old.repository.git("show", f"{old.ref}:{path}").encode() + b"\n"
    old.replace({path: data.replace(b'"failed"', b'"refused"', 1)})
    assert old.errors()
    store = old.store()
    ledger = open_ledger(old.repository.path)
    limits = Retention("2026-01-01T00:00:00.000Z", 1, 0)
    collect(store, limits, lambda said: new_action(ledger, "gc", details=said.as_json()))
    old.forget()
    assert old.errors(), "whoever goes round the check of `ledger gc` cannot bury an edit"


CHANGES: dict[str, Callable[[dict[str, Any]], None]] = {
    "digest": lambda one: one.update(digest="sha256:" + "0" * 64),
    "parents": lambda one: one.update(parents=["sha256:" + "0" * 64]),
    "fewer parents": lambda one: one.update(parents=[]),
    "kind": lambda one: one.update(kind="resume"),
    "id": lambda one: one.update(id="01JD0000000000000000000000"),
    "path": lambda one: one.update(path=one["path"].replace("/development/", "/production/")),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_tombstone_that_says_something_else_is_found_even_where_the_commit_was_made_anew(
    old: Old, change: str
) -> None:
    lived(old)
    old.gc()
    old.forge(lambda action: CHANGES[change](action["details"]["removed"][1]))
    old.forget()
    assert old.errors()


def test_a_tombstone_that_is_taken_out_is_found(old: Old) -> None:
    lived(old)
    old.gc()
    old.forge(lambda action: action["details"]["removed"].pop(0))
    old.forget()
    assert "ORC-6063" in old.errors()


def test_a_tombstone_for_a_record_that_never_was_is_found(old: Old) -> None:
    lived(old)
    old.gc()

    def add(action: dict[str, Any]) -> None:
        invented = {**action["details"]["removed"][0], "digest": "sha256:" + "1" * 64}
        action["details"]["removed"].append(invented)

    old.forge(add)
    old.forget()
    assert "ORC-6200" in old.errors()


def test_details_that_are_none_make_the_action_one_that_cannot_be_trusted(old: Old) -> None:
    lived(old)
    old.gc()
    old.forge(lambda action: action.update(details={"removed": "everything"}))
    old.forget()
    assert "ORC-6011" in old.errors()


def test_a_removed_record_that_comes_back_is_told_and_removed_again(old: Old) -> None:
    _, going = lived(old)
    (path,) = [name for name in old.files() if going[0].run in name]
    data = old.repository.git("show", f"{old.ref}:{path}").encode() + b"\n"
    plan = f".innominatus/plans/{(going[0].plan or '').removeprefix('sha256:')}.json"
    plan_data = old.repository.git("show", f"{old.ref}:{plan}").encode() + b"\n"
    old.gc()
    old.replace({path: data, plan: plan_data})
    assert old.told() == [f"ORC-6201 {path}"]
    assert [one.id for one in old.gc().collection.details.removed] == [going[0].run]
    assert old.told() == []
    old.replace({path: data.replace(b'"failed"', b'"refused"', 1)})
    assert "ORC-6062" in old.errors()


def test_statements_and_named_revisions_from_before_still_hold(old: Old) -> None:
    lived(old)
    before = old.repository.git("rev-parse", old.ref)
    sign_heads(open_ledger(old.repository.path), SignOptions(unsigned=True))
    old.gc()
    assert old.told(head=before) == []
    anchors = verify(open_ledger(old.repository.path), VerifyOptions(head=before)).report.anchors
    assert {(one.kind, one.holds) for one in anchors} == {("statement", True), ("remembered", True), ("named", True)}
    signed = sign_heads(open_ledger(old.repository.path), SignOptions(unsigned=True))
    assert signed.statement is not None
    assert signed.statement.count == 9
    assert old.repository.git("rev-parse", HEADS_REF)
    assert old.told() == []


def test_records_that_the_remote_does_not_have_yet_stay(old: Old, tmp_path: Path) -> None:
    old.repository.git("init", "-q", "--bare", str(tmp_path / "remote.git"))
    old.repository.git("remote", "add", "origin", str(tmp_path / "remote.git"))
    pushed = old.run(environment="production")
    old.run("succeeded", environment="production")
    branch = "innominatus/ledger" if old.branch else "main"
    old.repository.git("push", "-q", "-u", "origin", branch)
    kept = old.run(environment="production")
    old.run("succeeded", environment="production")
    assert [one.id for one in old.gc().collection.details.removed] == [pushed.run]
    assert kept.run in old.runs()


@pytest.mark.parametrize("old", ["tree"], indirect=True)
def test_two_branches_that_both_removed_records_merge_as_the_page_says(old: Old) -> None:
    alike = {"branch": "of-many-records-that-are-nearly-the-same-" * 20}
    old.run("succeeded", **alike)
    old.run(**alike)
    git = old.repository.git
    git("checkout", "-q", "-b", "other")
    old.gc()
    there = old.run(**alike)
    git("checkout", "-q", "main")
    old.gc()
    here = old.run(**alike)
    page = (Path(__file__).parents[3] / "docs" / "how-to" / "remove-old-records.md").read_text()
    options = "-X find-renames=100%"
    assert f"`git merge {options}`" in page
    assert "CONFLICT (rename/" in git("merge", "-q", "--no-edit", "other", allowed=(1,))
    git("merge", "--abort")
    git("merge", "-q", "--no-edit", *options.split(), "other")
    assert {here.run, there.run} <= set(old.runs())
    assert old.errors() == []


@pytest.mark.parametrize("old", ["tree"], indirect=True)
def test_work_of_the_user_stays_as_it_is(old: Old) -> None:
    lived(old)
    old.repository.write("README.md", "changed\n")
    old.repository.write("staged.txt", "staged\n")
    old.repository.git("add", "staged.txt")
    before = old.repository.users_state()
    old.gc()
    assert old.repository.users_state() == before
    assert old.repository.our_status() == ""


@pytest.mark.parametrize("old", ["tree"], indirect=True)
def test_where_no_branch_is_checked_out_nothing_is_removed(old: Old) -> None:
    lived(old)
    old.repository.git("checkout", "-q", "--detach")
    with pytest.raises(CannotContinue) as told:
        old.gc()
    assert told.value.findings[0].code.number == "ORC-6202"
    assert len(old.runs()) == 8


def killed_before(old: Old, number: int) -> int:
    """Runs `gc` in a child process that ends before its git command `number`, from the first that writes."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            ledger = open_ledger(old.repository.path)
            git = ledger.store.git
            plain = git.command.run
            left = [number]
            begun = [False]

            def run(request: CommandRequest) -> CommandOutcome:
                begun[0] = begun[0] or "hash-object" in request.argv
                left[0] -= begun[0]
                if left[0] == 0:
                    os._exit(_KILLED)
                return plain(request)

            object.__setattr__(git.command, "run", run)
            collect_records(ledger, 30, 0)
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_whenever_it_is_killed_all_records_are_there_or_all_have_gone_and_the_next_one_ends_it(old: Old) -> None:
    points = 0
    for number in range(1, 40):
        old.run()
        old.run()
        old.run("succeeded")
        before = old.runs()
        ended = killed_before(old, number)
        assert old.errors() == []
        now = {name for name in old.files() if "/runs/" in name}
        assert sum(any(run in name for name in now) for run in before) in {len(before), len(before) - 2}
        old.gc()
        assert old.told() == []
        assert len(old.runs()) == len(before) - 2
        assert old.repository.git("status", "--porcelain", "--", ".innominatus/runs", ".innominatus/plans") == ""
        if ended == 0:
            break
        points += 1
    else:
        pytest.fail("it never came to its end")
    assert points >= 4


def test_a_gc_that_lost_the_race_of_pushes_is_made_again_on_top_of_what_others_pushed(
    old: Old, make_record: MakeRecord, tmp_path: Path
) -> None:
    remote = tmp_path / "remote.git"
    old.repository.git("init", "-q", "--bare", str(remote))
    old.repository.git("remote", "add", "origin", str(remote))
    _, going = lived(old)
    branches = ("main", "innominatus/ledger") if old.branch else ("main",)
    old.repository.git("push", "-q", "-u", "origin", *branches)
    other = type(old.repository)(tmp_path / "other")
    old.repository.git("clone", "-q", "-b", "main", str(remote), str(other.path))
    theirs = open_ledger(other.path).store
    pushed = theirs.push(theirs.write(make_record(plan=None), None, {}, theirs.git.head()))
    assert pushed[1] == ()
    old.gc()
    store = old.store()
    ours = store.write(make_record(plan=None), None, {}, store.git.head())
    assert store.push(ours)[1] == ()
    tip = old.repository.git("rev-parse", old.ref)
    assert old.repository.git("ls-remote", "origin", f"refs/heads/{branches[-1]}").split()[0] == tip
    names = old.files()
    assert not [one.run for one in going if any(one.run in name for name in names)]
    assert any(pushed[0].record.run in name for name in names)
    assert old.told() == []
    assert old.repository.our_status() == ""
