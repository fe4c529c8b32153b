"""`vendor update` with real repositories, and what plans make of what it wrote."""

from pathlib import Path

import pytest

from innominatus_cli.documents.canonical import digest_of_bytes
from innominatus_cli.documents.consulted import KnownAnswers, RecordingSnapshot
from innominatus_cli.documents.repository import Repository
from innominatus_cli.documents.revision_snapshot import RevisionSnapshot
from innominatus_cli.documents.snapshot import WorkingTreeSnapshot
from innominatus_cli.documents.vendor_lock import read_lock, write_lock
from innominatus_cli.documents.vocabulary import Operation
from innominatus_cli.findings.finding import CannotContinue, Finding
from innominatus_cli.operations.affected import find_affected
from innominatus_cli.operations.checking import CheckRequest, check
from innominatus_cli.operations.planning import PlanWish
from innominatus_cli.operations.vendoring.looking import vendored_sources, verify
from innominatus_cli.operations.vendoring.update import Update, update
from innominatus_cli.planning.planner import plan_application
from innominatus_cli.planning.request import Facts, PlanOutcome, PlanRequest
from innominatus_cli.system.git import Git
from tests.integration.operations.other_repositories import (
    GOLDEN_PATH,
    SCRIPT,
    Other,
    calling,
    config,
    files_below,
    workflow,
)

LOOK = ".innominatus/vendor/shared/look.yaml"


@pytest.fixture
def other(tmp_path: Path) -> Other:
    made = Other(tmp_path / "shared")
    made.commit({"workflows/look.yaml": workflow(), "workflows/lib/tool.sh": "echo\n", "README.md": "none of it\n"})
    return made


@pytest.fixture
def shop(tmp_path: Path) -> Other:
    made = Other(tmp_path / "shop")
    made.write({"admin-config.yaml": config(), "workflows/golden-paths/look.yaml": GOLDEN_PATH})
    return made


def changes(outcome: Update) -> dict[str, dict[str, str]]:
    return {change.name: dict(change.files) for change in outcome.changes}


def plan(repository: Repository, **request: str) -> PlanOutcome:
    wanted = request or {"golden_path": "look"}
    return plan_application(repository, PlanRequest("development", Operation.TASK, **wanted), Facts())  # type: ignore[arg-type]


def planned(shop: Other, **request: str) -> PlanOutcome:
    return plan(Repository(WorkingTreeSnapshot(shop.folder)), **request)


def codes(findings: tuple[Finding, ...] | list[Finding]) -> list[str]:
    return [finding.code.number for finding in findings]


def refused(folder: Path, *names: str) -> list[Finding]:
    """Why an update is refused; it has written nothing."""
    before = files_below(folder)
    with pytest.raises(CannotContinue) as caught:
        update(folder, names)
    assert files_below(folder) == before
    return list(caught.value.findings)


def test_an_update_writes_the_folder_of_the_commit_and_its_lock(other: Other, shop: Other) -> None:
    outcome = update(shop.folder)
    assert changes(outcome) == {"shared": {"lib/tool.sh": "added", "look.yaml": "added"}}
    assert outcome.changes[0].commit_before is None
    written = files_below(shop.folder)
    assert sorted(written) == [
        ".innominatus/vendor/shared/lib/tool.sh",
        LOOK,
        "admin-config.yaml",
        "innominatus.lock",
        "workflows/golden-paths/look.yaml",
    ]
    locked = read_lock(written["innominatus.lock"])["shared"]
    assert locked.commit == other.git("rev-parse", "main") == outcome.changes[0].commit
    assert locked.files == {
        path: digest_of_bytes(written[f".innominatus/vendor/shared/{path}"]) for path in locked.files
    }
    assert not list(shop.folder.glob(".innominatus/vendor-update"))


def test_an_update_without_changes_touches_no_file(other: Other, shop: Other) -> None:
    update(shop.folder)
    before = {path: path.stat().st_mtime_ns for path in shop.folder.rglob("*") if ".git" not in path.parts}
    assert not update(shop.folder).is_change
    other.commit({"README.md": "something else\n"})
    assert update(shop.folder, dry=True).is_change  # another commit, though no other file
    other.git("reset", "-q", "--hard", "HEAD~1")
    assert not update(shop.folder, dry=True).is_change
    assert {path: path.stat().st_mtime_ns for path in shop.folder.rglob("*") if ".git" not in path.parts} == before


def test_an_update_follows_a_branch_and_takes_away_what_is_gone(other: Other, shop: Other) -> None:
    update(shop.folder)
    before = other.git("rev-parse", "main")
    commit = other.commit(
        {"workflows/look.yaml": workflow("false"), "workflows/new/a.yaml": workflow()}, "workflows/lib/tool.sh"
    )
    expected = {"shared": {"lib/tool.sh": "removed", "look.yaml": "changed", "new/a.yaml": "added"}}
    written = files_below(shop.folder)
    assert changes(update(shop.folder, dry=True)) == expected
    assert files_below(shop.folder) == written
    outcome = update(shop.folder)
    assert changes(outcome) == expected
    assert (outcome.changes[0].commit_before, outcome.changes[0].commit) == (before, commit)
    assert not (shop.folder / ".innominatus/vendor/shared/lib").exists()
    assert verify(shop.folder)[0] == []


def test_a_file_may_become_a_folder_and_a_folder_a_file(other: Other, shop: Other) -> None:
    update(shop.folder)
    other.git("rm", "-q", "workflows/look.yaml", "workflows/lib/tool.sh")
    other.commit({"workflows/look.yaml/inner.yaml": workflow(), "workflows/lib": "a file\n"})
    update(shop.folder)
    assert sorted(read_lock((shop.folder / "innominatus.lock").read_bytes())["shared"].files) == [
        "lib",
        "look.yaml/inner.yaml",
    ]
    assert verify(shop.folder)[0] == []


def test_a_tag_and_a_commit_stay_what_they_are(other: Other, shop: Other) -> None:
    first = other.git("rev-parse", "main")
    other.git("tag", "v1")
    other.commit({"workflows/look.yaml": workflow("false")})
    for ref in ("v1", first, first[:10]):
        shop.write({"admin-config.yaml": config(ref=ref)})
        update(shop.folder)
        locked = read_lock((shop.folder / "innominatus.lock").read_bytes())["shared"]
        assert (locked.ref, locked.commit) == (ref, first)
        assert (shop.folder / LOOK).read_text() == workflow()


def test_only_the_named_source_is_fetched_and_a_source_that_is_gone_goes(
    other: Other, shop: Other, tmp_path: Path
) -> None:
    second = Other(tmp_path / "second")
    second.commit({"flows/b.yaml": workflow()})
    both = config() + config("../second", path="flows", name="second").partition("\n")[2]
    shop.write({"admin-config.yaml": both})
    update(shop.folder)
    other.commit({"workflows/look.yaml": workflow("false")})
    second.commit({"flows/b.yaml": workflow("false")})
    assert list(changes(update(shop.folder, ["second"]))) == ["second"]
    assert (shop.folder / LOOK).read_text() == workflow()
    shop.write({"admin-config.yaml": config()})
    assert codes(verify(shop.folder)[0]) == ["ORC-8012"]
    assert changes(update(shop.folder))["second"] == {"b.yaml": "removed"}
    assert not (shop.folder / ".innominatus/vendor/second").exists()
    assert codes(refused(shop.folder, "second")) == ["ORC-8005"]


def test_what_was_edited_is_restored_and_said(other: Other, shop: Other) -> None:
    update(shop.folder)
    (shop.folder / LOOK).write_text("something else")
    (shop.folder / ".innominatus/vendor/shared/lib/tool.sh").unlink()
    assert changes(update(shop.folder)) == {"shared": {"look.yaml": "restored", "lib/tool.sh": "restored"}}
    assert verify(shop.folder)[0] == []
    assert other.git("status", "--porcelain") == ""


def test_what_the_lock_does_not_know_is_neither_replaced_nor_removed(other: Other, shop: Other) -> None:
    shop.write({LOOK: "mine\n"})
    assert codes(refused(shop.folder)) == ["ORC-8016"]
    shop.write({LOOK: workflow()})  # what would be written is there already
    shop.write({".innominatus/vendor/shared/mine.yaml": "mine\n", ".innominatus/runs/a.json": "{}"})
    update(shop.folder)
    other.commit({}, "workflows/look.yaml")
    update(shop.folder)
    assert (shop.folder / ".innominatus/vendor/shared/mine.yaml").read_text() == "mine\n"
    assert (shop.folder / ".innominatus/runs/a.json").exists()
    assert codes(verify(shop.folder)[0]) == ["ORC-8011"]


@pytest.mark.parametrize(
    "at", [".innominatus", ".innominatus/vendor", ".innominatus/vendor/shared", LOOK, "innominatus.lock"]
)
def test_no_link_is_followed(other: Other, shop: Other, tmp_path: Path, at: str) -> None:
    target = tmp_path / "elsewhere"
    if at.endswith((".yaml", ".lock")):
        target.write_bytes(write_lock({}) if at.endswith(".lock") else b"precious")
    else:
        target.mkdir()
    link = shop.folder / at
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(target)
    before = files_below(tmp_path)
    with pytest.raises(CannotContinue) as caught:
        update(shop.folder)
    assert {finding.code.number for finding in caught.value.findings} <= {"ORC-8016", "ORC-8009"}
    assert files_below(tmp_path) == before
    assert link.is_symlink()
    assert other.git("status", "--porcelain") == ""


@pytest.mark.parametrize(
    ("entries", "why"),
    [
        ((("120000", "a.yaml", b"/etc/passwd"),), "symbolic link"),
        ((("160000", "sub", b""),), "submodule"),
        ((("100644", "a.yaml", b"1"), ("100644", "A.yaml", b"2")), "one on other disks"),
        ((("100644", "a\nb.yaml", b"1"),), "character"),
        ((("100644", "big", b"x" * (1024 * 1024 + 1)),), "over 1,048,576"),
        (tuple(("100644", f"{number}", b"1") for number in range(1_001)), "1,001 files"),
        (tuple(("100644", f"{number}", bytes([number]) * 1024 * 1024) for number in range(21)), "together"),
    ],
)
def test_a_hostile_tree_is_refused_and_nothing_is_written(
    other: Other, shop: Other, entries: tuple[tuple[str, str, bytes], ...], why: str
) -> None:
    update(shop.folder)
    other.commit_tree(*entries)
    found = refused(shop.folder)
    assert set(codes(found)) == {"ORC-8015"}
    assert why in found[0].message


def test_a_folder_that_is_not_there_is_refused(other: Other, shop: Other) -> None:
    for path in ("flows", "README.md", "workflows/look.yaml"):
        shop.write({"admin-config.yaml": config(path=path)})
        assert codes(refused(shop.folder)) == ["ORC-8015"]
    assert other.git("status", "--porcelain") == ""


def test_files_that_speak_to_git_are_left_out(other: Other, shop: Other) -> None:
    other.commit({"workflows/.gitignore": "*\n", "workflows/.gitattributes": "* filter=evil\n"})
    update(shop.folder)
    assert not list((shop.folder / ".innominatus").rglob(".git*"))
    shop.git("add", "--all")
    assert LOOK in shop.git("ls-files").splitlines()


def test_a_bad_admin_config_starts_no_fetch(shop: Other) -> None:
    for text, code in (
        (config("ext::sh -c x"), "ORC-8001"),
        (config("https://a:b@git.example/x"), "ORC-8002"),
        (config(ref="-x"), "ORC-8004"),
        (config(path="../x"), "ORC-8004"),
        (config(name="../x"), "ORC-1035"),
    ):
        shop.write({"admin-config.yaml": text})
        found = refused(shop.folder)
        assert len(found) == 1
        assert found[0].code.number == code or code == "ORC-1035"


def test_sources_are_told_with_their_state(other: Other, shop: Other) -> None:
    assert [row["state"] for row in vendored_sources(shop.folder)] == ["not fetched"]
    update(shop.folder)
    (row,) = vendored_sources(shop.folder)
    assert (row["state"], row["files"], row["commit"]) == (
        "locked",
        ["lib/tool.sh", "look.yaml"],
        other.git("rev-parse", "main"),
    )
    shop.write({"admin-config.yaml": config(ref="v2")})
    assert [row["state"] for row in vendored_sources(shop.folder)] == ["changed"]
    shop.write({"admin-config.yaml": "{}\n"})
    assert [row["state"] for row in vendored_sources(shop.folder)] == ["removed"]


def test_a_plan_of_a_vendored_workflow_has_file_and_lock_as_sources(other: Other, shop: Other) -> None:
    update(shop.folder)
    for request in ({"golden_path": "look"}, {"task": "@shared/look.yaml"}):
        outcome = planned(shop, **request)
        assert outcome.plan is not None, outcome.findings
        assert {LOOK, "innominatus.lock"} <= {source.path for source in outcome.plan.sources}
        assert [step.type for step in outcome.plan.steps if step.type] == ["script"]
    assert other.git("status", "--porcelain") == ""


def test_a_plan_of_a_commit_is_made_of_what_the_commit_has(other: Other, shop: Other) -> None:
    update(shop.folder)
    commit = shop.commit()
    expected = planned(shop).plan
    (shop.folder / LOOK).write_text(workflow("false"))
    (shop.folder / "innominatus.lock").unlink()
    git = Git.open(shop.folder)
    assert git is not None
    at_commit = plan(Repository(RevisionSnapshot(git, commit))).plan
    assert at_commit is not None
    assert expected is not None
    assert at_commit.canonical == expected.canonical
    assert codes(planned(shop).findings) == ["ORC-8006"]
    assert other.git("status", "--porcelain") == ""


def edit(shop: Other) -> None:
    (shop.folder / LOOK).write_text(workflow("curl"))


def line_ends(shop: Other) -> None:
    (shop.folder / LOOK).write_bytes((shop.folder / LOOK).read_bytes().replace(b"\n", b"\r\n"))


def remove(shop: Other) -> None:
    (shop.folder / LOOK).unlink()


def link(shop: Other) -> None:
    (shop.folder / LOOK).unlink()
    (shop.folder / LOOK).symlink_to("/etc/passwd")


def without_lock(shop: Other) -> None:
    (shop.folder / "innominatus.lock").unlink()


def edited_lock(shop: Other) -> None:
    lock = shop.folder / "innominatus.lock"
    lock.write_text(lock.read_text().replace('"ref": "main"', '"ref": "evil"'))


def conflict(shop: Other) -> None:
    lock = shop.folder / "innominatus.lock"
    lock.write_text("<<<<<<< ours\n" + lock.read_text())


def other_ref(shop: Other) -> None:
    shop.write({"admin-config.yaml": config(ref="v2")})


def other_repository(shop: Other) -> None:
    shop.write({"admin-config.yaml": config(repository="../evil")})


def without_source(shop: Other) -> None:
    shop.write({"admin-config.yaml": "{}\n"})


@pytest.mark.parametrize(
    ("mistake", "code", "status"),
    [
        (edit, "ORC-8008", 65),
        (line_ends, "ORC-8008", 65),
        (remove, "ORC-8008", 65),
        (link, "ORC-8008", 65),
        (edited_lock, "ORC-8009", 65),
        (conflict, "ORC-8009", 65),
        (without_lock, "ORC-8006", 1),
        (other_ref, "ORC-8010", 1),
        (other_repository, "ORC-8010", 1),
        (without_source, "ORC-8005", 1),
    ],
)
def test_what_cannot_be_trusted_is_refused_by_plan_check_and_verify(
    other: Other, shop: Other, mistake: object, code: str, status: int
) -> None:
    update(shop.folder)
    assert callable(mistake)
    mistake(shop)
    for request in ({"golden_path": "look"}, {"task": "@shared/look.yaml"}, {"task": LOOK}):
        outcome = planned(shop, **request)
        assert outcome.plan is None
        assert codes(outcome.findings) == [code]
        assert outcome.exit_status == status
    checked = check(CheckRequest(directory=str(shop.folder)))
    assert code in codes(checked.findings)
    if mistake is not without_source:
        assert code in codes(verify(shop.folder)[0])
    assert other.git("status", "--porcelain") == ""


def test_line_ends_that_git_changed_are_said(other: Other, shop: Other) -> None:
    update(shop.folder)
    line_ends(shop)
    (finding,) = verify(shop.folder)[0]
    assert "only its line ends differ" in finding.message
    assert other.git("status", "--porcelain") == ""


def test_an_edited_file_that_nothing_uses_stops_no_plan_of_others(other: Other, shop: Other) -> None:
    update(shop.folder)
    (shop.folder / ".innominatus/vendor/shared/lib/tool.sh").write_text("curl\n")
    assert planned(shop).plan is not None
    assert codes(verify(shop.folder)[0]) == ["ORC-8008"]
    assert other.git("status", "--porcelain") == ""


def test_vendored_files_are_nobodys_own_workflows_or_applications(other: Other, shop: Other) -> None:
    other.commit({
        "workflows/workflows/platform/scan.yaml": workflow().replace("kind: Workflow", "kind: PlatformWorkflow"),
        "workflows/score.yaml": "apiVersion: score.dev/v1b1\nmetadata:\n  name: x\ncontainers:\n  x:\n    image: a:1\n",
    })  # fmt: skip
    update(shop.folder)
    repository = Repository(WorkingTreeSnapshot(shop.folder))
    assert repository.platform_workflows() == []
    assert repository.application_paths() == []
    assert all(not path.startswith(".innominatus") for path in check(CheckRequest(directory=str(shop.folder))).kinds)


def test_a_vendored_workflow_that_is_used_is_checked_like_any_other(other: Other, shop: Other) -> None:
    other.commit({"workflows/look.yaml": workflow().replace("type: script", "type: scrpt")})
    update(shop.folder)
    outcome = planned(shop)
    assert outcome.plan is None
    assert {finding.place.path for finding in outcome.findings if finding.code.severity == "error"} == {LOOK}


def test_a_vendored_workflow_calls_those_beside_it(other: Other, shop: Other) -> None:
    inner = workflow().replace("look", "inner")
    for written in ("lib/inner.yaml", "@shared/lib/inner.yaml"):
        other.commit({"workflows/look.yaml": calling(written), "workflows/lib/inner.yaml": inner})
        update(shop.folder)
        outcome = planned(shop)
        assert outcome.plan is not None, outcome.findings
        assert ".innominatus/vendor/shared/lib/inner.yaml" in {source.path for source in outcome.plan.sources}
        (shop.folder / ".innominatus/vendor/shared/lib/inner.yaml").write_text(workflow("curl"))
        assert "ORC-8008" in codes(planned(shop).findings)
        update(shop.folder)


def test_a_workflow_of_ones_own_calls_a_vendored_one(other: Other, shop: Other) -> None:
    own = calling("@shared/look.yaml").replace("name: look\n  desc", "name: own\n  desc")
    shop.write({"workflows/own.yaml": own})
    found = check(CheckRequest(directory=str(shop.folder))).findings
    assert {finding.place.path for finding in found if finding.code.number == "ORC-8006"} >= {"workflows/own.yaml"}
    assert "ORC-2191" not in codes(found)
    assert codes(planned(shop, task="workflows/own.yaml").findings) == ["ORC-8006"]
    update(shop.folder)
    assert planned(shop, task="workflows/own.yaml").plan is not None
    assert other.git("status", "--porcelain") == ""


def test_a_vendored_step_reads_what_was_vendored_with_it(other: Other, shop: Other) -> None:
    terraform = "type: terraform\n      config:\n        operation: plan\n        workingDir: infra\n"
    other.commit({"workflows/look.yaml": workflow().replace(SCRIPT, terraform), "workflows/infra/main.tf": "# no\n"})
    update(shop.folder)
    outcome = planned(shop)
    assert outcome.plan is not None, outcome.findings
    assert ".innominatus/vendor/shared/infra/main.tf" in {source.path for source in outcome.plan.sources}
    (shop.folder / ".innominatus/vendor/shared/infra/main.tf").write_text("# evil\n")
    assert codes(planned(shop).findings) == ["ORC-8008"]
    (shop.folder / ".innominatus/vendor/shared/infra/main.tf").write_text("# no\n")
    (shop.folder / ".innominatus/vendor/shared/infra/extra.tf").write_text("# evil\n")
    assert codes(planned(shop).findings) == ["ORC-8007"]


def test_a_change_of_vendored_files_is_checked_whatever_since_says(other: Other, shop: Other) -> None:
    update(shop.folder)
    commit = shop.commit()
    edit(shop)
    found = check(CheckRequest(directory=str(shop.folder), since=commit))
    assert set(codes(found.findings)) == {"ORC-8008"}
    assert other.git("status", "--porcelain") == ""


def test_since_looks_at_golden_paths_whose_vendored_workflow_changed(other: Other, shop: Other) -> None:
    update(shop.folder)
    commit = shop.commit()
    assert check(CheckRequest(directory=str(shop.folder), since=commit)).findings == ()
    other.commit({"workflows/look.yaml": workflow("echo ${parameters.size}")})
    update(shop.folder)
    found = check(CheckRequest(directory=str(shop.folder), since=commit)).findings
    assert [(one.code.number, one.place.path) for one in found] == [("ORC-2153", "workflows/golden-paths/look.yaml")]
    assert found == check(CheckRequest(directory=str(shop.folder))).findings


SCORE = "apiVersion: score.dev/v1b1\nmetadata:\n  name: web\ncontainers:\n  web:\n    image: registry.example/web:1.0\n"


@pytest.mark.parametrize("everything", [False, True])
def test_applications_whose_vendored_workflow_changed_are_affected(
    other: Other, shop: Other, monkeypatch: pytest.MonkeyPatch, everything: bool
) -> None:
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "ada@shop.example")
    golden_path = GOLDEN_PATH.replace("name: look", "name: deploy-app").replace("operation: task", "operation: deploy")
    shop.write({"workflows/golden-paths/look.yaml": golden_path, "score.yaml": SCORE})
    other.commit({"workflows/unused.yaml": workflow()})
    update(shop.folder)
    commit = shop.commit()

    def affected() -> list[tuple[str, bool]]:
        report = find_affected(commit, PlanWish(), directory=shop.folder, everything=everything)
        assert report.applications == 1
        return [(one.path, one.newly_broken) for one in report.affected]

    assert affected() == []
    (shop.folder / LOOK).write_text(workflow("curl"))
    assert affected() == [("score.yaml", True)]
    other.commit({"workflows/look.yaml": workflow("false")})
    update(shop.folder)
    assert affected() == [("score.yaml", False)]


def test_the_snapshot_is_asked_for_lock_and_file_each_time(other: Other, shop: Other) -> None:
    """Whoever watches what a plan asks of a state (`affected`) must see that it depends on both."""
    update(shop.folder)
    snapshot = RecordingSnapshot(KnownAnswers(WorkingTreeSnapshot(shop.folder)))
    vendored = Repository(snapshot).vendored
    for _ in range(2):
        wrong, asked = snapshot.asked_by(lambda: vendored.problem(LOOK))
        assert wrong is None
        assert {("read", "innominatus.lock"), ("read", LOOK)} <= asked
    assert other.git("status", "--porcelain") == ""
