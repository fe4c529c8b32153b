"""The application tier: what the Score file says, as workflows.

Generated are `resources` (one step a resource, in dependency order), `workload` (the containers) and `routes`
(resources that lead traffic to the running containers and that nothing waits for); between the first two stand the
Score file's own `workflows:`. A golden path that names a workflow puts that one in the place of all of them.
"""

from collections.abc import Mapping
from typing import Any

from innominatus_cli.documents.score import Resource, WorkloadDocument
from innominatus_cli.documents.typed import Typed
from innominatus_cli.documents.vocabulary import Phase, Tier
from innominatus_cli.documents.workflow import StepDefinition
from innominatus_cli.findings.catalogue.workflow import RESOURCE_CYCLE
from innominatus_cli.findings.finding import Finding
from innominatus_cli.planning.drafts import Draft, DraftStep, draft_steps
from innominatus_cli.planning.ordering import in_order
from innominatus_cli.planning.places import Spot
from innominatus_cli.planning.request import Deployed
from innominatus_cli.planning.workload import FoldedWorkload
from innominatus_cli.step_types.contract import APPLICATION_WORKLOAD

RESOURCES = "resources"
WORKLOAD = "workload"
ROUTES = "routes"
GENERATED = "generated"
_ROUTE_TYPES = frozenset({"route", "ingress", "gateway-route"})


def application_tier(
    workload: Typed[WorkloadDocument],
    folded: FoldedWorkload,
    source_files: tuple[str, ...],
    definitions: Mapping[str, str],
    findings: list[Finding],
) -> list[Draft]:
    """The generated workflows and the application's own. `definitions` maps resource types to what provisions them."""
    application = _Application(workload, folded, definitions)
    routes = application.routes()
    order = in_order(sorted(workload.model.resources), {name: sorted(needs) for name, needs in folded.needs.items()})
    if order.cycle:
        circle = " → ".join((*order.cycle, order.cycle[0]))
        place = Spot(workload.document).at("resources", order.cycle[0]).place
        findings.append(Finding(RESOURCE_CYCLE, f"resources need each other in a circle: {circle}", place))
        return []
    first = [name for name in order.names if name not in routes]
    drafts = []
    if first:
        drafts.append(application.generated(RESOURCES, [application.provision(name, order.needs) for name in first]))
    own = application.own(tuple(draft.name for draft in drafts))
    drafts += own
    before = tuple(draft.name for draft in drafts)
    drafts.append(application.generated(WORKLOAD, [application.deploy(source_files)], before))
    if routes:
        steps = [application.provision(name, {}) for name in order.names if name in routes]
        drafts.append(application.generated(ROUTES, steps, (WORKLOAD,)))
    return drafts


class _Application:
    def __init__(
        self, workload: Typed[WorkloadDocument], folded: FoldedWorkload, definitions: Mapping[str, str]
    ) -> None:
        self._spot = Spot(workload.document)
        self._model = workload.model
        self._folded = folded
        self._definitions = definitions
        self._name = workload.model.metadata.name

    def routes(self) -> set[str]:
        """Resources that lead traffic to the workload and that neither containers nor other resources name."""
        needed = self._folded.used.union(*self._folded.needs.values())
        return {name for name, resource in self._model.resources.items() if resource.type in _ROUTE_TYPES} - needed

    def generated(self, name: str, steps: list[DraftStep], needs: tuple[str, ...] = ()) -> Draft:
        spot = self._spot.at("metadata", "name")
        return Draft(
            name=name,
            identity=f"{self._name}/{name}",
            tier=Tier.APPLICATION,
            phase=Phase.DEPLOYMENT,
            trigger=GENERATED,
            spot=spot,
            spec=spot,
            steps=tuple(steps),
            needs=needs,
        )

    def provision(self, name: str, needs: Mapping[str, tuple[str, ...]]) -> DraftStep:
        resource = self._model.resources[name]
        definition = StepDefinition(
            name=f"provision-{name}",
            type="resource-provisioning",
            description=f"{resource.type} '{name}' of the Score file",
            depends_on=[f"provision-{need}" for need in needs.get(name, ())],
        )
        ready = self._inputs(name, resource)
        return DraftStep(definition, self._spot.at("resources", name), ready=ready)

    def _inputs(self, name: str, resource: Resource) -> dict[str, Any]:
        inputs: dict[str, Any] = {
            "resource": name,
            "resourceType": self._definitions.get(resource.type, resource.type),
            "resourceClass": resource.class_,
            "params": self._folded.params.get(name, {}),
        }
        if resource.id is not None:
            inputs["resourceId"] = resource.id
        if resource.metadata.annotations:
            inputs["annotations"] = dict(resource.metadata.annotations)
        return inputs

    def deploy(self, source_files: tuple[str, ...]) -> DraftStep:
        definition = StepDefinition(
            name="deploy-application", type="kubernetes", description=f"The containers of '{self._name}'"
        )
        ready = {"operation": "apply", "workload": APPLICATION_WORKLOAD}
        return DraftStep(definition, self._spot.at("containers"), ready=ready, files=source_files)

    def own(self, needs: tuple[str, ...]) -> list[Draft]:
        drafts = []
        for name, workflow in sorted(self._model.workflows.items()):
            spec = self._spot.at("workflows", name)
            drafts.append(
                Draft(
                    name=name,
                    identity=f"{self._name}/{name}",
                    tier=Tier.APPLICATION,
                    phase=Phase.DEPLOYMENT,
                    trigger=f"score workflows.{name}",
                    spot=Spot(self._spot.document, self._spot.at("workflows").key(name).node),
                    spec=spec,
                    steps=draft_steps(workflow.steps, (), spec),
                    needs=needs,
                    variables=workflow.variables,
                    outputs=workflow.outputs,
                )
            )
        return drafts


def removal(name: str, deployed: Deployed, spot: Spot) -> list[Draft]:
    """The workflow that removes what the records say exists: the workload first, resources in reverse order."""
    steps: list[DraftStep] = []
    if deployed.workload is not None:
        definition = StepDefinition(
            name="remove-application", type="kubernetes", description=f"The containers of '{name}'"
        )
        steps.append(DraftStep(definition, spot, ready={**deployed.workload, "operation": "delete"}))
    for resource in reversed(deployed.resources):
        definition = StepDefinition(
            name=f"deprovision-{resource.name}",
            type="resource-provisioning",
            description=f"Resource '{resource.name}', as {deployed.evidence} has it",
        )
        steps.append(DraftStep(definition, spot, ready={**resource.inputs, "operation": "delete"}))
    if not steps:
        return []
    return [
        Draft(
            name="removal",
            identity=f"{name}/removal",
            tier=Tier.APPLICATION,
            phase=Phase.DEPLOYMENT,
            trigger=GENERATED,
            spot=spot,
            spec=spot,
            steps=tuple(steps),
        )
    ]
