"""`kubernetes`: what to render, where it goes, and kubectl where the environment says `apply`."""

import posixpath
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Final

from pydantic import ValidationError

from innominatus_cli.documents.score import WorkloadDocument
from innominatus_cli.documents.words import counted
from innominatus_cli.documents.yaml_writer import yaml_text
from innominatus_cli.drivers.contract import DriverResult, DriverSteps, StepContext
from innominatus_cli.drivers.kubernetes import kubectl
from innominatus_cli.drivers.kubernetes.comparing import Compared, compare, current, deleted, drifted, previewed
from innominatus_cli.drivers.kubernetes.earlier import keep, kept
from innominatus_cli.drivers.kubernetes.healths import healths
from innominatus_cli.drivers.kubernetes.kept_secrets import drop_secrets, keep_secrets
from innominatus_cli.drivers.kubernetes.names import MANAGED_BY, has_no_namespace, is_namespace
from innominatus_cli.drivers.kubernetes.shape import problem_of
from innominatus_cli.drivers.kubernetes.unsupported import Unsupported
from innominatus_cli.drivers.kubernetes.workload import RenderOptions, render
from innominatus_cli.drivers.manifests import Manifest, from_data, from_text, read_paths
from innominatus_cli.drivers.tools import tool
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.finding import Finding
from innominatus_cli.step_types.contract import known
from innominatus_cli.step_types.kubernetes import KubernetesInputs

_ASKING: Final = frozenset({"get", "restart", "scale", "wait"})
"""Operations that send no manifests."""
_OF_WORKLOAD: Final = "workload "
"""The origin of objects that are rendered from a workload begins so."""


def driver(ctx: StepContext) -> DriverSteps:
    """Renders the objects; in mode `apply` sends them through kubectl and waits for what rolls out."""
    inputs = ctx.inputs_of(KubernetesInputs)
    namespace = inputs.namespace or ctx.application
    operation = str(known(inputs.operation))
    refusal = _refusal(ctx, namespace, operation)
    if refusal:
        return DriverResult(failure=refusal)
    if operation in _ASKING or known(inputs.mode) == "apply":
        for need in ctx.step.tools:
            found = yield from tool(ctx, need)
            if isinstance(found, Finding):
                return DriverResult(failure=found)
    if operation in _ASKING:
        asked = kubectl.get(ctx, inputs, namespace) if operation == "get" else None
        return (yield from asked or kubectl.told(ctx, inputs, operation, namespace))
    return (yield from _rendered(ctx, inputs, operation, namespace))


def _rendered(ctx: StepContext, inputs: KubernetesInputs, operation: str, namespace: str) -> DriverSteps:
    objects = wanted(ctx, inputs, namespace, operation)
    if isinstance(objects, Finding):
        return DriverResult(failure=objects)
    result = _result(ctx, namespace, operation, objects)
    if isinstance(result, Finding):
        return DriverResult(failure=result)
    if known(inputs.mode) == "apply":
        return (yield from _send(ctx, inputs, operation, objects, result))
    return result


def undo(ctx: StepContext) -> DriverSteps:
    """Applies what we had applied of the objects before the run; those that were not there are deleted.

    Fields of others stay theirs. The server is asked first: where one object could not be put back nothing is changed.
    """
    inputs = ctx.inputs_of(KubernetesInputs)
    if known(inputs.mode) != "apply" or known(inputs.operation) not in {"apply", "create-namespace"}:
        return DriverResult()
    noted = kept(ctx)
    if noted is None:
        return DriverResult(message="the run applied nothing")
    before = noted.before
    there = {(one.kind, one.namespace, one.name) for one in before}
    made = [one for one in noted.applied if (one.kind, one.namespace, one.name) not in there]
    if before:
        failure = None if noted.whole else (yield from kubectl.tried(ctx, inputs, before))
        failure = failure or (yield from kubectl.apply(ctx, inputs, before, force=noted.whole))
        if failure:
            return DriverResult(failure=failure)
    if made:
        failure = yield from deleted(ctx, inputs, made)
        if failure:
            return DriverResult(failure=failure)
    message = f"{counted(len(before), 'object')} as before, {counted(len(made), 'object')} deleted"
    return DriverResult(message=message, tools=(kubectl.TOOL,))


def preview(ctx: StepContext) -> DriverSteps:
    """What an apply would create and update, by the server's own dry run."""
    return (yield from _compared(ctx, previewed))


def probe(ctx: StepContext) -> DriverSteps:
    """Whether the cluster has the objects as they would be applied."""

    def done(compared: Compared) -> DriverResult:
        return DriverResult(outputs={"done": compared.same}, tools=(kubectl.TOOL,))

    return (yield from _compared(ctx, done))


def drift(ctx: StepContext) -> DriverSteps:
    """Which objects are not there, or not as they were applied."""
    return (yield from _compared(ctx, drifted))


def health(ctx: StepContext) -> DriverSteps:
    """How the objects are: whether they are there, and whether what runs is ready."""
    inputs = ctx.inputs_of(KubernetesInputs)
    if known(inputs.mode) != "apply" or known(inputs.operation) != "apply":
        return DriverResult(outputs={"health": []})
    objects = wanted(ctx, inputs, inputs.namespace or ctx.application, "apply")
    if isinstance(objects, Finding):
        return DriverResult(failure=objects)
    found = yield from current(ctx, inputs, objects)
    if isinstance(found, Finding):
        return DriverResult(failure=found)
    return DriverResult(outputs={"health": healths(objects, found)}, tools=(kubectl.TOOL,))


def _compared(ctx: StepContext, told: Callable[[Compared], DriverResult]) -> DriverSteps:
    inputs = ctx.inputs_of(KubernetesInputs)
    operation = str(known(inputs.operation))
    if known(inputs.mode) != "apply" or operation not in {"apply", "create-namespace"}:
        return told(Compared((), ()))
    objects = wanted(ctx, inputs, inputs.namespace or ctx.application, operation)
    if isinstance(objects, Finding):
        return DriverResult(failure=objects)
    if not ctx.sealed:  # from records, which have no secrets: the Secret's values are known to the cluster alone
        objects = [one for one in objects if not _is_sealed(one)]
    found = yield from compare(ctx, inputs, objects)
    return DriverResult(failure=found) if isinstance(found, Finding) else told(found)


def wanted(ctx: StepContext, inputs: KubernetesInputs, namespace: str, operation: str) -> list[Manifest] | Finding:
    """The objects of a step, the namespace first."""
    rendered = _objects(ctx, inputs, namespace)
    if isinstance(rendered, Finding):
        return rendered
    objects = [*_namespace(ctx, inputs, namespace, operation, rendered), *rendered]
    for manifest in objects:
        problem = problem_of(manifest.data)
        if problem:
            return ctx.finding(codes.MANIFEST_INVALID, f"{manifest.origin}: {manifest.title}: {problem}")
    return objects


def _refusal(ctx: StepContext, namespace: str, operation: str) -> Finding | None:
    if not is_namespace(namespace):
        return ctx.finding(codes.INPUTS_UNUSABLE, f"'{namespace}' is no name of a namespace")
    if ctx.step.secrets and operation == "apply":
        return ctx.finding(
            codes.INPUTS_UNUSABLE,
            "a secret among the inputs would be written into a manifest, and manifests are committed",
            "Bind the secret with a vault-setup step and let the manifest name it.",
        )
    return None


def _send(
    ctx: StepContext, inputs: KubernetesInputs, operation: str, objects: list[Manifest], result: DriverResult
) -> DriverSteps:
    deletes = operation == "delete"
    if not deletes:
        found = yield from current(ctx, inputs, objects)
        if isinstance(found, Finding):
            return DriverResult(failure=found)
        try:
            keep(ctx, objects, found)
        except OSError as problem:
            return ctx.failed(codes.JOURNAL_LOST, f"cannot note what the cluster has: {problem.strerror}")
    failure = yield from (deleted if deletes else kubectl.apply)(ctx, inputs, objects)
    if failure:
        return DriverResult(failure=failure)
    message = f"{counted(len(objects), 'object')} {'deleted' if deletes else 'applied'}"
    return replace(result, message=message, tools=(kubectl.TOOL,))


def _result(ctx: StepContext, namespace: str, operation: str, objects: list[Manifest]) -> DriverResult | Finding:
    outputs: dict[str, Any] = {"namespace": namespace, "objects": [manifest.title for manifest in objects]}
    secrets = [manifest for manifest in objects if _is_sealed(manifest)]
    if operation == "delete":
        drop_secrets(ctx, secrets)
        outputs["manifests"] = []
        return DriverResult(outputs=outputs, message="mode render: nothing was applied, so nothing is deleted")
    path = ctx.artifact_path()
    outputs["manifests"] = [path]
    rendered = [manifest for manifest in objects if not _is_sealed(manifest)]
    text = yaml_text(manifest.data for manifest in rendered)
    kept = keep_secrets(ctx, secrets)
    if isinstance(kept, Finding):
        return kept
    message = " · ".join(filter(None, (f"{counted(len(rendered), 'object')} rendered", kept)))
    return DriverResult(outputs=outputs, artifacts={path: text.encode()}, message=message)


def _is_sealed(manifest: Manifest) -> bool:
    """Whether it is the Secret of a rendered workload, which goes to a cluster and into no commit."""
    return manifest.kind == "Secret" and manifest.origin.startswith(_OF_WORKLOAD)


def _objects(ctx: StepContext, inputs: KubernetesInputs, namespace: str) -> list[Manifest] | Finding:
    if known(inputs.operation) == "create-namespace":
        return []
    found: list[Manifest] = []
    for part in _parts(ctx, inputs):
        if isinstance(part, Finding):
            return part
        found += part
    seen: dict[tuple[str, str, str], str] = {}
    for manifest in found:
        _complete(manifest, inputs, ctx.application, namespace)
        key = (manifest.kind, manifest.namespace, manifest.name)
        if key in seen:
            return ctx.finding(
                codes.MANIFEST_INVALID, f"{manifest.title} is given by {seen[key]} and by {manifest.origin}"
            )
        seen[key] = manifest.origin
    return found


def _parts(ctx: StepContext, inputs: KubernetesInputs) -> Iterable[list[Manifest] | Finding]:
    yield read_paths(ctx, inputs.manifests)
    if isinstance(inputs.manifest, str):
        yield from_text(ctx, "inline manifest", inputs.manifest.encode())
    elif inputs.manifest is not None:
        yield from_data(ctx, "inline manifest", [inputs.manifest])
    yield from_data(ctx, "inline objects", inputs.objects)
    if inputs.workload is not None:
        yield _workload(ctx, inputs)


def _workload(ctx: StepContext, inputs: KubernetesInputs) -> list[Manifest] | Finding:
    if not isinstance(inputs.workload, dict):
        return ctx.finding(codes.INPUTS_UNUSABLE, "there is no application whose workload could be rendered")
    try:
        workload = WorkloadDocument.model_validate(inputs.workload)
    except ValidationError as problem:
        first = problem.errors(include_url=False, include_input=False)[0]
        at = ".".join(str(part) for part in first["loc"])
        return ctx.finding(codes.INPUTS_UNUSABLE, f"the workload is no Score workload: {at}: {first['msg']}")
    sources = _sources(ctx, inputs, workload)
    if isinstance(sources, Finding):
        return sources
    options = RenderOptions(
        application=ctx.application,
        images=inputs.images,
        replicas=None if inputs.replicas is None else known(inputs.replicas),
        files=sources,
        volumes=inputs.volumes or {},
        sealed=ctx.sealed,
    )
    try:
        objects = render(workload, options)
    except Unsupported as reason:
        return ctx.finding(codes.WORKLOAD_UNSUPPORTED, str(reason))
    return from_data(ctx, f"{_OF_WORKLOAD}{workload.metadata.name}", objects)


def _sources(ctx: StepContext, inputs: KubernetesInputs, workload: WorkloadDocument) -> dict[str, bytes] | Finding:
    """Contents of `files.*.source`, relative to the Score file; only of files that the plan's digest covers.

    To delete an object its name is enough: a plan that removes covers no such file, and contents are empty then.
    """
    folder = posixpath.dirname(ctx.place.path)
    found: dict[str, bytes] = {}
    deletes = known(inputs.operation) == "delete"
    for container in workload.containers.values():
        for file in container.files.values():
            if file.source is None:
                continue
            if deletes:
                found[file.source] = b""
                continue
            for written in (posixpath.normpath(posixpath.join(folder, file.source)), posixpath.normpath(file.source)):
                if written in ctx.step.input_files:
                    path = ctx.repository_path(written)
                    if isinstance(path, Finding):
                        return path
                    found[file.source] = path.read_bytes()
                    break
    return found


def _complete(manifest: Manifest, inputs: KubernetesInputs, application: str, namespace: str) -> None:
    """Gives an object its namespace and labels; what it says itself stays, but for labels that the step names."""
    metadata = manifest.data["metadata"]
    if not has_no_namespace(manifest.kind) and not metadata.get("namespace"):
        metadata["namespace"] = namespace
    labels = {"app.kubernetes.io/managed-by": MANAGED_BY, "app.kubernetes.io/part-of": application}
    metadata["labels"] = {**labels, **(metadata.get("labels") or {}), **inputs.labels}


def _namespace(
    ctx: StepContext, inputs: KubernetesInputs, namespace: str, operation: str, objects: list[Manifest]
) -> list[Manifest]:
    """The Namespace object, so that manifests stand for themselves; never when deleting."""
    given = {manifest.name for manifest in objects if manifest.kind == "Namespace"}
    wanted = operation == "create-namespace" or (operation == "apply" and known(inputs.create_namespace))
    if not wanted or namespace in given or namespace == "default":
        return []
    manifest = Manifest({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}, "the step")
    _complete(manifest, inputs, ctx.application, namespace)
    return [manifest]
