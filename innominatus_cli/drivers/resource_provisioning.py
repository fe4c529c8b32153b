"""`resource-provisioning`: one resource through the provisioner that planning has chosen for it."""

from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias

from innominatus_cli.drivers.contract import Driver, DriverResult, DriverSteps, StepContext
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.catalogue import provisioning as provisioning_codes
from innominatus_cli.findings.catalogue.resources import NOT_OFFERED
from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.provisioners.contract import ResourceRequest
from innominatus_cli.provisioners.conversing import DEFAULT_SECONDS, Code, Problem, Setting, Trouble, converse
from innominatus_cli.provisioners.own_folder import OwnFolder
from innominatus_cli.provisioners.protocol import Answer, Backup
from innominatus_cli.provisioners.registry import PROVISIONERS, provisioner_for
from innominatus_cli.step_types.contract import known
from innominatus_cli.step_types.resources import ProvisionedBy, ResourceProvisioningInputs

How: TypeAlias = Literal["create", "delete", "undo"]
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
        name = inputs.resource_id or inputs.resource
        return DriverResult(outputs={"name": name}, public=("name",), message=f"{name} stays: others use it")
    deletes = operation == "delete"
    return (yield from _provisioned(ctx, "delete" if deletes else "create"))


def undo(ctx: StepContext) -> DriverSteps:
    """Removes the resource where the step made it; one that was there before stays."""
    return (yield from _provisioned(ctx, "undo"))


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
    if chosen.kind in {"score-command", "score-template"}:
        from innominatus_cli.provisioners.score_running import run_score_entry  # noqa: PLC0415 - few are of Score

        answer = yield from run_score_entry(chosen.file, chosen.entry or 0, how, _request(ctx, inputs), _setting(ctx))
    else:
        answer = yield from _by_code(ctx, inputs, chosen, how)
    return _failed(ctx, inputs, answer) if isinstance(answer, Problem) else _result(ctx, inputs, answer, how)


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


def _result(ctx: StepContext, inputs: ResourceProvisioningInputs, answer: Answer, how: How) -> DriverResult:
    outputs = {"name": inputs.resource_id or inputs.resource, **answer.outputs}
    path = ctx.artifact_path()
    artifacts: dict[str, bytes] = {}
    secret_objects = [one for one in answer.manifests if one.get("kind") == "Secret"]
    objects = [one for one in answer.manifests if one.get("kind") != "Secret"]
    kept = _kept_apart(ctx, inputs, secret_objects) if secret_objects else ""
    if objects:
        from innominatus_cli.documents.yaml_writer import yaml_text  # noqa: PLC0415 - few provisioners have manifests

        artifacts[path] = yaml_text(objects).encode()
    elif how != "create" and path in ctx.manifests:
        artifacts[path] = b""
    hints = "; ".join(f"{hint.get('label', '')}: {hint.get('value', '')}" for hint in answer.hints[:5])
    return DriverResult(
        outputs=outputs,
        public=tuple(name for name in outputs if name not in answer.secrets),
        secret=answer.secrets,
        artifacts=artifacts,
        message=" · ".join(filter(None, (answer.message, hints, kept))),
        hints=tuple({key: str(value) for key, value in hint.items()} for hint in answer.hints),
    )


def _kept_apart(ctx: StepContext, inputs: ResourceProvisioningInputs, objects: list[Mapping[str, Any]]) -> str:
    """Keeps Secrets in the resource's own folder: manifests are committed, and secrets are not."""
    from innominatus_cli.documents.yaml_writer import yaml_text  # noqa: PLC0415 - few provisioners have manifests

    folder = OwnFolder(_request(ctx, inputs))
    try:
        folder.write("secrets.yaml", yaml_text(objects).encode())
    except OSError as wrong:
        return f"{len(objects)} Secrets could not be kept: {wrong.strerror}"
    where = folder.path.relative_to(ctx.state_dir) / "secrets.yaml"
    return f"Secrets are in {where} of the state folder, and not committed"


def _failed(ctx: StepContext, inputs: ResourceProvisioningInputs, problem: Problem) -> DriverResult:
    name = inputs.provisioner.name if inputs.provisioner is not None else inputs.resource_type
    message = f"resource '{inputs.resource}': the provisioner '{name}' {problem.message}"
    return ctx.failed(_CODES[problem.trouble], message, problem.remedy)


def _taken_over(inputs: ResourceProvisioningInputs, chosen: ProvisionedBy, how: How) -> DriverResult:
    """What the workflow of a provider has given are the outputs of the resource."""
    if how != "create":
        gone = "delete" in chosen.workflows
        stays = f"the provider '{chosen.name}' has no workflow that removes it: it stays"
        return DriverResult(
            outputs={"name": inputs.resource_id or inputs.resource},
            public=("name",),
            message="" if gone else stays,
        )
    outputs = {"name": inputs.resource_id or inputs.resource, **(inputs.outputs or {})}
    return DriverResult(outputs=outputs, public=tuple(outputs), message=f"by the provider '{chosen.name}'")


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
