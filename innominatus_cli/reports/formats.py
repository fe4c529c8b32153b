"""The formats of a check's result, by the name that `-o` takes; each is a module that is imported when it is asked for.

A module of a format has a pure `render(found, …) -> str`; a new format is a line here, and its module.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from innominatus_cli.operations.validation import Validation

_MODULES = {
    "text": ("findings_text", ("colour",)),
    "table": ("findings_table", ()),
    "json": ("findings_json", ("output",)),
    "yaml": ("findings_json", ("output",)),
    "sarif": ("findings_sarif", ()),
    "junit": ("findings_junit", ("strict",)),
    "github": ("findings_github", ()),
    "gitlab": ("findings_gitlab", ()),
}
"""The module of each format, and which options its `render` takes."""

FORMATS = tuple(_MODULES)
FOR_FORGES = frozenset(("sarif", "github", "gitlab"))
"""Formats whose readers look for files from the root of the checkout, wherever the repository's own root is."""


def render(found: "Validation", output: str, *, strict: bool = False, colour: bool = False) -> str:
    """The result of a check in one of `FORMATS`.

    `strict` says that warnings fail too, for the format that tells what failed; `colour` is for text on a terminal.
    """
    name, takes = _MODULES[output]
    options: dict[str, Any] = {"output": output, "strict": strict, "colour": colour}
    module = import_module(f"innominatus_cli.reports.{name}")
    return str(module.render(found, **{option: options[option] for option in takes}))
