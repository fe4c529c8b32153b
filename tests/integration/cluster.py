"""A real Kubernetes API server for tests: with etcd, controllers and scheduler, and nodes on paper by kwok."""

import json
import os
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from secrets import token_hex
from typing import NamedTuple
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from tests.integration.starting import Servers, free_port, run_as, servers
from tests.tools.programs import tool_named

CONTROLLERS = (
    "deployment,replicaset,statefulset,daemonset,job,cronjob,namespace,garbagecollector,endpointslice,disruption,"
    "resourcequota,nodelifecycle,serviceaccount,persistentvolume-binder,pvc-protection,pv-protection,ttl-after-finished"
)
STAGES = ("node/fast/node-initialize", "node/heartbeat/node-heartbeat", "pod/fast/pod-ready", "pod/fast/pod-complete")
NODE = """\
apiVersion: v1
kind: Node
metadata: {name: paper-0, labels: {kubernetes.io/hostname: paper-0}}
status: {allocatable: {cpu: "32", memory: 256Gi, pods: "110"}, capacity: {cpu: "32", memory: 256Gi, pods: "110"}}
"""
VOLUMES = "\n---\n".join(
    f"""\
apiVersion: v1
kind: PersistentVolume
metadata: {{name: paper-{number}}}
spec:
  capacity: {{storage: 100Gi}}
  accessModes: [ReadWriteOnce]
  persistentVolumeReclaimPolicy: Retain
  hostPath: {{path: /nowhere}}"""
    for number in range(20)
)
"""Each is bound by one claim of the session, as an administrator's volumes are."""


class KubernetesServer(NamedTuple):
    """A cluster in which Deployments roll out and Jobs complete, though no container runs."""

    kubeconfig: Path
    url: str
    kubectl: Path

    def ask(self, *arguments: str, text: str = "") -> str:
        """What kubectl prints; it has to end well."""
        argv = [str(self.kubectl), f"--kubeconfig={self.kubeconfig}", *arguments]
        done = subprocess.run(argv, input=text, text=True, capture_output=True, check=False, env=_kubectl_environment())
        assert done.returncode == 0, done.stderr
        return done.stdout

    def new_namespace(self) -> str:
        """The name of an empty namespace."""
        name = f"test-{token_hex(4)}"
        self.ask("create", "namespace", name)
        return name


def _kubectl_environment() -> dict[str, str]:
    return {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}


@pytest.fixture(scope="session")
def kubernetes_server(tool: Callable[[str], Path]) -> Iterator[KubernetesServer]:
    """Kubernetes on loopback, ready to take objects: its administrator's kubeconfig, `default` as namespace."""
    kubectl, etcd, api_server = tool("kubectl"), tool("etcd"), tool("kube-apiserver")
    manager, scheduler, kwok = tool("kube-controller-manager"), tool("kube-scheduler"), tool("kwok")
    with servers("kube") as started:
        folder = started.folder
        url = _start_api(started, etcd, api_server)
        config = folder / "kubeconfig"
        cluster = KubernetesServer(config, url, kubectl)
        key = "--service-account-private-key-file=sa.key"
        plain = (f"--kubeconfig={config}", "--leader-elect=false", "--secure-port=0")
        started.start("controllers", [manager, *plain, key, f"--controllers={CONTROLLERS}"], lambda: True)
        started.start("scheduler", [scheduler, *plain], lambda: True)
        stages = tool_named("kwok").folder / "stages"
        files = [*(stages / f"{stage}.yaml" for stage in STAGES), stages / "pod" / "fast" / "pod-delete.yaml"]
        paper: list[str | Path] = [
            kwok,
            f"--kubeconfig={config}",
            "--manage-all-nodes=true",
            *(f"--config={file}" for file in files),
        ]
        started.start("kwok", paper, lambda: True)
        cluster.ask("apply", "--filename=-", text=f"{NODE}---\n{VOLUMES}")
        _wait_for_node(cluster)
        yield cluster


def _start_api(started: Servers, etcd: Path, api_server: Path) -> str:
    folder = started.folder
    run_as(None, ["openssl", "genrsa", "-out", "sa.key", "2048"], folder, {})
    token = token_hex(16)
    (folder / "tokens.csv").write_text(f"{token},admin,admin,system:masters\n")
    store, peers, port = (free_port() for _ in range(3))
    at, among = f"http://127.0.0.1:{store}", f"http://127.0.0.1:{peers}"
    started.start(
        "etcd",
        [
            etcd,
            "--data-dir=etcd",
            f"--listen-client-urls={at}",
            f"--advertise-client-urls={at}",
            f"--listen-peer-urls={among}",
            f"--initial-advertise-peer-urls={among}",
            f"--initial-cluster=default={among}",
            "--unsafe-no-fsync",
        ],
        lambda: True,
    )
    url = f"https://127.0.0.1:{port}"
    started.start(
        "kube-apiserver",
        [
            api_server,
            f"--etcd-servers={at}",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            f"--secure-port={port}",
            "--cert-dir=certs",
            "--service-account-issuer=https://kubernetes.default.svc",
            "--service-account-key-file=sa.key",
            "--service-account-signing-key-file=sa.key",
            "--token-auth-file=tokens.csv",
            "--authorization-mode=RBAC",
            "--service-cluster-ip-range=10.0.0.0/24",
            "--disable-admission-plugins=ServiceAccount",
            "--shutdown-delay-duration=0s",
        ],
        lambda: _is_ready(url),
    )
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "test", "cluster": {"server": url, "insecure-skip-tls-verify": True}}],
        "users": [{"name": "admin", "user": {"token": token}}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "admin", "namespace": "default"}}],
        "current-context": "test",
    }
    (folder / "kubeconfig").touch(mode=0o600)
    (folder / "kubeconfig").write_text(json.dumps(config))
    return url


def _is_ready(url: str) -> bool:
    unchecked = ssl.create_default_context()
    unchecked.check_hostname = False
    unchecked.verify_mode = ssl.CERT_NONE
    try:
        with urlopen(f"{url}/readyz", timeout=2, context=unchecked) as reply:  # noqa: S310
            return bool(reply.read() == b"ok")
    except (URLError, OSError):
        return False


def _wait_for_node(cluster: KubernetesServer) -> None:
    """Until the scheduler may use it, and a namespace has the account that pods run under."""
    give_up = time.monotonic() + 60
    taints = (
        "get",
        "node",
        "paper-0",
        "--output=jsonpath={.spec.taints}{.status.conditions[?(@.type=='Ready')].status}",
    )
    while cluster.ask(*taints) != "True" or "default" not in cluster.ask("get", "serviceaccounts", "--output=name"):
        if time.monotonic() > give_up:
            pytest.fail(f"the node is not ready: {cluster.ask('get', 'nodes', '--output=yaml')}")
        time.sleep(0.1)
