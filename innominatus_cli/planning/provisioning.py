"""The steps that make and remove resources, by whatever provisions them (docs/adr/0045).

A built-in provisioner and one that is code are one step. A provider's workflow is a call, `make-<resource>` or
`update-<resource>`, and a step `provision-<resource>` behind it, which takes the outputs of the call over as those of
the resource: so references, records and removals know a resource by one step, whoever made it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from innominatus_cli.documents.plan import PlanInput
from innominatus_cli.documents.repository import Repository
from innominatus_cli.documents.workflow import StepDefinition, WorkflowDocument
from innominatus_cli.expressions.values import REF
from innominatus_cli.findings.catalogue import plan as plan_codes
from innominatus_cli.findings.catalogue import provisioning as codes
from innominatus_cli.findings.catalogue.expansion import WRONG_CALL_PARAMETER
from innominatus_cli.findings.catalogue.structure import NOTHING_MAKES_RESOURCE
from innominatus_cli.findings.finding import Finding, Place, Related
from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.planning.calls import CALL, PROVISIONING
from innominatus_cli.planning.drafts import DraftStep
from innominatus_cli.planning.files import InputFiles
from innominatus_cli.planning.places import Spot
from innominatus_cli.planning.request import DeployedResource, MadeResource
from innominatus_cli.planning.resource_operations import (
    READS,
    UPDATES,
    Decision,
    decision_for,
    known_of,
    outputs_after,
    remembered,
    taken_by,
)
from innominatus_cli.planning.secret_outputs import SECRET_OUTPUT, with_secrets
from innominatus_cli.planning.shared_resources import MAKES, lets_go
from innominatus_cli.provisioners.choice import Choice, Kind
from innominatus_cli.provisioners.described import DEVELOPMENT
from innominatus_cli.provisioners.registry import PROVISIONERS, Registry, Wanted, registry_of

DELETES: Final = "delete-"
PROVISIONS: Final = "provision-"


@dataclass(slots=True)
class ResourceSteps:
    """Finds who provisions a resource, and writes the steps; `consulted` are the documents that had a say."""

    repository: Repository
    files: InputFiles
    application: str
    environment: str
    product: str | None
    services: Mapping[str, Any] = field(default_factory=dict)
    """The workload's service, as Score provisioner files are told."""
    definitions: Mapping[str, str] = field(default_factory=dict)
    """`resourceDefinitions`: the types that types of Score files stand for."""
    key: Mapping[str, str] = field(default_factory=dict)
    """Variables of steps that make up random outputs: the key that all machines share, as a reference to a secret."""
    cluster: Mapping[str, Any] = field(default_factory=dict)
    """Where objects of provisioners go: what the environment says under `kubernetes`."""
    made: Mapping[str, MadeResource] = field(default_factory=dict)
    """By name the resources that the records say are there."""
    findings: list[Finding] = field(default_factory=list)
    consulted: list[str] = field(default_factory=list)
    outside: list[PlanInput] = field(default_factory=list)
    """What was taken from the records."""
    _registry: Registry | None = None

    @property
    def registry(self) -> Registry:
        """All provisioners; documents are read when it is first asked for."""
        if self._registry is None:
            self._registry = registry_of(self.repository)
        return self._registry

    def making(self, definition: StepDefinition, spot: Spot, ready: Mapping[str, Any], uid: str) -> list[DraftStep]:
        """The steps that make the resource at `spot` of a Score file; `ready` are the inputs of a built-in one's."""
        kind, class_ = str(ready["resourceType"]), str(ready["resourceClass"])
        wanted = Wanted(kind, class_, uid.partition("#")[2], self.product, str(ready["resource"]))
        choice = self._chosen(wanted, spot.at("type").place)
        if choice is None:
            return []
        if choice.kind is Kind.BUILT_IN:
            if PROVISIONERS[choice.type].described and self.environment not in DEVELOPMENT:
                message = f"resource '{wanted.resource}': the type '{kind}' is only described here, and nothing is made"
                remedy = f"Let a provider or a provisioner make it in '{self.environment}'."
                self.findings.append(Finding(NOTHING_MAKES_RESOURCE, message, spot.at("type").place, remedy))
            random = self.key and PROVISIONERS[choice.type].described
            given = definition.model_copy(update={"env": dict(self.key)}) if random else definition
            return [DraftStep(given, spot, ready=ready)]
        for wrong in _unknown_params(choice, ready, spot):
            self.findings.append(wrong)
        if choice.kind is not Kind.WORKFLOW:
            return [self._by_code(definition, spot, ready, choice)]
        return self._by_workflow(definition, spot, ready, choice)

    def removing(
        self, definition: StepDefinition, spot: Spot, resource: DeployedResource, evidence: str
    ) -> list[DraftStep]:
        """The steps that remove what the records say exists."""
        ready: dict[str, Any] = {**resource.inputs, "operation": "delete"}
        if resource.used_by:
            ready, stays = lets_go(resource.name, resource.inputs, resource.used_by, evidence, spot.place)
            self.findings.append(stays)
            return [DraftStep(definition, spot, ready=ready)]
        recorded = ready.get("provisioner")
        if not isinstance(recorded, Mapping):
            return [DraftStep(definition, spot, ready=ready)]
        ready.pop("outputs", None)
        now = self._now(recorded, ready)
        if recorded.get("kind") != Kind.WORKFLOW.value:
            if now is not None and now.kind.value == recorded.get("kind"):
                return [self._by_code(definition, spot, ready, now)]
            return [DraftStep(definition, spot, ready=ready)]
        choice = now or Choice(
            type=str(ready.get("resourceType", "")),
            name=str(recorded.get("name", "")),
            kind=Kind.WORKFLOW,
            place=Place(""),
            version=str(recorded.get("version", "")),
            workflows=dict(recorded.get("workflows", {})),
        )
        if "delete" in choice.workflows:
            return self._by_deletion(definition, spot, ready, choice)
        message = f"resource '{resource.name}' stays: the provider '{choice.name}' has no workflow for 'delete'"
        place = choice.place if choice.place.path else spot.place
        self.findings.append(Finding(codes.LEFT_BEHIND, f"{message} ({evidence})", place))
        return [DraftStep(definition, spot, ready=ready | {"provisioner": choice.as_planned()})]

    def prepared(self, part: DraftStep, product: str | None) -> DraftStep:
        """A step of any workflow, as it goes into the plan.

        A call of a provider's workflow comes back with the secrets that it gives known as such, and a step
        `resource-provisioning` that somebody wrote with the provisioner of its type, where that is not built in.
        """
        if part.called is not None:
            return replace(part, called=with_secrets(part.called)) if part.ready is not None else part
        if part.definition.type != PROVISIONING or part.ready is not None:
            return part
        config = part.definition.config
        if "provisioner" in config:
            place = part.spot.at("config").key("provisioner").place
            message = f"step '{part.definition.name}': 'provisioner' is what planning finds, and nobody writes it"
            self.findings.append(Finding(plan_codes.WRONG_INPUT, message, place, "Remove it."))
            return part
        kind = _said(config, "resourceType", "resource_type", "type")
        return part if not kind or kind in PROVISIONERS or "${" in kind else self._written(part, kind, product)

    def _written(self, part: DraftStep, kind: str, product: str | None) -> DraftStep:
        config, spot = part.definition.config, part.spot.at("config")
        wanted = Wanted(
            type=kind,
            class_=_said(config, "resourceClass", "resource_class", "class") or "default",
            id=_said(config, "resourceId", "resource_id", "id"),
            product=product or self.product,
            resource=_said(config, "resource", "resourceName", "resource_name", "name"),
        )
        key = next((one for one in ("resourceType", "resource_type", "type") if spot.has(one)), "")
        choice = self._chosen(wanted, (spot.at(key) if key else spot).place)
        if choice is None or choice.kind is Kind.BUILT_IN:
            return part
        if choice.kind is Kind.WORKFLOW:
            message = f"the type '{kind}' is made by a workflow of the provider '{choice.name}'"
            remedy = f"Call it: `type: workflow` with `workflow: {choice.workflows.get('create', '')}`."
            self.findings.append(Finding(codes.UNUSABLE_PROVISIONER, message, spot.place, remedy))
            return part
        self.findings += self.files.take(choice.files, spot)
        definition = part.definition.model_copy(
            update={
                "config": {**config, "provisioner": choice.as_planned()},
                "env": {**choice.env, **part.definition.env},
                "timeout": part.definition.timeout or choice.timeout_seconds,
            }
        )
        return replace(part, definition=definition, files=(*part.files, *choice.files))

    def _chosen(self, wanted: Wanted, place: Place) -> Choice | None:
        registry = self.registry
        choice = registry.resolve(wanted, place)
        if isinstance(choice, Finding):
            self.findings.append(choice)
            self.findings += [one for one in registry.findings if one not in self.findings]
            return None
        self.consulted += [path for path in choice.documents if path not in self.consulted]
        return choice

    def _now(self, recorded: Mapping[str, Any], ready: Mapping[str, Any]) -> Choice | None:
        """The provisioner of the records as the repository has it now; None where it has it no more."""
        identity = str(ready.get("resourceId") or f"{self.application}.{ready.get('resource')}")
        wanted = Wanted(
            str(ready.get("resourceType", "")), str(ready.get("resourceClass", "default")), identity, self.product
        )
        choice = self.registry.resolve(wanted, Place(""))
        if isinstance(choice, Finding) or choice.name != recorded.get("name"):
            return None
        self.consulted += [path for path in choice.documents if path not in self.consulted]
        return choice

    def _by_code(self, definition: StepDefinition, spot: Spot, ready: Mapping[str, Any], choice: Choice) -> DraftStep:
        services = {"services": dict(self.services)} if choice.entry >= 0 and self.services else {}
        where = {"cluster": dict(self.cluster)} if self.cluster else {}
        planned = {**ready, "provisioner": choice.as_planned() | services | where}
        self.findings += self.files.take(choice.files, spot)
        key = self.key if choice.kind is Kind.SCORE_TEMPLATE else {}
        written = definition.model_copy(update={"env": {**key, **choice.env}, "timeout": choice.timeout_seconds})
        return DraftStep(written, spot, ready=planned, files=choice.files)

    def _by_workflow(
        self, definition: StepDefinition, spot: Spot, ready: Mapping[str, Any], choice: Choice
    ) -> list[DraftStep]:
        """The calls that make or update a resource, and the step that takes over what they give."""
        planned = {**ready, "provisioner": choice.as_planned()}
        name = str(ready["resource"])
        workflows = self._workflows(choice)
        create = workflows.get("create")
        if create is None:  # why is among the findings of the repository
            return []
        known = self._known(ready, "update")
        decision = Decision("create", "")
        if "update" in workflows:
            decision = decision_for(choice, planned, self.made.get(name), workflows, known)
            self.outside.append(decision.as_input(name))
        elif "update" in choice.workflows:
            decision = Decision("create", "", cannot="its workflow 'update' cannot be read")
        if decision.cannot:
            message = f"resource '{name}': the provider '{choice.name}' makes it again: {decision.cannot}"
            self.findings.append(Finding(codes.UPDATE_NOT_CALLED, message, spot.place))
        self.findings += self._untaken(workflows, ready, choice, spot)
        if decision.operation == "create":
            given = taken_by(create.spec.parameters, ready.get("params") or {}, self._known(ready, "create")).values
            call = _call(definition, choice, "create", f"{MAKES}{name}", decision.because)
            outputs: dict[str, Any] = {
                output: {REF: f"steps.{call.name}.outputs.{output}"} for output in create.spec.outputs
            }
            steps = [DraftStep(call, spot, ready=given)]
        else:
            planned["operation"] = "update"
            call = _call(definition, choice, "update", f"{UPDATES}{name}", decision.because)
            outputs = outputs_after(decision, create.spec.outputs, workflows["update"].spec.outputs, name)
            steps = [DraftStep(call, spot, ready=dict(decision.given))]
            if decision.reads:
                steps.append(self._reading(choice, spot, ready, workflows, decision, call))
        secret = [one for one in outputs if SECRET_OUTPUT.search(one)]
        after = definition.model_copy(
            update={"depends_on": [one.definition.name for one in steps], "secret_outputs": secret}
        )
        return [*steps, DraftStep(after, spot, ready=planned | ({"outputs": outputs} if outputs else {}))]

    def _reading(
        self,
        choice: Choice,
        spot: Spot,
        ready: Mapping[str, Any],
        workflows: Mapping[str, WorkflowDocument],
        decision: Decision,
        behind: StepDefinition,
    ) -> DraftStep:
        """The call that reads secret outputs again, which no record has."""
        because = f"it gives {', '.join(decision.reads)}, which 'update' does not"
        name = f"{READS}{ready['resource']}"
        call = _call(behind, choice, "read", name, because).model_copy(update={"depends_on": [behind.name]})
        tables = remembered(decision.made, workflows["create"].spec.parameters) if decision.made is not None else ()
        known = self._known(ready, "read")
        taken = taken_by(workflows["read"].spec.parameters, ready.get("params") or {}, known, *tables)
        return DraftStep(call, spot, ready=taken.values)

    def _by_deletion(
        self, definition: StepDefinition, spot: Spot, ready: Mapping[str, Any], choice: Choice
    ) -> list[DraftStep]:
        """The call that removes a resource, and the step that says so."""
        workflow = self._workflows(choice, ("delete",)).get("delete")
        if workflow is None:  # why is among the findings of the repository
            return []
        call = _call(definition, choice, "delete", f"{DELETES}{ready['resource']}")
        taken = taken_by(workflow.spec.parameters, ready.get("params") or {}, self._known(ready, "delete"))
        after = definition.model_copy(update={"depends_on": [call.name]})
        planned = {**ready, "provisioner": choice.as_planned()}
        return [DraftStep(call, spot, ready=taken.values), DraftStep(after, spot, ready=planned)]

    def _workflows(
        self, choice: Choice, operations: Sequence[str] = ("create", "update", "read")
    ) -> dict[str, WorkflowDocument]:
        """The workflows of a provider by operation; those that cannot be read are left out."""
        found: dict[str, WorkflowDocument] = {}
        for operation in operations:
            if operation not in choice.workflows or (operation == "read" and "update" not in choice.workflows):
                continue
            path = path_of_call(choice.workflows[operation])
            workflow = self.repository.workflow(path)
            if workflow is not None:
                found[operation] = workflow.model
            if workflow is None or operation != "create":
                self.consulted.append(path)
        return found

    def _untaken(
        self, workflows: Mapping[str, WorkflowDocument], ready: Mapping[str, Any], choice: Choice, spot: Spot
    ) -> Iterator[Finding]:
        """Params that none of a provider's workflows takes."""
        params: Mapping[str, Any] = ready.get("params") or {}
        definitions = [
            one for name in ("create", "update") if name in workflows for one in workflows[name].spec.parameters
        ]
        names = list(dict.fromkeys(one.name for one in definitions))
        for name in sorted(params.keys() - taken_by(definitions, params).params):
            yield Finding(
                WRONG_CALL_PARAMETER,
                f"resource '{ready['resource']}': the provider '{choice.name}' has no param '{name}'",
                spot.at("params").key(name).place,
                did_you_mean(name, names) or f"Known: {', '.join(sorted(names)) or 'none'}.",
                related=(Related("the provider", choice.place),),
            )

    def _known(self, ready: Mapping[str, Any], operation: str) -> dict[str, Any]:
        return known_of(ready, self.application, self.environment, self.product, operation)


def services_of(workload: str, service: object) -> dict[str, Any]:
    """The ports of a workload's service by name and again by number, as provisioners of Score are told."""
    written = service.get("ports") if isinstance(service, Mapping) else None
    ports: dict[str, Any] = {}
    for name, port in sorted(written.items()) if isinstance(written, Mapping) else ():
        if isinstance(port, Mapping) and isinstance(port.get("port"), int):
            said = {
                "name": name,
                "port": port["port"],
                "target_port": port.get("targetPort", port["port"]),
                "protocol": port.get("protocol", "TCP"),
            }
            ports[name] = ports[str(port["port"])] = said
    return {workload: {"ServiceName": workload, "ports": ports}} if ports else {}


def _call(definition: StepDefinition, choice: Choice, operation: str, name: str, because: str = "") -> StepDefinition:
    """The step that calls a workflow of a provider, behind whatever `definition` waits for."""
    return StepDefinition(
        name=name,
        type=CALL,
        workflow=choice.workflows[operation],
        description=f"'{operation}' of the provider '{choice.name}'" + (f": {because}" if because else ""),
        depends_on=list(definition.depends_on or ()),
    )


def path_of_call(written: str) -> str:
    """The repository path of a workflow that a provider names."""
    from innominatus_cli.documents.vendored_names import vendored_path  # noqa: PLC0415 - few are of elsewhere

    return (vendored_path(written) or written) if written.startswith("@") else written


def _said(config: Mapping[str, Any], *keys: str) -> str:
    """What a step says under one of these keys; empty where it is no text."""
    found = next((config[key] for key in keys if key in config), "")
    return found if isinstance(found, str) else ""


def _unknown_params(choice: Choice, ready: Mapping[str, Any], spot: Spot) -> Iterator[Finding]:
    """Params that a provisioner does not take, where it says which ones it takes."""
    if not choice.params:
        return
    for name in sorted((ready.get("params") or {}).keys() - {*choice.params}):
        message = f"resource '{ready['resource']}': the provisioner '{choice.name}' has no param '{name}'"
        remedy = did_you_mean(name, choice.params) or f"Params: {', '.join(choice.params)}."
        related = (Related("the provisioner", choice.place),) if choice.place.path else ()
        yield Finding(WRONG_CALL_PARAMETER, message, spot.at("params").key(name).place, remedy, related=related)
