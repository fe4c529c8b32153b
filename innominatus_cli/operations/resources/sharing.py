"""Resources that several applications share: who has them."""

from collections.abc import Iterable
from dataclasses import replace

from innominatus_cli.ledger.store import Records
from innominatus_cli.operations.resources.recorded import RecordedResource, recorded_resources
from innominatus_cli.planning.request import Deployed


def users_of(store: Records, environment: str, shared_ids: Iterable[str]) -> dict[str, list[str]]:
    """By shared id the applications that have the resource in an environment, sorted."""
    found: dict[str, list[str]] = {one: [] for one in shared_ids}
    for row in recorded_resources(store, None, environment) if found else ():
        if row.is_there and row.shared_id in found:
            found[row.shared_id].append(row.application)
    return {one: sorted(set(names)) for one, names in found.items()}


def with_users(store: Records, application: str, environment: str, deployed: Deployed) -> Deployed:
    """What is deployed of an application, each shared resource with the other applications that have it."""
    asked = [RecordedResource(application, environment, one.name, asked=one.inputs) for one in deployed.resources]
    users = users_of(store, environment, {one.shared_id for one in asked if one.shared_id is not None})
    resources = [
        replace(one, used_by=tuple(name for name in users.get(row.shared_id or "", ()) if name != application))
        for one, row in zip(deployed.resources, asked, strict=True)
    ]
    return replace(deployed, resources=tuple(resources))
