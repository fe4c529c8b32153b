"""Which gates a plan has: those in it, those of its environment and those of the resource types that it provisions.

The plan says the first ones, so that its digest covers them; the others are policies, of the revision that judges.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Final, NamedTuple

from innominatus_cli.documents.approvers import ApprovalSettings, GateRule
from innominatus_cli.documents.plan import Gate, Plan, PlannedStep

ENVIRONMENT: Final = "environment"
WORKFLOW: Final = "workflow:"
RESOURCE: Final = "resource:"
_PROVISIONS: Final = "resource-provisioning"


class AskedGate(NamedTuple):
    """A gate, and who opens it."""

    id: str
    """A step's id, `workflow:<id>`, `resource:<type>` or `environment`."""
    what: str
    """In words: `step 'deploy'`, `environment 'production'`."""
    teams: tuple[str, ...]
    """Whose members may approve; empty: those of every team."""
    quorum: int
    """How many different people must approve."""
    expires_seconds: int

    @property
    def asks(self) -> str:
        """`2 of platform-team, security`."""
        return f"{self.quorum} of {', '.join(self.teams) or 'any team'}"


class PlanGates:
    """The gates of one plan. `environments` are those of security.requireApproval."""

    def __init__(self, plan: Plan, environments: Collection[str], settings: ApprovalSettings) -> None:
        self._plan = plan
        self._settings = settings
        self._environment = plan.environment in environments or plan.environment in settings.environments
        self._steps = {step.id: step for step in plan.steps}
        self._workflows = {flow.id: flow for flow in plan.workflows}
        self.by_id: Mapping[str, AskedGate] = {gate.id: gate for gate in self._all()}
        """Environment first, then in the order in which the plan comes to them."""

    def before(self, step: PlannedStep) -> list[AskedGate]:
        """The gates that must be open before a step starts, the widest first."""
        names = [ENVIRONMENT, f"{WORKFLOW}{step.workflow_id}"]
        calls = []
        within = step.within
        while within is not None:
            calls.append(f"{WORKFLOW}{within}")
            around = self._steps.get(within)
            within = around.within if around is not None else None
        names += [*reversed(calls), *(f"{RESOURCE}{kind}" for kind in self._types(step)), step.id]
        return [self.by_id[name] for name in names if name in self.by_id]

    def _all(self) -> Iterator[AskedGate]:
        settings = self._settings
        if self._environment:
            rule = settings.environments.get(self._plan.environment, GateRule())
            yield self._of_rule(ENVIRONMENT, f"environment '{self._plan.environment}'", rule)
        for flow in self._plan.workflows:
            if flow.gate is not None:
                yield self._of_plan(f"{WORKFLOW}{flow.id}", f"workflow '{flow.identity}'", flow.gate)
        for step in self._plan.steps:
            if step.group is not None and step.group.gate is not None:
                yield self._of_plan(f"{WORKFLOW}{step.id}", f"workflow '{step.group.workflow}'", step.group.gate)
            for kind in self._types(step):
                yield self._of_rule(f"{RESOURCE}{kind}", f"resource type '{kind}'", settings.resource_types[kind])
            if step.gate is not None:
                yield self._of_plan(step.id, f"step '{step.name}'", step.gate)

    def _types(self, step: PlannedStep) -> list[str]:
        """The types with a gate that a step may provision: all of them where only the run knows which."""
        rules = self._settings.resource_types
        if step.type != _PROVISIONS or not rules:
            return []
        kind = step.inputs.get("resourceType")
        return [name for name in sorted(rules) if name == kind or not isinstance(kind, str)]

    def _of_plan(self, name: str, what: str, gate: Gate) -> AskedGate:
        seconds = gate.expires_seconds if gate.expires_seconds is not None else self._settings.expires
        return AskedGate(name, what, tuple(gate.teams), gate.count, seconds)

    def _of_rule(self, name: str, what: str, rule: GateRule) -> AskedGate:
        seconds = rule.expires if rule.expires is not None else self._settings.expires
        return AskedGate(name, what, tuple(rule.teams), rule.count, seconds)
