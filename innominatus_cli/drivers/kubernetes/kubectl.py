"""Requests to kubectl. Values stand behind `--option=` or were checked: nothing can be taken for an option."""

import re
from collections.abc import Generator
from typing import Any, Final

from innominatus_cli.documents.json_reader import read_json
from innominatus_cli.documents.run_record import ToolFound
from innominatus_cli.documents.words import counted
from innominatus_cli.documents.yaml_writer import yaml_text
from innominatus_cli.drivers.contract import DriverResult, DriverSteps, StepContext
from innominatus_cli.drivers.kubernetes.access import failed
from innominatus_cli.drivers.manifests import Manifest
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.finding import Finding
from innominatus_cli.step_types.contract import known
from innominatus_cli.step_types.kubernetes import KubernetesInputs
from innominatus_cli.system.commands import CommandOutcome, CommandRequest, Ending

MANAGER: Final = "innominatus-ctl"
"""The owner of fields that we set, as the server notes it."""
TOOL: Final = ToolFound(name="kubectl")
_APPLIED: Final = re.compile(rb"^\S+/\S+ serverside-applied\b", re.MULTILINE)
_SAYS_DONE: Final = {"restart": b" restarted", "scale": b" patched"}
_LOOK_SECONDS: Final = 2
_ROLLS_OUT: Final = frozenset({"Deployment", "StatefulSet", "DaemonSet"})
_WORD: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,252}")
_CONFLICT: Final = re.compile(r'conflicts? with "([^"]+)"[^:\n]*:((?:\s*(?:- )?\.\S+)+)')
_FIELD: Final = re.compile(r"(\.\S+)")
_MOST_FIELDS: Final = 10
_SECRET_TYPES: Final = re.compile(r"secrets?(\..*)?", re.IGNORECASE)

Sent = Generator[CommandRequest, CommandOutcome, Finding | None]


def apply(ctx: StepContext, inputs: KubernetesInputs, objects: list[Manifest], *, force: bool = False) -> Sent:
    """Server-side apply of the objects in order, then a wait for each controller. None: all went well.

    With `force` fields that others manage are taken over; without, they are a finding.
    """
    text = yaml_text(manifest.data for manifest in objects).encode()
    forced = ("--force-conflicts",) if force else ()
    argv = call(inputs, "apply", "--server-side", f"--field-manager={MANAGER}", *forced, "--filename=-")
    outcome = yield ctx.command(*argv, stdin=text)
    if not outcome.succeeded and not force and _only_ours(outcome):
        return (yield from apply(ctx, inputs, objects, force=True))
    if not outcome.succeeded:
        return _conflict(ctx, outcome) or failed(ctx, "kubectl", outcome)
    if len(_APPLIED.findall(outcome.stdout.head)) < len(objects) and not outcome.stdout.truncated:
        told = f"'kubectl apply' ended well and did not say that it applied {counted(len(objects), 'object')}"
        return ctx.finding(codes.CHILD_WITHOUT_ANSWER, told)
    for manifest in objects if known(inputs.wait) else ():
        failure = None
        if manifest.kind in _ROLLS_OUT:
            failure = yield from _rolled_out(ctx, inputs, manifest)
        elif manifest.kind == "Job":
            failure = yield from _completed(ctx, inputs, manifest)
        if failure is not None:
            return failure
    return None


def tried(ctx: StepContext, inputs: KubernetesInputs, objects: list[Manifest]) -> Sent:
    """What would be said against a server-side apply of the objects, by the server's dry run. It changes nothing."""
    text = yaml_text(manifest.data for manifest in objects).encode()
    argv = call(inputs, "apply", "--server-side", f"--field-manager={MANAGER}", "--dry-run=server", "--filename=-")
    outcome = yield ctx.command(*argv, stdin=text)
    if outcome.succeeded or _only_ours(outcome):
        return None
    return _conflict(ctx, outcome) or failed(ctx, "kubectl", outcome)


def _rolled_out(ctx: StepContext, inputs: KubernetesInputs, manifest: Manifest) -> Sent:
    limit = f"--timeout={known(inputs.rollout_timeout)}s"
    target = f"{manifest.kind.lower()}/{manifest.name}"
    outcome = yield ctx.command(*call(inputs, "rollout", "status", f"--namespace={manifest.namespace}", limit, target))
    if outcome.ending is Ending.EXITED and not outcome.succeeded:
        return ctx.finding(codes.ROLLOUT_FAILED, f"{manifest.title} did not become ready")
    return None if outcome.succeeded else failed(ctx, "kubectl", outcome)


def _completed(ctx: StepContext, inputs: KubernetesInputs, manifest: Manifest) -> Sent:
    """Waits for a Job's end, for `kubectl wait` knows one condition only: a Job that failed fails the step at once."""
    argv = call(inputs, "get", f"--namespace={manifest.namespace}", "--output=json", f"job/{manifest.name}")
    for waited in range(0, known(inputs.rollout_timeout) + _LOOK_SECONDS, _LOOK_SECONDS):
        if waited:
            paused = yield ctx.command("sleep", str(_LOOK_SECONDS))
            if not paused.succeeded:
                return ctx.program_failed("sleep", paused)
        outcome = yield ctx.command(*argv)
        if not outcome.succeeded:
            return failed(ctx, "kubectl", outcome)
        ended = _job_end(outcome.stdout.head)
        if ended == "Complete":
            return None
        if ended == "Failed":
            return ctx.finding(codes.ROLLOUT_FAILED, f"{manifest.title} failed")
    return ctx.finding(codes.ROLLOUT_FAILED, f"{manifest.title} did not complete in time")


def _job_end(printed: bytes) -> str:
    """`Complete` or `Failed`; an empty text while the Job runs."""
    try:
        conditions = read_json(printed).get("status", {}).get("conditions") or []
        ends = [one["type"] for one in conditions if one.get("status") == "True"]
    except (ValueError, AttributeError, KeyError, TypeError):
        return ""
    return next((end for end in ends if end in {"Complete", "Failed"}), "")


def _only_ours(outcome: CommandOutcome) -> bool:
    """Whether nobody but ourselves has changed what would change, as `scale` does beside a deployment."""
    found = _CONFLICT.findall(outcome.stderr.head.decode("utf-8", "replace"))
    return {manager for manager, _ in found} == {MANAGER}


def _conflict(ctx: StepContext, outcome: CommandOutcome) -> Finding | None:
    """Who else manages which fields, where that is why the server refused; values are not among its words."""
    text = outcome.stderr.head.decode("utf-8", "replace")
    found = _CONFLICT.findall(text)
    if not found:
        return None
    managers = ", ".join(sorted({manager for manager, _ in found}))
    fields = ", ".join(
        list(dict.fromkeys(field for block in found for field in _FIELD.findall(block[1])))[:_MOST_FIELDS]
    )
    message = f"{managers} manages fields that would change: {fields or 'see the log'}"
    return ctx.finding(codes.PROGRAM_FAILED, message, "Leave these fields out, or let the other manager go first.")


def told(ctx: StepContext, inputs: KubernetesInputs, operation: str, namespace: str) -> DriverSteps:
    """`restart`, `scale` and `wait` for one object, and the rollout that follows."""
    kind, name = inputs.resource_type or "", inputs.resource_name or ""
    for word in (kind, name):
        if not _WORD.fullmatch(word):
            return ctx.failed(codes.INPUTS_UNUSABLE, f"'{word}' is no type or name of an object")
    target, space = f"{kind}/{name}", f"--namespace={namespace}"
    limit = f"--timeout={known(inputs.rollout_timeout)}s"
    condition = inputs.condition or "condition=Ready"
    argv = {
        "restart": ("rollout", "restart", space, target),
        "scale": (
            "patch",
            space,
            "--subresource=scale",
            f"--field-manager={MANAGER}",
            "--type=merge",
            f'--patch={{"spec":{{"replicas":{known(inputs.replicas or 0)}}}}}',
            target,
        ),
        "wait": ("wait", space, f"--for={condition}", limit, target),
    }[operation]
    outcome = yield ctx.command(*call(inputs, *argv))
    if outcome.succeeded and operation in _SAYS_DONE and _SAYS_DONE[operation] not in outcome.stdout.head:
        return ctx.failed(codes.CHILD_WITHOUT_ANSWER, f"'kubectl {argv[0]}' ended well and did not say what it did")
    if outcome.succeeded and operation != "wait" and known(inputs.wait):
        outcome = yield ctx.command(*call(inputs, "rollout", "status", space, limit, target))
    if outcome.ending is Ending.EXITED and not outcome.succeeded and operation == "wait":
        return ctx.failed(codes.ROLLOUT_FAILED, f"{target} did not come to {condition}")
    if not outcome.succeeded:
        return DriverResult(failure=failed(ctx, "kubectl", outcome))
    outputs = {"namespace": namespace, "objects": [target], "manifests": []}
    return DriverResult(outputs=outputs, message=f"{operation}: {target}", tools=(TOOL,))


def delete(ctx: StepContext, inputs: KubernetesInputs, objects: list[Manifest]) -> Sent:
    """Deletes the objects, last one first; what is gone already is no failure."""
    text = yaml_text(manifest.data for manifest in reversed(objects)).encode()
    argv = call(inputs, "delete", "--ignore-not-found=true", "--wait=true", "--filename=-")
    outcome = yield ctx.command(*argv, stdin=text)
    return None if outcome.succeeded else failed(ctx, "kubectl", outcome)


def get(ctx: StepContext, inputs: KubernetesInputs, namespace: str) -> DriverSteps:
    """Reads an object, or all of a type, as the output `object`. Secrets are not read: an output is recorded."""
    wanted = [inputs.resource_type or "", *([inputs.resource_name] if inputs.resource_name else [])]
    for word in wanted:
        if not _WORD.fullmatch(word):
            return ctx.failed(codes.INPUTS_UNUSABLE, f"'{word}' is no type or name of an object")
    if _SECRET_TYPES.fullmatch(wanted[0]):
        return ctx.failed(codes.INPUTS_UNUSABLE, "secrets are not read into outputs, which are recorded")
    outcome = yield ctx.command(*call(inputs, "get", f"--namespace={namespace}", "--output=json", *wanted))
    if not outcome.succeeded:
        return DriverResult(failure=failed(ctx, "kubectl", outcome))
    try:
        found = read_json(outcome.stdout.head)
    except ValueError:
        return ctx.failed(codes.CHILD_WITHOUT_ANSWER, "kubectl printed no JSON, or more than 1 MiB of it")
    if not isinstance(found, dict) or "kind" not in found:
        return ctx.failed(codes.CHILD_WITHOUT_ANSWER, "kubectl printed JSON that is no object of Kubernetes")
    outputs = {"namespace": namespace, "objects": _titles(found), "manifests": [], "object": found}
    return DriverResult(outputs=outputs, tools=(TOOL,))


def _titles(found: Any) -> list[str]:  # noqa: ANN401 - what kubectl printed
    """`<kind>/<name>` of an object, or of each one of a list."""
    items = found.get("items", [found]) if isinstance(found, dict) else []
    named = [item for item in items if isinstance(item, dict) and isinstance(item.get("metadata"), dict)]
    return [f"{item.get('kind', '')}/{item['metadata'].get('name', '')}" for item in named]


def call(inputs: KubernetesInputs, *arguments: str) -> tuple[str, ...]:
    """The argv of kubectl, in the step's context."""
    context = (f"--context={inputs.context}",) if inputs.context else ()
    return ("kubectl", *context, *arguments)
