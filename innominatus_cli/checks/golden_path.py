"""Rules over golden paths."""

import posixpath
from collections.abc import Iterator

from innominatus_cli.checks.facts import Facts
from innominatus_cli.checks.parameters import check_definition
from innominatus_cli.documents.nodes import Document, MappingNode
from innominatus_cli.findings.catalogue import workflow as codes
from innominatus_cli.findings.finding import Finding
from innominatus_cli.findings.near_names import did_you_mean


def check_parameters(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2040 to ORC-2045: the parameters do not contradict themselves."""
    for name, definition in document.mapping.mapping("spec").mapping("parameters").values.items():
        if isinstance(definition, MappingNode):
            yield from check_definition(document, name, definition, facts)


def check_workflow_file(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2043: the workflow that it runs is a file."""
    spec = document.mapping.mapping("spec")
    workflow, node = spec.text("workflow"), spec.get("workflow")
    if not workflow or facts.is_file is None or not workflow.endswith((".yaml", ".yml")):
        return
    path = workflow.removeprefix("./")
    beside = posixpath.normpath(posixpath.join(posixpath.dirname(document.path), workflow))
    if not facts.is_file(path) and not facts.is_file(beside):
        name = posixpath.basename(path)
        near = [file for file in facts.files() if posixpath.basename(file) == name]
        remedy = f"did you mean '{near[0]}'?" if near else did_you_mean(path, facts.files())
        yield Finding(codes.UNKNOWN_WORKFLOW_FILE, f"there is no file '{workflow}'", document.place(node), remedy)


RULES = (check_parameters, check_workflow_file)
