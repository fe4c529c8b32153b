"""What a rule may know beyond its own document; whatever is absent is not known, and gives no finding."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from innominatus_cli.documents.nodes import Document, MappingNode, ScalarNode, SequenceNode
from innominatus_cli.documents.schemas import step_type_names
from innominatus_cli.findings.finding import Finding, Place


class Facts(NamedTuple):
    """The surroundings of one document.

    `admin_config` and `policies` are canonical documents (`documents.loading.load`); `step_types` are the names of
    StepType documents beside the built-in ones; `workflows` gives all platform and product workflows by their
    identities, None where nobody can tell; `golden_paths` gives those of the repository; `is_file` answers for
    repository-relative paths, `files` are those that near names may come from, and `documents_of` gives the canonical
    documents of a file. `provided_types` are the types of resources that enabled providers have, None where a provider
    is somewhere else. `judges` are the documents whose policies count, where those of another revision do instead of
    `admin_config` and `policies`. `workflows_root` and `provider_folders` are where called workflows may be.
    `own_types` gives the StepType documents by name, `products` the names of product folders. `vendored`
    says why the vendored file at a repository path may not be used.
    """

    admin_config: Document | None = None
    policies: tuple[Document, ...] = ()
    step_types: tuple[str, ...] = ()
    workflows: Callable[[], Mapping[str, Document]] | None = None
    is_file: Callable[[str], bool] | None = None
    files: Callable[[], Sequence[str]] = tuple
    provided_types: Callable[[], Collection[str] | None] | None = None
    golden_paths: Callable[[], Sequence[Document]] | None = None
    documents_of: Callable[[str], Sequence[Document]] | None = None
    judges: tuple[Document, ...] | None = None
    workflows_root: str = "workflows"
    provider_folders: Callable[[], Sequence[str]] = tuple
    own_types: Callable[[], Mapping[str, Document]] | None = None
    products: Callable[[], Collection[str]] | None = None
    vendored: Callable[[str], Finding | None] | None = None


NO_FACTS = Facts()


class SpokenRule:
    """A rule of the policies as one document says it: the value's node, and the document that holds it."""

    __slots__ = ("_names", "document", "node")

    def __init__(self, document: Document, node: SequenceNode | ScalarNode | MappingNode) -> None:
        self.document = document
        self.node = node
        self._names: dict[str, None] | None = None

    def entries(self) -> Iterator[ScalarNode]:
        """The strings of a list."""
        if isinstance(self.node, SequenceNode):
            for item in self.node.items:
                if isinstance(item, ScalarNode) and isinstance(item.value, str):
                    yield item

    def names(self) -> Collection[str]:
        """The texts of a list, each once, in its order."""
        if self._names is None:
            self._names = dict.fromkeys(str(entry.value) for entry in self.entries())
        return self._names

    @property
    def place(self) -> Place:
        """Where the rule stands."""
        return self.document.place(self.node)


_NESTED_IN_DOCUMENTS = frozenset({"allowedStepTypes", "maxConcurrentWorkflows", "maxStepsPerWorkflow"})


def policy_sections(facts: Facts) -> Iterator[tuple[Document, MappingNode]]:
    """The sections that speak of workflow policies: admin-config's first, then those of WorkflowPolicies documents."""
    own = (*(() if facts.admin_config is None else (facts.admin_config,)), *facts.policies)
    for document in own if facts.judges is None else facts.judges:
        yield document, document.mapping.mapping("workflowPolicies" if document.kind == "AdminConfig" else "spec")


def spoken_rules(facts: Facts, key: str) -> Sequence[SpokenRule]:
    """What each document says under `key`, also where a WorkflowPolicies document nests it under `resources`."""
    return _spoken_rules(facts.admin_config, facts.policies, facts.judges, key)


@lru_cache(maxsize=16)
def _spoken_rules(
    admin_config: Document | None, policies: tuple[Document, ...], judges: tuple[Document, ...] | None, key: str
) -> Sequence[SpokenRule]:
    found = []
    for document, section in policy_sections(Facts(admin_config, policies, judges=judges)):
        node = section.get(key)
        if node is None and key in _NESTED_IN_DOCUMENTS:
            node = section.mapping("resources").get(key)
        if isinstance(node, SequenceNode | MappingNode) or (isinstance(node, ScalarNode) and node.value is not None):
            found.append(SpokenRule(document, node))
    return found


def table(facts: Facts, name: str) -> MappingNode | None:
    """A table of admin-config.yaml (`secrets`, `healthChecks`, `alerts`, …); None without an admin-config."""
    return None if facts.admin_config is None else facts.admin_config.mapping.mapping(name)


def known_step_types(facts: Facts) -> frozenset[str]:
    """The built-in step types and those of the repository."""
    return _with_built_in(facts.step_types)


@lru_cache(maxsize=2)
def _with_built_in(step_types: tuple[str, ...]) -> frozenset[str]:
    return frozenset((*step_type_names(), *step_types))


HELD_AGAINST_EVERYTHING = frozenset(("Workflow", "StepType"))
"""The kinds of documents that rules hold against all others (`everything`), to tell that none uses one of them."""


class RepositoryFacts:
    """All documents of a repository that could be read, canonical, and the facts that they share.

    `workflows_root` is the repository-relative folder of workflows; `everything` are all documents of the repository
    where all of it is checked, and none where only a part is: then nobody can say that nothing uses one of them.
    """

    __slots__ = ("documents", "everything", "facts", "workflows_root")

    def __init__(
        self,
        documents: tuple[Document, ...],
        facts: Facts = NO_FACTS,
        workflows_root: str = "workflows",
        everything: tuple[Document, ...] = (),
    ) -> None:
        self.documents = documents
        self.facts = facts
        self.workflows_root = workflows_root
        self.everything = everything

    def of_kind(self, *kinds: str) -> Iterator[Document]:
        """The documents of these kinds, in the order of their paths."""
        return (document for document in self.documents if document.kind in kinds)
