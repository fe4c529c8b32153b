"""Tests of joining a wish, a repository and its records into a plan."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from innominatus_cli.documents.action_record import ActionRecord
from innominatus_cli.documents.plan import Plan
from innominatus_cli.documents.repository import Repository
from innominatus_cli.documents.run_record import RunRecord
from innominatus_cli.documents.snapshot import WorkingTreeSnapshot
from innominatus_cli.findings.finding import CannotContinue, Finding
from innominatus_cli.ledger.store import StoredAction, StoredRecord, Written, WrittenAction
from innominatus_cli.operations.planning import PlanWish, plan_with
from innominatus_cli.system.git import Head

SCORE = "apiVersion: score.dev/v1b1\nmetadata: {name: shop-web}\ncontainers: {web: {image: 'x:1'}}\n"
WORKFLOW = """
apiVersion: workflow.dev/v1
kind: PlatformWorkflow
metadata: {name: seed, phase: pre-deployment, description: d, owner: o}
spec:
  triggers: [first_deployment]
  steps: [{name: s, type: script, config: {script: "true"}}]
"""


class EmptyStore:
    """A ledger without records."""

    findings: Sequence[Finding] = ()

    def records(self, application: str | None = None, environment: str | None = None) -> list[StoredRecord]:
        assert (application, environment) == ("shop-web", "development")
        return []

    def record(self, run: str) -> StoredRecord | None:
        raise AssertionError(run)

    def tips(self) -> list[str]:
        return []

    def actions(self, application: str | None = None, environment: str | None = None) -> list[StoredAction]:
        raise AssertionError((application, environment))

    def write_action(self, action: ActionRecord, head: Head, *, commit: bool = True) -> WrittenAction:
        raise AssertionError((action, head, commit))

    def first_standing(self, application: str, environment: str) -> tuple[None, bool]:
        assert application == "shop-web"
        assert environment
        return None, False

    def plan_bytes(self, digests: Iterable[str]) -> dict[str, bytes]:
        raise AssertionError([*digests])

    def plan(self, digest: str) -> Plan | None:
        raise AssertionError(digest)

    def write(self, record: RunRecord, *_: object, **__: object) -> Written:
        raise AssertionError(record)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    (tmp_path / "score.yaml").write_text(SCORE)
    (tmp_path / "workflows" / "platform").mkdir(parents=True)
    (tmp_path / "workflows" / "platform" / "seed.yaml").write_text(WORKFLOW)
    (tmp_path / "admin-config.yaml").write_text("environments: {development: {}, staging: {}}\n")
    monkeypatch.chdir(tmp_path)
    return Repository(WorkingTreeSnapshot(tmp_path))


def made(repository: Repository, wish: PlanWish) -> Plan:
    outcome = plan_with(repository, EmptyStore(), wish)
    assert outcome.plan is not None, outcome.findings
    return outcome.plan


def test_the_default_golden_path_and_environment_are_the_same_as_the_ones_spelled_out(repository: Repository) -> None:
    short = made(repository, PlanWish(score="score.yaml"))
    spelled = made(repository, PlanWish("deploy-app", "./score.yaml", "development"))
    assert short.digest == spelled.digest
    assert short.environment == "development"


def test_the_environment_of_the_score_file_counts_where_admin_config_knows_its_word(tmp_path: Path) -> None:
    (tmp_path / "admin-config.yaml").write_text("environments: {staging: {}}\n")
    for word, expected in (("staging", "staging"), ("kubernetes", "development")):
        (tmp_path / f"{word}.yaml").write_text(f"{SCORE}environment: {{type: {word}}}\n")
        repository = Repository(WorkingTreeSnapshot(tmp_path))
        assert made(repository, PlanWish(score=str(tmp_path / f"{word}.yaml"))).environment == expected


def test_a_name_that_is_no_golden_path_may_be_a_workflow(repository: Repository) -> None:
    assert made(repository, PlanWish("seed", "score.yaml")).operation == "task"
    outcome = plan_with(repository, EmptyStore(), PlanWish("sed", "score.yaml"))
    assert [finding.code.number for finding in outcome.findings] == ["ORC-3010"]


def test_the_records_say_whether_it_is_the_first_deployment(repository: Repository) -> None:
    plan = made(repository, PlanWish(score="score.yaml"))
    facts = {one.name: one.evidence for one in plan.inputs}
    assert facts["first_deployment"] == "no record of a successful deployment"


def test_an_undeployment_asks_the_records_what_exists(repository: Repository) -> None:
    assert made(repository, PlanWish("undeploy-app", "score.yaml")).steps == []


def test_a_parameter_without_an_equals_sign_is_a_finding(repository: Repository) -> None:
    outcome = plan_with(repository, EmptyStore(), PlanWish(score="score.yaml", parameters=("a",)))
    assert "NAME=VALUE" in outcome.findings[0].message


def test_a_score_file_outside_of_the_repository_ends_the_command(repository: Repository) -> None:
    with pytest.raises(CannotContinue):
        plan_with(repository, EmptyStore(), PlanWish(score="../score.yaml"))


@pytest.mark.parametrize("name", ["../../x", "-x", "a/b", "a\nb", "..", ".git", "é", "a b", "\udcff", "e" * 5000])
def test_an_environment_that_can_be_no_folder_is_refused(repository: Repository, name: str) -> None:
    outcome = plan_with(repository, EmptyStore(), PlanWish(score="score.yaml", environment=name))
    assert outcome.plan is None
    assert [finding.code.number for finding in outcome.findings] == ["ORC-3049"]
