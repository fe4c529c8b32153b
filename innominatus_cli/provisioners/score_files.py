"""Score provisioner files, as score-compose and score-k8s read them: lists of entries, checked before anything runs.

Format: docs.score.dev, "Resource provisioning"; uris `cmd://` and `template://`. Pure.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from innominatus_cli.documents.admin_config import AdminConfigDocument
from innominatus_cli.documents.nodes import Document, MappingNode, Node, ScalarNode, SequenceNode
from innominatus_cli.documents.repository import Repository
from innominatus_cli.documents.typed import Typed
from innominatus_cli.documents.yaml_reader import read_yaml
from innominatus_cli.findings.catalogue import provisioning as codes
from innominatus_cli.findings.finding import Finding, Place, has_errors
from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.provisioners.choice import Choice, Kind
from innominatus_cli.provisioners.go_template_reader import TemplateProblem, read_template

SUFFIX: Final = ".provisioners.yaml"
TEMPLATES: Final = (
    "init",
    "state",
    "shared",
    "outputs",
    "manifests",
    "directories",
    "files",
    "networks",
    "services",
    "volumes",
    "models",
    "info_logs",
)
"""The keys of a `template://` entry that are templates, in the order in which they are rendered."""
_COMMON: Final = frozenset({"uri", "type", "class", "id", "description", "supported_params", "expected_outputs"})
_BUILT_IN_THERE: Final = ("builtin", "local-env")
_PROGRAM: Final = re.compile(r"[A-Za-z0-9._+-]+")


def score_choices(repository: Repository, admin: Typed[AdminConfigDocument]) -> tuple[list[Choice], list[Finding]]:
    """The entries of all files that `provisionerFiles` names, in order, and what is wrong with them."""
    choices: list[Choice] = []
    findings: list[Finding] = []
    nodes = admin.document.mapping.sequence("provisionerFiles")
    for written, node in zip(admin.model.provisioner_files, nodes, strict=True):
        paths = _paths(repository, written)
        if not paths:
            message = f"there is no file or folder '{written}' with Score provisioners"
            findings.append(Finding(codes.WRONG_PROVISIONER_FILE, message, admin.document.place(node)))
        for path in paths:
            data = repository.snapshot.read(path)
            if isinstance(data, Finding):
                findings.append(data)
                continue
            documents, of_the_text = read_yaml(path, data)
            findings += of_the_text
            repository.add_sources({one.path: one.text_of() for one in documents[:1]})
            for document in documents[:1] if not has_errors(of_the_text) else ():
                found, wrong = entries_of(document, repository)
                choices += found
                findings += wrong
    return choices, findings


def _paths(repository: Repository, written: str) -> list[str]:
    """A file, or the files of a folder in the order of their names."""
    path = posixpath.normpath(written)
    if path.startswith(("../", "/")) or path == "..":
        return []
    if repository.snapshot.is_file(path):
        return [path]
    if repository.snapshot.is_folder(path):
        below = repository.snapshot.paths("" if path == "." else path, (SUFFIX,))
        return [one for one in below if posixpath.dirname(one) == ("" if path == "." else path)]
    return []


def entries_of(document: Document, repository: Repository) -> tuple[list[Choice], list[Finding]]:
    """The entries of one file as choices, and what is wrong with it."""
    if not isinstance(document.root, SequenceNode):
        message = "a file of Score provisioners is a list of entries"
        return [], [Finding(codes.WRONG_PROVISIONER_FILE, message, document.place(document.root))]
    choices: list[Choice] = []
    findings: list[Finding] = []
    for index, node in enumerate(document.root.items):
        if not isinstance(node, MappingNode):
            findings.append(_wrong(document, node, f"entry {index} is no mapping"))
            continue
        wrong = [*_problems(document, node, index)]
        findings += wrong
        if not wrong and (choice := _choice(document, node, index, repository)) is not None:
            choices.append(choice)
    return choices, findings


def _wrong(document: Document, node: Node, message: str, remedy: str = "") -> Finding:
    return Finding(codes.WRONG_PROVISIONER_FILE, message, document.place(node), remedy)


def _problems(document: Document, node: MappingNode, index: int) -> Iterator[Finding]:
    """What is wrong with an entry, so that it is not used."""
    uri, kind = node.text("uri") or "", node.text("type")
    scheme = uri.partition("://")[0] if "://" in uri else ""
    if not kind:
        yield _wrong(document, node, f"entry {index} has no type")
    if scheme not in {"cmd", "template", *_BUILT_IN_THERE}:
        place = node.get("uri") or node
        message = (
            f"entry {index}: '{uri}' is neither 'cmd://…' nor 'template://…'" if uri else f"entry {index} has no uri"
        )
        yield _wrong(document, place, message)
        return
    if scheme in _BUILT_IN_THERE:
        return
    known = _COMMON | ({"args"} if scheme == "cmd" else set(TEMPLATES))
    for key in node.values:
        if key not in known:
            yield _wrong(document, node.key(key), f"entry {index}: unknown key '{key}'", did_you_mean(key, known))
    if scheme == "cmd":
        if problem := _program_problem(uri):
            yield _wrong(document, node.get("uri") or node, f"entry {index}: {problem}")
        args = node.sequence("args")
        if any(not isinstance(one, ScalarNode) for one in args):
            yield _wrong(document, node.key("args"), f"entry {index}: 'args' is a list of texts")
    else:
        yield from _template_problems(document, node, index)


def _template_problems(document: Document, node: MappingNode, index: int) -> Iterator[Finding]:
    for key in TEMPLATES:
        value = node.get(key)
        if value is None:
            continue
        if not isinstance(value, ScalarNode) or not isinstance(value.value, str):
            if isinstance(value, ScalarNode) and value.value is None:
                continue
            yield _wrong(document, value, f"entry {index}: '{key}' is a template, which is a text")
            continue
        try:
            read_template(value.value)
        except TemplateProblem as wrong:
            place = document.place(value)
            line = place.line + wrong.line if "\n" in value.value else place.line
            code = codes.UNKNOWN_TEMPLATE_WORD if wrong.word else codes.WRONG_PROVISIONER_FILE
            message = f"entry {index}: '{key}', line {wrong.line}: {wrong}"
            yield Finding(code, message, Place(place.path, line, 1), wrong.remedy)


def _program_problem(uri: str) -> str:
    """Why a `cmd://` uri names no program; empty where it does."""
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return f"'{uri}' is no uri"
    if parts.username or parts.password or port or parts.query:
        return f"'{uri}' has a user, a port or a query, which programs have not"
    host, path = parts.netloc, parts.path
    if host in {".", "..", "~", ""}:
        return "" if path.strip("/") else f"'{uri}' names no program"
    if path.strip("/"):
        return f"'{uri}' has a path behind the name of a program"
    return "" if _PROGRAM.fullmatch(host) else f"'{host}' is no name of a program"


def program_of(uri: str) -> str:
    """The program of a `cmd://` uri: a name, or a path."""
    parts = urlsplit(uri)
    return f"{parts.netloc}{parts.path}" if parts.netloc in {".", "..", "~", ""} else parts.netloc


def _choice(document: Document, node: MappingNode, index: int, repository: Repository) -> Choice | None:
    uri = node.text("uri") or ""
    scheme = uri.partition("://")[0]
    if scheme in _BUILT_IN_THERE:
        return None  # what is built in there is built in here
    is_command = scheme == "cmd"
    files = [document.path]
    problem = ""
    words = [program_of(uri), *(str(one.plain()) for one in node.sequence("args"))] if is_command else []
    for at, word in enumerate(words):
        path = posixpath.normpath(word)
        if "/" in word and not word.startswith(("/", "~")) and repository.snapshot.is_file(path):
            files.append(path)
        elif not at and word.startswith(("./", "../")):
            problem = f"there is no file '{path}' in the repository"
    return Choice(
        type=node.text("type") or "",
        name=uri,
        kind=Kind.SCORE_COMMAND if is_command else Kind.SCORE_TEMPLATE,
        place=document.place(node.get("type") or node),
        class_=node.text("class"),
        id=node.text("id"),
        run=(uri,),
        entry=index,
        files=tuple(sorted(set(files))),
        params=tuple(_names(node, "supported_params")),
        outputs=dict.fromkeys(_names(node, "expected_outputs"), "any"),
        description=node.text("description") or "",
        problem=problem,
    )


def _names(node: MappingNode, key: str) -> list[str]:
    return [str(one.plain()) for one in node.sequence(key)]


def entry_in(data: bytes, path: str, index: int) -> Mapping[str, Any]:
    """The entry of a file by its position; empty where it has none such."""
    documents, _ = read_yaml(path, data)
    root = documents[0].root.plain() if documents else None
    found = root[index] if isinstance(root, list) and 0 <= index < len(root) else None
    return found if isinstance(found, dict) else {}
