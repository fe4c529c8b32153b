"""The one contract of step types.

A step type's inputs are a pydantic model over `StepInputs`. A field that may be known only at run time is typed
`T | Reference[T]` (a plain `str` needs no `Reference`: every template is text). Markers tell planning and checks what
a string means: `PathInput` a file or folder of the repository, `SecretName` a secret, `table_of(...)` a name in a
table of admin-config.yaml. Aliases are normalised in this model and nowhere else.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from innominatus_cli.documents.admin_config import EnvironmentDefinition
from innominatus_cli.documents.model import YamlModel
from innominatus_cli.documents.plan import ToolNeed
from innominatus_cli.documents.vocabulary import Idempotency

T = TypeVar("T")
REFERENCE_PATTERN = r"\$\{[^}]+\}"


class Reference(Generic[T]):
    """A value that is known only at run time, as written: text with at least one `${…}`."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reference) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"Reference({self.text!r})"

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: object, _handler: GetCoreSchemaHandler) -> CoreSchema:
        written = core_schema.no_info_after_validator_function(cls, core_schema.str_schema(pattern=REFERENCE_PATTERN))
        return core_schema.json_or_python_schema(
            json_schema=written,
            python_schema=core_schema.union_schema([core_schema.is_instance_schema(cls), written]),
            serialization=core_schema.plain_serializer_function_ser_schema(lambda value: value.text),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "pattern": REFERENCE_PATTERN}


def known(value: T | Reference[T]) -> T:
    """The value, at run time, when every reference has been resolved."""
    if isinstance(value, Reference):
        raise AssertionError(f"{value!r} was not resolved before its step started")  # noqa: TRY004 - a bug of ours
    return value


PathInput = Annotated[str, Field(json_schema_extra={"x-path": True})]
"""A file or folder of the repository, relative to the file that names it, or else to the repository root."""

SecretName = Annotated[str, Field(json_schema_extra={"x-secret": True, "x-table": "secrets"})]
"""The name of a secret in admin-config's table `secrets`."""


def table_of(table: Literal["healthChecks", "alerts", "secrets", "prices"]) -> Any:  # noqa: ANN401 - a pydantic field
    """Marks a string, or the strings of a list, as names in a table of admin-config.yaml.

    Planning puts the table's entry, with its `name`, in the place of each name, so that a run reads no file.
    """
    return Field(json_schema_extra={"x-table": table})


def aliases(**spellings: list[str]) -> dict[str, Any]:
    """`json_schema_extra` of a model: old spellings by the YAML key they stand for."""
    return {"x-aliases": {old: key for key, olds in spellings.items() for old in olds}}


class StepInputs(YamlModel):
    """Inputs of a step type. Subclasses are closed: an unknown key is a finding with near names."""


@dataclass(frozen=True, slots=True)
class StepType:
    """A step type as planning, checks, drivers and docs see it."""

    name: str
    summary: str
    inputs: type[StepInputs]
    outputs: Mapping[str, str] = field(default_factory=dict)
    """Outputs that every such step has: name to a short description. Declared ones come on top."""
    tools: tuple[ToolNeed, ...] = ()
    idempotency: Idempotency = Idempotency.ONCE
    rollback: Literal["reversible", "compensated", "irreversible"] = "irreversible"
    default_timeout_seconds: int = 1800
    has_driver: bool = True
    """False: known to the language, with its inputs typed, but nothing runs it yet; running it is a finding."""
    environment_defaults: Callable[[EnvironmentDefinition], dict[str, Any]] | None = None
    """Inputs that the environment's definition in admin-config gives where the step says nothing."""
