"""`new policy`: a WorkflowPolicies document, and in words what it refuses, and what of the repository it would."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from innominatus_cli.documents.durations import duration_text, seconds_of
from innominatus_cli.documents.words import counted
from innominatus_cli.operations.creation.files import Creation, new_document
from innominatus_cli.operations.creation.questions import (
    Answer,
    Asked,
    Kind,
    Question,
    description,
    name,
    name_problem,
    owner,
)

_LIMITS: Final = {
    "max-steps": "maxStepsPerWorkflow",
    "max-concurrent": "maxConcurrentWorkflows",
}
_LISTS: Final = {
    "allow-step-type": "allowedStepTypes",
    "require-workflow": "requiredPlatformWorkflows",
}
_SECURITY: Final = {
    "require-approval": "requireApproval",
    "allow-executor": "allowedExecutors",
}


def _number_problem(_asked: Asked, value: str) -> str:
    return "" if value.isascii() and value.isdecimal() and int(value) > 0 else f"'{value}' is no number over 0"


def _duration_problem(_asked: Asked, value: str) -> str:
    try:
        return "" if seconds_of(value) > 0 else "it must be longer than nothing"
    except ValueError as problem:
        return f"'{value}': {problem}"


def _required_problem(asked: Asked, value: str) -> str:
    workflow = asked.surroundings.workflows.get(value)
    if workflow is None or "all_deployments" in workflow.model.spec.triggers:
        return ""
    return f"'{value}' is not triggered by all_deployments (ORC-2027)"


def _default_steps(asked: Asked) -> Answer:
    """A first rule, so that the policy says something; what another document says already is left to it."""
    return () if asked.surroundings.policies.max_steps_per_workflow else ("20",)


def _platform_workflows(asked: Asked) -> list[str]:
    return sorted(identity for identity in asked.surroundings.workflows if "/" not in identity)


def _limit(
    flag: str, text: str, key: str, default: Callable[[Asked], Answer], check: Callable[[Asked, str], str]
) -> Question:
    return Question(flag, text, default, check, at=(f"/spec/{key}",), optional=True)


def _listed(flag: str, text: str, key: str, what: str, choices: Callable[[Asked], list[str]]) -> Question:
    return Question(flag, text, choices=choices, what=what, several=True, at=(f"/spec/{key}",), optional=True)


def _unsaid(_asked: Asked) -> Answer:
    return ()


RULES: Final = (
    _limit("max-steps", "How many steps a workflow may have", "maxStepsPerWorkflow", _default_steps, _number_problem),
    _limit("max-duration", "How long it may take, like 30m", "maxWorkflowDuration", _unsaid, _duration_problem),
    _limit("max-concurrent", "How many may run at once", "maxConcurrentWorkflows", _unsaid, _number_problem),
    _listed(
        "allow-step-type",
        "The only step types that steps may be of",
        "allowedStepTypes",
        "step type",
        lambda asked: asked.surroundings.step_types,
    ),
    _listed(
        "require-workflow",
        "The platform workflows that every deployment must have",
        "requiredPlatformWorkflows",
        "platform workflow",
        _platform_workflows,
    )._replace(check=_required_problem),
    _listed(
        "require-approval",
        "The environments in which every run needs an approval",
        "security/requireApproval",
        "environment",
        lambda asked: asked.surroundings.environments,
    ),
    _listed(
        "allow-executor",
        "The only teams whose members may run",
        "security/allowedExecutors",
        "team",
        lambda asked: sorted(asked.surroundings.admin_config.teams),
    ),
)


def _make(asked: Asked) -> Creation:
    path = f"{asked.surroundings.workflows_root}/policies/{asked.text('name')}.yaml"
    spec: dict[str, Any] = {key: list(asked.texts(flag)) for flag, key in _LISTS.items() if asked.texts(flag)}
    spec |= {key: int(asked.text(flag)) for flag, key in _LIMITS.items() if asked.text(flag)}
    if asked.text("max-duration"):
        spec["maxWorkflowDuration"] = asked.text("max-duration")
    security = {key: list(asked.texts(flag)) for flag, key in _SECURITY.items() if asked.texts(flag)}
    spec |= {"security": security} if security else {}
    metadata = {key: asked.text(key) for key in ("name", "description", "owner")}
    data = {"apiVersion": "workflow.dev/v1", "kind": "WorkflowPolicies", "metadata": metadata, "spec": spec}
    return Creation(
        (new_document(path, "WorkflowPolicies", data),),
        remarks=(*_refusals(asked), *_refused_now(asked)),
        commands=(f"innominatus-ctl validate {path}",),
    )


def _refusals(asked: Asked) -> Iterator[str]:
    """What the policy refuses, a sentence a rule."""
    if most := asked.text("max-steps"):
        yield f"It refuses a workflow with more than {counted(int(most), 'step')}."
    if longest := asked.text("max-duration"):
        yield (
            f"It refuses a workflow that says it takes longer than {duration_text(seconds_of(longest))}, "
            "and stops one that does."
        )
    if most := asked.text("max-concurrent"):
        yield f"It lets {counted(int(most), 'workflow')} run at once, and the others wait."
    if names := asked.texts("allow-step-type"):
        yield f"It refuses every step of another type than {', '.join(names)}."
    if names := asked.texts("require-workflow"):
        yield f"It refuses a deployment without {', '.join(names)}."
    if names := asked.texts("require-approval"):
        yield f"It refuses a run in {', '.join(names)} that nobody has approved."
    if names := asked.texts("allow-executor"):
        yield f"It refuses a run by anybody outside of the team {' or '.join(names)}."
    if not any(asked.texts(question.name) for question in RULES):
        yield "It refuses nothing: no rule was given."


def _refused_now(asked: Asked) -> Iterator[str]:
    """Workflows of the repository that would be refused."""
    allowed, most = asked.texts("allow-step-type"), asked.text("max-steps")
    for identity, workflow in sorted(asked.surroundings.workflows.items()):
        steps = [*workflow.model.spec.steps, *workflow.model.spec.finally_]
        others = sorted({step.type for step in steps if allowed and step.type not in allowed})
        if others:
            yield f"As it stands, {identity} would be refused: it has steps of the type {', '.join(others)}."
        if most and len(steps) > int(most):
            yield f"As it stands, {identity} would be refused: it has {counted(len(steps), 'step')}."


POLICY: Final = Kind(
    "policy",
    "Policies: limits, allowed step types, who may run.",
    r"""Write a document of policies, and say what it refuses.

    Documents of policies are merged, and the stricter value counts. What admin-config.yaml or another document says
    already is changed there: a second, different value is refused here.

    \b
    Examples:
      innominatus-ctl new policy
      innominatus-ctl new policy small-workflows --max-steps 10 --max-duration 30m
      innominatus-ctl new policy releases --require-workflow security-scan --allow-executor developers
    """,
    (
        name("Its name, and its file's", "limits", name_problem),
        *RULES,
        description("What it is for, in one sentence", lambda asked: f"What workflows may do: {asked.text('name')}"),
        owner(),
    ),
    _make,
)
