"""Progress of a run: plain lines, and a tree on a terminal."""

import errno
import io
import os
import re

import pytest

from innominatus_cli.documents.plan import Application, Plan, PlannedStep, PlannedWorkflow
from innominatus_cli.documents.run_record import Attempt, StepResult
from innominatus_cli.documents.vocabulary import Operation, Phase, Tier
from innominatus_cli.execution.observer import Observer
from innominatus_cli.reports.run_progress import LiveProgress, PlainProgress, progress_for

FLOW = "deployment/product/shop/flow"
STEP = PlannedStep(
    id=f"{FLOW}/build", name="build", type="script", phase=Phase.DEPLOYMENT, tier=Tier.PRODUCT, workflow_id=FLOW
)
PLAN = Plan(
    operation=Operation.DEPLOY, application=Application(name="cart"), environment="test", sources=[], inputs=[],
    workflows=[
        PlannedWorkflow(id=FLOW, identity="shop/flow", name="flow", tier=Tier.PRODUCT, phase=Phase.DEPLOYMENT,
                        path="f.yaml", line=1, trigger="product_deployment")
    ],
    steps=[STEP],
)  # fmt: skip
ATTEMPT = Attempt(number=1, started_at="", duration_ms=1234, ending="exited", exit_code=0)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def result(**fields: object) -> StepResult:
    return StepResult.model_validate(
        {"step": STEP.id, "status": "succeeded", "duration_ms": 1234, "attempts": [ATTEMPT], **fields}
    )


def play(observer: Observer, last: StepResult, message: str = "") -> None:
    observer.run_started("01J", PLAN)
    observer.step_started(STEP, 1)
    observer.notice("build: next attempt in 1.0 s")
    observer.step_started(STEP, 2)
    observer.step_finished(STEP, last, message)
    observer.run_finished("succeeded")


@pytest.mark.parametrize(
    ("last", "message", "line"),
    [
        (result(), "", "ok 1.2s"),
        (result(), "binds no secrets", "ok 1.2s: binds no secrets"),
        (result(status="failed", reason="it broke"), "", "FAILED 1.2s: it broke"),
        (result(status="failed", continued=True), "", "FAILED 1.2s (the run goes on)"),
        (result(status="skipped", attempts=[], reason="step 'a' failed"), "", "skipped: step 'a' failed"),
        (result(status="timed_out", reason="\x1b[2Jlong\n::error::x"), "", "TIMED OUT 1.2s: \\x1b[2Jlong\\n::error::x"),
    ],
)
def test_a_line_for_every_step(last: StepResult, message: str, line: str) -> None:
    stream = io.StringIO()
    play(PlainProgress(stream), last, message)
    assert stream.getvalue().splitlines() == [
        "run 01J: deploy cart to test, 1 step",
        "build: next attempt in 1.0 s",
        "[deployment/product] shop/flow/build … attempt 2",
        f"[deployment/product] shop/flow/build … {line}",
        "run succeeded",
    ]


def test_a_stream_that_is_gone_disturbs_nothing() -> None:
    stream = io.StringIO()
    stream.close()
    play(PlainProgress(stream), result())


class Gone(Terminal):
    """A terminal that was closed: its other side is not there any more."""

    def write(self, _text: str) -> int:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    def flush(self) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))


def test_a_terminal_that_is_closed_disturbs_nothing() -> None:
    play(LiveProgress(Gone()), result())


def test_a_terminal_shows_the_tree() -> None:
    stream = Terminal()
    play(LiveProgress(stream), result())
    shown = stream.getvalue()
    for part in ("deploy cart to test", "deployment/product", "shop/flow", "✓ build  ok 1.2s", "run succeeded"):
        assert part in shown


def test_the_last_line_of_a_run_that_succeeded_is_green(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    stream = Terminal()
    play(LiveProgress(stream), result())
    assert "\x1b[32mrun succeeded" in stream.getvalue()


@pytest.mark.parametrize(
    ("stream", "environ", "kind"),
    [
        (io.StringIO(), {}, PlainProgress),
        (Terminal(), {}, LiveProgress),
        (Terminal(), {"CI": "true"}, PlainProgress),
        (Terminal(), {"CI": "false"}, LiveProgress),
        (Terminal(), {"TERM": "dumb"}, PlainProgress),
    ],
)
def test_only_a_terminal_of_a_person_gets_the_tree(
    stream: io.StringIO, environ: dict[str, str], kind: type[Observer]
) -> None:
    assert isinstance(progress_for(stream, environ), kind)


def test_steps_that_wait_are_one_line_however_many_they_are() -> None:
    stream = io.StringIO()
    observer = PlainProgress(stream)
    observer.run_started("01J", PLAN)
    observer.notice("step 'build' waits for an approval: 1 of any team must approve it")
    for _ in range(21):
        observer.step_finished(STEP, result(status="planned", attempts=[], reason="step 'build' waits"), "")
    observer.run_finished("waiting")
    first, notice, last = stream.getvalue().splitlines()
    assert first.startswith("run 01J: ")
    assert notice == "step 'build' waits for an approval: 1 of any team must approve it"
    assert last == "run waiting: 21 steps to come"


@pytest.mark.parametrize("width", [40, 60, 200])
def test_nothing_is_cut_on_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    stream = Terminal()
    reason = "the server at https://db.shop.example/orders answered 503 seven times, and said nothing more of it"
    play(LiveProgress(stream), result(status="failed", reason=reason))
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", stream.getvalue())
    last = shown[shown.rindex("✗") :]
    assert max(map(len, last.splitlines())) <= width
    words = re.sub(r"[\s│└─]+", "", last)
    assert re.sub(r"\s+", "", reason) in words
