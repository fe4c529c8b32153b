"""Circuit breakers: an endpoint that failed several times in a row is left alone for a while. No I/O, no clock.

Closed, calls are made. After so many failures in a row it is open, and calls are refused until the cooldown is over;
then one call is let through (half open), and what comes of it closes or opens it again. A breaker knows what happened
in its own run: whoever goes on with a run has decided that the service may be asked again.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from innominatus_cli.documents.admin_config import CircuitBreakerConfig
from innominatus_cli.documents.durations import duration_text
from innominatus_cli.documents.words import counted

State: TypeAlias = Literal["closed", "open", "half_open"]


@dataclass(slots=True)
class _Breaker:
    failures: int
    cooldown: int
    in_a_row: int = 0
    opened: float | None = None
    trying: bool = False


class Breakers:
    """Those of one run, by endpoint (`host:port`). Moments are monotonic seconds; unconfigured, they refuse nothing."""

    def __init__(self, config: CircuitBreakerConfig | None) -> None:
        self._config = config
        self._known: dict[str, _Breaker] = {}

    def refusal(self, endpoint: str, now: float) -> str:
        """Why a call is not made now; empty where it may be. Then `heard` must be told what came of it."""
        breaker = self._of(endpoint)
        if breaker is None or breaker.opened is None:
            return ""
        failed = f"{endpoint} failed {counted(breaker.in_a_row, 'time')} in a row"
        if now < breaker.opened + breaker.cooldown:
            return f"{failed}, and its cooldown of {duration_text(breaker.cooldown)} is not over"
        if breaker.trying:
            return f"{failed}, and another step tries it just now"
        breaker.trying = True
        return ""

    def heard(self, endpoint: str, now: float, *, ill: bool | None, trial: bool) -> State | None:
        """News: what came of a call (None: it says nothing of the service). Returns the state that begins with it.

        `trial`: it is the one call that the half open breaker let through, as `tries` said when it began.
        """
        breaker = self._of(endpoint)
        if breaker is None:
            return None
        breaker.trying = breaker.trying and not trial
        if ill is None:
            return None
        if not ill:
            breaker.in_a_row = 0
            was_open, breaker.opened = breaker.opened is not None, None
            return "closed" if was_open else None
        breaker.in_a_row += 1
        if breaker.in_a_row < breaker.failures or (breaker.opened is not None and not trial):
            return None
        breaker.opened = now
        return "open"

    def tries(self, endpoint: str) -> bool:
        """Whether the one call that a half open breaker lets through is under way."""
        breaker = self._of(endpoint)
        return breaker is not None and breaker.trying

    def failures(self, endpoint: str) -> int:
        """How many calls have failed in a row."""
        breaker = self._of(endpoint)
        return 0 if breaker is None else breaker.in_a_row

    def _of(self, endpoint: str) -> _Breaker | None:
        if self._config is None or not endpoint:
            return None
        known = self._known.get(endpoint)
        if known is None:
            rule = self._config.endpoints.get(endpoint, self._config)
            known = self._known[endpoint] = _Breaker(rule.failures, rule.cooldown)
        return known
