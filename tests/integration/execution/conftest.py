"""Plans of script steps, run by the real engine with the real drivers."""

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from innominatus_cli.documents.plan import Application, Plan, PlannedStep, PlannedWorkflow, Provenance
from innominatus_cli.documents.vocabulary import Operation, Phase, Tier
from innominatus_cli.execution.setting import RunSetting
from innominatus_cli.system.clock import SystemClock
from innominatus_cli.system.state_folder import StateFolder

FLOW = "deployment/application/-/flow"
MakePlan = Callable[..., Plan]
MakeSetting = Callable[..., RunSetting]


@pytest.fixture
def make_plan() -> MakePlan:
    """`make_plan({"name": {…fields of a step…}}, …fields of the workflow…)`; `script` is the text of a script step."""

    def made(steps: Mapping[str, Mapping[str, Any]], *, limits: dict[str, int] | None = None, **flow: Any) -> Plan:
        where = Provenance(path="flow.yaml", line=3, column=7, tier=Tier.APPLICATION, workflow="flow", trigger="x")
        return Plan(
            operation=Operation.DEPLOY,
            application=Application(name="shop"),
            environment="development",
            sources=[],
            inputs=[],
            workflows=[
                PlannedWorkflow(
                    id=FLOW, identity="flow", name="flow", tier=Tier.APPLICATION, phase=Phase.DEPLOYMENT,
                    path="flow.yaml", line=1, trigger="generated", **flow,
                )
            ],
            steps=[step_of(name, dict(fields), where) for name, fields in steps.items()],
            limits=limits or {},
        )  # fmt: skip

    return made


def step_of(name: str, fields: dict[str, Any], where: Provenance) -> PlannedStep:
    if "script" in fields:
        fields["inputs"] = {"script": fields.pop("script")}
    needs = [f"{FLOW}/{need}" for need in fields.pop("needs", [])]
    defaults = {"type": "script", "phase": Phase.DEPLOYMENT, "tier": Tier.APPLICATION, "workflow_id": FLOW}
    return PlannedStep(id=f"{FLOW}/{name}", name=name, needs=needs, provenance=where, **{**defaults, **fields})


@pytest.fixture
def make_setting(tmp_path: Path) -> MakeSetting:
    """A setting whose repository is `tmp_path/work` and whose state is in `tmp_path/git`."""

    def made(plan: Plan, **more: Any) -> RunSetting:
        work = tmp_path / "work"
        work.mkdir(exist_ok=True)
        (tmp_path / "git").mkdir(exist_ok=True)
        clock = SystemClock()
        fields = {
            "run": clock.new_id(),
            "work_dir": work,
            "state": StateFolder(tmp_path / "git"),
            "clock": clock,
            "random": lambda: 0.5,
            "outside": {"PATH": f"{os.environ['PATH']}:{Path(sys.executable).parent}", "HOME": str(tmp_path)},
        }
        return RunSetting(plan=plan, **{**fields, **more})

    return made
