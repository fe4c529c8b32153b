"""Whose findings a change may change: the reverse index of who speaks of whom. Pure: texts and documents in, paths out.

A finding in a file that did not change can only be new because of something that the file speaks of, or that speaks
of it. Who speaks of whom is told by words, not by rules: every name in YAML is a run of letters, digits, `_` and `-` of
the text, so that a file without a name's words does not speak of it. That takes in too much (a step may be called as a
workflow is), never too little, and needs no parsing. What nobody else can see of a document, as the script of a step,
reaches nobody.
"""

import posixpath
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from innominatus_cli.checks.provider import capabilities
from innominatus_cli.checks.said import steps_in
from innominatus_cli.checks.tree import folded
from innominatus_cli.documents.kinds import WORKFLOW_KINDS, is_test_file
from innominatus_cli.documents.nodes import Document, MappingNode, Plain, ScalarNode
from innominatus_cli.documents.organizations import below_root
from innominatus_cli.documents.vendored_names import LOCK_FILE, is_vendored_name, vendored_path

_WORD = re.compile(r"[\w-]+")
_ESCAPED = re.compile(r'"[^"]*\\')
"""A text in double quotes with an escape: what it says is not what is written."""
_PUBLIC_OF_STEP = ("name", "type", "workflow", "parameters", "outputs", "secretOutputs", "setVariables", "dependsOn")
_PRIVATE_OF_METADATA = frozenset(("description", "owner", "tags"))
_LEAVES = ("platform", "products")
"""Folders of the workflows root whose documents depend on others by names only, never on whether somebody uses them."""
_OF_WORKLOADS = frozenset(("score", "containers"))
_OF_OTHER_KINDS = frozenset(("goldenpath", "goldenpaths", "steptype", "workflow", "steps", "provider"))


class State(NamedTuple):
    """A changed file as it is in one of the two states; without text where it is not there, or cannot be read."""

    text: str = ""
    documents: tuple[Document, ...] = ()


class ChangedFile(NamedTuple):
    """A file that differs between the old and the new state."""

    path: str
    old: State
    new: State


class Everything(Exception):  # noqa: N818 - an answer, and no error
    """What changed may change any finding: policies, or tables that all documents use."""


def words_of(text: str) -> frozenset[str]:
    """The words of a text, without case and in one Unicode form."""
    return frozenset(_WORD.findall(folded(text)))


class Index:
    """The files that did not change, by the words in them and in their paths."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._files: dict[str, set[str]] = defaultdict(set)
        self._any: set[str] = set()
        """Files that may say anything, because they say it in escapes."""
        self.workloads: set[str] = set()
        """Files that hold nothing but Score workloads."""
        for path, text in texts.items():
            words = words_of(text)
            for word in words | words_of(posixpath.basename(path)):
                self._files[word].add(path)
            if words >= _OF_WORKLOADS and words.isdisjoint(_OF_OTHER_KINDS):
                self.workloads.add(path)
            if "\\" in text and _ESCAPED.search(text):
                self._any.add(path)

    def with_name(self, name: str) -> set[str]:
        """The files that may speak of a name: those with all of its words."""
        words = words_of(name)
        if not words:
            return set(self._any)
        return self._any | set.intersection(*(self._files.get(word, set()) for word in words))

    def with_any(self, words: Iterable[str]) -> set[str]:
        """The files with any of the words."""
        return self._any.union(*(self._files.get(word, set()) for word in words))


def reach(
    changes: Sequence[ChangedFile],
    appeared: Iterable[str],
    index: Index,
    documents_of: Callable[[str], Sequence[Document]],
    workflows_root: str,
) -> frozenset[str]:
    """The files that did not change, and whose findings may be others now.

    `appeared` are the paths that one of the two states has and the other has not, of whatever files; `documents_of`
    reads a file that did not change. Raises Everything where the change may change any finding.
    """
    found: set[str] = set()
    names: set[str] = set()
    for path in appeared:
        names |= _names_of_path(path)
        if path.endswith((".yaml", ".yml")):
            names.add("applications")  # patterns in admin-config.yaml that match a file or none
    for change in changes:
        differing = index.with_any(words_of(change.old.text) ^ words_of(change.new.text)) - index.workloads
        found |= {path for path in differing if not _is_leaf(path, workflows_root)}
        names |= _names_of_change(change, documents_of)
    asked: set[str] = set()
    while names or found - asked:
        for path in found - asked:
            asked.add(path)
            names |= {name for document in documents_of(path) for name in _relayed(document)}
        found |= {path for name in names for path in index.with_name(name)}
        names = set()
    return frozenset(found)


def parts_of(document: Document) -> frozenset[str]:
    """The repository's files that a document takes in by their paths: they are a part of it."""
    folder = posixpath.dirname(document.path)
    named: list[tuple[str, str | None]] = []
    if document.kind == "Workload":
        for container in _mappings(document.mapping.mapping("containers")):
            named += [(folder, file.text("source")) for file in _mappings(container.mapping("files"))]
    elif document.kind == "GoldenPath":
        written = document.mapping.mapping("spec").text("workflow")
        named += [(folder, written), ("", written), *_vendored(written)]
    elif document.kind == "Provider":
        for entry in document.mapping.mappings("workflows"):
            named += [(folder, entry.text("file")), *_vendored(entry.text("file"))]
    for step in steps_in(document):
        for written in (step.text("workflow"), step.mapping("config").text("workflow")):
            named += [(folder, written), ("", written), *_vendored(written)]
    return frozenset(posixpath.normpath(posixpath.join(base, path)) for base, path in named if path)


def _vendored(written: str | None) -> list[tuple[str, str | None]]:
    """A workflow of another repository: its vendored file, and the lock, without which it is not used."""
    if not written or not is_vendored_name(written):
        return []
    return [("", vendored_path(written)), ("", LOCK_FILE)]


def _names_of_change(change: ChangedFile, documents_of: Callable[[str], Sequence[Document]]) -> set[str]:
    """The names by which others may have known, or may know now, what has changed in a file."""
    for state in (change.old, change.new):
        if any(document.kind in {"AdminConfig", "WorkflowPolicies"} for document in state.documents):
            raise Everything
    if _seen_by_others(change.old) == _seen_by_others(change.new):
        return set()
    names = _names_of_path(change.path)
    for state in (change.old, change.new):
        for document in state.documents:
            names |= _names_of(document) | _declared_by(document)
            if document.kind == "Workload":
                names.add("overrides")  # of a workflow of an application: who overrides one that is not there
            if document.kind == "GoldenPath":
                names |= {
                    name for part in parts_of(document) for one in documents_of(part) for name in _declared_by(one)
                }
    return names


def _seen_by_others(state: State) -> object:
    """What other documents can see of a file's documents: where it stayed the same, their names reach nobody."""
    return [_public(document) for document in state.documents]


def _public(document: Document) -> Plain:
    root = document.mapping
    if document.kind == "Workload":
        metadata, workflows = root.mapping("metadata"), root.mapping("workflows")
        return {
            "name": metadata.text("name"),
            "product": metadata.text("product"),
            "workflows": {name: _steps(workflows.mapping(name)) for name in workflows.values},
        }
    if document.kind not in {"PlatformWorkflow", "ProductWorkflow"}:
        return document.root.plain()
    metadata, spec = root.mapping("metadata"), root.mapping("spec")
    shown: dict[str, Plain] = {
        key: node.plain() for key, node in spec.values.items() if key not in {"steps", "finally"}
    }
    return {
        "kind": document.kind,
        "metadata": {key: node.plain() for key, node in metadata.values.items() if key not in _PRIVATE_OF_METADATA},
        "spec": shown,
        "steps": _steps(spec),
    }


def _steps(holder: MappingNode) -> Plain:
    steps = [*holder.mappings("steps"), *holder.mappings("finally")]
    return [
        {
            "config": {"workflow": step.mapping("config").text("workflow")},
            **{key: node.plain() for key in _PUBLIC_OF_STEP if (node := step.get(key)) is not None},
        }
        for step in steps
    ]


def _names_of(document: Document) -> set[str]:
    """The names by which other documents may speak of a document."""
    metadata = document.mapping.mapping("metadata")
    return {text for key in ("name", "product") if (text := metadata.text(key))}


def _declared_by(document: Document) -> set[str]:
    """The names of what a document declares for others: parameters, types of resources, workflows of its own."""
    root = document.mapping
    if document.kind == "Workload":
        return set(root.mapping("workflows").values)
    if document.kind == "GoldenPath":
        return set(root.mapping("spec").mapping("parameters").values)
    if document.kind in WORKFLOW_KINDS:
        return {text for entry in root.mapping("spec").mappings("parameters") if (text := entry.text("name"))}
    if document.kind != "Provider":
        return set()
    names = {text for entry in root.mappings("workflows") if (text := entry.text("name"))}
    names |= {
        node.text for node in root.mapping("capabilities").sequence("resourceTypes") if isinstance(node, ScalarNode)
    }
    return names | {
        text for entry in capabilities(document) for key in ("type", "aliasFor") if (text := entry.text(key))
    }


def _relayed(document: Document) -> set[str]:
    """The names by which others may speak of a document that did not change and speaks of one that did.

    admin-config.yaml passes on one thing: that the name of a resource's type stands for another.
    """
    if document.kind == "AdminConfig":
        return set(document.mapping.mapping("resourceDefinitions").values)
    return _names_of(document) | _names_of_path(document.path)


def _names_of_path(path: str) -> set[str]:
    """The last part of a path, with and without its suffix; of a provider its folder's."""
    folder, _, name = path.rpartition("/")
    names = {name, name.removesuffix(".yaml").removesuffix(".yml")}
    return names | {folder.rpartition("/")[2]} if name == "provider.yaml" and folder else names


def _is_leaf(path: str, workflows_root: str) -> bool:
    """Whether nothing in a file is said of steps of others: so it is in workflows of the tiers, not in their tests."""
    below = below_root(path, workflows_root) or ""
    return not is_test_file(path) and below.startswith(tuple(f"{name}/" for name in _LEAVES))


def _mappings(holder: MappingNode) -> list[MappingNode]:
    return [holder.mapping(key) for key in holder.values]
