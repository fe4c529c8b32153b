"""What a provisioner is asked for: a resource, and the settings that the platform team gives."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from innominatus_cli.sdk.errors import InvalidConfigError

T = TypeVar("T")


class Config:
    """Values by name, typed when they are taken; a value of another type is an error, never silently nothing."""

    def __init__(self, values: Mapping[str, Any] | None = None, what: str = "setting") -> None:
        """`what` is how errors call a value."""
        self._values = dict(values or {})
        self._what = what

    def get(self, key: str, default: Any = None) -> Any:  # noqa: ANN401 - JSON data
        """The value as it is, or the default."""
        return self._values.get(key, default)

    def text(self, key: str, default: str | None = None) -> str:
        """A text. Raises InvalidConfigError where it is another thing, or is absent and has no default."""
        return self._typed(key, str, "a text", default)

    def integer(self, key: str, default: int | None = None) -> int:
        """An integer; a text of digits is one, for placeholders of Score give texts. Raises InvalidConfigError."""
        value = self._values.get(key)
        if isinstance(value, str) and value.strip().lstrip("-").isdecimal():
            return int(value)
        return self._typed(key, int, "an integer", default)

    def number(self, key: str, default: float | None = None) -> float:
        """A number. Raises InvalidConfigError."""
        value = self._values.get(key)
        if isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        return self._typed(key, float, "a number", default)

    def boolean(self, key: str, default: bool | None = None) -> bool:
        """True or false; the texts `true` and `false` are taken too. Raises InvalidConfigError."""
        value = self._values.get(key)
        if isinstance(value, str) and value.lower() in {"true", "false"}:
            return value.lower() == "true"
        return self._typed(key, bool, "true or false", default)

    def mapping(self, key: str) -> dict[str, Any]:
        """A mapping; empty where it is absent. Raises InvalidConfigError."""
        return self._typed(key, dict, "a mapping", {})

    def list(self, key: str) -> "list[Any]":
        """A list; empty where it is absent. Raises InvalidConfigError."""
        return self._typed(key, list, "a list", [])

    def as_mapping(self) -> dict[str, Any]:
        """All values."""
        return dict(self._values)

    def __contains__(self, key: object) -> bool:
        return key in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def _typed(self, key: str, kind: type[T], words: str, default: T | None) -> T:
        if key not in self._values:
            if default is None:
                raise InvalidConfigError(f"{self._what} '{key}' is missing")
            return default
        value = self._values[key]
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise InvalidConfigError(f"{self._what} '{key}' is no {words.split(' ', 1)[-1]}")
        return value


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of an application in an environment."""

    name: str
    """The resource's name in the Score file."""
    type: str
    application: str
    environment: str
    class_: str = "default"
    id: str | None = None
    """Resources that say the same id are one resource."""
    uid: str = ""
    """`type.class#id`, the same in every run."""
    params: Config = field(default_factory=lambda: Config(what="param"))
    annotations: Mapping[str, str] = field(default_factory=dict)

    @property
    def identity(self) -> str:
        """What the resource is called where it is made: its id, else `<application>-<name>`."""
        return self.id or f"{self.application}-{self.name}"

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Resource":
        """The resource of a request."""
        return cls(
            name=data["name"],
            type=data["type"],
            application=data["application"],
            environment=data["environment"],
            class_=data.get("class", "default"),
            id=data.get("id"),
            uid=data.get("uid", ""),
            params=Config(data.get("params"), "param"),
            annotations=data.get("annotations", {}),
        )
