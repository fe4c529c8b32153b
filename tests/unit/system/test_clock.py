from datetime import UTC, datetime, timedelta, timezone

from innominatus_cli.system.clock import SystemClock, earlier, later, timestamp, ulid


def test_a_ulid_sorts_by_time_and_keeps_its_randomness() -> None:
    assert ulid(0, bytes(10)) == "0" * 26
    assert ulid(1469918176385, b"\xff" * 10) == "01ARYZ6S41" + "Z" * 16
    assert ulid(1, bytes(10)) < ulid(2, bytes(10))


def test_ids_of_the_system_clock_differ() -> None:
    clock = SystemClock()
    assert len({clock.new_id() for _ in range(50)}) == 50
    assert clock.monotonic() <= clock.monotonic()
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=60)


def test_timestamps_are_utc_with_milliseconds() -> None:
    noon = datetime(2026, 11, 20, 12, 0, 0, 123999, tzinfo=timezone(timedelta(hours=2)))
    assert timestamp(noon) == "2026-11-20T10:00:00.123Z"


def test_a_moment_beyond_the_calendar_is_its_end_or_the_beginning_of_what_is_counted() -> None:
    now = datetime(2026, 11, 20, tzinfo=UTC)
    assert later(now, 60) == now + timedelta(minutes=1)
    assert earlier(now, 60) == now - timedelta(minutes=1)
    for seconds in (9_999_999 * 86_400, 10**20):
        assert timestamp(later(now, seconds)) == "9999-12-31T23:59:59.999Z"
        assert timestamp(earlier(now, seconds)) == "1970-01-01T00:00:00.000Z"
