"""Margins from errors: the published numbers, and the laws of the formula."""

from __future__ import annotations

import pytest

from rtvol.cli import main
from rtvol.errors import UsageError
from rtvol.margins import parse_margin
from rtvol.margins.uncertainty import error_margins, parse_errors


def test_the_published_coefficients() -> None:
    """2.50 for 90 % of patients and 2.79 for 95 % (van Herk 2000, table 2); 1.64, 1.28, 0.84."""
    none = [(0.0, 0.0, 0.0)]
    for coverage, alpha in ((80, 2.16), (90, 2.50), (95, 2.79), (99, 3.36)):
        found = error_margins([(1.0, 2.0, 3.0)], none, coverage_percent=coverage)
        assert found.alpha == pytest.approx(alpha, abs=0.01)
        assert found.full_mm == pytest.approx((found.alpha, 2 * found.alpha, 3 * found.alpha))
    for dose, beta in ((95, 1.64), (90, 1.28), (80, 0.84)):
        assert error_margins(none, none, dose_percent=dose).beta == pytest.approx(beta, abs=0.006)


def test_full_short_and_stroom_by_hand() -> None:
    found = error_margins(parse_errors(["2,2,3"], "S"), parse_errors(["2,3,3"], "s"))
    hand = [
        2.5 * S + 1.64 * (s * s + 3.2**2) ** 0.5 - 1.64 * 3.2 for S, s in ((2, 2), (2, 3), (3, 3))
    ]
    assert found.full_mm == pytest.approx(hand, abs=0.02)
    assert found.simple_mm == pytest.approx((6.4, 7.1, 9.6))
    assert found.stroom_mm == pytest.approx((5.4, 6.1, 8.1))
    assert found.flag_text == "L6,R6,A7,P7,S9.5,I9.5"
    assert parse_margin(found.flag_text) == found.margin


def test_sources_add_in_quadrature_and_few_fractions_shift_the_errors() -> None:
    found = error_margins([(3.0, 3, 3), (4.0, 4, 4)], [(0.0, 0, 0)])
    assert found.systematic_mm == pytest.approx((5, 5, 5))
    few = error_margins([(2.0, 2, 2)], [(3.0, 3, 3)], fractions=3)
    assert few.systematic_mm == pytest.approx([(4 + 9 / 3) ** 0.5] * 3)
    assert few.random_mm == pytest.approx([(9 * 2 / 3) ** 0.5] * 3)
    one = error_margins([(2.0, 2, 2)], [(3.0, 3, 3)], fractions=1)
    assert one.full_mm == pytest.approx([one.alpha * 13**0.5] * 3)
    many = error_margins([(2.0, 2, 2)], [(3.0, 3, 3)], fractions=10**6)
    assert many.full_mm == pytest.approx(
        error_margins([(2.0, 2, 2)], [(3.0, 3, 3)]).full_mm, abs=1e-3
    )


def test_a_wider_penumbra_asks_for_less() -> None:
    one, two = (
        error_margins([(2.0, 2, 2)], [(3.0, 3, 3)], penumbra_mm=mm).full_mm[0] for mm in (3.2, 6.4)
    )
    assert two < one


@pytest.mark.parametrize(
    "words",
    [
        ["--systematic", "2,x", "--random", "3"],
        ["--systematic", "2,2", "--random", "3"],
        ["--systematic", "-2", "--random", "3"],
        ["--systematic", "nan", "--random", "3"],
        ["--systematic", "2"],
        ["--systematic", "2", "--random", "3", "--coverage", "100"],
        ["--systematic", "2", "--random", "3", "--dose", "40"],
        ["--systematic", "2", "--random", "3", "--penumbra", "-1"],
        ["--systematic", "2", "--random", "3", "--fractions", "0"],
    ],
)
def test_what_cannot_be(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["margin", "vanherk", *words]) == 2
    assert "[bad-errors]" in capsys.readouterr().err


def test_percentages_are_checked_in_python_too() -> None:
    with pytest.raises(UsageError, match="bad-errors"):
        error_margins([(1.0, 1, 1)], [(1.0, 1, 1)], coverage_percent=0)
