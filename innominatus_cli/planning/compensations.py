"""The `rollback` of a step that brings its own step: `{type, config, env, timeout}`, or `{script}` for short."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from innominatus_cli.documents.model import seconds_of
from innominatus_cli.expressions.contexts import Scope
from innominatus_cli.expressions.values import Folded, fold
from innominatus_cli.findings.catalogue.steps import ROLLBACK_OF_NOTHING
from innominatus_cli.findings.finding import Finding, Severity
from innominatus_cli.planning.inputs import InputBuilder
from innominatus_cli.planning.places import Spot, findings_of

if TYPE_CHECKING:
    from innominatus_cli.step_types.contract import StepType

KEYS: Final = frozenset({"type", "config", "env", "timeout", "script"})


def brings_a_step(rollback: object) -> bool:
    """Whether a `rollback` is written as a step of its own."""
    return isinstance(rollback, Mapping) and ("type" in rollback or "script" in rollback)


def compensation(
    rollback: Mapping[str, Any], scope: Scope, builder: InputBuilder, spot: Spot, folded: Folded
) -> tuple[dict[str, Any] | None, list[Finding]]:
    """What the plan holds of it: its type, typed inputs, files, environment and timeout; None with findings."""
    kind_name = rollback.get("type", "script")
    kind = builder.types.find(kind_name) if isinstance(kind_name, str) else None
    wrong = _wrong(rollback, kind)
    timeout = _seconds(rollback.get("timeout"))
    if kind is None or wrong or timeout is None:
        remedy = "Write `type` with its `config`, or name a step of the workflow: `rollback: {step: NAME}`."
        message = wrong or f"'{rollback['timeout']}' is no duration"
        return None, [Finding(ROLLBACK_OF_NOTHING, message, spot.place, remedy, severity_override=Severity.ERROR)]
    config = dict(rollback.get("config", {}))
    if "script" in rollback:
        config = {"script": rollback["script"], **config}
    inputs = builder.build(kind, config, scope, spot.at("config") if spot.has("config") else spot, folded)
    env = fold(dict(rollback.get("env", {})), scope, folded)
    findings = [*inputs.findings, *findings_of(folded, spot)]
    return {
        "type": kind_name,
        "inputs": inputs.values,
        "env": env,
        "input_files": sorted(inputs.files),
        "timeout_seconds": timeout or kind.default_timeout_seconds,
    }, findings


def _wrong(rollback: Mapping[str, Any], kind: "StepType | None") -> str:
    odd = sorted(set(rollback) - KEYS)
    if odd:
        return f"'{odd[0]}' is no key of a rollback"
    if kind is None or kind.own is not None or kind.name == "workflow":
        return f"'{rollback.get('type')}' cannot be the type of a rollback"
    tables = [key for key in ("config", "env") if not isinstance(rollback.get(key, {}), Mapping)]
    return f"'{tables[0]}' of a rollback is no mapping" if tables else ""


def _seconds(written: object) -> int | None:
    """0 where nothing is written, None where it is no duration."""
    try:
        return 0 if written is None else seconds_of(written)  # type: ignore[arg-type]  # anything else is a ValueError
    except ValueError:
        return None
