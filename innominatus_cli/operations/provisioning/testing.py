"""`provisioners test`: runs one through its life in a scratch folder, and holds it to the rules of all provisioners.

provision, provision again (the same outputs), status (active), deprovision, deprovision again (nothing left to do).
Every process runs for real, with the environment of a step.
"""

import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any, Literal, TypeAlias

from innominatus_cli.documents.repository import Repository
from innominatus_cli.execution.environment import base_environment
from innominatus_cli.findings.catalogue import provisioning as codes
from innominatus_cli.findings.catalogue.structure import NOTHING_MAKES_RESOURCE
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.operations.opening import root_of
from innominatus_cli.provisioners.choice import CODE, Choice, Kind
from innominatus_cli.provisioners.contract import Provisioned, ResourceRequest
from innominatus_cli.provisioners.conversing import (
    DEFAULT_SECONDS,
    Code,
    Conversation,
    Problem,
    Setting,
    Trouble,
    converse,
)
from innominatus_cli.provisioners.own_folder import OwnFolder
from innominatus_cli.provisioners.protocol import Answer
from innominatus_cli.provisioners.registry import PROVISIONERS, registry_of
from innominatus_cli.system.processes import run

Ask: TypeAlias = Callable[[str], Answer | Problem]


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of the life of a resource, and whether it went as it must."""

    name: str
    passed: bool
    message: str = ""
    milliseconds: int = 0


@dataclass(slots=True)
class Trial:
    """How a provisioner did."""

    choice: Choice
    stages: list[Stage] = field(default_factory=list)
    outputs: tuple[str, ...] = ()
    """The names of what it gave; values may be secrets."""
    secrets: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every stage did."""
        return all(stage.passed for stage in self.stages)


def try_provisioner(repository: Repository, name: str, params: Mapping[str, Any], class_: str = "default") -> Trial:
    """Tries the provisioner of that name or type. Raises CannotContinue where there is none, or it cannot be tried."""
    choice = _named(repository, name)
    root = root_of(repository)
    with tempfile.TemporaryDirectory(prefix="innominatus-provisioner-") as scratch:
        request = ResourceRequest(
            name="trial",
            type=choice.own_type,
            application="trial",
            environment="development",
            state_dir=Path(scratch).resolve(),
            class_=choice.class_ or class_,
            id=choice.id,
            params=params,
            mark="trial",
        )
        return _tried(choice, request, _asking(repository, choice, request, root))


def _named(repository: Repository, name: str) -> Choice:
    registry = registry_of(repository)
    found = [one for one in registry.choices if name in {one.name, one.type}]
    found.sort(key=lambda one: (one.name != name, one.kind is Kind.COMPILED, one.kind is Kind.BUILT_IN))
    if not found:
        near = did_you_mean(name, sorted({known for one in registry.choices for known in (one.name, one.type)}))
        message = f"there is no provisioner '{name}'"
        raise CannotContinue(Finding(NOTHING_MAKES_RESOURCE, message, Place("provisioners"), near))
    choice = found[0]
    problem = choice.problem
    remedy = ""
    if not problem and choice.kind is Kind.WORKFLOW:
        problem = "it is a workflow, which has tests of its own"
        remedy = f"Write one (`innominatus-ctl new test {choice.workflows.get('create', '')}`), or deploy with it."
    if problem:
        message = f"the provisioner '{choice.name}' cannot be tried: {problem}"
        raise CannotContinue(Finding(codes.UNUSABLE_PROVISIONER, message, choice.place, remedy))
    return choice


def _tried(choice: Choice, request: ResourceRequest, ask: Ask) -> Trial:
    trial = Trial(choice)
    first = _stage(trial, "provision", lambda: ask("provision"))
    if first is None:
        return trial
    trial.outputs, trial.secrets = tuple(sorted(first.outputs)), first.secrets
    again = _stage(trial, "provision again", lambda: _same(first, ask("provision")))
    if again is not None and choice.kind in CODE:
        _stage(trial, "status", lambda: _state(ask("status"), "active"))
    gone = _stage(trial, "deprovision", lambda: ask("deprovision"))
    if gone is not None:
        _stage(trial, "deprovision again", lambda: ask("deprovision"))
        left = OwnFolder(request)
        _stage(trial, "nothing is left", lambda: _gone(left))
    return trial


def _stage(trial: Trial, name: str, work: Callable[[], Answer | Problem]) -> Answer | None:
    started = monotonic()
    came = work()
    took = int((monotonic() - started) * 1000)
    if isinstance(came, Problem):
        trial.stages.append(Stage(name, passed=False, message=f"it {came.message}", milliseconds=took))
        return None
    trial.stages.append(Stage(name, passed=True, message=came.message, milliseconds=took))
    return came


def _same(first: Answer, again: Answer | Problem) -> Answer | Problem:

    if isinstance(again, Problem) or again.outputs == first.outputs:
        return again
    changed = sorted(
        name
        for name in {*first.outputs, *again.outputs}
        if first.outputs.get(name) != again.outputs.get(name) or (name in first.outputs) != (name in again.outputs)
    )
    return Problem(Trouble.LIES, f"gave another '{changed[0]}' for the same request")


def _state(answer: Answer | Problem, wanted: str) -> Answer | Problem:

    if isinstance(answer, Problem):
        return answer
    state = str(answer.status.get("state", ""))
    if state != wanted:
        return Problem(Trouble.LIES, f"says that a resource that was just made is '{state}', and not '{wanted}'")
    return answer._replace(message=str(answer.status.get("message", "")))


def _gone(folder: OwnFolder) -> Answer | Problem:

    return Problem(Trouble.FAILED, "left its folder behind") if folder.is_there else Answer()


def _asking(repository: Repository, choice: Choice, request: ResourceRequest, root: Path) -> Ask:
    """What asks a provisioner for an operation and waits for the answer."""
    if choice.kind is Kind.BUILT_IN:
        return lambda operation: _of_built_in(choice, request, operation)
    setting = Setting(root, _environment(repository, choice, root))
    if choice.kind in CODE:
        return lambda operation: _by_code(choice, request, setting, operation)
    return lambda operation: _by_score(choice, request, setting, operation)


def _environment(repository: Repository, choice: Choice, root: Path) -> dict[str, str]:
    """That of a step; what the provisioner is given beside it comes from the caller's own where it names a secret."""
    admin = repository.admin_config()
    allowed = admin.model.env if admin else []
    env = base_environment(os.environ, allowed, root, {})
    for name, value in choice.env.items():
        text = os.environ.get(name, "") if "${" in value else value
        if not text:
            message = f"the provisioner '{choice.name}' needs {name}, which is a secret of admin-config.yaml"
            remedy = f"Set {name} in your environment to something that will do for a trial."
            raise CannotContinue(Finding(codes.UNUSABLE_PROVISIONER, message, choice.place, remedy))
        env[name] = text
    return env


def _by_code(choice: Choice, request: ResourceRequest, setting: Setting, operation: str) -> Answer | Problem:
    code = Code(
        name=choice.name,
        kind=choice.kind.value,
        run=choice.run,
        version=choice.version,
        outputs=choice.outputs,
        secret_outputs=choice.secret_outputs,
        config=choice.config,
        timeout_seconds=choice.timeout_seconds or DEFAULT_SECONDS,
    )
    answer = _played(converse(operation, code, request, setting))
    if operation == "deprovision" and not isinstance(answer, Problem):
        OwnFolder(request).remove()
    return answer


def _by_score(choice: Choice, request: ResourceRequest, setting: Setting, operation: str) -> Answer | Problem:
    from innominatus_cli.provisioners.score_running import run_score_entry  # noqa: PLC0415 - few are of Score

    how: Literal["create", "delete"] = "create" if operation == "provision" else "delete"
    return _played(run_score_entry(choice.place.path, choice.entry, how, request, setting))


def _played(conversation: Conversation) -> Answer | Problem:
    """Runs what a conversation asks for, to its end."""
    try:
        wanted = next(conversation)
        while True:
            wanted = conversation.send(run(wanted))
    except StopIteration as end:
        came: Answer | Problem = end.value
        return came


def _of_built_in(choice: Choice, request: ResourceRequest, operation: str) -> Answer | Problem:

    known = PROVISIONERS[choice.type]
    unknown = sorted(request.params.keys() - known.params.keys())
    if unknown:
        return Problem(Trouble.FAILED, f"has no param '{unknown[0]}'")
    done: Provisioned = (known.create if operation == "provision" else known.delete)(request)
    return Problem(Trouble.FAILED, f"says: {done.problem}") if done.problem else Answer(done.outputs, (), done.message)
