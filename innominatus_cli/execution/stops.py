"""Why a run stops, and how hard: what signals, requests and its own time come to."""

import signal
from typing import Final

from innominatus_cli.execution.account import RunAccount
from innominatus_cli.execution.deadlines import FINALLY_SHARE
from innominatus_cli.execution.observer import Observer
from innominatus_cli.execution.run_journal import RunJournal
from innominatus_cli.execution.setting import RunSetting
from innominatus_cli.execution.state import RunState
from innominatus_cli.execution.stopping import StopAsked, Way
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.finding import Finding, Place

_TOLD: Final = {
    Way.FINISH: "no step is started any more{but}; waiting for the end of what runs",
    Way.INTERRUPT: "no step is started any more{but}; what runs is interrupted",
    Way.KILL: "what runs is stopped harder, and nothing cleans up any more",
}


class Stops:
    """Takes news of signals and of the run's deadline, and tells the state and the account what that means."""

    def __init__(
        self, setting: RunSetting, state: RunState, account: RunAccount, journal: RunJournal, observer: Observer
    ) -> None:
        self._setting = setting
        self._state = state
        self._account = account
        self._journal = journal
        self._observer = observer
        self._way: Way | None = None
        self._asked: StopAsked | None = None
        """The request that was heeded last."""
        self.signal: int | None = None
        """The first signal that came."""
        self.out_of_time = False
        """Whether the run has had no time left."""

    def heed(self, number: int) -> tuple[Way, bool]:
        """A signal came. How what runs is stopped now, and whether somebody asked for that way.

        The first one that nobody explains interrupts; the next is harder. What is asked for makes nothing softer.
        """
        name = signal.Signals(number).name
        self._journal.add("signal", signal=number)
        asked = self._setting.asked_to_end()
        if asked is not None and asked == self._asked:
            asked = None  # it was heeded before, and this is a signal of its own
        told = self._asked.finding if self._asked is not None else None
        self._asked = asked or self._asked
        if asked is not None:
            if asked.finding != told:
                self._account.found(asked.finding)
        elif self.signal is None:
            self._account.found(Finding(codes.RUN_INTERRUPTED, f"{name} ended the run", Place("")))
        if self.signal is None:
            self.signal = number
            self._stopped_because(f"the run was interrupted ({name})")
        way = asked.way if asked is not None else self._harder()
        if way is not Way.FINISH or self._way is None:
            self._way = way
        if way is Way.KILL or (asked is not None and not asked.cleans_up):
            self._state.winds_down = False
        cleans_up = self._state.winds_down and any(step.cleanup for step in self._state.graph.steps)
        self._observer.notice(f"{name}: {_TOLD[way].format(but=' but to clean up' if cleans_up else '')}")
        return way, asked is not None

    def run_over(self, seconds: float, *, cleanup: bool) -> None:
        """The run's time, so many seconds, is over; `cleanup`: also the share of it that is kept to clean up."""
        if not self.out_of_time:
            message = f"it took longer than {seconds:g}s"
            if not cleanup:
                message = f"it took longer than {seconds * (1 - FINALLY_SHARE):g}s; the rest of {seconds:g}s cleans up"
            self._account.found(Finding(codes.RUN_TIMED_OUT, message, Place("")))
        self.out_of_time = True
        self._way = self._way or Way.INTERRUPT
        self._stopped_because("the run ran out of time")
        if cleanup:
            self._state.winds_down = False

    def _harder(self) -> Way:
        return Way.INTERRUPT if self._way in {None, Way.FINISH} else Way.KILL

    def _stopped_because(self, reason: str) -> None:
        """No step starts any more, but those that clean up; where none did already, that stays so."""
        if not self._state.stopped:
            self._state.stopped = reason
            self._state.winds_down = True
