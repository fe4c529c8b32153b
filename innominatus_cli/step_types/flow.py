"""Steps that wait, ask, tell and call: known to the language; nothing runs them yet."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field

from innominatus_cli.documents.model import DurationSeconds, Text
from innominatus_cli.documents.vocabulary import Idempotency
from innominatus_cli.step_types.contract import Reference, SecretName, StepInputs, StepType, aliases
from innominatus_cli.step_types.programs import PROGRAM_SPELLINGS, ProgramInputs


class ApprovalInputs(StepInputs):
    """Inputs of `approval`."""

    model_config = ConfigDict(json_schema_extra=aliases(teams=["approvers", "team"], count=["required"]))

    teams: Annotated[list[str], Field(min_length=1)]
    count: Annotated[int, Field(ge=1)] | Reference[int] = 1
    """How many different people must approve."""
    expires: DurationSeconds | None = None
    """How long an approval holds; as long as admin-config's `approvals.expires` says where nothing is said."""
    message: str = ""
    """What the people who approve should know."""


class WorkflowInputs(StepInputs):
    """Inputs of `workflow`: what older files write in `config`."""

    model_config = ConfigDict(json_schema_extra=aliases(parameters=["variables", "params"]))

    workflow: str | None = None
    provider: str | None = None
    parameters: dict[str, Any] = {}


class WaitInputs(StepInputs):
    """Inputs of `wait`."""

    model_config = ConfigDict(json_schema_extra=aliases(duration=["for", "seconds"], until=["condition"]))

    duration: DurationSeconds | Reference[int] | None = None
    until: str | None = None
    interval: DurationSeconds | Reference[int] = 10


class NotificationInputs(StepInputs):
    """Inputs of `notification`."""

    model_config = ConfigDict(json_schema_extra=aliases(channel=["type"], recipients=["to"], webhook=["url"]))

    channel: Literal["slack", "teams", "email", "webhook"] | Reference[str] = "webhook"
    message: str = ""
    subject: str = ""
    recipients: list[str] = []
    webhook: SecretName | None = None


def _as_list(value: object) -> object:
    return [value] if isinstance(value, int) and not isinstance(value, bool) else value


class HttpInputs(StepInputs):
    """Inputs of `http`."""

    model_config = ConfigDict(json_schema_extra=aliases(url=["endpoint"], body=["data"], expectStatus=["status"]))

    url: str
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] | Reference[str] = "GET"
    headers: dict[str, Text] = {}
    body: Any = None
    expect_status: Annotated[
        list[int], BeforeValidator(_as_list, json_schema_input_type=int | list[int]), Field(min_length=1)
    ] = [200]


class TestSuiteInputs(ProgramInputs):
    """Inputs of `test`."""

    model_config = ConfigDict(json_schema_extra=aliases(**PROGRAM_SPELLINGS, framework=["runner"]))

    framework: Literal["pytest", "jest", "newman", "node", "go"] | None = None
    report: str | None = None
    """A JUnit file that the program writes."""


APPROVAL = StepType(
    name="approval",
    summary="Waits until enough people of the right teams have approved the plan.",
    inputs=ApprovalInputs,
    idempotency=Idempotency.CONVERGENT,
    rollback="reversible",
)
WORKFLOW = StepType(
    name="workflow",
    summary="Runs another workflow as part of this one.",
    inputs=WorkflowInputs,
    idempotency=Idempotency.CONVERGENT,
    has_driver=False,
)
WAIT = StepType(
    name="wait",
    summary="Waits for a time or a condition.",
    inputs=WaitInputs,
    idempotency=Idempotency.CONVERGENT,
    rollback="nothing",
    has_driver=False,
)
NOTIFICATION = StepType(
    name="notification",
    summary="Tells people or systems what happened.",
    inputs=NotificationInputs,
    has_driver=False,
)
HTTP = StepType(
    name="http",
    summary="Sends an HTTP request and checks the answer.",
    inputs=HttpInputs,
    outputs={"status": "The status of the answer."},
    has_driver=False,
)
TEST = StepType(
    name="test",
    summary="Runs a test suite and reads its report.",
    inputs=TestSuiteInputs,
    idempotency=Idempotency.CONVERGENT,
    rollback="nothing",
    has_driver=False,
)
