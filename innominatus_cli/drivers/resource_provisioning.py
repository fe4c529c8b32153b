"""`resource-provisioning`: one resource through the provisioner that planning has chosen for it."""

import base64
import json
from collections.abc import Generator, Mapping
from typing import Any, Final, Literal, TypeAlias

from innominatus_cli.documents.words import counted
from innominatus_cli.drivers.contract import Driver, DriverResult, DriverSteps, StepContext
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.catalogue import provisioning as provisioning_codes
from innominatus_cli.findings.catalogue.resources import NOT_OFFERED
from innominatus_cli.findings.finding import Finding
from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.provisioners.contract import ResourceRequest
from innominatus_cli.provisioners.conversing import DEFAULT_SECONDS, Code, Problem, Setting, Trouble, converse
from innominatus_cli.provisioners.own_folder import OwnFolder
from innominatus_cli.provisioners.protocol import Answer, Backup
from innominatus_cli.provisioners.registry import PROVISIONERS, provisioner_for
from innominatus_cli.step_types.contract import known
from innominatus_cli.step_types.resources import ClusterOfResource, ProvisionedBy, ResourceProvisioningInputs
from innominatus_cli.system.commands import CommandOutcome, CommandRequest

How: TypeAlias = Literal["create", "delete", "undo"]
_SECRETS: Final = "secrets.yaml"
_APPLIED: Final = ".applied.json"
_CODES: Final = {
    Trouble.FAILED: provisioning_codes.PROVISIONER_FAILED,
    Trouble.NO_ANSWER: provisioning_codes.PROVISIONER_WITHOUT_ANSWER,
    Trouble.LIES: provisioning_codes.PROVISIONER_LIES,
    Trouble.WROTE_OUTSIDE: provisioning_codes.PROVISIONER_WROTE_OUTSIDE,
    Trouble.NOT_STARTED: codes.TOOL_MISSING,
}
_CODE: Final = frozenset({"command", "module", "entry-point"})
_HEALTHS: Final = frozenset({"healthy", "degraded", "unhealthy", "unknown"})


def driver(ctx: StepContext) -> DriverSteps:
    """Creates or deletes the resource; its outputs are the provisioner's."""
    inputs = ctx.inputs_of(ResourceProvisioningInputs)
    operation = known(inputs.operation)
    if operation == "release":
        return _released(inputs)
    deletes = operation == "delete"
    return (yield from _provisioned(ctx, "delete" if deletes else "create"))


def undo(ctx: StepContext) -> DriverSteps:
    """Removes the resource where the step made it; one that was there before stays, and one that others use."""
    inputs = ctx.inputs_of(ResourceProvisioningInputs)
    if known(inputs.operation) == "release":
        return _released(inputs)
    return (yield from _provisioned(ctx, "undo"))


def _released(inputs: ResourceProvisioningInputs) -> DriverResult:
    name = inputs.resource_id or inputs.resource
    return DriverResult(outputs={"name": name}, public=("name",), message=f"{name} stays: others use it")


def health(ctx: StepContext) -> DriverSteps:
    """How the resource is: what its provisioner answers to `status`, or what a built-in one sees."""
    inputs = ctx.inputs_of(ResourceProvisioningInputs)
    chosen = inputs.provisioner
    if chosen is None:
        return _health_of(inputs, *_seen(ctx, inputs))
    if chosen.kind not in _CODE:
        return _health_of(inputs, "unknown", f"a provisioner of the kind '{chosen.kind}' cannot say")
    answer = yield from converse("status", _code(chosen), _request(ctx, inputs), _setting(ctx))
    if isinstance(answer, Problem):
        return _failed(ctx, inputs, answer)
    told, state = str(answer.status.get("health", "unknown")), str(answer.status.get("state", ""))
    message = str(answer.status.get("message", ""))
    if told == "ok":
        told = "healthy"
    if told not in _HEALTHS:
        told, message = "unknown", f"the provisioner calls it '{told[:40]}'. {message}".rstrip()
    if told == "unknown" and state in {"degraded", "failed", "terminated"}:
        told = "degraded" if state == "degraded" else "unhealthy"
    return _health_of(inputs, told, message or (f"the provisioner says that it is {state}" if state else ""))


def data_driver(operation: Literal["backup", "restore"], backup: Backup) -> Driver:
    """A driver that lets the provisioner of a resource back it up, or restore it from a backup.

    Outputs: `location` and `message`. A provisioner that does not offer the operation is asked for nothing more.
    """

    def driver(ctx: StepContext) -> DriverSteps:
        inputs = ctx.inputs_of(ResourceProvisioningInputs)
        chosen = inputs.provisioner
        if chosen is None or chosen.kind not in _CODE:
            kind = "built-in" if chosen is None else f"{chosen.kind}"
            return ctx.failed(NOT_OFFERED, f"resource '{inputs.resource}': a {kind} provisioner has no '{operation}'")
        code, request, setting = _code(chosen), _request(ctx, inputs), _setting(ctx)
        told = yield from converse("describe", code, request, setting)
        if isinstance(told, Problem) and told.trouble not in {Trouble.FAILED, Trouble.NO_ANSWER}:
            return _failed(ctx, inputs, told)
        if isinstance(told, Problem) or operation not in (told.describes.get("operations") or ()):
            message = f"resource '{inputs.resource}': the provisioner '{chosen.name}' does not offer '{operation}'"
            return ctx.failed(NOT_OFFERED, message)
        answer = yield from converse(operation, code, request, setting, backup)
        if isinstance(answer, Problem):
            return _failed(ctx, inputs, answer)
        location = str(answer.backup.get("location", ""))
        if operation == "backup" and not location and not any(backup.folder.iterdir()):
            lie = Problem(Trouble.LIES, "says that it is backed up, and there is neither a file nor a location")
            return _failed(ctx, inputs, lie)
        return DriverResult(outputs={"location": location, "message": answer.message}, public=("location", "message"))

    return driver


def _seen(ctx: StepContext, inputs: ResourceProvisioningInputs) -> tuple[str, str]:
    provisioner = provisioner_for(inputs.resource_type)
    if provisioner is None:
        return "unknown", f"nothing makes the type '{inputs.resource_type}' any more"
    if provisioner.look is None:
        return "unknown", "it is described, and nothing was made that could be looked at"
    problem = provisioner.look(_request(ctx, inputs))
    return ("unhealthy", problem) if problem else ("healthy", "")


def _health_of(inputs: ResourceProvisioningInputs, told: str, message: str) -> DriverResult:
    return DriverResult(outputs={"health": [{"object": inputs.resource, "health": told, "message": message}]})


def _provisioned(ctx: StepContext, how: How) -> DriverSteps:
    inputs = ctx.inputs_of(ResourceProvisioningInputs)
    chosen = inputs.provisioner
    if chosen is None:
        return _by_built_in(ctx, how)
    if chosen.kind == "workflow":
        return _taken_over(inputs, chosen, how)
    if how != "create":
        failure = yield from _taken_away(ctx, inputs, chosen, how)
        if failure is not None:
            return DriverResult(failure=failure)
    if chosen.kind in {"score-command", "score-template"}:
        from innominatus_cli.provisioners.score_running import run_score_entry  # noqa: PLC0415 - few are of Score

        answer = yield from run_score_entry(chosen.file, chosen.entry or 0, how, _request(ctx, inputs), _setting(ctx))
    else:
        answer = yield from _by_code(ctx, inputs, chosen, how)
    if isinstance(answer, Problem):
        return _failed(ctx, inputs, answer)
    return (yield from _result(ctx, inputs, answer, how))


def _by_code(ctx: StepContext, inputs: ResourceProvisioningInputs, chosen: ProvisionedBy, how: How) -> Any:  # noqa: ANN401 - a generator that gives an answer or a problem
    request = _request(ctx, inputs)
    folder = OwnFolder(request)
    if how == "undo" and not folder.is_of_this_run:
        return Answer(message=f"{request.identity} was there before, or is gone: nothing is removed")
    operation = "provision" if how == "create" else "deprovision"
    answer = yield from converse(operation, _code(chosen), request, _setting(ctx))
    if isinstance(answer, Problem) or how == "create":
        return answer
    try:
        folder.remove()
    except OSError as wrong:
        return Problem(Trouble.FAILED, f"left a folder that cannot be removed: {wrong.strerror}")
    return answer


def _result(ctx: StepContext, inputs: ResourceProvisioningInputs, answer: Answer, how: How) -> DriverSteps:
    outputs = {"name": inputs.resource_id or inputs.resource, **answer.outputs}
    path = ctx.artifact_path()
    artifacts: dict[str, bytes] = {}
    kept = ""
    if answer.manifests and how == "create":
        made = yield from _objects_of(ctx, inputs, answer)
        if isinstance(made, Finding):
            return DriverResult(failure=made)
        artifacts, kept = made
    elif how != "create" and path in ctx.manifests:
        artifacts[path] = b""
    hints = "; ".join(f"{hint.get('label', '')}: {hint.get('value', '')}" for hint in answer.hints[:5])
    return DriverResult(
        outputs=outputs,
        public=tuple(name for name in outputs if name not in answer.secrets),
        secret=answer.secrets,
        secret_values=answer.withheld,
        artifacts=artifacts,
        message=" · ".join(filter(None, (answer.message, hints, kept))),
        hints=tuple({key: str(value) for key, value in hint.items()} for hint in answer.hints),
    )


def _objects_of(
    ctx: StepContext, inputs: ResourceProvisioningInputs, answer: Answer
) -> Generator[CommandRequest, CommandOutcome, tuple[dict[str, bytes], str] | Finding]:
    """The provisioner's objects: rendered, and applied where the environment says so.

    Those that hold a secret are kept in the resource's own folder, for rendered ones are committed.
    """
    from innominatus_cli.documents.yaml_writer import yaml_text  # noqa: PLC0415 - few provisioners have manifests
    from innominatus_cli.drivers.kubernetes.provisioned import apply_objects, completed  # noqa: PLC0415 - as above

    cluster, namespace = _cluster(ctx, inputs)
    found = completed(ctx, f"the provisioner of '{inputs.resource}'", answer.manifests, namespace)
    if isinstance(found, Finding):
        return found
    secret = [one for one in found if _holds_secret(one.data, answer)]
    plain = [one for one in found if one not in secret]
    folder = OwnFolder(_request(ctx, inputs))
    try:
        if secret:
            folder.write(_SECRETS, yaml_text(one.data for one in secret).encode())
        if cluster.mode == "apply":
            folder.write(_APPLIED, json.dumps([one.data for one in found]).encode())
    except OSError as wrong:
        return ctx.finding(codes.JOURNAL_LOST, f"cannot keep the objects of '{inputs.resource}': {wrong.strerror}")
    if cluster.mode == "apply":
        failure = yield from apply_objects(ctx, found, namespace, cluster.context)
        if failure is not None:
            return failure
    where = folder.path.relative_to(ctx.state_dir) / _SECRETS
    kept = f"{counted(len(secret), 'object')} with secrets in {where} of the state folder, not committed"
    artifacts = {ctx.artifact_path(): yaml_text(one.data for one in plain).encode()} if plain else {}
    return artifacts, kept if secret else ""


def _holds_secret(data: Mapping[str, Any], answer: Answer) -> bool:
    """Whether an object is a Secret, or has a secret of the resource in it, as it is or in base64."""
    if data.get("kind") == "Secret":
        return True
    text = json.dumps(data, ensure_ascii=False)
    values = (*answer.withheld, *(str(answer.outputs.get(name, "")) for name in answer.secrets))
    return any(one in text or base64.b64encode(one.encode()).decode() in text for one in values if one)


def _taken_away(
    ctx: StepContext, inputs: ResourceProvisioningInputs, chosen: ProvisionedBy, how: How
) -> Generator[CommandRequest, CommandOutcome, Finding | None]:
    """Deletes the objects that were applied for the resource; a rollback only those of its own run."""
    folder = OwnFolder(_request(ctx, inputs))
    if how == "undo" and not folder.is_of_this_run:
        return None
    try:
        noted = folder.read(_APPLIED)
        objects = json.loads(noted) if noted else []
    except (OSError, ValueError):
        return ctx.finding(codes.JOURNAL_LOST, f"cannot read which objects were applied for '{inputs.resource}'")
    if not objects:
        return None
    from innominatus_cli.drivers.kubernetes.provisioned import completed, delete_objects  # noqa: PLC0415 - as above

    cluster, namespace = _cluster(ctx, inputs)
    found = completed(ctx, f"the provisioner '{chosen.name}'", objects, namespace)
    return found if isinstance(found, Finding) else (yield from delete_objects(ctx, found, namespace, cluster.context))


def _cluster(ctx: StepContext, inputs: ResourceProvisioningInputs) -> tuple[ClusterOfResource, str]:
    """Where the provisioner's objects go, and the namespace of those that name none."""
    cluster = inputs.provisioner.cluster if inputs.provisioner is not None else ClusterOfResource()
    return cluster, cluster.namespace or ctx.application


def _failed(ctx: StepContext, inputs: ResourceProvisioningInputs, problem: Problem) -> DriverResult:
    name = inputs.provisioner.name if inputs.provisioner is not None else inputs.resource_type
    message = f"resource '{inputs.resource}': the provisioner '{name}' {problem.message}"
    return ctx.failed(_CODES[problem.trouble], message, problem.remedy)


def _taken_over(inputs: ResourceProvisioningInputs, chosen: ProvisionedBy, how: How) -> DriverResult:
    """What the workflow of a provider has given are the outputs of the resource."""
    updated = known(inputs.operation) == "update"
    if how != "create":
        gone = "delete" in chosen.workflows
        stays = f"the provider '{chosen.name}' has no workflow that removes it: it stays"
        return DriverResult(
            outputs={"name": inputs.resource_id or inputs.resource},
            public=("name",),
            message="" if gone else stays,
        )
    outputs = {"name": inputs.resource_id or inputs.resource, **(inputs.outputs or {})}
    did = "updated" if updated else "made"
    return DriverResult(outputs=outputs, public=tuple(outputs), message=f"{did} by the provider '{chosen.name}'")


def _by_built_in(ctx: StepContext, how: How) -> DriverResult:
    inputs = ctx.inputs_of(ResourceProvisioningInputs)
    provisioner = provisioner_for(inputs.resource_type)
    if provisioner is None:
        return ctx.failed(
            codes.RESOURCE_TYPE_UNKNOWN,
            f"resource '{inputs.resource}': nothing makes the type '{inputs.resource_type}'",
            did_you_mean(inputs.resource_type, PROVISIONERS) or "`innominatus-ctl provisioners list` shows the types.",
        )
    unknown = sorted(inputs.params.keys() - provisioner.params.keys())
    if unknown:
        return ctx.failed(
            codes.RESOURCE_FAILED,
            f"resource '{inputs.resource}' of type {provisioner.type} has no param '{unknown[0]}'",
            did_you_mean(unknown[0], provisioner.params) or f"Params: {', '.join(provisioner.params) or 'none'}.",
        )
    work = {"create": provisioner.create, "delete": provisioner.delete, "undo": provisioner.undo}[how]
    done = work(_request(ctx, inputs))
    if done.problem:
        return ctx.failed(codes.RESOURCE_FAILED, f"resource '{inputs.resource}': {done.problem}")
    return DriverResult(outputs=done.outputs, public=tuple(provisioner.outputs), message=done.message)


def _request(ctx: StepContext, inputs: ResourceProvisioningInputs) -> ResourceRequest:
    return ResourceRequest(
        name=inputs.resource,
        type=inputs.provisioner.type if inputs.provisioner is not None else inputs.resource_type,
        class_=inputs.resource_class,
        id=inputs.resource_id,
        params=inputs.params,
        annotations=inputs.annotations,
        services=inputs.provisioner.services if inputs.provisioner is not None else {},
        application=ctx.application,
        environment=ctx.environment,
        namespace=_cluster(ctx, inputs)[1],
        state_dir=ctx.state_dir,
        env=ctx.env,
        mark=ctx.mark,
        undone_marks=tuple(ctx.undone_marks),
    )


def _code(chosen: ProvisionedBy) -> Code:
    return Code(
        name=chosen.name,
        kind=chosen.kind,
        run=tuple(chosen.run),
        version=chosen.version,
        outputs=chosen.outputs,
        secret_outputs=tuple(chosen.secret_outputs),
        config=chosen.config,
        timeout_seconds=chosen.timeout_seconds or DEFAULT_SECONDS,
    )


def _setting(ctx: StepContext) -> Setting:
    return Setting(ctx.work_dir, ctx.env)
