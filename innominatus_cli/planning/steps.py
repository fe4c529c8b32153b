"""One step of the plan from its draft: inputs, environment, conditions, retry, gates, provenance."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from innominatus_cli.checks.score import BUILT_IN_RESOURCE_TYPES
from innominatus_cli.documents.canonical import check_exact
from innominatus_cli.documents.plan import PlannedRetry, PlannedStep, StepConditions
from innominatus_cli.documents.vocabulary import When
from innominatus_cli.documents.workflow import Retry, StepDefinition
from innominatus_cli.expressions.conditions import parse_condition
from innominatus_cli.expressions.contexts import Known, Scope
from innominatus_cli.expressions.truth import fold_condition
from innominatus_cli.expressions.values import Folded, fold, references_in
from innominatus_cli.findings.catalogue import plan as codes
from innominatus_cli.findings.catalogue.structure import ENV_OF_STEP_TYPE, NOTHING_MAKES_RESOURCE
from innominatus_cli.findings.catalogue.workflow import UNKNOWN_STEP_TYPE
from innominatus_cli.findings.finding import Finding, has_errors
from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.planning.compensations import brings_a_step, compensation
from innominatus_cli.planning.drafts import Draft, DraftStep
from innominatus_cli.planning.gates import gate_of_step
from innominatus_cli.planning.inputs import BuiltInputs, InputBuilder
from innominatus_cli.planning.own_types import StepTypes
from innominatus_cli.planning.places import Spot, conditions_of, findings_of
from innominatus_cli.planning.probes import built_probe, idempotency_of, planned_probe
from innominatus_cli.planning.sketch import Member, provenance_of
from innominatus_cli.planning.step_contexts import OwnOutputsContext, OwnStepContext
from innominatus_cli.step_types.contract import StepType

_ALONE = Member()


@dataclass(slots=True)
class BuiltStep:
    """A step without its needs, or the findings because of which there is none."""

    step: PlannedStep | None
    findings: list[Finding]
    outside: dict[str, Known]


def build_step(
    draft: Draft, part: DraftStep, scope: Scope, builder: InputBuilder, member: Member = _ALONE
) -> BuiltStep:
    """The planned step of `part`; `needs` is empty still. `member` says in which call and loop it stands."""
    definition, spot, types = part.definition, part.spot, builder.types
    findings: list[Finding] = []
    kind = types.find(definition.type)
    if kind is None:
        findings.append(_unknown_type(definition, spot, types))
        return BuiltStep(None, findings, {})
    folded = Folded()
    inputs = _inputs(part, kind, scope, builder, folded)
    findings += inputs.findings
    findings += _unmade(kind, inputs, spot)
    findings += _secrets_in_inputs(definition.name, folded.secrets, spot)
    gate = gate_of_step(definition, inputs.values, spot, findings)
    values = _Values(scope, folded, spot, findings)
    env = {**inputs.env, **values.of("env", definition.env)}
    own = _with_outputs(scope, definition, types) if definition.set_variables or definition.rollback else scope
    variables = _Values(own, folded, spot, findings).of("setVariables", definition.set_variables)
    rollback = values.of("rollback", definition.rollback) if not brings_a_step(definition.rollback) else None
    undoing: list[str] = []
    if isinstance(definition.rollback, dict) and brings_a_step(definition.rollback):
        after = _behind(own, definition, types)
        rollback, told = compensation(definition.rollback, after, builder, spot.at("rollback"), Folded())
        findings += told
        undoing = rollback["input_files"] if rollback else []
    asked = Folded()
    probe = built_probe(definition, scope, builder, spot, asked)
    if probe is not None:
        findings += [*probe.findings, *_secrets_in_inputs(definition.name, asked.secrets, spot.at("probe"))]
    conditions = conditions_of_step(definition, scope, spot, folded, findings, member.prefix)
    if has_errors(findings):
        return BuiltStep(None, findings, {})
    step = PlannedStep(
        id=f"{draft.id}/{member.name(part)}",
        name=member.name(part),
        type=definition.type,
        description=definition.description,
        phase=draft.phase,
        tier=draft.tier,
        workflow_id=draft.id,
        cleanup=part.cleanup,
        provenance=provenance_of(draft, spot, member.calls),
        inputs=inputs.values,
        program=inputs.program,
        input_files=sorted({*inputs.files, *part.files, *undoing, *(probe.files if probe is not None else ())}),
        env=env,
        secrets=sorted(inputs.secrets | folded.secrets | _secrets_in(inputs.values)),
        conditions=conditions,
        timeout_seconds=definition.timeout or kind.default_timeout_seconds,
        timeout_written=definition.timeout is not None,
        retry=_planned(definition.retry or part.retry or builder.tables.config.retries.get(definition.type)),
        continue_on_error=definition.continue_on_error,
        idempotency=idempotency_of(definition, kind),
        probe=planned_probe(probe),
        rollback=_rollback(rollback, member.prefix),
        declared_outputs=list(dict.fromkeys([*(definition.outputs or ()), *kind.outputs])),
        secret_outputs=list(definition.secret_outputs),
        output_file=inputs.output_file or definition.output_file,
        set_variables={f"{member.call}/{name}" if member.call else name: value for name, value in variables.items()},
        tools=list(kind.tools_for(inputs.values)),
        gate=gate,
        lock=definition.lock,
        within=member.within,
        cell=member.cell,
    )
    return BuiltStep(step, findings, {**folded.outside, **asked.outside})


def is_right(part: DraftStep, builder: InputBuilder) -> bool:
    """Whether `build_step` has nothing to say about a generated step: it has inputs alone.

    Raises ValueError for what could not be written as JSON.
    """
    kind = builder.types.find(part.definition.type)
    if kind is None or part.ready is None:
        return False
    inputs = builder.build(kind, part.ready, None, part.spot, Folded())
    check_exact(inputs.values)
    return not has_errors([*inputs.findings, *_unmade(kind, inputs, part.spot)])


def _with_outputs(scope: Scope, definition: StepDefinition, types: StepTypes) -> Scope:
    """What `setVariables` sees: what the step sees, and its own outputs."""
    contexts = {**scope.contexts, "outputs": OwnOutputsContext(definition, types.find)}
    return replace(scope, contexts=contexts, texts={})


def _behind(own: Scope, definition: StepDefinition, types: StepTypes) -> Scope:
    """What a `rollback` sees: what its step does, and what the step itself has given."""
    steps = own.contexts.get("steps")
    if steps is None:
        return own
    given = OwnStepContext(steps, definition, OwnOutputsContext(definition, types.find))
    return replace(own, contexts={**own.contexts, "steps": given}, texts={})


def _inputs(part: DraftStep, kind: StepType, scope: Scope, builder: InputBuilder, folded: Folded) -> BuiltInputs:
    if part.ready is not None:
        ready = part.ready
        if part.images:
            images = {name: fold(text, scope, folded, at=(name, "image")) for name, text in part.images.items()}
            ready = {**ready, "images": images}
            wrong = findings_of(folded, part.spot)
            if wrong:
                return BuiltInputs(findings=wrong)
        return builder.build(kind, ready, None, part.spot, folded)
    if kind.own is not None:
        from innominatus_cli.planning.own_inputs import build_own_inputs  # noqa: PLC0415 - few plans have such a step

        config = part.spot.at("config") if part.spot.has("config") else part.spot
        built = build_own_inputs(kind, builder.files, part.definition.config, scope, config, folded)
        built.findings += _set_twice(part, kind, built)
        return built
    return builder.build(kind, part.definition.config, scope, part.spot.at("config"), folded)


def _set_twice(part: DraftStep, kind: StepType, built: BuiltInputs) -> list[Finding]:
    """What the step says beside its type, which has said it already."""
    step, found = part.definition, []
    for name in step.env:
        if name in built.env:
            message = f"'{name}' is set by the step type '{kind.name}' already"
            found.append(Finding(ENV_OF_STEP_TYPE, message, part.spot.at("env").key(name).place))
    if step.output_file is not None and built.output_file is not None:
        message = f"'outputFile': the step type '{kind.name}' says in which file its outputs are"
        found.append(Finding(codes.WRONG_INPUT, message, part.spot.key("outputFile").place, "Remove 'outputFile'."))
    return found


def _unmade(kind: StepType, inputs: BuiltInputs, spot: Spot) -> list[Finding]:
    """A resource that nothing can make is told before the first step, not by the step that would make it."""
    wanted = inputs.values.get("resourceType")
    if kind.name != "resource-provisioning" or not isinstance(wanted, str) or wanted in BUILT_IN_RESOURCE_TYPES:
        return []
    if inputs.values.get("operation") == "delete" or "provisioner" in inputs.values:
        return []
    config = spot.at("config")
    place = (spot.at("type") if spot.has("params") or not spot.has("config") else config.at("resourceType")).place
    message = f"resource '{inputs.values.get('resource')}': nothing makes the type '{wanted}'"
    return [Finding(NOTHING_MAKES_RESOURCE, message, place, did_you_mean(wanted, BUILT_IN_RESOURCE_TYPES))]


def _secrets_in_inputs(step: str, secrets: set[str], spot: Spot) -> list[Finding]:
    if not secrets:
        return []
    message = f"step '{step}': its config holds a secret ({', '.join(sorted(secrets))})"
    config = spot.at("config") if spot.has("config") else spot
    found = (config.find(f"${{secrets.{name}") for name in sorted(secrets))
    return [Finding(codes.SECRET_IN_INPUTS, message, next(filter(None, found), config.place))]


def _secrets_in(values: Mapping[str, Any]) -> set[str]:
    return {name.partition(".")[2] for name in references_in(values) if name.startswith("secrets.")}


def _rollback(value: Any, prefix: str) -> Any:  # noqa: ANN401 - YAML data
    """A rollback whose step has the name that it has in the plan."""
    if prefix and isinstance(value, dict) and isinstance(value.get("step"), str):
        return {**value, "step": f"{prefix}{value['step']}"}
    return value


def _unknown_type(definition: StepDefinition, spot: Spot, types: StepTypes) -> Finding:
    known = types.names()
    remedy = did_you_mean(definition.type, known) or f"Known: {', '.join(known)}."
    message = f"step '{definition.name}' has the unknown type '{definition.type}'"
    return Finding(UNKNOWN_STEP_TYPE, message, spot.at("type").place, remedy)


@dataclass(frozen=True, slots=True)
class _Values:
    """Folds the parts of a step beside its inputs."""

    scope: Scope
    folded: Folded
    spot: Spot
    findings: list[Finding]

    def of(self, key: str, value: Any) -> Any:  # noqa: ANN401 - YAML data
        if not value:
            return value
        found = Folded()
        result = fold(value, self.scope, found)
        if found.problems:
            self.findings.extend(findings_of(found, self.spot.at(key)))
        self.folded.secrets |= found.secrets
        self.folded.outside |= found.outside
        return result


_UNCONDITIONAL = {when: StepConditions(when=when) for when in When}
"""Most steps have neither `if` nor `unless`."""


def conditions_of_step(
    definition: StepDefinition, scope: Scope, spot: Spot, folded: Folded, findings: list[Finding], prefix: str = ""
) -> StepConditions:
    """When a step runs. `prefix` is what names of steps have before them in the plan."""
    if definition.if_ is None and definition.unless is None:
        return _UNCONDITIONAL[definition.when]
    trees: dict[str, Any] = {"if": None, "unless": None}
    when = definition.when
    for key, text in (("if", definition.if_), ("unless", definition.unless)):
        if text is None:
            continue
        parsed = parse_condition(text)
        where = spot.at(key)
        if parsed.tree is None:
            findings += conditions_of([parsed.problem] if parsed.problem else [], where, codes.WRONG_CONDITION)
            continue
        condition = fold_condition(parsed.tree, scope)
        findings += conditions_of(condition.problems, where, codes.WRONG_CONDITION)
        findings += conditions_of(condition.warnings, where, codes.BARE_WORD)
        folded.outside |= condition.outside
        trees[key] = _prefixed(condition.tree, prefix) if prefix else condition.tree
        if condition.asks_for_failure and "when" not in definition.model_fields_set:
            when = When.ALWAYS  # a condition about failures must be asked after one
    return StepConditions(
        when=when,
        if_tree=trees["if"],
        if_text=definition.if_,
        unless_tree=trees["unless"],
        unless_text=definition.unless,
    )


def _prefixed(tree: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """A condition in which `<step>.failed` and the like speak of steps by their names in the plan."""
    found = dict(tree)
    if "status" in found:
        found["status"] = f"{prefix}{found['status']}"
    if "args" in found:
        found["args"] = [_prefixed(arg, prefix) for arg in found["args"]]
    return found


def _planned(retry: Retry | None) -> PlannedRetry | None:
    if retry is None:
        return None
    return PlannedRetry(
        attempts=retry.attempts,
        delay_seconds=retry.delay,
        backoff=retry.backoff,
        max_delay_seconds=retry.max_delay,
        jitter=retry.jitter,
        max_duration_seconds=retry.max_duration,
        on=retry.on,
    )
