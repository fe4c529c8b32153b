"""The one contract of step types.

A step type's inputs are a pydantic model over `StepInputs`. A field that may be known only at run time is typed
`T | Reference[T]` (a plain `str` needs no `Reference`: every template is text). Markers tell planning and checks what
a string means: `PathInput` a file or folder of the repository, `SecretName` a secret, `table_of(...)` a name in a
table of admin-config.yaml, `WorkloadInput` the application's Score workload. `step_types.markers` finds the marked
values of given inputs. Aliases are normalised in this model and nowhere else.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Final, Generic, Literal, TypeAlias, TypeVar

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema, core_schema

from innominatus_cli.documents.admin_config import EnvironmentDefinition
from innominatus_cli.documents.model import YamlModel
from innominatus_cli.documents.plan import ToolNeed
from innominatus_cli.documents.step_type import StepTypeDocument
from innominatus_cli.documents.typed import Typed
from innominatus_cli.documents.vocabulary import Idempotency

T = TypeVar("T")
REFERENCE_PATTERN = r"\$\{[^}]+\}|\{\{|\{%"


class Reference(Generic[T]):
    """A value that is known only at run time, as written: text with at least one `${…}`, or a template."""

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

LaterPathInput = Annotated[str, Field(json_schema_extra={"x-path": True, "x-later": True})]
"""The same, or what an earlier step gives, as a folder that it generated. The plan's digest covers the step that gives
it; whoever reads it holds it against the repository when it runs (`StepContext.later_path`)."""

SecretName = Annotated[str, Field(json_schema_extra={"x-secret": True, "x-table": "secrets"})]
"""The name of a secret in admin-config's table `secrets`."""


VariableName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
"""The name of a variable of the step's `env`: how an input says where a secret is, for inputs hold none themselves."""


APPLICATION_WORKLOAD: Final = "application"
"""The word that stands for the application's own workload in a `WorkloadInput`."""

WORKLOAD_INPUT: Final = "workload"
"""The input that is one, in every step type that has it."""

WorkloadInput = Annotated[Literal["application"] | dict[str, Any], Field(json_schema_extra={"x-workload": True})]
"""A Score workload. Planning puts the application's canonical document, its placeholders as references, in the place
of the word `application`, so that a run reads no file."""

WHOLE_TABLE: Final = "*"
"""The name that stands for every entry of a table."""


def table_of(table: Literal["healthChecks", "alerts", "dashboards", "secrets", "prices"]) -> Any:  # noqa: ANN401 - a pydantic field
    """Marks a string, or the strings of a list, as names in a table of admin-config.yaml.

    Planning puts the table's entry, with its `name`, in the place of each name (every entry for `*`), so that a run
    reads no file. An item that is a mapping already is an entry of the step's own.
    """
    return Field(json_schema_extra={"x-table": table})


def aliases(**spellings: list[str]) -> dict[str, Any]:
    """`json_schema_extra` of a model: old spellings by the YAML key they stand for."""
    return {"x-aliases": {old: key for key, olds in spellings.items() for old in olds}}


def _snake_case(key: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z]+)", lambda found: "_" + found.group(1).lower(), key)


class StepInputs(YamlModel):
    """Inputs of a step type. Subclasses are closed: an unknown key is a finding with near names.

    Old spellings (`aliases(...)`) and snake_case ones become the model's own camelCase keys before anything is
    checked, here and nowhere else; `x-aliases` of the JSON Schema lists all of them.
    """

    spellings: ClassVar[Mapping[str, str]] = {}
    """Every accepted other spelling to its key."""

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:  # noqa: ANN401 - pydantic's own signature
        """Gathers the spellings of a model: the declared ones and the snake_case twin of each."""
        super().__pydantic_init_subclass__(**kwargs)
        extra = cls.model_config.get("json_schema_extra")
        said: Any = extra.get("x-aliases", {}) if isinstance(extra, dict) else {}
        declared: dict[str, str] = dict(said)
        keys = {info.alias or name for name, info in cls.model_fields.items()}
        twins = {_snake_case(old): key for old, key in declared.items()}
        twins |= {_snake_case(key): key for key in keys}
        cls.spellings = {old: key for old, key in sorted((twins | declared).items()) if old not in keys}

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """The model's JSON Schema with all spellings under `x-aliases`."""
        found = handler(schema)
        target = handler.resolve_ref_schema(found)
        if cls.spellings:
            target["x-aliases"] = dict(cls.spellings)
        return found

    @model_validator(mode="before")
    @classmethod
    def _one_spelling(cls, written: object) -> object:
        if not isinstance(written, Mapping):
            return written
        told: dict[str, object] = {}
        first: dict[str, str] = {}
        for key, value in written.items():
            name = cls.spellings.get(key, key)
            if name in told and told[name] == value:
                continue
            if name in told:
                raise ValueError(f"'{first[name]}' and '{key}' are the same input; keep '{name}'")
            told[name] = value
            first[name] = key
        return told


RollbackMeans: TypeAlias = Literal["nothing", "reversible", "compensated", "irreversible"]
"""How the work of a step type is taken back. `nothing`: it changes nothing that would have to be, but for files that it
renders. `reversible`: its driver undoes what it did itself. `compensated`: only another step can, which the workflow
names under `rollback`. `irreversible`: nothing can in general; a workflow may still name a step."""


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
    has_probe: bool = False
    """Whether its driver can tell that the work of a step is done, as `idempotency: check` asks for."""
    rollback: RollbackMeans = "irreversible"
    default_timeout_seconds: int = 1800
    environment_defaults: Callable[[EnvironmentDefinition], dict[str, Any]] | None = None
    """Inputs that the environment's definition in admin-config gives where the step says nothing."""
    tools_by_inputs: Callable[[Mapping[str, Any]], tuple[ToolNeed, ...]] | None = None
    """More tools, for a type that needs them only under some inputs (given as YAML keys)."""
    rollback_by_inputs: Callable[[Mapping[str, Any]], RollbackMeans] | None = None
    """The same for given inputs (YAML keys, defaults included), where it depends on them."""
    own: Typed[StepTypeDocument] | None = None
    """The document of a type that the repository brings; its inputs are those of a JSON Schema, not of `inputs`."""

    def rollback_of(self, inputs: Mapping[str, Any]) -> RollbackMeans:
        """How a step with these inputs (YAML keys, defaults included) is taken back by the type alone."""
        return self.rollback_by_inputs(inputs) if self.rollback_by_inputs else self.rollback

    def tools_for(self, inputs: Mapping[str, Any]) -> tuple[ToolNeed, ...]:
        """The programs that a step with these inputs (YAML keys, defaults included) needs."""
        return self.tools + (self.tools_by_inputs(inputs) if self.tools_by_inputs else ())
