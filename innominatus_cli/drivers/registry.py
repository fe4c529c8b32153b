"""Which driver does the work of which step type. A driver's module is imported when it is first asked for."""

from functools import cache
from importlib import import_module
from typing import Final, cast

from innominatus_cli.drivers.contract import Driver

_MODULES: Final = {
    "approval": "approval",
    "cost-analysis": "cost_analysis",
    "database-migration": "database_migration",
    "kubernetes": "kubernetes.driver",
    "monitoring": "monitoring",
    "policy": "policy",
    "resource-provisioning": "resource_provisioning",
    "script": "script",
    "security": "security",
    "tagging": "tagging",
    "validation": "validation",
    "vault-setup": "vault_setup",
}


_UNDO_ALONE: Final = ("database-migration", "kubernetes", "resource-provisioning", "vault-setup")
"""Types whose driver takes back what it did (`undo` of its module)."""


@cache
def undo_for(step_type: str) -> Driver | None:
    """What takes back the work of a step type, and puts back the files that it made; None where nothing can.

    For an empty name: what puts back files alone.
    """
    from innominatus_cli.drivers.restoring import restoring  # noqa: PLC0415 - few runs take anything back

    if not step_type:
        return restoring(None)
    if step_type not in _UNDO_ALONE:
        return None
    return restoring(cast("Driver", import_module(f"{__package__}.{_MODULES[step_type]}").undo))


@cache
def driver_for(step_type: str) -> Driver | None:
    """The driver of a step type; None where nothing runs it yet."""
    module = _MODULES.get(step_type)
    if module is None:
        return None
    return cast("Driver", import_module(f"{__package__}.{module}").driver)
