"""Every step type of the product, by name."""

from collections.abc import Mapping
from types import MappingProxyType

from innominatus_cli.step_types import (
    checking,
    databases,
    delivery,
    flow,
    infrastructure,
    kubernetes,
    oversight,
    programs,
    resources,
    terraform,
)
from innominatus_cli.step_types.contract import StepType

STEP_TYPES: Mapping[str, StepType] = MappingProxyType(
    {
        known.name: known
        for known in sorted(
            (
                programs.SCRIPT,
                checking.VALIDATION,
                checking.POLICY,
                checking.SECURITY,
                kubernetes.KUBERNETES,
                kubernetes.HELM_TYPE,
                kubernetes.KUSTOMIZE,
                databases.DATABASE_MIGRATION,
                databases.DATABASE_SCHEMA,
                resources.RESOURCE_PROVISIONING,
                resources.VAULT_SETUP,
                oversight.COST_ANALYSIS,
                oversight.TAGGING,
                oversight.MONITORING,
                terraform.TERRAFORM,
                terraform.TERRAFORM_GENERATE,
                infrastructure.ANSIBLE,
                infrastructure.CLOUDFORMATION,
                infrastructure.PULUMI,
                delivery.CONTAINER_BUILD,
                delivery.GITEA_REPO,
                delivery.GIT_COMMIT_MANIFESTS,
                delivery.ARGOCD_APP,
                flow.APPROVAL,
                flow.WORKFLOW,
                flow.WAIT,
                flow.NOTIFICATION,
                flow.HTTP,
                flow.TEST,
            ),
            key=lambda known: known.name,
        )
    }
)
"""Read only, sorted by name."""


def step_type(name: str) -> StepType | None:
    """The step type of this name, or None."""
    return STEP_TYPES.get(name)
