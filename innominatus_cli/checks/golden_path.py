"""Rules over golden paths."""

import posixpath
import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import Final

from innominatus_cli.checks.contexts import parameters_of, workflows_of
from innominatus_cli.checks.details import Details
from innominatus_cli.checks.facts import Facts
from innominatus_cli.checks.names import words_read
from innominatus_cli.checks.parameters import check_definition
from innominatus_cli.checks.scope import Text, WorkflowScope, scope_of
from innominatus_cli.documents.kinds import WORKFLOW_KINDS
from innominatus_cli.documents.nodes import Document, MappingNode, Node, ScalarNode
from innominatus_cli.documents.vendored_names import is_vendored_name
from innominatus_cli.documents.words import short
from innominatus_cli.findings.catalogue import definitions as codes
from innominatus_cli.findings.catalogue.document import OUTSIDE_REPOSITORY
from innominatus_cli.findings.catalogue.environments import NO_SUCH_PARAMETER
from innominatus_cli.findings.catalogue.steps import UNDECLARED_PARAMETER
from innominatus_cli.findings.catalogue.workflow import UNKNOWN_WORKFLOW_FILE
from innominatus_cli.findings.finding import Finding, Related
from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.system.files import parts_of

_PARAMETER: Final = re.compile(r"\$\{parameters\.([A-Za-z0-9_.-]+)\}")


def check_parameters(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2040 to ORC-2045: the parameters do not contradict themselves."""
    for name, definition in document.mapping.mapping("spec").mapping("parameters").values.items():
        if isinstance(definition, MappingNode):
            yield from check_definition(document, name, definition, facts)


def check_workflow_file(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-1003, ORC-2043, ORC-8005 to 8010: the workflow that it runs is a file here, or a vendored one."""
    spec = document.mapping.mapping("spec")
    workflow, node = spec.text("workflow"), spec.get("workflow")
    if workflow and is_vendored_name(workflow):
        from innominatus_cli.checks.workflow_sources import check_vendored  # noqa: PLC0415 - few are of elsewhere

        yield from check_vendored(workflow, document.place(node), facts)
        return
    if workflow and parts_of(posixpath.normpath(posixpath.join(posixpath.dirname(document.path), workflow))) is None:
        yield Finding(OUTSIDE_REPOSITORY, f"'{short(workflow)}' is outside of the repository", document.place(node))
        return
    if not workflow or facts.is_file is None or not workflow.endswith((".yaml", ".yml")):
        return
    path = workflow.removeprefix("./")
    beside = posixpath.normpath(posixpath.join(posixpath.dirname(document.path), workflow))
    if not facts.is_file(path) and not facts.is_file(beside):
        name = posixpath.basename(path)
        near = [file for file in facts.files() if posixpath.basename(file) == name]
        remedy = f"did you mean '{near[0]}'?" if near else did_you_mean(path, facts.files())
        yield Finding(UNKNOWN_WORKFLOW_FILE, f"there is no file '{workflow}'", document.place(node), remedy)


def check_workflow_kind(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2164: the file that it runs holds a workflow."""
    found = workflows_of(document, facts)
    if found and not any(one.kind in WORKFLOW_KINDS for one in found):
        node = document.mapping.mapping("spec").get("workflow")
        kinds = " and ".join(sorted({one.kind or "nothing of ours" for one in found}))
        yield Finding(codes.FILE_WITHOUT_WORKFLOW, f"the file holds {kinds}, and no workflow", document.place(node))


def check_task(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2166: a task names its workflow."""
    spec = document.mapping.mapping("spec")
    if spec.text("operation") == "task" and not spec.text("workflow"):
        message = "a task runs one workflow, and this one names none"
        yield Finding(codes.TASK_WITHOUT_WORKFLOW, message, document.place(spec.get("operation")))


def check_environment(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-6180: what names the environment and the lifetime are parameters of the golden path."""
    spec = document.mapping.mapping("spec")
    parameters = spec.mapping("parameters")
    for name in _PARAMETER.findall(spec.text("environment") or ""):
        if name not in parameters.values:
            place, hint = document.place(spec.get("environment")), did_you_mean(name, parameters.values)
            yield Finding(NO_SUCH_PARAMETER, f"there is no parameter '{name}'", place, hint)
    wanted = spec.text("expiresAfter")
    if wanted and parameters.mapping(wanted).text("type") != "duration":
        durations = [name for name in parameters.values if parameters.mapping(name).text("type") == "duration"]
        message = f"'{wanted}' is no parameter of type duration"
        yield Finding(
            NO_SUCH_PARAMETER, message, document.place(spec.get("expiresAfter")), did_you_mean(wanted, durations)
        )


def check_unused_parameters(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2165: a workflow that runs then reads each parameter.

    Without a workflow of its own a golden path runs those of any Score file, which may read what nobody knows.
    """
    spec = document.mapping.mapping("spec")
    parameters = spec.mapping("parameters")
    own = workflows_of(document, facts) if parameters.values else []
    if facts.workflows is None or not own:
        return
    named = {*_PARAMETER.findall(spec.text("environment") or ""), spec.text("expiresAfter")}
    read = _words_of_tiers(facts).union(named - {None}, *(words_read(scope_of(one, facts)) for one in own))
    for name in parameters.values:
        if name not in read:
            place = document.place(parameters.key(name))
            yield Finding(codes.UNUSED_GOLDEN_PATH_PARAMETER, f"no workflow reads the parameter '{name}'", place)


@lru_cache(maxsize=1)
def _words_of_tiers(facts: Facts) -> frozenset[str]:
    """What the workflows of the platform and of products may read."""
    workflows = {} if facts.workflows is None else facts.workflows()
    return frozenset[str]().union(*(_words_of(one, facts) for one in workflows.values()))


def _words_of(workflow: Document, facts: Facts) -> Collection[str]:
    kept = workflow.details
    return kept.words if isinstance(kept, Details) else words_read(scope_of(workflow, facts))


def check_workflow_parameters(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2153, ORC-2167: its workflow reads no parameter that neither declares, and both say the same of one."""
    spec = document.mapping.mapping("spec")
    own = spec.mapping("parameters")
    known = parameters_of(document, facts)
    for workflow in workflows_of(document, facts):
        told: set[str] = set()
        for text, name in _parameters_read(scope_of(workflow, facts)):
            if name not in known and name not in told:
                told.add(name)
                message = f"its workflow reads a parameter '{name}', which neither of the two declares"
                related = (Related("read here", workflow.place(text.node)),)
                place = document.place(spec.get("workflow"))
                yield Finding(UNDECLARED_PARAMETER, message, place, did_you_mean(name, known), related)
        for parameter in workflow.mapping.mapping("spec").mappings("parameters"):
            name = parameter.text("name") or ""
            for key in ("type", "default"):
                ours, theirs = own.mapping(name).get(key), parameter.get(key)
                if ours is not None and theirs is not None and _said(ours) != _said(theirs):
                    message = f"the {key} of parameter '{name}' differs from the one in its workflow"
                    related = (Related("the workflow's", workflow.place(theirs)),)
                    yield Finding(codes.PARAMETER_SAYS_TWO_THINGS, message, document.place(ours), related=related)


def _parameters_read(scope: WorkflowScope) -> Iterator[tuple[Text, str]]:
    """Every `${parameters.<name>}` of a workflow: its text, and the name."""
    for text in scope.texts:
        if "parameters" in text.value:
            for reference in text.parsed.references:
                if reference.path[0] == "parameters" and len(reference.path) > 1:
                    yield text, reference.path[1]


def _said(node: Node) -> object:
    """A type or default for comparing: `int` and `integer` are one, and so are `5` and `"5"`."""
    same = {"integer": "int", "boolean": "bool"}
    return same.get(node.text, node.text) if isinstance(node, ScalarNode) else node.plain()


RULES = (
    check_parameters,
    check_workflow_file,
    check_workflow_kind,
    check_task,
    check_environment,
    check_unused_parameters,
    check_workflow_parameters,
)
