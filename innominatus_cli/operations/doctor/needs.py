"""Which programs the workflows of a repository need, and what needs them. Nothing is executed, no program is asked."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from innominatus_cli.documents.admin_config import AdminConfigDocument, EnvironmentDefinition
from innominatus_cli.documents.kinds import WORKFLOW_KINDS
from innominatus_cli.documents.nodes import Document
from innominatus_cli.documents.plan import Plan, ToolNeed
from innominatus_cli.documents.repository import ADMIN_CONFIG, YAML, Repository
from innominatus_cli.documents.typed import Typed, typed_or_findings
from innominatus_cli.documents.workflow import StepDefinition, WorkflowDocument
from innominatus_cli.findings.finding import CannotContinue, Severity
from innominatus_cli.operations.opening import root_of
from innominatus_cli.operations.planning import DEFAULT_ENVIRONMENT, PlanWish, plan_with, store_of
from innominatus_cli.planning.known_conditions import never_runs
from innominatus_cli.planning.own_types import StepTypes
from innominatus_cli.planning.places import Spot
from innominatus_cli.step_types.contract import StepType
from innominatus_cli.step_types.programs import BASH

_STORES: Final = {"aws": "aws", "azure": "az", "gcp": "gcloud"}
_CHECKS: Final = ("healthChecks", "checks", "until")
_MAY_HAVE_A_SCRIPT: Final = frozenset({"policy", "test", "validation"})
_OURS: Final = (("git", "innominatus-ctl itself: records, locks and plans of revisions"),)


@dataclass(slots=True)
class Needs:
    """Needed programs: their ranges, and who needs them (`path:line: step 'name'`)."""

    ranges: dict[str, list[str]] = field(default_factory=dict)
    users: dict[str, list[str]] = field(default_factory=dict)
    secrets: set[str] | None = None
    """Names of the secrets that are used; None where all of them count."""

    def add(self, name: str, user: str, wanted: str = "*") -> None:
        """One more user of a program."""
        ranges, users = self.ranges.setdefault(name, []), self.users.setdefault(name, [])
        if wanted not in {"", "*", *ranges}:
            ranges.append(wanted)
        if user not in users:
            users.append(user)


def needs_of_everything(repository: Repository, environments: Sequence[str]) -> Needs:
    """What all workflows need, and what the plans of all applications add, in these environments (default: all)."""
    admin = _admin(repository)
    names = list(environments) or sorted(admin.environments) or [DEFAULT_ENVIRONMENT]
    needs = _own_needs(repository, admin, names)
    for workflow in _workflows(repository, admin):
        _add_workflow(needs, repository, workflow, {name: admin.environment(name) for name in names}, admin)
    for path in repository.application_paths():
        for name in names:
            plan = _planned(repository, f"{root_of(repository)}/{path}", name, must=False)
            if plan is not None:
                _add_plan(needs, plan)
    return needs


def needs_of(repository: Repository, scores: Iterable[str], environment: str | None) -> Needs:
    """What the plans of these applications need. Raises CannotContinue where one of them cannot be planned."""
    needs = _own_needs(repository, _admin(repository), [environment or DEFAULT_ENVIRONMENT])
    needs.secrets = set()
    for score in scores:
        plan = _planned(repository, score, environment, must=True)
        if plan is not None:
            _add_plan(needs, plan)
    return needs


def _admin(repository: Repository) -> AdminConfigDocument:
    found = repository.admin_config()
    return AdminConfigDocument() if found is None else found.model


def _planned(repository: Repository, score: str, environment: str | None, *, must: bool) -> Plan | None:
    outcome = plan_with(repository, store_of(repository), PlanWish(score=score, environment=environment))
    if outcome.plan is None and must:
        raise CannotContinue(*(one for one in outcome.findings if one.severity is Severity.ERROR))
    return outcome.plan


def _own_needs(repository: Repository, admin: AdminConfigDocument, environments: Iterable[str]) -> Needs:
    """What the tool itself needs, and the stores of secrets."""
    needs = Needs()
    for name, why in _OURS:
        needs.add(name, why)
    written = repository.admin_config()
    secrets = [(name, entry.here(one)) for name, entry in sorted(admin.secrets.items()) for one in environments]
    for name, secret in secrets:
        program = secret.command[0] if secret.store == "command" and secret.command else _STORES.get(secret.store)
        if program and written is not None:
            node = written.document.mapping.mapping("secrets").get(name)
            place = written.document.place(node)
            needs.add(program, f"{ADMIN_CONFIG}:{place.line}: secret '{name}'")
    return needs


def _workflows(repository: Repository, admin: AdminConfigDocument) -> Iterator[Typed[WorkflowDocument]]:
    """All workflows below the folder of workflows and in those of enabled providers; broken ones are passed over."""
    folders = [repository.workflows_root]
    folders += [one.path for one in admin.providers if one.enabled and one.type == "filesystem" and one.path]
    seen: set[str] = set()
    for folder in folders:
        for path in repository.snapshot.paths(folder.removeprefix("./").rstrip("/"), YAML):
            if path in seen:
                continue
            seen.add(path)
            for document in repository.loaded(path).documents:
                workflow = _workflow(document)
                if workflow is not None:
                    yield workflow


def _workflow(document: Document) -> Typed[WorkflowDocument] | None:
    if document.kind not in WORKFLOW_KINDS:
        return None
    found = typed_or_findings(document, WorkflowDocument)
    return None if isinstance(found, list) else found


def _add_workflow(
    needs: Needs,
    repository: Repository,
    workflow: Typed[WorkflowDocument],
    environments: Mapping[str, EnvironmentDefinition | None],
    admin: AdminConfigDocument,
) -> None:
    types, spec = StepTypes(repository), workflow.model.spec
    for key, steps in (("steps", spec.steps), ("finally", spec.finally_)):
        for number, step in enumerate(steps):
            kind = types.find(step.type)
            if kind is None:
                continue
            place = Spot(workflow.document).at("spec", key, number).place
            user = f"{place.path}:{place.line}: step '{step.name}'"
            for name, environment in environments.items():
                inputs = _inputs(kind, step, environment)
                _add_step(needs, user, inputs, kind.tools_for(inputs))
                _add_programs(needs, user, step.type, _with_checks(inputs, admin), name)


def _inputs(kind: StepType, step: StepDefinition, environment: EnvironmentDefinition | None) -> dict[str, Any]:
    """The inputs as written, under the model's own keys, with defaults; nothing is resolved or checked."""
    fields = kind.inputs.model_fields
    known = {info.alias or name: info.default for name, info in fields.items() if not info.is_required()}
    written = {kind.inputs.spellings.get(key, key): value for key, value in step.config.items()}
    defaults = kind.environment_defaults(environment) if kind.environment_defaults and environment else {}
    return {**known, **defaults, **written}


def _add_plan(needs: Needs, plan: Plan) -> None:
    for step in plan.steps:
        if never_runs(step):
            continue
        if needs.secrets is not None:
            needs.secrets.update(step.secrets)
        where = step.provenance
        at = f"{where.path}:{where.line}" if where is not None and where.path else plan.application.name
        _add_step(needs, f"{at}: step '{step.name}'", step.inputs, step.tools)
        _add_programs(needs, f"{at}: step '{step.name}'", step.type, step.inputs, plan.environment)


def _add_step(needs: Needs, user: str, inputs: Mapping[str, Any], tools: Iterable[ToolNeed]) -> None:
    """A command without a shell needs its program, and no bash; one with a slash is a file that somebody names."""
    command = inputs.get("command")
    program = command[0] if isinstance(command, list) and command and isinstance(command[0], str) else ""
    for tool in tools:
        if not (tool.name == "bash" and program):
            needs.add(tool.name, user, tool.range)
    if program and "/" not in program and "$" not in program and not program.startswith("{"):
        needs.add(program, user)


def _with_checks(inputs: Mapping[str, Any], admin: AdminConfigDocument) -> dict[str, Any]:
    """The inputs with the entries of admin-config's `healthChecks` in the place of their names, as planning does it."""
    known = admin.health_checks
    found = dict(inputs)
    for key in _CHECKS:
        items = found.get(key)
        if isinstance(items, list):
            found[key] = [
                known[item].model_dump(mode="json", by_alias=True) if isinstance(item, str) and item in known else item
                for item in items
            ]
    return found


def _add_programs(needs: Needs, user: str, step_type: str, inputs: Mapping[str, Any], environment: str) -> None:
    """The bash of a step that may have a script, and the programs of checks that are commands."""
    if step_type in _MAY_HAVE_A_SCRIPT and isinstance(inputs.get("script"), str):
        needs.add(BASH.name, user, BASH.range)
    for key in _CHECKS:
        items = inputs.get(key)
        for item in items if isinstance(items, list) else ():
            if not isinstance(item, Mapping):
                continue
            here = (item.get("environments") or {}).get(environment, item)
            command = here.get("command") if here.get("type") == "command" else None
            if isinstance(command, list) and command and "/" not in str(command[0]) and "$" not in str(command[0]):
                needs.add(str(command[0]), user)
