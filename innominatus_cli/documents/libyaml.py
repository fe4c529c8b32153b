"""PyYAML's C parser, imported without the regular expressions that only its Python parser needs.

PyYAML compiles a dozen of them while it is imported, which takes longer than checking a file (docs/adr/0013). Here each
is compiled when somebody first uses it.
"""

import re
from typing import Any


class _Later:
    """A regular expression that is compiled when first used."""

    def __init__(self, pattern: str, flags: int = 0) -> None:
        self._written = (pattern, flags)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever a pattern has
        return getattr(re.compile(*self._written), name)


def _compile_later() -> None:
    """Imports PyYAML while `re.compile` waits."""
    compile_now = re.compile
    re.compile = _Later  # type: ignore[assignment]
    try:
        import yaml._yaml  # noqa: F401, PLC0415
    finally:
        re.compile = compile_now


_compile_later()

from yaml._yaml import CParser  # noqa: E402
from yaml.error import MarkedYAMLError, YAMLError  # noqa: E402
from yaml.nodes import MappingNode as RawMapping  # noqa: E402
from yaml.nodes import ScalarNode as RawScalar  # noqa: E402
from yaml.nodes import SequenceNode as RawSequence  # noqa: E402

__all__ = ("CParser", "MarkedYAMLError", "RawMapping", "RawScalar", "RawSequence", "YAMLError")
