"""Params as people type them."""

import json
from collections.abc import Iterable
from typing import Any


def params_of(written: Iterable[str]) -> dict[str, Any]:
    """`KEY=VALUE` as params: a value is JSON where it can be, else a text. Raises ValueError with a sentence."""
    found: dict[str, Any] = {}
    for one in written:
        key, equals, text = one.partition("=")
        if not equals or not key:
            raise ValueError(f"'{one}' is not of the form KEY=VALUE")
        try:
            found[key] = json.loads(text)
        except ValueError:
            found[key] = text
    return found
