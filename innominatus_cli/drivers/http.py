"""`http`: one request, whose answer must have one of the expected statuses."""

from typing import Any, Final

from innominatus_cli.drivers.contract import DriverResult, DriverSteps, StepContext
from innominatus_cli.drivers.web import Reply, call, shown
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.catalogue.delivery import UNEXPECTED_STATUS
from innominatus_cli.findings.finding import Finding
from innominatus_cli.step_types.contract import known
from innominatus_cli.step_types.flow import HttpInputs

_NOTHING: Final = object()


def driver(ctx: StepContext) -> DriverSteps:
    """Sends it once; outputs are the status and what `capture` names in a JSON answer."""
    inputs = ctx.inputs_of(HttpInputs)
    ca_file = None
    if inputs.ca_file is not None:
        path = ctx.repository_path(inputs.ca_file)
        if isinstance(path, Finding):
            return DriverResult(failure=path)
        ca_file = str(path)
    headers = dict(inputs.headers)
    for name, variable in inputs.headers_from.items():
        value = ctx.variable(variable)
        if isinstance(value, Finding):
            return DriverResult(failure=value)
        headers[name] = value
    method = str(known(inputs.method))
    reply = yield from call(
        ctx,
        method,
        inputs.url,
        headers=headers,
        body=inputs.body,
        timeout_seconds=float(known(inputs.timeout)),
        ca_file=ca_file,
    )
    if isinstance(reply, Finding):
        return DriverResult(failure=reply)
    told = f"{method} {shown(inputs.url)}: status {reply.status}"
    if reply.status not in inputs.expect_status:
        wanted = " or ".join(str(status) for status in inputs.expect_status)
        return ctx.failed(UNEXPECTED_STATUS, f"{told} instead of {wanted}")
    captured = _captured(reply, inputs.capture)
    if isinstance(captured, str):
        return ctx.failed(codes.OUTPUT_MISSING, f"{told}, but {captured}")
    return DriverResult(outputs={"status": reply.status, **captured}, public=("status",), message=told)


def _captured(reply: Reply, wanted: dict[str, str]) -> dict[str, Any] | str:
    """The values that are wanted, by the names of outputs; what is wrong in words where one is not there."""
    if not wanted:
        return {}
    data = reply.json()
    if data is None:
        return "the answer is no JSON, or longer than 256 KiB"
    found = {}
    for name, path in wanted.items():
        value = _at(data, path)
        if value is _NOTHING:
            return f"the answer has no '{path}'"
        found[name] = value
    return found


def _at(data: Any, path: str) -> Any:  # noqa: ANN401 - JSON of a server
    for key in path.split("."):
        if isinstance(data, dict) and key in data:
            data = data[key]
        elif isinstance(data, list) and key.isdecimal() and int(key) < len(data):
            data = data[int(key)]
        else:
            return _NOTHING
    return data
