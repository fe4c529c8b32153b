"""Points in time on the command line."""

from datetime import UTC, datetime, timedelta

import click
import pytest

from innominatus_cli.cli.moments import Moment
from innominatus_cli.system.clock import SystemClock


@pytest.mark.parametrize(
    ("text", "begin", "end"),
    [
        ("2026-11-20", datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 21, tzinfo=UTC)),
        ("2026-11-20T10:00:00Z", datetime(2026, 11, 20, 10, tzinfo=UTC), datetime(2026, 11, 20, 10, tzinfo=UTC)),
        ("2026-11-20T10:00:00+02:00", datetime(2026, 11, 20, 8, tzinfo=UTC), datetime(2026, 11, 20, 8, tzinfo=UTC)),
        ("2026-11-20T10:00", datetime(2026, 11, 20, 10, tzinfo=UTC), datetime(2026, 11, 20, 10, tzinfo=UTC)),
    ],
)
def test_a_day_or_a_time_is_one_in_utc_unless_it_says_otherwise(text: str, begin: datetime, end: datetime) -> None:
    assert Moment().convert(text, None, None) == begin
    assert Moment(end=True).convert(text, None, None) == end
    assert Moment().convert(begin, None, None) is begin


def test_a_duration_is_that_long_ago() -> None:
    now = SystemClock().now()
    assert abs(Moment().convert("7d", None, None) - (now - timedelta(days=7))) < timedelta(minutes=1)
    assert abs(Moment(end=True).convert("90s", None, None) - (now - timedelta(seconds=90))) < timedelta(minutes=1)


def test_what_is_beyond_the_calendar_is_its_end_or_1970() -> None:
    assert Moment().convert("99999999w", None, None) == datetime(1970, 1, 1, tzinfo=UTC)
    assert Moment(end=True).convert("9999-12-31", None, None).year == 9999


@pytest.mark.parametrize(
    "text",
    ["", "soon", "2026-13-01", "-7d", "99999999999999d", "2026", "0001-01-01T00:00+14:00", "9999-12-31T23:59-14:00"],
)
def test_anything_else_is_wrong_usage(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is no day"):
        Moment().convert(text, None, None)
