"""The application's workload as values of a plan: Score's placeholders by the exact rules of Score.

Rules: score-spec.dev, "Resource references and placeholders", and score-go 1.20 (`framework/substitution.go`).
Placeholders work in variables, file contents (unless `noExpand`), volume sources and resource params, nowhere else.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from innominatus_cli.documents.canonical import canonical_json
from innominatus_cli.documents.score_resources import (
    Declaration,
    SharedResource,
    first_names,
    resource_uid,
    shared_resources,
)
from innominatus_cli.expressions.contexts import hint
from innominatus_cli.expressions.references import path_text
from innominatus_cli.expressions.values import JSON_TEXT, TEMPLATE, as_literal
from innominatus_cli.findings.catalogue import plan as codes
from innominatus_cli.findings.finding import Finding
from innominatus_cli.planning.places import Spot

_TOKEN = re.compile(r"\$(?:(\$?)\{([^}]*)\}|\$)")
_DOT = re.compile(r"(?<!\\)\.")
_MOST_TOLD = 200
"""Of wrong placeholders: a file can hold a hundred thousand."""
_HOUSE_KEYS = ("workflows",)
"""Parts of the document that are no part of the workload."""


@dataclass(slots=True)
class FoldedWorkload:
    """The workload with references in the place of what only the run knows."""

    data: dict[str, Any]
    resources: dict[str, SharedResource[Any]] = field(default_factory=dict)
    """By uid. Names with one uid are one resource, which references call by the first of them."""
    used: set[str] = field(default_factory=set)
    """Uids of resources that the containers name."""
    source_files: list[tuple[str, Spot]] = field(default_factory=list)
    """Files that containers take their contents from, as written."""
    findings: list[Finding] = field(default_factory=list)


def fold_workload(spot: Spot, environment: Mapping[str, Any] | None = None) -> FoldedWorkload:
    """Folds a canonical workload document, whose root is at `spot`.

    `environment` is what `${environment.…}` reads in a file that has an `environment` at the top, as the house's
    dialect of Score does; in any other file such a placeholder is an error.
    """
    plain = spot.node.plain()
    data: dict[str, Any] = plain if isinstance(plain, dict) else {}
    folded = FoldedWorkload({})
    metadata = _mapping(data.get("metadata"))
    static: dict[str, Mapping[str, Any]] = {"metadata": metadata}
    if environment is not None and "environment" in data:
        static["environment"] = environment
    folder = _Folder(static, uids_of(str(metadata.get("name")), _mapping(data.get("resources"))), folded)
    result: dict[str, Any] = {key: as_literal(value) for key, value in data.items() if key not in _HOUSE_KEYS}
    for name, container in _mapping(result.get("containers")).items():
        folder.container(container, spot.at("containers", name))
    declared = []
    for name, resource in sorted(_mapping(result.get("resources")).items()):
        folder.needs = set()
        params = folder.value(resource.get("params"), spot.at("resources", name, "params"))
        if params:
            resource["params"] = params
        uid = folder.uids[name]
        declared.append(Declaration("", name, uid, params, resource.get("metadata"), frozenset(folder.needs)))
    folded.resources, _ = shared_resources(declared)  # contradictions are findings of the checks
    folded.data = result
    return folded


def uids_of(workload: str, resources: Mapping[str, Any]) -> dict[str, str]:
    """The uids of a workload's resources by their names."""
    return {
        name: resource_uid(workload, name, str(one.get("type")), one.get("class"), one.get("id"))
        for name, one in resources.items()
    }


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


class _Folder:
    def __init__(
        self, static: Mapping[str, Mapping[str, Any]], uids: Mapping[str, str], folded: FoldedWorkload
    ) -> None:
        self._static = static
        self._first = first_names(uids)
        self._folded = folded
        self.uids = uids
        self.needs = folded.used

    def container(self, container: dict[str, Any], spot: Spot) -> None:
        variables = _mapping(container.get("variables"))
        for key, value in variables.items():
            variables[key] = self.value(value, spot.at("variables", key))
        for target, file in _mapping(container.get("files")).items():
            if isinstance(file.get("content"), str) and not file.get("noExpand"):
                file["content"] = self.value(file["content"], spot.at("files", target, "content"))
            if isinstance(file.get("source"), str):
                self._folded.source_files.append((file["source"], spot.at("files", target, "source")))
        for target, volume in _mapping(container.get("volumes")).items():
            volume["source"] = self._volume(volume.get("source"), spot.at("volumes", target, "source"))

    def _volume(self, source: object, spot: Spot) -> object:
        """A bare `${resources.NAME}` names the resource itself, and stays as it is."""
        found = _TOKEN.fullmatch(source) if isinstance(source, str) else None
        path = _path(found.group(2)) if found and not found.group(1) and found.group(2) else []
        if len(path) == 2 and path[0] == "resources":  # noqa: PLR2004 - resources.NAME
            if self._known(path[1], str(source), spot, 0):
                self.needs.add(self.uids[path[1]])
            return source
        return self.value(source, spot)

    def value(self, value: Any, spot: Spot) -> Any:  # noqa: ANN401 - JSON data
        if isinstance(value, str):
            return self._text(value, spot)
        if isinstance(value, dict):
            return {key: self.value(item, spot.at(key)) for key, item in value.items()}
        if isinstance(value, list):
            return [self.value(item, spot.at(index)) for index, item in enumerate(value)]
        return value

    def _text(self, text: str, spot: Spot) -> object:
        parts: list[str | dict[str, str]] = []
        literal = ""
        at = 0
        end = text.rfind("}") + 1  # behind it, each '${' would look to the end of the text for nothing
        for token in _TOKEN.finditer(text, 0, end):
            literal += text[at : token.start()]
            at = token.end()
            part = self._token(token, spot)
            if isinstance(part, str):
                literal += part
            else:
                parts += [literal, part] if literal else [part]
                literal = ""
        literal += text[at:end] + text[end:].replace("$$", "$")
        if not parts:
            return literal
        return {TEMPLATE: [*parts, literal] if literal else parts}

    def _token(self, token: re.Match[str], spot: Spot) -> str | dict[str, str]:
        written, inside = token.group(0), token.group(2)
        if inside is None:
            return "$"
        if token.group(1):
            return written[1:]
        path = _path(inside)
        if path[0] in self._static and len(path) > 1:
            return self._static_text(path, written, spot, token.start())
        if path[0] == "resources" and len(path) > 2:  # noqa: PLR2004 - resources.NAME.OUTPUT
            if self._known(path[1], written, spot, token.start()):
                self.needs.add(self.uids[path[1]])
                return {JSON_TEXT: path_text([path[0], self._first[path[1]], *path[2:]])}
            return written
        self._wrong(f"'{written}' is no placeholder of Score", spot, token.start())
        return written

    def _known(self, name: str, written: str, spot: Spot, offset: int) -> bool:
        if name in self.uids:
            return True
        self._wrong(f"'{written}': there is no resource '{name}'", spot, offset, hint(name, self.uids))
        return False

    def _static_text(self, path: list[str], written: str, spot: Spot, offset: int) -> str:
        value: object = self._static[path[0]]
        for key in path[1:]:
            if not isinstance(value, Mapping) or key not in value:
                known = value if isinstance(value, Mapping) else ()
                self._wrong(f"'{written}': {path[0]} has no '{key}'", spot, offset, hint(key, known))
                return written
            value = value[key]
        if value is None:
            self._wrong(f"'{written}' has no value", spot, offset, "Give it one, or remove the placeholder.")
            return written
        return value if isinstance(value, str) else canonical_json(value).decode()

    def _wrong(self, message: str, spot: Spot, offset: int, remedy: str = "") -> None:
        if len(self._folded.findings) < _MOST_TOLD:
            self._folded.findings.append(Finding(codes.WRONG_PLACEHOLDER, message, spot.within(offset), remedy))


def _path(inside: str) -> list[str]:
    return [key.replace("\\.", ".") for key in _DOT.split(inside)]
