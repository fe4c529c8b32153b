"""Policies about environments: which ones exist, and what production asks of resources."""

import re
from collections.abc import Iterator

from innominatus_cli.documents.environment_names import entry_for, is_among
from innominatus_cli.documents.plan import Plan, PlannedStep
from innominatus_cli.documents.vocabulary import Operation
from innominatus_cli.findings.catalogue import policy as codes
from innominatus_cli.findings.finding import Finding
from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.policies.facts import JudgeFacts
from innominatus_cli.policies.policy_set import PolicySet
from innominatus_cli.policies.workflow_rules import place_of_step

STATEFUL_TYPES = frozenset(
    {
        "cockroachdb", "elasticsearch", "mariadb", "minio-s3-bucket", "mongodb", "mongodb-instance", "mssql",
        "mssql-instance", "mysql", "mysql-instance", "opensearch", "postgres", "postgres-instance", "postgresql",
        "redis", "s3", "sqlite", "volume",
    }
)  # fmt: skip
"""Resource types that keep data which a new deployment does not bring back."""
BACKUP_ANNOTATION = "innominatus.dev/backup"
_PRODUCTION_NAME = re.compile(r"(?:^|[-_.])(?<!non-)(?<!pre-)prod(?:uction)?(?:$|[-_.])")
_NO_BACKUP = frozenset({"", "none", "no", "off", "false", "disabled"})


def allowed_environments(plan: Plan, policies: PolicySet, _facts: JudgeFacts) -> Iterator[Finding]:
    """The environment is one of those that exist."""
    rule = policies.allowed_environments
    if rule is None or is_among(plan.environment, rule.value):
        return
    evidence = next((given.evidence for given in plan.inputs if given.name == "environment"), "")
    came_from = f" (from {evidence})" if evidence else ""
    hint = did_you_mean(plan.environment, rule.value)
    yield Finding(
        codes.ENVIRONMENT_NOT_ALLOWED,
        f"environment '{plan.environment}'{came_from} is not in allowedEnvironments{f'; {hint}' if hint else ''}",
        rule.place,
    )


def enforce_backups(plan: Plan, policies: PolicySet, _facts: JudgeFacts) -> Iterator[Finding]:
    """In production, every stateful resource that a deployment makes declares a backup."""
    rule = policies.enforce_backups
    if rule is None or not rule.value or plan.operation is not Operation.DEPLOY or plan.rolls_back is not None:
        return
    if not is_production(plan.environment, policies):
        return
    for step in plan.steps:
        kind = step.inputs.get("resourceType")
        if (
            step.type != "resource-provisioning"
            or kind is None
            or (isinstance(kind, str) and kind not in STATEFUL_TYPES)
        ):
            continue  # a type that only the run knows may be stateful
        if not _declares_backup(step):
            yield Finding(
                codes.BACKUP_MISSING,
                f"resource '{step.inputs.get('resource')}' of {_type_in_words(kind)} declares no backup, "
                f"and '{plan.environment}' is a production environment",
                place_of_step(step),
                related=rule.stands(),
            )


def _type_in_words(kind: object) -> str:
    return f"type '{kind}'" if isinstance(kind, str) else "a type that only the run knows"


def is_production(environment: str, policies: PolicySet) -> bool:
    """Whether policies for production apply: as admin-config says, else by a part of the name."""
    marked = entry_for(policies.production, environment)
    return production_by_name(environment) if marked is None else marked


def production_by_name(environment: str) -> bool:
    """Whether a part of an environment's name says that it is one of production."""
    return _PRODUCTION_NAME.search(environment.lower()) is not None


def _declares_backup(step: PlannedStep) -> bool:
    params = step.inputs.get("params")
    annotations = step.inputs.get("annotations")
    declared = [
        params.get("backup") if isinstance(params, dict) else None,
        annotations.get(BACKUP_ANNOTATION) if isinstance(annotations, dict) else None,
    ]
    return any(_says_yes(value) for value in declared)


def _says_yes(value: object) -> bool:
    return value.strip().lower() not in _NO_BACKUP if isinstance(value, str) else bool(value)
