"""What planning is told of resources that are there, so that it can tell an update from a making."""

from collections.abc import Mapping

from innominatus_cli.documents.repository import Repository
from innominatus_cli.ledger.store import Records
from innominatus_cli.operations.resources.recorded import recorded_resources
from innominatus_cli.planning.request import MadeResource


def made_resources(
    repository: Repository, store: Records, application: str, environment: str
) -> Mapping[str, MadeResource]:
    """By name the resources of an application that the records say are there.

    Empty where the repository has no provider: nothing else has operations to choose from.
    """
    admin = repository.admin_config()
    if admin is None or not any(entry.enabled for entry in admin.model.providers):
        return {}
    found: dict[str, MadeResource] = {}
    for row in recorded_resources(store, application, environment):
        if row.is_there and row.made is not None and row.since_by is not None and row.result is not None:
            found[row.name] = MadeResource(
                inputs=row.made,
                evidence=row.since_by.evidence,
                attempted=row.asked if row.asked != row.made else None,
                outputs=dict(row.result.outputs),
                withheld=tuple(row.result.withheld_outputs),
            )
    return found
