"""Containers of a workload: order, environment, probes, files and volumes of the pod."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from innominatus_cli.documents.score import Container, Probe, Quantities, WorkloadDocument
from innominatus_cli.drivers.kubernetes.files import files_of
from innominatus_cli.drivers.kubernetes.names import Data
from innominatus_cli.drivers.kubernetes.secrets import WorkloadSecrets
from innominatus_cli.drivers.kubernetes.unsupported import Unsupported
from innominatus_cli.drivers.kubernetes.volumes import Volumes


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod's spec and the objects that it needs beside it."""

    spec: Data
    config_maps: list[Data]
    claims: list[Data]
    claim_templates: list[Data]


def pod_of(
    workload: WorkloadDocument,
    images: Mapping[str, str],
    files: Mapping[str, bytes],
    given: Mapping[str, Any],
    secrets: WorkloadSecrets,
    *,
    claims_in_template: bool,
) -> Pod:
    """The pod of a workload; `given` are volumes by resource, `secrets` learn what it refers to. Raises Unsupported."""
    volumes = Volumes(workload, given, claims_in_template=claims_in_template)
    config_maps: list[Data] = []
    containers: dict[str, Data] = {}
    for name, container in sorted(workload.containers.items()):
        data = _container(name, container, images.get(name, container.image), secrets)
        mounts = volumes.mounts_of(name, container)
        if container.files:
            found = files_of(workload.metadata.name, name, container, files, secrets)
            config_maps += [found.config_map] if found.config_map else []
            for volume in found.volumes:
                volumes.add(volume)
            mounts += found.mounts
        _refuse_one_path_twice(name, mounts)
        if mounts:
            data["volumeMounts"] = mounts
        containers[name] = data
    first = _init_order(workload)
    spec: Data = {"containers": [data for name, data in containers.items() if name not in first]}
    if first:
        spec["initContainers"] = [_as_init(name, workload.containers[name], containers[name]) for name in first]
    if volumes.of_pod:
        spec["volumes"] = volumes.of_pod
    return Pod(spec, config_maps, volumes.claims, volumes.claim_templates)


def _container(name: str, container: Container, image: str, secrets: WorkloadSecrets) -> Data:
    if image == ".":
        raise Unsupported(f"container '{name}' has the image '.', which is to be built: give it under 'images'")
    data: Data = {"name": name, "image": image}
    if container.command:
        data["command"] = list(container.command)
    if container.args:
        data["args"] = list(container.args)
    if container.variables:
        data["env"] = secrets.env_of(f"container '{name}'", container.variables)
    resources = {
        key: amounts
        for key, quantities in (("limits", container.resources.limits), ("requests", container.resources.requests))
        if (amounts := _amounts(quantities))
    }
    if resources:
        data["resources"] = resources
    for key, probe in (("livenessProbe", container.liveness_probe), ("readinessProbe", container.readiness_probe)):
        if probe is not None:
            data[key] = _probe(probe)
    return data


def _amounts(quantities: Quantities) -> dict[str, str]:
    return {key: value for key, value in (("cpu", quantities.cpu), ("memory", quantities.memory)) if value is not None}


def _probe(probe: Probe) -> Data:
    # Score 0.4: where both are given, exec is preferred on platforms that have it.
    if probe.exec is not None:
        return {"exec": {"command": list(probe.exec.command)}}
    get = probe.http_get
    if get is None:
        raise AssertionError("the model lets no empty probe through")
    action: Data = {"path": get.path, "port": get.port}
    if get.host is not None:
        action["host"] = get.host
    if get.scheme is not None:
        action["scheme"] = get.scheme
    if get.http_headers:
        action["httpHeaders"] = [{"name": header.name, "value": header.value} for header in get.http_headers]
    return {"httpGet": action}


def _as_init(name: str, container: Container, data: Data) -> Data:
    """The container as one that goes before others: plain (`complete`) or a native sidecar (`started`, `healthy`)."""
    wanted = {before.ready for before in container.before.values()}
    if "complete" in wanted:
        if len(wanted) > 1:
            raise Unsupported(f"container '{name}' cannot be complete before one container and running for another")
        if container.liveness_probe or container.readiness_probe:
            raise Unsupported(f"container '{name}' ends before others start: it can have no probes")
        return data
    sidecar = {**data, "restartPolicy": "Always"}
    if "healthy" in wanted:
        probe = container.readiness_probe or container.liveness_probe
        if probe is None:
            raise Unsupported(f"container '{name}' is to be healthy before others start: it needs a probe")
        sidecar["startupProbe"] = _probe(probe)
    return sidecar


def _init_order(workload: WorkloadDocument) -> list[str]:
    """Containers that go before others, each behind those that go before it; by name where nothing says otherwise."""
    containers = workload.containers
    for name, container in sorted(containers.items()):
        for target in sorted(container.before):
            if target not in containers:
                raise Unsupported(f"container '{name}' goes before '{target}', which the workload does not have")
    waiting = sorted(name for name, container in containers.items() if container.before)
    order: list[str] = []
    while waiting:
        free = [name for name in waiting if not any(name in containers[other].before for other in waiting)]
        if not free:
            raise Unsupported(f"the containers {_quoted(waiting)} wait for each other")
        order.append(free[0])
        waiting.remove(free[0])
    return order


def _refuse_one_path_twice(name: str, mounts: Iterable[Data]) -> None:
    seen: set[str] = set()
    for mount in mounts:
        path = str(mount["mountPath"]).rstrip("/") or "/"
        if path in seen:
            raise Unsupported(f"container '{name}' mounts two things at {path}")
        seen.add(path)


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
