"""States of resources from records: whatever runs, removals, resumes and rollbacks say, each state follows legally."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from innominatus_cli.documents.plan import Application, Plan, PlannedStep
from innominatus_cli.documents.run_record import Attempt, RunRecord, StepResult
from innominatus_cli.documents.verdict import Actor
from innominatus_cli.documents.vocabulary import Operation, Phase, Tier
from innominatus_cli.ledger.store import StoredRecord
from innominatus_cli.operations.resources.lifecycle import is_legal
from innominatus_cli.operations.resources.recorded import RecordedResource, recorded_resources
from innominatus_cli.system.clock import ulid

FLOW = "deployment/application/-/resources"
AT = "2026-01-01T00:00:00.000Z"
NAMES = ("cache", "queue")
ADA = Actor(name="Ada", email="ada@example.org", source="git")


class Ledger:
    """Records and plans in memory."""

    def __init__(self) -> None:
        self.written: list[StoredRecord] = []
        self.plans: dict[str, Plan] = {}

    def records(self, application: str | None = None, environment: str | None = None) -> list[StoredRecord]:
        wanted = (application, environment)
        return [
            one
            for one in self.written
            if all(
                word in {None, said}
                for word, said in zip(wanted, (one.record.application, one.record.environment), strict=True)
            )
        ]

    def first_standing(self, application: str, environment: str) -> tuple[StoredRecord | None, bool]:
        raise AssertionError((application, environment))

    def plan_bytes(self, digests: Iterable[str]) -> dict[str, bytes]:
        return {digest: self.plans[digest].canonical for digest in digests if digest in self.plans}

    def plan(self, digest: str) -> Plan | None:
        return self.plans.get(digest)

    def write(self, application: str, plan: Plan, results: Sequence[StepResult], **more: Any) -> None:
        self.plans[plan.digest] = plan
        number = len(self.written) + 1
        record = RunRecord(
            run=ulid(number, number.to_bytes(10)), parents=[], application=application, environment="dev",
            operation=plan.operation.value, status="failed", actor=ADA,
            started_at=AT, finished_at=AT, duration_ms=1, dirty=False, tool_version="1", plan=plan.digest,
            steps=list(results), **{"kind": "run", **more},
        )  # fmt: skip
        self.written.append(StoredRecord(record, f"runs/{record.run}.json", record.digest))


class Said(NamedTuple):
    """One record to be: what it is, and of each resource its size and how its step ended."""

    what: str
    application: str
    of: int
    """Which earlier record it goes on with or takes back, counted from the end."""
    sizes: tuple[int, int]
    ends: tuple[str, str]


ENDS = st.sampled_from(("succeeded", "failed", "timed_out", "interrupted", "skipped", "planned"))
SAID = st.builds(
    Said,
    st.sampled_from(("deploy", "deploy", "undeploy", "release", "resume", "rollback", "rollback")),
    st.sampled_from(("shop", "office")),
    st.integers(0, 4),
    st.tuples(st.integers(1, 2), st.integers(1, 2)),
    st.tuples(ENDS, ENDS),
)


def step(name: str, resource: str, size: int, operation: str) -> PlannedStep:
    inputs = {"resource": resource, "resourceType": "queue", "params": {"size": size}, "operation": operation}
    return PlannedStep(
        id=f"{FLOW}/{name}", name=name, type="resource-provisioning", phase=Phase.DEPLOYMENT, tier=Tier.APPLICATION,
        workflow_id=FLOW, inputs=inputs,
    )  # fmt: skip


def plan(application: str, steps: list[PlannedStep], operation: Operation) -> Plan:
    about = Application(name=application)
    return Plan(
        operation=operation, application=about, environment="dev", sources=[], inputs=[], workflows=[], steps=steps
    )


def result(step_id: str, status: Any, **more: Any) -> StepResult:
    began = status not in {"skipped", "planned"}
    attempt = Attempt(number=1, started_at=AT, duration_ms=1, ending="exited", exit_code=0)
    return StepResult(step=step_id, status=status, started_at=AT, attempts=[attempt] if began else [], **more)


def ledger_of(said: Iterable[Said]) -> Ledger:
    ledger = Ledger()
    for one in said:
        earlier = [stored.record for stored in ledger.records(one.application)]
        before = earlier[-1 - one.of % len(earlier)] if earlier else None
        if one.what in {"resume", "rollback"} and (before is None or before.rolls_back or before.plan is None):
            continue
        if one.what == "rollback" and before is not None:
            undone = zip(reversed(before.steps), one.ends, strict=False)
            results = [result(f"{FLOW}/undo-{old.step.rpartition('/')[2]}", end) for old, end in undone]
            made = plan(one.application, [], Operation.DEPLOY)
            ledger.write(one.application, made, results, kind="rollback", rolls_back=before.run)
        elif one.what == "resume" and before is not None:
            again = [
                old.model_copy(update={"reused_from": before.run})
                if old.status == "succeeded"
                else result(old.step, end)
                for old, end in zip(before.steps, one.ends, strict=False)
            ]
            ledger.write(one.application, ledger.plans[before.plan or ""], again, kind="resume", resumes=before.run)
        else:
            removes = {"undeploy": "delete", "release": "release"}.get(one.what)
            prefix = "provision" if removes is None else "deprovision"
            steps = [
                step(f"{prefix}-{name}", name, size, removes or "create")
                for name, size in zip(NAMES, one.sizes, strict=True)
            ]
            operation = Operation.DEPLOY if removes is None else Operation.UNDEPLOY
            results = [result(each.id, end) for each, end in zip(steps, one.ends, strict=True)]
            ledger.write(one.application, plan(one.application, steps, operation), results)
    return ledger


def rows(ledger: Ledger, application: str | None = None) -> list[RecordedResource]:
    return [*recorded_resources(ledger, application, None if application is None else "dev")]


@given(st.lists(SAID, max_size=12))
def test_no_sequence_of_records_leads_through_an_illegal_transition(said: list[Said]) -> None:
    for row in rows(ledger_of(said)):
        states = [one["state"] for one in row.history]
        assert all(is_legal(before, after) for before, after in pairwise([None, *states])), states
        assert row.state == (states[-1] if states else None)


@given(st.lists(SAID, max_size=12))
def test_a_resource_is_there_exactly_where_the_records_know_what_made_it(said: list[Said]) -> None:
    for row in rows(ledger_of(said)):
        assert row.is_there == (row.made is not None), (row.state, row.made)
        assert (row.made_by is not None) == (row.step is not None) == (row.made is not None)


@given(st.lists(SAID, max_size=12))
def test_one_resource_is_told_alike_alone_and_in_the_list_of_all(said: list[Said]) -> None:
    ledger = ledger_of(said)
    every = [row.data for row in rows(ledger)]
    alone = [row.data for application in ("office", "shop") for row in rows(ledger, application)]
    assert every == alone


def test_a_rollback_that_failed_and_is_done_again_ends_what_its_run_made() -> None:
    made = Said("deploy", "shop", 0, (1, 1), ("succeeded", "succeeded"))
    failed = Said("rollback", "shop", 0, (1, 1), ("failed", "failed"))
    ledger = ledger_of([made, failed])
    assert {row.state for row in rows(ledger)} == {"failed"}
    run = ledger.written[0].record
    undone = [result(f"{FLOW}/undo-{one.step.rpartition('/')[2]}", "succeeded") for one in run.steps]
    ledger.write("shop", plan("shop", [], Operation.DEPLOY), undone, kind="rollback", rolls_back=run.run)
    assert {row.state for row in rows(ledger)} == {"terminated"}
