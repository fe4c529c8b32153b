"""A plan in a file, to be run later: the plan, what it was asked with, and a checksum over both."""

from typing import Annotated, Final, Literal

from pydantic import Field

from innominatus_cli.documents.canonical import digest
from innominatus_cli.documents.model import JsonModel, StoredModel
from innominatus_cli.documents.plan import Plan

PLAN_FILE_SCHEMA: Final = "innominatus.dev/plan-file/v1"
CHECKSUM: Final = "checksum"


class GivenFile(JsonModel):
    """A file of parameters (`--param-file`) as it was read: its values are arguments, and no source of the plan."""

    path: str
    """As typed; `-` for stdin."""
    text: str


class PlannedRequest(JsonModel):
    """What somebody asked for, so that the same plan can be made again. Paths are relative to the repository's root."""

    name: str | None = None
    """A golden path or a workflow; None is the default golden path."""
    score: str | None = None
    environment: str
    parameters: list[str] = []
    """`name=value`, as given."""
    param_files: list[GivenFile] = []
    workflows: list[str] = []
    overrides_file: str | None = None
    override_properties: list[str] = []


class PlanFile(StoredModel):
    """What `plan --out` writes. It names no commit, no time and no person: the same sources give the same bytes."""

    schema_: Annotated[Literal["innominatus.dev/plan-file/v1"], Field(alias="schema")] = PLAN_FILE_SCHEMA
    tool_version: str
    plan_digest: str
    """What approvals and records name the plan by."""
    request: PlannedRequest
    plan: Plan
    checksum: str = ""
    """`sha256:` of the canonical JSON (RFC 8785) of everything else in the file."""

    def sealed(self) -> "PlanFile":
        """The same with its checksum."""
        return self.model_copy(update={CHECKSUM: checksum_of(self.as_json())})


def checksum_of(content: dict[str, object]) -> str:
    """The checksum that belongs to the content of a plan file. Raises ValueError for what JSON cannot hold."""
    return digest({key: value for key, value in content.items() if key != CHECKSUM})
