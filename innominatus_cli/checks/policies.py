"""Rules over workflow policies, in admin-config.yaml and in WorkflowPolicies documents: names exist, rules agree."""

from collections.abc import Collection, Iterator

from innominatus_cli.checks.edits import without_item
from innominatus_cli.checks.facts import Facts, SpokenRule, known_step_types, spoken_rules
from innominatus_cli.documents.nodes import Document, MappingNode, ScalarNode, SequenceNode
from innominatus_cli.findings.catalogue import definitions
from innominatus_cli.findings.catalogue import workflow as codes
from innominatus_cli.findings.finding import Code, Finding, Fix, Related
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
    known = [identity for identity, one in facts.workflows().items() if one.kind == "ProductWorkflow"]
    entries = _entries(document, "allowedProductWorkflows")
    yield from _unknown(document, entries, known, codes.UNKNOWN_ALLOWED_WORKFLOW, "product workflow")


def check_required_workflows(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2026: required platform workflows exist."""
    if facts.workflows is None:
        return
    known = [identity for identity, one in facts.workflows().items() if one.kind == "PlatformWorkflow"]
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


_LISTS = (
    ("requiredPlatformWorkflows", ""),
    ("allowedProductWorkflows", ""),
    ("allowedStepTypes", ""),
    ("requireApproval", "security"),
    ("allowedExecutors", "security"),
)
_NEEDED_LISTS = (("allowedStepTypes", ""), ("allowedExecutors", "security"))
"""Lists of which an empty one lets nothing run at all."""


def check_listed_twice(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2178: each entry of a list stands there once."""
    sequences = [
        (section.mapping(under) if under else section).get(key)
        for key, under in _LISTS
        for section in _sections(document)
    ]
    sequences.append(document.mapping.mapping("policies").get("allowedEnvironments"))
    for sequence in sequences:
        first: dict[str, ScalarNode] = {}
        for number, item in enumerate(sequence.items if isinstance(sequence, SequenceNode) else ()):
            if not isinstance(item, ScalarNode):
                continue
            earlier = first.setdefault(item.text, item)
            if earlier is not item and isinstance(sequence, SequenceNode):
                edit = without_item(document, sequence, number)
                fix = Fix(f"Remove the second '{item.text}'", (edit,)) if edit else None
                message = f"'{item.text}' is already listed at line {earlier.line}"
                related = (Related("listed here", document.place(earlier)),)
                yield Finding(definitions.LISTED_TWICE, message, document.place(item), related=related, fix=fix)


def check_something_is_allowed(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2177: no list of what is allowed is empty, alone or together with those of other documents."""
    for section in _sections(document):
        for key, under in _NEEDED_LISTS:
            node = (section.mapping(under) if under else section).get(key)
            if isinstance(node, SequenceNode) and not node.items:
                message = f"'{key}' is an empty list, which allows nothing"
                yield Finding(definitions.ALLOWS_NOTHING, message, document.place(node))
        duration = section.get("maxWorkflowDuration")
        if isinstance(duration, ScalarNode) and duration.text.rstrip("smhdw") in {"0", "00"}:
            message = "'maxWorkflowDuration' is 0, so that no workflow has any time"
            yield Finding(definitions.ALLOWS_NOTHING, message, document.place(duration))
    allowed = document.mapping.mapping("policies").get("allowedEnvironments")
    if isinstance(allowed, SequenceNode) and not allowed.items:
        message = "'allowedEnvironments' is an empty list, which allows nothing"
        yield Finding(definitions.ALLOWS_NOTHING, message, document.place(allowed))
    for key in ("allowedStepTypes", "allowedProductWorkflows"):
        rules = [rule for rule in spoken_rules(facts, key) if rule.names()]
        common = set[str].intersection(*(set(rule.names()) for rule in rules)) if rules else {""}
        if not common and rules[-1].document is document:
            message = f"no entry of '{key}' is in every document that has such a list, so that nothing is allowed"
            related = tuple(Related("another list", rule.place) for rule in rules[:-1])
            yield Finding(definitions.ALLOWS_NOTHING, message, rules[-1].place, related=related)


def check_contradictions(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2179: what is required is allowed, and one step type has one word for secrets."""
    for section in _sections(document):
        access = section.mapping("security").mapping("secretsAccess")
        short, long = access.get("vault"), access.get("vault-setup")
        if isinstance(short, ScalarNode) and isinstance(long, ScalarNode) and short.text != long.text:
            message = f"'vault' is {short.text}, and 'vault-setup', which means the same, is {long.text}"
            related = (Related("the other one", document.place(short)),)
            yield Finding(definitions.POLICIES_CONTRADICT, message, document.place(long), related=related)
    known = {} if facts.workflows is None else facts.workflows()
    for entry in _entries(document, "requiredPlatformWorkflows") if known else ():
        workflow = known.get(str(entry.value))
        if workflow is not None:
            yield from _check_required(document, facts, entry, workflow)


def _check_required(document: Document, facts: Facts, entry: ScalarNode, workflow: Document) -> Iterator[Finding]:
    spec = workflow.mapping.mapping("spec")
    steps = [*spec.mappings("steps"), *spec.mappings("finally")]
    for rule in spoken_rules(facts, "allowedStepTypes"):
        names = rule.names()
        refused = next((step for step in steps if (kind := step.text("type")) and kind not in names), None)
        if refused is not None:
            message = f"'{entry.value}' is required, and its step type '{refused.text('type')}' is not allowed"
            step = Related("the step", workflow.place(refused.get("type")))
            both = (step, Related("the allowed types", rule.place))
            yield Finding(definitions.POLICIES_CONTRADICT, message, document.place(entry), related=both)
    for rule in spoken_rules(facts, "maxStepsPerWorkflow"):
        most = rule.node.plain() if isinstance(rule.node, ScalarNode) else None
        if isinstance(most, int) and len(steps) > most:
            message = f"'{entry.value}' is required, and has {len(steps)} steps where {most} are allowed"
            related = (Related("the limit", rule.place),)
            yield Finding(definitions.POLICIES_CONTRADICT, message, document.place(entry), related=related)


RULES = (
    check_step_types,
    check_product_workflows,
    check_required_workflows,
    check_teams,
    check_environments,
    check_listed_twice,
    check_something_is_allowed,
    check_contradictions,
)
