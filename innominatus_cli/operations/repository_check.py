"""The check of one repository: which of its files are asked for, what each gets wrong, and what they do together."""

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from innominatus_cli.checks.checking import check_document, check_repository
from innominatus_cli.checks.facts import HELD_AGAINST_EVERYTHING, RepositoryFacts
from innominatus_cli.checks.placement import ADMIN_CONFIG, KIND_OF_FOLDER, check_placement
from innominatus_cli.checks.said import said_by
from innominatus_cli.documents.kinds import base_of_overlay, is_overrides_file, is_test_file, not_ours
from innominatus_cli.documents.loading import Loaded
from innominatus_cli.documents.nodes import Document
from innominatus_cli.documents.organizations import folder_of
from innominatus_cli.documents.snapshot import Snapshot, WorkingTreeSnapshot
from innominatus_cli.findings.finding import Finding, Severity
from innominatus_cli.operations.repository_files import YAML, says_so
from innominatus_cli.operations.surroundings import Surroundings

if TYPE_CHECKING:
    from innominatus_cli.operations.facts_cache import FactsCache
    from innominatus_cli.operations.judging import Judge

_FOLDERS = (*(name for name in KIND_OF_FOLDER if name != "products"), "products")
MARKER = b"innominatus:"
"""What comments that speak to the tool begin with (`checks.ignores.MARKER`, which is imported only where it occurs)."""
FEW = 100
"""Files of which all nodes may be there at the same time."""
_POLICY_KINDS = frozenset(("AdminConfig", "WorkflowPolicies"))


class RepositoryCheck(Surroundings):
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
        super().__init__(root, edited, shared=shared, snapshot=snapshot, judge=judge)
        self._among: frozenset[str] | None = None
        self._relatives: frozenset[str] | None = None
        self.cache: FactsCache | None = None
        """Facts of files that have not changed; of many files only."""
        self.jobs: int | None = None
        """How many processes check files; None for so many as are worth it."""
        self.uses_cache = False
        """Whether facts of files are kept in the git directory."""
        self._selected: dict[str, bool] = {}
        """Whether somebody named the file itself, by path."""
        self._passed_over: dict[str, None] = {}
        """Files that would be selected if they were among those of `only`."""
        self._overlays: dict[str, None] = {}
        """Selected files that belong to a Score file by their name, and are checked together with it."""
        self._marked: set[str] = set()
        self._held_together = False
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
        return not self._selected and not self._passed_over and not self._overlays

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
            if self._take_overlay(path):
                return True
            if only_ours and not self._is_ours(path):
                return False
            self._take(path, named=not only_ours)
            return True
        self._folders.add("" if path == "." else path)
        files = self._snapshot.paths(path, YAML)
        ours = [file for file in files if (self._among is not None and file not in self._among) or self._is_ours(file)]
        overlays = [file for file in files if self._take_overlay(file)]
        for file in ours:
            self._take(file, named=False)
        return bool(ours) or bool(overlays) or self._among is not None

    def _take_overlay(self, path: str) -> bool:
        """Selects a file that is the overlay of a Score file; False where it is none. One alone is told by its name."""
        found = base_of_overlay(path) if is_overrides_file(path) else None
        if found is None or is_test_file(path, self.workflows_root) or "tests" in path.split("/")[:-1]:
            return False
        base = found[0]
        there = self._snapshot.is_file(base) and self._holds_applications(base)
        if not there and (self._snapshot.exists(base) or not base.rpartition("/")[2].startswith("score")):
            return False
        if self._among is None or path in self._among or base in self._among:
            self._overlays[path] = None
        return True

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
        for path in self._snapshot.paths("", YAML):
            self._take_overlay(path)
        self._folders = {""}

    def cache_for(self, path: str) -> "FactsCache | None":
        """The cache, for files that are as they are on disk."""
        return None if path in self._edited or path in self._amendments else self.cache

    def note_mark(self, path: str, *, marked: bool) -> None:
        """Notes whether a file that was checked may hold comments that speak to the tool."""
        if marked:
            self._marked.add(path)

    @property
    def files(self) -> int:
        """How many files are selected."""
        return len(self._selected) + len(self._overlays)

    def kinds(self) -> dict[str, tuple[str, ...]]:
        """The kinds of the documents in every selected file; "" stands for one that is not ours."""
        found = {path: tuple([one.kind for one in self.load(path).documents]) for path in self._selected}
        return {**found, **dict.fromkeys(self._overlays, ("",))}

    def text(self, path: str) -> str | None:
        """The text of a file; None where it cannot be read."""
        data = self._snapshot.read(path)
        return data.decode("utf-8", "replace") if isinstance(data, bytes) else None

    @property
    def judging_sources(self) -> Mapping[str, str]:
        """The texts of the documents of another revision that judge."""
        return {} if self._judge is None else self._judge.sources

    def speaks_to_us(self, path: str) -> bool:
        """Whether a file may hold comments that speak to the tool."""
        data = self._snapshot.read(path)
        return isinstance(data, bytes) and MARKER in data

    def marked(self) -> Iterable[str]:
        """The selected files for which that is so; after the findings."""
        return [path for path in (*self._selected, *self._overlays) if path in self._marked]

    def findings(self) -> Iterator[Finding]:
        """Everything that is wrong with the selected files."""
        yield from self._findings_of_files()
        yield from self._findings_of_overlays()
        yield from self._unusable_admin_config()
        yield from self.findings_of_names
        if "" in self._folders and self._has_vendored():
            yield from self._vendored.all_problems()
        yield from (finding for finding in self._findings_together() if finding.place.path in self._selected)
        yield from self._findings_of_judge()

    def _findings_of_files(self) -> Iterator[Finding]:
        """What is wrong with each selected file alone."""
        if self._keeps or len(self._selected) <= FEW:
            for path in self._selected:
                yield from self._check_file(path)
                self.note_mark(path, marked=self.speaks_to_us(path))
            return
        from innominatus_cli.operations.many_files import check_many  # noqa: PLC0415 - most checks are of few files

        if self.uses_cache and isinstance(self._snapshot, WorkingTreeSnapshot):
            from innominatus_cli.operations.facts_cache import FactsCache  # noqa: PLC0415

            self.cache = FactsCache.of(self._snapshot.root)
        yield from check_many(self, [*self._selected])

    def _findings_of_overlays(self) -> Iterator[Finding]:
        """What is wrong with overlays, each together with its Score file."""
        if not self._overlays:
            return
        from innominatus_cli.operations.overlay_check import findings_of_overlay  # noqa: PLC0415 - most have none

        for path in self._overlays:
            yield from findings_of_overlay(self, path, self._snapshot.read(path))
            self.note_mark(path, marked=self.speaks_to_us(path))

    def _check_file(self, path: str) -> Iterator[Finding]:
        loaded = self.load(path)
        yield from loaded.findings
        for document in loaded.documents:
            yield from self.findings_of(path, document)

    def findings_of(self, path: str, document: Document) -> Iterator[Finding]:
        """What is wrong with one document of a selected file alone, its text and shape aside."""
        if document.kind:
            yield from check_placement(document, self.workflows_root)
            yield from check_document(document, self.facts_for(document))
        elif (self._selected[path] or self._is_our_place(path)) and not says_so(self.load(path)):
            yield not_ours(document)

    def _findings_of_judge(self) -> Iterator[Finding]:
        """What is wrong with policies of another revision, and the workflows that they require in vain."""
        if self._judge is not None and self._selected:
            from innominatus_cli.checks.policies import check_required_workflows  # noqa: PLC0415 - few have a judge

            yield from self._judge.findings
            for document in self._judge.documents:
                yield from check_required_workflows(document, self.facts)

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

    @cached_property
    def findings_of_names(self) -> list[Finding]:
        """What is wrong with names, links and repositories in the selected folders, whatever the files hold."""
        if not self._folders:
            return []
        from innominatus_cli.checks.tree import check_tree  # noqa: PLC0415 - a single file does not need it

        folders = [""] if "" in self._folders else sorted(self._folders)
        return [one for folder in folders for one in check_tree(self._snapshot.tree(folder), self._is_part)]

    def _is_part(self, path: str) -> bool:
        """Whether a file is part of what the repository says, not only somewhere in it."""
        if path in self._selected or self._is_our_place(path) or path.startswith(f"{self.workflows_root}/"):
            return True
        return path in self._passed_over and self._is_ours(path)

    def _unusable_admin_config(self) -> Iterator[Finding]:
        """Errors of an admin-config.yaml that nobody selected: the rest was judged without it, or with half of it."""
        if ADMIN_CONFIG not in self._selected and self._snapshot.exists(ADMIN_CONFIG):
            yield from (found for found in self.load(ADMIN_CONFIG).findings if found.severity is Severity.ERROR)

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


def _speaks_of_others(document: Document) -> bool:
    said = said_by(document)
    return document.kind in {"AdminConfig", "Provider"} or bool(said.depends_on) or said.overrides is not None
