"""Kubernetes manifests as plain data: read from files, folders and inline text, and held to what an object needs."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from innominatus_cli.documents.yaml_reader import read_yaml
from innominatus_cli.drivers.contract import StepContext
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.finding import Finding, has_errors

SUFFIXES: Final = (".yaml", ".yml", ".json")
_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_RBAC_NAME: Final = re.compile(r"[^/%\s]{1,253}")
_ANY_NAME_KINDS: Final = frozenset({"Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"})

Data: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Manifest:
    """One Kubernetes object and where it was read."""

    data: Data
    origin: str
    """A repository path, or words such as `inline manifest`."""

    @property
    def kind(self) -> str:
        """The object's kind."""
        return str(self.data["kind"])

    @property
    def name(self) -> str:
        """The object's name."""
        return str(self.data["metadata"]["name"])

    @property
    def namespace(self) -> str:
        """The object's namespace; empty where it says nothing."""
        return str(self.data["metadata"].get("namespace") or "")

    @property
    def title(self) -> str:
        """`<kind>/<name>`, for people."""
        return f"{self.kind}/{self.name}"


def read_paths(ctx: StepContext, paths: Iterable[str]) -> list[Manifest] | Finding:
    """The objects of files and folders of the repository; those of a folder in the order of its files' names."""
    found: list[Manifest] = []
    for written in paths:
        path = ctx.repository_path(written)
        if isinstance(path, Finding):
            return path
        files = _files(path)
        if not files:
            return ctx.finding(codes.PATH_MISSING, f"'{written}' holds no {', '.join(SUFFIXES)} file")
        for file in files:
            manifests = _of_file(ctx, file)
            if isinstance(manifests, Finding):
                return manifests
            found += manifests
    return found


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(file for file in path.iterdir() if file.suffix in SUFFIXES and file.is_file())
    return [path] if path.is_file() else []


def _of_file(ctx: StepContext, file: Path) -> list[Manifest] | Finding:
    origin = file.relative_to(ctx.work_dir.resolve()).as_posix() if file.is_relative_to(ctx.work_dir.resolve()) else ""
    if ctx.repository_path(str(file)) != file.resolve():
        return ctx.finding(codes.PATH_OUTSIDE, f"'{file.name}' is a symbolic link that leads out of the repository")
    try:
        data = file.read_bytes()
    except OSError as problem:
        return ctx.finding(codes.MANIFEST_UNREADABLE, f"{origin} cannot be read: {problem.strerror}")
    return from_text(ctx, origin, data)


def from_text(ctx: StepContext, origin: str, data: bytes) -> list[Manifest] | Finding:
    """The objects of YAML or JSON text."""
    documents, findings = read_yaml(origin, data)
    if has_errors(findings):
        first = findings[0]
        return ctx.finding(codes.MANIFEST_UNREADABLE, f"{first.place}: {first.message}", first.help)
    return from_data(ctx, origin, [document.root.plain() for document in documents])


def from_data(ctx: StepContext, origin: str, objects: Iterable[object]) -> list[Manifest] | Finding:
    """Plain data as objects; `List` kinds are unpacked, empty documents passed over."""
    found: list[Manifest] = []
    for data in objects:
        if data is None:
            continue
        if isinstance(data, dict) and data.get("kind") == "List" and isinstance(data.get("items"), list):
            inner = from_data(ctx, origin, data["items"])
            if isinstance(inner, Finding):
                return inner
            found += inner
            continue
        problem = _problem(data)
        if problem:
            return ctx.finding(codes.MANIFEST_INVALID, f"{origin}: {problem}")
        found.append(Manifest(json.loads(json.dumps(data)), origin))
    return found


def _problem(data: object) -> str:
    if not isinstance(data, Mapping):
        return "a document is no object"
    for key in ("apiVersion", "kind"):
        if not isinstance(data.get(key), str) or not data[key]:
            return f"an object has no '{key}'"
    metadata = data.get("metadata")
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    if not isinstance(name, str) or not name:
        return f"an object of kind {data['kind']} has no 'metadata.name'"
    pattern = _RBAC_NAME if data["kind"] in _ANY_NAME_KINDS else _NAME
    return "" if pattern.fullmatch(name) else f"'{name}' is no name that Kubernetes accepts for a {data['kind']}"


def of_run(ctx: StepContext) -> list[Manifest] | Finding:
    """The objects that earlier steps of this run rendered."""
    found: list[Manifest] = []
    for path, data in sorted(ctx.manifests.items()):
        if path.endswith(".yaml"):
            manifests = from_text(ctx, path, data)
            if isinstance(manifests, Finding):
                return manifests
            found += manifests
    return found
