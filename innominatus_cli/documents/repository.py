"""The documents of one repository, from one snapshot, each read once and only when it is asked for.

Nothing here raises for what people wrote: what is wrong is gathered in `findings`, and a document with errors is left
out. Reading one application needs the platform's and its product's folders, never everybody's.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel

from innominatus_cli.documents.admin_config import AdminConfigDocument
from innominatus_cli.documents.consulted import RecordingSnapshot
from innominatus_cli.documents.globs import matches
from innominatus_cli.documents.golden_path import GoldenPathDocument
from innominatus_cli.documents.kinds import WORKFLOW_KINDS, is_overrides_file, is_test_file, not_ours
from innominatus_cli.documents.loading import Amend, Loaded, load
from innominatus_cli.documents.nodes import Document
from innominatus_cli.documents.organizations import ORGANIZATIONS, folder_of, organization_of_path
from innominatus_cli.documents.score import WorkloadDocument
from innominatus_cli.documents.snapshot import Snapshot
from innominatus_cli.documents.step_type import StepTypeDocument
from innominatus_cli.documents.typed import Typed, typed_or_findings
from innominatus_cli.documents.vendored import Vendored
from innominatus_cli.documents.vendored_names import is_vendored
from innominatus_cli.documents.words import a, either
from innominatus_cli.documents.workflow import WorkflowDocument
from innominatus_cli.documents.workflow_policies import WorkflowPoliciesDocument
from innominatus_cli.findings.catalogue.document import BAD_PRODUCT_NAME, OUTSIDE_REPOSITORY, WRONG_KIND_HERE
from innominatus_cli.findings.finding import Finding, Place, has_errors
from innominatus_cli.system.files import parts_of

if TYPE_CHECKING:
    from innominatus_cli.documents.document_pool import DocumentPool

ADMIN_CONFIG = "admin-config.yaml"
WORKFLOWS_ROOT = "workflows"
YAML = (".yaml", ".yml")
_DEFAULT_APPLICATIONS = "**/score*.yaml"
_MAY_STAND_BESIDE_OTHERS = (WORKFLOW_KINDS, ("Workload",))
"""Kinds that are asked for by a file's name, and may share the file; folders hold one kind."""
_PRODUCT = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}\Z")

T = TypeVar("T")
ModelT = TypeVar("ModelT", bound=BaseModel)


class Repository:
    """What a repository says. `findings` grows with what is read."""

    def __init__(self, snapshot: Snapshot, pool: "DocumentPool | None" = None) -> None:
        """`pool` holds the documents of several repositories, where the same ones are read again and again."""
        self.snapshot = snapshot
        self._pool = pool
        self.findings: list[Finding] = []
        self._loaded: dict[str, Loaded] = {}
        self._typed: dict[tuple[str, type[BaseModel]], list[Typed[BaseModel]]] = {}
        self._root: str | None = None
        self._amendments: dict[str, Amend] = {}
        self._sources: dict[str, str] = {}
        self.organization = ""
        """The organisation for whose application the repository is read; empty: the platform's own namespace."""

    def with_files(self, snapshot: Snapshot) -> "Repository":
        """The same repository with new files in it; what has been read is not read again."""
        other = Repository(snapshot)
        other.findings = [*self.findings]
        other._loaded = dict(self._loaded)
        other._typed = dict(self._typed)
        other._root = self._root
        other._amendments = dict(self._amendments)
        other._sources = dict(self._sources)
        return other

    def amend(self, path: str, amend: Amend, sources: Mapping[str, str]) -> None:
        """Lets a Score file be changed when it is read, which must not have been before.

        `sources` are the texts that the changes come from, by the paths of their places.
        """
        if path in self._loaded and path not in self._amendments:
            raise AssertionError(f"{path} has been read without what is to be changed in it")
        self._amendments[path] = amend
        self._sources.update(sources)

    def amend_again(self, path: str, amend: Amend | None, sources: Mapping[str, str]) -> None:
        """As `amend`, of a file that may have been read: that is forgotten. With None nothing is changed in it."""
        known = self._loaded.pop(path, None)
        if known is not None:
            self.findings = [one for one in self.findings if one not in known.findings]
            self._typed = {key: made for key, made in self._typed.items() if key[0] != path}
        self._amendments.pop(path, None)
        if amend is not None:
            self.amend(path, amend, sources)

    def is_amended(self, path: str) -> bool:
        """Whether a file is changed when it is read."""
        return path in self._amendments

    def add_sources(self, sources: Mapping[str, str]) -> None:
        """Adds texts from outside that findings point into, by the paths of their places."""
        self._sources.update(sources)

    def loaded(self, path: str) -> Loaded:
        """A file's canonical documents and its findings; read once, whatever is asked of it."""
        known = self._loaded.get(path)
        if known is None:
            wrong = self.vendored.problem(path) if is_vendored(path) else None  # what is not the locked one is not read
            data = wrong or self.snapshot.read(path)
            known = Loaded((), (data,)) if isinstance(data, Finding) else self._load(path, data)
            self._loaded[path] = known
            self.findings.extend(known.findings)
        return known

    def _load(self, path: str, data: bytes) -> Loaded:
        if self._pool is None or path in self._amendments:
            return load(path, data, self._amendments.get(path))
        return self._pool.loaded(path, self.snapshot.object_id(path) or "", data)

    def remembered(self, key: object, make: Callable[[], T]) -> T:
        """What `make` gives; made once for all repositories of a pool in which it comes out the same.

        It depends on `key`, in which documents stand by their `id`, and on what it asks of the snapshot.
        """
        if self._pool is None or not isinstance(self.snapshot, RecordingSnapshot):
            return make()
        return self._pool.remembered(key, self.snapshot, make)

    def shared(self, key: object, make: Callable[[], T], keep: Callable[[T], bool]) -> T:
        """What `make` gives; made once in a state of a pool's repositories, if it is to `keep`.

        It depends on `key` and on what it asks of the snapshot; who asks again is told the same findings.
        """
        if self._pool is None or not isinstance(self.snapshot, RecordingSnapshot):
            return make()
        before = len(self.findings)
        made, told = self.snapshot.together(
            key, lambda: (make(), tuple(self.findings[before:])), lambda one: keep(one[0])
        )
        self.findings[before:] = told
        return made

    def noted(self, key: object, make: Callable[[], T]) -> T:
        """What `make` gives, which depends on `key` alone; made once for all repositories of a pool."""
        return make() if self._pool is None else self._pool.noted(key, make)

    def kept(self, kind: Callable[[], T]) -> T | None:
        """The one thing of a kind that all repositories of a pool have; None where there is no pool."""
        return None if self._pool is None else self._pool.kept(kind)

    @cached_property
    def vendored(self) -> Vendored:
        """The workflows of other repositories that are vendored here."""
        documents = self.loaded(ADMIN_CONFIG).documents if self.has_admin_config else ()
        return Vendored(self.snapshot, next((one for one in documents if one.kind == "AdminConfig"), None))

    def sources(self) -> dict[str, str]:
        """The texts of the files that were read so far, by path; a file without a document has none."""
        return self._sources | {one.path: one.text_of() for loaded in self._loaded.values() for one in loaded.documents}

    @property
    def has_admin_config(self) -> bool:
        """Whether there is an admin-config.yaml, right or wrong: what cannot be read switches no policy off."""
        return self.snapshot.exists(ADMIN_CONFIG)

    def admin_config(self) -> Typed[AdminConfigDocument] | None:
        """admin-config.yaml; None where there is none, or it has errors, which are then among the findings."""
        if not self.has_admin_config:
            return None
        found = self._documents(ADMIN_CONFIG, AdminConfigDocument, ("AdminConfig",))
        return found[0] if found else None

    @property
    def workflows_root(self) -> str:
        """The folder of workflows: `workflowPolicies.workflowsRoot`, else `workflows`."""
        if self._root is None:
            self._root = self._find_workflows_root()
        return self._root

    def organizations(self) -> list[str]:
        """The names of all organisations, sorted."""
        folder = f"{self.workflows_root}/{ORGANIZATIONS}/"
        paths = self.snapshot.paths(folder.rstrip("/"), YAML)
        return sorted({path[len(folder) :].partition("/")[0] for path in paths if organization_of_path(path)})

    def folder(self, name: str, organization: str | None = None) -> str:
        """One of the folders of an organisation (by default the one that this is read for), as `products`."""
        of = self.organization if organization is None else organization
        return f"{folder_of(self.workflows_root, of)}/{name}"

    def platform_workflows(self, organization: str | None = None) -> list[Typed[WorkflowDocument]]:
        """The workflows of the platform, and of the organisation's own platform tier, by path."""
        return self._in_both("platform", WorkflowDocument, ("PlatformWorkflow",), organization)

    def products(self, organization: str | None = None) -> list[str]:
        """The names of an organisation's product folders, sorted; names that cannot be used become findings."""
        prefix = f"{self.folder('products', organization)}/"
        names: dict[str, str] = {}
        for path in self.snapshot.paths(prefix.rstrip("/"), YAML):
            name, separator, _ = path[len(prefix) :].partition("/")
            if separator:
                names.setdefault(name, path)
        return [name for name, path in sorted(names.items()) if self._is_product(name, path)]

    def has_product(self, name: str) -> bool:
        """Whether a product has a folder with a file in it; nobody else's folder is looked into."""
        return _is_product_name(name) and bool(self.snapshot.paths(f"{self.folder('products')}/{name}", YAML))

    def product_workflows(self, product: str, organization: str | None = None) -> list[Typed[WorkflowDocument]]:
        """The workflows of a product, by path; none for a product that does not exist."""
        folder = self.folder("products", organization)
        if not self._is_product(product, folder):
            return []
        return self._folder(f"{folder}/{product}", WorkflowDocument, ("ProductWorkflow",))

    def workflow(self, path: str) -> Typed[WorkflowDocument] | None:
        """The first workflow of a file, of whatever tier; None, and a finding, where there is none."""
        parts = parts_of(path)
        clean = path if parts is None else "/".join(parts)
        found = self._documents(clean, WorkflowDocument, WORKFLOW_KINDS)
        return found[0] if found else None

    def golden_paths_named(self, name: str) -> list[Typed[GoldenPathDocument]]:
        """The golden paths of a name, of all versions; an organisation's is `<organisation>/<name>`."""
        organization, slash, plain = name.rpartition("/")
        if not slash:
            found = self.golden_paths()
        elif organization in self.organizations():
            found = self._folder(self.folder("golden-paths", organization), GoldenPathDocument, ("GoldenPath",))
        else:
            return []
        return [path for path in found if path.model.metadata.name == plain]

    def golden_paths(self) -> list[Typed[GoldenPathDocument]]:
        """The platform's golden paths: those of goldenpaths.yaml (at the root, under workflows), then one file each."""
        found: list[Typed[GoldenPathDocument]] = []
        for path in ("goldenpaths.yaml", f"{self.workflows_root}/goldenpaths.yaml"):
            if self.snapshot.exists(path):
                found += self._documents(path, GoldenPathDocument, ("GoldenPath",))
        return found + self._folder(f"{self.workflows_root}/golden-paths", GoldenPathDocument, ("GoldenPath",))

    def step_types(self, organization: str = "") -> list[Typed[StepTypeDocument]]:
        """The step types that the platform or an organisation brings, by path."""
        return self._folder(self.folder("step-types", organization), StepTypeDocument, ("StepType",))

    def every_golden_path(self) -> list[Typed[GoldenPathDocument]]:
        """The platform's golden paths, and those of all organisations."""
        folders = [self.folder("golden-paths", organization) for organization in self.organizations()]
        return self.golden_paths() + [
            path for folder in folders for path in self._folder(folder, GoldenPathDocument, ("GoldenPath",))
        ]

    def policies(self) -> list[Typed[WorkflowPoliciesDocument]]:
        """The platform's WorkflowPolicies documents, and those of the organisation that this is read for, by path."""
        return self._in_both("policies", WorkflowPoliciesDocument, ("WorkflowPolicies",))

    def workloads(self, path: str) -> list[Typed[WorkloadDocument]]:
        """All Score workloads of a file."""
        return self._documents(path, WorkloadDocument, ("Workload",))

    def workload(self, path: str) -> Typed[WorkloadDocument] | None:
        """The first Score workload of a file; None, and a finding, where there is none."""
        found = self.workloads(path)
        return found[0] if found else None

    def application_paths(self) -> list[str]:
        """The paths of Score files: admin-config's `applications`, by default `**/score*.yaml` outside of `tests/`."""
        admin = self.admin_config()
        globs = admin.model.applications if admin else [_DEFAULT_APPLICATIONS]
        found = set()
        for path in self.snapshot.paths("", YAML):
            no_application = is_overrides_file(path) or is_test_file(path, self.workflows_root)
            for glob in () if no_application else globs:
                if matches(path, glob) and not (glob == _DEFAULT_APPLICATIONS and "tests" in path.split("/")[:-1]):
                    found.add(path)
        return sorted(found)

    def _is_product(self, name: str, path: str) -> bool:
        if _is_product_name(name):
            return True
        finding = Finding(BAD_PRODUCT_NAME, f"'{name}' cannot be a product's name", Place(path))
        if finding not in self.findings:
            self.findings.append(finding)
        return False

    def _find_workflows_root(self) -> str:
        admin = self.admin_config()
        written = admin.model.workflow_policies.workflows_root if admin else None
        if admin is None or written is None:
            return WORKFLOWS_ROOT
        parts = parts_of(written)
        if parts is None:
            node = admin.document.mapping.mapping("workflowPolicies").get("workflowsRoot")
            message = f"workflowsRoot '{written}' is no folder of the repository"
            self.findings.append(Finding(OUTSIDE_REPOSITORY, message, admin.document.place(node)))
            return WORKFLOWS_ROOT
        return "/".join(parts)

    def _in_both(
        self, name: str, model: type[ModelT], kinds: tuple[str, ...], organization: str | None = None
    ) -> list[Typed[ModelT]]:
        """The documents in a folder of the platform, and in that of an organisation."""
        found = self._folder(self.folder(name, ""), model, kinds)
        of = self.organization if organization is None else organization
        return found + self._folder(self.folder(name, of), model, kinds) if of else found

    def _folder(self, folder: str, model: type[ModelT], kinds: tuple[str, ...]) -> list[Typed[ModelT]]:
        """All documents of the files right in a folder."""
        found: list[Typed[ModelT]] = []
        for path in self.snapshot.paths(folder, YAML):
            if "/" not in path[len(folder) + 1 :]:
                found += self._documents(path, model, kinds)
        return found

    def _documents(self, path: str, model: type[ModelT], kinds: tuple[str, ...]) -> list[Typed[ModelT]]:
        """The typed documents of a file; one of another kind is a finding, once."""
        known = self._typed.get((path, model))
        if known is None:
            known = self._typed[path, model] = self._shared_documents(path, model, kinds)
        return [Typed(one.model, one.document) for one in known if isinstance(one.model, model)]

    def _shared_documents(self, path: str, model: type[ModelT], kinds: tuple[str, ...]) -> list[Typed[BaseModel]]:
        """The typed documents of a file, which are made once where the file is of a pool; their findings are told."""
        loaded = self.loaded(path)
        if self._pool is None or path in self._amendments or not loaded.documents:
            return [*self._typed_documents(loaded, model, kinds)]
        before = len(self.findings)
        key = ("typed", id(loaded), model, kinds)
        known = self._pool.noted(key, lambda: ([*self._typed_documents(loaded, model, kinds)], self.findings[before:]))
        del self.findings[before:]
        self.findings += known[1]
        return known[0]

    def _typed_documents(
        self, loaded: Loaded, model: type[ModelT], kinds: tuple[str, ...]
    ) -> Iterator[Typed[BaseModel]]:
        fitting = [document for document in loaded.documents if document.kind in kinds]
        if not has_errors(loaded.findings):
            if not fitting or kinds not in _MAY_STAND_BESIDE_OTHERS:
                others = [document for document in loaded.documents if document not in fitting]
                self.findings.extend(_wrong_kind(document, kinds) for document in others)
            for document in fitting:
                outcome = (
                    typed_or_findings(document, model) if self._pool is None else self._pool.typed(document, model)
                )
                if isinstance(outcome, Typed):
                    yield Typed(outcome.model, outcome.document)
                else:
                    self.findings.extend(outcome)


def _is_product_name(name: str) -> bool:
    return _PRODUCT.match(name) is not None and ".." not in name


def _wrong_kind(document: Document, kinds: tuple[str, ...]) -> Finding:
    place = document.place(document.mapping.get("kind"))
    wanted = either(list(kinds))
    if not document.kind:
        return Finding(WRONG_KIND_HERE, f"{not_ours(document).message}; {wanted} is expected here", place)
    message = f"{a(document.kind)} stands where {wanted} is expected"
    if document.kind == "Workload":  # `run score.yaml`, most likely
        remedy = f"Deploy it with `innominatus-ctl deploy {document.path}`, or move the file."
        return Finding(WRONG_KIND_HERE, message, place, remedy)
    return Finding(WRONG_KIND_HERE, message, place)
