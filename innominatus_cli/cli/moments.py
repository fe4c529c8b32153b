"""Points in time on the command line: a day, a time, or how long ago."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from innominatus_cli.documents.durations import seconds_of
from innominatus_cli.system.clock import SystemClock, earlier, later, timestamp

if TYPE_CHECKING:
    _MomentType = click.ParamType[datetime]
else:
    _MomentType = click.ParamType

_DAY = 86_400


class Moment(_MomentType):
    """`2026-11-20` (UTC), an RFC 3339 time, or `7d`, `24h` ago. A day means its beginning, or with `end` its end."""

    name = "time"

    def __init__(self, *, end: bool = False) -> None:
        self._end = end

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The moment; a value that is none is wrong usage."""
        if isinstance(value, datetime):
            return value
        text = str(value)
        try:
            moment = datetime.fromisoformat(text)
            moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, OverflowError):  # a year outside of 1 to 9999 in UTC is none here either
            return self._ago(text, param, ctx)
        is_day = len(text) == len("2026-11-20")
        return later(moment, _DAY) if self._end and is_day else moment

    def _ago(self, text: str, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            return earlier(SystemClock().now(), seconds_of(text))
        except ValueError:
            return self.fail(f"'{text}' is no day (2026-11-20), no time and no duration (7d)", param, ctx)


def end_of(text: str | None) -> str | None:
    """A moment as records write it, a day meaning its end; `latest` and what begins like a run id stay as they are."""
    if text is None or text == "latest" or (text.isalnum() and text[:2] in {"01", "02", "03"}):
        return text
    return timestamp(Moment(end=True).convert(text, None, None))
