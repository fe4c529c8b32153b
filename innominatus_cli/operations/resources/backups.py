"""`resource backup|restore|transfer`: by the provisioners that offer it, written as actions.

A backup is a folder beside the state of tools, `backups/<type>/<resource>/<id>`, which a removal leaves alone, and a
place of the provisioner's own where it names one. Which backups there are is told by the actions.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from innominatus_cli.documents.action_record import Action
from innominatus_cli.drivers.resource_provisioning import data_driver
from innominatus_cli.execution.one_step import execute_step
from innominatus_cli.findings.catalogue import every_code
from innominatus_cli.findings.catalogue.execution import PROGRAM_FAILED
from innominatus_cli.findings.catalogue.ledger import PLAN_NOT_KEPT
from innominatus_cli.findings.catalogue.resources import NO_SUCH_BACKUP, UNKNOWN_RESOURCE
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.operations.acting import new_action
from innominatus_cli.operations.history import OpenLedger
from innominatus_cli.operations.resources.by_hand import DoneByHand, admin_of, locked
from innominatus_cli.operations.resources.kept_backups import backups_of
from innominatus_cli.operations.resources.looking import recorded_resource
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
    reason: str = "",
    clock: Clock | None = None,
) -> DoneByHand:
    """Lets the provisioner of a resource back it up. Nothing is left or recorded where that fails.

    Raises CannotContinue: exit 1 for an unknown resource or a provisioner that does not offer it, 4 where it fails, 75
    where a run holds the lock.
    """
    now = clock or SystemClock()
    row = _there(recorded_resource(ledger, application, name, environment))
    with locked(ledger, row.application, row.environment, now):
        made = _backed_up(ledger, row, now)
        return _recorded(ledger, row, "backup", {"backup": made.id, "location": made.location}, reason, now)


def restore(
    ledger: OpenLedger,
    application: str,
    name: str,
    environment: str | None = None,
    wanted: str | None = None,
    reason: str = "",
    clock: Clock | None = None,
) -> DoneByHand:
    """Lets the provisioner of a resource restore it from a backup: the one whose id begins so, else the newest.

    Raises CannotContinue as `backup`, and for a backup that there is not.
    """
    now = clock or SystemClock()
    row = _there(recorded_resource(ledger, application, name, environment))
    chosen = _chosen(ledger, row, wanted)
    with locked(ledger, row.application, row.environment, now):
        _done(ledger, row, "restore", chosen, now)
        details = {"backup": chosen.id, "location": chosen.location}
        return _recorded(ledger, row, "restore_resource", details, reason, now)


def transfer(
    ledger: OpenLedger,
    application: str,
    name: str,
    source: str,
    target: str,
    reason: str = "",
    clock: Clock | None = None,
) -> DoneByHand:
    """Brings what a resource holds from one environment into another: a backup there, restored here.

    Both have to be there, of one type. Raises CannotContinue as `backup` and `restore`.
    """
    now = clock or SystemClock()
    giver = _there(recorded_resource(ledger, application, name, source))
    taker = _there(recorded_resource(ledger, application, name, target))
    if giver.asked.get("resourceType") != taker.asked.get("resourceType"):
        types = [f"of the type {row.asked.get('resourceType')} in {row.environment}" for row in (giver, taker)]
        message = f"'{name}' is {' and '.join(types)}"
        raise CannotContinue(Finding(UNKNOWN_RESOURCE, message, Place(application), "Transfer it by its own tools."))
    with locked(ledger, application, source, now):
        made = _backed_up(ledger, giver, now)
        _recorded(ledger, giver, "backup", {"backup": made.id, "location": made.location}, reason, now)
    with locked(ledger, application, target, now):
        _done(ledger, taker, "restore", made, now)
        details = {"backup": made.id, "location": made.location, "from": source}
        return _recorded(ledger, taker, "transfer", details, reason, now)


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


def _done(
    ledger: OpenLedger, row: RecordedResource, operation: Literal["backup", "restore"], data: Backup, clock: Clock
) -> Mapping[str, Any]:
    """The outputs of the operation. Raises CannotContinue where it does not succeed."""
    stored, step = row.made_by, row.step
    plan = ledger.store.plan(stored.record.plan) if stored is not None and stored.record.plan else None
    if plan is None or stored is None or step is None:
        raise CannotContinue(Finding(PLAN_NOT_KEPT, "the plan that made it is not in the ledger", Place(row.name)))
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
    ledger: OpenLedger, row: RecordedResource, action: Action, details: Mapping[str, Any], reason: str, clock: Clock
) -> DoneByHand:
    about = {"resource": row.name, "type": row.asked.get("resourceType", ""), **details}
    written = new_action(
        ledger,
        action,
        application=row.application,
        environment=row.environment,
        run=row.made_by.record.run if row.made_by is not None else None,
        reason=reason,
        details=about,
        clock=clock,
    )
    landed = ledger.store.write_action(written, ledger.store.git.head())
    told = {"application": row.application, "environment": row.environment, **about, "action": written.id}
    return DoneByHand(told, tuple(landed.findings))
