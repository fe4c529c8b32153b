"""Volumes of a workload, one for each resource, wherever and however often it is mounted."""

import posixpath
import re
from collections.abc import Mapping
from typing import Any, Final

from innominatus_cli.documents.score import Container, Resource, WorkloadDocument
from innominatus_cli.drivers.kubernetes.names import Data, short_digest
from innominatus_cli.drivers.kubernetes.unsupported import Unsupported

_QUANTITY: Final = re.compile(r"[1-9][0-9]*(\.[0-9]+)?([kKMGTP]i?)?")
_BARE: Final = re.compile(r"\$\{resources\.([^.}]+)\}")


class Volumes:
    """Gathers the pod's volumes, the claims that they need and the mounts of each container."""

    __slots__ = ("_by_resource", "_given", "_in_template", "_workload", "claim_templates", "claims", "of_pod")

    def __init__(self, workload: WorkloadDocument, given: Mapping[str, Any], *, claims_in_template: bool) -> None:
        unknown = sorted(given.keys() - workload.resources.keys())
        if unknown:
            raise Unsupported(f"'volumes' names the resource '{unknown[0]}', which the workload does not have")
        self._workload = workload
        self._given = given
        self._in_template = claims_in_template
        self._by_resource: dict[str, str] = {}
        self.of_pod: list[Data] = []
        self.claims: list[Data] = []
        self.claim_templates: list[Data] = []

    def add(self, volume: Data) -> None:
        """Adds a volume that is no resource."""
        self.of_pod.append(volume)

    def mounts_of(self, container_name: str, container: Container) -> list[Data]:
        """The mounts of one container. Raises Unsupported."""
        mounts = []
        for target, volume in sorted(container.volumes.items()):
            if not target.startswith("/"):
                raise Unsupported(f"container '{container_name}': volume path '{target}' is not absolute")
            name, resource = self._resource(container_name, volume.source)
            mount: Data = {"name": self._volume(name, resource), "mountPath": posixpath.normpath(target)}
            if volume.path:
                mount["subPath"] = _sub_path(container_name, volume.path)
            if volume.read_only:
                mount["readOnly"] = True
            mounts.append(mount)
        return mounts

    def _resource(self, container_name: str, source: str) -> tuple[str, Resource]:
        """The resource that a source names: by its placeholder, its name, or `type.class#id`."""
        bare = _BARE.fullmatch(source)
        wanted = bare.group(1) if bare else source
        for name, resource in sorted(self._workload.resources.items()):
            if wanted in {name, self._uid(name, resource)}:
                return name, resource
        raise Unsupported(f"container '{container_name}': volume source '{source}' is no resource of the workload")

    def _uid(self, name: str, resource: Resource) -> str:
        identity = resource.id or f"{self._workload.metadata.name}.{name}"
        return f"{resource.type}.{resource.class_}#{identity}"

    def _volume(self, name: str, resource: Resource) -> str:
        uid = self._uid(name, resource)
        if uid not in self._by_resource:
            self._by_resource[uid] = f"vol-{short_digest(uid)}"
            self._make(name, resource, self._by_resource[uid])
        return self._by_resource[uid]

    def _make(self, name: str, resource: Resource, volume: str) -> None:
        params = resource.params
        if name in self._given:
            params = self._given[name]
            if not isinstance(params, dict) or len(params) != 1 or not params.keys() <= {"source", "claimSpec"}:
                raise Unsupported(f"volume '{name}' is given by exactly one of 'source' and 'claimSpec'")
        elif resource.type != "volume":
            raise Unsupported(
                f"resource '{name}' is of type {resource.type}: only a volume can be mounted, or what 'volumes' gives"
            )
        if "claimSpec" in params and not isinstance(params["claimSpec"], dict):
            raise Unsupported(f"resource '{name}': 'claimSpec' is the spec of a PersistentVolumeClaim")
        if "source" in params:
            if not isinstance(params["source"], dict) or len(params["source"]) != 1:
                raise Unsupported(f"resource '{name}': 'source' is one Kubernetes volume source, as in emptyDir: {{}}")
            self.of_pod.append({"name": volume, **params["source"]})
        elif "size" not in params and "claimSpec" not in params:
            self.of_pod.append({"name": volume, "emptyDir": {}})
        elif self._in_template:
            self.claim_templates.append({"metadata": {"name": volume}, "spec": _claim_spec(name, params)})
        else:
            claim = f"{self._workload.metadata.name}-{name}"
            self.of_pod.append({"name": volume, "persistentVolumeClaim": {"claimName": claim}})
            self.claims.append(
                {
                    "apiVersion": "v1",
                    "kind": "PersistentVolumeClaim",
                    "metadata": {"name": claim},
                    "spec": _claim_spec(name, params),
                }
            )


def _claim_spec(name: str, params: Mapping[str, Any]) -> Data:
    if "claimSpec" in params:
        return dict(params["claimSpec"])
    size = str(params["size"])
    if not _QUANTITY.fullmatch(size):
        raise Unsupported(f"resource '{name}': size '{size}' is no quantity such as 5Gi")
    modes = params.get("accessModes", ["ReadWriteOnce"])
    if not isinstance(modes, list) or not all(isinstance(mode, str) for mode in modes):
        raise Unsupported(f"resource '{name}': 'accessModes' is a list such as [ReadWriteOnce]")
    spec: Data = {"accessModes": modes, "resources": {"requests": {"storage": size}}}
    if "storageClassName" in params:
        spec["storageClassName"] = str(params["storageClassName"])
    return spec


def _sub_path(container_name: str, path: str) -> str:
    parts = path.split("/")
    if path.startswith("/") or ".." in parts:
        raise Unsupported(f"container '{container_name}': volume path '{path}' leads out of its volume")
    return posixpath.normpath(path)
