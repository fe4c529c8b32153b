"""`cloudformation`: a change set is made, read, and executed as it is; through the AWS CLI."""

import hashlib
import json
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from innominatus_cli.documents.words import counted
from innominatus_cli.drivers.cloudformation.client import Asked, Aws
from innominatus_cli.drivers.contract import DriverResult, DriverSteps, StepContext
from innominatus_cli.drivers.made_notes import changing, gone, what_was_done
from innominatus_cli.drivers.tools import tool
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.catalogue import infrastructure
from innominatus_cli.findings.finding import Finding
from innominatus_cli.step_types.contract import known
from innominatus_cli.step_types.infrastructure import AWS_TOOL, CloudFormationInputs
from innominatus_cli.system.commands import CommandOutcome, CommandRequest, Ending

_TEMPLATE_BYTES: Final = 51_200
_LISTED: Final = 200
_POLLS: Final = 120
_NO_CHANGES: Final = ("didn't contain changes", "no updates are to be performed")
_STUCK: Final = frozenset(
    {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED", "UPDATE_ROLLBACK_FAILED", "CREATE_FAILED"}
)
_ACTIONS: Final = {"Add": "create", "Modify": "update", "Remove": "delete", "Import": "read", "Dynamic": "update"}


class Change(NamedTuple):
    """What a change set does to one resource."""

    action: str
    title: str


class ChangeSet(NamedTuple):
    """A change set that was made; without changes where there is nothing to do."""

    name: str
    makes_it: bool
    """Whether the stack is new."""
    changes: tuple[Change, ...]

    def summary(self) -> dict[str, Any]:
        """For the record."""
        actions = [change.action for change in self.changes]
        replaced = actions.count("replace")
        return {
            "add": actions.count("create") + replaced,
            "change": actions.count("update"),
            "destroy": actions.count("delete") + replaced,
            "changes": [{"action": one.action, "object": one.title} for one in self.changes[:_LISTED]],
        }


def driver(ctx: StepContext) -> DriverSteps:
    """Does what `operation` says; on a failure there are no outputs."""
    aws = yield from _opened(ctx)
    if isinstance(aws, Finding):
        return DriverResult(failure=aws)
    work = {"plan": _planned, "delete": _deleted, "describe": _described}
    result = yield from work.get(str(known(aws.inputs.operation)), _deployed)(aws)
    return DriverResult(failure=result, tools=(aws.tool,)) if isinstance(result, Finding) else result


def undo(ctx: StepContext) -> DriverSteps:
    """Deletes the stack where the run that is taken back made it."""
    inputs = ctx.inputs_of(CloudFormationInputs)
    if known(inputs.operation) != "deploy":
        return DriverResult()
    did = what_was_done(_notes(ctx), _key(inputs), ctx.undone_marks)
    if did == "untouched":
        return DriverResult(message="the run changed nothing here")
    if did == "changed":
        message = f"stack '{inputs.stack}' was there before this run: it is not deleted"
        return ctx.failed(infrastructure.NOT_MADE_BY_THIS_RUN, message)
    aws = yield from _opened(ctx)
    if isinstance(aws, Finding):
        return DriverResult(failure=aws)
    result = yield from _deleted(aws)
    return DriverResult(failure=result) if isinstance(result, Finding) else result


def preview(ctx: StepContext) -> DriverSteps:
    """What a change set would do; it is thrown away."""
    inputs = ctx.inputs_of(CloudFormationInputs)
    aws = yield from _opened(ctx)
    if isinstance(aws, Finding):
        return DriverResult(failure=aws)
    if known(inputs.operation) == "describe":
        return DriverResult(outputs={"changes": []})
    if known(inputs.operation) == "delete":
        there = yield from aws.stack()
        if isinstance(there, Finding):
            return DriverResult(failure=there)
        changes = [{"action": "delete", "object": f"stack {inputs.stack}"}] if there else []
        return DriverResult(outputs={"changes": changes})
    planned = yield from _planned(aws)
    if isinstance(planned, Finding):
        return DriverResult(failure=planned)
    return DriverResult(outputs={"changes": planned.outputs["plan_summary"]["changes"]})


def drift(ctx: StepContext) -> DriverSteps:
    """What CloudFormation's drift detection finds: properties by name."""
    aws = yield from _opened(ctx)
    if isinstance(aws, Finding):
        return DriverResult(failure=aws)
    found = yield from _drifted(aws)
    return DriverResult(failure=found) if isinstance(found, Finding) else DriverResult(outputs={"drift": found})


def _opened(ctx: StepContext) -> Asked[Aws]:
    found = yield from tool(ctx, AWS_TOOL)
    return found if isinstance(found, Finding) else Aws(ctx, ctx.inputs_of(CloudFormationInputs), found)


def _deployed(aws: Aws) -> Asked[DriverResult]:
    made = yield from _change_set(aws)
    if isinstance(made, Finding):
        return made
    if made.changes:
        changing(_notes(aws.ctx), _key(aws.inputs), aws.ctx.mark, makes_it=made.makes_it)
        problem = yield from _executed(aws, made)
        if isinstance(problem, Finding):
            return problem
    stack = yield from aws.stack()
    if isinstance(stack, Finding):
        return stack
    status = str(stack.get("StackStatus", ""))
    if not status.endswith("_COMPLETE") or "ROLLBACK" in status or status.startswith("DELETE"):
        return aws.ctx.finding(infrastructure.STACK_FAILED, f"stack '{aws.inputs.stack}' is {status or 'not there'}")
    counts = made.summary()
    message = f"{counts['add']} to add, {counts['change']} to change, {counts['destroy']} to destroy: done"
    return _result(aws, stack, made, message if made.changes else "no changes")


def _planned(aws: Aws) -> Asked[DriverResult]:
    made = yield from _change_set(aws)
    if isinstance(made, Finding):
        return made
    if made.changes:
        yield from _thrown_away(aws, made)
    return _result(aws, {}, made, counted(len(made.changes), "change"))


def _described(aws: Aws) -> Asked[DriverResult]:
    stack = yield from aws.stack()
    if isinstance(stack, Finding):
        return stack
    if not stack:
        return aws.ctx.finding(infrastructure.STACK_MISSING, f"there is no stack '{aws.inputs.stack}'")
    return _result(aws, stack, None, str(stack.get("StackStatus", "")))


def _deleted(aws: Aws) -> Asked[DriverResult]:
    stack = yield from aws.stack()
    if isinstance(stack, Finding):
        return stack
    if not stack:
        gone(_notes(aws.ctx), _key(aws.inputs))
        return _result(aws, {}, None, "nothing was there")
    problem = _busy(aws, stack, {"DELETE_IN_PROGRESS", *_STUCK})
    if problem is not None:
        return problem
    for command in (("delete-stack",), ("wait", "stack-delete-complete")):
        outcome = yield from aws.ask(*command, aws.name)
        if not outcome.succeeded:
            return aws.failed(" ".join(command), outcome)
    gone(_notes(aws.ctx), _key(aws.inputs))
    change = Change("delete", f"stack {aws.inputs.stack}")
    return _result(aws, {}, ChangeSet("", makes_it=False, changes=(change,)), "deleted")


def _change_set(aws: Aws) -> Asked[ChangeSet]:
    """Makes a change set, waits for it and reads it; one without changes is thrown away."""
    stack = yield from aws.stack()
    if isinstance(stack, Finding):
        return stack
    request = _busy(aws, stack) or _wanted(aws, makes_it=not stack)
    if isinstance(request, Finding):
        return request
    read = yield from _made(aws, request)
    if isinstance(read, Finding):
        return read
    found = ChangeSet(request["ChangeSetName"], not stack, _changes(read))
    if read.get("Status") != "FAILED" and found.changes:
        return found
    yield from _thrown_away(aws, found)
    reason = str(read.get("StatusReason", "")).lower()
    if read.get("Status") == "FAILED" and not any(text in reason for text in _NO_CHANGES):
        message = f"no change set for stack '{aws.inputs.stack}' can be made"
        return aws.ctx.finding(infrastructure.STACK_FAILED, message)
    return found._replace(changes=())


def _made(aws: Aws, request: Mapping[str, Any]) -> Asked[dict[str, Any]]:
    name = f"--change-set-name={request['ChangeSetName']}"
    file = aws.ctx.scratch_dir / "change-set.json"
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_text(json.dumps(request), encoding="utf-8")
    made = yield from aws.answer("create-change-set", aws.name, name, f"--cli-input-json=file://{file}")
    if isinstance(made, Finding):
        return made
    waited = yield from aws.ask("wait", "change-set-create-complete", aws.name, name)
    if waited.ending is not Ending.EXITED:
        return aws.failed("wait change-set-create-complete", waited)
    return (yield from aws.answer("describe-change-set", aws.name, name))


def _wanted(aws: Aws, *, makes_it: bool) -> dict[str, Any] | Finding:
    """The request for a change set; parameters that are secrets come from variables of the environment."""
    inputs, ctx = aws.inputs, aws.ctx
    if inputs.template is None:
        return ctx.finding(codes.INPUTS_UNUSABLE, "there is no 'template' to deploy")
    path = ctx.repository_path(inputs.template)
    if isinstance(path, Finding):
        return path
    template = path.read_bytes()
    if len(template) > _TEMPLATE_BYTES:
        message = f"'{inputs.template}' has more than {_TEMPLATE_BYTES:,} bytes"
        return ctx.finding(codes.INPUTS_UNUSABLE, message, "Split it into nested stacks: larger ones must be on S3.")
    values = dict(inputs.parameters)
    for name, variable in inputs.parameters_from.items():
        value = ctx.variable(variable)
        if isinstance(value, Finding):
            return value
        values[name] = value
    digest = hashlib.sha256(ctx.mark.encode()).hexdigest()[:12]
    return {
        "StackName": inputs.stack,
        "ChangeSetName": f"innominatus-{digest}-{len(ctx.step.id)}",
        "ChangeSetType": "CREATE" if makes_it else "UPDATE",
        "TemplateBody": template.decode("utf-8", "replace"),
        "Parameters": [{"ParameterKey": name, "ParameterValue": value} for name, value in sorted(values.items())],
        "Capabilities": list(inputs.capabilities),
        "Tags": [{"Key": name, "Value": value} for name, value in sorted(inputs.tags.items())],
    }


def _executed(aws: Aws, made: ChangeSet) -> Asked[None]:
    what = "create" if made.makes_it else "update"
    outcome = yield from aws.ask("execute-change-set", aws.name, f"--change-set-name={made.name}")
    if not outcome.succeeded:
        return aws.failed("execute-change-set", outcome)
    outcome = yield from aws.ask("wait", f"stack-{what}-complete", aws.name)
    if outcome.succeeded:
        return None
    if outcome.ending is not Ending.EXITED:
        return aws.failed(f"wait stack-{what}-complete", outcome)
    events = yield from aws.answer("describe-stack-events", aws.name)
    first = "" if isinstance(events, Finding) else _first_failure(events)
    message = f"stack '{aws.inputs.stack}' could not be {what}d{first}"
    return aws.ctx.finding(infrastructure.STACK_FAILED, message)


def _thrown_away(aws: Aws, made: ChangeSet) -> Generator[CommandRequest, CommandOutcome, None]:
    """Takes away a change set, and the shell of a stack that it made; best effort, nothing depends on it."""
    yield from aws.ask("delete-change-set", aws.name, f"--change-set-name={made.name}")
    if made.makes_it:
        yield from aws.ask("delete-stack", aws.name)


def _drifted(aws: Aws) -> Asked[list[dict[str, str]]]:
    started = yield from aws.answer("detect-stack-drift", aws.name)
    if isinstance(started, Finding):
        return started
    which = f"--stack-drift-detection-id={started.get('StackDriftDetectionId', '')}"
    for _ in range(_POLLS):
        status = yield from aws.answer("describe-stack-drift-detection-status", which)
        if isinstance(status, Finding):
            return status
        if status.get("DetectionStatus") == "DETECTION_COMPLETE":
            break
        if status.get("DetectionStatus") == "DETECTION_FAILED":
            return aws.ctx.finding(infrastructure.STACK_FAILED, "CloudFormation could not detect drift")
        yield aws.ctx.command("sleep", "5")
    read = yield from aws.answer("describe-stack-resource-drifts", aws.name)
    if isinstance(read, Finding):
        return read
    found = []
    for one in read.get("StackResourceDrifts", []):
        if one.get("StackResourceDriftStatus") in {"MODIFIED", "DELETED"}:
            names = sorted(str(part.get("PropertyPath", "")) for part in one.get("PropertyDifferences", []))
            gone_ = one["StackResourceDriftStatus"] == "DELETED"
            what = "it is gone" if gone_ else f"{', '.join(names) or 'something'} differs"
            found.append({"object": _title(one), "what": what})
    return found


def _busy(aws: Aws, stack: Mapping[str, Any], allowed: set[str] | None = None) -> Finding | None:
    status = str(stack.get("StackStatus", ""))
    if not stack or status in (allowed or set()):
        return None
    if status.endswith("_IN_PROGRESS") or status in _STUCK:
        return aws.ctx.finding(infrastructure.STACK_BUSY, f"stack '{aws.inputs.stack}' is {status}")
    return None


def _changes(read: Mapping[str, Any]) -> tuple[Change, ...]:
    found = []
    for one in read.get("Changes") or ():
        change = one.get("ResourceChange") if isinstance(one, dict) else None
        if isinstance(change, dict):
            action = _ACTIONS.get(str(change.get("Action")), "update")
            replaces = action == "update" and change.get("Replacement") == "True"
            found.append(Change("replace" if replaces else action, _title(change)))
    return tuple(found)


def _title(resource: Mapping[str, Any]) -> str:
    return f"{resource.get('LogicalResourceId', '?')} ({resource.get('ResourceType', '?')})"


def _first_failure(events: Mapping[str, Any]) -> str:
    """The oldest failure among the events, which come newest first."""
    failed = [
        one
        for one in events.get("StackEvents") or ()
        if isinstance(one, dict) and str(one.get("ResourceStatus", "")).endswith("_FAILED")
    ]
    return f": {_title(failed[-1])} is {failed[-1]['ResourceStatus']}" if failed else ""


def _result(aws: Aws, stack: Mapping[str, Any], made: ChangeSet | None, message: str) -> DriverResult:
    made = made or ChangeSet("", makes_it=False, changes=())
    outputs: dict[str, Any] = {
        "changed": bool(made.changes),
        "plan_summary": made.summary(),
        "stack_id": str(stack.get("StackId", "")),
        "status": str(stack.get("StackStatus", "")),
    }
    own = tuple(outputs)
    for one in stack.get("Outputs") or ():
        if isinstance(one, dict) and "OutputKey" in one:
            outputs[str(one["OutputKey"])] = one.get("OutputValue")
    public = (*own, *(name for name in outputs if name not in own))
    return DriverResult(outputs=outputs, public=public, message=message, tools=(aws.tool,))


def _notes(ctx: StepContext) -> Path:
    return ctx.state_dir / "cloudformation" / "made.json"


def _key(inputs: CloudFormationInputs) -> str:
    return f"{inputs.region or ''}/{inputs.stack}"
