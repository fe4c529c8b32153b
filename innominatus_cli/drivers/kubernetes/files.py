"""Files of a container: one ConfigMap a container, each file mounted by subPath, so that it hides nothing."""

import base64
import binascii
import posixpath
import re
from collections.abc import Mapping
from typing import Final

from innominatus_cli.documents.score import Container, ContainerFile
from innominatus_cli.drivers.kubernetes.names import Data, short_digest
from innominatus_cli.drivers.kubernetes.unsupported import Unsupported

_LARGEST: Final = 1024 * 1024
"""What Kubernetes takes in one ConfigMap."""


def config_map_of(
    workload: str, name: str, container: Container, sources: Mapping[str, bytes]
) -> tuple[Data, Data, list[Data]]:
    """The ConfigMap, the pod's volume and the container's mounts. Raises Unsupported."""
    data: dict[str, str] = {}
    binary: dict[str, str] = {}
    items, mounts = [], []
    size = 0
    volume = f"files-{short_digest(workload, name)}"
    for target, file in sorted(container.files.items()):
        path = posixpath.normpath(target)
        if not target.startswith("/") or path == "/" or target.endswith("/"):
            raise Unsupported(f"container '{name}': file '{target}' needs the absolute path of a file")
        key = _key(path)
        content = _content(name, target, file, sources)
        size += len(content)
        text = _as_text(content)
        if text is None:
            binary[key] = base64.b64encode(content).decode()
        else:
            data[key] = text
        item: Data = {"key": key, "path": key}
        if file.mode is not None:
            item["mode"] = int(file.mode, 8)
        items.append(item)
        mounts.append({"name": volume, "mountPath": path, "subPath": key, "readOnly": True})
    if size > _LARGEST:
        raise Unsupported(f"container '{name}': its files have {size} bytes; a ConfigMap holds at most {_LARGEST}")
    config_map: Data = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"{workload}-{name}-files"}}
    if data:
        config_map["data"] = data
    if binary:
        config_map["binaryData"] = binary
    return config_map, {"name": volume, "configMap": {"name": f"{workload}-{name}-files", "items": items}}, mounts


def _key(path: str) -> str:
    """A key that tells people which file it is and never meets another one's."""
    base = re.sub(r"[^A-Za-z0-9._-]", "-", posixpath.basename(path)).strip(".")[:100]
    return f"{base or 'file'}.{short_digest(path)}"


def _content(name: str, target: str, file: ContainerFile, sources: Mapping[str, bytes]) -> bytes:
    if file.content is not None:
        return file.content.encode()
    if file.binary_content is not None:
        try:
            return base64.b64decode(re.sub(r"[\r\n]", "", file.binary_content), validate=True)
        except (binascii.Error, ValueError):
            raise Unsupported(f"container '{name}': binaryContent of '{target}' is no base64") from None
    source = str(file.source)
    if source not in sources:
        raise Unsupported(
            f"container '{name}': the source '{source}' of '{target}' is no file that the plan covers; use 'content'"
        )
    content = sources[source]
    if not file.no_expand and (b"${" in content or b"$$" in content):
        raise Unsupported(
            f"container '{name}': the source '{source}' holds placeholders; use 'content', or say noExpand: true"
        )
    return content


def _as_text(content: bytes) -> str | None:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    return None if any(ord(character) < 32 and character not in "\t\n\r" for character in text) else text  # noqa: PLR2004 - control characters, which YAML cannot hold
