"""A step's context, and a runner that starts what a driver asks for."""

import os
import shutil
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from innominatus_cli.documents.plan import PlannedStep, Provenance
from innominatus_cli.documents.vocabulary import Operation, Phase, Tier
from innominatus_cli.drivers.contract import DriverResult, StepContext
from innominatus_cli.drivers.registry import Part, driver_for, part_for
from innominatus_cli.step_types.catalogue import STEP_TYPES
from innominatus_cli.system.commands import CommandOutcome
from innominatus_cli.system.processes import run
from tests.integration.drivers.page_runs import page

__all__ = ["page"]
RunStep: TypeAlias = Callable[..., DriverResult]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """An empty repository folder."""
    folder = tmp_path / "repository"
    folder.mkdir()
    return folder


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The state folder of the application and environment."""
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def outcomes() -> list[CommandOutcome]:
    """What came of every process that a step started."""
    return []


@pytest.fixture
def run_step(tmp_path: Path, repository: Path, state: Path, outcomes: list[CommandOutcome]) -> RunStep:
    """Runs a step, or another part of its driver, with real processes; each call has a scratch folder of its own."""
    numbers = count()

    def start(
        step_type: str,
        inputs: Mapping[str, Any],
        *,
        part: Part | None = None,
        env: Mapping[str, str] | None = None,
        manifests: Mapping[str, bytes] | None = None,
        **step: Any,
    ) -> DriverResult:
        scratch = tmp_path / f"scratch-{next(numbers)}"
        scratch.mkdir()
        known = STEP_TYPES[step_type].inputs.model_validate(inputs)
        tools = STEP_TYPES[step_type].tools_for(known.model_dump(mode="json", by_alias=True))
        ctx = StepContext(
            step=PlannedStep(
                **{
                    "id": "deployment/application/-/workload/the-step",
                    "name": "the-step",
                    "type": step_type,
                    "phase": Phase.DEPLOYMENT,
                    "tier": Tier.APPLICATION,
                    "provenance": Provenance(
                        path="apps/score.yaml",
                        line=3,
                        column=5,
                        tier=Tier.APPLICATION,
                        workflow="checkout/workload",
                        trigger="generated",
                    ),
                    "timeout_seconds": 60,
                    "tools": list(tools),
                }
                | step
            ),
            inputs=known,
            application="checkout",
            environment="development",
            operation=Operation.DEPLOY,
            run="01JD0000000000000000000000",
            work_dir=repository,
            state_dir=state,
            scratch_dir=scratch,
            manifests_dir=".innominatus/manifests/checkout/development",
            env={"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **(env or {})},
            manifests=manifests or {},
        )
        driver = driver_for(step_type) if part is None else part_for(step_type, part)
        assert driver is not None
        work = driver(ctx)
        result: object = None
        try:
            request = next(work)
            while True:
                outcomes.append(run(request))
                request = work.send(outcomes[-1])
        except StopIteration as stop:
            result = stop.value
        assert isinstance(result, DriverResult)
        return result

    return start


@pytest.fixture
def kubectl() -> None:
    """kubectl is installed: a laptop may lack it, CI may not."""
    if shutil.which("kubectl") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("kubectl is missing")
        pytest.skip("kubectl is not installed")
