"""Which driver does the work of which step type. A driver's module is imported when it is first asked for."""

from functools import cache
from importlib import import_module
from typing import Final, Literal, TypeAlias, cast

from innominatus_cli.drivers.contract import Driver

_MODULES: Final = {
    "ansible": "ansible",
    "approval": "approval",
    "argocd-app": "kubernetes.argocd_app",
    "cloudformation": "cloudformation.driver",
    "container-build": "container_build",
    "cost-analysis": "cost_analysis",
    "database-migration": "databases.migration",
    "database-schema": "databases.schema",
    "git-commit-manifests": "git_commit_manifests",
    "gitea-repo": "gitea_repo",
    "helm": "kubernetes.helm",
    "http": "http",
    "kubernetes": "kubernetes.driver",
    "kustomize": "kubernetes.kustomize",
    "monitoring": "monitoring",
    "notification": "notification",
    "policy": "policy",
    "pulumi": "pulumi",
    "resource-provisioning": "resource_provisioning",
    "script": "script",
    "security": "security",
    "tagging": "tagging",
    "terraform": "terraform.driver",
    "terraform-generate": "terraform_generate",
    "test": "test",
    "validation": "validation",
    "vault-setup": "vault.setup",
    "wait": "wait",
}

Part: TypeAlias = Literal["undo", "preview", "probe", "drift", "health"]
"""What a driver's module may offer besides `driver`, each a `Driver` of its own:

- `undo` takes back what the step did (its `undone_marks`, its recorded inputs);
- `preview` says what `driver` would do, by the tool's own dry run; it changes nothing. Outputs: `changes`, a list of
  `{"action": create|update|replace|delete|read, "object": TEXT}`;
- `probe` says whether the work of a step in doubt is done. Outputs: `done`, a boolean;
- `drift` compares what is there with what the step made. Outputs: `drift`, a list of `{"object": TEXT, "what": TEXT}`;
- `health` says how what the step made is. Outputs: `health`, a list of `{"object": TEXT, "health":
  healthy|degraded|unhealthy|unknown, "message": TEXT}`.
"""


@cache
def part_for(step_type: str, part: Part) -> Driver | None:
    """That part of a step type's driver; None where the type does not offer it, or nothing runs the type."""
    name = _MODULES.get(step_type)
    if name is None:
        return None
    return cast("Driver | None", getattr(import_module(f"{__package__}.{name}"), part, None))


@cache
def undo_for(step_type: str) -> Driver | None:
    """What takes back the work of a step type, and puts back the files that it made; None where nothing can.

    For an empty name: what puts back files alone.
    """
    from innominatus_cli.drivers.restoring import restoring  # noqa: PLC0415 - few runs take anything back

    if not step_type:
        return restoring(None)
    undo = part_for(step_type, "undo")
    return None if undo is None else restoring(undo)


@cache
def driver_for(step_type: str) -> Driver | None:
    """The driver of a step type; None where nothing runs it yet."""
    module = _MODULES.get(step_type)
    if module is None:
        return None
    return cast("Driver", import_module(f"{__package__}.{module}").driver)
