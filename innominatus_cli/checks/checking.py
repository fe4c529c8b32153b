"""Runs the rules: over one document, or over what the documents of a repository say together."""

from collections.abc import Callable, Iterator

from innominatus_cli.checks.facts import NO_FACTS, Facts, RepositoryFacts
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
    "AdminConfig": ("admin_config", "policies"),
    "Workload": ("score", "score_kubernetes", "placeholders", "score_workflows", "hard_coded_secrets"),
    "Provider": ("provider", "hard_coded_secrets"),
    "StepType": ("step_type", "hard_coded_secrets"),
}
_ONLY_WITH = {
    "conditions": ("if", "unless"),
    "contexts": ("${", "{{"),
    "images": ("image", ":latest"),
    "names": ("variables", "Variables", "parameters", "env"),
    "parameters": ("parameters",),
    "placeholders": ("$",),
    "reach": ("if", "unless", "when"),
    "references": ("${", "{{"),
    "score_workflows": ("workflows",),
    "shell_code": ("command", "args"),
    "step_settings": (
        "parallel",
        "orEach",
        "or_each",
        "matrix",
        "axItems",
        "ax_items",
        "axParallel",
        "ax_parallel",
        "finally",
        "approval",
        "lock:",
        'lock"',
        "lock'",
        "idempotency",
        "rollback",
    ),
}
"""Modules that have nothing to say where none of these words is in the text: most workflows need few of them."""


def rules_for(kind: str, text: str = "") -> list[Rule]:
    """The rules for a document of a kind and its file's text (empty: whatever it may say); none for a kind without any.

    Only modules that can find something are imported: a cold start pays for each.
    """
    rules: list[Rule] = []
    for name in _MODULES.get(kind, ()):
        for word in _ONLY_WITH.get(name, ("",)) if text else ("",):
            if word in text:
                rules += _RULES.get(name) or _imported(name)
                break
    return rules


_RULES: dict[str, tuple[Rule, ...]] = {}
"""Rules by module, as they have been imported."""


def _imported(name: str) -> tuple[Rule, ...]:
    from importlib import import_module  # noqa: PLC0415 - a run needs the rules of the kinds it meets, not all of them

    _RULES[name] = import_module(f"innominatus_cli.checks.{name}").RULES
    return _RULES[name]


def check_document(document: Document, facts: Facts = NO_FACTS) -> list[Finding]:
    """Everything that the rules find in one canonical document, sorted by place."""
    text = "\n".join((document.text, *(source.text for source in document.others)))
    found = [finding for rule in rules_for(document.kind, text) for finding in rule(document, facts)]
    return sorted(found, key=lambda finding: finding.sort_key)


def check_repository(repository: RepositoryFacts) -> list[Finding]:
    """Everything that the documents of a repository get wrong together, sorted by place."""
    from innominatus_cli.checks.repository import RULES  # noqa: PLC0415 - one document alone does not need them

    found = [finding for rule in RULES for finding in rule(repository)]
    return sorted(found, key=lambda finding: finding.sort_key)
