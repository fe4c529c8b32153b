import pytest

from innominatus_cli.documents.durations import duration_text, seconds_of, took_text


@pytest.mark.parametrize(
    ("text", "seconds"), [(90, 90), ("90s", 90), ("5m", 300), ("1h30m", 5_400), ("7d", 604_800), ("2w", 1_209_600)]
)
def test_a_duration_is_seconds(text: str | int, seconds: int) -> None:
    assert seconds_of(text) == seconds
    assert seconds_of(duration_text(seconds)) == seconds


@pytest.mark.parametrize("text", ["", "90", "m5", "5 m", "-5m", "1.5h", -1, True, "５m"])  # noqa: RUF001 - another digit
def test_what_is_no_duration_is_refused(text: str | int) -> None:
    with pytest.raises(ValueError, match="duration"):
        seconds_of(text)


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (None, ""), (0, "0ms"), (450, "450ms"), (2_300, "2.3s"), (59_940, "59.9s"),
        (59_999, "60.0s"), (120_000, "2m"), (125_400, "2m5s"), (5_400_000, "1h30m"),
    ],
)  # fmt: skip
def test_what_something_took_is_short(milliseconds: int | None, text: str) -> None:
    assert took_text(milliseconds) == text
