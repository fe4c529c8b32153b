"""A record without what only its readers need, read from its bytes as quickly as that goes."""

import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from innominatus_cli.documents.run_record import RECORD_SCHEMA

_DEPLOYMENTS: Final = frozenset({"run", "resume"})


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
    """Raises LookupError, TypeError or AttributeError for what is no record."""
    return SkimmedRecord(
        content["run"],
        content["kind"],
        content["application"],
        content["environment"],
        content["operation"],
        content["status"],
        content["duration_ms"] + 0,
        content.get("plan"),
        tuple(
            SkimmedStep(step["step"], step["status"], step["duration_ms"] + 0, bool(step.get("continued")))
            for step in content["steps"]
        ),
        tuple(content["failures"]),
        tuple(dict.fromkeys(one["code"] for one in content["findings"] if one["severity"] == "error")),
    )
