"""`route`: the address under which a service is reached. Nothing is made before the workload is rendered."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from innominatus_cli.provisioners.contract import Provisioned, Provisioner, ResourceRequest

_HOST: Final = re.compile(
    r"(\*\.)?[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*", re.IGNORECASE
)
_PATH: Final = re.compile(r"/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*")
_PORT_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,61}[a-z0-9]")
_LONGEST_HOST: Final = 253
_LARGEST_PORT: Final = 65535


@dataclass(frozen=True, slots=True)
class Route:
    """A checked route."""

    host: str
    path: str
    port: int | str | None
    """The number or name of the service's port; None: its only one."""
    tls: bool

    @property
    def url(self) -> str:
        """The address as people type it."""
        return f"{'https' if self.tls else 'http'}://{self.host}{self.path}"


def route_of(params: Mapping[str, Any], application: str) -> Route | str:
    """The route that these params ask for, or what is wrong with them. Without a host: `<application>.localhost`."""
    host = params.get("host", f"{application}.localhost")
    path = params.get("path", "/")
    if not isinstance(host, str) or len(host) > _LONGEST_HOST or not _HOST.fullmatch(host):
        return f"host '{host}' is no host name"
    if not isinstance(path, str) or not _PATH.fullmatch(path):
        return f"path '{path}' is no path that starts with '/'"
    port = params.get("port")
    if isinstance(port, str) and port.isdecimal():
        port = int(port)
    if not _is_port(port):
        return f"port '{port}' is no port"
    tls = params.get("tls", False)
    if not isinstance(tls, bool):
        return f"tls '{tls}' is neither true nor false"
    return Route(host.lower(), path, port, tls)


def _is_port(port: object) -> bool:
    if isinstance(port, str):
        return bool(_PORT_NAME.fullmatch(port))
    return port is None or (isinstance(port, int) and not isinstance(port, bool) and 0 < port <= _LARGEST_PORT)


def _create(request: ResourceRequest) -> Provisioned:
    route = route_of(request.params, request.application)
    if isinstance(route, str):
        return Provisioned(problem=route)
    return Provisioned({"name": request.identity, "host": route.host, "path": route.path, "url": route.url})


def _delete(request: ResourceRequest) -> Provisioned:
    return Provisioned({"name": request.identity})


ROUTE = Provisioner(
    type="route",
    summary="A host and path that lead to the workload's service; an Ingress where manifests are rendered.",
    outputs={"name": "The route's name.", "host": "The host.", "path": "The path.", "url": "The address."},
    create=_create,
    delete=_delete,
    undo=_delete,
    params={
        "host": "The host name; `<application>.localhost` where nothing is said.",
        "path": "The path prefix; `/` where nothing is said.",
        "port": "The number or name of the service's port; needed where it has several.",
        "tls": "Whether the address is an https one.",
        "ingressClassName": "The ingress class of the rendered Ingress.",
    },
)
