"""`argocd-app`: an Application object, and the wait until Argo CD says Synced and Healthy.

Source: Argo CD's declarative setup, `argoproj.io/v1alpha1`.
"""

import json
import re
from collections.abc import Generator
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote

from innominatus_cli.documents.json_reader import read_json
from innominatus_cli.drivers.contract import Driver, DriverResult, DriverSteps, StepContext
from innominatus_cli.drivers.kubernetes import driver as kubernetes
from innominatus_cli.drivers.kubernetes.access import failed
from innominatus_cli.drivers.kubernetes.kubectl import call
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.finding import Finding
from innominatus_cli.step_types.contract import known
from innominatus_cli.step_types.delivery import ArgoCdAppInputs
from innominatus_cli.step_types.kubernetes import KubernetesInputs
from innominatus_cli.system.commands import CommandOutcome, CommandRequest

_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?")
_FINALIZER: Final = "resources-finalizer.argocd.argoproj.io"
_LOOK_SECONDS: Final = 3
_TYPE: Final = "applications.argoproj.io"


def driver(ctx: StepContext) -> DriverSteps:
    """Applies or deletes the Application, or asks for a sync; then waits, where that is wanted."""
    inputs = ctx.inputs_of(ArgoCdAppInputs)
    as_object = _context(ctx, inputs)
    if isinstance(as_object, Finding):
        return DriverResult(failure=as_object)
    done = DriverResult() if known(inputs.operation) == "sync" else (yield from kubernetes.driver(as_object))
    if done.failure is not None:
        return done
    outputs = {"application": _name(ctx, inputs), "revision": "", "manifests": done.outputs.get("manifests", [])}
    if known(inputs.operation) == "delete" or known(inputs.mode) != "apply":
        return replace(done, outputs=outputs)
    return (yield from _synced(ctx, inputs, replace(done, outputs=outputs)))


def _synced(ctx: StepContext, inputs: ArgoCdAppInputs, done: DriverResult) -> DriverSteps:
    """Asks for a sync where nothing else does, and waits for it."""
    name, waits = _name(ctx, inputs), known(inputs.wait_for_sync)
    if known(inputs.operation) == "sync" or (waits and not _automated(inputs)):
        failure = yield from _asked_to_sync(ctx, inputs, name)
        if failure is not None:
            return DriverResult(failure=failure)
    if not waits:
        return done
    revision = yield from _waited(ctx, inputs, name)
    if isinstance(revision, Finding):
        return DriverResult(failure=revision)
    return replace(done, outputs={**done.outputs, "revision": revision}, message=f"{name} is Synced and Healthy")


def undo(ctx: StepContext) -> DriverSteps:
    """Puts the Application back as it was; one that the run made is deleted."""
    return (yield from _as_object(ctx, kubernetes.undo))


def preview(ctx: StepContext) -> DriverSteps:
    """Whether the Application would be created or changed."""
    return (yield from _as_object(ctx, kubernetes.preview))


def drift(ctx: StepContext) -> DriverSteps:
    """Whether the Application is as it was applied, and whether Argo CD says that it is in sync."""
    inputs = ctx.inputs_of(ArgoCdAppInputs)
    found = yield from _as_object(ctx, kubernetes.drift)
    if found.failure is not None or found.outputs["drift"] or known(inputs.mode) != "apply":
        return found
    name = _name(ctx, inputs)
    status = yield from _status(ctx, inputs, name)
    if isinstance(status, Finding):
        return DriverResult(failure=status)
    told = [f"{part} is {said}" for part, said, good in _said(status) if said != good]
    return replace(found, outputs={"drift": [{"object": f"Application/{name}", "what": what} for what in told]})


def _as_object(ctx: StepContext, part: Driver) -> DriverSteps:
    as_object = _context(ctx, ctx.inputs_of(ArgoCdAppInputs))
    if isinstance(as_object, Finding):
        return DriverResult(failure=as_object)
    return (yield from part(as_object))


def _name(ctx: StepContext, inputs: ArgoCdAppInputs) -> str:
    return inputs.app_name or f"{ctx.application}-{ctx.environment}"


def _context(ctx: StepContext, inputs: ArgoCdAppInputs) -> StepContext | Finding:
    """The context of a `kubernetes` step for the Application."""
    name = _name(ctx, inputs)
    if not _NAME.fullmatch(name):
        return ctx.finding(codes.INPUTS_UNUSABLE, f"'{name}' is no name of an Application")
    deletes = known(inputs.operation) == "delete"
    address = _address(ctx, inputs) if not deletes else inputs.repo_url or ""
    if isinstance(address, Finding):
        return address
    manifest = {
        "operation": "delete" if deletes else "apply",
        "objects": [_object(ctx, inputs, name, address)],
        "namespace": inputs.argocd_namespace,
        "createNamespace": False,
        "mode": known(inputs.mode),
        "context": inputs.context,
        "wait": False,
    }
    return replace(ctx, inputs=KubernetesInputs.model_validate(manifest))


def _object(ctx: StepContext, inputs: ArgoCdAppInputs, name: str, address: str) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "project": inputs.project,
        "source": {"repoURL": address, "path": inputs.target_path, "targetRevision": inputs.target_revision},
        "destination": {"server": inputs.server, "namespace": inputs.namespace or ctx.application},
    }
    if isinstance(inputs.sync_policy, dict):
        spec["syncPolicy"] = inputs.sync_policy
    elif _automated(inputs):
        own = inputs.automated
        automated = {
            "prune": own.prune if own else known(inputs.prune),
            "selfHeal": own.self_heal if own else known(inputs.self_heal),
        }
        spec["syncPolicy"] = {"automated": automated, "syncOptions": ["CreateNamespace=true"]}
    else:
        spec["syncPolicy"] = {"syncOptions": ["CreateNamespace=true"]}
    metadata: dict[str, Any] = {"name": name, "namespace": inputs.argocd_namespace}
    if known(inputs.cascade):
        metadata["finalizers"] = [_FINALIZER]
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": metadata, "spec": spec}


def _automated(inputs: ArgoCdAppInputs) -> bool:
    policy = inputs.sync_policy
    if isinstance(policy, dict):
        return "automated" in policy
    return known(inputs.auto_sync) or inputs.automated is not None or policy in {"auto", "automated"}


def _address(ctx: StepContext, inputs: ArgoCdAppInputs) -> str | Finding:
    if inputs.repo_url is not None:
        return inputs.repo_url
    if inputs.owner is None or inputs.repo_name is None:
        return ctx.finding(codes.INPUTS_UNUSABLE, "'repoUrl', or 'owner' and 'repoName', are needed")
    server = ctx.variable("GITEA_URL")
    if isinstance(server, Finding):
        return server
    return f"{server.rstrip('/')}/{quote(inputs.owner, safe='')}/{quote(inputs.repo_name, safe='')}.git"


def _asked_to_sync(
    ctx: StepContext, inputs: ArgoCdAppInputs, name: str
) -> Generator[CommandRequest, CommandOutcome, Finding | None]:
    """Writes an `operation` into the Application, which Argo CD takes up."""
    patch = json.dumps({"operation": {"initiatedBy": {"username": "innominatus-ctl"}, "sync": {}}})
    argv = ("patch", _TYPE, name, f"--namespace={inputs.argocd_namespace}", "--type=merge", f"--patch={patch}")
    outcome = yield ctx.command(*call(_plain(inputs), *argv))
    return None if outcome.succeeded else failed(ctx, "kubectl patch", outcome)


def _waited(
    ctx: StepContext, inputs: ArgoCdAppInputs, name: str
) -> Generator[CommandRequest, CommandOutcome, str | Finding]:
    """The revision that is synced; a finding where Argo CD does not get there in time, or says that it cannot."""
    told = ""
    for waited in range(0, known(inputs.sync_timeout) + _LOOK_SECONDS, _LOOK_SECONDS):
        if waited:
            paused = yield ctx.command("sleep", str(_LOOK_SECONDS))
            if not paused.succeeded:
                return ctx.program_failed("sleep", paused)
        status = yield from _status(ctx, inputs, name)
        if isinstance(status, Finding):
            return status
        said = _said(status)
        if all(is_so == good for _, is_so, good in said):
            return str((status.get("sync") or {}).get("revision", ""))
        told = ", ".join(f"{part} {is_so or 'unknown'}" for part, is_so, _ in said)
        phase = str((status.get("operationState") or {}).get("phase", ""))
        if phase in {"Failed", "Error"}:
            return ctx.finding(codes.ROLLOUT_FAILED, f"Application {name}: its sync ended as {phase} ({told})")
    return ctx.finding(codes.ROLLOUT_FAILED, f"Application {name} is not Synced and Healthy in time ({told})")


def _status(
    ctx: StepContext, inputs: ArgoCdAppInputs, name: str
) -> Generator[CommandRequest, CommandOutcome, dict[str, Any] | Finding]:
    argv = ("get", _TYPE, name, f"--namespace={inputs.argocd_namespace}", "--output=json")
    outcome = yield ctx.command(*call(_plain(inputs), *argv))
    if not outcome.succeeded:
        return failed(ctx, "kubectl get", outcome)
    try:
        status = read_json(outcome.stdout.head).get("status") or {}
    except (ValueError, AttributeError):
        return ctx.finding(codes.CHILD_WITHOUT_ANSWER, "kubectl printed no Application")
    return status if isinstance(status, dict) else {}


def _said(status: dict[str, Any]) -> tuple[tuple[str, str, str], ...]:
    """What Argo CD says of sync and health, and what is good."""
    sync, health = status.get("sync") or {}, status.get("health") or {}
    return ("sync", str(sync.get("status", "")), "Synced"), ("health", str(health.get("status", "")), "Healthy")


def _plain(inputs: ArgoCdAppInputs) -> KubernetesInputs:
    return KubernetesInputs.model_validate({"operation": "create-namespace", "context": inputs.context})
