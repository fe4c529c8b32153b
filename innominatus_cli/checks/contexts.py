"""Rules over what references name inside a context: variables, parameters, the run, other workflows' outputs."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache

from innominatus_cli.checks.facts import Facts
from innominatus_cli.checks.places import place_within
from innominatus_cli.checks.scope import Text, WorkflowScope, scope_of
from innominatus_cli.documents.nodes import Document, MappingNode, Node, ScalarNode, SequenceNode
from innominatus_cli.expressions.references import Reference, may_refer
from innominatus_cli.findings.catalogue import steps
from innominatus_cli.findings.catalogue import workflow as codes
from innominatus_cli.findings.finding import Code, Finding, Related, Severity
from innominatus_cli.findings.near_names import did_you_mean

_TIER_KINDS = ("PlatformWorkflow", "ProductWorkflow", "Workflow")
_PHASES = ("pre-deployment", "deployment", "post-deployment")
_FIXED = {
    "run": ("id", "startedAt", "application", "environment", "operation"),
    "git": ("commit", "branch"),
    "admin": ("defaultCostCenter", "defaultRuntime", "splunkIndex", "defaultBudget", "productFromName"),
    "application": ("name", "product", "path", "metadata", "team", "owner", "costCenter"),
}
"""What the contexts hold that are the same for every deployment."""
_LOOPS = {"item": "forEach", "matrix": "matrix"}
"""What a step has in whose loop these are values."""
_ENVIRONMENT = ("name", "type", "variables", "description", "ttl")
_Make = Callable[..., Finding]


def check_contexts(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2015, ORC-2017, ORC-2019, ORC-2153, ORC-2189: what a reference names in its context is there."""
    scope = scope_of(document, facts)
    for text in scope.texts:
        if may_refer(text.value):
            for reference in text.parsed.references:
                if reference.path[0] in _RULES:
                    yield from check_context(scope, text, reference)


def check_context(scope: WorkflowScope, text: Text, reference: Reference) -> Iterator[Finding]:
    """What is wrong with the name that a reference has behind its context; nothing for other references."""
    rule = _RULES.get(reference.path[0])
    if rule is None or (len(reference.path) == 1 and reference.path[0] not in _LOOPS):
        return

    def finding(code: Code, message: str, remedy: str = "", related: tuple[Related, ...] = ()) -> Finding:
        place = place_within(scope.document, text.node, reference.offset, reference.written)
        return Finding(code, f"'{reference.written}': {message}", place, remedy, related)

    wrong = rule(scope, text, reference.path, finding)
    if reference.path[0] == "env" and _may_be_absent(text, reference):  # without it there is the default
        wrong = (one._replace(severity_override=Severity.WARNING) for one in wrong)
    yield from wrong


def _may_be_absent(text: Text, reference: Reference) -> bool:
    """Whether the text is a template that asks whether the reference has a value."""
    template = text.parsed.template
    if template is None:
        return False
    return any(
        one is reference and absent for one, absent in zip(text.parsed.references, template.optional, strict=True)
    )


def _unknown(finding: _Make, what: str, name: str, known: Iterable[str]) -> Finding:
    names = sorted(set(known))
    remedy = did_you_mean(name, names) or (f"Known: {', '.join(names[:8])}." if names else "")
    return finding(codes.UNKNOWN_REFERENCE, f"there is no {what} '{name}'", remedy)


def _check_variable(scope: WorkflowScope, text: Text, path: tuple[str, ...], finding: _Make) -> Iterator[Finding]:
    name = path[1]
    if name in scope.spec.mapping("variables").values:
        return
    setters = scope.setters.get(name)
    if setters is None:
        yield _unknown(finding, "variable", name, scope.variables)
    elif text.step and not any(scope.is_known_by(setter, text.step) for setter in setters):
        who = ", ".join(f"'{setter}'" for setter in setters)
        message = f"the variable is set by step {who}, which is not ordered before '{text.step}'"
        yield finding(codes.REFERENCE_TO_LATER_STEP, message)


def _check_parameter(scope: WorkflowScope, _text: Text, path: tuple[str, ...], finding: _Make) -> Iterator[Finding]:
    """A workflow of a tier, or a golden path that may run beside it, declares the parameter.

    A reusable workflow is given parameters by whatever runs it: see `checks.golden_path`.
    """
    name = path[1]
    if name in scope.parameters or scope.document.kind not in _TIER_KINDS[:2] or scope.facts.golden_paths is None:
        return
    known = _given_parameters(scope.facts)
    if name not in known:
        message = f"neither this workflow nor a golden path declares a parameter '{name}'"
        hint = did_you_mean(name, {*known, *scope.parameters})
        yield finding(steps.UNDECLARED_PARAMETER, message, hint)


@lru_cache(maxsize=1)
def _given_parameters(facts: Facts) -> frozenset[str]:
    """Every parameter that some golden path has."""
    golden_paths = () if facts.golden_paths is None else facts.golden_paths()
    return frozenset(name for golden_path in golden_paths for name in parameters_of(golden_path, facts))


def _check_fixed(_scope: WorkflowScope, _text: Text, path: tuple[str, ...], finding: _Make) -> Iterator[Finding]:
    if path[1] not in _FIXED[path[0]]:
        yield _unknown(finding, f"name in {path[0]}:", path[1], _FIXED[path[0]])


def _check_environment(scope: WorkflowScope, _text: Text, path: tuple[str, ...], finding: _Make) -> Iterator[Finding]:
    config = scope.facts.admin_config
    if config is None or path[1] in _ENVIRONMENT:
        return
    environments = config.mapping.mapping("environments")
    known = {name for one in environments.values for name in environments.mapping(one).mapping("variables").values}
    if path[1] not in known:
        yield _unknown(finding, "variable of an environment", path[1], {*_ENVIRONMENT, *known})


def _check_env(scope: WorkflowScope, _text: Text, path: tuple[str, ...], finding: _Make) -> Iterator[Finding]:
    config = scope.facts.admin_config
    known = [] if config is None else [str(item.plain()) for item in config.mapping.sequence("env")]
    if config is not None and path[1] not in known:
        hint = did_you_mean(path[1], known)
        remedy = f"List {path[1]} under 'env' in admin-config.yaml. {hint}".strip()
        yield finding(codes.UNDEFINED_NAME, "the environment variable is not listed in admin-config.yaml", remedy)


def _check_loop(scope: WorkflowScope, text: Text, path: tuple[str, ...], finding: _Make) -> Iterator[Finding]:
    key = _LOOPS[path[0]]
    step = scope.steps.get(text.step)
    if step is None or key not in step.values:
        yield finding(codes.UNKNOWN_REFERENCE, f"the step has no '{key}'")
    elif len(path) > 1:
        known = _keys_of_matrix(step.mapping("matrix")) if key == "matrix" else _keys_of_items(step.get("forEach"))
        if known is not None and path[1] not in known:
            yield _unknown(finding, "key in 'matrix':" if key == "matrix" else "key in the values:", path[1], known)


def _keys_of_matrix(matrix: MappingNode) -> set[str] | None:
    """The keys that combinations have; None where `include` is not written out."""
    found = {key for key in matrix.values if key not in {"include", "exclude"}}
    include = matrix.get("include")
    entries = include.items if isinstance(include, SequenceNode) else []
    if (include is not None and not entries) or not all(isinstance(entry, MappingNode) for entry in entries):
        return None
    return found.union(*(entry.values for entry in entries if isinstance(entry, MappingNode)))


def _keys_of_items(values: Node | None) -> set[str] | None:
    """The keys that values of a loop have, and `index`; None where nobody can tell before planning."""
    if isinstance(values, MappingNode):
        return {"key", "value", "index"}
    items = values.items if isinstance(values, SequenceNode) else []
    if not items or any(isinstance(item, ScalarNode) and "$" in item.text for item in items):
        return None
    numbers = {str(number) for item in items if isinstance(item, SequenceNode) for number in range(len(item.items))}
    return {"index", *numbers}.union(*(item.values for item in items if isinstance(item, MappingNode)))


def _check_terraform(scope: WorkflowScope, _text: Text, _path: tuple[str, ...], finding: _Make) -> Iterator[Finding]:
    if not any(step.text("type") == "terraform" for step in scope.step_nodes):
        yield finding(codes.UNKNOWN_REFERENCE, "this workflow has no terraform step")


def _check_workflow(scope: WorkflowScope, _text: Text, path: tuple[str, ...], finding: _Make) -> Iterator[Finding]:
    """The other workflow exists, ends before this one starts, and declares the output.

    Workflows of an application are known by its name, which nobody can tell here.
    """
    if scope.facts.workflows is None:
        return
    known = scope.facts.workflows()
    identity = path[1]
    target = known.get(identity)
    if target is None:
        products = {name.partition("/")[0] for name in known if "/" in name}
        if "/" not in identity or identity.partition("/")[0] in products:
            message = f"there is no workflow '{identity}' of the platform or a product"
            yield finding(steps.WORKFLOW_OUTPUT, message, did_you_mean(identity, known))
        return
    related = (Related("that workflow", target.place(target.mapping.mapping("metadata").get("name"))),)
    if not _ends_before(target, scope.document, known):
        message = f"workflow '{identity}' does not end before this one starts"
        yield finding(steps.WORKFLOW_OUTPUT, message, related=related)
        return
    outputs = target.mapping.mapping("spec").mapping("outputs").values
    if len(path) < 4 or path[2] != "outputs":  # noqa: PLR2004 - workflows.<identity>.outputs.<name>
        message, remedy = "it names no output", f"Write `${{workflows.{identity}.outputs.<name>}}`."
        yield finding(steps.WORKFLOW_OUTPUT, message, remedy, related)
    elif path[3] not in outputs:
        message = f"workflow '{identity}' declares no output '{path[3]}'"
        yield finding(steps.WORKFLOW_OUTPUT, message, did_you_mean(path[3], outputs), related)


def _ends_before(target: Document, reader: Document, known: Mapping[str, Document]) -> bool:
    """Whether `target` stands behind a barrier before `reader`, or is among the workflows that the reader waits for."""
    if target.kind not in _TIER_KINDS or reader.kind not in _TIER_KINDS[:2]:
        return True
    products = [one.mapping.mapping("metadata").text("product") for one in (target, reader)]
    if target.kind == reader.kind == "ProductWorkflow" and products[0] != products[1]:
        return False
    tiers = [_TIER_KINDS.index(one.kind) for one in (target, reader)]
    first, own = _phases(target), _phases(reader)
    if not first or not own:
        return True
    if all(min((phase, tiers[0]) for phase in first) < (phase, tiers[1]) for phase in own):
        return True
    return target.kind == reader.kind and _waits_for(reader, target, known)


def _phases(document: Document) -> list[int]:
    metadata = document.mapping.mapping("metadata")
    named = [metadata.text("phase"), *(str(item.plain()) for item in metadata.sequence("phases"))]
    return [_PHASES.index(phase) for phase in named if phase in _PHASES]


def _waits_for(reader: Document, target: Document, known: Mapping[str, Document]) -> bool:
    product = reader.mapping.mapping("metadata").text("product")
    waiting, seen = [reader], {id(reader)}
    for document in waiting:
        for item in document.mapping.mapping("metadata").sequence("dependsOn"):
            name = str(item.plain())
            other = known.get(name if "/" in name or reader.kind == "PlatformWorkflow" else f"{product}/{name}")
            if other is target:
                return True
            if other is not None and id(other) not in seen:
                seen.add(id(other))
                waiting.append(other)
    return False


def parameters_of(golden_path: Document, facts: Facts) -> dict[str, MappingNode]:
    """The parameters that a plan of the golden path has, with their definitions: its own, and its workflow's."""
    own = golden_path.mapping.mapping("spec").mapping("parameters")
    found: dict[str, MappingNode] = {}
    for workflow in workflows_of(golden_path, facts):
        for parameter in workflow.mapping.mapping("spec").mappings("parameters"):
            found[parameter.text("name") or ""] = parameter
    return found | {name: own.mapping(name) for name in own.values}


def workflows_of(golden_path: Document, facts: Facts) -> list[Document]:
    """The documents of the file that a golden path runs; none where it is not there, or it runs none."""
    from innominatus_cli.documents.vendored_names import named_files  # noqa: PLC0415 - few documents ask

    written = golden_path.mapping.mapping("spec").text("workflow") or ""
    if not written.endswith((".yaml", ".yml")) or facts.is_file is None or facts.documents_of is None:
        return []
    for path in named_files(written, golden_path.path):
        if facts.is_file(path):
            return list(facts.documents_of(path))
    return []


_RULES: dict[str, Callable[[WorkflowScope, Text, tuple[str, ...], _Make], Iterator[Finding]]] = {
    "variables": _check_variable,
    "workflow": _check_variable,
    "parameters": _check_parameter,
    "run": _check_fixed,
    "git": _check_fixed,
    "admin": _check_fixed,
    "application": _check_fixed,
    "environment": _check_environment,
    "env": _check_env,
    "item": _check_loop,
    "matrix": _check_loop,
    "terraform": _check_terraform,
    "workflows": _check_workflow,
}

RULES = (check_contexts,)
