"""Which secrets each step of a plan can read: those it names, and those that variables of its workflow carry to it."""

from collections.abc import Iterable, Iterator, Mapping

from innominatus_cli.documents.plan import Plan, PlannedStep

_SECRET = "secrets."  # noqa: S105 - the beginning of a reference
_VARIABLE = "variables."


def secrets_by_step(plan: Plan) -> Mapping[str, tuple[str, ...]]:
    """Names of secrets by step id, sorted; a step without any is left out.

    A variable is taken to carry whatever any step of its workflow may set it to.
    """
    carried = _carried_by_variables(plan)
    found: dict[str, tuple[str, ...]] = {}
    for step in plan.steps:
        names = {*step.secrets, *_secrets_behind(_values_of(step), carried.get(step.workflow_id or "", {}))}
        if names:
            found[step.id] = tuple(sorted(names))
    return found


def _carried_by_variables(plan: Plan) -> dict[str, dict[str, set[str]]]:
    """The secrets that each variable can hold, by workflow id and name."""
    values: dict[str, list[tuple[str, object]]] = {flow.id: list(flow.variables.items()) for flow in plan.workflows}
    for step in plan.steps:
        own = values.setdefault(step.workflow_id or "", [])
        own.extend(step.set_variables.items())
        if step.group is not None:  # variables of a sub-workflow have the call before their names
            own.extend((f"{step.name}/{name}", value) for name, value in (step.group.variables or {}).items())
    carried: dict[str, dict[str, set[str]]] = {}
    for workflow, assignments in values.items():
        known: dict[str, set[str]] = {name: set() for name, _ in assignments}
        while _carry(assignments, known):
            pass
        carried[workflow] = {name: secrets for name, secrets in known.items() if secrets}
    return carried


def _carry(assignments: Iterable[tuple[str, object]], known: dict[str, set[str]]) -> bool:
    """Adds what each variable takes from secrets and from other variables; whether that was anything new."""
    before = sum(map(len, known.values()))
    for name, value in assignments:
        known[name] |= _secrets_behind(value, known)
    return sum(map(len, known.values())) > before


def _values_of(step: PlannedStep) -> list[object]:
    return [step.inputs, step.env, step.set_variables, step.rollback]


def _secrets_behind(value: object, variables: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    for reference in _references(value):
        if reference.startswith(_SECRET):
            found.add(reference.removeprefix(_SECRET))
        elif reference.startswith(_VARIABLE):
            found |= variables.get(reference.removeprefix(_VARIABLE).replace("\\", ""), set())
    return found


def _references(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        reference = value.get("$ref")
        if isinstance(reference, str):
            yield reference
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _references(inner)
