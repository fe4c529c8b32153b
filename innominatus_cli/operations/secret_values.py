"""The secrets of a run: their values for the steps that name them, and how those are given them."""

from collections.abc import Callable, Mapping
from pathlib import Path

from innominatus_cli.documents.admin_config import AdminConfigDocument
from innominatus_cli.documents.plan import Plan
from innominatus_cli.documents.secret_definitions import SecretDefinition
from innominatus_cli.execution.redaction import Redactor
from innominatus_cli.execution.secrecy import Delivery, guarded
from innominatus_cli.execution.values import Secrets
from innominatus_cli.operations.secret_stores.stores import SecretStores
from innominatus_cli.policies.environment_rules import production_by_name
from innominatus_cli.system.clock import Clock


def secrets_for(
    admin: AdminConfigDocument, plan: Plan, root: Path, state_dir: Path, clock: Clock, redactor: Redactor
) -> Secrets:
    """A function from a secret's name to its value; the redactor knows a value before anybody else does.

    `state_dir` is the state folder of the plan's application and environment. A store is asked when a step needs it.
    """
    stores = SecretStores(
        admin,
        root,
        state_dir,
        plan.application.name,
        plan.environment,
        clock,
        learn=redactor.register,
        enforced=is_enforced(admin, plan.environment),
    )
    return guarded(stores.value, redactor, plan)


def is_enforced(admin: AdminConfigDocument, environment: str) -> bool:
    """Whether a secret that is too old is not given to steps in this environment."""
    match admin.secret_policy.enforce:
        case "always":
            return True
        case "production":
            definition = admin.environment(environment)
            marked = definition.production if definition is not None else None
            return production_by_name(environment) if marked is None else marked
        case _:
            return False


def delivery_of(table: Mapping[str, SecretDefinition]) -> Callable[[str], Delivery]:
    """How a step is given the secret of a name: what its definition says."""

    def how(name: str) -> Delivery:
        definition = table.get(name)
        return definition.inject if definition is not None else "env"

    return how
