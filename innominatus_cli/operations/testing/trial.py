"""One test tried: planned from the repository, judged by its policies, and its run simulated. Nothing is written."""

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from innominatus_cli.documents.admin_config import AdminConfigDocument
from innominatus_cli.documents.node_text import text_of_node
from innominatus_cli.documents.plan import Plan, PlannedStep
from innominatus_cli.documents.proposed import ProposedSnapshot
from innominatus_cli.documents.repository import Repository
from innominatus_cli.documents.step_patterns import StepNames, named_by, names_step
from innominatus_cli.documents.verdict import Actor
from innominatus_cli.documents.vocabulary import Operation
from innominatus_cli.documents.workflow_test import Fake, FakedFailure, Given
from innominatus_cli.execution.output_readers import Outline, outputs_read
from innominatus_cli.execution.simulation import FakedStep, Simulation, simulate
from innominatus_cli.findings.catalogue import workflow_tests as codes
from innominatus_cli.findings.catalogue.plan import BAD_ENVIRONMENT_NAME
from innominatus_cli.findings.finding import Finding
from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.ledger.records import is_safe_name
from innominatus_cli.operations.opening import root_of
from innominatus_cli.operations.planning import DEFAULT_ENVIRONMENT, operation_of
from innominatus_cli.operations.testing.declared import Case, PlacedFake
from innominatus_cli.planning.planner import plan_application
from innominatus_cli.planning.request import Facts, PlanOutcome, PlanRequest
from innominatus_cli.policies.facts import JudgeFacts, Judgement, teams_of
from innominatus_cli.policies.judge import judge
from innominatus_cli.policies.policy_set import PolicySet, policy_set

_ACTOR: Final = "test@example.com"
_JUDGED_AT: Final = "2000-01-01T00:00:00.000Z"
_EVIDENCE: Final = "given by a test"
_OF_ARGUMENTS: Final = {"--param": "parameters", "--workflow": "workflows", "GOLDENPATH": "golden_path"}
"""By the path of a place that is no file, what a test gives in the place of that argument."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of a test, before anything is expected of it. `simulation` is None without a plan, or a refused one."""

    case: Case
    outcome: PlanOutcome
    policies: PolicySet = field(default_factory=PolicySet)
    facts: JudgeFacts | None = None
    judgement: Judgement | None = None
    simulation: Simulation | None = None
    steps: tuple[StepNames, ...] = ()
    """The steps of the plan."""
    used_fakes: frozenset[int] = frozenset()
    """The numbers of the fakes of which a step took something."""
    findings: tuple[Finding, ...] = ()
    """What is wrong with the test itself."""
    sources: Mapping[str, str] = field(default_factory=dict)

    @property
    def plan(self) -> Plan | None:
        """The plan, if there is one."""
        return self.outcome.plan

    @property
    def refused(self) -> bool:
        """Whether the policies refuse the plan."""
        return self.judgement is not None and not self.judgement.verdict.allowed


def try_case(repository: Repository, case: Case) -> Trial:
    """Plans, judges and simulates. Raises nothing for what a test says."""
    given = case.given
    score, repository = _score(repository, case, given)
    outcome = _planned(repository, case, given, score)
    sources = repository.sources()
    if outcome.plan is None:
        return Trial(case, outcome, sources=sources)
    policies = policy_set(repository)
    if given.approved:
        policies = replace(policies, require_approval=None)
    facts = _judge_facts(repository, given, policies, outcome)
    judgement = judge(outcome.plan, policies, facts)
    names = names_of(outcome.plan)
    trial = Trial(case, outcome, policies, facts, judgement, steps=names, sources=sources)
    if trial.refused:
        return trial
    return _simulated(trial, outcome.plan, approved=bool(given.approved))


def names_of(plan: Plan) -> tuple[StepNames, ...]:
    """The names of all steps of a plan, in its order."""
    identities = {workflow.id: workflow.identity for workflow in plan.workflows}
    return tuple(_names(step, identities) for step in plan.steps if step.kind == "step")


def _names(step: PlannedStep, identities: Mapping[str, str]) -> StepNames:
    return StepNames(step.id, identities.get(step.workflow_id or "", ""), step.name)


def _score(repository: Repository, case: Case, given: Given) -> tuple[str | None, Repository]:
    """The repository path of the Score file; one that stands in the test is laid over the working tree."""
    folder = posixpath.dirname(case.file.path)
    if not isinstance(given.score, dict):
        written = given.score
        if written is not None and written.startswith(("./", "../")):
            written = posixpath.normpath(posixpath.join(folder, written))
        return written, repository
    path = f"{folder}/{case.file.name}.{case.declared.name}.score.yaml"
    proposed = {path: text_of_node(case.given_node("score")).encode()}
    return path, repository.with_files(ProposedSnapshot(str(root_of(repository)), proposed))


def _planned(repository: Repository, case: Case, given: Given, score: str | None) -> PlanOutcome:
    environment = given.environment or DEFAULT_ENVIRONMENT
    if not is_safe_name(environment):
        message = f"no environment can be called '{environment}'"
        return PlanOutcome(None, (Finding(BAD_ENVIRONMENT_NAME, message, case.given_place("environment")),))
    request = PlanRequest(
        environment=environment,
        environment_evidence=_EVIDENCE,
        operation=Operation.TASK if given.task else operation_of(repository, given.golden_path),
        score_path=score,
        golden_path=given.golden_path,
        task=given.task,
        parameters=tuple((given.parameters or {}).items()),
        parameter_places=case.parameter_places(),
        workflows=tuple(given.workflows or ()),
    )
    facts = Facts(first_deployment=given.first_deployment is not False, first_deployment_evidence=_EVIDENCE)
    outcome = plan_application(repository, request, replace(facts, env=given.env or {}))
    return replace(outcome, findings=tuple(_of_the_test(case, finding) for finding in outcome.findings))


def _of_the_test(case: Case, finding: Finding) -> Finding:
    """A finding about an argument, at the place where the test gives it."""
    key = _OF_ARGUMENTS.get(finding.place.path)
    return finding if key is None else finding._replace(place=case.given_place(key))


def _judge_facts(repository: Repository, given: Given, policies: PolicySet, outcome: PlanOutcome) -> JudgeFacts:
    email = given.actor or _ACTOR
    actor = Actor(name=email.partition("@")[0], email=email, source="a test", teams=teams_of(email, policies.teams))
    admin = repository.admin_config()
    config = admin.model if admin else AdminConfigDocument()
    secrets = config.secrets_in(given.environment or DEFAULT_ENVIRONMENT)
    return JudgeFacts(actor, _JUDGED_AT, secrets, outcome.absent)


def _simulated(trial: Trial, plan: Plan, *, approved: bool) -> Trial:
    fakes = trial.case.fakes
    read = outputs_read(plan)
    of_step: dict[str, list[int]] = {}
    planned = {step.id: step for step in plan.steps}
    identities = {workflow.id: workflow.identity for workflow in plan.workflows}
    findings: list[Finding] = []
    for number, placed in enumerate(fakes):
        named = named_by(placed.fake.step, trial.steps)
        for step in named:
            of_step.setdefault(step.id, []).append(number)
        findings += _wrong_outputs(trial.case, placed, number, [planned[step.id] for step in named], read)

    def faked(step: PlannedStep) -> FakedStep:
        """What a step does; a round of a loop also what is said of the loop."""
        own = [number for number, one in enumerate(fakes) if names_step(one.fake.step, _names(step, identities))]
        of_step[step.id] = sorted({*own, *of_step.get(step.within or "", ())})
        return _merged([fakes[number].fake for number in of_step[step.id]])

    simulation = simulate(plan, faked, approved=approved)
    used = {number for one in simulation.steps if one.began for number in of_step.get(one.step.id, ())}
    steps = tuple(_names(one.step, identities) for one in simulation.steps)
    return replace(trial, simulation=simulation, steps=steps, used_fakes=frozenset(used), findings=tuple(findings))


def _merged(fakes: list[Fake]) -> FakedStep:
    """One step's fakes together: outputs are merged, the last one that speaks of a failure decides."""
    faked = FakedStep()
    for fake in fakes:
        faked = replace(faked, outputs={**faked.outputs, **fake.outputs})
        if "fails" in fake.model_fields_set:
            faked = replace(_failing(fake.fails), outputs=faked.outputs)
    return faked


def _failing(fails: bool | FakedFailure) -> FakedStep:
    if isinstance(fails, FakedFailure):
        return FakedStep({}, fails.attempts, fails.exit_code, fails.prints, times_out=fails.times_out)
    return FakedStep(fails=None if fails else 0)


def _wrong_outputs(
    case: Case, placed: PlacedFake, number: int, steps: list[PlannedStep], read: Mapping[str, Outline]
) -> list[Finding]:
    """ORC-3165: outputs that no step of the fake declares, and that nothing reads."""
    findings = []
    own = number - (len(case.fakes) - len(case.declared.fakes))
    for name in placed.fake.outputs:
        lacking = [step for step in steps if name not in {*step.declared_outputs, *read[step.id]}]
        if not lacking or len(lacking) < len(steps):
            continue
        step = lacking[0]
        keys = ("outputs", name)
        place = case.file.place("spec", "fakes", number, *keys) if own < 0 else case.place("fakes", own, *keys)
        message = f"step '{step.name}' declares no output '{name}', and nothing reads one"
        hint = did_you_mean(name, [*step.declared_outputs, *read[step.id]])
        findings.append(Finding(codes.WRONG_FAKE, message, place, hint))
    return findings
