"""Values of parameters from files: `--param-file FILE`, YAML or JSON, typed and with places."""

import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from innominatus_cli.documents.nodes import MappingNode
from innominatus_cli.documents.snapshot import MAX_FILE, WorkingTreeSnapshot
from innominatus_cli.documents.typed import data_of
from innominatus_cli.documents.yaml_reader import read_yaml
from innominatus_cli.findings.catalogue.document import TOO_LARGE
from innominatus_cli.findings.catalogue.structure import NOT_PARAMETERS
from innominatus_cli.findings.finding import Finding, Place, has_errors

STDIN = "-"


class ParamFile(NamedTuple):
    """A file as it was typed; `data` are its bytes where they came from stdin, which can be read once."""

    path: str
    data: bytes | None = None


class FileParameters(NamedTuple):
    """What the files say: values by name, and where each stands."""

    values: Mapping[str, Any]
    places: Mapping[str, Place]
    findings: tuple[Finding, ...] = ()
    sources: Mapping[str, str] = {}
    """The texts that the places point into."""


def read_param_files(files: Sequence[ParamFile], directory: str = ".") -> FileParameters:
    """The values in all files, a later file's before an earlier one's; paths are relative to `directory`."""
    values: dict[str, Any] = {}
    places: dict[str, Place] = {}
    findings: list[Finding] = []
    sources: dict[str, str] = {}
    for file in files:
        data = _data_of(file, directory)
        if isinstance(data, Finding):
            findings.append(data)
            continue
        sources[file.path] = data.decode("utf-8", "replace")
        documents, found = read_yaml(file.path, data)
        findings += found
        if has_errors(found):
            continue
        if len(documents) > 1:
            message = "the file has several documents, and parameters stand in one"
            findings.append(Finding(NOT_PARAMETERS, message, documents[1].place()))
        for document in documents[:1]:
            root = document.root
            if not isinstance(root, MappingNode):
                message = f"a mapping of names to values is expected, and this is a {root.type_name}"
                findings.append(Finding(NOT_PARAMETERS, message, document.place()))
                continue
            for name, node in root.values.items():
                values[name] = data_of(node)
                places[name] = document.place(node)
    return FileParameters(values, places, tuple(findings), sources)


def _data_of(file: ParamFile, directory: str) -> bytes | Finding:
    if file.data is not None:
        if len(file.data) <= MAX_FILE:
            return file.data
        return Finding(TOO_LARGE, f"stdin has more than {MAX_FILE:,} bytes", Place(file.path))
    full = os.path.realpath(os.path.join(directory, file.path))  # noqa: PTH118 - beside what follows
    folder, name = os.path.split(full)
    data = WorkingTreeSnapshot(folder).read(name)
    return data._replace(place=Place(file.path)) if isinstance(data, Finding) else data
