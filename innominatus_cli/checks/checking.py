"""Runs the rules: over one document, or over what the documents of a repository say together."""

from collections.abc import Callable, Iterator

from innominatus_cli.checks.facts import NO_FACTS, Facts, RepositoryFacts
from innominatus_cli.documents.nodes import Document
from innominatus_cli.findings.finding import Finding

Rule = Callable[[Document, Facts], Iterator[Finding]]
"""A rule over one document. It reads nodes as they are: where the shape is wrong it says nothing, for that is a
structural finding already."""

_MODULES = {
    "PlatformWorkflow": ("workflow", "steps", "references", "conditions", "parameters", "tier_workflow"),
    "ProductWorkflow": (
        "workflow",
        "steps",
        "references",
        "conditions",
        "parameters",
        "tier_workflow",
        "product_workflow",
    ),
    "Workflow": ("workflow", "steps", "references", "conditions", "parameters"),
    "GoldenPath": ("golden_path",),
    "GoldenPaths": ("golden_path",),
    "WorkflowPolicies": ("policies",),
    "AdminConfig": ("admin_config", "policies"),
    "Workload": ("score", "score_kubernetes", "placeholders"),
    "Provider": ("provider",),
}


def rules_for(kind: str) -> list[Rule]:
    """The rules for a kind of document, from the modules that hold them; none for a kind without rules."""
    from importlib import import_module  # noqa: PLC0415 - a run needs the rules of the kinds it meets, not all of them

    rules: list[Rule] = []
    for name in _MODULES.get(kind, ()):
        rules.extend(import_module(f"innominatus_cli.checks.{name}").RULES)
    return rules


def check_document(document: Document, facts: Facts = NO_FACTS) -> list[Finding]:
    """Everything that the rules find in one canonical document, sorted by place."""
    found = [finding for rule in rules_for(document.kind) for finding in rule(document, facts)]
    return sorted(found, key=lambda finding: finding.sort_key)


def check_repository(repository: RepositoryFacts) -> list[Finding]:
    """Everything that the documents of a repository get wrong together, sorted by place."""
    from innominatus_cli.checks.repository import RULES  # noqa: PLC0415 - one document alone does not need them

    found = [finding for rule in RULES for finding in rule(repository)]
    return sorted(found, key=lambda finding: finding.sort_key)
