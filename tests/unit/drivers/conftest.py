"""A step's context, and a player that answers a driver's requests from a list."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from innominatus_cli.documents.plan import PlannedStep, Provenance
from innominatus_cli.documents.vocabulary import Operation, Phase, Tier
from innominatus_cli.drivers.contract import DriverResult, StepContext
from innominatus_cli.drivers.registry import driver_for
from innominatus_cli.step_types.catalogue import STEP_TYPES
from innominatus_cli.system.commands import CommandOutcome, CommandRequest, Ending, StreamOutput

MakeContext: TypeAlias = Callable[..., StepContext]
Played: TypeAlias = tuple[DriverResult, list[CommandRequest]]
Play: TypeAlias = Callable[..., Played]


@pytest.fixture
def context(tmp_path: Path) -> MakeContext:
    """Makes the context of a step of a type with these inputs, in folders below `tmp_path`."""

    def make(
        step_type: str,
        inputs: Mapping[str, Any],
        *,
        manifests: Mapping[str, bytes] | None = None,
        env: Mapping[str, str] | None = None,
        **step: Any,
    ) -> StepContext:
        for name in ("repository", "state", "scratch"):
            (tmp_path / name).mkdir(exist_ok=True)
        return StepContext(
            step=PlannedStep(
                **{
                    "id": "deployment/product/shop/payments/the-step",
                    "name": "the-step",
                    "type": step_type,
                    "phase": Phase.DEPLOYMENT,
                    "tier": Tier.PRODUCT,
                    "provenance": Provenance(
                        path="workflows/w.yaml",
                        line=7,
                        column=5,
                        tier=Tier.PRODUCT,
                        workflow="shop/payments",
                        trigger="product_deployment",
                    ),
                    "timeout_seconds": 60,
                }
                | step
            ),
            inputs=STEP_TYPES[step_type].inputs.model_validate(inputs),
            application="checkout",
            environment="development",
            operation=Operation.DEPLOY,
            run="01JD0000000000000000000000",
            work_dir=tmp_path / "repository",
            state_dir=tmp_path / "state",
            scratch_dir=tmp_path / "scratch",
            manifests_dir=".innominatus/manifests/checkout/development",
            env={"PATH": "/usr/bin:/bin", **(env or {})},
            manifests=manifests or {},
        )

    return make


@pytest.fixture
def play() -> Play:
    """Runs a context's driver, answering its requests in order; all answers must be asked for."""

    def run(ctx: StepContext, outcomes: Iterable[CommandOutcome] = ()) -> Played:
        driver = driver_for(ctx.step.type)
        assert driver is not None
        answers = iter(outcomes)
        requests: list[CommandRequest] = []
        result: object = None
        work = driver(ctx)
        try:
            request = next(work)
            while True:
                requests.append(request)
                request = work.send(next(answers))
        except StopIteration as stop:
            result = stop.value
        assert isinstance(result, DriverResult), "the driver asked for more than expected"
        assert next(answers, None) is None, "the driver asked for less than expected"
        return result, requests

    return run


@pytest.fixture
def ended() -> Callable[..., CommandOutcome]:
    """Makes the outcome of a process."""

    def make(status: int = 0, stdout: bytes = b"") -> CommandOutcome:
        return CommandOutcome(Ending.EXITED, exit_code=status, stdout=StreamOutput(stdout, len(stdout), ""))

    return make


@pytest.fixture
def missing() -> CommandOutcome:
    """The outcome of a program that is not there."""
    return CommandOutcome(Ending.NOT_STARTED, problem="no such program")
