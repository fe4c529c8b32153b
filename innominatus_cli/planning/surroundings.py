"""The contexts that all workflows of a plan share, from the Score file, admin-config.yaml and facts."""

from typing import Any

from innominatus_cli.documents.admin_config import AdminConfigDocument, EnvironmentDefinition
from innominatus_cli.documents.repository import ADMIN_CONFIG
from innominatus_cli.documents.score import WorkloadDocument
from innominatus_cli.documents.score_resources import first_names
from innominatus_cli.documents.typed import Typed
from innominatus_cli.expressions.contexts import DataContext
from innominatus_cli.planning.request import Facts, PlanRequest
from innominatus_cli.planning.scopes import Surroundings
from innominatus_cli.planning.workload import uids_of


def surroundings_of(
    request: PlanRequest,
    facts: Facts,
    config: AdminConfigDocument,
    workload: Typed[WorkloadDocument] | None,
    product: str | None,
) -> Surroundings:
    """Everything that is the same for every step."""
    origin = workload.document.path if workload else "no Score file"
    metadata = _metadata(workload)
    resources = _resources(workload)
    return Surroundings(
        application=DataContext("application", _application(workload, metadata, product), origin),
        metadata=DataContext("metadata", metadata, origin),
        environment=DataContext(
            "environment", environment_values(request, config, workload), f"{ADMIN_CONFIG} environments"
        ),
        admin=DataContext("admin", _admin(config), f"{ADMIN_CONFIG} admin"),
        secrets=frozenset(config.secrets),
        env={name: facts.env[name] for name in sorted(config.env) if name in facts.env},
        git=facts.git,
        resources=resources,
        first_names=first_names(uids_of(metadata.get("name", ""), resources)),
    )


def _metadata(workload: Typed[WorkloadDocument] | None) -> dict[str, Any]:
    plain = workload.document.mapping.mapping("metadata").plain() if workload else {}
    return plain if isinstance(plain, dict) else {}


def _application(
    workload: Typed[WorkloadDocument] | None, metadata: dict[str, Any], product: str | None
) -> dict[str, Any]:
    if workload is None:
        return {}
    own: dict[str, Any] = {key: metadata[key] for key in ("team", "owner", "costCenter") if key in metadata}
    return {**own, "name": metadata["name"], "product": product, "path": workload.document.path, "metadata": metadata}


def environment_values(
    request: PlanRequest, config: AdminConfigDocument, workload: Typed[WorkloadDocument] | None
) -> dict[str, Any]:
    """`name` and its old word `type`, the Score file's `ttl`, and the environment's variables."""
    here = config.environments.get(request.environment, EnvironmentDefinition())
    written = workload.model.environment if workload else None
    found: dict[str, Any] = dict(here.variables)
    found |= {"variables": dict(here.variables), "description": here.description}
    if written is not None and written.ttl is not None:
        found["ttl"] = written.ttl
    return found | {"name": request.environment, "type": request.environment}


def _admin(config: AdminConfigDocument) -> dict[str, Any]:
    """The defaults; what is not said has no value, so that a reference to it is a finding."""
    data = config.admin.model_dump(mode="json", by_alias=True)
    return {key: None if value == "" else value for key, value in data.items()}


def _resources(workload: Typed[WorkloadDocument] | None) -> dict[str, dict[str, object]]:
    if workload is None:
        return {}
    return {
        name: {"type": resource.type, "class": resource.class_, "id": resource.id}
        for name, resource in workload.model.resources.items()
    }
