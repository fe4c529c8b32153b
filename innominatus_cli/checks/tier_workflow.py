"""Rules over platform and product workflows: what brings them into a deployment, and where they stand in it."""

from collections.abc import Iterator

from innominatus_cli.checks.facts import Facts, spoken_rules
from innominatus_cli.checks.identities import identity_of
from innominatus_cli.documents.nodes import Document, MappingNode, ScalarNode, SequenceNode
from innominatus_cli.findings.catalogue import steps
from innominatus_cli.findings.catalogue import workflow as codes
from innominatus_cli.findings.finding import Finding, Fix, Place, Related

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
    name = identity_of(document)
    if document.kind != "PlatformWorkflow" or not name:
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
    own = list(spec.mappings("steps"))
    if own and not any(is_unconditional(step) for step in own):
        message = f"'{name}' is required, and each of its steps may be skipped"
        yield Finding(codes.REQUIRED_WORKFLOW_NOT_ALWAYS, message, document.place(spec.key("steps")), related=related)


def is_unconditional(step: MappingNode) -> bool:
    """Whether nothing but a failure before it can skip a step."""
    when = step.text("when")
    return "if" not in step.values and "unless" not in step.values and (when is None or when in UNCONDITIONAL)


def check_listed_twice(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2162: each trigger and phase is listed once."""
    metadata, spec = document.mapping.mapping("metadata"), document.mapping.mapping("spec")
    phase = metadata.get("phase")
    for what, sequence in (("trigger", spec.get("triggers")), ("phase", metadata.get("phases"))):
        first = {phase.value: phase} if what == "phase" and isinstance(phase, ScalarNode) else {}
        for number, item in enumerate(sequence.items if isinstance(sequence, SequenceNode) else ()):
            if not isinstance(item, ScalarNode):
                continue
            earlier = first.setdefault(item.value, item)
            if earlier is item:
                continue
            from innominatus_cli.checks.edits import without_item  # noqa: PLC0415 - few workflows are wrong in this way

            edit = without_item(document, sequence, number) if isinstance(sequence, SequenceNode) and number else None
            fix = Fix(f"Remove the second '{item.text}'", (edit,)) if edit else None
            message = f"{what} '{item.text}' is already listed at line {earlier.line}"
            related = (Related("listed here", document.place(earlier)),)
            yield Finding(steps.NAMED_TWICE, message, document.place(item), related=related, fix=fix)


def check_redundant_triggers(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2163: beside a trigger that is always true stands no other one."""
    entries = [
        entry for entry in document.mapping.mapping("spec").sequence("triggers") if isinstance(entry, ScalarNode)
    ]
    if len(entries) < 2:  # noqa: PLR2004 - none stands beside another one
        return
    always = ["all_deployments"] + ["product_deployment"] * (document.kind == "ProductWorkflow")
    reason = next((entry for word in always for entry in entries if entry.value == word), None)
    for entry in entries:
        if reason is not None and entry.value in {*always, "first_deployment"} and entry.value != reason.value:
            message = f"'{entry.text}' changes nothing beside '{reason.text}'"
            related = (Related(f"'{reason.text}'", document.place(reason)),)
            yield Finding(steps.REDUNDANT_TRIGGER, message, document.place(entry), related=related)


def check_required_failures(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2142: a failure of a required platform workflow is one."""
    name = identity_of(document)
    if document.kind != "PlatformWorkflow" or not name:
        return
    always = [step for step in document.mapping.mapping("spec").mappings("steps") if is_unconditional(step)]
    lenient = [step for step in always if _continues(step)]
    if lenient and len(lenient) == len(always):
        demands = [rule for rule in spoken_rules(facts, "requiredPlatformWorkflows") if name in rule.names()]
        if demands:
            message = f"'{name}' is required, and no failure of a step that always runs makes it fail"
            related = tuple(Related("required here", rule.place) for rule in demands)
            place = document.place(lenient[0].key("continueOnError"))
            yield Finding(steps.REQUIRED_STEP_MAY_FAIL, message, place, related=related)


def _continues(step: MappingNode) -> bool:
    node = step.get("continueOnError")
    return isinstance(node, ScalarNode) and node.value is True


def metadata_place(document: Document) -> Place:
    """The place of the key `metadata`."""
    return _place_of_key(document, "metadata")


def _place_of_key(document: Document, key: str) -> Place:
    return document.place(document.mapping.key(key) if key in document.mapping.values else None)


RULES = (
    check_phase,
    check_triggers,
    check_description_and_owner,
    check_required,
    check_listed_twice,
    check_redundant_triggers,
    check_required_failures,
)
