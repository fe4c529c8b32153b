"""The steps that make and remove resources, by whatever provisions them (docs/adr/0045).

A built-in provisioner and one that is code are one step. A provider's workflow is a call, `make-<resource>`, and a step
`provision-<resource>` behind it, which takes the outputs of the call over as those of the resource: so references,
records and removals know a resource by one step, whoever made it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from innominatus_cli.documents.repository import Repository
from innominatus_cli.documents.workflow import ParameterDefinition, StepDefinition
from innominatus_cli.expressions.values import REF
from innominatus_cli.findings.catalogue import plan as plan_codes
from innominatus_cli.findings.catalogue import provisioning as codes
from innominatus_cli.findings.catalogue.expansion import WRONG_CALL_PARAMETER
from innominatus_cli.findings.catalogue.structure import NOTHING_MAKES_RESOURCE
from innominatus_cli.findings.finding import Finding, Place, Related
from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.planning.calls import CALL, PROVISIONING
from innominatus_cli.planning.drafts import Called, DraftStep
from innominatus_cli.planning.files import InputFiles
from innominatus_cli.planning.places import Spot
from innominatus_cli.planning.request import DeployedResource
from innominatus_cli.planning.shared_resources import MAKES, lets_go
from innominatus_cli.provisioners.choice import Choice, Kind
from innominatus_cli.provisioners.described import DEVELOPMENT
from innominatus_cli.provisioners.registry import PROVISIONERS, Registry, Wanted, registry_of

DELETES: Final = "delete-"
PROVISIONS: Final = "provision-"
_SECRET: Final = re.compile(
    r"(?:^|[_-])(?:password|passwd|passphrase|token|secret|private[_-]?key|secret[_-]?key|access[_-]?key|api[_-]?key"
    r"|connection[_-]?string|dsn)$",
    re.IGNORECASE,
)
_OUTPUT: Final = re.compile(r"\bsteps\.([A-Za-z0-9_-]+)\.outputs?\.([A-Za-z0-9_-]+)")
_ALL_PARAMS: Final = frozenset({"params", "resourceparams", "properties", "configuration", "config"})


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
    findings: list[Finding] = field(default_factory=list)
    consulted: list[str] = field(default_factory=list)
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
        return self._by_workflow(definition, spot, ready, choice, "create")

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
            return self._by_workflow(definition, spot, ready, choice, "delete")
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
        self, definition: StepDefinition, spot: Spot, ready: Mapping[str, Any], choice: Choice, operation: str
    ) -> list[DraftStep]:
        """The call, and the step that takes over what it gives."""
        name, written = str(ready["resource"]), choice.workflows[operation]
        workflow = self.repository.workflow(_path(written))
        if workflow is None:  # why is among the findings of the repository
            self.consulted.append(_path(written))
            return []
        call = StepDefinition(
            name=f"{MAKES if operation == 'create' else DELETES}{name}",
            type=CALL,
            workflow=written,
            description=f"'{operation}' of the provider '{choice.name}'",
            depends_on=list(definition.depends_on or ()),
        )
        parameters, wrong = self._parameters(workflow.model.spec.parameters, ready, choice, operation, spot)
        self.findings += wrong
        outputs = {
            output: {REF: f"steps.{call.name}.outputs.{output}"}
            for output in (workflow.model.spec.outputs if operation == "create" else ())
        }
        secret = [one for one in outputs if _SECRET.search(one)]
        after = definition.model_copy(update={"depends_on": [call.name], "secret_outputs": secret})
        planned = {**ready, "provisioner": choice.as_planned(), **({"outputs": outputs} if outputs else {})}
        return [DraftStep(call, spot, ready=parameters), DraftStep(after, spot, ready=planned)]

    def _parameters(
        self,
        definitions: Sequence[ParameterDefinition],
        ready: Mapping[str, Any],
        choice: Choice,
        operation: str,
        spot: Spot,
    ) -> tuple[dict[str, Any], list[Finding]]:
        """What a provider's workflow is called with: the params by name, and what is known of the resource."""
        params: Mapping[str, Any] = ready.get("params") or {}
        known = self._known(ready, operation)
        plain = {_plain(key): key for key in params}
        given: dict[str, Any] = {}
        taken: set[str] = set()
        for one in definitions:
            key = one.name if one.name in params else plain.get(_plain(one.name))
            if key is not None:
                given[one.name] = params[key]
                taken.add(key)
            elif _plain(one.name) in _ALL_PARAMS:
                given[one.name] = dict(params)
                taken |= params.keys()
            elif _plain(one.name) in known:
                given[one.name] = known[_plain(one.name)]
        if operation != "create":
            return given, []
        names = [one.name for one in definitions]
        wrong = [
            Finding(
                WRONG_CALL_PARAMETER,
                f"resource '{ready['resource']}': the provider '{choice.name}' has no param '{name}'",
                spot.at("params").key(name).place,
                did_you_mean(name, names) or f"Known: {', '.join(sorted(names)) or 'none'}.",
                related=(Related("the provider", choice.place),),
            )
            for name in sorted(params.keys() - taken)
        ]
        return given, wrong

    def _known(self, ready: Mapping[str, Any], operation: str) -> dict[str, Any]:
        """What parameters of these names (in any spelling) are, where no param says it."""
        application = self.application
        return {
            "resourcename": ready["resource"],
            "resourcetype": ready["resourceType"],
            "resourceclass": ready.get("resourceClass", "default"),
            "resourceid": ready.get("resourceId") or f"{application}.{ready['resource']}",
            "application": application,
            "applicationname": application,
            "appname": application,
            "environment": self.environment,
            "product": self.product or "",
            "operation": operation,
        }


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


def with_secrets(called: Called) -> Called:
    """What a provider's workflow is, with secrets among its outputs known as such where they come from.

    Providers' workflows have no word for that; an output that is called `password` or alike is one.
    """
    secret: dict[str, set[str]] = {}
    for name, value in called.draft.outputs.items():
        if _SECRET.search(name) and isinstance(value, str):
            for step, output in _OUTPUT.findall(value):
                secret.setdefault(step, set()).add(output)
    if not secret:
        return called
    steps = tuple(_keeping(part, secret.get(part.definition.name, set())) for part in called.draft.steps)
    return replace(called, draft=replace(called.draft, steps=steps))


def _keeping(part: DraftStep, secret: set[str]) -> DraftStep:
    if not secret or part.called is not None:
        return part
    names = sorted({*part.definition.secret_outputs, *secret})
    return replace(part, definition=part.definition.model_copy(update={"secret_outputs": names}))


def _path(written: str) -> str:
    from innominatus_cli.documents.vendored_names import vendored_path  # noqa: PLC0415 - few are of elsewhere

    return (vendored_path(written) or written) if written.startswith("@") else written


def _said(config: Mapping[str, Any], *keys: str) -> str:
    """What a step says under one of these keys; empty where it is no text."""
    found = next((config[key] for key in keys if key in config), "")
    return found if isinstance(found, str) else ""


def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()


def _unknown_params(choice: Choice, ready: Mapping[str, Any], spot: Spot) -> Iterator[Finding]:
    """Params that a provisioner does not take, where it says which ones it takes."""
    if not choice.params:
        return
    for name in sorted((ready.get("params") or {}).keys() - {*choice.params}):
        message = f"resource '{ready['resource']}': the provisioner '{choice.name}' has no param '{name}'"
        remedy = did_you_mean(name, choice.params) or f"Params: {', '.join(choice.params)}."
        related = (Related("the provisioner", choice.place),) if choice.place.path else ()
        yield Finding(WRONG_CALL_PARAMETER, message, spot.at("params").key(name).place, remedy, related=related)
