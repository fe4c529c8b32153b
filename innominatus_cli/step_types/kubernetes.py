"""`kubernetes`: manifests for GitOps, or applied through kubectl; helm and kustomize beside it."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

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
    VariableName,
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


_Operation: TypeAlias = Literal["apply", "delete", "create-namespace", "get", "restart", "scale", "wait"]
KubernetesOperation = Annotated[
    _Operation | Reference[str],
    BeforeValidator(_as_written, json_schema_input_type=_Operation | Literal["create"] | Reference[str]),
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
    volumes: dict[str, Any] | None = None
    """By the name of a resource of the workload that is mounted: `source` (a Kubernetes volume source) or `claimSpec`
    (that of a claim), as outputs of a provisioner; in place of what the resource's params say."""
    labels: dict[str, Text] = {}
    """More labels for every rendered object."""
    mode: Literal["render", "apply"] | Reference[str] = "render"
    """`render` writes manifests to be committed; `apply` sends them through kubectl as well."""
    context: str | None = None
    """The kubectl context of `apply` mode."""
    create_namespace: bool | Reference[bool] = True
    """Whether the namespace itself is the first of the objects; a `delete` never takes it away."""
    wait: bool | Reference[bool] = True
    """Whether `apply` mode waits until Deployments, StatefulSets and DaemonSets have rolled out and Jobs completed."""
    rollout_timeout: DurationSeconds | Reference[int] = 300
    resource_type: str | None = None
    """What `get` reads, and `restart`, `scale` and `wait` are about."""
    resource_name: str | None = None
    condition: Annotated[str, Field(pattern=r"^(condition=[A-Za-z]+(=[A-Za-z]+)?|delete|create)$")] | None = None
    """What `wait` waits for, as `kubectl wait --for` takes it; `condition=Ready` where nothing is said."""

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
        if self.operation in {"restart", "scale", "wait"} and not (self.resource_type and self.resource_name):
            raise ValueError(f"{self.operation} needs 'resourceType' and 'resourceName'")
        if self.operation == "scale" and self.replicas is None:
            raise ValueError("scale needs 'replicas'")
        return self


_ASKING = frozenset({"get", "restart", "scale", "wait"})


def _listed(value: object) -> list[object]:
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def _from_environment(environment: EnvironmentDefinition) -> dict[str, Any]:
    target = environment.kubernetes
    given = {"mode": target.mode, "context": target.context, "namespace": target.namespace}
    return {key: value for key, value in given.items() if value is not None}


def _tools(inputs: Mapping[str, Any]) -> tuple[ToolNeed, ...]:
    return (KUBECTL,) if inputs.get("mode") == "apply" or inputs.get("operation") in _ASKING else ()


def _rollback_of_manifests(inputs: Mapping[str, Any]) -> RollbackMeans:
    """Rendered manifests are taken out again, and objects of a cluster put back; what was deleted there is gone."""
    operation, mode = inputs.get("operation", "apply"), inputs.get("mode", "render")
    if operation in {"restart", "scale"}:
        return "compensated"
    if operation in _ASKING or (operation == "delete" and mode == "render"):
        return "nothing"
    return "irreversible" if operation == "delete" and mode == "apply" else "reversible"


KUBERNETES = StepType(
    name="kubernetes",
    summary="Renders manifests for GitOps, or applies them through kubectl.",
    has_probe=True,
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
            release=["releaseName"], valuesFiles=["valueFiles"], operation=["action"], repository=["repo"]
        )
    )

    operation: Literal["upgrade", "install", "rollback", "uninstall", "template"] | Reference[str] = "upgrade"
    """`upgrade` installs what is not there yet, `install` is another word for it; `rollback` goes to `revision`."""
    release: Annotated[str, Field(min_length=1)]
    chart: str | None = None
    """A chart of `repository`, or `oci://…`; one that begins with `./` is a folder of this repository."""
    chart_path: PathInput | None = None
    """The chart's folder, or its `.tgz`, in this repository."""
    repository: str | None = None
    """The address of a chart repository: https."""
    version: Text | None = None
    """The chart's version; a chart from elsewhere needs one."""
    namespace: str | None = None
    """The release's namespace; the application's name where nothing is said."""
    create_namespace: bool | Reference[bool] = True
    values: dict[str, Any] = {}
    values_files: Paths = []
    secret_values: dict[str, VariableName] = {}
    """Secrets among the values, by path (`auth.password`): each with the variable of the step's `env` that holds it."""
    revision: Annotated[int, Field(ge=1)] | Reference[int] | None = None
    wait: bool | Reference[bool] = True
    timeout: DurationSeconds | Reference[int] = 300
    """How long helm waits for what it installs."""
    mode: Literal["render", "apply"] | Reference[str] = "render"
    """`render` writes what the chart renders as manifests to be committed; `apply` makes a release."""
    context: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _folders(cls, written: Any) -> Any:  # noqa: ANN401 - what a person wrote
        if isinstance(written, Mapping) and str(written.get("chart", "")).startswith(("./", "../", "/")):
            return {**{key: value for key, value in written.items() if key != "chart"}, "chartPath": written["chart"]}
        return written

    @model_validator(mode="after")
    def _some_chart(self) -> "HelmInputs":
        if self.operation in {"upgrade", "install", "template"}:
            if (self.chart is None) == (self.chart_path is None):
                raise ValueError(f"{self.operation} needs one of 'chart' and 'chartPath'")
            if self.chart is not None and self.version is None:
                raise ValueError("a chart from elsewhere needs 'version': without one it changes by itself")
            if self.chart is not None and self.repository is None and not self.chart.startswith("oci://"):
                raise ValueError("a chart that is no oci:// address needs 'repository'")
        if self.operation == "rollback" and self.revision is None:
            raise ValueError("rollback needs 'revision'")
        return self


class KustomizeInputs(StepInputs):
    """Inputs of `kustomize`."""

    model_config = ConfigDict(json_schema_extra=aliases(path=["kustomization", "workingDir"], operation=["action"]))

    operation: Literal["build", "apply", "delete"] | Reference[str] = "build"
    """`build` renders, whatever the environment's mode is; `apply` does as the mode says."""
    path: PathInput = "."
    """The folder of the kustomization. It and its bases are folders of this repository."""
    namespace: str | None = None
    mode: Literal["render", "apply"] | Reference[str] = "render"
    context: str | None = None
    create_namespace: bool | Reference[bool] = False
    wait: bool | Reference[bool] = True
    rollout_timeout: DurationSeconds | Reference[int] = 300


HELM_TYPE = StepType(
    name="helm",
    summary="Installs, upgrades and removes Helm releases, or renders a chart.",
    inputs=HelmInputs,
    outputs={
        "release": "The release.",
        "namespace": "Its namespace.",
        "revision": "Its revision; 0 where the chart was only rendered.",
        "manifests": "Repository paths of rendered manifests.",
    },
    tools=(HELM,),
    idempotency=Idempotency.CONVERGENT,
    rollback="reversible",
    rollback_by_inputs=lambda inputs: "irreversible" if inputs.get("operation") == "uninstall" else "reversible",
    default_timeout_seconds=900,
    environment_defaults=_from_environment,
    has_probe=True,
)
KUSTOMIZE = StepType(
    name="kustomize",
    summary="Builds a kustomization for GitOps, or applies it through kubectl.",
    inputs=KustomizeInputs,
    outputs=KUBERNETES.outputs,
    tools=(KUBECTL,),
    idempotency=Idempotency.CONVERGENT,
    rollback="reversible",
    rollback_by_inputs=lambda inputs: "irreversible" if inputs.get("operation") == "delete" else "reversible",
    default_timeout_seconds=900,
    environment_defaults=_from_environment,
    has_probe=True,
)
