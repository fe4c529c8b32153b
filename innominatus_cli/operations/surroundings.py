"""What surrounds the documents of one repository, of the platform and in each organisation."""

import posixpath
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from innominatus_cli.checks.facts import Facts
from innominatus_cli.checks.identities import is_in_force, is_newer
from innominatus_cli.checks.organizations import organization_of
from innominatus_cli.checks.placement import ADMIN_CONFIG
from innominatus_cli.checks.said import said_by
from innominatus_cli.documents.loading import Loaded
from innominatus_cli.documents.nodes import Document
from innominatus_cli.documents.organizations import folder_of
from innominatus_cli.documents.snapshot import Snapshot
from innominatus_cli.documents.vendored_names import VENDOR_FOLDER
from innominatus_cli.findings.finding import Finding, Severity
from innominatus_cli.operations.repository_files import YAML, RepositoryFiles, is_true

if TYPE_CHECKING:
    from innominatus_cli.operations.judging import Judge


class Surroundings(RepositoryFiles):
    """The facts that rules hold a document against, looked for when somebody asks."""

    def __init__(
        self,
        root: str,
        edited: Mapping[str, bytes] | None = None,
        *,
        shared: dict[str, Loaded] | None = None,
        snapshot: Snapshot | None = None,
        judge: "Judge | None" = None,
    ) -> None:
        """As `RepositoryFiles`; `judge` are the policies of another revision, where they judge."""
        super().__init__(root, edited, shared=shared, snapshot=snapshot)
        self._judge = judge
        self._facts_in: dict[str, Facts] = {}
        """By organisation."""

    def unusable_policies(self) -> Iterator[Finding]:
        """The errors of documents that hold policies: who judges without them judges too mildly."""
        roots = (folder_of(self.workflows_root, one) for one in ("", *self.organizations))
        folders = [posixpath.normpath(f"{root}/policies") for root in roots]
        for path in (ADMIN_CONFIG, *(path for folder in folders for path in self._snapshot.paths(folder, YAML))):
            if self._snapshot.exists(path):
                yield from (found for found in self.load(path).findings if found.severity is Severity.ERROR)

    @property
    def ignoring(self) -> Document | None:
        """The document whose `validation.ignores` counts."""
        return self.admin_config if self._judge is None else self._judge.admin_config

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
        """The types of resources of all enabled providers; None where nobody can tell.

        That is so where a provider of another repository has not been fetched, or Score provisioner files are named.
        """
        from innominatus_cli.checks.provider import provided_types  # noqa: PLC0415 - few Score files ask

        admin_config = self.admin_config
        entries = () if admin_config is None else tuple(admin_config.mapping.mappings("providers"))
        fetched = [
            f"{VENDOR_FOLDER}/{entry.text('name')}"
            for entry in entries
            if entry.text("type") == "git" and is_true(entry.get("enabled"))
        ]
        named = admin_config is not None and admin_config.mapping.sequence("provisionerFiles")
        if named or not all(self._snapshot.is_file(f"{folder}/provider.yaml") for folder in fetched):
            return None
        paths = [f"{folder}/provider.yaml" for folder in (*self._provider_folders, *fetched)]
        documents = [one for path in paths if self._snapshot.is_file(path) for one in self.load(path).documents]
        return {kind for document in documents if document.kind == "Provider" for kind in provided_types(document)}

    def facts_for(self, document: Document) -> Facts:
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
