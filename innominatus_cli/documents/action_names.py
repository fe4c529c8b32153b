"""The names of actions, and of all that an audit can look for. Importing this loads no model."""

from typing import Final, Literal, TypeAlias, get_args

Action: TypeAlias = Literal[
    "approve",
    "reject",
    "cancel",
    "break_lock",
    "adopt",
    "gc",
    "restore",
    "scale",
    "restart",
    "exec",
    "port_forward",
    "backup",
    "restore_resource",
    "transfer",
    "rotate_secret",
]
ACTIONS: Final[tuple[str, ...]] = get_args(Action)
AUDITED: Final = ("run", "resume", "rollback", "refusal", "deploy", "undeploy", "task", *ACTIONS)
"""Kinds of records of runs, their operations, and actions."""
