"""BED and EQD2 against published values."""

from __future__ import annotations

import numpy as np
import pytest

from rtvol.dvh import DVH, Survival, as_effect, bed_gy, effect_gy, eqd2_gy, evaluate, parse_metric
from rtvol.errors import UsageError


@pytest.mark.parametrize(
    ("dose", "fractions", "ratio", "bed"),
    [
        (48, 4, 10, 105.6),
        (45, 3, 10, 112.5),
        (60, 30, 10, 72.0),
        (30, 3, 3, 130.0),
        (0, 5, 10, 0),
        (0.5, 1, 1, 0.75),
    ],
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


def test_above_the_transition_dose_the_response_is_a_straight_line():
    # Astrahan 2008: BED = n [d_T (1 + d_T/(a/b)) + (gamma/alpha) (d - d_T)]
    model = Survival(10.0, 6.0, 3.0)
    assert effect_gy(15.0, 3, model, "bed") == pytest.approx(15 * 1.5)
    assert effect_gy(45.0, 3, model, "bed") == pytest.approx(3 * (6 * 1.6 + 3 * 9))
    # without a slope it is the tangent: 1 + 2 x 6 / 10
    tangent = Survival(10.0, 6.0)
    assert tangent.final_slope == pytest.approx(2.2)
    assert effect_gy(45.0, 3, tangent, "bed") == pytest.approx(3 * (6 * 1.6 + 2.2 * 9))
    around = effect_gy(np.array([17.999, 18.0, 18.001]), 3, tangent, "bed")
    assert np.diff(around) == pytest.approx([0.0022, 0.0022], rel=1e-3)
    assert model.text == "a/b 10 Gy, LQ-L from 6 Gy, slope 3"


def test_equivalents_of_2_gy_keep_their_meaning():
    for model in (Survival(3.0), Survival(10.0, 6.2), Survival(2.0, 1.5)):
        assert effect_gy(60.0, 30, model, "eqd2") == pytest.approx(60.0)
    assert effect_gy(48.0, 4, Survival(10.0), "eqd2") == pytest.approx(88.0)
    assert effect_gy(48.0, 4, Survival(10.0), "physical") == 48.0


def test_a_distribution_in_bed_is_the_transform_of_its_axis():
    # 40 cc spread evenly from 10 to 50 Gy in 5 fractions
    even = DVH(np.linspace(10, 50, 4001), np.linspace(0, 40, 4001), 40.0, 0.0)
    found = as_effect(even, 5, Survival(3.0), "bed")
    truth = {"D95%": 12 * (1 + 12 / 15), "D2%": 49.2 * (1 + 49.2 / 15), "Max": 50 * (1 + 50 / 15)}
    # the mean of D + D2/15 over 10..50
    truth["Mean"] = 30 + (50**3 - 10**3) / 3 / 40 / 15
    # 80 Gy are D + D2/15 for D = 7.5 (sqrt(1 + 320/15) - 1)
    truth["V80Gy"] = 100 * (50 - 7.5 * (np.sqrt(1 + 320 / 15) - 1)) / 40
    for text, value in truth.items():
        assert evaluate(found, parse_metric(text)).value == pytest.approx(value, rel=1e-5), text
    assert found.volume_cc == 40.0


@pytest.mark.parametrize("numbers", [(0.0,), (10.0, -1.0), (10.0, 6.0, 0.0), (10.0, None, 2.0)])
def test_a_survival_that_cannot_be_is_refused(numbers):
    with pytest.raises(UsageError) as caught:
        Survival(*numbers)
    assert caught.value.finding.code == "bad-fractionation"
    with pytest.raises(UsageError):
        effect_gy(30.0, 0, Survival(10.0), "bed")
