"""Sums of doses: in Gy and EQD2, on one grid and on several, and what is refused."""

from __future__ import annotations

from math import cos, radians, sin

import numpy as np
import pytest

from naive import dose as naive
from rtvol.dvh import dose_volume, eqd2_gy
from rtvol.dvh.sums import PlanDose, sum_doses
from rtvol.errors import CaseRejected, UsageError
from rtvol.geometry import Grid

BOX = ((-12.0, 12.0), (-11.0, 11.0), (-10.0, 10.0))


def grid(spacing, start=-30.0, count=24, frame=""):
    offsets = np.arange(count) * spacing
    at = (start, start + 0.4, start - 0.3)
    return Grid(at, (1, 0, 0), (0, 1, 0), (spacing, spacing), offsets, (count, count), frame)


def turned(spacing):
    tilt = radians(20)
    across = (cos(tilt), sin(tilt), 0.0), (-sin(tilt), cos(tilt), 0.0)
    return Grid((-18, -40, -30), *across, (spacing, spacing), np.arange(30) * spacing, (30, 30))


def linear(slope, offset):
    return lambda x, y, z: offset + slope[0] * x + slope[1] * y + slope[2] * z


def test_doses_on_one_grid_are_added_sample_by_sample():
    draw = np.random.default_rng(1)
    one, other = (
        naive.dose_of(lambda x, y, z: draw.uniform(0, 30, x.shape) + 0 * (y + z), grid(2.5))
        for _ in range(2)
    )
    found = sum_doses([PlanDose(one), PlanDose(other)])
    assert found.grid.same_as(one.grid)
    wanted = one.values_gy.astype(float) + other.values_gy
    assert np.array_equal(found.values_gy, wanted.astype(np.float32))


@pytest.mark.parametrize("second", [grid(3.0, -33.0), turned(2.6)])
def test_linear_doses_on_different_grids_add_to_a_linear_dose(second):
    one = naive.dose_of(linear((0.2, -0.1, 0.3), 20), grid(2.5))
    other = naive.dose_of(linear((-0.4, 0.2, 0.1), 15), second)
    found = sum_doses([PlanDose(other), PlanDose(one)], bounds_mm=BOX)
    # on the finer one of the two
    assert found.grid.spacing_mm == one.grid.spacing_mm
    truth = naive.dose_of(linear((-0.2, 0.1, 0.4), 35), found.grid)
    known = np.isfinite(found.values_gy)
    assert np.allclose(found.values_gy[known], truth.values_gy[known], atol=2e-5)
    stack = naive.stack_of({z: naive.disc(9) for z in (-3.0, 0.0, 3.0)}, 3)
    dvh = dose_volume(stack, found)
    assert dvh.outside_fraction == 0
    assert dvh.mean_gy == pytest.approx(35, abs=1e-3)


def test_each_dose_becomes_eqd2_with_its_own_fractions():
    one = naive.dose_of(lambda x, y, z: 45.0 + 0 * (x + y + z), grid(2.5))
    other = naive.dose_of(lambda x, y, z: 30.0 + 0 * (x + y + z), grid(2.5))
    parts = [PlanDose(one, 3), PlanDose(other, 15)]
    for ratio in (3.0, 10.0):
        found = sum_doses(parts, alpha_beta_gy=ratio)
        wanted = eqd2_gy(45, 3, ratio) + eqd2_gy(30, 15, ratio)
        assert np.allclose(found.values_gy, wanted, rtol=1e-6)
    # 45 Gy in 3 at a/b 10 is BED 112.5 Gy, EQD2 93.75; 30 Gy in 15 is itself
    assert sum_doses(parts, alpha_beta_gy=10.0).values_gy[0, 0, 0] == pytest.approx(123.75)


def test_a_fine_grid_that_holds_half_the_box_gives_way_to_one_that_holds_all():
    fine = naive.dose_of(linear((0, 0, 0), 10), grid(1.0, -5.0, 20))
    coarse = naive.dose_of(linear((0, 0, 0), 10), grid(3.0, -36.0))
    found = sum_doses([PlanDose(fine), PlanDose(coarse)], bounds_mm=BOX)
    assert found.grid.spacing_mm == coarse.grid.spacing_mm
    # what lies beyond the fine grid is outside, not 10 Gy
    x = found.grid.origin_mm[0] + np.arange(found.grid.shape[2]) * 3.0
    inside = (x >= -5) & (x <= 14)
    middle = found.values_gy[found.grid.shape[0] // 2, found.grid.shape[1] // 2]
    assert np.isnan(middle[~inside]).all()
    assert np.allclose(middle[inside], 20)
    stack = naive.stack_of({z: [naive.box((-10, 10), (-2, 2))] for z in (-1.5, 1.5)}, 3)
    assert 0.2 < dose_volume(stack, found).outside_fraction < 0.45


def test_other_frames_and_unknown_fractions_are_refused():
    one = naive.dose_of(linear((0, 0, 0), 10), grid(2.5, frame="1.2.3"))
    other = naive.dose_of(linear((0, 0, 0), 10), grid(2.5, frame="1.2.4"))
    for parts, ratio, code in (
        ([PlanDose(one), PlanDose(other)], None, "frame-mismatch"),
        ([PlanDose(one, None)], 3.0, "no-fractions"),
        ([PlanDose(one, 0)], 3.0, "no-fractions"),
    ):
        with pytest.raises(CaseRejected) as caught:
            sum_doses(parts, alpha_beta_gy=ratio)
        assert caught.value.finding.code == code
    for ratio in (0.0, -3.0, float("nan"), float("inf")):
        with pytest.raises(UsageError) as wrong:
            sum_doses([PlanDose(one, 3)], alpha_beta_gy=ratio)
        assert wrong.value.finding.code == "bad-fractionation"
