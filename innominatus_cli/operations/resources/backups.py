"""`resource backup|restore|transfer`: by the provisioners that offer it, written as actions.

A backup is a folder beside the state of tools, `backups/<type>/<resource>/<id>`, which a removal leaves alone, and a
place of the provisioner's own where it names one. Which backups there are is told by the actions.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from innominatus_cli.documents.action_names import Action
from innominatus_cli.documents.plan import Plan
from innominatus_cli.drivers.resource_provisioning import data_driver
from innominatus_cli.execution.one_step import execute_step
from innominatus_cli.findings.catalogue import every_code
from innominatus_cli.findings.catalogue.execution import PROGRAM_FAILED
from innominatus_cli.findings.catalogue.ledger import PLAN_NOT_KEPT
from innominatus_cli.findings.catalogue.resources import NO_SUCH_BACKUP, NOT_OFFERED, UNKNOWN_RESOURCE
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.operations.history import OpenLedger
from innominatus_cli.operations.resources.by_hand import NO_OPTIONS, admin_of, locked
from innominatus_cli.operations.resources.kept_backups import backups_of
from innominatus_cli.operations.resources.looking import recorded_resource
from innominatus_cli.operations.resources.permission import (
    DoneByHand,
    HandOptions,
    Permission,
    permit,
    plan_by_hand,
    write_done,
)
from innominatus_cli.operations.resources.recorded import RecordedResource
from innominatus_cli.operations.step_parts import a_run_of_its_own, plain, setting_outside_of_runs
from innominatus_cli.provisioners.contract import ResourceRequest
from innominatus_cli.provisioners.own_folder import OwnFolder
from innominatus_cli.provisioners.protocol import Backup
from innominatus_cli.system.clock import Clock, SystemClock


def backup(
    ledger: OpenLedger,
    application: str,
    name: str,
    environment: str | None = None,
    options: HandOptions = NO_OPTIONS,
) -> DoneByHand:
    """Lets the provisioner of a resource back it up. Nothing is left or recorded where that fails.

    Raises CannotContinue: exit 1 for an unknown resource or a provisioner that does not offer it, 3 and 6 where it may
    not be done, 4 where it fails, 75 where a run holds the lock.
    """
    now = options.clock or SystemClock()
    row = _there(recorded_resource(ledger, application, name, environment))
    with locked(ledger, row.application, row.environment, now):
        allowed = _permitted(ledger, row, "backup", {}, options)
        made = _backed_up(ledger, row, now)
        return _recorded(ledger, row, "backup", {"backup": made.id, "location": made.location}, allowed, options)


def restore(
    ledger: OpenLedger,
    application: str,
    name: str,
    environment: str | None = None,
    wanted: str | None = None,
    options: HandOptions = NO_OPTIONS,
) -> DoneByHand:
    """Lets the provisioner of a resource restore it from a backup: the one whose id begins so, else the newest.

    Raises CannotContinue as `backup`, and for a backup that there is not.
    """
    now = options.clock or SystemClock()
    row = _there(recorded_resource(ledger, application, name, environment))
    chosen = _chosen(ledger, row, wanted)
    with locked(ledger, row.application, row.environment, now):
        allowed = _permitted(ledger, row, "restore_resource", {"backup": chosen.id}, options)
        return _restored(ledger, row, "restore_resource", chosen, {}, allowed, options)


def transfer(
    ledger: OpenLedger,
    application: str,
    name: str,
    source: str,
    target: str,
    options: HandOptions = NO_OPTIONS,
) -> DoneByHand:
    """Brings what a resource holds from one environment into another: a backup there, restored here.

    Both have to be there, of one type. Raises CannotContinue as `backup` and `restore`.
    """
    now = options.clock or SystemClock()
    giver = _there(recorded_resource(ledger, application, name, source))
    taker = _there(recorded_resource(ledger, application, name, target))
    if giver.asked.get("resourceType") != taker.asked.get("resourceType"):
        types = [f"of the type {row.asked.get('resourceType')} in {row.environment}" for row in (giver, taker)]
        message = f"'{name}' is {' and '.join(types)}"
        raise CannotContinue(Finding(UNKNOWN_RESOURCE, message, Place(application), "Transfer it by its own tools."))
    with locked(ledger, application, source, now):
        given = _permitted(ledger, giver, "backup", {}, options)
        taken = _permitted(ledger, taker, "transfer", {"from": source}, options)
        made = _backed_up(ledger, giver, now)
        _recorded(ledger, giver, "backup", {"backup": made.id, "location": made.location}, given, options)
    with locked(ledger, application, target, now):
        return _restored(ledger, taker, "transfer", made, {"from": source}, taken, options)


def _chosen(ledger: OpenLedger, row: RecordedResource, wanted: str | None) -> Backup:
    known = backups_of(ledger.store, row)
    meant = [one for one in known if one["id"].startswith(wanted.upper())] if wanted else known[-1:]
    if len(meant) == 1:
        return Backup(meant[0]["id"], _folder(ledger, row, meant[0]["id"]), meant[0]["location"])
    said = f"'{wanted}' is the start of {len(meant)} backups" if meant else f"there is no backup '{wanted}'"
    message = f"{said} of '{row.name}'" if wanted else f"there is no backup of '{row.name}' in '{row.environment}'"
    near = did_you_mean(wanted or "", [one["id"] for one in known]) if wanted else ""
    raise CannotContinue(Finding(NO_SUCH_BACKUP, message, Place(row.application), near))


def _backed_up(ledger: OpenLedger, row: RecordedResource, clock: Clock) -> Backup:
    backup_id = clock.new_id()
    asked = Backup(backup_id, _folder(ledger, row, backup_id))
    try:
        outputs = _done(ledger, row, "backup", asked, clock)
    except BaseException:
        shutil.rmtree(asked.folder, ignore_errors=True)
        raise
    return asked._replace(location=str(outputs.get("location", "")))


def _restored(
    ledger: OpenLedger,
    row: RecordedResource,
    action: Action,
    data: Backup,
    about: Mapping[str, Any],
    allowed: Permission,
    options: HandOptions,
) -> DoneByHand:
    """Restores it and writes that, or that it failed: something may have been replaced by then."""
    details = {"backup": data.id, "location": data.location, **about}
    try:
        _done(ledger, row, "restore", data, options.clock or SystemClock())
    except CannotContinue as failed:
        if failed.findings[0].code is not NOT_OFFERED:
            _recorded(ledger, row, action, {**details, "status": "failed"}, allowed, options)
        raise
    return _recorded(ledger, row, action, {**details, "status": "succeeded"}, allowed, options)


def _permitted(
    ledger: OpenLedger, row: RecordedResource, action: Action, about: Mapping[str, Any], options: HandOptions
) -> Permission:
    """Raises CannotContinue where it may not be done."""
    plan = _plan_of(ledger, row)
    step = row.step
    if step is None:
        raise _not_kept(row)
    inputs = {**step.inputs, "operation": action, **about}
    words = ", ".join(f"{key} {value}" for key, value in about.items())
    description = f"{action.replace('_', ' ')} of '{row.name}'{': ' if words else ''}{words}"
    return permit(str(ledger.store.git.root), plan_by_hand(plan, step, action, inputs, description), options)


def _plan_of(ledger: OpenLedger, row: RecordedResource) -> Plan:
    """The plan that made it. Raises CannotContinue where the ledger lacks it."""
    plan = ledger.store.plan(row.made_by.record.plan) if row.made_by is not None and row.made_by.record.plan else None
    if plan is None:
        raise _not_kept(row)
    return plan


def _not_kept(row: RecordedResource) -> CannotContinue:
    return CannotContinue(Finding(PLAN_NOT_KEPT, "the plan that made it is not in the ledger", Place(row.name)))


def _done(
    ledger: OpenLedger, row: RecordedResource, operation: Literal["backup", "restore"], data: Backup, clock: Clock
) -> Mapping[str, Any]:
    """The outputs of the operation. Raises CannotContinue where it does not succeed."""
    plan, stored, step = _plan_of(ledger, row), row.made_by, row.step
    if stored is None or step is None:
        raise _not_kept(row)
    admin = admin_of(ledger)
    plan = plan.model_copy(update={"steps": [plain(one) if one.id == step.id else one for one in plan.steps]})
    setting = setting_outside_of_runs(ledger.store.git, admin, plan, lambda _type: data_driver(operation, data), clock)
    others = [result for result in stored.record.steps if result.step != step.id]
    with a_run_of_its_own(setting) as own:
        result = execute_step(own, step.id, others)
    if result.status == "succeeded":
        return result.outputs
    found = result.finding
    code = every_code().get(found.code, PROGRAM_FAILED) if found is not None else PROGRAM_FAILED
    message = found.message if found is not None else result.reason
    raise CannotContinue(Finding(code, message, Place(row.application), found.remedy if found is not None else ""))


def _there(row: RecordedResource) -> RecordedResource:
    if row.is_there:
        return row
    message = f"'{row.name}' of '{row.application}' is {row.state} in '{row.environment}'"
    raise CannotContinue(Finding(UNKNOWN_RESOURCE, message, Place(row.application), "Deploy it first."))


def _folder(ledger: OpenLedger, row: RecordedResource, backup_id: str) -> Path:
    kind = (row.provisioner or {}).get("type") or row.asked.get("resourceType", "")
    request = ResourceRequest(
        name=row.name,
        type=str(kind),
        application=row.application,
        environment=row.environment,
        state_dir=ledger.state.tool_state_dir(row.application, row.environment),
        id=row.asked.get("resourceId"),
    )
    return OwnFolder(request).backup(backup_id)


def _recorded(
    ledger: OpenLedger,
    row: RecordedResource,
    action: Action,
    details: Mapping[str, Any],
    allowed: Permission,
    options: HandOptions,
) -> DoneByHand:
    about = {"resource": row.name, "type": row.asked.get("resourceType", ""), **details}
    made_by = row.made_by.record.run if row.made_by is not None else None
    return write_done(ledger, action, _plan_of(ledger, row), made_by, about, allowed, options)
