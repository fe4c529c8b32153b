"""What records say to a plan."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pytest

from innominatus_cli.documents.action_record import ActionRecord
from innominatus_cli.documents.plan import Application, Plan, PlannedStep
from innominatus_cli.documents.run_record import RunRecord, StepResult
from innominatus_cli.documents.vocabulary import Operation, Phase, Tier
from innominatus_cli.findings.finding import Finding
from innominatus_cli.ledger.facts import deployed, first_deployment
from innominatus_cli.ledger.store import StoredAction, StoredRecord, Written, WrittenAction, stands
from innominatus_cli.system.git import Head

MakeRecord = Callable[..., RunRecord]
WORKFLOW = "deployment/application/-/deploy"


class FakeStore:
    """Records and plans in memory."""

    def __init__(self, records: Sequence[RunRecord], plans: Sequence[Plan] = ()) -> None:
        self._records = [StoredRecord(record, f"runs/{record.run}.json", record.digest) for record in records]
        self._plans = {plan.digest: plan for plan in plans}

    @property
    def findings(self) -> Sequence[Finding]:
        return ()

    def records(self, application: str | None = None, environment: str | None = None) -> list[StoredRecord]:
        return [
            stored
            for stored in self._records
            if application in {None, stored.record.application} and environment in {None, stored.record.environment}
        ]

    def record(self, run: str) -> StoredRecord | None:
        return next((stored for stored in self._records if stored.record.run == run), None)

    def tips(self) -> list[str]:
        return []

    def actions(self, application: str | None = None, environment: str | None = None) -> list[StoredAction]:
        raise AssertionError((application, environment))

    def write_action(self, action: ActionRecord, head: Head, *, commit: bool = True) -> WrittenAction:
        raise AssertionError((action, head, commit))

    def first_standing(self, application: str, environment: str) -> tuple[StoredRecord | None, bool]:
        records = self.records(application, environment)
        found = [one for one in records if one.record.status == "succeeded"]
        return found[0] if found else None, stands(reversed(records))

    def plan_bytes(self, digests: Iterable[str]) -> dict[str, bytes]:
        return {digest: self._plans[digest].canonical for digest in digests if digest in self._plans}

    def plan(self, digest: str) -> Plan | None:
        return self._plans.get(digest)

    def write(
        self,
        record: RunRecord,
        plan: bytes | None,
        artifacts: Mapping[str, bytes],
        head_at_start: Head,
        *,
        commit: bool = True,
    ) -> Written:
        raise AssertionError((record, plan, artifacts, head_at_start, commit))


def step(name: str, **inputs: Any) -> PlannedStep:
    return PlannedStep(
        id=f"{WORKFLOW}/{name}",
        name=name,
        type="resource-provisioning",
        phase=Phase.DEPLOYMENT,
        tier=Tier.APPLICATION,
        workflow_id=WORKFLOW,
        inputs=inputs,
    )


def plan_of(*steps: PlannedStep) -> Plan:
    return Plan(
        operation=Operation.DEPLOY,
        application=Application(name="checkout-service"),
        environment="development",
        sources=[],
        inputs=[],
        workflows=[],
        steps=list(steps),
    )


def results(plan: Plan, outputs: Mapping[str, Any] | None = None, failed: str = "") -> list[StepResult]:
    return [
        StepResult(step=one.id, status="failed" if one.name == failed else "succeeded", outputs=dict(outputs or {}))
        for one in plan.steps
    ]


def test_without_a_record_it_is_the_first_deployment() -> None:
    assert first_deployment(FakeStore([]), "checkout-service", "development") == (
        True,
        "no record of a successful deployment",
    )


def test_the_evidence_stays_the_oldest_record_however_many_follow(make_record: MakeRecord) -> None:
    one = FakeStore([make_record(1)])
    three = FakeStore([make_record(1), make_record(2), make_record(3)])
    expected = (False, "record runs/01JD0000000000000000000001.json")
    assert first_deployment(one, "checkout-service", "development") == expected
    assert first_deployment(three, "checkout-service", "development") == expected


def test_another_environment_or_application_says_nothing(make_record: MakeRecord) -> None:
    store = FakeStore([make_record(1, environment="production"), make_record(2, application="other")])
    assert first_deployment(store, "checkout-service", "development")[0]


def test_what_deployments_made_exists_with_the_inputs_it_was_made_from(make_record: MakeRecord) -> None:
    plan = plan_of(
        step(
            "provision-db", kind="sqlite", size={"$ref": "steps.provision-db.outputs.size"}, key={"$ref": "secrets.k"}
        ),
        step("deploy-application", host={"$template": ["db://", {"$ref": "resources.db.host"}]}),
        step("notify", text="hello"),
    )
    steps = results(plan, {"size": 3, "host": "localhost"})
    found = deployed(
        FakeStore([make_record(1, plan=plan.digest, steps=steps)], [plan]), "checkout-service", "development"
    )
    assert found is not None
    assert [(one.name, one.inputs) for one in found.resources] == [("db", {"kind": "sqlite", "size": 3})]
    assert found.workload == {"host": "db://localhost"}
    assert found.evidence == "record runs/01JD0000000000000000000001.json"


def test_a_failed_deployment_leaves_what_it_had_made(make_record: MakeRecord) -> None:
    plan = plan_of(step("provision-db"), step("provision-cache"))
    record = make_record(1, plan=plan.digest, status="failed", steps=results(plan, failed="provision-cache"))
    found = deployed(FakeStore([record], [plan]), "checkout-service", "development")
    assert found is not None
    assert [one.name for one in found.resources] == ["db"]
    assert found.workload is None


@pytest.mark.parametrize(("status", "exists"), [("succeeded", False), ("failed", True)])
def test_only_a_successful_removal_removes(make_record: MakeRecord, status: str, exists: bool) -> None:
    plan = plan_of(step("provision-db"))
    made = make_record(1, plan=plan.digest, steps=results(plan))
    removed = make_record(2, operation="undeploy", status=status)
    found = deployed(FakeStore([made, removed], [plan]), "checkout-service", "development")
    assert (found is not None) is exists


def test_without_its_plan_a_record_says_nothing_of_what_exists(make_record: MakeRecord) -> None:
    assert deployed(FakeStore([make_record(1)]), "checkout-service", "development") is None
