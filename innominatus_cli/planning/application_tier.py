"""The application tier: what the Score file says, as workflows.

Generated are `resources` (one step a resource, in dependency order), `workload` (the containers) and `routes`
(resources that lead traffic to the running containers and that nothing waits for); between the first two stand the
Score file's own `workflows:`. A golden path that names a workflow puts that one in the place of all of them.
"""

from collections.abc import Mapping
from typing import Any

from innominatus_cli.documents.score import Resource, WorkloadDocument
from innominatus_cli.documents.score_resources import SharedResource
from innominatus_cli.documents.typed import Typed
from innominatus_cli.documents.vocabulary import Phase, Tier
from innominatus_cli.documents.workflow import StepDefinition
from innominatus_cli.expressions.values import text_of
from innominatus_cli.findings.catalogue.score import RESOURCE_CYCLE
from innominatus_cli.findings.finding import Finding
from innominatus_cli.planning.drafts import Draft, DraftStep, draft_steps
from innominatus_cli.planning.ordering import in_order
from innominatus_cli.planning.places import Spot
from innominatus_cli.planning.provisioning import ResourceSteps
from innominatus_cli.planning.request import Deployed
from innominatus_cli.planning.workload import FoldedWorkload
from innominatus_cli.step_types.contract import APPLICATION_WORKLOAD

RESOURCES = "resources"
WORKLOAD = "workload"
ROUTES = "routes"
GENERATED = "generated"
BUILT_IMAGE = "${workflows."
"""So begins an image that a workflow of an earlier phase or tier builds."""
_ROUTE_TYPES = frozenset({"route", "ingress", "gateway-route"})


def application_tier(
    workload: Typed[WorkloadDocument],
    folded: FoldedWorkload,
    source_files: tuple[str, ...],
    makers: ResourceSteps,
    findings: list[Finding],
    replicas: int | None = None,
) -> list[Draft]:
    """The generated workflows and the application's own. `makers` writes the steps that make resources.

    `replicas` are those of the workload, where the golden path says how many.
    """
    application = _Application(workload, folded, makers)
    routes = application.routes()
    needs = {uid: sorted(resource.needs) for uid, resource in folded.resources.items()}
    order = in_order(list(folded.resources), needs)
    if order.cycle:
        names = [application.name_of(uid) for uid in (*order.cycle, order.cycle[0])]
        place = Spot(workload.document).at("resources", names[0]).place
        message = f"resources need each other in a circle: {' → '.join(names)}"
        findings.append(Finding(RESOURCE_CYCLE, message, place))
        return []
    first = [uid for uid in order.names if uid not in routes]
    drafts = []
    if first:
        steps = [step for uid in first for step in application.provision(uid, order.needs[uid])]
        drafts.append(application.generated(RESOURCES, steps))
    own = application.own(tuple(draft.name for draft in drafts))
    drafts += own
    before = tuple(draft.name for draft in drafts)
    drafts.append(application.generated(WORKLOAD, [application.deploy(source_files, replicas)], before))
    if routes:
        steps = [step for uid in order.names if uid in routes for step in application.provision(uid)]
        drafts.append(application.generated(ROUTES, steps, (WORKLOAD,)))
    return drafts


class _Application:
    def __init__(self, workload: Typed[WorkloadDocument], folded: FoldedWorkload, makers: ResourceSteps) -> None:
        self._spot = Spot(workload.document)
        self._model = workload.model
        self._folded = folded
        self._makers = makers
        self._name = workload.model.metadata.name

    def name_of(self, uid: str) -> str:
        """The name by which steps and references call a resource."""
        return self._folded.resources[uid].declarations[0].name

    def routes(self) -> set[str]:
        """Resources that lead traffic to the workload and that neither containers nor other resources name."""
        resources = self._folded.resources
        needed = self._folded.used.union(*(resource.needs for resource in resources.values()))
        return {uid for uid in resources if self._model.resources[self.name_of(uid)].type in _ROUTE_TYPES} - needed

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

    def provision(self, uid: str, needs: tuple[str, ...] = ()) -> list[DraftStep]:
        name = self.name_of(uid)
        resource = self._model.resources[name]
        names = " and ".join(f"'{one.name}'" for one in self._folded.resources[uid].declarations)
        definition = StepDefinition(
            name=f"provision-{name}",
            type="resource-provisioning",
            description=f"{resource.type} {names} of the Score file",
            depends_on=[f"provision-{self.name_of(need)}" for need in needs],
        )
        ready = self._inputs(name, resource, self._folded.resources[uid])
        return self._makers.making(definition, self._spot.at("resources", name), ready, uid)

    def _inputs(self, name: str, resource: Resource, shared: SharedResource[Any]) -> dict[str, Any]:
        inputs: dict[str, Any] = {
            "resource": name,
            "resourceType": self._makers.definitions.get(resource.type, resource.type),
            "resourceClass": resource.class_,
            "params": shared.source.params or {},
        }
        if resource.id is not None:
            inputs["resourceId"] = resource.id
        annotations = (shared.metadata or {}).get("annotations")
        if annotations:
            inputs["annotations"] = dict(annotations)
        tags = (shared.metadata or {}).get("tags")
        if isinstance(tags, Mapping) and all(isinstance(value, str | int | float) for value in tags.values()):
            inputs["tags"] = {str(name): text_of(value) for name, value in tags.items()}
        return inputs

    def deploy(self, source_files: tuple[str, ...], replicas: int | None) -> DraftStep:
        definition = StepDefinition(
            name="deploy-application", type="kubernetes", description=f"The containers of '{self._name}'"
        )
        ready: dict[str, Any] = {"operation": "apply", "workload": APPLICATION_WORKLOAD}
        if replicas is not None:
            ready["replicas"] = replicas
        built = {
            name: container.image
            for name, container in sorted(self._model.containers.items())
            if container.image.startswith(BUILT_IMAGE)
        }
        spot = self._spot.at("containers")
        return DraftStep(definition, spot, ready=ready, files=source_files, images=built)

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


def removal(name: str, deployed: Deployed, spot: Spot, makers: ResourceSteps) -> list[Draft]:
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
        steps += makers.removing(definition, spot, resource, deployed.evidence)
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
