"""Remediation workflows of the catalogue (kubernaut.ai/v1alpha1).

The rules are those of upstream's parser, which its custom resource definition enforces only in part; what neither of
the two checks (duplicate parameters, free versions, unknown engines) belongs to the strict rules of the catalogue.
"""

import re
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from innominatus_cli.documents.action_type import CatalogueDescription, KubernetesMetadata, NonEmpty
from innominatus_cli.documents.model import YamlModel

Environments = Annotated[list[str], Field(min_length=1)]
Severities = Annotated[list[Literal["critical", "high", "warning", "info", "*"]], Field(min_length=1)]
_COMPONENT = r"^(?:\*|[^/\x00-\x1f]+(?:/[^/\x00-\x1f]+)?/[A-Z][^/\x00-\x1f]*)$"
Components = Annotated[list[Annotated[str, Field(pattern=_COMPONENT)]], Field(min_length=1)]
Detected = Literal["true", True]
_DIGEST = r"@sha256:[0-9a-f]{64}$"
_QUANTITY = r"^(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|[eE][-+]?[0-9]+)?$"
Quantity = Annotated[str, Field(pattern=_QUANTITY)] | int | float


class CatalogueLabels(YamlModel):
    """What the search filters by."""

    severity: Severities
    environment: Environments
    component: Components
    priority: NonEmpty
    cluster: list[str] | None = None


class DetectedLabels(YamlModel):
    """What the environment must be like; absent: no requirement."""

    git_ops_managed: Detected | None = None
    pdb_protected: Detected | None = None
    hpa_enabled: Detected | None = None
    stateful: Detected | None = None
    helm_managed: Detected | None = None
    network_isolated: Detected | None = None
    virtual_machine: Detected | None = None
    live_migratable: Detected | None = None
    cdi_managed: Detected | None = None
    git_ops_tool: Literal["argocd", "flux", "*"] | None = None
    service_mesh: Literal["istio", "linkerd", "*"] | None = None
    storage_backend: Literal["odf-ceph", "lvms", "local", "*"] | None = None


class CatalogueParameter(YamlModel):
    """One parameter of a remediation."""

    name: NonEmpty
    type: NonEmpty
    required: bool
    description: NonEmpty
    enum: list[str] | None = None
    pattern: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    default: Any = None
    depends_on: list[str] | None = None


_SUFFIX = re.compile(r"(?:m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)$")


def _amount(quantity: str | float) -> Decimal:
    """A Kubernetes quantity, exactly."""
    text = str(quantity)
    found = _SUFFIX.search(text)
    if found is None:
        return Decimal(text)
    suffix = found.group()
    number = Decimal(text[: found.start()])
    if suffix == "m":
        return number / 1000
    power = "kMGTPE".index("k" if suffix == "Ki" else suffix[0]) + 1
    return number * Decimal(1024 if suffix.endswith("i") else 1000) ** power


class ComputeResources(YamlModel):
    """Compute resources of a job."""

    requests: dict[str, Quantity] = {}
    limits: dict[str, Quantity] = {}

    def check(self) -> None:
        """Raises ValueError where a request exceeds its limit."""
        for name, request in self.requests.items():
            limit = self.limits.get(name)
            if limit is not None and _amount(request) > _amount(limit):
                raise ValueError(f"requests.{name} ({request}) is more than limits.{name} ({limit})")


class Execution(YamlModel):
    """What runs: a Tekton bundle, a job image by digest, or an Ansible project."""

    engine: str | None = None
    bundle: NonEmpty
    bundle_digest: str | None = None
    engine_config: dict[str, Any] | None = None
    service_account_name: str | None = None
    resources: ComputeResources | None = None

    @model_validator(mode="after")
    def _of_its_engine(self) -> "Execution":
        engine = self.engine or "tekton"
        if engine in {"tekton", "job"} and not re.search(_DIGEST, self.bundle):
            raise ValueError("the bundle must end with '@sha256:' and 64 hexadecimal digits")
        if engine == "ansible" and not (self.engine_config or {}).get("playbookPath"):
            raise ValueError("the engine 'ansible' needs engineConfig.playbookPath")
        if self.resources is not None:
            if engine != "job":
                raise ValueError(f"resources are for the engine 'job' only, not for '{engine}'")
            self.resources.check()
        return self


class NamedDependency(YamlModel):
    """A secret or config map that must exist."""

    name: NonEmpty


class Dependencies(YamlModel):
    """What must exist in the cluster."""

    secrets: list[NamedDependency] = []
    config_maps: list[NamedDependency] = []

    @model_validator(mode="after")
    def _unique(self) -> "Dependencies":
        for word, entries in (("secret", self.secrets), ("config map", self.config_maps)):
            names = [entry.name for entry in entries]
            doubled = next((name for name in names if names.count(name) > 1), None)
            if doubled is not None:
                raise ValueError(f"the {word} '{doubled}' is named twice")
        return self


class Maintainer(YamlModel):
    """Who looks after a workflow."""

    name: str
    email: Annotated[str, Field(pattern=r"^[^\s@]+@[^\s@]+\.[^\s@]+$")]


class RemediationWorkflowSpec(YamlModel):
    """What a remediation is for, and what it runs."""

    version: NonEmpty
    description: CatalogueDescription
    action_type: Annotated[str, Field(pattern=r"^[A-Z][A-Za-z0-9]*$")]
    labels: CatalogueLabels
    custom_labels: dict[str, str] | None = None
    detected_labels: DetectedLabels | None = None
    execution: Execution
    dependencies: Dependencies | None = None
    maintainers: list[Maintainer] | None = None
    parameters: Annotated[list[CatalogueParameter], Field(min_length=1)]
    rollback_parameters: list[CatalogueParameter] | None = None


class RemediationWorkflowDocument(YamlModel):
    """A remediation workflow of the catalogue."""

    api_version: Literal["kubernaut.ai/v1alpha1"]
    kind: Literal["RemediationWorkflow"]
    metadata: KubernetesMetadata
    spec: RemediationWorkflowSpec
    status: dict[str, Any] | None = None
