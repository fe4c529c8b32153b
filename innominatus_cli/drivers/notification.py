"""`notification`: one message by Slack, Teams, mail or a webhook. Its text is plain text everywhere."""

import re
from typing import Any, Final

from innominatus_cli.drivers.contract import DriverResult, DriverSteps, StepContext
from innominatus_cli.drivers.web import call
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.catalogue.delivery import MESSAGE_REFUSED, NO_ANSWER, UNEXPECTED_STATUS
from innominatus_cli.findings.finding import Finding
from innominatus_cli.step_types.contract import known
from innominatus_cli.step_types.flow import NotificationInputs

_ADDRESS: Final = re.compile(r"[^\s@<>,;:\"\\()\[\]]+@[^\s@<>,;:\"\\()\[\]]+")
_GOOD: Final = range(200, 300)


def driver(ctx: StepContext) -> DriverSteps:
    """Sends it once. A server that does not say that it took the message has not."""
    inputs = ctx.inputs_of(NotificationInputs)
    channel = str(known(inputs.channel))
    subject = inputs.subject or f"{ctx.application} in {ctx.environment}"
    if channel == "email":
        return (yield from _mailed(ctx, inputs, subject))
    url = ctx.variable(inputs.url_from) if inputs.url_from is not None else inputs.url
    if isinstance(url, Finding):
        return DriverResult(failure=url)
    if url is None:
        return ctx.failed(codes.INPUTS_UNUSABLE, f"channel {channel} needs 'url' or 'urlFrom'")
    body = {"slack": _slack, "teams": _teams}.get(channel, _plain)(ctx, subject, inputs.message)
    headers = inputs.headers if channel == "webhook" else {}
    reply = yield from call(ctx, "POST", url, headers=headers, body=body)
    if isinstance(reply, Finding):
        # The address of a webhook is a secret in most cases: nothing of it is told.
        return ctx.failed(reply.code, f"{channel} did not answer") if reply.code == NO_ANSWER else DriverResult(reply)
    if reply.status not in _GOOD:
        return ctx.failed(UNEXPECTED_STATUS, f"{channel} answered with status {reply.status}")
    return DriverResult(message=f"told by {channel}")


def _slack(_ctx: StepContext, subject: str, message: str) -> dict[str, Any]:
    """An incoming webhook's message; `&`, `<` and `>` are escaped, as Slack asks, so that no text mentions people.

    Source: docs.slack.dev, "Sending messages using incoming webhooks" and "Formatting message text".
    """
    return {"text": f"{_escaped(subject)}\n{_escaped(message)}", "unfurl_links": False, "mrkdwn": False}


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _teams(_ctx: StepContext, subject: str, message: str) -> dict[str, Any]:
    """An Adaptive Card as Teams workflows take it; `TextRun` shows text as it is, without Markdown.

    Source: learn.microsoft.com, "Create incoming webhooks with Workflows"; adaptivecards.io, schema 1.2.
    """

    def block(text: str, weight: str) -> dict[str, Any]:
        return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, "weight": weight}]}

    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.2",
        "body": [block(subject, "bolder"), block(message, "default")],
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    return {"type": "message", "attachments": [attachment]}


def _plain(ctx: StepContext, subject: str, message: str) -> dict[str, Any]:
    return {
        "application": ctx.application,
        "environment": ctx.environment,
        "operation": ctx.operation.value,
        "run": ctx.run,
        "step": ctx.step.id,
        "subject": subject,
        "message": message,
    }


def _mailed(ctx: StepContext, inputs: NotificationInputs, subject: str) -> DriverSteps:
    server = inputs.server
    if server is None:
        return ctx.failed(codes.INPUTS_UNUSABLE, "channel email needs 'server'")
    for address in (inputs.sender, *inputs.recipients):
        if not _ADDRESS.fullmatch(address):
            return ctx.failed(codes.INPUTS_UNUSABLE, f"'{address}' is no mail address")
    password = ctx.variable(server.password_from) if server.username is not None else None
    if isinstance(password, Finding):
        return DriverResult(failure=password)
    request = {
        "server": {**server.model_dump(mode="json", exclude={"password_from"}, by_alias=False), "password": password},
        "sender": inputs.sender,
        "recipients": inputs.recipients,
        "subject": " ".join(subject.split()),
        "text": inputs.message,
        "id": f"{ctx.run}.{len(ctx.step.id)}@innominatus",
    }
    answer = ctx.answer((yield ctx.child("mail", request, f"{server.host.lower()}:{server.port}")))
    if isinstance(answer, Finding):
        return DriverResult(failure=answer)
    if answer["problem"]:
        return ctx.failed(MESSAGE_REFUSED, f"{server.host}: {answer['problem']}")
    return DriverResult(message=f"mailed to {len(inputs.recipients)}")
