"""Rules over the steps of a workflow: their names, types and order."""

from collections.abc import Iterator

from innominatus_cli.checks.facts import Facts, known_step_types, spoken_rules, table
from innominatus_cli.checks.needs import only_with
from innominatus_cli.checks.scope import scope_of
from innominatus_cli.documents.nodes import Document, Node, ScalarNode, SequenceNode
from innominatus_cli.documents.schemas import schema_of_step_type
from innominatus_cli.documents.structure import check_step_config
from innominatus_cli.expressions.references import CONTEXTS, may_refer
from innominatus_cli.findings.catalogue import policy
from innominatus_cli.findings.catalogue import steps as more
from innominatus_cli.findings.catalogue import workflow as codes
from innominatus_cli.findings.finding import Finding, Fix, Related, Severity
from innominatus_cli.findings.near_names import did_you_mean, near_names

TABLES = ("secrets", "healthChecks", "alerts", "dashboards")
"""The keys of a step's config that hold names of the tables of admin-config.yaml with the same name."""


def quoted(name: str) -> str:
    """A name as messages show it."""
    return f"'{name}'"


def check_duplicate_names(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2001: no two steps of a workflow share a name."""
    scope = scope_of(document, facts)
    first: dict[str, Node] = {}
    for step in () if scope.names_are_plain else scope.step_nodes:
        name, node = step.text("name"), step.get("name")
        if name is None or node is None:
            continue
        if name in first:
            place = document.place(first[name])
            message = f"step {quoted(name)} is already defined at line {place.line}"
            yield Finding(
                codes.DUPLICATE_STEP_NAME,
                message,
                document.place(node),
                related=(Related("first defined here", place),),
            )
        first.setdefault(name, node)


def check_hidden_names(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2151: no step hides behind a context, or differs from another one only in case."""
    scope = scope_of(document, facts)
    first: dict[str, tuple[str, Node]] = {}
    for step in () if scope.names_are_plain else scope.step_nodes:
        name, node = step.text("name"), step.get("name")
        if name is None or node is None:
            continue
        if name in CONTEXTS:
            message = f"step {quoted(name)} hides behind the context of that name: `${{{name}.…}}` never means the step"
            remedy = f"Rename the step, or read its outputs with `${{steps.{name}.outputs.…}}` only."
            yield Finding(more.SHADOWED_NAME, message, document.place(node), remedy)
        earlier, other = first.setdefault(name.casefold(), (name, node))
        if earlier != name:
            message = f"step {quoted(name)} differs from step {quoted(earlier)} only in case"
            related = (Related("the other one", document.place(other)),)
            yield Finding(more.SHADOWED_NAME, message, document.place(node), related=related)


def check_types(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2002, ORC-4004: a step's type is known, and on every list of allowed ones; its config fits the type."""
    known = known_step_types(facts)
    allowed = spoken_rules(facts, "allowedStepTypes")
    for step in scope_of(document, facts).step_nodes:
        kind, node = step.text("type"), step.get("type")
        if kind is None or node is None:
            continue
        if kind not in known:
            from innominatus_cli.documents.mending import respelt  # noqa: PLC0415 - few types are unknown

            hint, fix = did_you_mean(kind, known), respelt(node, near_names(kind, known))
            message = f"there is no step type {quoted(kind)}"
            yield Finding(codes.UNKNOWN_STEP_TYPE, message, document.place(node), hint, fix=fix)
            continue
        for rule in allowed:
            if kind not in rule.names():
                message = f"step type {quoted(kind)} is not in allowedStepTypes"
                related = (Related("the list is here", rule.place),)
                yield Finding(policy.STEP_TYPE_NOT_ALLOWED, message, document.place(node), related=related)


def check_config(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-1xxx: a step's config has the shape that its step type asks for."""
    for step in scope_of(document, facts).step_nodes:
        kind = step.text("type")
        if kind is not None and schema_of_step_type(kind) is not None:
            yield from check_step_config(document, step, kind)
        elif kind is not None and kind in facts.step_types:
            from innominatus_cli.checks.own_config import check_own_config  # noqa: PLC0415 - few steps are of such types

            yield from check_own_config(document, step, facts)


@only_with(*TABLES)
def check_tables(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2019: names of secrets, health checks, alerts and dashboards are defined in admin-config.yaml.

    A warning where admin-config.yaml lacks that whole table, as old ones do; running the step needs it.
    """
    for step in scope_of(document, facts).step_nodes if facts.admin_config is not None else ():
        config = step.mapping("config")
        for name in TABLES:
            for entry in config.sequence(name):
                if not isinstance(entry, ScalarNode) or not isinstance(entry.value, str) or may_refer(entry.value):
                    continue
                defined = table(facts, name)
                if defined is not None and entry.value not in defined.values:
                    message = f"{quoted(entry.value)} is not defined under {quoted(name)} in admin-config.yaml"
                    hint = did_you_mean(entry.value, defined.values)
                    severity = None if defined.values else Severity.WARNING
                    place = document.place(entry)
                    yield Finding(codes.UNDEFINED_NAME, message, place, hint, severity_override=severity)


@only_with("dependsOn")
def check_dependencies(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2009, ORC-2010, ORC-2012: `dependsOn` names steps of the same workflow, each once."""
    names = {name for step in scope_of(document, facts).step_nodes if (name := step.text("name"))}
    for step in scope_of(document, facts).step_nodes:
        seen: dict[str, Node] = {}
        for entry in step.sequence("dependsOn"):
            if not isinstance(entry, ScalarNode) or not isinstance(entry.value, str):
                continue
            name = entry.value
            if name in seen:
                message = f"step {quoted(step.text('name') or '')} already depends on {quoted(name)}"
                related = (Related("first named here", document.place(seen[name])),)
                yield Finding(codes.DUPLICATE_DEPENDENCY, message, document.place(entry), related=related)
            elif "/" in name:
                message = f"{quoted(name)} is not a step of this workflow, but looks like one of another"
                yield Finding(codes.DEPENDENCY_ACROSS_WORKFLOWS, message, document.place(entry))
            elif name not in names:
                message = f"there is no step {quoted(name)} in this workflow"
                yield Finding(codes.UNKNOWN_DEPENDENCY, message, document.place(entry), did_you_mean(name, names))
            seen.setdefault(name, entry)


@only_with("dependsOn")
def check_cycles(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2011: no circle of steps that wait for each other."""
    scope = scope_of(document, facts)
    for part, circles in (("steps", scope.circles), ("finally", scope.cleanup_circles)):
        for cycle in circles:
            steps = {name: step for step in scope.spec.mappings(part) if (name := step.text("name"))}
            implicit = [name for name in cycle if "dependsOn" not in steps[name].values]
            message = f"steps wait for each other: {' → '.join([*cycle, cycle[0]])}"
            remedy = ""
            if implicit:
                remedy = (
                    f"A step without `dependsOn` follows the one before it in the list, as {quoted(implicit[0])} does: "
                    "change the order, or write its `dependsOn`."
                )
            first = steps[cycle[0]]
            related = tuple(
                Related(f"step {quoted(name)}", document.place(steps[name].get("name"))) for name in cycle[1:]
            )
            place = document.place(first.key("dependsOn") if "dependsOn" in first.values else first.get("name"))
            yield Finding(codes.STEP_CYCLE, message, place, remedy, related)


@only_with("outputs", "secretOutputs")
def check_declared_outputs(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2146: each output of a step is declared once."""
    for step in scope_of(document, facts).step_nodes:
        for key in ("outputs", "secretOutputs"):
            sequence = step.get(key)
            if not isinstance(sequence, SequenceNode):
                continue
            first: dict[str, Node] = {}
            for number, item in enumerate(sequence.items):
                if not isinstance(item, ScalarNode):
                    continue
                earlier = first.setdefault(item.text, item)
                if earlier is not item:
                    from innominatus_cli.checks.edits import without_item  # noqa: PLC0415 - few steps are wrong so

                    edit = without_item(document, sequence, number)
                    yield Finding(
                        more.OUTPUT_DECLARED_TWICE,
                        f"output '{item.text}' stands twice under '{key}'",
                        document.place(item),
                        related=(Related("first declared here", document.place(earlier)),),
                        fix=Fix(f"Remove the second '{item.text}'", (edit,)) if edit else None,
                    )


RULES = (
    check_duplicate_names,
    check_hidden_names,
    check_types,
    check_config,
    check_tables,
    check_dependencies,
    check_cycles,
    check_declared_outputs,
)
