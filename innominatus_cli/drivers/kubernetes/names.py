"""Names, labels and digests of rendered objects: the same on every machine."""

import hashlib
import re
from typing import Any, Final, TypeAlias

Data: TypeAlias = dict[str, Any]

_DNS_LABEL: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_SERVICE_NAME: Final = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
MANAGED_BY: Final = "innominatus-ctl"
CLUSTER_KINDS: Final = frozenset(
    {
        "APIService",
        "CSIDriver",
        "ClusterRole",
        "ClusterRoleBinding",
        "CustomResourceDefinition",
        "IngressClass",
        "MutatingWebhookConfiguration",
        "Namespace",
        "Node",
        "PersistentVolume",
        "PriorityClass",
        "RuntimeClass",
        "StorageClass",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration",
        "VolumeAttachment",
    }
)
"""Kinds without a namespace; custom ones are taken to have none where their name starts with `Cluster`."""


def is_namespace(name: str) -> bool:
    """Whether Kubernetes takes this as a namespace's name (RFC 1123 label)."""
    return bool(_DNS_LABEL.fullmatch(name))


def is_service_name(name: str) -> bool:
    """Whether Kubernetes takes this as a Service's name (RFC 1035 label)."""
    return bool(_SERVICE_NAME.fullmatch(name))


def has_no_namespace(kind: str) -> bool:
    """Whether objects of this kind belong to the whole cluster."""
    return kind in CLUSTER_KINDS or kind.startswith("Cluster")


def short_digest(*parts: str) -> str:
    """Ten hexadecimal digits of some texts."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:10]


def workload_labels(workload: str) -> dict[str, str]:
    """The labels of every object of a workload."""
    return {
        "app.kubernetes.io/name": workload,
        "app.kubernetes.io/instance": workload,
        "app.kubernetes.io/managed-by": MANAGED_BY,
    }


def selector(workload: str) -> dict[str, str]:
    """The labels that never change, by which Services and controllers find pods."""
    return {"app.kubernetes.io/name": workload, "app.kubernetes.io/instance": workload}
