"""Rules over platform and product workflows: what brings them into a deployment, and where they stand in it."""

from collections.abc import Iterator

from innominatus_cli.checks.facts import Facts, spoken_rules
from innominatus_cli.documents.nodes import Document, MappingNode, ScalarNode
from innominatus_cli.findings.catalogue import workflow as codes
from innominatus_cli.findings.finding import Finding, Place, Related

UNCONDITIONAL = frozenset({"on_success", "success", "always"})


def check_phase(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2003: the workflow names its phase or phases."""
    metadata = document.mapping.mapping("metadata")
    phases = metadata.get("phases")
    if metadata.get("phase") is None and (phases is None or phases.plain() == []):
        yield Finding(codes.MISSING_PHASE, "the workflow names no phase", metadata_place(document))


def check_triggers(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2004, ORC-2005: there is a trigger, and one that can be true."""
    spec = document.mapping.mapping("spec")
    triggers = spec.get("triggers")
    if triggers is None or triggers.plain() == []:
        place = document.place(spec.key("triggers")) if triggers is not None else _place_of_key(document, "spec")
        yield Finding(codes.NO_TRIGGERS, "the workflow has no triggers, so that it never runs", place)
    if document.kind == "PlatformWorkflow":
        for entry in spec.sequence("triggers"):
            if isinstance(entry, ScalarNode) and entry.value == "product_deployment":
                message = "a platform workflow has no product, so that 'product_deployment' is never true"
                yield Finding(codes.PRODUCT_TRIGGER_ON_PLATFORM, message, document.place(entry))


def check_description_and_owner(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2020, ORC-2021: people can tell what the workflow is for, and whom to ask."""
    metadata = document.mapping.mapping("metadata")
    for key, code in (("description", codes.MISSING_DESCRIPTION), ("owner", codes.MISSING_OWNER)):
        if not (metadata.text(key) or "").strip():
            yield Finding(code, f"the workflow has no {key}", metadata_place(document))


def check_required(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2027: a required platform workflow runs in every deployment, and at least one of its steps does."""
    name = document.mapping.mapping("metadata").text("name")
    if document.kind != "PlatformWorkflow" or name is None:
        return
    demands = [rule for rule in spoken_rules(facts, "requiredPlatformWorkflows") if name in rule.names()]
    if not demands:
        return
    related = tuple(Related("required here", rule.place) for rule in demands)
    spec = document.mapping.mapping("spec")
    triggers = [entry.value for entry in spec.sequence("triggers") if isinstance(entry, ScalarNode)]
    if triggers and "all_deployments" not in triggers:
        message = f"'{name}' is required, and is not triggered by all_deployments"
        yield Finding(
            codes.REQUIRED_WORKFLOW_NOT_ALWAYS, message, document.place(spec.key("triggers")), related=related
        )
    steps = list(spec.mappings("steps"))
    if steps and not any(is_unconditional(step) for step in steps):
        message = f"'{name}' is required, and each of its steps may be skipped"
        yield Finding(codes.REQUIRED_WORKFLOW_NOT_ALWAYS, message, document.place(spec.key("steps")), related=related)


def is_unconditional(step: MappingNode) -> bool:
    """Whether nothing but a failure before it can skip a step."""
    when = step.text("when")
    return "if" not in step.values and "unless" not in step.values and (when is None or when in UNCONDITIONAL)


def metadata_place(document: Document) -> Place:
    """The place of the key `metadata`."""
    return _place_of_key(document, "metadata")


def _place_of_key(document: Document, key: str) -> Place:
    return document.place(document.mapping.key(key) if key in document.mapping.values else None)


RULES = (check_phase, check_triggers, check_description_and_owner, check_required)
