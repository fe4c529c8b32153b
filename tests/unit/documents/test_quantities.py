"""Quantities are exact, whatever their unit."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from innominatus_cli.documents.quantities import Quantity, memory_bytes, milli_cpus, quantity

FACTORS = {
    "": Fraction(1),
    "m": Fraction(1, 1000),
    "k": Fraction(10**3),
    **{letter: Fraction(10 ** (3 * power)) for power, letter in enumerate("KMGTPE", 1)},
    **{f"{letter}i": Fraction(2 ** (10 * power)) for power, letter in enumerate("KMGTPE", 1)},
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("128", 128),
        ("123Mi", 123 * 2**20),
        ("1M", 10**6),
        ("1.5Gi", 3 * 2**29),
        ("0.1Ki", 103),
        ("1P", 10**15),
        ("1.5Ei", 3 * 2**59),
        ("7E", 7 * 10**18),
    ],
)
def test_memory_is_whole_bytes_rounded_up(text: str, expected: int) -> None:
    assert memory_bytes(text) == expected


@pytest.mark.parametrize(("text", "expected"), [("1", 1000), ("200m", 200), ("1.5", 1500), ("0.0001", 1), ("0", 0)])
def test_cpu_is_thousandths_of_a_core_rounded_up(text: str, expected: int) -> None:
    assert milli_cpus(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "Mi", ".5", "5.", "1..2", "-1", "+1", "1e3", "1mi", "1ki", "1B", "1MB", "1 Mi", "\u0661Mi", "²", "9" * 65],
)
def test_what_is_no_quantity_is_none(text: str) -> None:
    assert quantity(text) is None
    assert memory_bytes(text) is None
    assert milli_cpus(text) is None


@given(st.decimals("0", "1e12", places=9, allow_nan=False), st.sampled_from(sorted(FACTORS)))
def test_a_quantity_is_the_fraction_that_is_written(number: Decimal, suffix: str) -> None:
    found = quantity(f"{number:f}{suffix}")
    assert found is not None
    assert Fraction(*found) == Fraction(number) * FACTORS[suffix]


@given(st.fractions(0, 10**20, max_denominator=10**9), st.fractions(0, 10**20, max_denominator=10**9))
def test_more_is_more_without_rounding(left: Fraction, right: Fraction) -> None:
    one, other = (Quantity(number.numerator, number.denominator) for number in (left, right))
    assert one.exceeds(other) == (left > right)
