"""Files of a container: one ConfigMap a container, each file mounted by subPath, so that it hides nothing.

A file that holds a secret comes from a Secret instead.
"""

import base64
import binascii
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from innominatus_cli.documents.score import Container, ContainerFile
from innominatus_cli.drivers.kubernetes.names import Data, short_digest
from innominatus_cli.drivers.kubernetes.secrets import WorkloadSecrets
from innominatus_cli.drivers.kubernetes.unsupported import Unsupported
from innominatus_cli.expressions.secret_marks import SecretKey

_LARGEST: Final = 1024 * 1024
"""What Kubernetes takes in one ConfigMap."""


@dataclass(slots=True)
class ContainerFiles:
    """What the files of one container need."""

    config_map: Data | None = None
    volumes: list[Data] = field(default_factory=list)
    mounts: list[Data] = field(default_factory=list)


def files_of(
    workload: str, name: str, container: Container, sources: Mapping[str, bytes], secrets: WorkloadSecrets
) -> ContainerFiles:
    """The ConfigMap, the pod's volumes and the container's mounts. Raises Unsupported."""
    data: dict[str, str] = {}
    binary: dict[str, str] = {}
    items: list[Data] = []
    of_secrets: dict[str, list[Data]] = {}
    found = ContainerFiles()
    size = 0
    volume = f"files-{short_digest(workload, name)}"
    for target, file in sorted(container.files.items()):
        path = posixpath.normpath(target)
        if not target.startswith("/") or path == "/" or target.endswith("/"):
            raise Unsupported(f"container '{name}': file '{target}' needs the absolute path of a file")
        key = _key(path)
        secret = _secret_key(name, target, file, secrets, f"{name}.{key}")
        if secret is not None:
            of_secrets.setdefault(secret.name, []).append(_item(secret.key, key, file))
            found.mounts.append(_mount(f"secrets-{short_digest(workload, name, secret.name)}", path, key))
            continue
        content = _content(name, target, file, sources)
        size += len(content)
        text = _as_text(content)
        if text is None:
            binary[key] = base64.b64encode(content).decode()
        else:
            data[key] = text
        items.append(_item(key, key, file))
        found.mounts.append(_mount(volume, path, key))
    if size > _LARGEST:
        raise Unsupported(f"container '{name}': its files have {size} bytes; a ConfigMap holds at most {_LARGEST}")
    if items:
        found.config_map = _config_map(f"{workload}-{name}-files", data, binary)
        found.volumes.append({"name": volume, "configMap": {"name": f"{workload}-{name}-files", "items": items}})
    for secret_name, keys in sorted(of_secrets.items()):
        source = {"secretName": secret_name, "items": keys}
        found.volumes.append({"name": f"secrets-{short_digest(workload, name, secret_name)}", "secret": source})
    return found


def _config_map(name: str, data: dict[str, str], binary: dict[str, str]) -> Data:
    found: Data = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}
    if data:
        found["data"] = data
    if binary:
        found["binaryData"] = binary
    return found


def _item(key: str, path: str, file: ContainerFile) -> Data:
    item: Data = {"key": key, "path": path}
    if file.mode is not None:
        item["mode"] = int(file.mode, 8)
    return item


def _mount(volume: str, path: str, key: str) -> Data:
    return {"name": volume, "mountPath": path, "subPath": key, "readOnly": True}


def _secret_key(name: str, target: str, file: ContainerFile, secrets: WorkloadSecrets, key: str) -> SecretKey | None:
    """The key of a Secret that the file is; None where it holds no secret."""
    if file.content is None or file.no_expand:
        return None
    where = f"container '{name}', file '{target}'"
    pieces = secrets.pieces(where, file.content)
    if all(isinstance(piece, str) for piece in pieces):
        return None
    return secrets.file_of(where, pieces, key)


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
