"""Objects that a provisioner gives for a resource: completed, applied where the environment says so, and removed."""

from collections.abc import Generator, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from innominatus_cli.drivers.contract import StepContext
from innominatus_cli.drivers.kubernetes import kubectl
from innominatus_cli.drivers.kubernetes.comparing import deleted
from innominatus_cli.drivers.kubernetes.names import MANAGED_BY, has_no_namespace, is_namespace
from innominatus_cli.drivers.kubernetes.shape import problem_of
from innominatus_cli.drivers.manifests import Manifest, from_data
from innominatus_cli.drivers.tools import tool
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.finding import Finding
from innominatus_cli.step_types.kubernetes import KUBECTL, KubernetesInputs
from innominatus_cli.system.commands import CommandOutcome, CommandRequest

Sent: TypeAlias = Generator[CommandRequest, CommandOutcome, Finding | None]


def completed(
    ctx: StepContext, origin: str, objects: Iterable[Mapping[str, Any]], namespace: str
) -> list[Manifest] | Finding:
    """The objects with a namespace and with the labels that all objects of an application have; own ones stay."""
    if not is_namespace(namespace):
        return ctx.finding(codes.INPUTS_UNUSABLE, f"'{namespace}' is no name of a namespace")
    found = from_data(ctx, origin, [dict(one) for one in objects])
    if isinstance(found, Finding):
        return found
    for manifest in found:
        problem = problem_of(manifest.data)
        if problem:
            return ctx.finding(codes.MANIFEST_INVALID, f"{manifest.origin}: {manifest.title}: {problem}")
        metadata = manifest.data["metadata"] = dict(manifest.data["metadata"])
        if not has_no_namespace(manifest.kind) and not metadata.get("namespace"):
            metadata["namespace"] = namespace
        metadata["labels"] = {**_labels(ctx), **(metadata.get("labels") or {})}
    return found


def apply_objects(ctx: StepContext, objects: Sequence[Manifest], namespace: str, context: str | None) -> Sent:
    """Server-side apply of the namespace and the objects, and a wait for what rolls out."""
    found = yield from tool(ctx, KUBECTL)
    if isinstance(found, Finding):
        return found
    first = [Manifest(_namespace(ctx, namespace), "the resource")] if namespace != "default" else []
    return (yield from kubectl.apply(ctx, _inputs(objects, namespace, context), [*first, *objects]))


def delete_objects(ctx: StepContext, objects: Sequence[Manifest], namespace: str, context: str | None) -> Sent:
    """Deletes the objects, last one first; the namespace stays."""
    found = yield from tool(ctx, KUBECTL)
    if isinstance(found, Finding):
        return found
    return (yield from deleted(ctx, _inputs(objects, namespace, context), list(objects)))


def _inputs(objects: Sequence[Manifest], namespace: str, context: str | None) -> KubernetesInputs:
    data = [one.data for one in objects]
    return KubernetesInputs.model_validate(
        {"objects": data, "mode": "apply", "namespace": namespace, "context": context}
    )


def _namespace(ctx: StepContext, name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": _labels(ctx)}}


def _labels(ctx: StepContext) -> dict[str, str]:
    return {"app.kubernetes.io/managed-by": MANAGED_BY, "app.kubernetes.io/part-of": ctx.application}
