"""Rules over settings that few steps have: groups, gates, locks, idempotency, rollback."""

from collections.abc import Iterator

from innominatus_cli.checks.facts import Facts, table
from innominatus_cli.checks.order import groups
from innominatus_cli.checks.scope import scope_of
from innominatus_cli.documents.nodes import Document, MappingNode, ScalarNode
from innominatus_cli.documents.schemas import schema_of_step_type
from innominatus_cli.expressions.references import may_refer
from innominatus_cli.findings.catalogue import steps as codes
from innominatus_cli.findings.finding import Finding, Related, Severity
from innominatus_cli.findings.near_names import did_you_mean

_OF_A_ROLLBACK = ("step", "type", "config", "env", "timeout", "script")


def check_groups(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2134: a parallel group has several steps."""
    spec = scope_of(document, facts).spec
    for part in ("steps", "finally"):
        for group in groups(list(spec.mappings(part))):
            for name, step in group:
                key = "parallelGroup" if "parallelGroup" in step.values else "parallel"
                if len(group) == 1:
                    message = f"step '{name}' is alone in its parallel group"
                    yield Finding(codes.GROUP_OF_ONE, message, document.place(step.key(key)))


def check_useless_settings(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2136: what belongs to a loop stands beside one; steps of `finally` have no `when`."""
    scope = scope_of(document, facts)
    for step in scope.step_nodes:
        for key in ("maxItems", "maxParallel"):
            if key in step.values and "forEach" not in step.values and "matrix" not in step.values:
                message = f"'{key}' has no effect without 'forEach' or 'matrix'"
                yield Finding(codes.SETTING_WITHOUT_EFFECT, message, document.place(step.key(key)))
    for step in scope.spec.mappings("finally"):
        if "when" in step.values:
            message = "'when' has no effect in 'finally', whose steps run whatever happened"
            yield Finding(codes.SETTING_WITHOUT_EFFECT, message, document.place(step.key("when")))


def check_gates(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2140, ORC-2141: gates ask teams that exist, and not more people than there are.

    A warning where admin-config.yaml has no `teams` at all, as old ones have not.
    """
    teams = table(facts, "teams")
    if teams is None:
        return
    scope = scope_of(document, facts)
    gates = [
        step.mapping("config") if step.text("type") == "approval" else step.mapping("approval")
        for step in scope.step_nodes
    ]
    for gate in [scope.spec.mapping("approval"), *gates]:
        asked = [one for one in gate.sequence("teams") if isinstance(one, ScalarNode) and isinstance(one.value, str)]
        unknown = [one for one in asked if one.text not in teams.values and not may_refer(one.text)]
        for node in unknown:
            severity = None if teams.values else Severity.WARNING
            message = f"team '{node.text}' is not defined under 'teams' in admin-config.yaml"
            hint = did_you_mean(node.text, teams.values)
            place = document.place(node)
            yield Finding(codes.UNKNOWN_GATE_TEAM, message, place, hint, severity_override=severity)
        if asked and not unknown:
            yield from _check_count(document, facts, gate, [teams.mapping(one.text) for one in asked])


def _check_count(document: Document, facts: Facts, gate: MappingNode, teams: list[MappingNode]) -> Iterator[Finding]:
    members = {str(member.plain()).lower() for team in teams for member in team.sequence("members")}
    node = gate.get("count")
    count = node.plain() if isinstance(node, ScalarNode) else 1
    if any("*" in member for member in members) or not isinstance(count, int) or count <= len(members):
        return
    place = document.place(node if node is not None else gate.key("teams"))
    has = "no members" if not members else "1 member" if len(members) == 1 else f"{len(members)} members"
    message = f"the gate asks for {count} approval{'s' * (count > 1)}, and its teams have {has}"
    config = facts.admin_config
    related = tuple(Related("a team of the gate", config.place(team)) for team in teams) if config is not None else ()
    yield Finding(codes.GATE_TOO_LARGE, message, place, related=related)


def check_locks(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2143: the name of a lock is fixed, and no other one differs from it in case or separators alone."""
    first: dict[str, ScalarNode] = {}
    for step in scope_of(document, facts).step_nodes:
        node = step.get("lock")
        if not isinstance(node, ScalarNode) or not isinstance(node.value, str):
            continue
        name, place = node.value, document.place(node)
        if not name.strip() or may_refer(name):
            what = "is empty" if not name.strip() else "holds a reference, which is not replaced there"
            yield Finding(codes.UNUSABLE_LOCK, f"the name of the lock {what}", place)
            continue
        earlier = first.setdefault(name.lower().replace("_", "-").replace(" ", "-"), node)
        if earlier.value != name:
            message = f"lock '{name}' is not the lock '{earlier.value}' of line {earlier.line}"
            related = (Related("the other one", document.place(earlier)),)
            yield Finding(codes.UNUSABLE_LOCK, message, place, related=related)


def check_idempotency(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2144: `idempotency: check` stands where there is a probe, and a probe stands beside nothing else."""
    for step in scope_of(document, facts).step_nodes:
        said = step.text("idempotency")
        if "probe" in step.values:
            if said not in {None, "check"}:
                message = f"nothing asks the probe of a step with `idempotency: {said}`"
                yield Finding(codes.CHECK_WITHOUT_PROBE, message, document.place(step.key("probe")))
            continue
        schema = schema_of_step_type(step.text("type") or "")
        if said == "check" and schema is not None and not schema.get("x-probe"):
            message = f"the step has no `probe`, and its type '{step.text('type')}' offers none"
            yield Finding(codes.CHECK_WITHOUT_PROBE, message, document.place(step.get("idempotency")))


def check_rollback(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2145: a rollback names something that exists, or the step type can undo its work."""
    scope = scope_of(document, facts)
    for step in scope.step_nodes:
        rollback = step.get("rollback")
        if isinstance(rollback, MappingNode):
            target = rollback.text("step")
            odd = next((key for key in rollback.values if key not in _OF_A_ROLLBACK), None)
            if odd is not None:
                message = f"'{odd}' is no key of 'rollback': name a `step`, or give a `type` and its `config`"
                hint = did_you_mean(odd, _OF_A_ROLLBACK)
                yield Finding(codes.ROLLBACK_OF_NOTHING, message, document.place(rollback.key(odd)), hint)
            elif not rollback.values:
                message = "'rollback' is empty"
                yield Finding(codes.ROLLBACK_OF_NOTHING, message, document.place(step.key("rollback")))
            elif target is not None and target not in scope.steps and not may_refer(target):
                message = f"there is no step '{target}' in this workflow to roll back with"
                hint = did_you_mean(target, scope.steps)
                yield Finding(codes.ROLLBACK_OF_NOTHING, message, document.place(rollback.get("step")), hint)
        elif isinstance(rollback, ScalarNode) and rollback.value is True:
            schema = schema_of_step_type(step.text("type") or "")
            if schema is not None and schema.get("x-rollback") in {"irreversible", "compensated"}:
                message = f"a step of type '{step.text('type')}' cannot undo its work by itself"
                yield Finding(codes.ROLLBACK_OF_NOTHING, message, document.place(rollback))


RULES = (
    check_groups,
    check_useless_settings,
    check_gates,
    check_locks,
    check_idempotency,
    check_rollback,
)
