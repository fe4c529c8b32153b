"""Steps that wait, ask, tell, call and test."""

from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from innominatus_cli.documents.model import DurationSeconds, Text
from innominatus_cli.documents.plan import ToolNeed
from innominatus_cli.documents.vocabulary import Idempotency
from innominatus_cli.step_types.checking import HealthCheckName, NamedHealthCheck, tools_of_checks
from innominatus_cli.step_types.contract import PathInput, Reference, StepInputs, StepType, VariableName, aliases
from innominatus_cli.step_types.programs import PROGRAM_SPELLINGS, ProgramInputs

_FRAMEWORKS: Final = {
    "pytest": ToolNeed(name="pytest", range=">=7"),
    "jest": ToolNeed(name="jest", range=">=27"),
    "newman": ToolNeed(name="newman", range=">=5"),
    "node": ToolNeed(name="node", range=">=20"),
}


def _as_items(value: object) -> object:
    return [value] if isinstance(value, dict | str) else value


_Check: TypeAlias = NamedHealthCheck | HealthCheckName
Checks = Annotated[list[_Check], BeforeValidator(_as_items, json_schema_input_type=_Check | list[_Check])]
"""Checks; a single one needs no list."""


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
    """Inputs of `wait`: a time, or until checks pass."""

    model_config = ConfigDict(json_schema_extra=aliases(duration=["for", "seconds"], until=["condition", "checks"]))

    duration: DurationSeconds | Reference[int] | None = None
    """How long to wait at least, before the first check."""
    until: Checks = []
    """Checks, or one: names of admin-config's table `healthChecks`, or written out. The wait ends when all pass."""
    interval: DurationSeconds | Reference[int] = 10
    """Time between two looks."""

    @model_validator(mode="after")
    def _something_to_wait_for(self) -> "WaitInputs":
        if self.duration is None and not self.until:
            raise ValueError("'duration' or 'until' is needed: there is nothing to wait for")
        return self


class MailServer(StepInputs):
    """A mail server that takes messages (SMTP)."""

    host: Annotated[str, Field(min_length=1)]
    port: Annotated[int, Field(ge=1, le=65535)] | Reference[int] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    """`none` only where the server stands on this machine or in a network of yours."""
    username: str | None = None
    password_from: VariableName = "SMTP_PASSWORD"  # noqa: S105 - the name of a variable
    """The variable of the step's `env` that holds the password; it is read where there is a `username`."""


class NotificationInputs(StepInputs):
    """Inputs of `notification`."""

    model_config = ConfigDict(
        json_schema_extra=aliases(channel=["type"], recipients=["to"], url=["webhook", "webhookUrl"], message=["text"])
    )

    channel: Literal["slack", "teams", "email", "webhook"] | Reference[str] = "webhook"
    message: Annotated[str, Field(min_length=1)]
    """What is said, as plain text: nothing in it becomes markup or calls people."""
    subject: str = ""
    """A title; application and environment where nothing is said."""
    url: str | None = None
    """Where slack, teams and webhook take messages."""
    url_from: VariableName | None = None
    """The variable of the step's `env` that holds the address, which is a secret for most channels."""
    headers: dict[str, Text] = {}
    """More headers for `webhook`."""
    recipients: list[str] = []
    """Mail addresses."""
    sender: str = ""
    """The mail address that it comes from."""
    server: MailServer | None = None
    """The mail server of `email`."""

    @model_validator(mode="after")
    def _has_a_way(self) -> "NotificationInputs":
        if self.channel == "email":
            if self.server is None or not self.recipients or not self.sender:
                raise ValueError("channel email needs 'server', 'sender' and 'recipients'")
        elif not isinstance(self.channel, Reference) and (self.url is None) == (self.url_from is None):
            raise ValueError(f"channel {self.channel} needs one of 'url' and 'urlFrom'")
        return self


def _as_list(value: object) -> object:
    return [value] if isinstance(value, int) and not isinstance(value, bool) else value


class HttpInputs(StepInputs):
    """Inputs of `http`."""

    model_config = ConfigDict(
        json_schema_extra=aliases(url=["endpoint"], body=["data"], expectStatus=["status", "expectedStatus"])
    )

    url: str
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] | Reference[str] = "GET"
    headers: dict[str, Text] = {}
    headers_from: dict[str, VariableName] = {}
    """Headers whose values are secrets: each with the variable of the step's `env` that holds the value."""
    body: Any = None
    """Text is sent as it is, anything else as JSON."""
    expect_status: Annotated[
        list[int], BeforeValidator(_as_list, json_schema_input_type=int | list[int]), Field(min_length=1)
    ] = [200]
    capture: dict[str, str] = {}
    """Outputs from a JSON answer: each name with the path of its value, as in `data.items.0.id`."""
    timeout: DurationSeconds | Reference[int] = 30
    ca_file: PathInput | None = None
    """Certificates of the repository that are trusted in the place of the system's."""


class TestSuiteInputs(ProgramInputs):
    """Inputs of `test`: a framework that is known, or any program that writes a JUnit file."""

    model_config = ConfigDict(json_schema_extra=aliases(**PROGRAM_SPELLINGS, framework=["runner"]))

    framework: Literal["pytest", "jest", "newman", "node"] | None = None
    """It is run with its own JUnit report; `arguments` go to it. Absent: `script` or `command` writes `report`."""
    arguments: list[Text] = []
    """What the framework is to run, such as files and folders. None may begin with `-`."""
    report: str | None = None
    """The JUnit file that the program writes, in the working folder; where nothing is said, it writes to the path that
    `INNOMINATUS_TEST_REPORT` holds."""

    @model_validator(mode="after")
    def _one_way(self) -> "TestSuiteInputs":
        if self.framework is None:
            if self.script is None and not self.command:
                raise ValueError("'framework', 'script' or 'command' is needed")
            if self.arguments:
                raise ValueError("'arguments' are for a 'framework'; write those of a program into 'command'")
        elif self.script is not None or self.command:
            raise ValueError("'framework' runs a program by itself; keep it, or 'script' or 'command'")
        for argument in self.arguments:
            if argument.startswith("-"):
                raise ValueError(f"argument '{argument}' would be an option; use 'command' for options")
        return self


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
)
WAIT = StepType(
    name="wait",
    summary="Waits for a time, or until checks pass.",
    inputs=WaitInputs,
    outputs={"passed": "Number of checks that passed in the end.", "looks": "How often it looked."},
    tools_by_inputs=lambda inputs: tools_of_checks(inputs.get("until", ())),
    idempotency=Idempotency.CONVERGENT,
    rollback="nothing",
)
NOTIFICATION = StepType(
    name="notification",
    summary="Tells people or systems what happened, by Slack, Teams, mail or a webhook.",
    inputs=NotificationInputs,
    default_timeout_seconds=120,
)
HTTP = StepType(
    name="http",
    summary="Sends an HTTP request and checks the status of the answer.",
    inputs=HttpInputs,
    outputs={"status": "The status of the answer."},
    default_timeout_seconds=300,
)
TEST = StepType(
    name="test",
    summary="Runs a test suite and reads its JUnit report.",
    inputs=TestSuiteInputs,
    outputs={
        "tests": "Number of tests in the report.",
        "failures": "Number of tests that failed or broke.",
        "skipped": "Number of tests that were skipped.",
        "seconds": "How long the tests took, by the report.",
    },
    tools_by_inputs=lambda inputs: (_FRAMEWORKS[inputs["framework"]],) if inputs.get("framework") else (),
    idempotency=Idempotency.CONVERGENT,
    rollback="nothing",
)
