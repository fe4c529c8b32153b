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


@cache
def driver_for(step_type: str) -> Driver | None:
    """The driver of a step type; None where nothing runs it yet."""
    module = _MODULES.get(step_type)
    if module is None:
        return None
    return cast("Driver", import_module(f"{__package__}.{module}").driver)
