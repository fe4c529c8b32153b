"""Rules over workflow policies, in admin-config.yaml and in WorkflowPolicies documents: the names in them exist."""

from collections.abc import Collection, Iterator

from innominatus_cli.checks.facts import Facts, SpokenRule, known_step_types
from innominatus_cli.documents.nodes import Document, MappingNode, ScalarNode, SequenceNode
from innominatus_cli.findings.catalogue import workflow as codes
from innominatus_cli.findings.finding import Code, Finding
from innominatus_cli.findings.near_names import did_you_mean


def _sections(document: Document) -> list[MappingNode]:
    if document.kind == "AdminConfig":
        return [document.mapping.mapping("workflowPolicies")]
    spec = document.mapping.mapping("spec")
    return [spec, spec.mapping("resources")]


def _entries(document: Document, key: str, under: str = "") -> Iterator[ScalarNode]:
    for section in _sections(document):
        node = (section.mapping(under) if under else section).get(key)
        if isinstance(node, SequenceNode):
            yield from SpokenRule(document, node).entries()


def _unknown(
    document: Document, entries: Iterator[ScalarNode], known: Collection[str], code: Code, what: str
) -> Iterator[Finding]:
    for entry in entries:
        name = str(entry.value)
        if name not in known:
            hint = did_you_mean(name, known)
            remedy = f"{hint} {code.remedy}" if hint else ""
            yield Finding(code, f"there is no {what} '{name}'", document.place(entry), remedy)


def check_step_types(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2051: allowed step types exist."""
    entries = _entries(document, "allowedStepTypes")
    yield from _unknown(document, entries, known_step_types(facts), codes.UNKNOWN_ALLOWED_STEP_TYPE, "step type")


def check_product_workflows(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2052: allowed product workflows exist."""
    if facts.workflows is None:
        return
    known = [identity for identity in facts.workflows() if "/" in identity]
    entries = _entries(document, "allowedProductWorkflows")
    yield from _unknown(document, entries, known, codes.UNKNOWN_ALLOWED_WORKFLOW, "product workflow")


def check_required_workflows(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2026: required platform workflows exist."""
    if facts.workflows is None:
        return
    known = [identity for identity in facts.workflows() if "/" not in identity]
    entries = _entries(document, "requiredPlatformWorkflows")
    yield from _unknown(document, entries, known, codes.MISSING_REQUIRED_WORKFLOW, "platform workflow")


def check_teams(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2053: teams that may run are defined."""
    admin_config = document if document.kind == "AdminConfig" else facts.admin_config
    if admin_config is None:
        return
    teams = admin_config.mapping.mapping("teams").values
    entries = _entries(document, "allowedExecutors", under="security")
    yield from _unknown(document, entries, teams, codes.UNDEFINED_TEAM, "team")


def check_environments(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2054: environments that need an approval are among the allowed ones."""
    admin_config = document if document.kind == "AdminConfig" else facts.admin_config
    if admin_config is None or "allowedEnvironments" not in admin_config.mapping.mapping("policies").values:
        return
    allowed = [str(item.plain()) for item in admin_config.mapping.mapping("policies").sequence("allowedEnvironments")]
    entries = _entries(document, "requireApproval", under="security")
    yield from _unknown(document, entries, allowed, codes.UNKNOWN_POLICY_ENVIRONMENT, "allowed environment")


RULES = (check_step_types, check_product_workflows, check_required_workflows, check_teams, check_environments)
