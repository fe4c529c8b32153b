"""What rules over one document hold against its surroundings, as plain values.

For most documents these are enough to tell that surroundings change nothing (`checks.guards`), without their nodes.
"""

from typing import NamedTuple

from innominatus_cli.checks.facts import Facts
from innominatus_cli.checks.hard_coded_secrets import may_hold_secrets
from innominatus_cli.checks.names import words_read
from innominatus_cli.checks.scope import WorkflowScope, scope_of
from innominatus_cli.checks.steps import TABLES
from innominatus_cli.documents.durations import seconds_of
from innominatus_cli.documents.kinds import WORKFLOW_KINDS
from innominatus_cli.documents.nodes import Document, MappingNode, ScalarNode


class Details(NamedTuple):
    """Of a workflow or a Score file; fields of the other kind are empty. All are texts, numbers, or tuples of texts."""

    may_hold_secrets: bool
    """Whether values may have to be told from names of secrets."""
    words: tuple[str, ...] = ()
    """What references, templates and conditions speak of."""
    contexts: tuple[str, ...] = ()
    """What references begin with."""
    table_names: tuple[str, ...] = ()
    """What configs of steps name of tables of admin-config.yaml, as `table/name`."""
    steps: int = 0
    steps_without_timeout: int = 0
    """0 where the workflow has a timeout."""
    longest_timeout: int = 0
    """Seconds; 0 where there is no timeout."""
    has_scripts: bool = False
    """Whether a script has a `$` in it."""
    has_gates: bool = False
    source_files: tuple[str, ...] = ()
    """What files of containers come from, as it is written."""
    resource_types: tuple[str, ...] = ()
    product: str = ""
    """What a Score file names as its product, in whichever place."""


def details_of(document: Document, facts: Facts) -> Details:
    """The details of a document of a kind that has them; they are looked for once.

    `facts` are those of the rules over the document, which share what they have looked for with this.
    """
    if not isinstance(document.details, Details):
        is_workflow = document.kind in WORKFLOW_KINDS
        details = document.details = _of_workflow(scope_of(document, facts)) if is_workflow else _of_workload(document)
        return details
    return document.details


def _of_workflow(scope: WorkflowScope) -> Details:
    spec, steps = scope.spec, scope.step_nodes
    timeouts = [_seconds(holder) for holder in (spec, *steps) if "timeout" in holder.values]
    texts = scope.texts
    return Details(
        may_hold_secrets(scope.document),
        tuple(words_read(scope)),
        tuple({reference.path[0] for text in texts for reference in text.parsed.references}),
        _table_names(steps),
        len(steps),
        0 if "timeout" in spec.values else sum("timeout" not in step.values for step in steps),
        max(timeouts, default=0),
        any(text.is_script for text in texts),
        "approval" in spec.values
        or any("approval" in step.values or step.text("type") == "approval" for step in steps),
    )


def _table_names(steps: list[MappingNode]) -> tuple[str, ...]:
    found = []
    for step in steps:
        config = step.values.get("config")
        if isinstance(config, MappingNode) and not config.values.keys().isdisjoint(TABLES):
            for table in TABLES:
                items = config.sequence(table)
                found += [f"{table}/{item.text}" for item in items if isinstance(item, ScalarNode)]
    return tuple(found)


def _seconds(holder: MappingNode) -> int:
    """The seconds of a timeout; 0 for one that is a finding of its own."""
    node = holder.get("timeout")
    value = node.value if isinstance(node, ScalarNode) else None
    if isinstance(value, bool) or not isinstance(value, str | int):
        return 0
    try:
        return seconds_of(value)
    except ValueError:
        return 0


def _of_workload(document: Document) -> Details:
    from innominatus_cli.checks.score import product_node  # noqa: PLC0415 - workflows do without

    root = document.mapping
    product = product_node(document)
    sources = []
    for container in root.mapping("containers").values.values():
        if isinstance(container, MappingNode) and "files" in container.values:
            files = container.mapping("files").values.values()
            sources += [file.text("source") or "" for file in files if isinstance(file, MappingNode)]
    resources = root.mapping("resources").values.values()
    return Details(
        may_hold_secrets(document),
        source_files=tuple(filter(None, sources)),
        resource_types=tuple(one.text("type") or "" for one in resources if isinstance(one, MappingNode)),
        product="" if product is None else product.text,
    )
