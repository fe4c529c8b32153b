"""Who uses a provisioner: applications by their Score files, and workflows by their steps."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from innominatus_cli.documents.admin_config import AdminConfigDocument
from innominatus_cli.documents.repository import Repository
from innominatus_cli.findings.finding import Place
from innominatus_cli.operations.discovery import identity_of
from innominatus_cli.planning.selection import product_of
from innominatus_cli.provisioners.choice import Choice
from innominatus_cli.provisioners.registry import Registry, Wanted

_PROVISIONS: Final = "resource-provisioning"
_NOWHERE: Final = Place("")
_TYPE: Final = ("resourceType", "resource_type", "type")
_CLASS: Final = ("resourceClass", "resource_class", "class")
_ID: Final = ("resourceId", "resource_id", "id")


def users_of(repository: Repository, registry: Registry) -> dict[int, list[str]]:
    """By `id()` of a choice the names of applications and identities of workflows that get it, sorted.

    What a step says only when it runs is nobody's yet.
    """
    found: dict[int, set[str]] = {}
    for user, wanted in (*_of_applications(repository), *_of_workflows(repository)):
        choice = registry.resolve(wanted, _NOWHERE)
        if isinstance(choice, Choice):
            found.setdefault(id(choice), set()).add(user)
    return {key: sorted(users) for key, users in found.items()}


def _of_applications(repository: Repository) -> Iterator[tuple[str, Wanted]]:
    config = repository.admin_config()
    admin = config.model if config is not None else AdminConfigDocument()
    for path in repository.application_paths():
        for workload in repository.workloads(path):
            name = workload.model.metadata.name
            product = product_of(workload.model, admin, repository.has_product if config is not None else None)
            for resource_name, resource in workload.model.resources.items():
                kind = admin.resource_definitions.get(resource.type, resource.type)
                yield name, Wanted(kind, resource.class_, resource.id or f"{name}.{resource_name}", product)


def _of_workflows(repository: Repository) -> Iterator[tuple[str, Wanted]]:
    found = [*repository.platform_workflows()]
    for name in repository.products():
        found += repository.product_workflows(name)
    for workflow in found:
        for step in workflow.model.spec.steps:
            kind = _said(step.config, _TYPE) if step.type == _PROVISIONS else ""
            if kind:
                class_, product = _said(step.config, _CLASS) or "default", workflow.model.metadata.product
                yield identity_of(workflow), Wanted(kind, class_, _said(step.config, _ID), product)


def _said(config: Mapping[str, Any], names: tuple[str, ...]) -> str:
    """The first of these keys that holds a text which is known before the run."""
    texts = (config[name] for name in names if isinstance(config.get(name), str))
    text = next(texts, "")
    return "" if "${" in text else text
