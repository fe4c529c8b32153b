"""JSON that others wrote: tools, servers, plugins."""

import json
from collections.abc import Callable
from typing import Any


def read_json(data: bytes | str, *, parse_constant: Callable[[str], object] | None = None) -> Any:  # noqa: ANN401
    """What a JSON text holds.

    Args:
        data: The text; bytes are UTF-8, UTF-16 or UTF-32.
        parse_constant: Called with `NaN`, `Infinity` and `-Infinity`, which JSON does not have (RFC 8259, section 6).

    Raises:
        ValueError: It is no JSON, or one that is nested deeper than anybody would write: Python's own reader ends
            with a RecursionError at about a thousand levels, which nobody who reads a tool's answer expects.
    """
    try:
        return json.loads(data, parse_constant=parse_constant)
    except RecursionError as deep:
        raise ValueError("JSON that is nested too deep") from deep
