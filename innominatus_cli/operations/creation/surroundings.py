"""What a repository has that a new document is held against, and takes its defaults from."""

import re
from collections import Counter
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from innominatus_cli.documents.admin_config import AdminConfigDocument
from innominatus_cli.documents.nodes import Document
from innominatus_cli.documents.repository import YAML, Repository
from innominatus_cli.documents.schemas import step_type_names
from innominatus_cli.documents.typed import Typed
from innominatus_cli.documents.workflow import WorkflowDocument
from innominatus_cli.operations.discovery import identity_of
from innominatus_cli.operations.opening import open_repository, root_of
from innominatus_cli.policies.policy_set import PolicySet, policy_set

if TYPE_CHECKING:
    from innominatus_cli.documents.loading import Loaded

DEFAULT_ENVIRONMENTS: Final = ("development",)


class Surroundings:
    """A repository as answers see it; each thing is read when it is first asked for."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.root: Path = root_of(repository)
        self.read: dict[str, Loaded] = {}
        """Files that checks of answers have read."""

    @classmethod
    def around(cls, directory: Path | None = None) -> "Surroundings":
        """The repository around a folder (by default the current one)."""
        return cls(open_repository(directory))

    @property
    def workflows_root(self) -> str:
        """The folder of workflows."""
        return self.repository.workflows_root

    @cached_property
    def admin_config(self) -> AdminConfigDocument:
        """What the platform team decided; defaults where there is no admin-config.yaml, or none that can be read."""
        found = self.repository.admin_config()
        return AdminConfigDocument() if found is None else found.model

    @cached_property
    def policies(self) -> PolicySet:
        """The merged policies."""
        return policy_set(self.repository)

    @cached_property
    def products(self) -> list[str]:
        """The names of all products, sorted."""
        return self.repository.products()

    @cached_property
    def workflows(self) -> dict[str, Typed[WorkflowDocument]]:
        """The workflows of platform and products by identity: `security-scan`, `shop/database-setup`."""
        found = self.repository.platform_workflows()
        for product in self.products:
            found += self.repository.product_workflows(product)
        return {identity_of(workflow): workflow for workflow in found}

    @cached_property
    def own_step_types(self) -> dict[str, Document]:
        """The StepType documents of the repository, by name."""
        found: dict[str, Document] = {}
        for path in self.repository.snapshot.paths(f"{self.workflows_root}/step-types", YAML):
            for document in self.repository.loaded(path).documents:
                name = document.mapping.mapping("metadata").text("name")
                if document.kind == "StepType" and name:
                    found.setdefault(name, document)
        return found

    @cached_property
    def known_step_types(self) -> set[str]:
        """The built-in step types and the repository's own ones, allowed or not."""
        return {*step_type_names(), *self.own_step_types}

    @cached_property
    def step_types(self) -> list[str]:
        """The step types that workflows may use: known, and allowed by every list of allowed ones; sorted."""
        known = self.known_step_types
        allowed = self.policies.allowed_step_types
        return sorted(known if allowed is None else known.intersection(allowed.value))

    @cached_property
    def environments(self) -> list[str]:
        """The environments that deployments may go to, in the order of admin-config.yaml; at least one."""
        allowed = self.admin_config.policies.allowed_environments
        return list(allowed or self.admin_config.environments or DEFAULT_ENVIRONMENTS)

    def application_of(self, product: str) -> str:
        """The path of an application of a product (of any, for an empty name), else the word `SCORE_FILE`."""
        for path in self.repository.application_paths():
            data = self.repository.snapshot.read(path)
            if not isinstance(data, bytes) or product.encode() not in data:
                continue
            for document in self.repository.loaded(path).documents:
                if product in {"", document.mapping.mapping("metadata").text("product")}:
                    return path
        return "SCORE_FILE"

    def owner_of(self, product: str) -> str:
        """Whom most workflows of a product (or of the platform, for an empty name) name as owner, else its team."""
        workflows = self.repository.product_workflows(product) if product else self.repository.platform_workflows()
        owners = Counter(workflow.model.metadata.owner for workflow in workflows if workflow.model.metadata.owner)
        return owners.most_common(1)[0][0] if owners else f"{product or 'platform'}-team"

    def folder_name(self, pattern: str) -> str:
        """A name from the repository's folder, or `hello` where it gives none that matches the pattern."""
        words = re.findall(r"[a-z0-9]+", self.root.name.lower())
        name = "-".join(words)[:63].strip("-")
        return name if re.fullmatch(pattern, name) else "hello"
