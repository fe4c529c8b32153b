"""Whether and when a failed attempt of a step is tried again."""

import re
from collections.abc import Callable

from innominatus_cli.documents.plan import PlannedRetry
from innominatus_cli.expressions.patterns import LONGEST_TEXT, PatternError, compile_pattern
from innominatus_cli.system.commands import CommandOutcome, Ending


def delay_seconds(retry: PlannedRetry, attempt: int, random: Callable[[], float]) -> float:
    """How long to wait after this attempt (from 1): `delay` by its backoff, at most `maxDelay`, times the jitter."""
    factor = {"constant": 1, "linear": attempt, "exponential": 2 ** (attempt - 1)}[retry.backoff]
    delay = float(min(retry.delay_seconds * factor, retry.max_delay_seconds))
    return delay * random() if retry.jitter == "full" else delay


def is_retried(retry: PlannedRetry, outcome: CommandOutcome | None) -> bool:
    """Whether an attempt that failed so is tried again: always, or for the exit codes, outputs or timeouts of `on`."""
    if outcome is not None and outcome.ending is Ending.CANCELLED:
        return False
    return not retry.on or (outcome is not None and any(_matches(wanted, outcome) for wanted in retry.on))


def _matches(wanted: int | str, outcome: CommandOutcome) -> bool:
    if isinstance(wanted, int):
        return outcome.ending is Ending.EXITED and outcome.exit_code == wanted
    if wanted == "timeout":
        return outcome.ending is Ending.TIMED_OUT
    return _printed(outcome, wanted)


def _printed(outcome: CommandOutcome, pattern: str) -> bool:
    try:
        compiled = compile_pattern(pattern)
    except PatternError:
        return False
    text = (outcome.stdout.lines + b"\n" + outcome.stderr.lines).decode(errors="replace")
    return any(compiled.search(line[:LONGEST_TEXT]) for line in re.split(r"\r?\n", text))
