"""`vault-setup`: named secrets exist, are generated once where they may be, and are bound by name.

In Vault it makes policies and roles too (see `server`). The local store is a folder of files, one a secret,
`<state folder>/secrets/[<path>/]<name>`, mode 0600 (docs/adr/0010). Values are made and kept by child programs and
never come here.
"""

import re
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any, Final

from innominatus_cli.documents.words import counted
from innominatus_cli.documents.yaml_writer import yaml_text
from innominatus_cli.drivers.contract import DriverResult, DriverSteps, StepContext
from innominatus_cli.drivers.vault.server import generation_of, key_of, vault_work
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.catalogue.databases import VAULT_FAILED
from innominatus_cli.findings.finding import Finding
from innominatus_cli.step_types.resources import NamedSecret, VaultSetupInputs
from innominatus_cli.system.commands import CommandOutcome, CommandRequest

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NOT_A_NAME: Final = re.compile(r"[^a-z0-9-]+")
_LONGEST: Final = 63
STORE_NAMES: Final = {"local": "innominatus-local", "env": "innominatus-environment"}
"""The cluster's stores of these; any other is `innominatus-<store>`."""


def driver(ctx: StepContext) -> DriverSteps:
    """Looks for every secret, generates what may be, renders the bindings. Without names it binds none."""
    inputs = ctx.inputs_of(VaultSetupInputs)
    secrets = _secrets(ctx, inputs)
    if isinstance(secrets, Finding):
        return DriverResult(failure=secrets)
    failure = _environment_problem(ctx, secrets)
    if failure:
        return DriverResult(failure=failure)
    made = yield from _made(ctx, inputs, secrets)
    if isinstance(made, Finding):
        return DriverResult(failure=made)
    generated, changed = made
    names = [secret.name for secret in secrets]
    outputs = {"bound": names, "generated": generated, "changed": changed}
    told = f", {len(generated)} generated" if generated else ""
    told += f", {len(changed)} of Vault's policies and roles changed" if changed else ""
    if not secrets:
        return DriverResult(outputs=outputs, message=f"names no secrets: binds none{told}")
    return DriverResult(
        outputs=outputs,
        artifacts={ctx.artifact_path(): yaml_text(_bindings(ctx, inputs, secrets)).encode()},
        message=f"binds {counted(len(names), 'secret')}{told}",
    )


def preview(ctx: StepContext) -> DriverSteps:
    """What would be generated and changed in Vault; nothing is told of the local store."""
    looked = yield from vault_work(ctx, ctx.inputs_of(VaultSetupInputs), "look")
    if isinstance(looked, Finding):
        return DriverResult(failure=looked)
    actions = {"missing": "create", "differs": "update"}
    changes = [
        {"action": actions[result["state"]], "object": _object(result)}
        for result in looked
        if result["state"] in actions
    ]
    return DriverResult(outputs={"changes": changes})


def probe(ctx: StepContext) -> DriverSteps:
    """It is done where Vault has all of it; whether the local store has is asked by running the step again."""
    inputs = ctx.inputs_of(VaultSetupInputs)
    looked = yield from vault_work(ctx, inputs, "look")
    if isinstance(looked, Finding):
        return DriverResult(failure=looked)
    elsewhere = any(isinstance(secret, str) or secret.store != "vault" for secret in inputs.secrets)
    return DriverResult(outputs={"done": not elsewhere and all(one["state"] == "exists" for one in looked)})


def drift(ctx: StepContext) -> DriverSteps:
    """Secrets that are gone from Vault, policies and roles that are gone or others."""
    looked = yield from vault_work(ctx, ctx.inputs_of(VaultSetupInputs), "look")
    if isinstance(looked, Finding):
        return DriverResult(failure=looked)
    words = {"missing": "is not there", "differs": "is not as declared"}
    found = [{"object": _object(one), "what": words[one["state"]]} for one in looked if one["state"] in words]
    return DriverResult(outputs={"drift": found})


def _object(result: Mapping[str, str]) -> str:
    return f"{result['kind']} {result['name']}"


def _made(
    ctx: StepContext, inputs: VaultSetupInputs, secrets: list[NamedSecret]
) -> Generator[CommandRequest, CommandOutcome, tuple[list[str], list[str]] | Finding]:
    """The names of secrets that were generated, and of what changed in Vault."""
    generated = yield from _local(ctx, inputs, [secret for secret in secrets if secret.store == "local"])
    if isinstance(generated, Finding):
        return generated
    results = yield from vault_work(ctx, inputs, "make")
    if isinstance(results, Finding):
        return results
    for result in results:
        if result["state"] == "missing" and result["kind"] == "secret":
            told = f"secret '{result['name']}' is not in Vault, and admin-config does not let it be generated"
            return ctx.finding(codes.SECRET_MISSING, told)
        if result["state"] == "missing":
            told = f"{_object(result)} is not in Vault, and the step does not say what it is"
            return ctx.finding(VAULT_FAILED, told, "Give it `rules` or a `file`.")
    in_vault = [one["name"] for one in results if one["kind"] == "secret" and one["state"] == "made"]
    changed = [_object(one) for one in results if one["kind"] != "secret" and one["state"] in {"made", "changed"}]
    return [*generated, *in_vault], changed


def undo(ctx: StepContext) -> DriverSteps:
    """Removes the secrets that the step generated, and puts back policies and roles: the stores note which."""
    inputs = ctx.inputs_of(VaultSetupInputs)
    removed = yield from _undone_here(ctx, inputs)
    if isinstance(removed, Finding):
        return DriverResult(failure=removed)
    undone = yield from vault_work(ctx, inputs, "undo")
    if isinstance(undone, Finding):
        return DriverResult(failure=undone)
    gone = [one for one in undone if one["state"] == "removed"]
    settings = sum(one["kind"] != "secret" for one in gone)
    told = f", {settings} of Vault's policies and roles as before" if settings else ""
    message = f"{counted(len(removed) + len(gone) - settings, 'secret')} removed{told}"
    return DriverResult(outputs={"removed": [*removed, *map(_object, gone)]}, message=message)


def _undone_here(
    ctx: StepContext, inputs: VaultSetupInputs
) -> Generator[CommandRequest, CommandOutcome, list[str] | Finding]:
    """The names of secrets that were removed from the local store."""
    secrets, folder = _secrets(ctx, inputs), _folder(ctx, inputs)
    if isinstance(secrets, Finding):
        return secrets
    if isinstance(folder, Finding):
        return folder
    names = [secret.name for secret in secrets if secret.store == "local" and secret.generate]
    if not names or not folder.is_dir():
        return []
    request = {"folder": str(folder), "secrets": [{"name": name} for name in names], "undo": ctx.undone_marks}
    answer = ctx.answer((yield ctx.child("secret_store", request)))
    if isinstance(answer, Finding):
        return answer
    for result in answer["results"]:
        if result["state"] == "unsafe":
            return ctx.finding(codes.SECRET_STORE_UNSAFE, f"secret '{result['name']}': {result['problem']}")
    return [result["name"] for result in answer["results"] if result["state"] == "removed"]


def _folder(ctx: StepContext, inputs: VaultSetupInputs) -> Path | Finding:
    """The local store's folder for this step."""
    return ctx.state_path(_below_state(inputs))


def _below_state(inputs: VaultSetupInputs) -> str:
    return "/".join(part for part in ("secrets", (inputs.path or "").strip("/")) if part)


def _secrets(ctx: StepContext, inputs: VaultSetupInputs) -> list[NamedSecret] | Finding:
    found: dict[str, NamedSecret] = {}
    for part in (inputs.path or "").strip("/").split("/"):
        if part and not _NAME.fullmatch(part):
            return ctx.finding(codes.INPUTS_UNUSABLE, f"path '{inputs.path}' is no plain prefix")
    for secret in inputs.secrets:
        if isinstance(secret, str):
            return ctx.finding(codes.SECRET_MISSING, f"secret '{secret}' is not in admin-config's secrets")
        if not _NAME.fullmatch(secret.name):
            return ctx.finding(codes.INPUTS_UNUSABLE, f"'{secret.name}' cannot be the name of a secret's file")
        found[secret.name] = secret
    return list(found.values())


def _environment_problem(ctx: StepContext, secrets: list[NamedSecret]) -> Finding | None:
    for secret in secrets:
        if secret.store != "env":
            continue
        variable = secret.env or secret.name.upper().replace("-", "_").replace(".", "_")
        if not _VARIABLE.fullmatch(variable):
            return ctx.finding(codes.INPUTS_UNUSABLE, f"'{variable}' is no name of an environment variable")
        if not ctx.env.get(variable):
            return ctx.finding(
                codes.SECRET_MISSING,
                f"secret '{secret.name}' is in no environment variable {variable}",
                f'Set {variable}, and give it to the step: `env: {{{variable}: "${{secrets.{secret.name}}}"}}`.',
            )
    return None


def _local(
    ctx: StepContext, inputs: VaultSetupInputs, secrets: list[NamedSecret]
) -> Generator[CommandRequest, CommandOutcome, list[str] | Finding]:
    """The names of the secrets that were generated."""
    if not secrets:
        return []
    written, folder = _below_state(inputs), _folder(ctx, inputs)
    if isinstance(folder, Finding):
        return folder
    wanted = [{"name": secret.name, "generate": generation_of(secret)} for secret in secrets]
    answer = ctx.answer((yield ctx.child("secret_store", {"folder": str(folder), "secrets": wanted, "mark": ctx.mark})))
    if isinstance(answer, Finding):
        return answer
    for result in answer["results"]:
        if result["state"] == "missing":
            return ctx.finding(
                codes.SECRET_MISSING,
                f"secret '{result['name']}' is not in the local store, and admin-config does not let it be generated",
            )
        if result["state"] == "unsafe":
            where = f"{written}/{result['name']} in the state folder"
            return ctx.finding(codes.SECRET_STORE_UNSAFE, f"secret '{result['name']}' ({where}): {result['problem']}")
    return [result["name"] for result in answer["results"] if result["state"] == "generated"]


def _bindings(ctx: StepContext, inputs: VaultSetupInputs, secrets: list[NamedSecret]) -> list[dict[str, Any]]:
    """One ExternalSecret a store: names and where they are kept, never a value."""
    bindings = []
    for store in sorted({secret.store for secret in secrets}):
        own = [secret for secret in secrets if secret.store == store]
        suffix = "" if store == "local" else f"-{store}"
        name = _NOT_A_NAME.sub("-", f"{ctx.application}-{ctx.step.name}{suffix}".lower()).strip("-")[:_LONGEST]
        annotations = (
            {
                "innominatus.dev/policies": ", ".join(
                    policy if isinstance(policy, str) else policy.name for policy in inputs.policies
                )
            }
            if inputs.policies
            else {}
        )
        metadata: dict[str, Any] = {
            "name": name.strip("-"),
            "namespace": inputs.namespace or ctx.application,
            "labels": {
                "app.kubernetes.io/managed-by": "innominatus-ctl",
                "app.kubernetes.io/part-of": ctx.application,
            },
        }
        if annotations:
            metadata["annotations"] = annotations
        data = [{"secretKey": secret.name, "remoteRef": _remote(ctx, inputs, secret)} for secret in own]
        bindings.append(
            {
                "apiVersion": "external-secrets.io/v1",
                "kind": "ExternalSecret",
                "metadata": metadata,
                "spec": {
                    "secretStoreRef": {
                        "kind": "ClusterSecretStore",
                        "name": STORE_NAMES.get(store, f"innominatus-{store}"),
                    },
                    "target": {"name": name.strip("-")},
                    "data": data,
                },
            }
        )
    return bindings


def _remote(ctx: StepContext, inputs: VaultSetupInputs, secret: NamedSecret) -> dict[str, str]:
    reference = {"key": _remote_key(ctx, inputs, secret)}
    member = secret.field or ("value" if secret.store == "vault" else None)
    return {**reference, "property": member} if member else reference


def _remote_key(ctx: StepContext, inputs: VaultSetupInputs, secret: NamedSecret) -> str:
    if secret.store == "env" and secret.env:
        return secret.env
    if secret.store not in STORE_NAMES:
        return key_of(ctx, secret)
    prefix = (inputs.path or "").strip("/")
    return "/".join(part for part in (ctx.application, ctx.environment, prefix, secret.name) if part)
