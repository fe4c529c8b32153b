"""The check of one repository: which of its files are ours, what each gets wrong, and what they get wrong together."""

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from innominatus_cli.checks.checking import check_document, check_repository
from innominatus_cli.checks.facts import HELD_AGAINST_EVERYTHING, Facts, RepositoryFacts
from innominatus_cli.checks.identities import is_in_force, is_newer
from innominatus_cli.checks.organizations import organization_of
from innominatus_cli.checks.placement import ADMIN_CONFIG, GOLDEN_PATHS, KIND_OF_FOLDER, check_placement, is_our_place
from innominatus_cli.checks.said import said_by
from innominatus_cli.documents.globs import matcher
from innominatus_cli.documents.kinds import is_overrides_file, is_test_file, not_ours
from innominatus_cli.documents.loading import Amend, Loaded, load
from innominatus_cli.documents.nodes import Document, Node, ScalarNode
from innominatus_cli.documents.organizations import ORGANIZATIONS, folder_of, organization_of_path
from innominatus_cli.documents.snapshot import Snapshot, WorkingTreeSnapshot
from innominatus_cli.documents.vendored_names import LOCK_FILE, STAGING_FOLDER, VENDOR_FOLDER, is_vendored
from innominatus_cli.findings.catalogue.document import UNKNOWN_KIND
from innominatus_cli.findings.finding import Finding, Severity

if TYPE_CHECKING:
    from innominatus_cli.documents.vendored import Vendored
    from innominatus_cli.operations.facts_cache import FactsCache
    from innominatus_cli.operations.judging import Judge

YAML = (".yaml", ".yml")
_APPLICATIONS = "**/score*.yaml"
_FOLDERS = (*(name for name in KIND_OF_FOLDER if name != "products"), "products")
FEW = 100
"""Files of which all nodes may be there at the same time."""
_POLICY_KINDS = frozenset(("AdminConfig", "WorkflowPolicies"))
_LOOKS_LIKE_OURS = re.compile(
    r"^(?:apiVersion:\s*['\"]?(?:score\.dev|workflow\.dev|orchestrator\.innominatus\.dev|innominatus\.)"
    r"|kind:\s*['\"]?(?:Platform|Product)Workflow|workflowPolicies:|goldenpaths:)",
    re.MULTILINE,
)


class RepositoryCheck:
    """Selected files of one repository and their findings. Paths are relative to its root."""

    def __init__(
        self,
        root: str,
        edited: Mapping[str, bytes] | None = None,
        *,
        shared: dict[str, Loaded] | None = None,
        snapshot: Snapshot | None = None,
        judge: "Judge | None" = None,
    ) -> None:
        """Checks the folder `root`, with texts that are not saved yet, or what a snapshot says of it instead.

        `judge` are the policies of another revision, where they judge.
        """
        self.root = root
        self._snapshot = snapshot or _snapshot(root, edited)
        self._edited = frozenset(edited or ())
        self._judge = judge
        self._among: frozenset[str] | None = None
        self._relatives: frozenset[str] | None = None
        self.cache: FactsCache | None = None
        """Facts of files that have not changed; of many files only."""
        self.jobs: int | None = None
        """How many processes check files; None for so many as are worth it."""
        self.uses_cache = False
        """Whether facts of files are kept in the git directory."""
        self._loaded: dict[str, Loaded] = {}
        self._keeps = shared is not None
        self._shared = {} if shared is None else shared
        """Files that are as they are on disk: read once for several checks, where one check after the other is made."""
        self._selected: dict[str, bool] = {}
        """Whether somebody named the file itself, by path."""
        self._passed_over: dict[str, None] = {}
        """Files that would be selected if they were among those of `only`."""
        self._amendments: dict[str, Amend] = {}
        self._held_together = False
        self._facts_in: dict[str, Facts] = {}
        """By organisation."""
        self._folders: set[str] = set()
        """Selected folders, "" for the whole repository."""

    def only(self, paths: frozenset[str], relatives: frozenset[str] | None = None) -> None:
        """Lets only these files be selected; they are held against all that would be selected otherwise.

        `relatives` are the files besides them that may have the same names: unless a selected document speaks of
        others, it is held against these alone.
        """
        self._among = paths
        self._held_together = True
        self._relatives = relatives

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing of what is asked for, checked or passed over."""
        return not self._selected and not self._passed_over

    def _take(self, path: str, *, named: bool) -> None:
        if self._among is None or path in self._among:
            self._selected[path] = named or self._selected.get(path, False)
        else:
            self._passed_over[path] = None

    def select(self, path: str, *, only_ours: bool = False) -> bool:
        """Selects a file, or what is ours in a folder; False where there is nothing of ours.

        `only_ours` treats a file as one that was met in a folder: it is selected only if it is ours.
        """
        if not self._snapshot.is_folder(path):
            if only_ours and not self._is_ours(path):
                return False
            self._take(path, named=not only_ours)
            return True
        self._folders.add("" if path == "." else path)
        files = self._snapshot.paths(path, YAML)
        ours = [file for file in files if (self._among is not None and file not in self._among) or self._is_ours(file)]
        for file in ours:
            self._take(file, named=False)
        return bool(ours) or self._among is not None

    def amend(self, path: str, amend: Amend) -> None:
        """Lets a Score file be changed when it is read."""
        self._amendments[path] = amend

    def select_new(self, paths: Iterable[str], *, alone: bool) -> None:
        """Selects files that are about to be written, to be held against all that is in force, unless `alone`."""
        self._selected |= dict.fromkeys(paths, alone)
        self._held_together = not alone

    def select_everything(self) -> None:
        """Selects what the repository consists of: its configuration, workflows, providers and applications."""
        for folder in (self.workflows_root, *self._provider_folders):
            if self._snapshot.exists(folder):
                self.select(folder)
        configuration = [ADMIN_CONFIG] if self._snapshot.exists(ADMIN_CONFIG) else []
        for path in (*configuration, *self._golden_paths, *self._applications):
            self._take(path, named=True)
        self._folders = {""}

    def cache_for(self, path: str) -> "FactsCache | None":
        """The cache, for files that are as they are on disk."""
        return None if path in self._edited or path in self._amendments else self.cache

    def bytes_of(self, path: str) -> bytes | None:
        """The bytes of a file; None where it cannot be read."""
        data = self._snapshot.read(path)
        return data if isinstance(data, bytes) else None

    def take_over(self, path: str, loaded: Loaded) -> None:
        """Takes what another process has read of a file."""
        self._loaded[path] = loaded

    @property
    def files(self) -> int:
        """How many files are selected."""
        return len(self._selected)

    def kinds(self) -> dict[str, tuple[str, ...]]:
        """The kinds of the documents in every selected file; "" stands for one that is not ours."""
        return {path: tuple(document.kind for document in self.load(path).documents) for path in self._selected}

    def documents(self, path: str) -> tuple[Document, ...]:
        """The canonical documents of a file, those that are none of ours included."""
        return self.load(path).documents

    def sources(self) -> dict[str, str]:
        """The text of every selected file that could be read, and of the documents that judge."""
        texts = {}
        for path in self._selected:
            data = self._snapshot.read(path)
            if isinstance(data, bytes):
                texts[path] = data.decode("utf-8", "replace")
        return texts if self._judge is None else {**texts, **self._judge.sources}

    def findings(self) -> Iterator[Finding]:
        """Everything that is wrong with the selected files."""
        yield from self._findings_of_files()
        yield from self._unusable_admin_config()
        yield from self._findings_of_names()
        if "" in self._folders and self._has_vendored():
            yield from self._vendored.all_problems()
        yield from (finding for finding in self._findings_together() if finding.place.path in self._selected)
        yield from self._findings_of_judge()

    def _findings_of_files(self) -> Iterator[Finding]:
        """What is wrong with each selected file alone."""
        if self._keeps or len(self._selected) <= FEW:
            for path in self._selected:
                yield from self._check_file(path)
            return
        from innominatus_cli.operations.many_files import check_many  # noqa: PLC0415 - most checks are of few files

        if self.uses_cache and isinstance(self._snapshot, WorkingTreeSnapshot):
            from innominatus_cli.operations.facts_cache import FactsCache  # noqa: PLC0415

            self.cache = FactsCache.of(self._snapshot.root)
        yield from check_many(self, [*self._selected])

    def _check_file(self, path: str) -> Iterator[Finding]:
        loaded = self.load(path)
        yield from loaded.findings
        for document in loaded.documents:
            yield from self.findings_of(path, document)

    def findings_of(self, path: str, document: Document) -> Iterator[Finding]:
        """What is wrong with one document of a selected file alone, its text and shape aside."""
        if document.kind:
            yield from check_placement(document, self.workflows_root)
            yield from check_document(document, self._facts_for(document))
        elif (self._selected[path] or self._is_our_place(path)) and not _says_so(self.load(path)):
            yield not_ours(document)

    def _findings_of_judge(self) -> Iterator[Finding]:
        """What is wrong with policies of another revision, and the workflows that they require in vain."""
        if self._judge is not None and self._selected:
            from innominatus_cli.checks.policies import check_required_workflows  # noqa: PLC0415 - few have a judge

            yield from self._judge.findings
            for document in self._judge.documents:
                yield from check_required_workflows(document, self.facts)

    def unusable_policies(self) -> Iterator[Finding]:
        """The errors of documents that hold policies: who judges without them judges too mildly."""
        roots = (folder_of(self.workflows_root, one) for one in ("", *self.organizations))
        folders = [posixpath.normpath(f"{root}/policies") for root in roots]
        for path in (ADMIN_CONFIG, *(path for folder in folders for path in self._snapshot.paths(folder, YAML))):
            if self._snapshot.exists(path):
                yield from (found for found in self.load(path).findings if found.severity is Severity.ERROR)

    def _findings_together(self) -> Iterator[Finding]:
        """What documents get wrong together. A few named files are held against others only where they speak of some.

        So the check of one file in a hook reads neither everybody's workflows nor the modules for that.
        """
        own = self._documents(self._selected)
        speaking = any(map(_speaks_of_others, own))
        if self._held_together or len(own) > 1 or speaking:
            alone = not self._held_together and all(self._selected.values()) and not speaking
            documents = own if alone else self._in_force(None if speaking else self._relatives)
            facts = RepositoryFacts(tuple(documents), self.facts, self.workflows_root, self._everything(own))
            yield from check_repository(facts)
        if any(document.kind in _POLICY_KINDS for document in own):
            from innominatus_cli.policies.policy_set import merge_policies  # noqa: PLC0415 - few files need it

            admin_config = () if self.admin_config is None else (self.admin_config,)
            yield from merge_policies((*admin_config, *self.facts.policies)).findings

    def _findings_of_names(self) -> Iterator[Finding]:
        """What is wrong with names, links and repositories in the selected folders, whatever the files hold."""
        if not self._folders:
            return
        from innominatus_cli.checks.tree import check_tree  # noqa: PLC0415 - a single file does not need it

        for folder in [""] if "" in self._folders else sorted(self._folders):
            yield from check_tree(self._snapshot.tree(folder), self._is_part)

    def _is_part(self, path: str) -> bool:
        """Whether a file is part of what the repository says, not only somewhere in it."""
        if path in self._selected or self._is_our_place(path) or path.startswith(f"{self.workflows_root}/"):
            return True
        return path in self._passed_over and self._is_ours(path)

    def _unusable_admin_config(self) -> Iterator[Finding]:
        """Errors of an admin-config.yaml that nobody selected: the rest was judged without it, or with half of it."""
        if ADMIN_CONFIG not in self._selected and self._snapshot.exists(ADMIN_CONFIG):
            yield from (found for found in self.load(ADMIN_CONFIG).findings if found.severity is Severity.ERROR)

    @cached_property
    def workflows_root(self) -> str:
        """The folder of workflows."""
        admin_config = self.admin_config
        written = (
            None if admin_config is None else admin_config.mapping.mapping("workflowPolicies").text("workflowsRoot")
        )
        return posixpath.normpath(written) if written and not written.startswith(("/", "..")) else "workflows"

    @cached_property
    def admin_config(self) -> Document | None:
        """The document of admin-config.yaml; None where there is none, or it cannot be read."""
        if not self._snapshot.is_file(ADMIN_CONFIG):
            return None
        return next((one for one in self.load(ADMIN_CONFIG).documents if one.kind == "AdminConfig"), None)

    @property
    def ignoring(self) -> Document | None:
        """The document whose `validation.ignores` counts."""
        return self.admin_config if self._judge is None else self._judge.admin_config

    @cached_property
    def _golden_paths(self) -> list[str]:
        """The files with several golden paths, at the root and under the workflows root."""
        paths = dict.fromkeys((GOLDEN_PATHS, posixpath.normpath(f"{self.workflows_root}/{GOLDEN_PATHS}")))
        return [path for path in paths if self._snapshot.exists(path)]

    @cached_property
    def _provider_folders(self) -> list[str]:
        entries = () if self.admin_config is None else self.admin_config.mapping.mappings("providers")
        folders = []
        for entry in entries:
            path = entry.text("path")
            if path and _is_true(entry.get("enabled")) and self._snapshot.is_folder(posixpath.normpath(path)):
                folders.append(posixpath.normpath(path))
        return folders

    @cached_property
    def _applications(self) -> list[str]:
        node = None if self.admin_config is None else self.admin_config.mapping.get("applications")
        globs = [_APPLICATIONS] if node is None else _texts(node.plain())
        wanted = [(matcher(glob), glob == _APPLICATIONS) for glob in globs]
        return [
            path
            for path in self._snapshot.paths("", YAML)
            if any(fits(path) and not (is_any and _is_test(path)) for fits, is_any in wanted)
            and not is_overrides_file(path)
            and not is_test_file(path, self.workflows_root)
        ]

    def _in_folder(self, name: str) -> list[Document]:
        """The documents of the files that belong into a folder of the workflows root."""
        return self._in_folder_of(name, "")

    @cached_property
    def organizations(self) -> list[str]:
        """The names of all organisations, sorted."""
        folder = posixpath.normpath(f"{self.workflows_root}/{ORGANIZATIONS}")
        return sorted({org for path in self._snapshot.paths(folder, YAML) if (org := organization_of_path(path))})

    def _in_every(self, name: str) -> list[Document]:
        """The same of the platform and of all organisations."""
        return [document for one in ("", *self.organizations) for document in self._in_folder_of(name, one)]

    def _in_folder_of(self, name: str, organization: str) -> list[Document]:
        folder = posixpath.normpath(f"{folder_of(self.workflows_root, organization)}/{name}")
        paths = [path for path in self._snapshot.paths(folder, YAML) if self._is_our_place(path)]
        return [document for path in paths for document in self.load(path).documents if document.kind]

    def _in_force(self, relatives: frozenset[str] | None) -> list[Document]:
        """The documents that deployments use and the applications asked for; of all files, or of some."""
        roots = [folder_of(self.workflows_root, one) for one in ("", *self.organizations)]
        places = [posixpath.normpath(f"{root}/{name}") for root in roots for name in _FOLDERS]
        folders = [self._snapshot.paths(place, YAML) for place in places]
        paths = [path for files in folders for path in files if self._is_our_place(path)]
        paths += [*(f"{folder}/provider.yaml" for folder in self._provider_folders), *self._golden_paths]
        asked = sorted({*self._selected, *self._passed_over})
        if relatives is not None:
            paths, asked = (
                [one for one in some if one in self._selected or one in relatives] for some in (paths, asked)
            )
        there = frozenset(paths)
        others = [path for path in asked if path not in there and self._holds_applications(path)]
        return self._documents((*paths, *others))

    def _everything(self, own: list[Document]) -> tuple[Document, ...]:
        """All documents, where the whole repository was asked for, and something in it is held against all."""
        if "" not in self._folders:
            return ()
        if not any(document.kind in HELD_AGAINST_EVERYTHING for document in own):
            return tuple(own)
        return tuple(self._documents(dict.fromkeys((*self._selected, *self._passed_over))))

    def _documents(self, paths: Iterable[str]) -> list[Document]:
        return [document for path in paths for document in self.load(path).documents if document.kind]

    def _holds_applications(self, path: str) -> bool:
        if is_test_file(path, self.workflows_root):
            return False
        return any(document.kind == "Workload" for document in self.load(path).documents)

    @cached_property
    def facts(self) -> Facts:
        """What surrounds each document of the repository."""
        return Facts(
            admin_config=self.admin_config,
            policies=tuple(one for one in self._in_folder("policies") if one.kind == "WorkflowPolicies"),
            step_types=tuple(said_by(one).identity for one in self._in_every("step-types") if one.kind == "StepType"),
            workflows=lambda: self._tier_workflows,
            is_file=self._snapshot.is_file,
            files=lambda: self._snapshot.paths("", YAML),
            provided_types=lambda: self._provided_types,
            golden_paths=lambda: self._every_golden_path,
            documents_of=lambda path: self.load(path).documents,
            judges=None if self._judge is None else self._judge.documents,
            workflows_root=self.workflows_root,
            provider_folders=lambda: self._provider_folders,
            own_types=lambda: self._own_types,
            products=lambda: self._products_of(""),
            organizations=lambda: self.organizations,
            vendored=self._wrong_vendored,
        )

    def _products_of(self, organization: str) -> frozenset[str]:
        folder = posixpath.normpath(f"{folder_of(self.workflows_root, organization)}/products")
        below = (path[len(folder) + 1 :] for path in self._snapshot.paths(folder, YAML))
        return frozenset(path.partition("/")[0] for path in below if "/" in path)

    @cached_property
    def _own_types(self) -> dict[str, Document]:
        found: dict[str, Document] = {}
        for document in self._in_every("step-types"):
            if document.kind == "StepType":
                found.setdefault(said_by(document).identity, document)
        return found

    @cached_property
    def _tier_workflows(self) -> dict[str, Document]:
        documents = [*self._in_every("platform"), *self._in_every("products")]
        found: dict[str, Document] = {}
        for one in documents:
            identity = said_by(one).identity
            if is_in_force(one, self.workflows_root) and (identity not in found or is_newer(one, found[identity])):
                found[identity] = one
        return found

    @cached_property
    def _every_golden_path(self) -> list[Document]:
        others = [document for path in self._golden_paths for document in self.load(path).documents]
        return [one for one in (*self._in_folder("golden-paths"), *others) if one.kind == "GoldenPath"]

    @cached_property
    def _provided_types(self) -> set[str] | None:
        """The types of resources of all enabled providers; None where one of them is in another repository."""
        from innominatus_cli.checks.provider import provided_types  # noqa: PLC0415 - few Score files ask

        admin_config = self.admin_config
        entries = () if admin_config is None else admin_config.mapping.mappings("providers")
        if any(entry.text("type") == "git" and _is_true(entry.get("enabled")) for entry in entries):
            return None
        paths = [f"{folder}/provider.yaml" for folder in self._provider_folders]
        documents = [one for path in paths if self._snapshot.is_file(path) for one in self.load(path).documents]
        return {kind for document in documents if document.kind == "Provider" for kind in provided_types(document)}

    def _facts_for(self, document: Document) -> Facts:
        """The repository's facts; for an admin-config.yaml elsewhere, only what stands around that one.

        What belongs to an organisation has its policies besides the platform's, and its products.
        """
        if document.kind != "AdminConfig" or document.path == ADMIN_CONFIG:
            organization = self.organizations and organization_of(document)
            return self._facts_of(organization) if organization else self.facts
        folder = posixpath.dirname(document.path)
        return Facts(is_file=lambda path: self._snapshot.is_file(posixpath.normpath(posixpath.join(folder, path))))

    def _facts_of(self, organization: str) -> Facts:
        """The facts in one organisation."""
        known = self._facts_in.get(organization)
        if known is None:
            judge = self._judge
            known = self._facts_in[organization] = self.facts._replace(
                policies=(*self.facts.policies, *self.policies_of(organization)),
                products=lambda: self._products_of(organization),
                judges=judge and (*judge.documents, *judge.of_organizations.get(organization, ())),
            )
        return known

    def policies_of(self, organization: str) -> list[Document]:
        """The documents of policies of an organisation's own."""
        return [one for one in self._in_folder_of("policies", organization) if one.kind == "WorkflowPolicies"]

    def load(self, path: str) -> Loaded:
        """The documents of a file, and what is wrong with their text and shape; read once."""
        known = self._loaded.get(path)
        if known is None:
            known = None if path in self._edited or path in self._amendments else self._shared.get(path)
            known = self._loaded[path] = known or self.read(path)
            if path not in self._edited and path not in self._amendments:
                self._shared[path] = known
        return known

    def read(self, path: str) -> Loaded:
        """The same, read anew from the bytes of the snapshot."""
        data = self._wrong_vendored(path) or self._snapshot.read(path)
        return Loaded((), (data,)) if isinstance(data, Finding) else load(path, data, self._amendments.get(path))

    def _wrong_vendored(self, path: str) -> Finding | None:
        """Why a vendored file is not to be read; most repositories have none."""
        return self._vendored.problem(path) if is_vendored(path) else None

    def _has_vendored(self) -> bool:
        """Whether anything of vendored workflows is there, or asked for; most repositories have nothing of it."""
        admin_config = self.admin_config
        asked_for = admin_config is not None and "workflowSources" in admin_config.mapping.values
        return asked_for or any(map(self._snapshot.exists, (LOCK_FILE, VENDOR_FOLDER, STAGING_FOLDER)))

    @cached_property
    def _vendored(self) -> "Vendored":
        from innominatus_cli.documents.vendored import Vendored  # noqa: PLC0415 - a file alone does without

        return Vendored(self._snapshot, self.admin_config)

    def _is_ours(self, path: str) -> bool:
        """Whether a file that nobody named is to be reported on: by its place, or by what it holds."""
        if self._is_our_place(path):
            return True
        if not path.endswith(YAML):  # a link out of the repository, or a folder that nobody lets us look into
            return f"{path}/".startswith(f"{self.workflows_root}/")
        loaded = self.load(path)
        if loaded.documents:
            return any(document.kind for document in loaded.documents) or _says_so(loaded)
        data = self._snapshot.read(path)
        return isinstance(data, bytes) and bool(_LOOKS_LIKE_OURS.search(data.decode("utf-8", "replace")))

    def _is_our_place(self, path: str) -> bool:
        return is_our_place(path, self.workflows_root)


def _snapshot(root: str, edited: Mapping[str, bytes] | None) -> WorkingTreeSnapshot:
    """The working tree, or the one that there would be with some texts written."""
    if not edited:
        return WorkingTreeSnapshot(root)
    from innominatus_cli.documents.proposed import ProposedSnapshot  # noqa: PLC0415 - an editor and `new` need it

    return ProposedSnapshot(root, edited)


def _speaks_of_others(document: Document) -> bool:
    said = said_by(document)
    return document.kind in {"AdminConfig", "Provider"} or bool(said.depends_on) or said.overrides is not None


def _says_so(loaded: Loaded) -> bool:
    return any(finding.code is UNKNOWN_KIND for finding in loaded.findings)


def _is_true(node: Node | None) -> bool:
    return isinstance(node, ScalarNode) and node.value is True


def _texts(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _is_test(path: str) -> bool:
    return "tests" in path.split("/")[:-1]
