"""What all models share: frozen, closed, camelCase in YAML and snake_case in the JSON that we write.

A model is built when it is first used (`defer_build`): of a hundred that a command imports it needs a fifth.
"""

from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from innominatus_cli.documents.canonical import canonical_json, digest_of_bytes
from innominatus_cli.documents.durations import DURATION_PATTERN, duration_text, seconds_of
from innominatus_cli.documents.written import WrittenFloat, WrittenInt

__all__ = [
    "DURATION_PATTERN",
    "Deprecation",
    "DurationSeconds",
    "JsonModel",
    "Name",
    "StoredModel",
    "Text",
    "VariableName",
    "YamlModel",
    "duration_text",
    "seconds_of",
]


class YamlModel(BaseModel):
    """A part of a document that people write: camelCase keys, unknown keys refused."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True, defer_build=True
    )

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        """Itself, for nothing of it changes: pydantic would copy defaults for every model that lacks them."""
        return self


class JsonModel(BaseModel):
    """A part of a document that we write: snake_case keys, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    def as_json(self) -> dict[str, Any]:
        """Plain JSON data; what has no value is left out, so that a new optional key changes no old digest."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class StoredModel(JsonModel):
    """A whole document that we write into the ledger, where its digest names it."""

    @property
    def digest(self) -> str:
        """`sha256:` of the canonical bytes (RFC 8785)."""
        return digest_of_bytes(self.canonical[:-1])

    @cached_property
    def canonical(self) -> bytes:
        """The bytes of its file, RFC 8785 and a newline; worked out once, for many ask for them."""
        return canonical_json(self.as_json()) + b"\n"

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy with some fields replaced, which has bytes and a digest of its own."""
        copied = super().model_copy(update=update, deep=deep)
        for worked_out in copied.__dict__.keys() - type(self).model_fields.keys():
            del copied.__dict__[worked_out]
        return copied


class Deprecation(YamlModel):
    """That something still works, and what to use in its place."""

    since: str = ""
    """The day or the version from which on."""
    message: str = ""
    replacement: str = ""
    """What to use: an identity, with a range of versions behind `@` if need be."""


def _to_seconds(value: object) -> object:
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    return seconds_of(value) if isinstance(value, str) else value


_WrittenDuration = Annotated[int, Field(ge=0)] | Annotated[str, Field(pattern=DURATION_PATTERN)]
DurationSeconds = Annotated[int, BeforeValidator(_to_seconds, json_schema_input_type=_WrittenDuration), Field(ge=0)]
"""Seconds, written as an integer or as `90s`, `5m`, `1h30m`, `7d`."""


def _to_text(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, WrittenInt | WrittenFloat):
        return value.text
    return str(value) if isinstance(value, int | float) else value


Text = Annotated[str, BeforeValidator(_to_text, json_schema_input_type=str | int | float | bool)]
"""A string; numbers and booleans are taken as their text, as in environment variables."""

VariableName = Annotated[str, Field(min_length=1, pattern=r"^[^=\x00]+$")]
"""The name of an environment variable, as a process can get it."""

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]
"""A name that is safe in paths and ids."""
