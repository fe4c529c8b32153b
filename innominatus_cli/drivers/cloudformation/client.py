"""Requests to the AWS CLI about one stack, and what it answered."""

import re
from collections.abc import Generator
from typing import Any, Final, TypeAlias, TypeVar

from innominatus_cli.documents.json_reader import read_json
from innominatus_cli.documents.run_record import ToolFound
from innominatus_cli.drivers.contract import StepContext, ending_text
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.catalogue import infrastructure
from innominatus_cli.findings.finding import Finding
from innominatus_cli.step_types.infrastructure import CloudFormationInputs
from innominatus_cli.system.commands import CommandOutcome, CommandRequest, Ending

T = TypeVar("T")
Asked: TypeAlias = Generator[CommandRequest, CommandOutcome, T | Finding]

_ANSWER_BYTES: Final = 64 * 1024 * 1024
_ERROR: Final = re.compile(rb"An error occurred \(([A-Za-z0-9.:]{1,80})\)")
_NO_CREDENTIALS: Final = (
    b"Unable to locate credentials",
    b"InvalidClientTokenId",
    b"ExpiredToken",
    b"UnrecognizedClientException",
    b"AccessDenied",
    b"must specify a region",
    b"NoCredentials",
)


class Aws:
    """Requests to the AWS CLI about one stack."""

    def __init__(self, ctx: StepContext, inputs: CloudFormationInputs, found: ToolFound) -> None:
        self.ctx = ctx
        self.inputs = inputs
        self.tool = found
        self.name = f"--stack-name={inputs.stack}"

    def ask(self, *arguments: str) -> Generator[CommandRequest, CommandOutcome, CommandOutcome]:
        """One command of `aws cloudformation`."""
        region = (f"--region={self.inputs.region}",) if self.inputs.region else ()
        env = {"AWS_PAGER": "", "AWS_CLI_AUTO_PROMPT": "off", "AWS_DEFAULT_OUTPUT": "json", "NO_COLOR": "1"}
        argv = ("aws", "cloudformation", *arguments, "--output=json", *region)
        return (yield self.ctx.command(*argv, env=env, keep_bytes=_ANSWER_BYTES))

    def answer(self, *arguments: str) -> Asked[dict[str, Any]]:
        """The JSON that a command printed."""
        outcome = yield from self.ask(*arguments)
        if not outcome.succeeded:
            return self.failed(arguments[0], outcome)
        found = _object(outcome.stdout.head)
        if found is None or outcome.stdout.truncated:
            message = f"'aws cloudformation {arguments[0]}' printed no JSON"
            return self.ctx.finding(infrastructure.ANSWER_UNREADABLE, message)
        return found

    def stack(self) -> Asked[dict[str, Any]]:
        """The stack as it is described; empty where there is none."""
        outcome = yield from self.ask("describe-stacks", self.name)
        if not outcome.succeeded:
            if outcome.ending is Ending.EXITED and b"does not exist" in outcome.stderr.head:
                return {}
            return self.failed("describe-stacks", outcome)
        found = (_object(outcome.stdout.head) or {}).get("Stacks")
        if not isinstance(found, list) or not found or not isinstance(found[0], dict):
            message = "'aws cloudformation describe-stacks' printed no stack"
            return self.ctx.finding(infrastructure.ANSWER_UNREADABLE, message)
        stack: dict[str, Any] = found[0]
        return {} if stack.get("StackStatus") in {"REVIEW_IN_PROGRESS", "DELETE_COMPLETE"} else stack

    def failed(self, command: str, outcome: CommandOutcome) -> Finding:
        """The finding for a command that failed: the service's own word for it, never its sentence."""
        asked = f"'aws cloudformation {command}'"
        if outcome.ending is not Ending.EXITED:
            return self.ctx.finding(codes.PROGRAM_FAILED, f"{asked} {ending_text(outcome)}")
        word = _ERROR.search(outcome.stderr.head)
        if any(text in outcome.stderr.head for text in _NO_CREDENTIALS):
            return self.ctx.finding(infrastructure.CREDENTIALS_MISSING, f"{asked} finds no usable credentials")
        told = f": {word[1].decode()}" if word else f" {ending_text(outcome)}"
        return self.ctx.finding(infrastructure.STACK_FAILED, f"{asked}{told}")


def _object(printed: bytes) -> dict[str, Any] | None:
    try:
        found = read_json(printed)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
