"""The Jinja2 of `-o template=`: it shows data, and neither computes nor reaches anything else."""

from typing import Final, NoReturn

from jinja2 import StrictUndefined
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

_METHODS: Final = frozenset(
    {
        "endswith",
        "get",
        "items",
        "join",
        "keys",
        "lower",
        "split",
        "splitlines",
        "startswith",
        "strip",
        "upper",
        "values",
    }
)
_UNBOUNDED_FILTERS: Final = ("center", "format", "indent", "wordwrap", "xmlattr")
"""Their arguments, not the data, decide how much comes out."""


class TemplateEnvironment(ImmutableSandboxedEnvironment):
    """A sandbox without globals, multiplication and whatever else makes much out of little."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def __init__(self) -> None:
        super().__init__(undefined=StrictUndefined, autoescape=False)
        self.globals.clear()
        for name in _UNBOUNDED_FILTERS:
            del self.filters[name]

    def call_binop(self, context: Context, operator: str, left: object, right: object) -> NoReturn:  # noqa: ARG002
        """Refuses the operators above: `'a' * 10 ** 10` is no way to show data."""
        raise SecurityError(f"'{operator}' is not available here")

    def wrap_str_format(self, value: object) -> None:
        """`format` is a method like others here, and none of those that are known."""

    def is_safe_callable(self, obj: object) -> bool:
        """A few methods of texts and mappings, macros and the methods of `loop`."""
        if isinstance(getattr(obj, "__self__", None), str | list | dict | int | float | bytes):
            return getattr(obj, "__name__", "") in _METHODS
        return super().is_safe_callable(obj)
