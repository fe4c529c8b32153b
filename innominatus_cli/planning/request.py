"""What planning is asked, what it may know from outside the sources, and what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from innominatus_cli.documents.plan import AbsentWorkflow, Plan
from innominatus_cli.documents.vocabulary import Operation
from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import Finding, Place, Severity
from innominatus_cli.planning.drafts import Draft

if TYPE_CHECKING:
    from innominatus_cli.documents.score_overrides import Overrides
    from innominatus_cli.planning.removal import Standing
    from innominatus_cli.planning.siblings import Rest


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """What somebody wants. `golden_path` and `task` name what `run` runs; at most one of them is set.

    `score_path` is relative to the repository root. `parameters` are pairs: texts as given by `--param`, and typed
    values of files, which `parameter_places` has the places of.
    """

    environment: str
    environment_evidence: str = "--env, or its default"
    """The same however the environment was chosen: a default that is spelled out gives the same plan."""
    operation: Operation = Operation.DEPLOY
    score_path: str | None = None
    golden_path: str | None = None
    task: str | None = None
    parameters: tuple[tuple[str, Any], ...] = ()
    parameter_places: Mapping[str, Place] = field(default_factory=dict)
    workflows: tuple[str, ...] = ()
    """Identities given by `--workflow`."""
    overrides: "Overrides | None" = None
    """What the repository has put into the Score file."""
    list_others: bool = True
    """Whether the absent workflows are to hold those of all other products: the one thing that takes longer in a larger
    repository, and changes no plan."""


@dataclass(frozen=True, slots=True)
class DeployedResource:
    """A resource that the records say exists: the inputs of the step that made it, references resolved or absent."""

    name: str
    inputs: Mapping[str, Any]
    used_by: tuple[str, ...] = ()
    """Other applications that share it, so that it stays when this one goes."""


@dataclass(frozen=True, slots=True)
class Deployed:
    """What the records say exists of an application in an environment, in the order in which it was made."""

    evidence: str
    """The record that says so."""
    resources: tuple[DeployedResource, ...] = ()
    workload: Mapping[str, Any] | None = None
    """Inputs of the step that deployed the workload; None where none did."""


@dataclass(frozen=True, slots=True)
class MadeResource:
    """A resource that the records say is there."""

    inputs: Mapping[str, Any]
    """Of the step that made or changed it last with success, as its plan has them."""
    evidence: str
    """The record since which it is as it is."""
    attempted: Mapping[str, Any] | None = None
    """Inputs of the newest step about it, where that is another one: it may have been changed half way."""
    outputs: Mapping[str, Any] = field(default_factory=dict)
    """What the records have of its outputs."""
    withheld: tuple[str, ...] = ()
    """Names of outputs that are in no record: secrets."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What stands outside the sources; whatever a plan takes from here, it lists under `inputs` with its evidence."""

    first_deployment: bool = True
    first_deployment_evidence: str = "no record of a successful deployment"
    env: Mapping[str, str] = field(default_factory=dict)
    """The environment variables of this process; only the allow-listed ones are ever looked at."""
    git: Mapping[str, str] = field(default_factory=dict)
    """`commit` and `branch`, where there are any."""
    deployed: Deployed | None = None
    made: Mapping[str, MadeResource] = field(default_factory=dict)
    """For a deployment: by name the application's resources that are there."""
    standing: "Standing | None" = None
    """For a removal: all runs whose work stands."""


@dataclass(frozen=True, slots=True)
class PlanOutcome:
    """A plan, or the findings because of which there is none; warnings stand beside a plan."""

    plan: Plan | None
    findings: tuple[Finding, ...] = ()
    absent: tuple[AbsentWorkflow, ...] = ()
    resolved: tuple[Draft, ...] = ()
    """The workflows that were chosen, also where errors stand in the way of a plan."""
    sketch: Plan | None = None
    """What policies judge where errors stand in the way of a plan; None beside a plan."""
    rest: "Rest | None" = None
    """What the plan says of the workflows that other applications have too, where that can be said."""
    spared: bool = False
    """Whether the caller of `plan_application` ended planning, because it knew the plan."""

    @property
    def exit_status(self) -> ExitStatus:
        """The exit status without a plan: 65 where a vendored workflow or its lock cannot be trusted, else 1."""
        errors = (finding for finding in self.findings if finding.severity is Severity.ERROR)
        corrupt = any(finding.code.exit_status is ExitStatus.CORRUPT for finding in errors)
        return ExitStatus.CORRUPT if corrupt else ExitStatus.FINDINGS
