"""HTTP for drivers: one call by the child program `call`, its address checked first."""

import json
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from innominatus_cli.documents.json_reader import read_json
from innominatus_cli.drivers.contract import StepContext
from innominatus_cli.drivers.services import endpoint_of
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.catalogue.delivery import NO_ANSWER
from innominatus_cli.findings.finding import Finding
from innominatus_cli.system.commands import CommandOutcome, CommandRequest

_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered: its status and the body's first 256 KiB as text."""

    status: int
    body: str = field(repr=False)
    truncated: bool = False

    def json(self) -> Any:  # noqa: ANN401 - what a server sent
        """The body as JSON; None where it is none, or more than was read."""
        if self.truncated:
            return None
        try:
            return read_json(self.body)
        except ValueError:
            return None


Called = Generator[CommandRequest, CommandOutcome, Reply | Finding]


def call(
    ctx: StepContext,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: object = None,
    timeout_seconds: float = _SECONDS,
    ca_file: str | None = None,
) -> Called:
    """Sends a request: a `body` that is no text goes as JSON. A finding where no answer came, or the address is none.

    Everything goes to the child by stdin, so that headers may hold secrets.
    """
    wrong = address_problem(url)
    if wrong:
        return ctx.finding(codes.INPUTS_UNUSABLE, wrong)
    sent = dict(headers or {})
    bad = [name for name, value in sent.items() if not name.isascii() or any(c in "\r\n\0" for c in name + value)]
    if bad:
        return ctx.finding(codes.INPUTS_UNUSABLE, f"header '{bad[0].splitlines()[0]}' cannot be sent")
    if body is not None and not isinstance(body, str):
        body = json.dumps(body, ensure_ascii=False)
        if not any(name.lower() == "content-type" for name in sent):
            sent["Content-Type"] = "application/json"
    request = {
        "method": method,
        "url": url,
        "headers": sent,
        "body": body,
        "timeout": timeout_seconds,
        "ca_file": ca_file,
    }
    answer = ctx.answer((yield ctx.child("call", request, endpoint_of(url))))
    if isinstance(answer, Finding):
        return answer
    if "problem" in answer:
        return ctx.finding(NO_ANSWER, f"{method} {shown(url)}: no answer ({answer['problem']})")
    return Reply(answer["status"], answer["body"], answer["truncated"])


def address_problem(url: str) -> str:
    """What is wrong with an address; an empty text where nothing is."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
        good = good and not any(character.isspace() or not character.isprintable() for character in url)
    except ValueError:
        return "the url is none"
    if not good:
        return "a url starts with http:// or https:// and has a host"
    if parts.username is not None or parts.password is not None:
        return "a url holds no user and password: give them as a header"
    return ""


def shown(url: str) -> str:
    """The address for people: scheme, host and path; what stands behind `?` may be a secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}"
