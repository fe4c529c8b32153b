"""The servers of tests are fixtures of every integration test: each is started when the first test asks for it."""

from tests.integration.cloud import moto_server, vault_server
from tests.integration.cluster import kubernetes_server
from tests.integration.containers import buildah, busybox, container_engine, docker_engine, image_registry
from tests.integration.forges import gitea_server
from tests.integration.services import postgres

__all__ = [
    "buildah",
    "busybox",
    "container_engine",
    "docker_engine",
    "gitea_server",
    "image_registry",
    "kubernetes_server",
    "moto_server",
    "postgres",
    "vault_server",
]
