"""What a run stores before anything happens: its plan, and its record as it is when it begins.

With the journal they say everything that a record says, so that whoever finds a killed run can write it.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from innominatus_cli.documents.canonical import canonical_json, digest_of_bytes
from innominatus_cli.documents.plan import Plan
from innominatus_cli.documents.plan_file import PlannedRequest
from innominatus_cli.documents.run_record import RunRecord
from innominatus_cli.execution.journal import JournalRead, lost, read_journal, sync_folder
from innominatus_cli.execution.kept import read_kept
from innominatus_cli.findings.catalogue.resuming import RUN_FOLDER_CORRUPT
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.system.files import write_file
from innominatus_cli.system.owned_files import owned_bytes
from innominatus_cli.system.state_folder import StateFolder

_PRIVATE: Final = 0o600
_REQUEST: Final = "request.json"
_UNCOMMITTED: Final = b"no-commit\n"


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run as its folder holds it; `opening` and `plan` are those that its journal's first line names."""

    folder: Path
    opening: RunRecord
    plan: Plan
    journal: JournalRead


def open_run(
    state: StateFolder, opening: RunRecord, plan: Plan, request: PlannedRequest | None = None, *, commit: bool = True
) -> str:
    """Stores both durably, and marks the run as one without a record; returns the digest of the opening's file.

    `request` is what was asked for, `commit`: its record is to be committed. Raises CannotContinue
    (exit 73) where the disk refuses.
    """
    run = opening.run
    try:
        state.ensure(state.run_dir(run))
        state.ensure(state.open_dir)
    except OSError as error:
        raise CannotContinue(lost(state.run_dir(run), error.strerror or "the disk refuses")) from error
    write_file(state.plan_path(run), plan.canonical, _PRIVATE)
    write_file(state.opening_path(run), opening.canonical, _PRIVATE)
    if request is not None:
        write_file(state.run_dir(run) / _REQUEST, canonical_json(request.as_json()), _PRIVATE)
    try:
        mark = os.open(state.open_path(run), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, _PRIVATE)
        try:
            os.write(mark, b"" if commit else _UNCOMMITTED)
            os.fsync(mark)
        finally:
            os.close(mark)
        sync_folder(state.open_dir)
    except OSError as error:
        raise CannotContinue(lost(state.open_path(run), error.strerror or "the disk refuses")) from error
    return digest_of_bytes(opening.canonical)


def read_request(folder: Path) -> PlannedRequest | None:
    """What was asked for when the run of this folder was planned; None where that was not stored.

    Raises CannotContinue (exit 65) where the file is there and is not what a run writes.
    """
    path = folder / _REQUEST
    try:
        data = owned_bytes(path)
        request = PlannedRequest.model_validate_json(data)
    except FileNotFoundError:
        return None
    except ValidationError as problem:
        raise _corrupt(path, _first(problem)) from problem
    except OSError as problem:
        raise _corrupt(path, f"it cannot be read: {problem.strerror}") from problem
    if canonical_json(request.as_json()) != data:
        raise _corrupt(path, "its bytes are not the canonical ones")
    return request


def close_run(state: StateFolder, run: str) -> None:
    """The run has its record: the mark goes. A mark that cannot go is looked at again by the next command."""
    try:
        state.open_path(run).unlink(missing_ok=True)
    except OSError:
        return


def wants_commit(state: StateFolder, run: str) -> bool:
    """Whether the record of this open run is to be committed."""
    try:
        return state.open_path(run).read_bytes() != _UNCOMMITTED
    except OSError:
        return True


def read_run(folder: Path) -> StoredRun:
    """The run that this folder holds, every digest checked.

    Raises CannotContinue (exit 65) where its files are not what the run wrote, OSError where there is no journal.
    """
    journal = read_journal(folder / "journal.jsonl")
    start = journal.lines[0] if journal.lines and journal.lines[0]["type"] == "run_start" else None
    if start is None or "opening" not in start:
        raise _corrupt(folder / "journal.jsonl", "its first line names no opening of a run")
    opening_path, plan_path = folder / "opening.json", folder / "plan.json"
    try:
        opening = RunRecord.model_validate_json(read_kept(opening_path, start["opening"]))
    except ValidationError as problem:
        raise _corrupt(opening_path, _first(problem)) from problem
    try:
        data = owned_bytes(plan_path)
        if digest_of_bytes(data[:-1]) != start["plan"]:
            raise _corrupt(plan_path, "it is not the plan that the run carries out")
        plan = Plan.model_validate_json(data)
    except ValidationError as problem:
        raise _corrupt(plan_path, _first(problem)) from problem
    except OSError as problem:
        raise _corrupt(plan_path, f"it cannot be read: {problem.strerror}") from problem
    return StoredRun(folder, opening, plan, journal)


def read_opening(state: StateFolder, run: str) -> RunRecord | None:
    """The opening of a run of this clone, not checked against its journal; None where there is none to be read."""
    try:
        return RunRecord.model_validate_json(owned_bytes(state.opening_path(run)))
    except (OSError, ValidationError):
        return None


def _first(problem: ValidationError) -> str:
    first = problem.errors(include_url=False)[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"


def _corrupt(path: Path, reason: str) -> CannotContinue:
    return CannotContinue(Finding(RUN_FOLDER_CORRUPT, reason, Place(str(path))))
