"""What tests cover: workflows that run, branches of their steps, and policies seen to hold and to refuse.

A step's branches are `ran`; `skipped`, where it has a condition; and `failed`, where somebody wrote what happens then:
`continueOnError`, `retry`, or steps of its workflow that wait for a failure. Each test leaves marks, plain data that
can come from another process; the marks of all tests are counted against what the repository has.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple, TypeAlias

from innominatus_cli.documents.repository import Repository
from innominatus_cli.documents.typed import Typed
from innominatus_cli.documents.vocabulary import When
from innominatus_cli.documents.workflow import StepDefinition, WorkflowDocument
from innominatus_cli.execution.simulation import SimulatedStep
from innominatus_cli.findings.finding import Place, Severity
from innominatus_cli.operations.discovery import identity_of
from innominatus_cli.operations.testing.trial import Trial
from innominatus_cli.policies import judge as judging
from innominatus_cli.policies.policy_set import PolicySet, policy_set
from innominatus_cli.policies.rules import Rule

RAN: Final = "ran"
SKIPPED: Final = "skipped"
FAILED: Final = "failed"
HELD: Final = "held"
REFUSED: Final = "refused"
_POLICY: Final = "policy"

Mark: TypeAlias = tuple[str, int, str]
"""A path, a line and what was seen there; of a policy `policy`, 0 and `<key>=<held or refused>`."""


class Branch(NamedTuple):
    """One way that something can go, and how many tests it went so in."""

    word: str
    tests: int


class CoveredStep(NamedTuple):
    """A step of a workflow."""

    name: str
    line: int
    branches: tuple[Branch, ...]


class CoveredWorkflow(NamedTuple):
    """A workflow; `tests` are those in which one of its steps ran."""

    identity: str
    tier: str
    path: str
    line: int
    tests: int
    steps: tuple[CoveredStep, ...]


class CoveredPolicy(NamedTuple):
    """A rule of the policies, and how many tests saw it hold and refuse."""

    key: str
    place: Place
    branches: tuple[Branch, ...]


class Share(NamedTuple):
    """So many of so many."""

    covered: int
    total: int

    @property
    def percent(self) -> float:
        """From 0 to 100; of nothing, all is covered."""
        return 100 * self.covered / self.total if self.total else 100.0


class Coverage(NamedTuple):
    """What all tests together cover."""

    workflows: tuple[CoveredWorkflow, ...]
    policies: tuple[CoveredPolicy, ...]

    @property
    def of_workflows(self) -> Share:
        """The workflows of which a step ran."""
        return Share(sum(one.tests > 0 for one in self.workflows), len(self.workflows))

    @property
    def of_branches(self) -> Share:
        """The branches of all steps."""
        return _share(branch for flow in self.workflows for step in flow.steps for branch in step.branches)

    @property
    def of_policies(self) -> Share:
        """The outcomes, held and refused, of all policies."""
        return _share(branch for policy in self.policies for branch in policy.branches)

    @property
    def total(self) -> Share:
        """All three together."""
        parts = (self.of_workflows, self.of_branches, self.of_policies)
        return Share(sum(part.covered for part in parts), sum(part.total for part in parts))


def marks_of(trial: Trial) -> list[Mark]:
    """What a test leaves."""
    marks = list(_marks_of_policies(trial))
    for one in trial.simulation.steps if trial.simulation else ():
        where = one.step.provenance
        if where is not None:
            marks += [(where.path, where.line, word) for word in _words(one)]
    return marks


def coverage_of(repository: Repository, tests: Iterable[Iterable[Mark]]) -> Coverage:
    """The marks of tests, counted for every workflow and policy of the repository."""
    seen: Counter[Mark] = Counter()
    paths: set[str] = set()
    for marks in tests:
        once = set(marks)
        seen.update(once)
        seen.update({(path, 0, RAN) for path, _, word in once if word == RAN})
        paths |= {path for path, _, _ in once}
    workflows = [*repository.platform_workflows()]
    for product in repository.products():
        workflows += repository.product_workflows(product)
    known = {workflow.document.path for workflow in workflows} | {_POLICY}
    for path in sorted(paths - known):
        loaded = repository.loaded(path)
        if any(document.kind == "Workflow" for document in loaded.documents):
            reusable = repository.workflow(path)
            workflows += [reusable] if reusable is not None else []
    return Coverage(
        tuple(_covered(workflow, seen) for workflow in workflows),
        tuple(
            CoveredPolicy(key, rule.place, tuple(Branch(word, seen[_mark(key, word)]) for word in _outcomes(key)))
            for key, rule in _rules(policy_set(repository)).items()
        ),
    )


def _share(branches: Iterable[Branch]) -> Share:
    counts = [branch.tests > 0 for branch in branches]
    return Share(sum(counts), len(counts))


def _words(one: SimulatedStep) -> list[str]:
    words = [RAN] if one.began else []
    if one.status == "skipped":
        words.append(SKIPPED)
    if one.began and (one.status in {"failed", "timed_out"} or one.attempts > 1):
        words.append(FAILED)
    return words


def _covered(workflow: Typed[WorkflowDocument], seen: Mapping[Mark, int]) -> CoveredWorkflow:
    document, spec = workflow.document, workflow.model.spec
    root = document.mapping.mapping("spec")
    nodes = [*root.mappings("steps"), *root.mappings("finally")]
    definitions = [*spec.steps, *spec.finally_]
    catches = bool(spec.finally_) or any(step.when in {When.ON_FAILURE, When.ALWAYS} for step in spec.steps)
    cleanup = len(spec.steps)
    path = document.path
    steps = [
        CoveredStep(
            step.name,
            line := document.place(node).line,
            tuple(
                Branch(word, seen[path, line, word])
                for word in _branches(step, catches=catches and number < cleanup, cleanup=number >= cleanup)
            ),
        )
        for number, (node, step) in enumerate(zip(nodes, definitions, strict=True))
    ]
    place = document.place(document.mapping.mapping("metadata").get("name"))
    tests = max((seen[path, step.line, RAN] for step in steps), default=0)
    tier = {"PlatformWorkflow": "platform", "ProductWorkflow": "product"}.get(workflow.model.kind, "reusable")
    return CoveredWorkflow(identity_of(workflow), tier, path, place.line, tests, tuple(steps))


def _branches(step: StepDefinition, *, catches: bool, cleanup: bool) -> Iterator[str]:
    if step.when is not When.MANUAL:
        yield RAN
    if step.if_ is not None or step.unless is not None or step.when in {When.ON_FAILURE, When.MANUAL}:
        yield SKIPPED
    if not cleanup and (step.continue_on_error or step.retry is not None or (catches and step.when is When.ON_SUCCESS)):
        yield FAILED


def _marks_of_policies(trial: Trial) -> Iterator[Mark]:
    plan, facts = trial.plan, trial.facts
    if plan is None or facts is None:
        return
    rules = _rules(trial.policies)
    for policy in judging.POLICIES:
        key = _KEYS[policy.__name__]
        if key in rules:
            refuses = any(one.severity is Severity.ERROR for one in policy(plan, trial.policies, facts))
            yield _mark(key, REFUSED if refuses else HELD)


def _mark(key: str, outcome: str) -> Mark:
    return _POLICY, 0, f"{key}={outcome}"


def _outcomes(key: str) -> tuple[str, ...]:
    """A plan carries the limit on concurrent workflows that its policies set: there is nothing to refuse."""
    return (HELD,) if key == "maxConcurrentWorkflows" else (HELD, REFUSED)


_KEYS: Final = {
    "required_platform_workflows": "requiredPlatformWorkflows",
    "allowed_product_workflows": "allowedProductWorkflows",
    "allowed_step_types": "allowedStepTypes",
    "workflow_overrides": "workflowOverrides",
    "rollback_coverage": "rollbackCoverage",
    "max_workflow_duration": "maxWorkflowDuration",
    "max_concurrent_workflows": "maxConcurrentWorkflows",
    "max_steps_per_workflow": "maxStepsPerWorkflow",
    "require_approval": "security.requireApproval",
    "allowed_executors": "security.allowedExecutors",
    "secrets_access": "security.secretsAccess",
    "allowed_environments": "allowedEnvironments",
    "enforce_backups": "enforceBackups",
}
"""The key of admin-config.yaml by the name of its policy; a test holds both complete."""


def _rules(policies: PolicySet) -> dict[str, Rule[object]]:
    """The rules that somebody wrote, by key; of a table its first one."""
    found: dict[str, Rule[object]] = {}
    for name, key in _KEYS.items():
        written = getattr(policies, name)
        rule = next(iter(written.values()), None) if isinstance(written, Mapping) else written
        if isinstance(rule, Rule):
            found[key] = rule
    return found
