"""What Terraform says: lines of JSON of `plan` and `apply`, the JSON of a plan, of a state's outputs, and plain errors.

Of an error only its summary is told: it is Terraform's or a provider's own sentence, and the rest, which may quote
values, stays in the log.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any, Final, NamedTuple

from innominatus_cli.documents.json_reader import read_json
from innominatus_cli.findings.catalogue import infrastructure as codes
from innominatus_cli.findings.finding import Code

VARIABLES_FILE: Final = "innominatus.tfvars.json"
_ERROR: Final = re.compile(r"^[\s│╷╵|]*Error: (.+?)\s*$", re.MULTILINE)
_NO_ERROR: Final = "Terraform encountered problems during init"
"""What `init` says above the real errors."""
_UNDECLARED: Final = re.compile(r'variable named "([^"]{1,200})"')
_LONGEST: Final = 240
_LISTED: Final = 200
"""How many changes a plan's summary names: a record has 64 KiB of outputs."""
_BY_SUMMARY: Final = (
    (("Error acquiring the state lock", "Error locking state", "Error releasing the state lock"), codes.STATE_LOCKED),
    (
        (
            "Failed to query available provider packages",
            "Failed to install provider",
            "Could not retrieve the list of available versions",
            "Inconsistent dependency lock file",
            "Required plugins are not installed",
            "Failed to resolve provider packages",
        ),
        codes.PROVIDER_UNAVAILABLE,
    ),
)
_ACTIONS: Final = {
    ("create",): "create",
    ("update",): "update",
    ("delete",): "delete",
    ("read",): "read",
    ("delete", "create"): "replace",
    ("create", "delete"): "replace",
    ("forget",): "forget",
}


class Problem(NamedTuple):
    """An error that Terraform reported."""

    code: Code
    text: str


class Change(NamedTuple):
    """What a plan does to one object."""

    action: str
    address: str


class PlanRead(NamedTuple):
    """A saved plan."""

    changes: tuple[Change, ...]
    """Of resources; what stays as it is is left out."""
    drift: tuple[tuple[str, str], ...]
    """Address and what differs from the state, attributes by name."""
    is_empty_before: bool
    """Whether no resource was in the state."""

    def summary(self) -> dict[str, Any]:
        """For the record: counts as Terraform counts them, and what is done to which object."""
        actions = [change.action for change in self.changes]
        replaced = actions.count("replace")
        named = [{"action": change.action, "object": change.address} for change in self.changes]
        found: dict[str, Any] = {
            "add": actions.count("create") + replaced,
            "change": actions.count("update"),
            "destroy": actions.count("delete") + replaced,
            "changes": named[:_LISTED],
        }
        return found | ({"not_listed": len(named) - _LISTED} if len(named) > _LISTED else {})


NOTHING: Final = PlanRead((), (), is_empty_before=False)
"""The plan of a step that does not plan."""


def messages(printed: bytes) -> list[dict[str, Any]]:
    """The lines of `-json` that are messages; what else a tool prints between them is passed over."""
    found = []
    for line in printed.splitlines():
        if line.startswith(b"{"):
            try:
                message = read_json(line)
            except ValueError:
                continue
            if isinstance(message, dict) and "type" in message:
                found.append(message)
    return found


def diagnostics(said: Sequence[Mapping[str, Any]], severity: str) -> Iterator[Mapping[str, Any]]:
    """The diagnostics of that severity."""
    for message in said:
        found = message.get("diagnostic") if message.get("type") == "diagnostic" else None
        if isinstance(found, dict) and found.get("severity") == severity:
            yield found


def problem_in(said: Sequence[Mapping[str, Any]]) -> Problem | None:
    """The first error that was reported, with the number of the others."""
    return _problem([(str(found.get("summary", "")), _where(found)) for found in diagnostics(said, "error")])


def problem_in_text(printed: bytes) -> Problem | None:
    """The same for a command without JSON."""
    found = _ERROR.findall(printed.decode("utf-8", "replace"))
    return _problem([(one, "") for one in found if not one.startswith(_NO_ERROR)] or [(one, "") for one in found])


def validation_problem(answer: Mapping[str, Any]) -> Problem | None:
    """The same for the JSON of `validate`."""
    found = answer.get("diagnostics")
    errors = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    return _problem(
        [(str(one.get("summary", "")), _where(one)) for one in errors if one.get("severity") == "error"]
        or ([] if answer.get("valid") is True else [("the module is not valid", "")])
    )


def undeclared(said: Sequence[Mapping[str, Any]]) -> list[str]:
    """The names of variables that were given and that the module does not declare."""
    found = []
    for warning in diagnostics(said, "warning"):
        detail = str(warning.get("detail", ""))
        if warning.get("summary") == "Value for undeclared variable" and VARIABLES_FILE in detail:
            found += _UNDECLARED.findall(detail)[:1]
    return found


def summary_of(said: Sequence[Mapping[str, Any]], operations: Sequence[str]) -> Mapping[str, Any] | None:
    """The counts of the last message that says what was planned or done."""
    for message in reversed(said):
        counts = message.get("changes") if message.get("type") == "change_summary" else None
        if isinstance(counts, dict) and counts.get("operation") in operations:
            return counts
    return None


def plan_read(printed: bytes) -> PlanRead | None:
    """A plan as `show -json` prints it; None where that is no plan."""
    plan = object_in(printed)
    if plan is None or "format_version" not in plan or not isinstance(plan.get("resource_changes", []), list):
        return None
    changes = []
    for one in plan.get("resource_changes", []):
        action = _ACTIONS.get(tuple(one["change"]["actions"])) if _is_change(one) else None
        if action is not None:
            changes.append(Change(action, str(one["address"])))
    drifted = [
        one for one in plan.get("resource_drift", []) if _is_change(one) and one["change"]["actions"] != ["no-op"]
    ]
    state = plan.get("prior_state") or {}
    before = (state.get("values") or {}).get("root_module") or {}
    return PlanRead(
        tuple(changes),
        tuple((str(one["address"]), _difference(one["change"])) for one in drifted),
        is_empty_before=not _has_resources(before),
    )


_OF_A_PLAN: Final = ("format_version", "terraform_version", "errored", "complete")


def without_secrets(printed: bytes) -> dict[str, Any]:
    """What resources a plan leaves, as `show -json` prints them, without values that are marked as sensitive."""
    plan = object_in(printed) or {}
    kept: dict[str, Any] = {key: plan[key] for key in _OF_A_PLAN if key in plan}
    changes = []
    for one in filter(_is_change, plan.get("resource_changes", [])):
        change = one["change"]
        unknown = _either(change.get("after_unknown"), change.get("after_sensitive"))
        plain = {"actions": change["actions"], "after_unknown": unknown}
        for key in ("before", "after"):
            plain[key] = _plain(change.get(key), change.get(f"{key}_sensitive"))
        names = ("address", "mode", "type", "name", "provider_name", "deposed")
        changes.append({name: one[name] for name in names if name in one} | {"change": plain})
    return {**kept, "resource_changes": changes}


def _either(first: Any, second: Any) -> Any:  # noqa: ANN401 - JSON of any depth
    """What is marked in one of two values of marks."""
    if first is True or second is True:
        return True
    if isinstance(first, dict) or isinstance(second, dict):
        one, other = (first or {}), (second or {})
        return {key: _either(one.get(key), other.get(key)) for key in {**one, **other}}
    if isinstance(first, list) or isinstance(second, list):
        return [_either(*pair) for pair in zip_longest(first or [], second or [])]
    return False


def _plain(value: object, sensitive: object) -> object:
    if sensitive is True:
        return None
    if isinstance(value, dict) and isinstance(sensitive, dict):
        return {key: _plain(item, sensitive.get(key)) for key, item in value.items()}
    if isinstance(value, list) and isinstance(sensitive, list):
        marks = [*sensitive, *([None] * (len(value) - len(sensitive)))]
        return [_plain(item, mark) for item, mark in zip(value, marks, strict=False)]
    return value


def object_in(printed: bytes) -> dict[str, Any] | None:
    """The JSON object that was printed; None where it is none."""
    try:
        found = read_json(printed)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def outputs_in(printed: bytes) -> tuple[dict[str, Any], tuple[str, ...]] | None:
    """Outputs by name and the names of those that are sensitive, from `output -json`; None where that is no such."""
    found = object_in(printed)
    if found is None or not all(isinstance(one, dict) and "value" in one for one in found.values()):
        return None
    values = {name: one["value"] for name, one in found.items()}
    return values, tuple(name for name, one in found.items() if one.get("sensitive"))


def _problem(found: Sequence[tuple[str, str]]) -> Problem | None:
    if not found:
        return None
    summary, where = found[0]
    summary = " ".join(summary.split())
    code = next((code for starts, code in _BY_SUMMARY if summary.startswith(starts)), codes.TERRAFORM_FAILED)
    short = summary if len(summary) <= _LONGEST else f"{summary[:_LONGEST]}…"
    more = f", and {len(found) - 1} more" if len(found) > 1 else ""
    return Problem(code, f"{short or 'an error without a word'}{where}{more}")


def _where(diagnostic: Mapping[str, Any]) -> str:
    place = diagnostic.get("range")
    if isinstance(place, dict) and isinstance(place.get("filename"), str) and isinstance(place.get("start"), dict):
        return f" ({place['filename']}:{place['start'].get('line', 1)})"
    return ""


def _is_change(one: object) -> bool:
    if not isinstance(one, dict) or "address" not in one or not isinstance(one.get("change"), dict):
        return False
    return isinstance(one["change"].get("actions"), list)


def _difference(change: Mapping[str, Any]) -> str:
    if change["actions"] == ["delete"]:
        return "it is gone"
    before, after = change.get("before"), change.get("after")
    if not isinstance(before, dict) or not isinstance(after, dict):
        return "it differs"
    names = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    return f"{', '.join(names)} differ{'s' * (len(names) == 1)}" if names else "it differs"


def _has_resources(module: Mapping[str, Any]) -> bool:
    if any(one.get("mode") == "managed" for one in module.get("resources", ()) if isinstance(one, dict)):
        return True
    return any(_has_resources(one) for one in module.get("child_modules", ()) if isinstance(one, dict))
