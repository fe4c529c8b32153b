"""What `vault-setup` makes in a Vault or OpenBao, through a child program: secrets by reference, policies, roles."""

import hashlib
from collections.abc import Generator
from typing import Any, Literal, NamedTuple, TypeAlias

from innominatus_cli.documents.secret_definitions import SecretGeneration, VaultStoreConfig
from innominatus_cli.drivers.contract import StepContext
from innominatus_cli.drivers.services import endpoint_of
from innominatus_cli.findings.catalogue.databases import VAULT_FAILED
from innominatus_cli.findings.catalogue.rollback import CHANGED_SINCE
from innominatus_cli.findings.finding import Finding
from innominatus_cli.step_types.resources import NamedSecret, VaultPolicy, VaultRole, VaultSetupInputs
from innominatus_cli.system.commands import CommandOutcome, CommandRequest

Work: TypeAlias = Literal["make", "look", "undo"]
Results: TypeAlias = list[dict[str, str]]
"""Each with `kind`, `name` and `state`, as the child program answers."""


class _Asked(NamedTuple):
    """What one Vault is asked about."""

    config: VaultStoreConfig
    secrets: list[NamedSecret]
    settings: bool
    """Whether policies and roles are in this one."""


def key_of(ctx: StepContext, secret: NamedSecret) -> str:
    """What its store calls a secret."""
    return (
        (secret.key or secret.name)
        .replace("{application}", ctx.application)
        .replace("{environment}", ctx.environment)
        .replace("{name}", secret.name)
    )


def generation_of(secret: NamedSecret) -> dict[str, Any] | None:
    """How a secret is made that is not there; None where it must not be."""
    if not secret.generate:
        return None
    how = secret.generate if isinstance(secret.generate, SecretGeneration) else SecretGeneration()
    return {"length": how.length, "alphabet": how.alphabet}


def vault_work(
    ctx: StepContext, inputs: VaultSetupInputs, work: Work
) -> Generator[CommandRequest, CommandOutcome, Results | Finding]:
    """The results of every Vault that the step speaks of; nothing where it speaks of none."""
    found: Results = []
    for asked in _vaults(inputs):
        request = _request(ctx, inputs, asked, work)
        if isinstance(request, Finding):
            return request
        address = asked.config.address or ctx.env.get("VAULT_ADDR", "")
        answer = ctx.answer((yield ctx.child("vault", request, endpoint_of(address))))
        if isinstance(answer, Finding):
            return answer
        if "problem" in answer:
            return ctx.finding(CHANGED_SINCE if answer["problem"] == "later" else VAULT_FAILED, answer["message"])
        found += answer["results"]
    return found


def _vaults(inputs: VaultSetupInputs) -> list[_Asked]:
    """One for each configuration of secrets; policies and roles go to the first, or to the one that is named."""
    asked: list[_Asked] = []
    for secret in inputs.secrets:
        if isinstance(secret, str) or secret.store != "vault":
            continue
        config = secret.vault or inputs.vault or VaultStoreConfig()
        known = next((one for one in asked if one.config == config), None)
        if known is None:
            asked.append(_Asked(config, [secret], settings=False))
        else:
            known.secrets.append(secret)
    own = inputs.vault or (asked[0].config if asked else VaultStoreConfig())
    wanted = bool(asked and inputs.policies) or bool(inputs.roles)
    wanted = wanted or any(isinstance(policy, VaultPolicy) for policy in inputs.policies)
    if wanted and not any(one.config == own for one in asked):
        asked.append(_Asked(own, [], settings=True))
    return [one._replace(settings=wanted and one.config == own) for one in asked]


def _request(ctx: StepContext, inputs: VaultSetupInputs, asked: _Asked, work: Work) -> dict[str, Any] | Finding:
    policies: list[dict[str, Any]] = []
    for policy in inputs.policies if asked.settings else ():
        told = {"name": policy, "rules": None} if isinstance(policy, str) else _rules(ctx, policy)
        if isinstance(told, Finding):
            return told
        policies.append(told)
    undoes = ctx.step.undoes
    name = hashlib.sha256((ctx.step.id if undoes is None else undoes.step).encode()).hexdigest()[:16]
    return {
        "do": work,
        "address": asked.config.address,
        "mount": asked.config.mount,
        "namespace": asked.config.namespace,
        "approle_mount": asked.config.approle_mount,
        "token_from": inputs.token_from,
        "notes": str(ctx.state_dir / "vault" / f"{name}.json"),
        "mark": ctx.mark,
        "marks": ctx.undone_marks,
        "secrets": [
            {
                "name": one.name,
                "key": key_of(ctx, one),
                "field": one.field or "value",
                "generate": generation_of(one),
            }
            for one in asked.secrets
        ],
        "policies": policies,
        "roles": [_role(role) for role in inputs.roles] if asked.settings else [],
    }


def _rules(ctx: StepContext, policy: VaultPolicy) -> dict[str, Any] | Finding:
    if policy.rules is not None:
        return {"name": policy.name, "rules": policy.rules}
    path = ctx.repository_path(policy.file or "")
    if isinstance(path, Finding):
        return path
    try:
        return {"name": policy.name, "rules": path.read_bytes().decode()}
    except (OSError, UnicodeDecodeError):
        return ctx.finding(VAULT_FAILED, f"'{policy.file}' cannot be read as UTF-8 text")


def _role(role: VaultRole) -> dict[str, Any]:
    data: dict[str, Any] = {"token_policies": role.policies}
    times = {"token_ttl": role.token_ttl, "token_max_ttl": role.token_max_ttl}
    if role.method == "approle":
        times["secret_id_ttl"] = role.secret_id_ttl
    else:
        data["bound_service_account_names"] = role.service_accounts
        data["bound_service_account_namespaces"] = role.namespaces
    data |= {name: seconds for name, seconds in times.items() if seconds is not None}
    return {"name": role.name, "mount": role.mount or role.method, "data": data}
