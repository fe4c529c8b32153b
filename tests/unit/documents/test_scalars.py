"""The core schema of YAML 1.2, and where other readers differ from it."""

import pytest

from innominatus_cli.documents.scalars import is_text_upstream, other_reading, value_of


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("NULL", None),
        ("nULL", "nULL"),
        ("true", True),
        ("False", False),
        ("tRUE", "tRUE"),
        ("yes", "yes"),
        ("on", "on"),
        ("NO", "NO"),
        ("0", 0),
        ("-12", -12),
        ("+7", 7),
        ("0777", 777),
        ("089", 89),
        ("0o600", 384),
        ("0o8", "0o8"),
        ("0x1F", 31),
        ("0b11", "0b11"),
        ("1_000", "1_000"),
        ("1.", 1.0),
        (".5", 0.5),
        ("-1.5e3", -1500.0),
        ("1e3", 1000.0),
        ("1e", "1e"),
        (".", "."),
        ("-", "-"),
        ("1.2.3", "1.2.3"),
        ("12:30:45", "12:30:45"),
        ("2024-01-01", "2024-01-01"),
        (".inf", float("inf")),
        ("-.INF", float("-inf")),
        ("9" * 5000, float("inf")),
        ("٣", "٣"),
        ("²", "²"),
        ("1٣", "1٣"),
        ("text", "text"),
    ],
)
def test_the_core_schema_decides_what_a_plain_scalar_is(text: str, value: object) -> None:
    found = value_of(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("yes", "boolean"),
        ("Off", "boolean"),
        ("y", ""),
        ("true", ""),
        ("0777", "octal"),
        ("089", "text"),
        ("0", ""),
        ("10", ""),
        ("0o600", "text"),
        ("0x1F", ""),
        ("-0x1F", "number"),
        ("0b11", "number"),
        ("1_000", "number"),
        ("_1", ""),
        ("1e3", "text"),
        ("1.5e+3", ""),
        ("1.5", ""),
        ("12:30:45", "time"),
        ("1:30", "time"),
        ("8080:80", ""),
        ("2024-01-01", "date"),
        ("2024-1-1", ""),
        ("2024-01-01T12:00:00Z", "date"),
        ("2024-01-01 12:00:00 +2", "date"),
        ("1.2.3", ""),
        ("-", ""),
        ("", ""),
    ],
)
def test_disagreements_with_other_readers_are_known(text: str, other: str) -> None:
    assert other_reading(text) == other


@pytest.mark.parametrize("text", ["yes", "12:30:45", "1:30", "hello"])
def test_score_tools_read_these_as_text_too(text: str) -> None:
    assert is_text_upstream(text)


@pytest.mark.parametrize("text", ["2024-01-01", "1_000", "0b11", "2024-01-01T00:00:00Z"])
def test_score_tools_do_not_read_these_as_text(text: str) -> None:
    assert not is_text_upstream(text)
