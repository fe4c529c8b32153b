"""`status`, `list`, `history`, `logs` and `ledger adopt`, as a user sees them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from innominatus_cli.cli.main import run
from innominatus_cli.documents.canonical import digest_of_bytes
from innominatus_cli.ledger.working_tree import WorkingTreeStore
from innominatus_cli.system.locks import Holder, acquire
from innominatus_cli.system.state_folder import StateFolder
from tests.integration.ledger.conftest import PLAN, Repository

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from innominatus_cli.documents.run_record import RunRecord

    MakeRecord = Callable[..., RunRecord]
    Output = pytest.CaptureFixture[str]

SCORE = """apiVersion: score.dev/v1b1
metadata:
  name: checkout-service
  product: ecommerce
containers:
  main:
    image: example.org/checkout:1.0.0
"""


@pytest.fixture
def inside(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> Repository:
    repository.commit("score.yaml", SCORE)
    monkeypatch.chdir(repository.path)
    return repository


def record(repository: Repository, made: RunRecord) -> RunRecord:
    git = repository.open()
    return WorkingTreeStore(git).write(made, None, {}, git.head()).record


def answer(output: Output, *arguments: str, status: int = 0) -> Any:
    assert run([*arguments, "-o", "json"]) == status
    return json.loads(output.readouterr().out)


def test_status_shows_the_last_run_of_each_environment(
    inside: Repository, make_record: MakeRecord, capfd: Output
) -> None:
    record(inside, make_record(environment="production"))
    record(inside, make_record(status="failed", failures=["deployment/application/-/deploy/x"]))
    last = record(inside, make_record())
    runs = answer(capfd, "status")["runs"]
    assert [(row["environment"], row["status"]) for row in runs] == [
        ("development", "succeeded"),
        ("production", "succeeded"),
    ]
    assert runs[0]["run"] == last.run
    assert run(["status", "checkout-service"]) == 0
    table = capfd.readouterr().out
    assert table.splitlines()[0].split() == [
        *("Application", "Environment", "Status", "Operation", "Started", "By", "Commit", "Plan", "Run")
    ]
    assert "Ada Lovelace" in table
    assert "aaaaaaaaaaaa" in table


def test_status_shows_a_run_that_goes_on_and_one_that_was_killed(inside: Repository, capfd: Output) -> None:
    state = StateFolder(inside.path / ".git")
    runs = ("01JD0000000000000000000001", "01JD0000000000000000000002")
    holder = Holder.of_this_process(run=runs[0], who="ada@example.org", since="2026-11-20T20:00:00.000Z")
    alive = acquire(state, "checkout-service", "development", holder)
    gone = Holder(2**22 + 1, 1, holder.boot_id, runs[1], "ada@example.org", holder.host, holder.since)
    dead = acquire(state, "checkout-service", "production", gone)
    try:
        rows = answer(capfd, "status")["runs"]
    finally:
        alive.release()
        dead.release()
    assert [(row["environment"], row["status"], row["run"]) for row in rows] == [
        ("development", "running", runs[0]),
        ("production", "interrupted", runs[1]),
    ]


def test_an_application_that_never_ran_is_told_from_one_that_does_not_exist(inside: Repository, capfd: Output) -> None:
    assert answer(capfd, "status", "checkout-service")["runs"][0]["status"] == "never run"
    assert answer(capfd, "history", "checkout-service")["runs"] == []
    for command in ("status", "history"):
        assert run([command, "checkout-servcie"]) == 1
        told = capfd.readouterr().err
        assert "ORC-6015" in told
        assert "'checkout-service'?" in told
    assert inside.git("status", "--porcelain") == ""


def test_list_shows_applications_with_and_without_runs(
    inside: Repository, make_record: MakeRecord, capfd: Output
) -> None:
    record(inside, make_record(application="retired"))
    rows = answer(capfd, "list")["applications"]
    assert [(row["application"], row["product"], row["file"]) for row in rows] == [
        ("checkout-service", "ecommerce", "score.yaml"),
        ("retired", None, None),
    ]
    assert rows[0]["last_run"] is None
    assert rows[1]["last_run"]["status"] == "succeeded"


def test_history_is_newest_first_and_comes_in_pages(inside: Repository, make_record: MakeRecord, capfd: Output) -> None:
    runs = [record(inside, make_record(environment=env)).run for env in ("development", "production", "development")]
    shown = [row["run"] for row in answer(capfd, "history", "checkout-service")["runs"]]
    assert shown == sorted(runs, reverse=True)
    assert [row["run"] for row in answer(capfd, "history", "--limit", "1", "--offset", "1")["runs"]] == shown[1:2]
    assert [row["environment"] for row in answer(capfd, "history", "--env", "production")["runs"]] == ["production"]
    assert run(["history", "-o", "template={{ run }} {{ status }}"]) == 0
    assert capfd.readouterr().out.splitlines() == [f"{name} succeeded" for name in shown]


def test_history_shows_the_newest_runs_and_says_how_many_more_there_are(
    inside: Repository, make_record: MakeRecord, capfd: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("innominatus_cli.operations.history.NEWEST", 2)
    runs = [record(inside, make_record()).run for _ in range(5)][::-1]
    for words, shown, told in (
        ([], runs[:2], "3 older runs not shown; --limit 0 shows all, --offset 2 the next 2.\n"),
        (["--offset", "2"], runs[2:4], "1 older run not shown; --limit 0 shows all, --offset 4 the next 2.\n"),
        (["--offset", "3"], runs[3:], ""),
        (["--limit", "1"], runs[:1], ""),
        (["--limit", "0"], runs, ""),
        (["--limit", "0", "--offset", "1"], runs[1:], ""),
    ):
        assert run(["history", *words, "-o", "json"]) == 0
        printed = capfd.readouterr()
        assert [row["run"] for row in json.loads(printed.out)["runs"]] == shown
        assert printed.err == told


def test_logs_of_a_run_are_found_by_prefix_and_by_latest(
    inside: Repository, make_record: MakeRecord, capfd: Output
) -> None:
    made = record(inside, make_record())
    folder = inside.path / ".git" / "innominatus" / "runs" / made.run
    (folder / "logs").mkdir(parents=True)
    journal = [
        {"seq": 0, "type": "step_start", "step": "deployment/application/-/deploy/build", "index": 0, "attempt": 1},
        {"seq": 1, "type": "step_start", "step": "deployment/application/-/deploy/test", "index": 1, "attempt": 1},
    ]
    write_journal(folder, journal)
    (folder / "logs" / "0.stdout").write_text("one\ntwo\nthree\n")
    (folder / "logs" / "1.stderr").write_text("\x1b[31mred\n")
    assert run(["logs", made.run[:24].lower()]) == 0
    assert capfd.readouterr().out == (
        "deployment/application/-/deploy/build\n| one\n| two\n| three\n"
        "\ndeployment/application/-/deploy/test\n! \\x1b[31mred\n"
    )
    assert run(["logs", "latest", "--step", "build", "--tail", "1"]) == 0
    assert capfd.readouterr().out == "deployment/application/-/deploy/build\n| three\n"
    assert answer(capfd, "logs", "latest")["steps"][1]["stderr"] == "\x1b[31mred\n"
    assert run(["logs", "latest", "--step", "biuld"]) == 1
    told = capfd.readouterr().err
    assert "ORC-6016" in told
    assert "'build'?" in told
    assert run(["logs", "latest", "--step", "deploy/biuld"]) == 1
    assert "'deploy/build'?" in capfd.readouterr().err


def write_journal(folder: Any, facts: list[dict[str, Any]]) -> None:
    from innominatus_cli.execution.journal import Journal
    from innominatus_cli.system.clock import SystemClock

    journal = Journal.create(folder / "journal.jsonl", SystemClock())
    for line in facts:
        journal.add(line["type"], step=line["step"], index=line["index"], attempt=line["attempt"])
    journal.close()


def test_logs_of_another_machine_are_said_to_be_there(
    inside: Repository, make_record: MakeRecord, capfd: Output
) -> None:
    record(inside, make_record())
    for follow in ([], ["--follow"]):
        assert run(["logs", "latest", *follow]) == 1
        told = capfd.readouterr().err
        assert "ORC-6014" in told
        assert "Ada Lovelace ran it" in told
    assert run(["logs", "nope"]) == 1
    assert "ORC-6013" in capfd.readouterr().err


def test_a_refused_run_has_no_logs_of_a_step_anywhere(
    inside: Repository, make_record: MakeRecord, capfd: Output
) -> None:
    record(inside, make_record(kind="refusal", status="refused"))
    assert run(["logs", "latest"]) == 0
    capfd.readouterr()
    assert run(["logs", "latest", "--step", "build"]) == 1
    told = capfd.readouterr().err
    assert "ORC-6016" in told
    assert "was refused: no step of it ran" in told


def test_the_start_of_two_runs_names_neither(inside: Repository, make_record: MakeRecord, capfd: Output) -> None:
    record(inside, make_record(run="01JD0000000000000000000001"))
    record(inside, make_record(run="01JD0000000000000000000002"))
    assert run(["logs", "01JD"]) == 1
    assert "the start of 2 runs" in capfd.readouterr().err


def test_adopting_takes_a_pending_record_into_the_branch(
    inside: Repository, make_record: MakeRecord, capfd: Output
) -> None:
    inside.git("checkout", "-q", "--detach")
    made = record(inside, make_record())
    assert run(["ledger", "adopt"]) == 1
    assert "ORC-6024" in capfd.readouterr().err
    inside.git("checkout", "-q", "main")
    assert answer(capfd, "status")["waiting"] == 1
    assert answer(capfd, "ledger", "adopt", "01JZ", status=1)["adopted"] == []
    capfd.readouterr()
    adopted = answer(capfd, "ledger", "adopt", made.run[:20])["adopted"]
    assert [(row["run"], row["branch"]) for row in adopted] == [(made.run, "main")]
    assert inside.git("rev-parse", "HEAD^") == adopted[0]["commit"]
    assert "adopt records of" in inside.git("log", "-1", "--format=%s")
    assert inside.git("for-each-ref", "refs/innominatus") == ""
    assert inside.git("status", "--porcelain") == ""
    assert answer(capfd, "ledger", "adopt")["adopted"] == []


def test_a_record_that_another_clone_has_adopted_waits_no_more(
    inside: Repository, make_record: MakeRecord, capfd: Output, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside.git("checkout", "-q", "--detach")
    record(inside, make_record(plan=None))
    inside.git("checkout", "-q", "main")
    other = Repository(tmp_path / "other")
    inside.git("clone", "-q", str(inside.path), str(other.path))
    other.git("fetch", "-q", "origin", "+refs/innominatus/pending/*:refs/innominatus/pending/*")
    monkeypatch.chdir(other.path)
    assert len(answer(capfd, "ledger", "adopt")["adopted"]) == 1
    monkeypatch.chdir(inside.path)
    inside.git("pull", "-q", str(other.path), "main")
    assert answer(capfd, "status")["waiting"] == 0
    assert answer(capfd, "ledger", "verify")["counts"]["waiting"] == 0
    head = inside.git("rev-parse", "HEAD")
    assert answer(capfd, "ledger", "adopt")["adopted"] == []
    assert inside.git("rev-parse", "HEAD") == head
    assert inside.git("for-each-ref", "refs/innominatus") == ""


def test_a_record_is_not_adopted_where_the_branch_lacks_what_it_follows(
    inside: Repository, make_record: MakeRecord, capfd: Output
) -> None:
    inside.git("checkout", "-q", "-b", "feature")
    git = inside.open()
    made = make_record(plan=digest_of_bytes(PLAN[:-1]))
    first = WorkingTreeStore(git).write(made, PLAN, {}, git.head())
    inside.git("checkout", "-q", "--detach")
    made = make_record(plan=digest_of_bytes(PLAN[:-1]))
    second = WorkingTreeStore(git).write(made, PLAN, {}, git.head())
    assert second.record.parents == [first.record.digest]
    inside.git("checkout", "-q", "main")
    assert run(["ledger", "adopt"]) == 1
    told = capfd.readouterr().err
    assert "ORC-6024" in told
    assert "it follows a record that is not in this branch" in told
    assert run(["ledger", "verify"]) == 0
    inside.git("merge", "-q", "--squash", "feature")
    inside.git("commit", "-q", "-m", "Squashed")
    capfd.readouterr()
    assert [row["run"] for row in answer(capfd, "ledger", "adopt")["adopted"]] == [second.record.run]
    assert run(["ledger", "verify"]) == 0


def test_a_record_is_adopted_with_its_plan_though_its_own_commit_did_not_bring_it(
    inside: Repository, make_record: MakeRecord
) -> None:
    inside.git("checkout", "-q", "-b", "feature")
    inside.commit(f".innominatus/plans/{digest_of_bytes(PLAN[:-1]).removeprefix('sha256:')}.json", PLAN.decode())
    inside.git("checkout", "-q", "--detach")
    git = inside.open()
    WorkingTreeStore(git).write(make_record(plan=digest_of_bytes(PLAN[:-1])), PLAN, {}, git.head())
    inside.git("checkout", "-q", "main")
    assert run(["ledger", "adopt"]) == 0
    assert run(["ledger", "verify"]) == 0


def test_an_older_pending_manifest_does_not_undo_a_later_one(
    inside: Repository, make_record: MakeRecord, capfd: Output
) -> None:
    manifest = ".innominatus/manifests/checkout-service/development/a.yaml"
    git = inside.open()
    store = WorkingTreeStore(git)
    head = git.head()
    store.write(make_record(), None, {manifest: b"old\n"}, type(head)(head.commit, None))
    store.write(make_record(), None, {manifest: b"new\n"}, head)
    assert run(["ledger", "adopt"]) == 0
    assert "ORC-6025" in capfd.readouterr().err
    assert inside.read(manifest) == "new\n"
    assert len(inside.store().records()) == 2
    assert inside.git("status", "--porcelain") == ""


def test_a_record_that_somebody_edited_is_told_and_left_out(
    inside: Repository, make_record: MakeRecord, capfd: Output
) -> None:
    record(inside, make_record())
    path = next(name for name in inside.git("ls-files").splitlines() if "/runs/" in name)
    inside.commit(path, inside.read(path).replace("succeeded", "failed   "))
    assert answer(capfd, "history", status=65)["runs"] == []


def test_outside_of_a_repository_there_is_no_ledger(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, capfd: Output
) -> None:
    folder = tmp_path_factory.mktemp("plain")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(folder.parent))
    monkeypatch.chdir(folder)
    for command in (["status"], ["list"], ["history"], ["logs", "latest"], ["ledger", "adopt"]):
        assert run(command) == 69
        assert "ORC-6002" in capfd.readouterr().err


@pytest.mark.parametrize("name", ["../..", "", "/etc/passwd", "%00", "*", "a" * 5000, "\udcff"])
def test_a_name_that_nothing_can_have_has_no_records(repository: Repository, name: str) -> None:
    store = WorkingTreeStore(repository.open())
    assert store.records(name) == store.records("checkout-service", name) == []
