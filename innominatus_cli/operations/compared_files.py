"""Plans that stand in files and are to be compared: of `plan -o json`, of `plan --out`, and of the ledger."""

import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from innominatus_cli.documents.plan import PLAN_SCHEMA, Plan
from innominatus_cli.documents.plan_file import PLAN_FILE_SCHEMA
from innominatus_cli.findings.catalogue.revisions import PLAN_FILE_EDITED, PLAN_FILE_UNREADABLE
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.operations.plan_files import read_plan_file

_MOST_BYTES = 256 * 1024 * 1024


def read_plan(path: str) -> Plan:
    """The plan of a file. Raises CannotContinue where it holds none, or was edited since it was written."""
    data = _data(path)
    if data.get("schema") == PLAN_FILE_SCHEMA:
        return read_plan_file(path).file.plan
    said = data.get("digest")
    inner = data.get("plan") if "plan" in data else data
    if not isinstance(inner, dict) or inner.get("schema") != PLAN_SCHEMA:
        raise _unreadable(path, f"it has no plan of the schema {PLAN_SCHEMA}")
    try:
        plan = Plan.model_validate(inner)
        digest = plan.digest
    except (ValidationError, ValueError) as problem:
        errors = problem.errors(include_url=False) if isinstance(problem, ValidationError) else []
        where = "/".join(map(str, errors[0]["loc"])) if errors else ""
        raise _unreadable(path, f"{where}: {errors[0]['msg']}" if errors else str(problem)) from problem
    expected = said if "plan" in data else _named(path)
    if expected is not None and expected != digest:
        message = f"its plan has the digest {digest}, and the file says {expected}"
        raise CannotContinue(Finding(PLAN_FILE_EDITED, message, Place(path)))
    return plan


def _data(path: str) -> dict[str, Any]:
    try:
        with Path(path).open("rb") as file:
            read = file.read(_MOST_BYTES + 1)
    except OSError as problem:
        raise _unreadable(path, problem.strerror or str(problem)) from problem
    if len(read) > _MOST_BYTES:
        raise _unreadable(path, f"it has more than {_MOST_BYTES:,} bytes")
    try:
        data = json.loads(read)
    except (ValueError, RecursionError) as problem:
        raise _unreadable(path, f"it is no JSON ({problem})") from problem
    if not isinstance(data, dict):
        raise _unreadable(path, "it is no JSON object")
    return data


def _named(path: str) -> str | None:
    """The digest that a file of the ledger is called by."""
    stem = Path(path).stem
    is_digest = len(stem) == 64 and all(one in "0123456789abcdef" for one in stem)  # noqa: PLR2004 - SHA-256 in hex
    return f"sha256:{stem}" if is_digest else None


def _unreadable(path: str, why: str) -> CannotContinue:
    return CannotContinue(Finding(PLAN_FILE_UNREADABLE, f"'{path}' holds no plan: {why}", Place(path)))
