"""What a plan takes from outside its sources, each with its evidence, and how much of the plan runs at once."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from innominatus_cli.documents.admin_config import AdminConfigDocument
from innominatus_cli.documents.plan import PlanInput
from innominatus_cli.documents.repository import Repository
from innominatus_cli.expressions.contexts import Known
from innominatus_cli.expressions.values import as_literal
from innominatus_cli.planning.parameters import ParameterValues
from innominatus_cli.planning.request import Facts, PlanRequest

if TYPE_CHECKING:
    from innominatus_cli.documents.score_overrides import Overrides

OVERRIDES_FILE: Final = "overrides_file"
"""The input that says which of the sources was given with --overrides-file."""


def plan_inputs(
    request: PlanRequest,
    facts: Facts,
    parameters: ParameterValues,
    outside: Mapping[str, Known],
    golden_path: str | None,
    from_records: Iterable[PlanInput] = (),
    *,
    asked_first_deployment: bool,
    removes: bool,
) -> list[PlanInput]:
    """Everything that a plan took from outside its sources, by name, each with what says so."""
    inputs = [
        *from_records,
        PlanInput(name="environment", value=request.environment, evidence=request.environment_evidence),
        *(
            PlanInput(name=f"parameters.{name}", value=parameters.values[name], evidence="argument --param")
            for name in parameters.given
            if name in parameters.values
        ),
        *(PlanInput(name=name, value=known.value, evidence=known.evidence) for name, known in outside.items()),
    ]
    if golden_path is not None:
        inputs.append(PlanInput(name="golden_path", value=golden_path, evidence="argument, or the default"))
    if request.task is not None:
        inputs.append(PlanInput(name="workflow", value=request.task, evidence="argument WORKFLOW"))
    if request.overrides is not None:
        inputs += _overridden(request.overrides)
    if request.workflows:
        value = sorted(set(request.workflows))
        inputs.append(PlanInput(name="workflows", value=value, evidence="argument --workflow"))
    if asked_first_deployment:
        evidence = facts.first_deployment_evidence
        inputs.append(PlanInput(name="first_deployment", value=facts.first_deployment, evidence=evidence))
    if removes and facts.deployed is not None:
        names = [resource.name for resource in facts.deployed.resources]
        inputs.append(PlanInput(name="deployed", value=names, evidence=facts.deployed.evidence))
    return sorted(inputs, key=lambda one: one.name)


def plan_limits(config: AdminConfigDocument | None, repository: Repository, consulted: list[str]) -> dict[str, int]:
    """How much runs at once and how long; `consulted` grows by the policies that say so."""
    if config is None:
        return {}
    limits = config.limits
    found = {
        **_limits_of_policies(config, repository, consulted),
        "max_parallel": limits.max_parallel,
        "platform": limits.platform,
        "product": limits.product,
        "application": limits.application,
        **{f"step_types.{name}": most for name, most in sorted(limits.step_types.items())},
        **{f"owners.{name}": most for name, most in sorted(limits.owners.items())},
    }
    return {name: value for name, value in found.items() if value is not None}


def _limits_of_policies(
    config: AdminConfigDocument, repository: Repository, consulted: list[str]
) -> dict[str, int | None]:
    """The smallest `maxConcurrentWorkflows` and `maxWorkflowDuration` written anywhere, as policies are merged."""
    rules = config.workflow_policies
    most, longest = [rules.max_concurrent_workflows], [rules.max_workflow_duration]
    for policies in repository.policies():
        spec = policies.model.spec
        limits = [
            spec.max_concurrent_workflows,
            spec.resources.max_concurrent_workflows,
            spec.max_workflow_duration,
        ]
        if any(limit is not None for limit in limits):
            consulted.append(policies.document.path)
            most += limits[:2]
            longest += limits[2:]
    return {
        "workflows": min((limit for limit in most if limit is not None), default=None),
        "workflow_seconds": min((limit for limit in longest if limit is not None), default=None),
    }


def _overridden(overrides: "Overrides") -> list[PlanInput]:
    """The property overrides in their order, and the path of the file; that is one of the sources too."""
    from innominatus_cli.documents.score_overrides import ARGUMENT, given_properties  # noqa: PLC0415

    found = [
        PlanInput(name=f"score.{one.path}", value=as_literal(one.value), evidence=f"argument {ARGUMENT}")
        for one in given_properties(overrides.properties)
    ]
    if overrides.file is not None:
        found.append(PlanInput(name=OVERRIDES_FILE, value=overrides.file, evidence="argument --overrides-file"))
    return found
