"""What another process needs to go on behind a step: values in journal lines or in files beside it, and artifacts.

A value whose JSON fits into a line stands there; for a longer one, and one with fractions or unusual keys, the line
holds its digest and `results/<name>.json` the value, which is on disk before the line is.
"""

import json
from pathlib import Path
from typing import Any, Final

from innominatus_cli.documents.canonical import canonical_json, digest_of_bytes, simple_json
from innominatus_cli.execution.step_ends import StepEnd
from innominatus_cli.findings.catalogue.resuming import RUN_FOLDER_CORRUPT
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.system.files import write_file
from innominatus_cli.system.owned_files import owned_bytes
from innominatus_cli.system.state_folder import StateFolder

_PRIVATE: Final = 0o600
_ROOM: Final = 3400
"""Bytes of a line that a value and the id of its step may have."""


def kept_value(state: StateFolder, run: str, name: str | int, value: object, taken: int = 0) -> Any:  # noqa: ANN401
    """The value for the journal line, or the digest of the file that it was written to, durably.

    `taken` are the bytes that other facts of the line need. Raises CannotContinue (exit 73).
    """
    simple = simple_json(value)
    if simple is not None and len(simple) + taken <= _ROOM:
        return value
    data = canonical_json(value) if simple is None else simple
    write_file(state.result_path(run, name), data, _PRIVATE)
    return digest_of_bytes(data)


def read_value(folder: Path, name: str | int, written: object) -> Any:  # noqa: ANN401 - JSON data
    """The value that `kept_value` kept in a run's folder, from what stands in the line.

    Raises CannotContinue (exit 65) where the file is gone or holds something else.
    """
    if not isinstance(written, str):
        return written
    return json.loads(read_kept(folder / "results" / f"{name}.json", written))


def read_kept(path: Path, digest: str) -> bytes:
    """The bytes of a file with this digest. Raises CannotContinue (exit 65) where it is gone or holds other bytes."""
    try:
        data = owned_bytes(path)
    except OSError as error:
        reason = f"it cannot be read: {error.strerror}"
        raise CannotContinue(Finding(RUN_FOLDER_CORRUPT, reason, Place(str(path)))) from error
    if digest_of_bytes(data) != digest:
        raise CannotContinue(Finding(RUN_FOLDER_CORRUPT, "it is not what the run wrote", Place(str(path))))
    return data


def keep_artifacts(state: StateFolder, run: str, end: StepEnd) -> None:
    """Writes the artifacts alone, each by its digest. Raises CannotContinue (exit 73)."""
    for data in end.artifacts.values():
        keep_artifact(state, run, data)


def keep_artifact(state: StateFolder, run: str, data: bytes) -> None:
    """Writes one artifact. Raises CannotContinue (exit 73)."""
    write_file(state.artifact_path(run, digest_of_bytes(data).removeprefix("sha256:")), data, _PRIVATE)
