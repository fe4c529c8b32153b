"""`audit search`: who did what, when, where, over the records of runs and of actions."""

from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any, NamedTuple, TypeAlias

from innominatus_cli.ledger.listed import actions_of, runs_of
from innominatus_cli.ledger.summaries import ActionSummary, RunSummary
from innominatus_cli.operations.history import OpenLedger
from innominatus_cli.operations.logs import LATEST
from innominatus_cli.system.clock import timestamp

Data: TypeAlias = dict[str, Any]


class AuditQuery(NamedTuple):
    """What is searched for; None and empty ask for everything."""

    actor: str | None = None
    """A part of the name or e-mail address, or a pattern with `*`; case is ignored."""
    actions: tuple[str, ...] = ()
    """Of `documents.action_names.AUDITED`."""
    application: str | None = None
    environment: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    run: str | None = None
    """An id of a run or action, the start of one, or `latest`: the newest run of those that are looked at."""


def search(ledger: OpenLedger, query: AuditQuery) -> list[Data]:
    """Rows of plain data, the newest first."""
    store = ledger.store
    runs = runs_of(store, query.application, query.environment).runs
    actions = actions_of(store, query.application, query.environment)
    wanted = query.run.upper() if query.run else None
    if query.run == LATEST and runs:
        wanted = runs[-1].run
    rows = [*map(_of_run, runs), *map(_of_action, actions)]
    since = timestamp(query.since) if query.since else ""
    until = timestamp(query.until) if query.until else ""
    found = [
        row
        for row in rows
        if since <= row["at"]
        and (not until or row["at"] < until)
        and (not query.actions or {row["what"], row["operation"]} & set(query.actions))
        and (query.actor is None or _is_actor(row, query.actor))
        and (wanted is None or _concerns(row, wanted))
    ]
    return sorted(found, key=lambda row: (row["at"], row["id"]), reverse=True)


def _is_actor(row: Data, wanted: str) -> bool:
    names = (row["by"].casefold(), row["email"].casefold())
    actor = wanted.casefold()
    if "*" in actor:
        pattern = actor.replace("[", "[[]").replace("?", "[?]")
        return any(fnmatchcase(name, pattern) for name in names)
    return any(actor in name for name in names)


def _concerns(row: Data, run: str) -> bool:
    return any(str(one).startswith(run) for one in (row["id"], row["run"], row["goes_on_with"]) if one)


def _of_run(run: RunSummary) -> Data:
    return {
        "at": run.started_at,
        "what": run.kind,
        "operation": run.operation,
        "id": run.run,
        "by": run.by,
        "email": run.email,
        "teams": list(run.teams),
        "verification": run.verification,
        "application": run.application,
        "environment": run.environment,
        "status": run.status,
        "reason": "",
        "run": run.run,
        "goes_on_with": run.resumes or run.rolls_back,
        "plan": run.plan,
        "commit": run.commit,
        "approved_by": list(dict.fromkeys(run.approved_by)),
        "record": run.path,
        "digest": run.digest,
        "standing": run.standing,
    }


def _of_action(action: ActionSummary) -> Data:
    return {
        "at": action.at,
        "what": action.action,
        "operation": None,
        "id": action.id,
        "by": action.by,
        "email": action.email,
        "teams": list(action.teams),
        "verification": action.verification,
        "application": action.application,
        "environment": action.environment,
        "status": None,
        "reason": action.reason,
        "run": action.run,
        "goes_on_with": None,
        "plan": action.plan,
        "commit": action.commit,
        "approved_by": [],
        "record": action.path,
        "digest": action.digest,
        "standing": action.standing,
    }
