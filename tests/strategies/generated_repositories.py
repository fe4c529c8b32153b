"""Small repositories that hypothesis makes up: an application, and workflows of the platform and of products.

`repositories()` draws a `GeneratedRepository`; `write` puts its files into a folder. Every one of them has a plan: what
differs is which workflows and steps it has, in which order, and which of them are absent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st

PHASES = ("pre-deployment", "deployment", "post-deployment")
PRODUCTS = ("shop", "ads")
TRIGGERS = ("all_deployments", "product_deployment", "first_deployment", "manual")
CONDITIONS = ("environment.name == 'production'", "parameters.replicas > 1", "application.name startsWith 'shop'")
_NAMES = ("alpha", "beta", "gamma", "delta", "epsilon")
_MOST_STEPS = 5


@dataclass(frozen=True)
class GeneratedRepository:
    """Files by path; `score` is the application's, `workflows` are identities by the path of their file."""

    files: Mapping[str, str]
    workflows: Mapping[str, str]
    product: str | None
    score: str = "score.yaml"

    def write(self, folder: Path, order: Sequence[str] | None = None) -> Path:
        """Writes the files below `folder`, in the given order of their paths, and returns it."""
        for path in self.files if order is None else order:
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(self.files[path], encoding="utf-8")
        return folder


@st.composite
def repositories(draw: st.DrawFn) -> GeneratedRepository:
    """A repository of up to five workflows of the platform and of each of two products, and one application."""
    product = draw(st.sampled_from([None, *PRODUCTS]))
    files = {"score.yaml": _score(product, draw(st.integers(0, 3))), "admin-config.yaml": "workflowPolicies: {}\n"}
    workflows: dict[str, str] = {}
    for owner in (None, *PRODUCTS):
        folder = "workflows/platform" if owner is None else f"workflows/products/{owner}"
        phases: dict[str, str] = {}
        for name in draw(st.lists(st.sampled_from(_NAMES), unique=True, max_size=len(_NAMES))):
            phases[name] = draw(st.sampled_from(PHASES))
            triggers = draw(st.lists(st.sampled_from(_triggers(owner)), unique=True, min_size=1, max_size=2))
            # Only workflows that are always there are depended on, so that no drawing lacks what it needs.
            near = [other for other in phases if other != name and phases[other] == phases[name]]
            needs = draw(st.lists(st.sampled_from(near), unique=True)) if near else []
            files[f"{folder}/{name}.yaml"] = _workflow(name, owner, phases[name], triggers, needs, draw(_steps()))
            workflows[f"{folder}/{name}.yaml"] = f"{owner}/{name}" if owner else name
    return GeneratedRepository(files, workflows, product)


def _triggers(owner: str | None) -> list[str]:
    return [trigger for trigger in TRIGGERS if owner is not None or trigger != "product_deployment"]


@st.composite
def _steps(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Steps of a workflow: in a row, in groups, in loops, or after steps that stand before them."""
    steps: list[dict[str, Any]] = []
    for number in range(draw(st.integers(1, _MOST_STEPS))):
        step: dict[str, Any] = {"name": f"step-{number}", "type": "script", "config": {"script": f"echo {number}"}}
        before = [one["name"] for one in steps]
        order = draw(st.sampled_from(["follows", "parallel", "group", "needs"]))
        if order == "parallel":
            step["parallel"] = True
        elif order == "group":
            step["parallelGroup"] = draw(st.integers(1, 2))
        elif order == "needs":
            step["dependsOn"] = draw(st.lists(st.sampled_from(before), unique=True)) if before else []
        if draw(st.integers(0, 4)) == 0:
            step["forEach"] = draw(st.lists(st.sampled_from(["eu", "us", "ap"]), unique=True, min_size=1))
        condition = draw(st.sampled_from([None, None, *CONDITIONS]))
        if condition is not None:
            step["if"] = condition
        steps.append(step)
    return steps


def _workflow(
    name: str, owner: str | None, phase: str, triggers: list[str], needs: list[str], steps: list[dict[str, Any]]
) -> str:
    metadata: dict[str, Any] = {"name": name, "description": "d", "owner": "o", "phase": phase}
    if owner is not None:
        metadata["product"] = owner
    if needs:
        metadata["dependsOn"] = needs
    kind = "PlatformWorkflow" if owner is None else "ProductWorkflow"
    spec: dict[str, Any] = {"triggers": triggers, "steps": steps}
    spec["parameters"] = [{"name": "replicas", "type": "integer", "default": 1}]
    document = {"apiVersion": "workflow.dev/v1", "kind": kind, "metadata": metadata, "spec": spec}
    return yaml.safe_dump(document, sort_keys=False)


def _score(product: str | None, resources: int) -> str:
    metadata = {"name": "shop-web", **({"product": product} if product else {})}
    document: dict[str, Any] = {
        "apiVersion": "score.dev/v1b1",
        "metadata": metadata,
        "containers": {"web": {"image": "registry.example.com/web:1.2"}},
    }
    if resources:
        document["resources"] = {f"db-{number}": {"type": "sqlite"} for number in range(resources)}
    return yaml.safe_dump(document, sort_keys=False)
