"""Volumes of isodoses and the indices made of them, against closed forms."""

from __future__ import annotations

from math import log, pi, sqrt

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from naive import dose as naive
from rtvol._kernels.isodose import cell_share, share_above
from rtvol.dvh import Field, Target, dose_volume, index_value, measure_isodose, parse_metric
from rtvol.dvh.isodose import regions_in, regions_within
from rtvol.geometry import Grid
from rtvol.solids import slab_volume_cc

SIGMA = 9.0


def grid_of(spacing: float, reach: float = 40.0, turn: float = 0.0) -> Grid:
    n = int(2 * reach / spacing) + 1
    c, s = np.cos(turn), np.sin(turn)
    row, column = (c, s, 0.0), (-s, c, 0.0)
    origin = np.array([-reach + 0.37, -reach - 0.21, -reach + 0.11])
    start = origin[0] * np.array(row) + origin[1] * np.array(column) + [0, 0, origin[2]]
    return Grid(tuple(start), row, column, (spacing, spacing), np.arange(n) * spacing, (n, n))


def bell(*centres, top=60.0, sigma=SIGMA):
    """Sum of Gaussian balls."""

    def value(x, y, z):
        return sum(
            top * np.exp(-((x - a) ** 2 + (y - b) ** 2 + (z - c) ** 2) / (2 * sigma**2))
            for a, b, c in centres
        )

    return value


def ball_cc(level: float, top: float = 60.0, sigma: float = SIGMA) -> float:
    """Volume of {dose >= level} in one Gaussian ball."""
    return 4 / 3 * pi * (sigma * sqrt(2 * log(top / level))) ** 3 / 1000


def plain_share(value, slopes, size=400_000) -> float:
    points = np.random.default_rng(1).uniform(-0.5, 0.5, (size, 3))
    return float((value + points @ np.array(slopes) >= 0).mean())


def ball(radius: float, centre=(0.0, 0.0, 0.0), spacing: float = 1.0):
    x, y, z = centre
    radii = naive.ball_radii(radius, spacing)
    planes = {h + z: naive.disc(r, (x, y), corners=180) for h, r in radii.items()}
    return naive.stack_of(planes, spacing)


@given(st.lists(st.floats(-3, 3), min_size=3, max_size=3), st.floats(-2, 2))
@settings(max_examples=60)
def test_the_share_of_a_cube_above_a_plane_is_the_sum_of_three_boxes(slopes, value):
    widths = [abs(slope) for slope in slopes]
    assume(max(widths) > 1e-3)
    found = share_above(value, *slopes)
    assert 0 <= found <= 1
    if min(widths) > 0.05 * max(widths) > 0.0025:
        # value + sum >= 0, with a symmetric sum: the distribution of the sum, read at value
        truth = naive.sum_of_boxes(np.array([value]), -sum(widths) / 2, widths)[0]
        assert found == pytest.approx(truth, abs=1e-6)
    else:
        assert found == pytest.approx(plain_share(value, slopes), abs=0.01)


@pytest.mark.parametrize(
    ("value", "slopes", "share"),
    [
        (0.0, (0, 0, 0), 1.0),
        (-1e-9, (0, 0, 0), 0.0),
        (0.1, (1, 0, 0), 0.6),
        (0.0, (1, -1, 0), 0.5),
        (-0.5, (0, 1, 1), 0.125),
        (-1.0, (1, 1, 1), 1 / 48),
        (1.0, (1, 1, 1), 47 / 48),
        (-5.0, (1, 1, 1), 0.0),
    ],
)
def test_shares_known_by_hand(value, slopes, share):
    assert share_above(value, *map(float, slopes)) == pytest.approx(share, abs=1e-12)


@given(st.integers(0, 2**31))
@settings(max_examples=15, deadline=None)
def test_a_cell_agrees_with_the_plain_sum_over_its_points(seed):
    corners = np.random.default_rng(seed).uniform(0, 1, (2, 2, 2))
    found = cell_share(corners, 0.5)
    assert found == pytest.approx(naive.share_of_cell(corners, 0.5), abs=0.006)


@pytest.mark.parametrize("gradient", [(1, 0, 0), (0, 0.6, -0.8), (0.5, 0.31, 0.7)])
def test_a_half_space_is_cut_exactly(gradient):
    # nodes from 0 to 20 mm: the box of the nodes is what the dose is known in
    grid = Grid((0, 0, 0), (1, 0, 0), (0, 1, 0), (2.5, 2.5), np.arange(9) * 2.5, (9, 9))
    a, b, c = gradient
    dose = naive.dose_of(lambda x, y, z: 50 + a * x + b * y + c * z, grid)
    for level in (51.3, 55.0, 58.77):
        widths = [abs(g) * 20 for g in gradient if g]
        low = 50 + sum(min(g, 0) * 20 for g in gradient)
        truth = 8.0 * (1 - naive.sum_of_boxes(np.array([level]), low, widths)[0])
        found = measure_isodose(dose, level)
        assert found.volumes_cc.sum() == pytest.approx(truth, rel=2e-5)
        assert found.is_open[1:].all()


def smoothed_ball_cc(level: float, spacing: float, top: float = 60.0) -> float:
    """Volume of a Gaussian ball seen through trilinear interpolation.

    Interpolated over cells of h mm a field is h2/12 times its Laplacian higher, on average; for a
    Gaussian that is d (r2/s4 - 3/s2). The radius at the level is found by halving.
    """
    low, high = 0.0, 40.0
    while high - low > 1e-9:
        r = (low + high) / 2
        bend = spacing**2 / 12 * (r**2 / SIGMA**4 - 3 / SIGMA**2)
        hot = top * np.exp(-(r**2) / 2 / SIGMA**2) * (1 + bend) >= level
        low, high = (r, high) if hot else (low, r)
    return 4 / 3 * pi * low**3 / 1000


@pytest.mark.parametrize(("spacing", "reach"), [(2.0, 24.0), (0.5, 15.0)])
@pytest.mark.parametrize("turn", [0.0, 0.3])
def test_a_gaussian_ball_has_the_volume_of_its_closed_form(spacing, reach, turn):
    dose = naive.dose_of(bell((0.2, -0.4, 0.3)), grid_of(spacing, reach, turn))
    for level in (30.0, 50.0):
        found = measure_isodose(dose, level)
        assert not found.is_open.any()
        assert found.volumes_cc[1:] == pytest.approx([smoothed_ball_cc(level, spacing)], rel=4e-3)
        if spacing == 0.5:
            assert found.volumes_cc[1:] == pytest.approx([ball_cc(level)], rel=6e-3)


def test_the_trilinear_field_itself_is_measured_to_a_thousandth():
    dose = naive.dose_of(bell((0.2, -0.4, 0.3)), grid_of(3.0, 24.0))
    axis = np.arange(-20, 20, 0.2) + 0.1
    points = np.stack(np.meshgrid(axis, axis, axis), axis=-1).reshape(-1, 3)
    values = naive.trilinear(dose, points)
    for level in (15.0, 30.0):
        truth = float((values >= level).sum()) * 0.2**3 / 1000
        assert measure_isodose(dose, level).volumes_cc.sum() == pytest.approx(truth, rel=1e-3)


def test_a_flat_top_exactly_at_the_level_counts_in_whole():
    # 52.8 Gy is no float32
    def slice_of(x, y, z):
        return np.where(np.abs(x) < 12.6, 52.8, 1.0) + 0 * (y + z)

    dose = naive.dose_of(slice_of, grid_of(2.5))
    flat = measure_isodose(dose, 52.8)
    xs = flat.nodes.axes_mm[0]
    inner = xs[np.abs(xs) < 12.6]
    truth = float(np.ptp(inner)) * np.prod([np.ptp(flat.nodes.axes_mm[n]) for n in (1, 2)]) / 1000
    assert flat.volumes_cc.sum() == pytest.approx(truth, rel=1e-6)


@pytest.mark.compiled
def test_regions_are_apart_and_lie_where_their_targets_are():
    centres = ((-14.0, 0, 0), (14.0, 0, 0))
    dose = naive.dose_of(bell(*centres, sigma=6.0), grid_of(1.0, 36.0))
    high, low = measure_isodose(dose, 50.0), measure_isodose(dose, 6.0)
    assert high.volumes_cc.size == 3
    assert low.volumes_cc.size == 2
    left, right = (regions_in(high, ball(3, centre)) for centre in centres)
    assert len(left) == len(right) == 1
    assert left != right
    assert regions_in(high, ball(3, (0.0, 20.0, 0.0))) == frozenset()
    assert regions_within(high, low, frozenset({1})) == {1, 2}


def field_of(dose) -> Field:
    return Field(lambda level: measure_isodose(dose, level), lambda s: dose_volume(s, dose))


def value(metric: str, target, others, dose, rx=30.0):
    return index_value(parse_metric(metric), target, others, field_of(dose), prescription_gy=rx)


@pytest.mark.compiled
def test_indices_of_a_ball_in_a_gaussian_dose():
    dose = naive.dose_of(bell((0, 0, 0)), grid_of(1.0, 30.0))
    covered = SIGMA * sqrt(2 * log(2))  # radius of 30 Gy: 10.6 mm
    for radius in (9.0, 12.0):
        target = Target("PTV", ball(radius))
        piv, tv = ball_cc(30.0), 4 / 3 * pi * radius**3 / 1000
        inside = 4 / 3 * pi * min(radius, covered) ** 3 / 1000
        assert value("CI", target, (), dose).value == pytest.approx(inside**2 / tv / piv, rel=0.012)
        assert value("CI_RTOG", target, (), dose).value == pytest.approx(piv / tv, rel=0.012)
        found = value("GI", target, (), dose)
        assert found.value == pytest.approx(ball_cc(15.0) / piv, rel=0.01)
        assert found.note == ""


@pytest.mark.compiled
def test_isodoses_apart_give_each_lesion_its_own_index():
    centres = ((-17.0, 0, 0), (17.0, 0, 0))
    dose = naive.dose_of(bell(*centres, sigma=6.0), grid_of(1.0, 40.0))
    one, two = (Target(name, ball(6.0, c)) for name, c in zip("AB", centres, strict=True))
    alone = naive.dose_of(bell(centres[0], sigma=6.0), grid_of(1.0, 40.0))
    for metric in ("CI", "GI"):
        found = value(metric, one, (two,), dose)
        assert found.value == pytest.approx(value(metric, one, (), alone).value, rel=0.03)
        assert found.note == ""


@pytest.mark.compiled
def test_merged_isodoses_give_the_union_and_say_so():
    centres = ((-9.0, 0, 0), (9.0, 0, 0))
    dose = naive.dose_of(bell(*centres), grid_of(1.0, 36.0))
    one, two = (Target(name, ball(8.0, c)) for name, c in zip("AB", centres, strict=True))
    for metric in ("CI", "CI_RTOG", "GI"):
        left, right = value(metric, one, (two,), dose), value(metric, two, (one,), dose)
        assert left.value == pytest.approx(right.value, rel=1e-9)
        assert "holds A, B: the value is of their union" in left.note
    piv = measure_isodose(dose, 30.0).volumes_cc.sum()
    tv = 2 * slab_volume_cc(one.stack)
    assert value("CI_RTOG", one, (two,), dose).value == pytest.approx(piv / tv, rel=1e-4)


def test_another_drawing_of_the_same_lesion_is_no_other_lesion():
    dose = naive.dose_of(bell((0, 0, 0)), grid_of(1.0, 30.0))
    target, inner = Target("PTV", ball(9.0)), Target("PTV^clip", ball(8.0))
    found = value("CI", target, (inner,), dose)
    assert found == value("CI", target, (), dose)


def test_what_cannot_be_said_is_not():
    dose = naive.dose_of(bell((0, 0, 0)), grid_of(2.0, 14.0))
    target = Target("PTV", ball(6.0))
    for rx, reason in (
        (None, "no prescribed dose is known"),
        (float("nan"), "no prescribed dose is known"),
        (70.0, "the isodose of 70 Gy is not in the target"),
        (12.0, "the isodose of 12 Gy is cut by the edge of the dose grid"),
    ):
        found = value("CI", target, (), dose, rx)
        assert (found.value, found.note) == (None, reason)
    cut = value("GI", target, (), dose, 30.0)
    assert cut.note == "the isodose of 15 Gy is cut by the edge of the dose grid"
    beyond = value("CI", Target("PTV", ball(6.0, (12.0, 0, 0))), (), dose)
    assert beyond.note.endswith("lies outside the dose grid")


def test_a_dose_that_is_not_known_opens_the_isodose():
    dose = naive.dose_of(bell((0, 0, 0)), grid_of(2.0, 30.0))
    values = dose.values_gy.copy()
    values[:, 15, 19] = np.nan
    found = measure_isodose(type(dose)(values, dose.grid), 30.0)
    assert found.is_open.any()
