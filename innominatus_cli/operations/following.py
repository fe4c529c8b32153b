"""`logs --follow`: what the steps of a run print, while they print it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from innominatus_cli.operations.history import OpenLedger
from innominatus_cli.operations.logs import run_logs
from innominatus_cli.operations.step_names import names_step
from innominatus_cli.system.clock import Clock, SystemClock
from innominatus_cli.system.locks import held_locks, read_holder
from innominatus_cli.system.state_folder import StateFolder, Stream

_LOOK_SECONDS: Final = 0.25
_LOOKS_AT_THE_HOLDER: Final = 8
"""Every so many looks: a run that was killed never says that it has ended."""
_CHUNK: Final = 64 * 1024
_STREAMS: Final[tuple[Stream, ...]] = ("stdout", "stderr")


class Printed(NamedTuple):
    """Some bytes that a step printed to a stream; `last` where nothing follows."""

    step: str
    stream: str
    data: bytes
    last: bool = False


def follow(ledger: OpenLedger, wanted: str, step: str | None = None, clock: Clock | None = None) -> Iterator[Printed]:
    """What the steps of a run printed so far, and what they print until the run has ended, in the order of looking.

    `wanted` is an id, the start of one, or `latest`; `step` one step's name, its id or the end of its id. Raises
    CannotContinue for an unknown run, for one whose logs are on another machine, and at its end for an unknown step.
    """
    run = run_logs(ledger, wanted).run
    now = clock or SystemClock()
    journal = _Journal(ledger.state.journal_path(run))
    read: dict[tuple[int, Stream], int] = {}
    for look in _looks():
        ended = journal.read() or (look % _LOOKS_AT_THE_HOLDER == 0 and not _lives(ledger.state, run))
        if ended:
            journal.read()
        wished = {index: name for index, name in journal.steps.items() if step is None or names_step(step, name)}
        for index, name in wished.items():
            for stream in _STREAMS:
                path = ledger.state.log_path(run, index, stream)
                for data in _new_bytes(path, read.get((index, stream), 0)):
                    read[index, stream] = read.get((index, stream), 0) + len(data)
                    yield Printed(name, stream, data)
        if ended:
            yield from (Printed(wished[index], stream, b"", last=True) for index, stream in read)
            if not wished:
                run_logs(ledger, run, step)
            return
        now.sleep(_LOOK_SECONDS)


class _Journal:
    """The part of a growing journal that matters here. Its digests are for others to check."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._ended = False
        self.steps: dict[int, str] = {}

    def read(self) -> bool:
        """Reads what is new; whether the run has ended."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                data = file.read()
        except OSError:
            return self._ended
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        for line in whole.splitlines():
            self._note(line)
        return self._ended

    def _note(self, line: bytes) -> None:
        try:
            event: Any = json.loads(line)
        except ValueError:
            return
        if not isinstance(event, dict):
            return
        if event.get("type") == "run_end":
            self._ended = True
        index, name = event.get("index"), event.get("step")
        if isinstance(index, int) and isinstance(name, str):
            self.steps.setdefault(index, name)


def _looks() -> Iterator[int]:
    number = 0
    while True:
        yield number
        number += 1


def _lives(state: StateFolder, run: str) -> bool:
    holders = (read_holder(path) for path in held_locks(state))
    return any(holder is not None and holder.run == run and holder.lives for holder in holders)


def _new_bytes(path: Path, offset: int) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            file.seek(offset)
            while data := file.read(_CHUNK):
                yield data
    except FileNotFoundError:
        return
