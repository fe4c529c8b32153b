"""`plan`: what somebody wishes, the repository, the records and this machine's facts, joined into a plan."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from innominatus_cli.documents.admin_config import AdminConfigDocument
from innominatus_cli.documents.kinds import overlay_path
from innominatus_cli.documents.plan import Plan
from innominatus_cli.documents.repository import Repository
from innominatus_cli.documents.snapshot import WorkingTreeSnapshot
from innominatus_cli.documents.vendored_names import is_vendored_name
from innominatus_cli.documents.versions import best_of
from innominatus_cli.documents.vocabulary import Operation
from innominatus_cli.findings.catalogue.document import NOT_READABLE
from innominatus_cli.findings.catalogue.ledger import NOT_A_REPOSITORY
from innominatus_cli.findings.catalogue.plan import BAD_ENVIRONMENT_NAME, WRONG_PARAMETER
from innominatus_cli.findings.finding import CannotContinue, Finding, Place, has_errors
from innominatus_cli.ledger.facts import deployed, first_deployment, standing
from innominatus_cli.ledger.opening import store_for
from innominatus_cli.ledger.records import is_safe_name
from innominatus_cli.ledger.store import Records, StoredRecord
from innominatus_cli.ledger.working_tree import WorkingTreeStore
from innominatus_cli.operations.history import score_files
from innominatus_cli.operations.opening import open_repository, repository_path, root_of
from innominatus_cli.operations.overriding import NO_OVERRIDES, Overriding, amendment, read_overrides, sources_of
from innominatus_cli.operations.param_files import ParamFile, read_param_files
from innominatus_cli.operations.plan_judgement import PlanJudgement, judged_plan
from innominatus_cli.operations.planned_revision import GitFacts, Revision
from innominatus_cli.operations.resources.changes import ResourceChange, resource_changes
from innominatus_cli.operations.resources.made import made_resources
from innominatus_cli.operations.resources.sharing import with_users
from innominatus_cli.operations.resources.told_by_hand import scaled_by_hand
from innominatus_cli.operations.sparse_checkout import left_out
from innominatus_cli.planning.comparison import Difference, differences
from innominatus_cli.planning.golden_path_environment import environment_of_path
from innominatus_cli.planning.golden_paths import BUILT_IN
from innominatus_cli.planning.parameters import split_parameters
from innominatus_cli.planning.planner import Spare, plan_application
from innominatus_cli.planning.request import Facts, PlanOutcome, PlanRequest
from innominatus_cli.planning.versions import split_version
from innominatus_cli.system.clock import Clock, SystemClock
from innominatus_cli.system.git import Git

if TYPE_CHECKING:
    from innominatus_cli.documents.score_overrides import Overrides

DEFAULT_ENVIRONMENT: Final = "development"


@dataclass(frozen=True, slots=True)
class PlanWish:
    """What somebody typed. `name` is a golden path or a workflow, None the default golden path."""

    name: str | None = None
    score: str | None = None
    """The Score file's path, as typed."""
    environment: str | None = None
    parameters: tuple[str, ...] = ()
    """`name=value` texts."""
    param_files: tuple[ParamFile, ...] = ()
    """Files of values, relative to the current folder; `parameters` come before what they say."""
    workflows: tuple[str, ...] = ()
    overriding: Overriding = NO_OVERRIDES
    """What is changed in the Score file; its file's path is as typed."""
    list_others: bool = True
    """Whether absent workflows are to hold those of other products; see `PlanRequest`."""


@dataclass(frozen=True, slots=True)
class PlanReport:
    """A plan, and how it differs from the last recorded one of the same application and environment."""

    outcome: PlanOutcome
    compared_with: str | None = None
    """The record whose plan it was compared with; None where there is none."""
    differences: tuple[Difference, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)
    """The texts that findings point into, by path."""
    judged: PlanJudgement | None = None
    """What policies would say to a run of it; None without git, where nothing runs, or without anything to judge."""
    policies_from: str | None = None
    """The revision whose policies those are; None: the same as the plan's."""
    resources: tuple[ResourceChange, ...] = ()
    """What it does to the application's resources."""
    warnings: tuple[Finding, ...] = ()
    """What the records say against it, beside the outcome's findings."""


def plan_for(
    wish: PlanWish,
    directory: Path | None = None,
    policies_from: str | None = None,
    clock: Clock | None = None,
    at: str | None = None,
    *,
    judging: bool = True,
) -> PlanReport:
    """Plans in the repository around `directory`, or in its revision `at`, and compares with the last recorded plan.

    The policies of the same files, or of the revision `policies_from`, judge the plan as they would judge a run now,
    unless nobody is `judging`. Raises CannotContinue where they cannot be read, and for a revision that there is not.
    """
    here = open_repository(directory)
    store = store_of(here)
    root = root_of(here)
    there = None if at is None else Revision(root, at, "--at")
    repository = here if there is None else there.repository()
    outcome = plan_with(repository, store, wish, there)
    plan = outcome.plan
    judged: PlanJudgement | None = None
    sources: Mapping[str, str] = {}
    if judging:
        judged, sources = _judged(outcome, repository, store, policies_from, clock or SystemClock())
    report = PlanReport(outcome, sources=sources, judged=judged, policies_from=policies_from)
    if plan is not None and store is not None and (last := _last_plan(store, plan)) is not None:
        record, earlier = last
        report = replace(report, compared_with=record.path, differences=tuple(differences(earlier, plan)))
    if plan is not None and store is not None:
        changes, warnings = resource_changes(repository, store, plan)
        report = replace(report, resources=changes, warnings=(*warnings, *scaled_by_hand(store, plan)))
    return replace(report, sources={**repository.sources(), **report.sources})


def _judged(
    outcome: PlanOutcome, repository: Repository, store: WorkingTreeStore | None, revision: str | None, clock: Clock
) -> tuple[PlanJudgement | None, Mapping[str, str]]:
    """What policies say of the plan, or of the sketch of one, and the texts that they were read from."""
    if store is None and revision is not None:
        message = "there is no git repository here that could have another revision"
        raise CannotContinue(Finding(NOT_A_REPOSITORY, message, Place("--policies-from")))
    judged = None if store is None else judged_plan(repository, store, outcome, revision, clock)
    return judged, judged.sources if judged is not None else {}


def plan_with(
    repository: Repository, store: Records | None, wish: PlanWish, there: Revision | None = None
) -> PlanOutcome:
    """The plan for a wish, from one repository and its records. Raises CannotContinue for a path outside of it.

    `there` is the revision that the repository is of; None where it is the working tree.
    """
    root = there.root if there is not None else _root(repository)
    git = GitFacts(root) if there is None else there.git_facts
    score = None if wish.score is None else repository_path(root, wish.score)
    outcome = plan_wish(repository, wish, score, root, lambda request: _facts(repository, store, request, git))
    if there is not None or not isinstance(store, WorkingTreeStore):
        return outcome
    lacking = left_out(store.git, repository, outcome.plan.application.product if outcome.plan else None)
    if has_errors(lacking):
        return PlanOutcome(None, tuple(lacking))
    return replace(outcome, findings=(*lacking, *outcome.findings)) if lacking else outcome


def plan_wish(
    repository: Repository,
    wish: PlanWish,
    score: str | None,
    root: Path,
    facts: Callable[[PlanRequest], Facts],
    spare: Spare | None = None,
) -> PlanOutcome:
    """The plan for a wish whose Score file is the repository's `score`; `facts` gives what stands outside of sources.

    `root` is the folder that typed paths are in, `spare` as in `plan_application`. Raises CannotContinue for a path
    outside of it.
    """
    mistaken = None if wish.score is None or score is None else _application_for_file(repository, wish.score, score)
    if mistaken is not None:
        return PlanOutcome(None, (mistaken,))
    parameters, wrong = split_parameters(wish.parameters)
    if wrong:
        place = Place("--param")
        remedy = "Write --param NAME=VALUE, once for each parameter."
        return PlanOutcome(
            None,
            tuple(Finding(WRONG_PARAMETER, f"'{text}' is not of the form NAME=VALUE", place, remedy) for text in wrong),
        )
    of_files = read_param_files(wish.param_files)
    repository.add_sources(of_files.sources)
    if has_errors(of_files.findings):
        return PlanOutcome(None, of_files.findings)
    named = {name for name, _ in parameters}
    golden_path, task = _what(repository, wish.name)
    own = environment_of_path(repository, golden_path, {**of_files.values, **dict(parameters)}, wish.environment)
    if isinstance(own, Finding):
        return PlanOutcome(None, (own,))
    environment = own or wish.environment or DEFAULT_ENVIRONMENT
    overrides = override(repository, score, wish.overriding, root=root, environment=environment)
    if own is None and wish.environment is None and environment_of(repository, score) != environment:
        environment = environment_of(repository, score)
        overrides = override(repository, score, wish.overriding, root=root, environment=environment)
    request = PlanRequest(
        environment=environment,
        operation=Operation.TASK if task is not None else operation_of(repository, golden_path),
        score_path=score,
        golden_path=golden_path,
        task=task,
        parameters=(*parameters, *((name, value) for name, value in of_files.values.items() if name not in named)),
        parameter_places={name: place for name, place in of_files.places.items() if name not in named},
        workflows=wish.workflows,
        overrides=overrides,
        list_others=wish.list_others,
    )
    if not is_safe_name(request.environment):
        message = f"no environment can be called '{request.environment}'"
        return PlanOutcome(None, (Finding(BAD_ENVIRONMENT_NAME, message, Place("--env")),))
    return plan_application(repository, request, facts(request), spare)


def _application_for_file(repository: Repository, typed: str, path: str) -> Finding | None:
    """What is said where the name of an application stands in the place of its Score file; None elsewhere."""
    if os.sep in typed or repository.snapshot.exists(path):
        return None
    known = score_files(repository).get(typed)
    if known is None:
        return None
    message = "there is no such file, but an application of this name"
    return Finding(NOT_READABLE, message, Place(path), f"Name its Score file: {known[0]}")


def override(
    repository: Repository,
    score: str | None,
    overriding: Overriding,
    directory: Path | None = None,
    root: Path | None = None,
    environment: str = DEFAULT_ENVIRONMENT,
) -> "Overrides | None":
    """Lets the Score file be read with what overrides it: the environment's overlay, and what was typed.

    Raises CannotContinue for an overrides file outside.
    """
    if score is None:
        return None
    overlay = overlay_path(score, environment) if is_safe_name(environment) else ""
    if not overlay or not repository.snapshot.exists(overlay):  # a link that leads out is a finding, and not nothing
        overlay = ""
    if not overriding.wanted and not overlay:
        if repository.is_amended(score):
            repository.amend_again(score, None, {})
        return None
    typed = overriding.file
    path = None if typed is None else repository_path(root or _root(repository), typed, directory)
    overrides = read_overrides(overriding, repository.snapshot, path, overlay=overlay or None)
    repository.amend_again(score, amendment(overrides), sources_of(overrides))
    return overrides


def store_of(repository: Repository) -> WorkingTreeStore | None:
    """The records of the repository that is checked out; None without git."""
    git = Git.open(_root(repository))
    if git is None:
        return None
    return store_for(git, admin_of(repository).ledger)


def admin_of(repository: Repository) -> AdminConfigDocument:
    """What admin-config.yaml says, or would say by default."""
    admin = repository.admin_config()
    return admin.model if admin else AdminConfigDocument()


def _root(repository: Repository) -> Path:
    snapshot = repository.snapshot
    return Path(snapshot.root) if isinstance(snapshot, WorkingTreeSnapshot) else Path()


def environment_of(repository: Repository, score: str | None) -> str:
    """The environment where `--env` says none: the Score file's, if admin-config knows its word, else the default."""
    admin = repository.admin_config()
    workload = repository.workload(score) if score is not None else None
    if admin is not None and workload is not None and workload.model.environment is not None:
        written = workload.model.environment.type
        if written in {*admin.model.environments, *(admin.model.policies.allowed_environments or ())}:
            return written
    return DEFAULT_ENVIRONMENT


def _what(repository: Repository, name: str | None) -> tuple[str | None, str | None]:
    """The name as a golden path, or as a workflow that is a task."""
    if name is None:
        return None, None
    plain = split_version(name)[0]
    if plain in BUILT_IN or repository.golden_paths_named(plain):
        return name, None
    return (None, name) if _is_workflow(repository, name) else (name, None)


def _is_workflow(repository: Repository, name: str) -> bool:
    if is_vendored_name(name) or repository.snapshot.is_file(name):
        return True
    first, slash, rest = split_version(name)[0].partition("/")
    organization = first if slash and first in repository.organizations() else ""
    product, slash, workflow = (rest if organization else split_version(name)[0]).rpartition("/")
    if not slash:
        return any(one.model.metadata.name == workflow for one in repository.platform_workflows(organization))
    if product not in repository.products(organization):
        return False
    return any(one.model.metadata.name == workflow for one in repository.product_workflows(product, organization))


def operation_of(repository: Repository, golden_path: str | None) -> Operation:
    """What a golden path is for; a deployment where it is the default one."""
    plain, version = split_version(golden_path or "")
    found = repository.golden_paths_named(plain)
    meant = best_of([path.model.metadata.version for path in found], version)
    return found[meant].model.spec.operation if meant is not None else BUILT_IN.get(plain, Operation.DEPLOY)


def _facts(repository: Repository, store: Records | None, request: PlanRequest, git: Mapping[str, str]) -> Facts:
    workload = repository.workload(request.score_path) if request.score_path is not None else None
    if store is None or workload is None:
        return Facts(env=os.environ, git=git)
    name = workload.model.metadata.name
    first, evidence = first_deployment(store, name, request.environment)
    if request.operation is not Operation.UNDEPLOY:
        return Facts(
            first, evidence, os.environ, git, made=made_resources(repository, store, name, request.environment)
        )
    there, stands = deployed(store, name, request.environment), standing(store, name, request.environment)
    if there is not None:
        there = with_users(store, name, request.environment, there)
    return Facts(first, evidence, os.environ, git, there, standing=stands)


def _last_plan(store: Records, plan: Plan) -> tuple[StoredRecord, Plan] | None:
    """The newest record of the same application, environment and operation whose plan is still there; no rollback."""
    for stored in reversed(store.records(plan.application.name, plan.environment)):
        record = stored.record
        if record.plan is None or record.rolls_back is not None or record.operation != plan.operation:
            continue
        found = store.plan(record.plan)
        if found is not None:
            return stored, found
    return None
