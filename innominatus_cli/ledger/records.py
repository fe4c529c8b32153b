"""A record as a file: where it stands, and how its bytes are read, whatever version wrote them.

    <root>/runs/<application>/<environment>/<yyyy-mm>/<run>.json
    <root>/actions/<yyyy-mm>/<id>.json
    <root>/plans/<hex digest>.json
    <root>/manifests/<application>/<environment>/…

The path follows from the record's content, so a file that stands elsewhere was moved by somebody.
"""

import json
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from innominatus_cli.documents.action_record import ACTION_SCHEMA, ActionRecord
from innominatus_cli.documents.canonical import canonical_json
from innominatus_cli.documents.environment_names import SAFE_NAME
from innominatus_cli.documents.run_record import RECORD_SCHEMA, RunRecord
from innominatus_cli.findings.catalogue.ledger import RECORD_CORRUPT, RECORD_TOO_NEW
from innominatus_cli.findings.finding import Finding, Place

READERS: Final[Mapping[str, Callable[[Any], RunRecord]]] = {RECORD_SCHEMA: RunRecord.model_validate}
"""By `schema`: what makes today's record of a record of that version. No entry is ever removed."""
ACTION_READERS: Final[Mapping[str, Callable[[Any], ActionRecord]]] = {ACTION_SCHEMA: ActionRecord.model_validate}
"""The same for records of actions."""

_Model = TypeVar("_Model", RunRecord, ActionRecord)
_RUN: Final = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_MONTH: Final = re.compile(r"[0-9]{4}-[0-9]{2}")


def is_safe_name(name: str) -> bool:
    """Whether an application or environment of this name can have records: it is a part of their paths."""
    return SAFE_NAME.fullmatch(name) is not None


def runs_folder(root: str, application: str | None = None, environment: str | None = None) -> str:
    """The folder of all records, of those of an application, or of those in one of its environments."""
    parts = [root, "runs", *(_safe(part) for part in (application, environment) if part is not None)]
    return "/".join(parts)


def record_path(root: str, record: RunRecord) -> str:
    """Where a record stands. Raises ValueError where a name of it is no safe part of a path."""
    month = record.started_at[:7]
    if not _MONTH.fullmatch(month) or not _RUN.fullmatch(record.run):
        raise ValueError(f"a record of run {record.run!r}, started at {record.started_at!r}, has no path")
    return f"{runs_folder(root, record.application, record.environment)}/{month}/{record.run}.json"


def actions_folder(root: str) -> str:
    """The folder of all records of actions."""
    return f"{root}/actions"


def action_path(root: str, action: ActionRecord) -> str:
    """Where the record of an action stands. Raises ValueError where its id or time is no part of a path."""
    month = action.at[:7]
    if not _MONTH.fullmatch(month) or not _RUN.fullmatch(action.id):
        raise ValueError(f"a record of action {action.id!r}, at {action.at!r}, has no path")
    return f"{actions_folder(root)}/{month}/{action.id}.json"


def is_digest(text: str) -> bool:
    """Whether a text can be the digest of a plan; a record of a stranger may name anything."""
    return _DIGEST.fullmatch(text) is not None


def plan_path(root: str, plan_digest: str) -> str:
    """Where the plan with this digest stands. Raises ValueError for what is no digest."""
    if not is_digest(plan_digest):
        raise ValueError(f"{plan_digest!r} is not a digest")
    return f"{root}/plans/{plan_digest.removeprefix('sha256:')}.json"


def run_of_path(path: str) -> str | None:
    """The id of the run, or of the action, that a record's file name holds; None for a file that is no record."""
    name = path.rpartition("/")[2]
    run = name.removesuffix(".json")
    return run if name.endswith(".json") and _RUN.fullmatch(run) else None


def read_record(root: str, path: str, data: bytes) -> RunRecord | Finding:
    """The record that the bytes of the file at `path` hold, or what is wrong with them."""
    return _read(READERS, RECORD_SCHEMA, partial(record_path, root), path, data)


def read_action(root: str, path: str, data: bytes) -> ActionRecord | Finding:
    """The record of an action that the bytes of the file at `path` hold, or what is wrong with them."""
    return _read(ACTION_READERS, ACTION_SCHEMA, partial(action_path, root), path, data)


def _read(
    readers: Mapping[str, Callable[[Any], _Model]],
    newest: str,
    path_of: Callable[[_Model], str],
    path: str,
    data: bytes,
) -> _Model | Finding:
    try:
        content = json.loads(data)
        canonical = canonical_json(content) + b"\n"
    except (ValueError, RecursionError):
        return _corrupt(path, "it is not JSON")
    schema = content.get("schema") if isinstance(content, dict) else None
    reader = readers.get(schema) if isinstance(schema, str) else None
    if reader is None:
        return _unknown_schema(path, schema, newest)
    if canonical != data:
        return _corrupt(path, "its bytes are not the canonical ones")
    try:
        record = reader(content)
        right_path = path_of(record)
    except ValidationError as problem:
        first = problem.errors(include_url=False)[0]
        return _corrupt(path, f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}")
    except ValueError as problem:
        return _corrupt(path, str(problem))
    return record if right_path == path else _corrupt(path, f"its place is {right_path}")


def _unknown_schema(path: str, schema: object, newest: str) -> Finding:
    if isinstance(schema, str) and schema.startswith(newest.rpartition("/")[0] + "/"):
        return Finding(RECORD_TOO_NEW, f"'{schema}' is newer than '{newest}'", Place(path))
    return _corrupt(path, "it has no schema that a record has")


def _corrupt(path: str, reason: str) -> Finding:
    return Finding(RECORD_CORRUPT, f"the record cannot be trusted: {reason}", Place(path))


def _safe(part: str) -> str:
    if not is_safe_name(part):
        raise ValueError(f"{part!r} is not a name that is safe in a path")
    return part
