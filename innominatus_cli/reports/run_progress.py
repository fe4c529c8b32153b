"""Progress of a run, to stderr: plain lines in CI and pipes, a live tree on a terminal."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TextIO, cast

from innominatus_cli.documents.plan import Plan, PlannedStep
from innominatus_cli.documents.run_record import RunStatus, StepResult
from innominatus_cli.documents.words import counted, undertaking
from innominatus_cli.execution.observer import Observer
from innominatus_cli.reports.loops import steps_in_words, value_of_cell
from innominatus_cli.reports.terminal import one_line
from innominatus_cli.system.clock import Clock, SystemClock

if TYPE_CHECKING:
    from rich.live import Live
    from rich.tree import Tree

_WORDS: Final = {
    "succeeded": "ok",
    "failed": "FAILED",
    "timed_out": "TIMED OUT",
    "interrupted": "interrupted",
    "skipped": "skipped",
    "planned": "waits",
}
_STYLES: Final = {"succeeded": "green", "failed": "bold red", "timed_out": "bold red", "interrupted": "yellow"}
_WAITS: Final = "planned"
_REFRESH_SECONDS: Final = 0.1


def progress_for(stream: TextIO, environ: Mapping[str, str]) -> Observer:
    """The observer that suits where `stream` leads: a live tree on a terminal, else plain lines."""
    plain = environ.get("CI", "") not in {"", "false"} or environ.get("TERM") == "dumb" or not stream.isatty()
    return PlainProgress(stream) if plain else LiveProgress(stream)


class PlainProgress:
    """A line for every step: `[deployment/product] ecommerce/payment/deploy … ok 1.2s`.

    Steps that wait are counted in the last line: a notice has said what for, and they are as many as the plan has. A
    stream that is gone does not disturb the run.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._identities: dict[str, str] = {}
        self._waiting = 0

    def run_started(self, run: str, plan: Plan) -> None:
        """Names the run."""
        self._identities = _identities(plan)
        what = _undertaking(plan)
        self._say(f"run {run}: {what}, {steps_in_words(plan)}")

    def expanded(self, step: PlannedStep, steps: Sequence[PlannedStep]) -> None:
        """Nothing; the loop's own line says how many steps it became."""

    def step_started(self, step: PlannedStep, attempt: int) -> None:
        """Tells of attempts after the first one."""
        if attempt > 1:
            self._say(f"{self._name(step)} … attempt {attempt}")

    def step_finished(self, step: PlannedStep, result: StepResult, message: str) -> None:
        """One line, with the reason where there is one."""
        if result.status == _WAITS:
            self._waiting += 1
            return
        self._say(f"{self._name(step)} … {result_text(result, message)}")

    def notice(self, text: str) -> None:
        """A line of its own."""
        self._say(text)

    def run_finished(self, status: RunStatus) -> None:
        """How it ended, and how many steps wait."""
        waiting = f": {counted(self._waiting, 'step')} to come" if self._waiting else ""
        self._say(f"run {status.replace('_', ' ')}{waiting}")

    def _name(self, step: PlannedStep) -> str:
        return f"[{step.phase}/{step.tier}] {self._identities.get(step.workflow_id or '', '')}/{_shown(step)}"

    def _say(self, line: str) -> None:
        try:
            self._stream.write(one_line(line) + "\n")
            self._stream.flush()
        except (OSError, ValueError):
            return


class LiveProgress:
    """A tree of phases, tiers, workflows and steps that is drawn anew while the run goes on.

    A terminal that is closed does not disturb the run: it ends as SIGHUP asks it to.
    """

    def __init__(self, stream: TextIO, clock: Clock | None = None) -> None:
        self._lossy = cast("TextIO", _Lossy(stream))
        self._clock = clock or SystemClock()
        self._live: Live | None = None
        self._lines: dict[str, Tree] = {}
        self._drawn = 0.0

    def run_started(self, run: str, plan: Plan) -> None:
        """Draws the whole tree."""
        from rich.console import Console  # noqa: PLC0415 - only a terminal needs it
        from rich.live import Live  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415
        from rich.tree import Tree  # noqa: PLC0415

        root = Tree(Text(f"{_undertaking(plan)} (run {run})"))
        identities = _identities(plan)
        branches: dict[str, Tree] = {}
        for step in plan.steps:
            if step.kind != "step":
                continue
            tier = f"{step.phase}/{step.tier}"
            if tier not in branches:
                branches[tier] = root.add(Text(tier, style="bold"))
            flow = step.workflow_id or tier
            if flow not in branches:
                branches[flow] = branches[tier].add(Text(identities.get(flow, flow)))
            self._lines[step.id] = branches[flow].add(Text(f"· {one_line(_shown(step))}", style="dim"))
        self._live = Live(root, console=Console(file=self._lossy), auto_refresh=False, vertical_overflow="visible")
        self._live.start()

    def expanded(self, step: PlannedStep, steps: Sequence[PlannedStep]) -> None:
        """Draws the steps of a loop below it."""
        from rich.text import Text  # noqa: PLC0415

        branch = self._lines.get(step.id)
        if branch is not None:
            for one in steps:
                self._lines[one.id] = branch.add(Text(f"· {one_line(_shown(one))}", style="dim"))

    def step_started(self, step: PlannedStep, attempt: int) -> None:
        """Marks a step as running."""
        more = f" (attempt {attempt})" if attempt > 1 else ""
        self._set(step.id, f"▶ {_shown(step)}{more}", "cyan")

    def step_finished(self, step: PlannedStep, result: StepResult, message: str) -> None:
        """Marks a step as ended."""
        mark = {"succeeded": "✓", "skipped": "-", "planned": "·"}.get(result.status, "✗")
        style = _STYLES.get(result.status, "dim")
        self._set(step.id, f"{mark} {_shown(step)}  {result_text(result, message)}", style)

    def notice(self, text: str) -> None:
        """A line above the tree."""
        self._print(text, "yellow")

    def run_finished(self, status: RunStatus) -> None:
        """Draws it for the last time."""
        if self._live is not None:
            self._live.refresh()
            self._live.stop()
        self._print(f"run {status.replace('_', ' ')}", _STYLES.get(status, "yellow"))

    def _print(self, text: str, style: str) -> None:
        if self._live is not None:
            from rich.text import Text  # noqa: PLC0415

            self._live.console.print(Text(one_line(text), style=style))

    def _set(self, step: str, text: str, style: str) -> None:
        from rich.text import Text  # noqa: PLC0415

        if step in self._lines:
            self._lines[step].label = Text(one_line(text), style=style)
        now = self._clock.monotonic()
        if self._live is not None and now - self._drawn > _REFRESH_SECONDS:
            self._drawn = now
            self._live.refresh()


class _Lossy:
    """A stream that takes everything, and loses what its reader does not take any more."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """As that of a file; says that all of it is written."""
        with suppress(OSError, ValueError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """As that of a file."""
        with suppress(OSError, ValueError):
            self._stream.flush()


def result_text(result: StepResult, message: str) -> str:
    """How a step ended, for people: `ok 1.2s`, `skipped: …`, `FAILED 0.3s: …`."""
    words = [_WORDS[result.status]]
    if result.attempts:
        words.append(f"{result.duration_ms / 1000:.1f}s")
    if result.continued:
        words.append("(the run goes on)")
    why = "" if result.status == _WAITS else result.reason or message
    return " ".join(words) + (f": {why}" if why else "")


def _shown(step: PlannedStep) -> str:
    """The step's name, and for which value of its loop it is there."""
    value = value_of_cell(step.cell)
    return f"{step.name} ({value})" if value else step.name


def _undertaking(plan: Plan) -> str:
    if plan.rolls_back is not None:
        return f"roll back {plan.application.name} in {plan.environment}"
    return undertaking(plan.operation, plan.application.name, plan.environment)


def _identities(plan: Plan) -> dict[str, str]:
    return {flow.id: flow.identity for flow in plan.workflows}
