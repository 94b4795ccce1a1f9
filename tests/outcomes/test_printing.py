"""Numbers in print: halves away from zero, no p of zero, no infinite hazard ratio."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtvol.outcomes.printing import count, fixed, hazard, interval, p_value, percent, ratio


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (112.5, 0, "113"),  # numpy and Python give 112
        (2.5, 0, "3"),
        (0.5, 0, "1"),
        (-2.5, 0, "-3"),
        (2.675, 2, "2.68"),  # the float lies below 2.675
        (57.6, 0, "58"),
        (-0.001, 1, "0.0"),
        (1e6, 0, "1000000"),
        (0.1 + 0.2, 1, "0.3"),
    ],
)
def test_rounding(value: float, digits: int, text: str) -> None:
    assert fixed(value, digits) == text


@given(st.integers(-(10**6), 10**6), st.integers(0, 3))
def test_exact_halves_go_away_from_zero(whole: int, digits: int) -> None:
    value = (
        (whole + 0.5) / 10**digits
        if digits == 0
        else float(Decimal(2 * whole + 1) / 2 / 10**digits)
    )
    exact = Decimal(2 * whole + 1) / 2 / 10**digits
    expected = exact.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
    assert Decimal(fixed(value, digits)) == expected


def test_percent() -> None:
    assert count(3, 55) == "3 (5)"  # 5.45
    assert count(12, 28) == "12 (43)"  # 42.86
    assert percent(1 / 8, 8) == "13"
    assert percent(1 / 8, 200) == "12.5"
    assert count(0, 0) == "0"


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (0.0004, "< .001"),
        (0.001, ".001"),
        (0.0496, ".0496"),
        (0.0503, ".0503"),
        (0.04999, "< .0500"),
        (0.05001, "> .0500"),
        (0.05, ".050"),
        (0.0485, ".049"),
        (0.73, ".730"),
        (0.9999, "> .999"),
        (1.0, "> .999"),
        (None, "NE"),
        (float("nan"), "NE"),
    ],
)
def test_p(p: float | None, text: str) -> None:
    assert p_value(p) == text


@given(st.floats(1e-12, 1))
def test_a_printed_p_is_on_its_side_of_five_hundredths(p: float) -> None:
    text = p_value(p)
    assert text not in {".000", "0.000", "1.000"}
    if p != 0.05 and not text.startswith(("<", ">")):
        assert (float(text) < 0.05) == (p < 0.05)


def test_ratios() -> None:
    assert ratio(0.588) == "0.59"
    assert ratio(float("inf")) == "NE"
    assert ratio(12345) == "> 999"
    assert ratio(0.004) == "< 0.01"
    assert hazard(0.588, 0.4237, 0.8165) == "0.59 (0.42-0.82)"
    assert hazard(2.0, 1.0, None) == "2.00 (1.00-NE)"
    assert hazard(None, None, None) == "NE"
    assert interval(0.525, None, 0, 100) == "53-NE"
    assert interval(None, None, 0) == ""
