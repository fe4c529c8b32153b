"""Steps that run a program of the user's own: `script`, and what `validation` and `policy` share with it."""

from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, model_validator

from innominatus_cli.documents.model import Text
from innominatus_cli.documents.plan import ToolNeed
from innominatus_cli.step_types.contract import PathInput, StepInputs, StepType, aliases

BASH = ToolNeed(name="bash", range=">=3.2")


def _as_written(value: object) -> object:
    return value


Argv = Annotated[list[Text], BeforeValidator(_as_written, json_schema_input_type=str | list[Text])]


class ProgramInputs(StepInputs):
    """A bash script, or a command without a shell."""

    script: str | None = None
    """Text that bash runs with `-euo pipefail`. Values reach it as environment variables."""
    command: Argv = []
    """A program and its arguments, run without a shell. A string here is taken as `script`."""
    working_dir: PathInput = "."
    """The folder that it runs in."""
    files: list[PathInput] = []
    """Files and folders that it reads: the plan's digest covers them."""

    @model_validator(mode="before")
    @classmethod
    def _text_is_script(cls, written: Any) -> Any:  # noqa: ANN401 - what a person wrote
        if isinstance(written, dict) and isinstance(written.get("command"), str) and "script" not in written:
            rest = {key: value for key, value in written.items() if key != "command"}
            return {**rest, "script": written["command"]}
        return written

    @model_validator(mode="after")
    def _one_program(self) -> "ProgramInputs":
        if self.script is not None and self.command:
            raise ValueError("'script' and 'command' are two programs; keep one")
        return self


PROGRAM_SPELLINGS = {"workingDir": ["working_dir", "path", "cwd"]}


class ScriptInputs(ProgramInputs):
    """Inputs of `script`."""

    model_config = ConfigDict(json_schema_extra=aliases(**PROGRAM_SPELLINGS, script=["run"]))

    @model_validator(mode="after")
    def _some_program(self) -> "ScriptInputs":
        if not self.script and not self.command:
            raise ValueError("'script' (bash text) or 'command' (a list) is needed")
        return self


SCRIPT = StepType(
    name="script",
    summary="Runs a bash script, or a command without a shell.",
    inputs=ScriptInputs,
    tools=(BASH,),
)
