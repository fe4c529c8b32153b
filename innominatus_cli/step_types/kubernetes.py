"""`kubernetes`: manifests for GitOps, or applied through kubectl; helm and kustomize beside it."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from innominatus_cli.documents.admin_config import EnvironmentDefinition
from innominatus_cli.documents.model import DurationSeconds, Text
from innominatus_cli.documents.plan import ToolNeed
from innominatus_cli.documents.vocabulary import Idempotency
from innominatus_cli.step_types.contract import (
    PathInput,
    Reference,
    RollbackMeans,
    StepInputs,
    StepType,
    WorkloadInput,
    aliases,
)

KUBECTL = ToolNeed(name="kubectl", range=">=1.24")
HELM = ToolNeed(name="helm", range=">=3.8")


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


Paths = Annotated[list[PathInput], BeforeValidator(_as_list, json_schema_input_type=PathInput | list[PathInput])]
"""Files and folders of the repository; a single one needs no list."""


def _as_written(value: object) -> object:
    return value


KubernetesOperation = Annotated[
    Literal["apply", "delete", "create-namespace", "get"] | Reference[str],
    BeforeValidator(
        _as_written,
        json_schema_input_type=Literal["apply", "delete", "create-namespace", "get", "create"] | Reference[str],
    ),
]


class KubernetesInputs(StepInputs):
    """Inputs of `kubernetes`: what to render or apply, and where."""

    model_config = ConfigDict(
        json_schema_extra=aliases(
            operation=["action"],
            manifests=["manifestPath", "manifestsPath", "path", "files"],
            namespace=["ns"],
            objects=["resources"],
        )
    )

    operation: KubernetesOperation = "apply"
    """`create` is an old word for `apply`, or for `create-namespace` where nothing is to be applied."""
    namespace: str | None = None
    """Where objects without a namespace go; the application's name where nothing is said."""
    manifests: Paths = []
    """Manifest files, and folders whose `.yaml`, `.yml` and `.json` files are taken in the order of their names."""
    manifest: str | dict[str, Any] | None = None
    """Manifests as YAML text, or one as a mapping."""
    objects: list[dict[str, Any]] = []
    """Manifests as mappings."""
    workload: WorkloadInput | None = None
    """`application` renders the application's Score workload."""
    images: dict[str, str] = {}
    """Images by container, in the place of those that the workload names."""
    replicas: Annotated[int, Field(ge=0, le=10_000)] | Reference[int] | None = None
    """Replicas of the rendered workload; nothing is written where it is absent, for autoscalers."""
    labels: dict[str, Text] = {}
    """More labels for every rendered object."""
    mode: Literal["render", "apply"] | Reference[str] = "render"
    """`render` writes manifests to be committed; `apply` sends them through kubectl as well."""
    context: str | None = None
    """The kubectl context of `apply` mode."""
    create_namespace: bool | Reference[bool] = True
    """Whether the namespace itself is the first of the objects; a `delete` never takes it away."""
    wait: bool | Reference[bool] = True
    """Whether `apply` mode waits until Deployments, StatefulSets and DaemonSets have rolled out."""
    rollout_timeout: DurationSeconds | Reference[int] = 300
    resource_type: str | None = None
    """What `get` reads."""
    resource_name: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _old_forms(cls, written: Any) -> Any:  # noqa: ANN401 - what a person wrote
        if not isinstance(written, Mapping):
            return written
        told = dict(written)
        text = told.get("manifest")
        if isinstance(text, str) and "\n" not in text and text.endswith((".yaml", ".yml", ".json", "/")):
            told["manifests"] = [told.pop("manifest"), *_listed(told.get("manifests"))]
        given = any(told.get(key) for key in ("manifest", "manifests", "objects", "workload", "path", "files"))
        for key in ("operation", "action"):
            if told.get(key) == "create":
                told[key] = "apply" if given else "create-namespace"
        return told

    @model_validator(mode="after")
    def _something_to_do(self) -> "KubernetesInputs":
        given = bool(self.manifests or self.manifest or self.objects or self.workload)
        if self.operation in {"apply", "delete"} and not given:
            raise ValueError(f"{self.operation} needs 'manifests', 'manifest', 'objects' or 'workload'")
        if self.operation == "get" and not self.resource_type:
            raise ValueError("get needs 'resourceType'")
        return self


def _listed(value: object) -> list[object]:
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def _from_environment(environment: EnvironmentDefinition) -> dict[str, Any]:
    target = environment.kubernetes
    given = {"mode": target.mode, "context": target.context, "namespace": target.namespace}
    return {key: value for key, value in given.items() if value is not None}


def _tools(inputs: Mapping[str, Any]) -> tuple[ToolNeed, ...]:
    return (KUBECTL,) if inputs.get("mode") == "apply" or inputs.get("operation") == "get" else ()


def _rollback_of_manifests(inputs: Mapping[str, Any]) -> RollbackMeans:
    """Rendered manifests are taken out again; what was sent to a cluster only another step takes back."""
    operation, mode = inputs.get("operation", "apply"), inputs.get("mode", "render")
    if operation == "get" or (operation == "delete" and mode == "render"):
        return "nothing"
    if mode == "render":
        return "reversible"
    return "irreversible" if operation == "delete" else "compensated"


KUBERNETES = StepType(
    name="kubernetes",
    summary="Renders manifests for GitOps, or applies them through kubectl.",
    inputs=KubernetesInputs,
    outputs={
        "namespace": "The namespace.",
        "objects": "What was rendered, as a list of `<kind>/<name>`.",
        "manifests": "Repository paths of the rendered manifests.",
    },
    tools_by_inputs=_tools,
    idempotency=Idempotency.CONVERGENT,
    rollback="reversible",
    rollback_by_inputs=_rollback_of_manifests,
    default_timeout_seconds=900,
    environment_defaults=_from_environment,
)


class HelmInputs(StepInputs):
    """Inputs of `helm`."""

    model_config = ConfigDict(
        json_schema_extra=aliases(
            release=["releaseName"], chart=["chartPath"], valuesFiles=["valueFiles"], operation=["action"]
        )
    )

    operation: Literal["upgrade", "install", "rollback", "uninstall", "template"] | Reference[str] = "upgrade"
    release: str
    chart: str | None = None
    repository: str | None = None
    version: Text | None = None
    namespace: str | None = None
    values: dict[str, Any] = {}
    values_files: Paths = []
    wait: bool | Reference[bool] = True


class KustomizeInputs(StepInputs):
    """Inputs of `kustomize`."""

    model_config = ConfigDict(json_schema_extra=aliases(path=["kustomization", "workingDir"], operation=["action"]))

    operation: Literal["build", "apply", "delete"] | Reference[str] = "build"
    path: PathInput = "."
    namespace: str | None = None


HELM_TYPE = StepType(
    name="helm",
    summary="Installs, upgrades and removes Helm releases.",
    inputs=HelmInputs,
    tools=(HELM,),
    idempotency=Idempotency.CONVERGENT,
    rollback="compensated",
    has_driver=False,
)
KUSTOMIZE = StepType(
    name="kustomize",
    summary="Builds or applies a kustomization.",
    inputs=KustomizeInputs,
    tools=(KUBECTL,),
    idempotency=Idempotency.CONVERGENT,
    rollback="compensated",
    has_driver=False,
)
