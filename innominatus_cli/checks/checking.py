"""Runs the rules: over one document, or over what the documents of a repository say together."""

from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from functools import lru_cache

from innominatus_cli.checks.facts import NO_FACTS, Facts, RepositoryFacts
from innominatus_cli.checks.needs import NOTHING, Needs, needs, needs_of
from innominatus_cli.documents.nodes import Document
from innominatus_cli.findings.finding import Finding

Rule = Callable[[Document, Facts], Iterator[Finding]]
"""A rule over one document. It reads nodes as they are: where the shape is wrong it says nothing, for that is a
structural finding already."""

_WORKFLOW = (
    "workflow",
    "steps",
    "timing",
    "hard_coded_secrets",
    "references",
    "contexts",
    "conditions",
    "reach",
    "parameters",
    "names",
    "step_settings",
    "loops",
    "sub_workflows",
    "images",
    "shell_code",
)
_MODULES = {
    "PlatformWorkflow": (*_WORKFLOW, "tier_workflow"),
    "ProductWorkflow": (*_WORKFLOW, "tier_workflow", "product_workflow"),
    "Workflow": _WORKFLOW,
    "GoldenPath": ("golden_path", "hard_coded_secrets"),
    "GoldenPaths": ("golden_path",),
    "WorkflowPolicies": ("policies",),
    "AdminConfig": ("admin_config", "workflow_sources", "policies"),
    "Workload": ("score", "score_kubernetes", "placeholders", "score_workflows", "hard_coded_secrets"),
    "Provider": ("provider", "hard_coded_secrets"),
    "StepType": ("step_type", "input_schema", "hard_coded_secrets"),
    "WorkflowTest": ("workflow_test",),
}
_NEEDS = {
    "conditions": needs("if", "unless"),
    "contexts": needs(texts=("$", "{")),
    "images": needs("image", "images", "tags", texts=(":latest",)),
    "names": needs("variables", "setVariables", "parameters", "env"),
    "parameters": needs("parameters"),
    "placeholders": needs(texts=("$",)),
    "reach": needs("if", "unless", "when"),
    "references": needs(texts=("$", "{")),
    "score_workflows": needs("workflows"),
    "workflow_sources": needs("workflowSources"),
    "shell_code": needs(texts=("command", "args")),
    "loops": needs("forEach", "matrix"),
    "sub_workflows": needs("workflow", texts=("type: workflow",)),
    "step_settings": needs(
        "parallel",
        "parallelGroup",
        "maxItems",
        "maxParallel",
        "finally",
        "lock",
        "idempotency",
        "probe",
        "rollback",
        texts=("approval",),
    ),
}
"""What modules of rules need to have anything to say; those without an entry are always asked."""


def modules_of(kind: str) -> tuple[str, ...]:
    """The names of the modules with rules over a kind of document."""
    return _MODULES.get(kind, ())


SILENT = frozenset(
    (
        "product_workflow.check_allowed",
        "score.check_product",
        "score.check_provisioners",
        "score.check_source_files",
        "score_workflows.check_embedded_workflows",
        "score_workflows.check_resources",
        "step_settings.check_gates",
        "steps.check_tables",
        "steps.check_types",
        "sub_workflows.check_called",
        "sub_workflows.check_circles",
        "tier_workflow.check_required",
        "tier_workflow.check_required_failures",
        "timing.check_missing_timeouts",
        "timing.check_policy_limits",
    )
)
"""Rules that find nothing where their guard (`checks.guards`) says that surroundings do not matter."""


def name_of(rule: Callable[..., object]) -> str:
    """`module.function` of a rule."""
    return f"{rule.__module__.rpartition('.')[2]}.{rule.__name__}"


class _Plan:
    """The rules of some modules, and those of them that have something to say, by what is in a file."""

    def __init__(self, modules: tuple[str, ...]) -> None:
        from importlib import import_module  # noqa: PLC0415 - a check needs the rules of the kinds it meets, not all

        imported = [import_module(f"innominatus_cli.checks.{name}") for name in modules]
        self._rules: list[tuple[Rule, Needs]] = [(rule, needs_of(rule)) for one in imported for rule in one.RULES]
        self._keys = frozenset(key for _, wanted in self._rules for key in wanted.keys)
        self._texts = tuple(dict.fromkeys(text for _, wanted in self._rules for text in wanted.texts))
        self._known: dict[tuple[frozenset[str], str, bool], tuple[Rule, ...]] = {}

    def rules(self, keys: AbstractSet[str] | None, text: str, unaffected: bool) -> tuple[Rule, ...]:
        """The rules for a file; files with the same of all keys and texts that are needed have the same rules."""
        if keys is None or not text:
            return self._asked(keys, text, unaffected)
        present = self._keys & keys, "\n".join([word for word in self._texts if word in text]) or "\n", unaffected
        known = self._known.get(present)
        if known is None:
            known = self._known[present] = self._asked(*present)
        return known

    def _asked(self, keys: AbstractSet[str] | None, text: str, unaffected: bool) -> tuple[Rule, ...]:
        asked = tuple(rule for rule, wanted in self._rules if wanted.are_met(keys, text))
        return tuple(rule for rule in asked if name_of(rule) not in SILENT) if unaffected else asked


_KEYS = frozenset(key for wanted in _NEEDS.values() for key in wanted.keys)
_TEXTS = {
    kind: tuple(dict.fromkeys(text for name in modules for text in _NEEDS.get(name, NOTHING).texts))
    for kind, modules in _MODULES.items()
}
_plans: dict[tuple[str, ...], _Plan] = {}
_plans_by_content: dict[tuple[str, frozenset[str], str], _Plan] = {}
"""By kind, and what is in a file of all that modules need."""


def rules_for(
    kind: str, keys: AbstractSet[str] | None = None, text: str = "", *, unaffected: bool = False
) -> tuple[Rule, ...]:
    """The rules for a document of a kind, by the keys and the text of its file; none for a kind without any.

    `keys` None and `text` empty: whatever they may hold. Only modules that can find something are imported: a cold
    start pays for each.
    """
    if keys is None:
        return _rules_by_text(kind, text, unaffected)
    if not text:
        return _plan(kind, keys, text).rules(keys, text, unaffected)
    present = kind, _KEYS & keys, "\n".join([word for word in _TEXTS.get(kind, ()) if word in text]) or "\n"
    plan = _plans_by_content.get(present)
    if plan is None:
        plan = _plans_by_content[present] = _plan(*present)
    return plan.rules(keys, text, unaffected)


@lru_cache(maxsize=4)
def _rules_by_text(kind: str, text: str, unaffected: bool) -> tuple[Rule, ...]:
    """The same where nobody knows the keys; documents of one file have one text, and few kinds."""
    return _plan(kind, None, text).rules(None, text, unaffected)


def _plan(kind: str, keys: AbstractSet[str] | None, text: str) -> _Plan:
    modules = tuple([name for name in _MODULES.get(kind, ()) if _NEEDS.get(name, NOTHING).are_met(keys, text)])
    if modules not in _plans:
        _plans[modules] = _Plan(modules)
    return _plans[modules]


def check_document(document: Document, facts: Facts = NO_FACTS, *, unaffected: bool = False) -> list[Finding]:
    """Everything that the rules find in one canonical document, sorted by place.

    `unaffected`: `checks.guards` has told that surroundings do not matter; rules that then find nothing are not asked.
    """
    found: list[Finding] = []
    keys = None if document.others else document.keys
    for rule in rules_for(document.kind, keys, _searchable(document), unaffected=unaffected):
        found += rule(document, facts)
    return found and sorted(found, key=lambda finding: finding.sort_key)


def _searchable(document: Document) -> str:
    """All that words of a document may stand in; empty where some may be written with escapes."""
    text = document.all_text
    return "" if "\\" in text else text


def check_repository(repository: RepositoryFacts) -> list[Finding]:
    """Everything that the documents of a repository get wrong together, sorted by place."""
    from innominatus_cli.checks.repository import RULES  # noqa: PLC0415 - one document alone does not need them

    found = [finding for rule in RULES for finding in rule(repository)]
    return sorted(found, key=lambda finding: finding.sort_key)
