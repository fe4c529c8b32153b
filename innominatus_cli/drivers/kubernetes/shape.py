"""What can be said of an object without a cluster: names, labels, versions that are gone, pods that cannot be.

It knows no schemas: those of a cluster are the cluster's own, with its version and its custom kinds. Sources: the
Kubernetes reference on names, labels and deprecated APIs.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

_VERSION: Final = re.compile(r"([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?v[0-9]+((alpha|beta)[0-9]+)?")
_KIND: Final = re.compile(r"[A-Z][A-Za-z0-9]{0,62}")
_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_SERVICE: Final = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
_KEY: Final = re.compile(r"([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_VALUE: Final = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
_GONE: Final = {
    ("extensions/v1beta1", "Ingress"): "networking.k8s.io/v1",
    ("networking.k8s.io/v1beta1", "Ingress"): "networking.k8s.io/v1",
    ("extensions/v1beta1", "Deployment"): "apps/v1",
    ("apps/v1beta1", "Deployment"): "apps/v1",
    ("apps/v1beta2", "Deployment"): "apps/v1",
    ("apps/v1beta1", "StatefulSet"): "apps/v1",
    ("apps/v1beta2", "StatefulSet"): "apps/v1",
    ("extensions/v1beta1", "DaemonSet"): "apps/v1",
    ("batch/v1beta1", "CronJob"): "batch/v1",
    ("policy/v1beta1", "PodDisruptionBudget"): "policy/v1",
    ("autoscaling/v2beta1", "HorizontalPodAutoscaler"): "autoscaling/v2",
    ("autoscaling/v2beta2", "HorizontalPodAutoscaler"): "autoscaling/v2",
    ("rbac.authorization.k8s.io/v1beta1", "Role"): "rbac.authorization.k8s.io/v1",
    ("rbac.authorization.k8s.io/v1beta1", "RoleBinding"): "rbac.authorization.k8s.io/v1",
    ("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition"): "apiextensions.k8s.io/v1",
}
_SELECTING: Final = frozenset({"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"})


def problem_of(data: Mapping[str, Any]) -> str:
    """The first thing that no cluster would take, as the end of a sentence about the object; empty where none is."""
    return next(_problems(data), "")


def _problems(data: Mapping[str, Any]) -> Iterator[str]:
    version, kind, metadata = str(data["apiVersion"]), str(data["kind"]), data["metadata"]
    if not _VERSION.fullmatch(version):
        yield f"'{version}' is no apiVersion"
    if not _KIND.fullmatch(kind):
        yield f"'{kind}' is no kind"
    if (version, kind) in _GONE:
        yield f"Kubernetes no longer has {kind} in {version}: write {_GONE[version, kind]}"
    if kind == "Namespace" and not _LABEL.fullmatch(metadata["name"]):
        yield f"'{metadata['name']}' is no name of a namespace"
    if kind == "Service" and not _SERVICE.fullmatch(metadata["name"]):
        yield f"'{metadata['name']}' is no name of a Service: a letter first, at most 63 letters, digits and hyphens"
    namespace = metadata.get("namespace")
    if namespace is not None and not (isinstance(namespace, str) and _LABEL.fullmatch(namespace)):
        yield f"'{namespace}' is no name of a namespace"
    yield from _labels(metadata.get("labels"), "label")
    yield from _annotations(metadata.get("annotations"))
    yield from _spec(kind, data.get("spec"))


def _labels(labels: object, what: str) -> Iterator[str]:
    if labels is None:
        return
    if not isinstance(labels, Mapping):
        yield f"its {what}s are no mapping"
        return
    for key, value in labels.items():
        if not _KEY.fullmatch(str(key)):
            yield f"'{key}' is no key of a {what}"
        if not isinstance(value, str) or not _VALUE.fullmatch(value):
            yield f"{what} '{key}' has a value that is none: at most 63 letters, digits, '-', '_' and '.', as text"


def _annotations(annotations: object) -> Iterator[str]:
    if annotations is None:
        return
    if not isinstance(annotations, Mapping):
        yield "its annotations are no mapping"
        return
    for key, value in annotations.items():
        if not _KEY.fullmatch(str(key)):
            yield f"'{key}' is no key of an annotation"
        if not isinstance(value, str):
            yield f"annotation '{key}' is no text: put it in quotes"


def _spec(kind: str, spec: object) -> Iterator[str]:
    if not isinstance(spec, Mapping):
        if kind in _SELECTING or kind in {"Job", "CronJob", "Pod"}:
            yield "it has no 'spec'"
        return
    if kind == "Pod":
        yield from _pod(spec)
    if kind == "CronJob":
        template = spec.get("jobTemplate")
        yield from _spec("Job", template.get("spec") if isinstance(template, Mapping) else None)
    if kind in _SELECTING or kind == "Job":
        template = spec.get("template")
        if not isinstance(template, Mapping) or not isinstance(template.get("spec"), Mapping):
            yield "it has no 'spec.template.spec'"
            return
        yield from _pod(template["spec"])
        if kind in _SELECTING:
            yield from _selected(spec, template)


def _selected(spec: Mapping[str, Any], template: Mapping[str, Any]) -> Iterator[str]:
    selector = spec.get("selector")
    if not isinstance(selector, Mapping):
        yield "it has no 'spec.selector'"
        return
    labels = (template.get("metadata") or {}).get("labels") or {}
    yield from _labels(labels, "label")
    for key, value in (selector.get("matchLabels") or {}).items():
        if labels.get(key) != value:
            yield f"its selector wants the label '{key}', which its own pods do not have so"


def _pod(spec: Mapping[str, Any]) -> Iterator[str]:
    names: set[str] = set()
    if not spec.get("containers"):
        yield "its pod has no containers"
    for part in ("initContainers", "containers"):
        for container in spec.get(part) or []:
            name = container.get("name") if isinstance(container, Mapping) else None
            if not isinstance(name, str) or not _LABEL.fullmatch(name):
                yield f"'{name}' is no name of a container"
            elif name in names:
                yield f"it has two containers '{name}'"
            elif not container.get("image"):
                yield f"container '{name}' has no image"
            names.add(str(name))
