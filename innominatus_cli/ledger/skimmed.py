"""A record without what only its readers need, read from its bytes as quickly as that goes."""

import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from innominatus_cli.documents.run_record import RECORD_SCHEMA

_DEPLOYMENTS: Final = frozenset({"run", "resume"})
_LARGEST: Final = 2**53 - 1


class SkimmedStep(NamedTuple):
    """What came of one step."""

    step: str
    """The step's id in the plan."""
    status: str
    duration_ms: int
    continued: bool


class SkimmedRecord(NamedTuple):
    """A record without what only its readers need: outputs, attempts, digests of streams."""

    run: str
    kind: str
    application: str
    environment: str
    operation: str
    status: str
    duration_ms: int
    plan: str | None
    steps: tuple[SkimmedStep, ...]
    failures: tuple[str, ...]
    errors: tuple[str, ...]
    """The codes of its errors, each once."""

    @property
    def is_successful_deployment(self) -> bool:
        """Whether the application stands there since, as this record says."""
        return self.operation == "deploy" and self.status == "succeeded" and self.kind in _DEPLOYMENTS


def skimmed_of(path: str, data: bytes) -> SkimmedRecord | None:
    """What the bytes of the file at a path say; None where they do not look like the record of that run."""
    try:
        content = json.loads(data)
        if content["schema"] == RECORD_SCHEMA and f"/{content['run']}.json" in path:
            return skimmed(content)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        pass
    return None


def skimmed(content: Mapping[str, Any]) -> SkimmedRecord:
    """Raises LookupError, TypeError or AttributeError for what is no record.

    A stranger may have written it: whoever counts with a value, or looks for something by it, can rely on its type.
    """
    plan = content.get("plan")
    return SkimmedRecord(
        _text(content["run"]),
        _text(content["kind"]),
        _text(content["application"]),
        _text(content["environment"]),
        _text(content["operation"]),
        _text(content["status"]),
        _whole(content["duration_ms"]),
        plan if plan is None else _text(plan),
        tuple(
            SkimmedStep(
                _text(step["step"]), _text(step["status"]), _whole(step["duration_ms"]), bool(step.get("continued"))
            )
            for step in content["steps"]
        ),
        tuple(_text(failure) for failure in content["failures"]),
        tuple(dict.fromkeys(_text(one["code"]) for one in content["findings"] if one["severity"] == "error")),
    )


def _text(value: object) -> str:
    if type(value) is not str:
        raise TypeError(f"{value!r:.40} is no text")
    return value


def _whole(value: object) -> int:
    """A number of milliseconds that JSON can hold (RFC 8785): neither NaN nor one of a thousand digits."""
    if type(value) is not int or not 0 <= value <= _LARGEST:
        raise TypeError(f"{value!r:.40} is no number of milliseconds")
    return value
