"""Which backups of a resource there are, as actions tell."""

from typing import Any

from innominatus_cli.ledger.store import Store
from innominatus_cli.operations.resources.recorded import RecordedResource


def backups_of(store: Store, row: RecordedResource) -> list[dict[str, Any]]:
    """The backups of a resource, the newest last: `id`, `at`, `by` and `location` of each."""
    actions = [stored.record for stored in store.actions(row.application, row.environment)]
    return [
        {
            "id": str(action.details.get("backup")),
            "at": action.at,
            "by": action.actor.name,
            "location": str(action.details.get("location", "")),
        }
        for action in actions
        if action.action == "backup" and action.details.get("resource") == row.name
    ]
