"""Real container engines and a real registry for tests."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.integration.starting import answers, free_port, servers

REGISTRY = """\
version: 0.1
log: {{level: warn}}
storage:
  filesystem: {{rootdirectory: {folder}/images}}
  delete: {{enabled: true}}
http: {{addr: 127.0.0.1:{port}}}
"""
BUILDAH = """\
[storage]
driver = "vfs"
graphroot = "{folder}/storage"
runroot = "{folder}/run"
"""


class ImageRegistry(NamedTuple):
    """A registry without TLS or accounts."""

    address: str
    """`127.0.0.1:PORT`, as it stands in an image's name."""

    @property
    def url(self) -> str:
        """Its HTTP address."""
        return f"http://{self.address}"


class ContainerEngine(NamedTuple):
    """An engine that builds and pushes: put `environment` into what starts it."""

    program: Path
    environment: dict[str, str]

    def run(self, *arguments: str, folder: Path) -> str:
        """What the engine prints; it has to end well."""
        env = {**os.environ, **self.environment}
        argv = [str(self.program), *arguments]
        done = subprocess.run(argv, cwd=folder, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="session")
def image_registry(tool: Callable[[str], Path]) -> Iterator[ImageRegistry]:
    """A real registry (distribution) that engines may push to without TLS."""
    program, port = tool("docker-registry"), free_port()
    with servers("registry") as started:
        settings = started.folder / "registry.yaml"
        settings.write_text(REGISTRY.format(folder=started.folder, port=port))
        registry = ImageRegistry(f"127.0.0.1:{port}")
        started.start("registry", [program, "serve", settings], lambda: answers(f"{registry.url}/v2/"))
        yield registry


@pytest.fixture(scope="session")
def buildah(tool: Callable[[str], Path]) -> Iterator[ContainerEngine]:
    """A real buildah: no daemon, images in files of the session's own, steps run in a chroot."""
    program = tool("buildah")
    _needs_root("buildah in a chroot")
    with servers("buildah") as started:
        settings = started.folder / "storage.conf"
        settings.write_text(BUILDAH.format(folder=started.folder))
        (started.folder / "auth.json").write_text("{}")
        environment = {
            "CONTAINERS_STORAGE_CONF": str(settings),
            "STORAGE_DRIVER": "vfs",
            "BUILDAH_ISOLATION": "chroot",
            "REGISTRY_AUTH_FILE": str(started.folder / "auth.json"),
        }
        yield ContainerEngine(program, environment)


@pytest.fixture(scope="session")
def docker_engine(tool: Callable[[str], Path], image_registry: ImageRegistry) -> Iterator[ContainerEngine]:
    """A real Docker engine without networks for containers: builds, runs, pushes to the registry."""
    program, daemon = tool("docker"), tool("dockerd")
    _needs_root("dockerd")
    with servers("dockerd") as started:
        folder = started.folder
        socket = f"unix://{folder}/socket"
        own = {"PATH": f"{daemon.parent}{os.pathsep}{os.environ['PATH']}", "HOME": str(folder)}
        environment = {"DOCKER_HOST": socket, "DOCKER_BUILDKIT": "0", "DOCKER_CONFIG": str(folder / "config")}
        argv: list[str | Path] = [
            daemon,
            f"--data-root={folder}/data",
            f"--exec-root={folder}/exec",
            f"--pidfile={folder}/pid",
            f"--host={socket}",
            "--bridge=none",
            "--iptables=false",
            "--ip6tables=false",
            "--storage-driver=vfs",
            f"--insecure-registry={image_registry.address}",
        ]

        def ready() -> bool:
            asked = {**os.environ, **environment}
            return subprocess.run([program, "info"], env=asked, capture_output=True, check=False).returncode == 0

        started.start("dockerd", argv, ready, environment=own, has_children=True)
        yield ContainerEngine(program, environment)
        started.stop()
        netns = folder / "exec" / "netns" / "default"  # which it mounts for `--network=host` and leaves
        subprocess.run(["umount", netns], capture_output=True, check=False)


@pytest.fixture(scope="session")
def container_engine(buildah: ContainerEngine) -> ContainerEngine:
    """The engine for tests that need any."""
    return buildah


@pytest.fixture(scope="session")
def busybox(tool: Callable[[str], Path]) -> Path:
    """A program for `FROM scratch` that needs nothing else: no image can be pulled from loopback."""
    return tool("busybox")


def _needs_root(what: str) -> None:
    if os.geteuid() != 0:
        pytest.skip(f"{what} needs root")
