"""What another process needs to go on behind a step: its result and its artifacts, as files beside the journal."""

from innominatus_cli.documents.canonical import canonical_json, digest_of_bytes
from innominatus_cli.execution.step import StepEnd
from innominatus_cli.system.files import write_file
from innominatus_cli.system.state_folder import StateFolder

_PRIVATE = 0o600


def keep(state: StateFolder, run: str, index: int, end: StepEnd) -> dict[str, str]:
    """Writes them durably; returns the facts for the journal line that says that the step has ended.

    A step without outputs, variables, artifacts and rounds of a loop needs no file. Raises CannotContinue (exit 73).
    """
    result = end.result
    if not (result.outputs or result.variables or result.artifacts or result.cells):
        return {}
    keep_artifacts(state, run, end)
    whole = canonical_json(result.as_json())
    write_file(state.result_path(run, index), whole, _PRIVATE)
    return {"result": digest_of_bytes(whole)}


def keep_artifacts(state: StateFolder, run: str, end: StepEnd) -> None:
    """Writes the artifacts alone, each by its digest. Raises CannotContinue (exit 73)."""
    for data in end.artifacts.values():
        write_file(state.artifact_path(run, digest_of_bytes(data).removeprefix("sha256:")), data, _PRIVATE)
