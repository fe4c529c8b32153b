"""Policies about who runs, where approval is needed, and what steps do with secrets."""

from collections.abc import Iterator, Mapping

from innominatus_cli.documents.plan import Plan, PlannedStep
from innominatus_cli.findings.catalogue import policy as codes
from innominatus_cli.findings.finding import Finding
from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.policies.facts import JudgeFacts
from innominatus_cli.policies.policy_set import Names, PolicySet
from innominatus_cli.policies.rules import Rule
from innominatus_cli.policies.secret_use import secrets_by_step
from innominatus_cli.policies.workflow_rules import place_of_step
from innominatus_cli.step_types.catalogue import STEP_TYPES

VAULT_STEP_TYPE = "vault-setup"
STORES = ("local", "env", "file", "vault", "aws", "azure", "gcp", "command")
KEYS_OF_A_STEP_TYPE = {"vault": VAULT_STEP_TYPE}
"""Keys of secretsAccess that stand for a step type of another name too; `vault` is also the store."""


def require_approval(plan: Plan, policies: PolicySet, facts: JudgeFacts) -> Iterator[Finding]:
    """No step runs in an environment that needs an approval before enough people have given it."""
    rule = policies.require_approval
    if rule is None or facts.approved or plan.environment not in rule.value:
        return
    yield Finding(
        codes.APPROVAL_NEEDED,
        f"environment '{plan.environment}' needs an approval",
        rule.place_of(plan.environment),
    )


def allowed_executors(_plan: Plan, policies: PolicySet, facts: JudgeFacts) -> Iterator[Finding]:
    """Who runs is in one of the teams that may."""
    rule = policies.allowed_executors
    actor = facts.actor
    if rule is None or set(rule.value) & set(actor.teams):
        return
    who = f"'{actor.name} <{actor.email}>' (from {actor.source}, unverified)"
    member = f"is in {_words(actor.teams, 'and')}" if actor.teams else "is in no team"
    undefined = [team for team in rule.value if team not in policies.teams]
    remedy = f"Define {_words(undefined, 'and')} under `teams` in admin-config.yaml." if undefined else ""
    yield Finding(
        codes.EXECUTOR_NOT_ALLOWED,
        f"{who} {member}; {_words(rule.value, 'or') if rule.value else 'nobody'} may run",
        rule.place,
        remedy=remedy,
    )


def secrets_access(plan: Plan, policies: PolicySet, facts: JudgeFacts) -> Iterator[Finding]:
    """Each step uses secrets only as far as every rule for its type, and for the secret's store, lets it."""
    rules = policies.secrets_access
    yield from _unknown_keys(plan, rules)
    if not rules:
        return
    used = secrets_by_step(plan)
    for step in plan.steps:
        for secret in used.get(step.id, ()):
            definition = facts.secrets.get(secret)
            store = "local" if definition is None else definition.store
            generates = definition is not None and bool(definition.generate) and step.type == VAULT_STEP_TYPE
            for key, rule in rules.items():
                if {key, KEYS_OF_A_STEP_TYPE.get(key, key)}.isdisjoint((step.type, store)):
                    continue
                for word in rule.value:
                    objection = _objection(word, step, plan, policies, generates=generates)
                    if objection:
                        yield Finding(
                            codes.SECRET_NOT_ALLOWED,
                            f"step '{step.name}' uses secret '{secret}' of store '{store}', but secretsAccess is "
                            f"'{word}' for '{key}': {objection}",
                            place_of_step(step),
                            related=rule.stands(),
                        )


def _objection(word: str, step: PlannedStep, plan: Plan, policies: PolicySet, *, generates: bool) -> str:
    """Why a step may not use a secret under one word of secretsAccess; empty where it may."""
    match word:
        case "read-write":
            return ""
        case "read-only":
            return "it would generate the secret" if generates else ""
        case "namespace-scoped":
            return _outside(step, plan, policies)
        case _:
            return "it may use none"


def _outside(step: PlannedStep, plan: Plan, policies: PolicySet) -> str:
    """Why a step's namespace is not one of the application's own: its name, or one that begins with it and a dash."""
    namespace = step.inputs.get("namespace")
    own = plan.application.name
    if namespace is None:
        return ""
    if not isinstance(namespace, str):
        return "its namespace is known only at run time"
    if namespace in {own, policies.namespaces.get(plan.environment)}:
        return ""
    return "" if namespace.startswith(f"{own}-") else f"namespace '{namespace}' is not one of application '{own}'"


def _unknown_keys(plan: Plan, rules: Mapping[str, Rule[Names]]) -> Iterator[Finding]:
    known = {*STEP_TYPES, *STORES, *KEYS_OF_A_STEP_TYPE, *(step.type for step in plan.steps)}
    for key, rule in rules.items():
        if key not in known:
            hint = did_you_mean(key, known)
            message = f"'{key}' is neither a step type nor a store of secrets{f'; {hint}' if hint else ''}"
            yield Finding(codes.UNKNOWN_SECRETS_ACCESS_KEY, message, rule.place)


def _words(names: "list[str] | Names", last: str) -> str:
    quoted = [f"'{name}'" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} {last} {quoted[-1]}"
