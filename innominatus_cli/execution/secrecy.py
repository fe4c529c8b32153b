"""What a run does to keep secrets: it learns their values when they are used, and cleans what leaves a step."""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, Literal

from innominatus_cli.documents.canonical import canonical_json
from innominatus_cli.documents.plan import Plan, PlannedStep
from innominatus_cli.documents.run_record import RunStatus, StepResult
from innominatus_cli.execution.observer import Observer
from innominatus_cli.execution.outputs import printed_outputs
from innominatus_cli.execution.redaction import RedactingStream, Redactor
from innominatus_cli.execution.values import Secrets, UnusableSecret
from innominatus_cli.expressions.values import text_of
from innominatus_cli.findings.catalogue import secrets as codes
from innominatus_cli.findings.finding import CannotContinue, Finding
from innominatus_cli.system.commands import HEAD_BYTES

Delivery = Literal["env", "file", "stdin"]
"""How a step is given a secret: as the variable's value, as a file that the variable names, or on stdin."""
_JSON_BEGINS: Final = re.compile(rb"\s*\{\s*(?:\n|\Z)")
_TERRAFORM: Final = frozenset({"sensitive", "value"})


def by_variable(name: str) -> Delivery:  # noqa: ARG001 - the shape of `RunSetting.delivery`
    """Every secret is the value of a variable."""
    return "env"


def guarded(secrets: Secrets, redactor: Redactor, plan: Plan) -> Secrets:
    """The same secrets, each known to the redactor before anybody has its value.

    They raise UnusableSecret for a value that is too short, or that the plan holds.
    """

    def value(name: str) -> str | None:
        found = secrets(name)
        if found is None:
            return None
        data = found.encode("utf-8", "surrogateescape")
        if not redactor.register(data):
            raise UnusableSecret(codes.SECRET_TOO_SHORT, f"the value of secret '{name}' has less than 6 bytes")
        if Redactor([data]).holds(plan.canonical):
            raise UnusableSecret(codes.SECRET_IN_PLAN, f"the value of secret '{name}' stands in the plan")
        return found

    return value


class LogFilter:
    """Redacts what a step prints; of a step with secret outputs only once these are known.

    What such a step prints waits for `flush`, or until it is 1 MiB: then the values that it gave under names of
    `secret_outputs`, and those that Terraform calls sensitive, are secrets too, and its last line waits on. What begins
    as Terraform's JSON does, with a line of `{`, waits as well, up to 1 MiB.
    """

    __slots__ = ("_begun", "_redactor", "_step", "_stream", "_waiting")

    def __init__(self, redactor: Redactor, step: PlannedStep) -> None:
        self._redactor = redactor
        self._step = step
        self._stream = RedactingStream(redactor)
        self._waiting: bytearray | None = bytearray() if step.secret_outputs else None
        self._begun = False

    @property
    def count(self) -> int:
        """How many values were taken out."""
        return self._stream.count

    def feed(self, chunk: bytes) -> bytes:
        """What can be given out now."""
        if not self._begun and chunk.strip():
            self._begun = True
            if self._waiting is None and _JSON_BEGINS.match(chunk):
                self._waiting = bytearray()
        if self._waiting is None:
            return self._stream.feed(chunk)
        self._waiting += chunk
        given = b""
        while self._waiting is not None and len(self._waiting) >= HEAD_BYTES:
            cut = self._waiting.rfind(b"\n") + 1 or len(self._waiting)
            waited, rest = bytes(self._waiting[:cut]), self._waiting[cut:]
            self._waiting = rest if self._step.secret_outputs else None
            self._learn(waited)
            given += self._stream.feed(waited if self._waiting is not None else waited + rest)
        return given

    def flush(self) -> bytes:
        """The rest."""
        if self._waiting is None:
            return self._stream.flush()
        waited, self._waiting = bytes(self._waiting), bytearray() if self._step.secret_outputs else None
        self._begun = False
        self._learn(waited)
        return self._stream.feed(waited) + self._stream.flush()

    def _learn(self, printed: bytes) -> None:
        if printed:
            learn_outputs(self._redactor, self._step, printed_outputs(printed))


def learn_outputs(
    redactor: Redactor, step: PlannedStep, outputs: Mapping[str, Any], secret: Collection[str] = ()
) -> list[str]:
    """Registers the values of secret outputs, and of those in the form of `terraform output -json` that are sensitive.

    `secret` are names of more outputs that are secrets. Returns the names of those with a value that is too short to be
    taken out anywhere else.
    """
    short: list[str] = []
    for name, value in outputs.items():
        found: list[Any] = [value] if name in step.secret_outputs or name in secret else []
        if isinstance(value, Mapping) and value.keys() >= _TERRAFORM and value["sensitive"] is True:
            found.append(value["value"])
        known = [redactor.register(text.encode("utf-8", "surrogatepass")) for text in _texts(found)]
        if not all(known):
            short.append(name)
    return short


def _texts(value: object) -> Iterator[str]:
    """The texts and numbers in JSON data; keys are names."""
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    elif value is not None and not isinstance(value, bool):
        yield text_of(value) or str(value)


def holds_value(redactor: Redactor, value: object) -> bool:
    """Whether JSON data holds a secret, as it is or as JSON."""
    if not redactor.active:
        return False
    if any(redactor.holds(text.encode("utf-8", "surrogatepass")) for text in _texts(value)):
        return True
    return redactor.holds(json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass"))


def holding_names(redactor: Redactor, values: Mapping[str, Any]) -> list[str]:
    """The names of those values that hold a secret."""
    return [name for name, value in values.items() if holds_value(redactor, value)] if redactor.active else []


def public_outputs(redactor: Redactor, outputs: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Outputs of workflows, by identity, without those whose value holds a secret."""
    return {
        identity: {name: value for name, value in values.items() if not holds_value(redactor, value)}
        for identity, values in outputs.items()
    }


def holding_argument(redactor: Redactor, argv: Sequence[str]) -> int | None:
    """The position of the first argument that holds a secret; None where none does."""
    if redactor.active:
        for number, argument in enumerate(argv):
            if redactor.holds(argument.encode("utf-8", "surrogateescape")):
                return number
    return None


def holding_files(redactor: Redactor, files: Mapping[str, bytes]) -> list[str]:
    """The paths of those files that hold a secret, in their bytes or their name."""
    if not redactor.active:
        return []
    return [path for path, data in files.items() if redactor.holds(data) or redactor.holds(path.encode())]


def clean_finding(redactor: Redactor, finding: Finding) -> Finding:
    """The same finding without values of secrets."""
    message, remedy = redactor.text(finding.message), redactor.text(finding.remedy)
    same = message == finding.message and remedy == finding.remedy
    return finding if same else finding._replace(message=message, remedy=remedy)


def clean_result(redactor: Redactor, result: StepResult) -> StepResult:
    """The same result without values of secrets; the same object where it holds none."""
    if not redactor.active or not redactor.holds(canonical_json(result.as_json())):
        return result
    names = ("reason", "outputs", "variables")
    update: dict[str, Any] = {name: redactor.value(getattr(result, name)) for name in names}
    if result.finding is not None:
        told = redactor.value(result.finding.model_dump(include={"message", "remedy"}))
        update["finding"] = result.finding.model_copy(update=told)
    if result.hints is not None:
        update["hints"] = [type(hint).model_validate(redactor.value(hint.as_json())) for hint in result.hints]
    if result.cells is not None:
        update["cells"] = [type(cell).model_validate(redactor.value(cell.as_json())) for cell in result.cells]
    for name in ("stdout", "stderr"):
        stream = getattr(result, name)
        if stream is not None:
            ends = {end: redactor.value(getattr(stream, end)) for end in ("head", "tail")}
            update[name] = stream.model_copy(update=ends)
    return result.model_copy(update=update)


@contextmanager
def clean_errors(redactor: Redactor) -> Iterator[None]:
    """Exceptions that leave this hold no secret, neither in their own text nor in that of those behind them."""
    try:
        yield
    except CannotContinue as error:
        raise CannotContinue(*(clean_finding(redactor, finding) for finding in error.findings)) from None
    except Exception as error:
        if redactor.active:
            from traceback import format_exception  # noqa: PLC0415 - for what is a bug in any case

            if redactor.holds("".join(format_exception(error)).encode("utf-8", "surrogatepass")):
                raise RuntimeError(redactor.text(f"{type(error).__name__}: {error}")) from None
        raise


class CleanObserver:
    """An observer who is told nothing of the values of secrets."""

    def __init__(self, observer: Observer, redactor: Redactor) -> None:
        self._observer = observer
        self._redactor = redactor

    def run_started(self, run: str, plan: Plan) -> None:
        """As it is: a plan holds names of secrets."""
        self._observer.run_started(run, plan)

    def expanded(self, step: PlannedStep, steps: Sequence[PlannedStep]) -> None:
        """Steps go by what a loop goes over, which may have come from an output."""
        self._observer.expanded(step, [self._clean(one) for one in steps])

    def step_started(self, step: PlannedStep, attempt: int) -> None:
        """The same of a step."""
        self._observer.step_started(self._clean(step), attempt)

    def step_finished(self, step: PlannedStep, result: StepResult, message: str) -> None:
        """Result and message without values."""
        redactor = self._redactor
        self._observer.step_finished(self._clean(step), clean_result(redactor, result), redactor.text(message))

    def notice(self, text: str) -> None:
        """The text without values."""
        self._observer.notice(self._redactor.text(text))

    def run_finished(self, status: RunStatus) -> None:
        """As it is."""
        self._observer.run_finished(status)

    def _clean(self, step: PlannedStep) -> PlannedStep:
        if step.cell is None or not holds_value(self._redactor, step.cell.as_json()):
            return step
        return step.model_copy(
            update={"cell": type(step.cell).model_validate(self._redactor.value(step.cell.as_json()))}
        )
