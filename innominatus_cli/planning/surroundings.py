"""The contexts that all workflows of a plan share, from the Score file, admin-config.yaml and facts."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from innominatus_cli.documents.admin_config import AdminConfigDocument, EnvironmentDefinition
from innominatus_cli.documents.repository import ADMIN_CONFIG
from innominatus_cli.documents.score import WorkloadDocument
from innominatus_cli.documents.score_resources import first_names
from innominatus_cli.documents.typed import Typed
from innominatus_cli.documents.vocabulary import Operation
from innominatus_cli.expressions.contexts import DataContext
from innominatus_cli.findings.catalogue.plan import NO_APPLICATION
from innominatus_cli.findings.finding import Finding, Place
from innominatus_cli.planning.request import Facts, PlanRequest
from innominatus_cli.planning.scopes import Surroundings
from innominatus_cli.planning.workload import uids_of

_NAMED_FILES: Final = 3


class ApplicationData(NamedTuple):
    """What the contexts of one application hold, as plain data."""

    origin: str
    """What holds it: the path of the Score file."""
    application: Mapping[str, Any]
    metadata: Mapping[str, Any]
    environment: Mapping[str, Any]
    resources: Mapping[str, Mapping[str, object]]
    first_names: Mapping[str, str]
    """Of resources that have several names, the one that they are provisioned under."""


def data_of(
    request: PlanRequest, config: AdminConfigDocument, workload: Typed[WorkloadDocument] | None, product: str | None
) -> ApplicationData:
    """The data of the application that a plan is for."""
    metadata, resources = _metadata(workload), _resources(workload)
    return ApplicationData(
        workload.document.path if workload else "no Score file",
        _application(workload, metadata, product),
        metadata,
        environment_values(request, config, workload),
        resources,
        first_names(uids_of(metadata.get("name", ""), resources)),
    )


def surroundings_of(
    data: ApplicationData, facts: Facts, config: AdminConfigDocument, bringing: str = ""
) -> Surroundings:
    """Everything that is the same for every step. `bringing` says how a Score file is named, where none was."""
    return Surroundings(
        application=DataContext("application", data.application, data.origin, bringing=bringing),
        metadata=DataContext("metadata", data.metadata, data.origin, bringing=bringing),
        environment=DataContext("environment", data.environment, f"{ADMIN_CONFIG} environments"),
        admin=DataContext("admin", _admin(config), f"{ADMIN_CONFIG} admin"),
        secrets=frozenset(config.secrets),
        env={name: facts.env[name] for name in sorted(config.env) if name in facts.env},
        git=facts.git,
        resources=data.resources,
        first_names=data.first_names,
    )


def naming_one(request: PlanRequest) -> str:
    """What to type so that a plan has an application."""
    name = request.task or request.golden_path
    command = f"`innominatus-ctl run {name} SCORE`" if name else "SCORE"
    return f"Type {command}, with the path of the application's Score file in the place of SCORE."


def no_application(operation: Operation, paths: Sequence[str]) -> Finding:
    """What is said of a deployment without a Score file, with the first of the repository's own (`paths`)."""
    known = f" Known: {', '.join(paths[:_NAMED_FILES])}{', …' if len(paths) > _NAMED_FILES else ''}."
    remedy = f"Name the application's Score file.{known if paths else ''}"
    return Finding(NO_APPLICATION, f"{operation} needs a Score file", Place("SCORE"), remedy)


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
    here = config.environment(request.environment) or EnvironmentDefinition()
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
