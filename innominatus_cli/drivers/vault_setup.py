"""`vault-setup`: named secrets exist, are generated once where they may be, and are bound by name.

The local store is a folder of files, one a secret, `<state folder>/secrets/[<path>/]<name>`, mode 0600
(docs/adr/0010). Values are made and kept by a child program and never come here.
"""

import re
from collections.abc import Generator
from pathlib import Path
from typing import Any, Final

from innominatus_cli.documents.secret_definitions import SecretGeneration
from innominatus_cli.documents.words import counted
from innominatus_cli.documents.yaml_writer import yaml_text
from innominatus_cli.drivers.contract import DriverResult, DriverSteps, StepContext
from innominatus_cli.findings.catalogue import execution as codes
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
    if not secrets:
        return DriverResult(outputs={"bound": [], "generated": []}, message="names no secrets: binds none")
    failure = _environment_problem(ctx, secrets)
    if failure:
        return DriverResult(failure=failure)
    generated = yield from _local(ctx, inputs, [secret for secret in secrets if secret.store == "local"])
    if isinstance(generated, Finding):
        return DriverResult(failure=generated)
    names = [secret.name for secret in secrets]
    told = f", {len(generated)} generated" if generated else ""
    return DriverResult(
        outputs={"bound": names, "generated": generated},
        artifacts={ctx.artifact_path(): yaml_text(_bindings(ctx, inputs, secrets)).encode()},
        message=f"binds {counted(len(names), 'secret')}{told}",
    )


def undo(ctx: StepContext) -> DriverSteps:
    """Removes the secrets that the step generated from the local store: the store notes which."""
    inputs = ctx.inputs_of(VaultSetupInputs)
    secrets = _secrets(ctx, inputs)
    if isinstance(secrets, Finding):
        return DriverResult(failure=secrets)
    names = [secret.name for secret in secrets if secret.store == "local" and secret.generate]
    folder = _folder(ctx, inputs)
    if isinstance(folder, Finding):
        return DriverResult(failure=folder)
    if not names or not folder.is_dir():
        return DriverResult()
    request = {"folder": str(folder), "secrets": [{"name": name} for name in names], "undo": ctx.undone_marks}
    answer = ctx.answer((yield ctx.child("secret_store", request)))
    if isinstance(answer, Finding):
        return DriverResult(failure=answer)
    for result in answer["results"]:
        if result["state"] == "unsafe":
            return ctx.failed(codes.SECRET_STORE_UNSAFE, f"secret '{result['name']}': {result['problem']}")
    removed = [result["name"] for result in answer["results"] if result["state"] == "removed"]
    return DriverResult(outputs={"removed": removed}, message=f"{counted(len(removed), 'secret')} removed")


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
                f"Set {variable}, and name it under 'env' in admin-config.yaml: steps are given no other variables.",
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
    wanted = [{"name": secret.name, "generate": _generation(secret)} for secret in secrets]
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


def _generation(secret: NamedSecret) -> dict[str, Any] | None:
    if not secret.generate:
        return None
    how = secret.generate if isinstance(secret.generate, SecretGeneration) else SecretGeneration()
    return {"length": how.length, "alphabet": how.alphabet}


def _bindings(ctx: StepContext, inputs: VaultSetupInputs, secrets: list[NamedSecret]) -> list[dict[str, Any]]:
    """One ExternalSecret a store: names and where they are kept, never a value."""
    bindings = []
    for store in sorted({secret.store for secret in secrets}):
        own = [secret for secret in secrets if secret.store == store]
        suffix = "" if store == "local" else f"-{store}"
        name = _NOT_A_NAME.sub("-", f"{ctx.application}-{ctx.step.name}{suffix}".lower()).strip("-")[:_LONGEST]
        annotations = {"innominatus.dev/policies": ", ".join(inputs.policies)} if inputs.policies else {}
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
        return (
            (secret.key or secret.name)
            .replace("{application}", ctx.application)
            .replace("{environment}", ctx.environment)
            .replace("{name}", secret.name)
        )
    prefix = (inputs.path or "").strip("/")
    return "/".join(part for part in (ctx.application, ctx.environment, prefix, secret.name) if part)
