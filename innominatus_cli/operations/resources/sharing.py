"""Resources that several applications share: who has them."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

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


def used_by_others(
    store: Records, application: str, environment: str, asked: Mapping[str, Mapping[str, Any]]
) -> dict[str, tuple[str, ...]]:
    """By resource of an application the others that have it in an environment, as the records say; none is left out.

    `asked` are the inputs of the steps that make the resources, by their names.
    """
    rows = [RecordedResource(application, environment, name, asked=inputs) for name, inputs in asked.items()]
    users = users_of(store, environment, {one.shared_id for one in rows if one.shared_id is not None})
    return {row.name: tuple(name for name in users.get(row.shared_id or "", ()) if name != application) for row in rows}


def with_users(store: Records, application: str, environment: str, deployed: Deployed) -> Deployed:
    """What is deployed of an application, each shared resource with the other applications that have it."""
    others = used_by_others(store, application, environment, {one.name: one.inputs for one in deployed.resources})
    return replace(deployed, resources=tuple(replace(one, used_by=others[one.name]) for one in deployed.resources))
