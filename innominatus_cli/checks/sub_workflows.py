"""Rules over steps of `type: workflow`: the workflow that they call is there, and they call it as it wants to be."""

from collections.abc import Iterator, Mapping
from functools import lru_cache

from innominatus_cli.checks.calls import DEEPEST, Shelf, file_of_call, is_path
from innominatus_cli.checks.facts import Facts
from innominatus_cli.checks.parameters import problem_of
from innominatus_cli.checks.said import CALL
from innominatus_cli.checks.scope import scope_of
from innominatus_cli.checks.workflow_sources import check_vendored
from innominatus_cli.documents.kinds import WORKFLOW_KINDS
from innominatus_cli.documents.nodes import Document, MappingNode, Node, ScalarNode
from innominatus_cli.documents.vendored_names import is_vendored_name
from innominatus_cli.expressions.references import may_refer, parse
from innominatus_cli.findings.catalogue import expansion as codes
from innominatus_cli.findings.finding import Finding, Place, Related
from innominatus_cli.findings.near_names import did_you_mean

_OF_OTHERS = (
    "config",
    "env",
    "retry",
    "lock",
    "approval",
    "outputs",
    "outputFile",
    "setVariables",
    "secretOutputs",
    "rollback",
    "idempotency",
    "probe",
)
"""What speaks of one process, and means nothing for a call."""


def check_settings(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2193: a call says what it calls and nothing that means nothing; no other step calls."""
    for step in scope_of(document, facts).step_nodes:
        name = f"step '{step.text('name') or ''}'"
        if step.text("type") == CALL:
            if not step.text(CALL):
                message = f"{name} is of type '{CALL}' and names none"
                yield Finding(codes.SETTING_OF_NO_CALL, message, document.place(step.get("type")))
            for key in _OF_OTHERS:
                node = step.get(key)
                if node is not None and not (isinstance(node, MappingNode) and not node.values):
                    message = f"{name} calls a workflow, where '{key}' has no meaning"
                    yield Finding(codes.SETTING_OF_NO_CALL, message, document.place(step.key(key)))
        elif step.text("type"):
            for key in (CALL, "parameters"):
                if key in step.values:
                    message = f"{name} is of type '{step.text('type')}', where '{key}' has no meaning"
                    yield Finding(codes.SETTING_OF_NO_CALL, message, document.place(step.key(key)))


def check_called(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2191, ORC-2194, ORC-2195: the called workflow is there, may be called from here, and gets its parameters."""
    if facts.documents_of is None or facts.is_file is None or facts.workflows is None:
        return
    for step in scope_of(document, facts).step_nodes:
        written, node = step.text(CALL), step.get(CALL)
        if step.text("type") != CALL or not written or node is None:
            continue
        if is_vendored_name(written):
            wrong = list(check_vendored(written, document.place(node), facts))
            yield from wrong
            if wrong:
                continue
        called = called_document(written, document.path, facts)
        if called is None and is_version(written, facts):
            continue
        if called is None:
            message = f"step '{step.text('name') or ''}' calls '{written}', which is no workflow here"
            remedy = did_you_mean(written, _names(written, facts))
            yield Finding(codes.UNKNOWN_CALL, message, document.place(node), remedy)
            continue
        yield from _check_product(document, step, node, called)
        yield from _check_parameters(document, step, called)


def called_document(written: str, caller: str, facts: Facts) -> Document | None:
    """The workflow that a call in the file `caller` means; None where there is none, or nobody can tell."""
    if facts.documents_of is None or facts.is_file is None:
        return None
    if not is_path(written) and facts.workflows is not None:
        found = facts.workflows().get(written)
        if found is not None:
            return found
    shelf = Shelf(facts.workflows_root, facts.is_file, facts.documents_of, tuple(facts.provider_folders()))
    path = file_of_call(written, caller, shelf)
    documents = facts.documents_of(path) if path else ()
    return next((one for one in documents if one.kind in WORKFLOW_KINDS), None)


def is_version(written: str, facts: Facts) -> bool:
    """Whether a call asks for certain versions of a workflow that is there; which of them it means, planning knows."""
    identity, at, _ = written.rpartition("@")
    return bool(at) and facts.workflows is not None and identity in facts.workflows()


def name_of_called(called: Document) -> str:
    """How plans name a called workflow: its identity, or the path of its file."""
    metadata = called.mapping.mapping("metadata")
    name = metadata.text("name") or ""
    match called.kind:
        case "ProductWorkflow":
            return f"{metadata.text('product') or ''}/{name}"
        case "PlatformWorkflow":
            return name
        case _:
            return called.path


def _names(written: str, facts: Facts) -> list[str]:
    files = [file for file in facts.files() if file.startswith(f"{facts.workflows_root}/")]
    below = [file.removeprefix(f"{facts.workflows_root}/") for file in files]
    if is_path(written):
        return [*files, *below]
    known = facts.workflows() if facts.workflows is not None else {}
    return [*known, *(file.rpartition(".")[0] for file in below)]


def _check_product(document: Document, step: MappingNode, node: Node, called: Document) -> Iterator[Finding]:
    """A product workflow is called by workflows of its product; of those that belong to none nobody can tell here."""
    theirs = called.mapping.mapping("metadata").text("product")
    own = document.mapping.mapping("metadata").text("product")
    if called.kind != "ProductWorkflow" or document.kind not in {"ProductWorkflow", "PlatformWorkflow"}:
        return
    if theirs and (document.kind == "PlatformWorkflow" or theirs != own):
        message = f"step '{step.text('name') or ''}': '{name_of_called(called)}' is of product '{theirs}'"
        yield Finding(codes.CALL_NOT_ALLOWED, message, document.place(node))


def _check_parameters(document: Document, step: MappingNode, called: Document) -> Iterator[Finding]:
    definitions = {
        name: one for one in called.mapping.mapping("spec").mappings("parameters") if (name := one.text("name"))
    }
    given = step.mapping("parameters")
    owner, caller = name_of_called(called), step.text("name") or ""
    for name, value in given.values.items():
        definition = definitions.get(name)
        if definition is None:
            known = f"Known: {', '.join(sorted(definitions))}." if definitions else f"'{owner}' has no parameters."
            message = f"step '{caller}': '{owner}' has no parameter '{name}'"
            remedy = did_you_mean(name, definitions) or known
            yield Finding(codes.WRONG_CALL_PARAMETER, message, document.place(given.key(name)), remedy)
            continue
        problem = _problem(value, definition)
        if problem:
            message = f"step '{caller}': parameter '{name}' of '{owner}' {problem}"
            related = (Related("the parameter", called.place(definition)),)
            yield Finding(codes.WRONG_CALL_PARAMETER, message, document.place(value), related=related)
    for name, definition in definitions.items():
        if name not in given.values and _is_true(definition.get("required")) and definition.get("default") is None:
            place = document.place(step.key("parameters") if "parameters" in step.values else step.get(CALL))
            related = (Related("the parameter", called.place(definition)),)
            message = f"step '{caller}' gives no '{name}', which '{owner}' needs"
            yield Finding(codes.WRONG_CALL_PARAMETER, message, place, related=related)


def _problem(value: Node, definition: MappingNode) -> str:
    """What is wrong with a value for a parameter, as the end of a sentence; empty where nothing is, or nobody knows."""
    text = str(value.value) if isinstance(value, ScalarNode) else ""
    references = parse(text).references if may_refer(text) else ()
    names_secret = any(one.path[0] == "secrets" for one in references)
    if _is_true(definition.get("secret")):
        return "" if references else "is a secret, and this is no reference to one"
    if names_secret:
        return "is not declared with `secret: true`, and would hold a secret"
    return "" if references else problem_of(value, definition.text("type") or "string", definition)


def _is_true(node: Node | None) -> bool:
    return isinstance(node, ScalarNode) and node.value is True


def check_circles(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2192: no call leads back to the workflow that has it; told once in each workflow of a circle."""
    if facts.documents_of is None or facts.is_file is None:
        return
    for step in scope_of(document, facts).step_nodes:
        written, node = step.text(CALL), step.get(CALL)
        called = called_document(written, document.path, facts) if written and step.text("type") == CALL else None
        way = None if called is None else _way_back(called, document, facts)
        if way is None:
            continue
        names = [name_of_called(one) for one in way]
        own = name_of_called(document)
        message = f"workflow '{own}' calls itself"
        if len(way) > 1:
            message = f"workflows call each other in a circle: {' → '.join([own, *names])}"
        related = tuple(
            Related(f"calls '{name}'", place)
            for one, name in zip(way, names[1:], strict=False)
            if (place := _place_of_call(one, name, facts)) is not None
        )
        yield Finding(codes.CALL_CYCLE, message, document.place(node), related=related)
        return


def _way_back(start: Document, target: Document, facts: Facts) -> list[Document] | None:
    """The workflows from `start` to `target`, each calling the next; None where no way leads there that plans go."""
    came_from: dict[str, Document | None] = {_key(start): None}
    level = [start]
    for _ in range(DEEPEST):
        following: list[Document] = []
        for one in level:
            if _key(one) == _key(target):
                return _way_to(one, came_from)
            for other in _calls_of(one, facts).values():
                if _key(other) not in came_from:
                    came_from[_key(other)] = one
                    following.append(other)
        level = following
    return None


def _way_to(document: Document, came_from: Mapping[str, Document | None]) -> list[Document]:
    way = [document]
    while (before := came_from[_key(way[0])]) is not None:
        way.insert(0, before)
    return way


def _key(document: Document) -> str:
    return f"{document.path}#{name_of_called(document)}"


@lru_cache(maxsize=1024)
def _calls_of(document: Document, facts: Facts) -> Mapping[str, Document]:
    """What a workflow calls, by the text that names it."""
    spec = document.mapping.mapping("spec")
    written = {
        text
        for step in (*spec.mappings("steps"), *spec.mappings("finally"))
        if step.text("type") == CALL and (text := step.text(CALL))
    }
    found = {text: called_document(text, document.path, facts) for text in sorted(written)}
    return {text: called for text, called in found.items() if called is not None}


def _place_of_call(document: Document, wanted: str, facts: Facts) -> Place | None:
    spec = document.mapping.mapping("spec")
    for step in (*spec.mappings("steps"), *spec.mappings("finally")):
        text = step.text(CALL)
        called = called_document(text, document.path, facts) if text and step.text("type") == CALL else None
        if called is not None and name_of_called(called) == wanted:
            return document.place(step.get(CALL))
    return None


RULES = (check_settings, check_called, check_circles)
