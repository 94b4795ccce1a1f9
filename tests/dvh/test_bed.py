"""BED and EQD2 against published values."""

from __future__ import annotations

import pytest

from rtvol.dvh import bed_gy, eqd2_gy
from rtvol.errors import UsageError


@pytest.mark.parametrize(
    ("dose", "fractions", "ratio", "bed"),
    [(48, 4, 10, 105.6), (45, 3, 10, 112.5), (60, 30, 10, 72.0), (30, 3, 3, 130.0), (0, 5, 10, 0)],
)
def test_known_biologically_effective_doses(dose, fractions, ratio, bed):
    assert bed_gy(dose, fractions, ratio) == pytest.approx(bed)


def test_two_gray_fractions_are_their_own_equivalent():
    assert eqd2_gy(60, 30, 3) == pytest.approx(60)
    assert eqd2_gy(48, 4, 10) == pytest.approx(88.0)


@pytest.mark.parametrize(
    ("dose", "fractions", "ratio"),
    [(-1, 4, 10), (48, 0, 10), (48, 4, 0), (48, 4, -3), (float("nan"), 4, 10), (48, 4, 1e400)],
)
def test_what_cannot_be_is_refused(dose, fractions, ratio):
    with pytest.raises(UsageError) as caught:
        bed_gy(dose, fractions, ratio)
    assert caught.value.finding.code == "bad-fractionation"
