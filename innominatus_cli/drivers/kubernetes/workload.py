"""A Score workload to Kubernetes objects, byte for byte the same on every machine.

Deliberate differences to score-k8s: no random suffixes, files mounted by subPath (a mounted folder would hide the
image's own), volumes by the resource and not by the path, `before` as init containers, `$(` in values escaped, and
whatever has no faithful form refused.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from innominatus_cli.documents.score import WorkloadDocument
from innominatus_cli.drivers.kubernetes.containers import Pod, pod_of
from innominatus_cli.drivers.kubernetes.names import Data, is_service_name, selector, workload_labels
from innominatus_cli.drivers.kubernetes.secrets import WorkloadSecrets, refuse_marks
from innominatus_cli.drivers.kubernetes.unsupported import Unsupported
from innominatus_cli.provisioners.route import route_of

KIND_ANNOTATION = "k8s.score.dev/kind"
SERVICE_NAME_ANNOTATION = "k8s.score.dev/service-name"
_LONGEST_STATEFUL_SET = 52
"""Its pods carry the name and a hash of eleven characters as a label of at most 63."""


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """What the step says beside the workload."""

    application: str
    images: Mapping[str, str] = field(default_factory=dict)
    replicas: int | None = None
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """Contents of `files.*.source`, by the path as written."""
    volumes: Mapping[str, Any] = field(default_factory=dict)
    """`source` or `claimSpec` by the name of a resource, in place of its params."""
    sealed: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Values of the secrets that the workload has marks for, by the keys of the marks."""


def render(workload: WorkloadDocument, options: RenderOptions) -> list[Data]:
    """The workload's objects. Raises Unsupported.

    They are the Secret with what it is given of secret outputs, ConfigMaps, claims, Services, the controller and
    Ingresses.
    """
    kind = _kind(workload)
    unknown = sorted(options.images.keys() - workload.containers.keys())
    if unknown:
        raise Unsupported(f"'images' names the container '{unknown[0]}', which the workload does not have")
    secrets = WorkloadSecrets(workload.metadata.name, options.sealed)
    in_template = kind == "StatefulSet"
    pod = pod_of(workload, options.images, options.files, options.volumes, secrets, claims_in_template=in_template)
    objects = [*pod.config_maps, *pod.claims, *_services(workload, kind)]
    objects.append(_controller(workload, kind, pod, options))
    objects += _ingresses(workload, options.application)
    refuse_marks(objects)
    own = secrets.secret()
    objects = [own, *objects] if own else objects
    labels = workload_labels(workload.metadata.name)
    for data in objects:
        data["metadata"]["labels"] = dict(labels)
    return objects


def _kind(workload: WorkloadDocument) -> str:
    kind = workload.metadata.annotations.get(KIND_ANNOTATION, "Deployment")
    if kind not in {"Deployment", "StatefulSet"}:
        raise Unsupported(f"annotation {KIND_ANNOTATION} is '{kind}'; there are Deployment and StatefulSet")
    return kind


def _controller(workload: WorkloadDocument, kind: str, pod: Pod, options: RenderOptions) -> Data:
    name = workload.metadata.name
    spec: Data = {
        "selector": {"matchLabels": selector(name)},
        "template": {
            "metadata": {"labels": workload_labels(name), "annotations": _pod_annotations(workload, pod)},
            "spec": pod.spec,
        },
    }
    if not spec["template"]["metadata"]["annotations"]:
        del spec["template"]["metadata"]["annotations"]
    if options.replicas is not None:
        spec["replicas"] = options.replicas
    if kind == "StatefulSet":
        spec["serviceName"] = _headless_name(name)
        if pod.claim_templates:
            spec["volumeClaimTemplates"] = pod.claim_templates
    elif pod.claims:
        # Two pods cannot hold a ReadWriteOnce claim: a rolling update would wait for ever.
        spec["strategy"] = {"type": "Recreate"}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}


def _pod_annotations(workload: WorkloadDocument, pod: Pod) -> dict[str, str]:
    own = {key: value for key, value in workload.metadata.annotations.items() if not key.startswith("k8s.score.dev/")}
    if pod.config_maps:
        data = json.dumps(pod.config_maps, sort_keys=True).encode()
        own["innominatus.dev/files-digest"] = "sha256:" + hashlib.sha256(data).hexdigest()
    return own


def _services(workload: WorkloadDocument, kind: str) -> list[Data]:
    name = workload.metadata.name
    found: list[Data] = []
    if workload.service.ports:
        ports = [
            {"name": key, "port": port.port, "targetPort": port.target_port or port.port, "protocol": port.protocol}
            for key, port in sorted(workload.service.ports.items())
        ]
        found.append(_service(service_name(workload), {"ports": ports, "selector": selector(name)}))
    if kind == "StatefulSet":
        headless = {"clusterIP": "None", "ports": [{"name": "default", "port": 99}], "selector": selector(name)}
        found.append(_service(_headless_name(name), headless))
    return found


def service_name(workload: WorkloadDocument) -> str:
    """The name of the workload's Service. Raises Unsupported."""
    name = workload.metadata.annotations.get(SERVICE_NAME_ANNOTATION, workload.metadata.name)
    if not is_service_name(name):
        raise Unsupported(f"'{name}' cannot be the name of a Service: it must start with a letter")
    return name


def _service(name: str, spec: Data) -> Data:
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def _headless_name(name: str) -> str:
    if len(name) > _LONGEST_STATEFUL_SET:
        raise Unsupported(f"the name of a StatefulSet's workload has at most {_LONGEST_STATEFUL_SET} characters")
    return f"{name}-headless"


def _ingresses(workload: WorkloadDocument, application: str) -> list[Data]:
    found = []
    for key, resource in sorted(workload.resources.items()):
        if resource.type != "route":
            continue
        route = route_of(resource.params, application)
        if isinstance(route, str):
            raise Unsupported(f"resource '{key}': {route}")
        port = _route_port(workload, key, route.port)
        backend = {"service": {"name": service_name(workload), "port": {"number": port}}}
        spec: Data = {
            "rules": [
                {
                    "host": route.host,
                    "http": {"paths": [{"path": route.path, "pathType": "Prefix", "backend": backend}]},
                }
            ]
        }
        name = f"{workload.metadata.name}-{key}"
        if route.tls:
            spec["tls"] = [{"hosts": [route.host], "secretName": f"{name}-tls"}]
        if "ingressClassName" in resource.params:
            spec["ingressClassName"] = str(resource.params["ingressClassName"])
        found.append(
            {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": name}, "spec": spec}
        )
    return found


def _route_port(workload: WorkloadDocument, key: str, wanted: int | str | None) -> int:
    by_name = {name: port.port for name, port in workload.service.ports.items()}
    ports = list(by_name.values())
    if not ports:
        raise Unsupported(f"resource '{key}' is a route, and the workload has no service port that it could lead to")
    if wanted is None:
        if len(set(ports)) > 1:
            raise Unsupported(f"resource '{key}' needs the param 'port': the service has several ports")
        return ports[0]
    if isinstance(wanted, str) and wanted in by_name:
        return by_name[wanted]
    if not isinstance(wanted, int) or wanted not in ports:
        known = ", ".join(str(port) for port in sorted(ports))
        raise Unsupported(f"resource '{key}': the service has no port {wanted}; it has {known}")
    return wanted
