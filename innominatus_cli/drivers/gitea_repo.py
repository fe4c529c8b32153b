"""`gitea-repo`: a repository of a Gitea server, over its API.

Source: the server's own description at `/api/swagger`, version 1.
"""

import json
import re
from collections.abc import Generator
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from innominatus_cli.drivers.contract import DriverResult, DriverSteps, StepContext
from innominatus_cli.drivers.web import Reply, call
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.catalogue.delivery import FORGE_DIFFERS, UNEXPECTED_STATUS
from innominatus_cli.findings.finding import Finding
from innominatus_cli.step_types.contract import known
from innominatus_cli.step_types.delivery import GiteaRepoInputs
from innominatus_cli.system.commands import CommandOutcome, CommandRequest

_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
_GONE: Final = {"cloneUrl": "", "htmlUrl": "", "created": False}
"""The outputs of a step after which nobody needs them."""
_OK, _CREATED, _NO_CONTENT, _NOT_FOUND, _CONFLICT = 200, 201, 204, 404, 409

Answered = Generator[CommandRequest, CommandOutcome, Reply | Finding]


def driver(ctx: StepContext) -> DriverSteps:
    """Creates the repository where it is not there, or brings its description and privacy up to date."""
    inputs = ctx.inputs_of(GiteaRepoInputs)
    server = yield from _server(ctx, inputs)
    if isinstance(server, Finding):
        return DriverResult(failure=server)
    operation = str(known(inputs.operation))
    if operation == "create":
        return (yield from server.created(inputs))
    return (yield from server.deleted() if operation == "delete" else server.archived())


def undo(ctx: StepContext) -> DriverSteps:
    """Deletes the repository where a step of the run created it, and nobody pushed to it since."""
    server = yield from _server(ctx, ctx.inputs_of(GiteaRepoInputs))
    if isinstance(server, Finding):
        return DriverResult(failure=server)
    return (yield from server.undone())


def probe(ctx: StepContext) -> DriverSteps:
    """Whether the repository is as the step wants it."""
    inputs = ctx.inputs_of(GiteaRepoInputs)
    server = yield from _server(ctx, inputs)
    if isinstance(server, Finding):
        return DriverResult(failure=server)
    found = yield from server.found()
    if isinstance(found, Finding):
        return DriverResult(failure=found)
    wanted = {"delete": found is None, "archive": bool(found and found.get("archived"))}
    return DriverResult(outputs={"done": wanted.get(str(known(inputs.operation)), found is not None)})


def drift(ctx: StepContext) -> DriverSteps:
    """What differs between the repository and what the step says of it."""
    inputs = ctx.inputs_of(GiteaRepoInputs)
    server = yield from _server(ctx, inputs)
    if isinstance(server, Finding):
        return DriverResult(failure=server)
    found = yield from server.found()
    if isinstance(found, Finding):
        return DriverResult(failure=found)
    told = []
    if found is None:
        told = ["it does not exist"]
    elif known(inputs.operation) == "create":
        wanted = {"private": known(inputs.private), "description": inputs.description}
        told = [
            f"{key} is {found.get(key)!r}, not {value!r}" for key, value in wanted.items() if found.get(key) != value
        ]
    return DriverResult(outputs={"drift": [{"object": server.title, "what": what} for what in told]})


def _server(
    ctx: StepContext, inputs: GiteaRepoInputs
) -> Generator[CommandRequest, CommandOutcome, "_Server | Finding"]:
    address = inputs.url or ctx.variable("GITEA_URL")
    token = ctx.variable(inputs.token_from)
    for value in (address, token):
        if isinstance(value, Finding):
            return value
    for name in (inputs.repo_name, *([inputs.owner] if inputs.owner else [])):
        if not _NAME.fullmatch(name) or name.endswith((".git", ".wiki")) or name in {".", ".."}:
            return ctx.finding(codes.INPUTS_UNUSABLE, f"'{name}' is no name that Gitea takes")
    server = _Server(ctx, f"{address}".rstrip("/"), f"{token}", inputs.owner or "", inputs.repo_name)
    if not inputs.owner:
        user = yield from server.user()
        if isinstance(user, Finding):
            return user
        server.owner = user
    return server


class _Server:
    def __init__(self, ctx: StepContext, address: str, token: str, owner: str, name: str) -> None:
        self._ctx = ctx
        self._address = address
        self._headers = {"Authorization": f"token {token}", "Accept": "application/json"}
        self.owner = owner
        self._name = name

    @property
    def title(self) -> str:
        return f"{self.owner}/{self._name}"

    @property
    def _path(self) -> str:
        return f"/repos/{quote(self.owner, safe='')}/{quote(self._name, safe='')}"

    @property
    def _note(self) -> Path:
        """Where is written which step of which run created the repository; written before it is asked for."""
        return self._ctx.state_dir / "gitea" / f"{self.owner}__{self._name}.json"

    def user(self) -> Generator[CommandRequest, CommandOutcome, str | Finding]:
        reply = yield from self._ask("GET", "/user")
        if isinstance(reply, Finding):
            return reply
        data = reply.json()
        if reply.status != _OK or not isinstance(data, dict) or not isinstance(data.get("login"), str):
            return self._unexpected("whose token this is", reply)
        return str(data["login"])

    def found(self) -> Generator[CommandRequest, CommandOutcome, dict[str, Any] | Finding | None]:
        reply = yield from self._ask("GET", self._path)
        if isinstance(reply, Finding):
            return reply
        if reply.status == _NOT_FOUND:
            return None
        data = reply.json()
        if reply.status != _OK or not isinstance(data, dict):
            return self._unexpected("the repository", reply)
        return data

    def created(self, inputs: GiteaRepoInputs) -> DriverSteps:
        found = yield from self.found()
        made = False
        if found is None:
            made = True
            found = yield from self._create(inputs)
        elif not isinstance(found, Finding):
            found = yield from self._updated(inputs, found)
        if isinstance(found, Finding):
            return DriverResult(failure=found)
        outputs = {"cloneUrl": found.get("clone_url"), "htmlUrl": found.get("html_url"), "created": made}
        message = f"{self.title} {'created' if made else 'was there'}"
        return DriverResult(outputs=outputs, public=tuple(outputs), message=message)

    def _create(self, inputs: GiteaRepoInputs) -> Generator[CommandRequest, CommandOutcome, dict[str, Any] | Finding]:
        self._note.parent.mkdir(parents=True, exist_ok=True)
        self._note.write_text(json.dumps({"mark": self._ctx.mark}), encoding="utf-8")
        user = yield from self.user()
        if isinstance(user, Finding):
            return user
        path = "/user/repos" if user == self.owner else f"/orgs/{quote(self.owner, safe='')}/repos"
        body = {
            "name": self._name,
            "description": inputs.description,
            "private": known(inputs.private),
            "auto_init": known(inputs.auto_init),
        }
        reply = yield from self._ask("POST", path, body)
        if isinstance(reply, Finding):
            return reply
        data = reply.json()
        if reply.status != _CREATED or not isinstance(data, dict):
            return self._unexpected("a new repository", reply)
        return data

    def _updated(
        self, inputs: GiteaRepoInputs, found: dict[str, Any]
    ) -> Generator[CommandRequest, CommandOutcome, dict[str, Any] | Finding]:
        wanted = {"description": inputs.description, "private": known(inputs.private)}
        differs = {key: value for key, value in wanted.items() if found.get(key) != value}
        if not differs:
            return found
        reply = yield from self._ask("PATCH", self._path, differs)
        if isinstance(reply, Finding):
            return reply
        data = reply.json()
        return data if reply.status == _OK and isinstance(data, dict) else self._unexpected("a change", reply)

    def deleted(self) -> DriverSteps:
        reply = yield from self._ask("DELETE", self._path)
        if isinstance(reply, Finding):
            return DriverResult(failure=reply)
        if reply.status not in {_NO_CONTENT, _NOT_FOUND}:
            return DriverResult(failure=self._unexpected("the deletion", reply))
        self._note.unlink(missing_ok=True)
        told = "deleted" if reply.status == _NO_CONTENT else "was gone"
        return DriverResult(outputs=_GONE, message=f"{self.title} {told}")

    def archived(self) -> DriverSteps:
        reply = yield from self._ask("PATCH", self._path, {"archived": True})
        if isinstance(reply, Finding):
            return DriverResult(failure=reply)
        if reply.status != _OK:
            return DriverResult(failure=self._unexpected("the archiving", reply))
        return DriverResult(outputs=_GONE, message=f"{self.title} archived")

    def undone(self) -> DriverSteps:
        try:
            mark = json.loads(self._note.read_text(encoding="utf-8")).get("mark")
        except (OSError, ValueError, AttributeError):
            mark = None
        if mark not in self._ctx.undone_marks:
            return DriverResult(message=f"{self.title} was there before: it stays")
        reply = yield from self._ask("GET", f"{self._path}/commits?limit=2&stat=false&verification=false&files=false")
        if isinstance(reply, Finding):
            return DriverResult(failure=reply)
        commits = reply.json()
        if reply.status == _OK and isinstance(commits, list) and len(commits) > 1:
            message = f"{self.title} has commits since it was created: it is not deleted"
            return self._ctx.failed(FORGE_DIFFERS, message)
        return (yield from self.deleted())

    def _ask(self, method: str, path: str, body: object = None) -> Answered:
        return (yield from call(self._ctx, method, f"{self._address}/api/v1{path}", headers=self._headers, body=body))

    def _unexpected(self, asked: str, reply: Reply) -> Finding:
        return self._ctx.finding(UNEXPECTED_STATUS, f"{self.title}: asked for {asked}, Gitea answered {reply.status}")
