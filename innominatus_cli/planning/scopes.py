"""What the references of a step may name: the contexts of a workflow, as they are for each of its steps."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from innominatus_cli.documents.workflow import StepDefinition
from innominatus_cli.expressions.contexts import (
    Context,
    LaterContext,
    OutsideContext,
    Scope,
)
from innominatus_cli.planning.loop_contexts import NoLoopContext
from innominatus_cli.planning.ordering import Before, Order
from innominatus_cli.planning.step_contexts import (
    FindStepType,
    ParametersContext,
    ResourcesContext,
    StepsContext,
    TerraformContext,
    VariablesContext,
    WorkflowsContext,
)
from innominatus_cli.step_types.catalogue import step_type

RUN_NAMES = frozenset({"id", "startedAt", "application", "environment", "operation"})
"""What `${run.…}` may name: the run's ULID, its start (RFC 3339), and what it is a run of."""


@dataclass(frozen=True)
class Surroundings:
    """What all workflows of a plan share: static contexts, facts, tables."""

    application: Context
    metadata: Context
    environment: Context
    admin: Context
    secrets: frozenset[str] = frozenset()
    env: Mapping[str, str] = field(default_factory=dict)
    """Allow-listed environment variables that are set."""
    git: Mapping[str, str] = field(default_factory=dict)
    resources: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    first_names: Mapping[str, str] = field(default_factory=dict)
    """Of resources that have several names, the one that they are provisioned under."""
    find: FindStepType = step_type
    """Looks a step type up."""
    watch: Callable[[str, Context], Context] | None = None
    """What is put before each context that is not of one workflow alone, by its name."""

    @cached_property
    def contexts(self) -> Mapping[str, Context]:
        """The contexts that are the same everywhere."""
        return {name: self.watched(name, context) for name, context in self._contexts().items()}

    def watched(self, name: str, context: Context) -> Context:
        """The context, or what watches it."""
        return context if self.watch is None else self.watch(name, context)

    def _contexts(self) -> dict[str, Context]:
        return {
            "application": self.application,
            "metadata": self.metadata,
            "environment": self.environment,
            "admin": self.admin,
            "git": OutsideContext(
                "git",
                self.git,
                lambda name: "git HEAD" if name == "commit" else f"git {name}",
                lambda _: "Known: commit, branch; a repository without commits has neither.",
            ),
            "env": OutsideContext(
                "env",
                self.env,
                lambda name: f"environment variable {name}",
                lambda name: f"List {name} under 'env' in admin-config.yaml and set it.",
            ),
            "run": LaterContext("run", RUN_NAMES),
            "secrets": LaterContext(
                "secrets", self.secrets, secret=True, remedy="Secrets are defined in admin-config.yaml."
            ),
            "item": NoLoopContext("item", "forEach"),
            "matrix": NoLoopContext("matrix", "matrix"),
        }


@dataclass(frozen=True)
class WorkflowScope:
    """Everything that the scopes of a workflow's steps are made from."""

    surroundings: Surroundings
    steps: Mapping[str, StepDefinition]
    order: Order
    variables: Mapping[str, Any]
    parameters: Mapping[str, Any]
    earlier: Mapping[str, frozenset[str]]
    """Outputs of workflows behind an earlier barrier, by identity."""
    resources_available: bool
    call: str = ""
    """In a sub-workflow: the name of the step that calls it, in the plan."""
    called_outputs: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Outputs of the workflows that steps call, by the step's name."""
    replaced: Mapping[str, str] = field(default_factory=dict)
    """Identities of overridden workflows, and of those in their place."""

    def of_step(self, name: str) -> Scope:
        """The scope of one step; the workflow's outputs have that of a step behind all others, `""`."""
        return self._scope(self.order.before(name))

    def before_steps(self) -> Scope:
        """The scope of what is evaluated before any step: variables."""
        return self._scope(Before((), {}, 0))

    @cached_property
    def _shared(self) -> dict[str, Context]:
        """Contexts that are the same for every step of the workflow."""
        return {
            **self.surroundings.contexts,
            "workflows": self.surroundings.watched("workflows", WorkflowsContext(self.earlier, self.replaced)),
            "parameters": ParametersContext(self.parameters, self.call),
        }

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(self.steps)

    @cached_property
    def _setters(self) -> dict[str, frozenset[str]]:
        setters: dict[str, frozenset[str]] = {}
        for name, step in self.steps.items():
            for variable in step.set_variables:
                setters[variable] = setters.get(variable, frozenset()) | {name}
        return setters

    def _scope(self, before: Before) -> Scope:
        prefix = f"{self.call}." if self.call else ""
        steps = StepsContext(self.steps, before, prefix, self.called_outputs, self.surroundings.find)
        variables = VariablesContext(self.variables, self._setters, before, f"{self.call}/" if self.call else "")
        contexts: dict[str, Context] = {
            **self._shared,
            "steps": steps,
            "variables": variables,
            "workflow": variables,
            "terraform": TerraformContext(steps),
            "resources": ResourcesContext(
                self.surroundings.resources, self.resources_available, steps, self.surroundings.first_names
            ),
        }
        return Scope(contexts, self._names)
