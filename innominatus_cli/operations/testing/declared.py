"""The tests of a repository: which there are, where each of their parts is written, and which somebody asked for."""

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

from pydantic.alias_generators import to_camel

from innominatus_cli.checks.checking import check_document
from innominatus_cli.checks.facts import Facts
from innominatus_cli.checks.workflow_test import named_steps
from innominatus_cli.documents.kinds import is_test_file
from innominatus_cli.documents.loading import load
from innominatus_cli.documents.nodes import Document, MappingNode, Node, SequenceNode
from innominatus_cli.documents.repository import YAML, Repository
from innominatus_cli.documents.typed import Typed, typed_or_findings
from innominatus_cli.documents.workflow_test import DeclaredTest, Fake, Given, WorkflowTestDocument
from innominatus_cli.findings.catalogue import workflow_tests as codes
from innominatus_cli.findings.finding import Finding, Place, Related, Severity, has_errors
from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.operations.discovery import identity_of
from innominatus_cli.operations.opening import repository_path, root_of

SNAPSHOTS = "snapshots"
_MOST_NAMED: Final = 5
Key = str | int


class PlacedFake(NamedTuple):
    """A fake, its place, and whether the tests of its file share it."""

    fake: Fake
    place: Place
    shared: bool


class CaseFile(NamedTuple):
    """One document of tests."""

    typed: Typed[WorkflowTestDocument]

    @property
    def path(self) -> str:
        """The path of its file."""
        return self.typed.document.path

    @property
    def name(self) -> str:
        """What stands before the names of its tests."""
        return self.typed.model.metadata.name

    def place(self, *keys: Key) -> Place:
        """Where a part of it is written; the nearest part around one that is not."""
        return self.typed.document.place(self.node(*keys))

    def node(self, *keys: Key) -> Node:
        """The node of a part of it, or of the nearest part around."""
        node: Node = self.typed.document.root
        for key in keys:
            inner = _inside(node, key)
            if inner is None:
                break
            node = inner
        return node


class Case(NamedTuple):
    """One test: its document, its number there, and itself."""

    file: CaseFile
    number: int
    declared: DeclaredTest

    @property
    def name(self) -> str:
        """`<document>/<test>`."""
        return f"{self.file.name}/{self.declared.name}"

    @property
    def snapshot_path(self) -> str:
        """The repository path of its snapshot."""
        folder = posixpath.dirname(self.file.path)
        return f"{folder}/{SNAPSHOTS}/{self.file.name}/{self.declared.name}.snap"

    @property
    def given(self) -> Given:
        """What it starts from, that of its file included."""
        common, own = self.file.typed.model.spec.given, self.declared.given
        values = {name: getattr(own, name) for name in Given.model_fields if getattr(own, name) is not None}
        for name in ("parameters", "env"):
            if getattr(common, name) is not None:
                values[name] = {**getattr(common, name), **values.get(name, {})}
        return common.model_copy(update=values)

    @property
    def fakes(self) -> list[PlacedFake]:
        """Its fakes behind those of its file: later ones win."""
        shared = [
            PlacedFake(fake, self.file.place("spec", "fakes", number, "step"), shared=True)
            for number, fake in enumerate(self.file.typed.model.spec.fakes)
        ]
        own = [
            PlacedFake(fake, self.place("fakes", number, "step"), shared=False)
            for number, fake in enumerate(self.declared.fakes)
        ]
        return [*shared, *own]

    def place(self, *keys: Key) -> Place:
        """Where a part of the test is written."""
        return self.file.place("spec", "tests", self.number, *keys)

    def given_place(self, key: str) -> Place:
        """Where something that is given is written: in the test, else for all tests of the file."""
        return self.file.typed.document.place(self.given_node(key))

    def parameter_places(self) -> dict[str, Place]:
        """Where each given parameter is written."""
        own = self.declared.given.parameters or {}
        test = ("tests", self.number)
        return {
            name: self.file.place("spec", *(test if name in own else ()), "given", "parameters", name)
            for name in self.given.parameters or {}
        }

    def given_node(self, key: str) -> Node:
        """The node of something that is given."""
        own = getattr(self.declared.given, key) is not None
        return self.file.node("spec", *(("tests", self.number) if own else ()), "given", to_camel(key))


class Declared(NamedTuple):
    """The tests that somebody asked for, what is wrong with their files, and the texts of those."""

    cases: tuple[Case, ...] = ()
    findings: tuple[Finding, ...] = ()
    sources: Mapping[str, str] = MappingProxyType({})
    whole: tuple[str, ...] = ()
    """The names of the documents all of whose tests are among them."""
    folders: tuple[str, ...] = ()
    """The folders of which all tests are known and among them."""


def declared_tests(
    repository: Repository, wanted: Sequence[str] = (), only: Sequence[str] = (), directory: Path | None = None
) -> Declared:
    """The tests of files and folders, or of names (`<document>`, `<document>/<test>`); all where nothing is wanted.

    `only` are globs over names. Paths are relative to `directory`, by default the current folder. Raises
    CannotContinue for a path outside of the repository.
    """
    every = [path for path in repository.snapshot.paths(_root(repository), YAML) if is_test_file(path)]
    findings: list[Finding] = []
    paths: dict[str, None] = {}
    names: list[str] = []
    for typed in wanted:
        found = _paths(repository, typed, every, directory)
        paths |= dict.fromkeys(found)
        if not found:
            names.append(typed)
    read = _Reading(repository)
    asked = [*paths] if wanted and not names else every
    files = [file for path in asked for file in read.files(path)]
    cases = [case for file in files for case in _cases(file)]
    findings += _same_names(files)
    if wanted and names:
        cases = [case for case in cases if case.file.path in paths or _is_named(case, names)]
        missing = [name for name in names if not any(_is_named(case, [name]) for case in cases)]
        findings += [_no_such_test(name, files, (directory or Path()) / name) for name in missing]
        kept = {case.file.path for case in cases} | paths.keys()
        read.findings = [finding for finding in read.findings if finding.place.path in kept]
    chosen = [case for case in cases if not only or any(fnmatchcase(case.name, glob) for glob in only)]
    if not chosen and not findings and not has_errors(read.findings):
        findings.append(_nothing(repository, only, cases))
    known = _known_folders(read, asked, every) if not names and not only else ()
    return Declared(tuple(chosen), (*read.findings, *findings), read.sources, _complete(cases, chosen), known)


def _root(repository: Repository) -> str:
    root = repository.workflows_root
    return "" if root == "." else root


def _paths(repository: Repository, typed: str, every: Sequence[str], directory: Path | None) -> list[str]:
    """The test files that a path names: the file, or those below the folder; none where there is nothing there."""
    full = (directory or Path()) / typed
    if not full.exists():
        return []
    path = repository_path(root_of(repository), typed, directory)
    if path in every:
        return [path]
    return [one for one in every if path == "." or one.startswith(f"{path}/")]


class _Reading:
    """Reads files of tests, each once, and gathers what is wrong with them."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self.findings: list[Finding] = []
        self.sources: dict[str, str] = {}

    def files(self, path: str) -> Iterator[CaseFile]:
        """The documents of tests of a file that can be read; what else stands in it is not looked at."""
        data = self._repository.snapshot.read(path)
        if isinstance(data, Finding):
            self.findings.append(data)
            return
        loaded = load(path, data)
        tests = [document for document in loaded.documents if document.kind == "WorkflowTest"]
        if not tests and any(document.kind for document in loaded.documents):
            return  # a Score file, or something else that tests use
        if not tests and not has_errors(loaded.findings):
            return
        self.sources[path] = data.decode("utf-8", "replace")
        self.findings += [finding for finding in loaded.findings if finding.severity is not Severity.INFO]
        for document in tests:
            self.findings += check_document(document, self._facts(document))
            if has_errors(self.findings) and any(_is_error_in(finding, path) for finding in self.findings):
                continue
            outcome = typed_or_findings(document, WorkflowTestDocument)
            if isinstance(outcome, Typed):
                yield CaseFile(outcome)
            else:
                self.findings += outcome

    def _facts(self, document: Document) -> Facts:
        """What its rules may know: of the workflows those of the platform, and of the products that it speaks of."""
        admin = self._repository.admin_config()
        return Facts(
            admin_config=None if admin is None else admin.document, workflows=lambda: self._workflows(document)
        )

    def _workflows(self, document: Document) -> dict[str, Document]:
        spoken = {part for node in named_steps(document) for part in str(node.value).split("/")[:-1]}
        spoken.update(document.path.split("/")[:-1])
        found = self._repository.platform_workflows()
        for product in spoken.intersection(self._repository.products()):
            found += self._repository.product_workflows(product)
        return {identity_of(workflow): workflow.document for workflow in found}


def _is_error_in(finding: Finding, path: str) -> bool:
    return finding.severity is Severity.ERROR and finding.place.path == path


def _cases(file: CaseFile) -> Iterator[Case]:
    for number, test in enumerate(file.typed.model.spec.tests):
        yield Case(file, number, test)


def _is_named(case: Case, names: Sequence[str]) -> bool:
    return case.name in names or case.file.name in names


def _same_names(files: Sequence[CaseFile]) -> Iterator[Finding]:
    """ORC-1092 over the repository: names of documents are unique."""
    first: dict[str, CaseFile] = {}
    for file in files:
        earlier = first.setdefault(file.name, file)
        if earlier is not file:
            related = (Related("the other one", earlier.place("metadata", "name")),)
            message = f"there are already tests called '{file.name}' in {earlier.path}"
            yield Finding(codes.TEST_TWICE, message, file.place("metadata", "name"), related=related)


def _no_such_test(name: str, files: Sequence[CaseFile], path: Path) -> Finding:
    if path.is_dir():
        message = f"no test stands below '{name}'"
    elif path.exists():
        message = f"'{name}' is no file of tests in a `tests` folder below the workflows root"
    else:
        message = f"there is neither a file nor a test '{name}'"
    cases = [case for file in files for case in _cases(file)]
    near = did_you_mean(name, [*(file.name for file in files), *(case.name for case in cases)])
    return Finding(codes.NO_TESTS, message, Place(name), near or _known(cases))


def _known(cases: Sequence[Case]) -> str:
    """A remedy that names some of the tests that are there; empty where none is."""
    names = [case.name for case in cases]
    more = f" and {len(names) - _MOST_NAMED} more" * (len(names) > _MOST_NAMED)
    return f"Tests here: {', '.join(names[:_MOST_NAMED])}{more}." if names else ""


def _nothing(repository: Repository, only: Sequence[str], cases: Sequence[Case]) -> Finding:
    if only:
        message = f"no test is called like {' or '.join(only)}"
        return Finding(codes.NO_TESTS, message, Place("--filter"), _known(cases))
    return Finding(codes.NO_TESTS, "there is no test of a workflow", Place(repository.workflows_root))


def _known_folders(read: "_Reading", asked: Sequence[str], every: Sequence[str]) -> tuple[str, ...]:
    """The folders all of whose files were read, without an error: of a file that is broken nobody knows its tests."""
    broken = {posixpath.dirname(one.place.path) for one in read.findings if one.severity is Severity.ERROR}
    unread = {posixpath.dirname(path) for path in every if path not in asked}
    return tuple(sorted({posixpath.dirname(path) for path in asked} - broken - unread))


def _complete(cases: Sequence[Case], chosen: Sequence[Case]) -> tuple[str, ...]:
    """The names of the documents whose tests are all among the chosen ones."""
    tests = {case.file.name: len(case.file.typed.model.spec.tests) for case in cases}
    count = {name: sum(case.file.name == name for case in chosen) for name in tests}
    return tuple(name for name, most in tests.items() if count[name] == most)


def _inside(node: Node, key: Key) -> Node | None:
    if isinstance(node, MappingNode) and isinstance(key, str):
        return node.get(key)
    if isinstance(node, SequenceNode) and isinstance(key, int):
        return node.items[key] if key < len(node.items) else None
    return None
