"""Names of environments in tables and lists: one as it is, or a pattern with `*` for those that come and go."""

import re
from collections.abc import Iterable, Mapping
from typing import Final, TypeVar

from innominatus_cli.documents.globs import matches

T = TypeVar("T")
SAFE_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
"""What applications and environments are called whose names are folders."""


def can_be_meant(name: str) -> bool:
    """Whether an environment can have this name, or match this pattern, as far as that can be told easily."""
    return "*" in name or SAFE_NAME.fullmatch(name) is not None


def entry_for(table: Mapping[str, T], environment: str) -> T | None:
    """The entry of an environment: that of its own name, else the first pattern that it matches; None where none is."""
    if environment in table:
        return table[environment]
    return next((table[name] for name in table if "*" in name and matches(environment, name)), None)


def is_among(environment: str, names: Iterable[str]) -> bool:
    """Whether an environment is one of those that are named."""
    return entry_for(dict.fromkeys(names, ""), environment) is not None
