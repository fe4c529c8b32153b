"""`diff APP`: what is deployed against what the working tree would deploy.

The other end of the comparison is the plan of the last successful run. It is planned again as it was asked for then
(golden path, parameters, workflows, overridden properties of the Score file), and with the records that were there
then: that the application has been deployed since is no difference of the tree.
"""

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from innominatus_cli.documents.plan import Plan
from innominatus_cli.findings.catalogue.ledger import NEVER_DEPLOYED, PLAN_NOT_KEPT
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.ledger.store import StoredRecord, is_deployment, not_rolled_back, stands
from innominatus_cli.ledger.working_tree import WorkingTreeStore
from innominatus_cli.operations.history import open_ledger, score_files, short
from innominatus_cli.operations.overriding import Overriding
from innominatus_cli.operations.plan_diff import WORKING_TREE, PlanDiff, Side, compared
from innominatus_cli.operations.planning import PlanWish, plan_with
from innominatus_cli.planning.outside import OVERRIDES_FILE

_PARAMETER = "parameters."
_PROPERTY = "score."


def diff_deployed(application: str, environment: str | None = None, directory: Path | None = None) -> PlanDiff:
    """The plan of the last successful deployment, and the plan that the working tree gives now.

    Without an environment it is that of the last one. Raises CannotContinue where nothing is deployed there, where the
    ledger lacks the plan, and where there is no repository.
    """
    ledger = open_ledger(directory)
    last = last_deployment(ledger.store, application, environment)
    plan = ledger.store.plan(last.record.plan) if last.record.plan else None
    if plan is None:
        message = f"the plan of run {last.record.run} is not in the ledger"
        raise CannotContinue(Finding(PLAN_NOT_KEPT, message, Place(last.path)))
    path = score_files(ledger.repository).get(application, (plan.application.path, None))[0]
    score = None if path is None else str(ledger.store.git.root / path)
    wish = wish_of(plan, ledger.store.git.root, score)
    outcome = plan_with(ledger.repository, _Before(ledger.store, last.record.run), wish)
    deployed = f"deployed in {plan.environment} by run {short(last.record.run)}"
    sides = Side(deployed, plan), Side(WORKING_TREE, outcome.plan, outcome.findings)
    return compared(*sides, ledger.repository.sources())


def last_deployment(store: WorkingTreeStore, application: str, environment: str | None) -> StoredRecord:
    """The newest deployment that stands. Raises CannotContinue where there is none."""
    found = _standing(store.records(application, environment))
    if found is not None:
        return found
    where = f" in '{environment}'" if environment else ""
    message = f"nothing of '{application}' is deployed{where}, as the records say"
    remedy = "Name the application; its Score file is not asked for here." if os.sep in application else ""
    raise CannotContinue(Finding(NEVER_DEPLOYED, message, Place(application), remedy))


def standing_deployments(store: WorkingTreeStore, environment: str | None = None) -> Iterator[StoredRecord]:
    """The newest deployment that stands of every application and environment, by their names."""
    groups: dict[tuple[str, str], list[StoredRecord]] = {}
    for stored in store.records(None, environment):
        groups.setdefault((stored.record.application, stored.record.environment), []).append(stored)
    for key in sorted(groups):
        found = _standing(groups[key])
        if found is not None:
            yield found


def _standing(records: list[StoredRecord]) -> StoredRecord | None:
    for stored in not_rolled_back(reversed(records)):
        if stored.record.status != "succeeded" or stored.record.operation == "task":
            continue
        if stored.record.operation == "deploy" and stored.record.kind in {"run", "resume"}:
            return stored
        break
    return None


def wish_of(plan: Plan, root: Path, score: str | None) -> PlanWish:
    """What was asked for, as the plan's inputs tell; `score` is the path of the Score file."""
    inputs = {one.name: one.value for one in plan.inputs}
    named = inputs.get("workflow", plan.golden_path)
    workflows = inputs.get("workflows")
    file = inputs.get(OVERRIDES_FILE)
    return PlanWish(
        name=named if isinstance(named, str) else None,
        score=score,
        environment=plan.environment,
        parameters=tuple(_assigned(inputs, _PARAMETER)),
        workflows=tuple(str(one) for one in workflows) if isinstance(workflows, list) else (),
        overriding=Overriding(None if file is None else str(root / str(file)), tuple(_assigned(inputs, _PROPERTY))),
    )


def _assigned(inputs: dict[str, object], prefix: str) -> list[str]:
    """`name=value` of the inputs with this prefix; a text as it is, anything else as JSON."""
    return [
        f"{name.removeprefix(prefix)}={value if isinstance(value, str) else json.dumps(value)}"
        for name, value in inputs.items()
        if name.startswith(prefix)
    ]


@dataclass(frozen=True, slots=True)
class _Before:
    """The ledger as it was before a run, as far as planning asks it."""

    store: WorkingTreeStore
    run: str

    def records(self, application: str | None = None, environment: str | None = None) -> list[StoredRecord]:
        return [one for one in self.store.records(application, environment) if one.record.run < self.run]

    def first_standing(self, application: str, environment: str) -> tuple[StoredRecord | None, bool]:
        records = self.records(application, environment)
        return next(filter(is_deployment, records), None), stands(reversed(records))

    def plan_bytes(self, digests: Iterable[str]) -> dict[str, bytes]:
        return self.store.plan_bytes(digests)

    def plan(self, digest: str) -> Plan | None:
        return self.store.plan(digest)
