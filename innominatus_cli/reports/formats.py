"""The formats of a check's result, by the name that `-o` takes; each is a module that is imported when it is asked for.

A module of a format has `render(found) -> str`, which is pure.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from innominatus_cli.operations.validation import Validation

FORMATS = ("text", "table", "json", "yaml", "sarif", "junit", "github", "gitlab")
_MODULES = {"json": "findings_json", "yaml": "findings_json"}


def render(found: "Validation", output: str, *, colour: bool = False) -> str:
    """The result of a check in one of `FORMATS`; `colour` is for text on a terminal."""
    module = import_module(f"innominatus_cli.reports.{_MODULES.get(output, f'findings_{output}')}")
    if output == "text":
        return str(module.render(found, colour=colour))
    return str(module.render(found, output) if output in _MODULES else module.render(found))
