"""Dose-volume curves against closed forms of linear doses, and against plain dense sampling."""

from __future__ import annotations

from math import cos, pi, radians, sin

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naive import dose as naive
from rtvol.dvh import DVH, dose_volume, evaluate, parse_metric
from rtvol.dvh.curve import dose_at_volume_gy, volume_at_dose_cc
from rtvol.errors import UsageError
from rtvol.geometry import Grid
from rtvol.solids import slab_volume_cc

GRADIENTS = [(1, 0, 0), (0, 1, 0), (0, 0, -1), (0.7, 0.7, 0), (0, 0.7, 0.7), (0.6, -0.5, 0.62)]


def value(dvh: DVH, text: str, prescription_gy: float | None = None) -> float:
    found = evaluate(dvh, parse_metric(text), prescription_gy=prescription_gy).value
    assert found is not None
    return found


def linear(gradient, offset=20.0):
    return lambda x, y, z: offset + gradient[0] * x + gradient[1] * y + gradient[2] * z


@pytest.mark.parametrize("gradient", GRADIENTS)
@pytest.mark.parametrize(("radius", "spacing"), [(12, 1.0), (12, 3.0), (4.15, 2.5)])
def test_balls_of_discs_in_linear_doses_reach_the_goals(gradient, radius, spacing):
    radii = naive.ball_radii(radius, spacing, phase_mm=0.3)
    stack = naive.stack_of({z: naive.disc(r) for z, r in radii.items()}, spacing)
    dvh = dose_volume(stack, naive.dose_of(linear(gradient)))
    doses = np.linspace(-radius - spacing, radius + spacing, 4001)
    below = naive.discs_curve(radii, spacing, gradient, doses)
    total = below[-1]
    assert dvh.volume_cc == pytest.approx(total, rel=5e-5)
    assert dvh.outside_cc == 0
    for percent in (99, 98, 95, 50, 5, 2, 1):
        truth = 20 + np.interp(total * (1 - percent / 100), below, doses)
        assert value(dvh, f"D{percent}%") == pytest.approx(truth, rel=6e-4), percent
    for dose in np.linspace(-0.8, 0.8, 9) * radius:
        truth = 100 * (1 - np.interp(dose, doses, below) / total)
        assert value(dvh, f"V{20 + dose:.6f}Gy") == pytest.approx(truth, abs=0.06), dose
    mean = sum(r**2 * (20 + gradient[2] * z) for z, r in radii.items())
    assert dvh.mean_gy == pytest.approx(mean / sum(r**2 for r in radii.values()), rel=2e-5)
    reach = [
        (gradient[2] * (z + side * spacing / 2), r * np.hypot(*gradient[:2]))
        for z, r in radii.items()
        for side in (-1, 1)
    ]
    assert dvh.max_gy == pytest.approx(20 + max(a + b for a, b in reach), rel=5e-4)
    assert dvh.min_gy == pytest.approx(20 + min(a - b for a, b in reach), rel=5e-4)


@pytest.mark.parametrize("gradient", [(0.9, 0.03, 0.02), (0.3, 0.8, 0.5), (0.02, 0.6, 0.6)])
def test_a_box_in_an_oblique_dose_is_three_boxes_convolved(gradient):
    x, y, z = (-7.3, 8.2), (-5.1, 4.4), (-6.25, 6.25)
    planes = {float(plane): [naive.box(x, y)] for plane in np.arange(-5, 5.1, 2.5)}
    dvh = dose_volume(naive.stack_of(planes, 2.5), naive.dose_of(linear(gradient)))
    low = 20 + sum(g * side[0] for g, side in zip(gradient, (x, y, z), strict=True))
    widths = [g * (side[1] - side[0]) for g, side in zip(gradient, (x, y, z), strict=True)]
    doses = low + sum(widths) * np.linspace(0.01, 0.99, 99)
    truth = naive.sum_of_boxes(doses, low, widths)
    found = [1 - volume_at_dose_cc(dvh, dose) / dvh.volume_cc for dose in doses]
    # whole pieces of a row at the faces are spread over one box for three
    assert np.abs(found - truth).max() < 1e-4
    assert dvh.min_gy == pytest.approx(low, abs=1e-4)
    assert dvh.max_gy == pytest.approx(low + sum(widths), abs=1e-4)


def turned_grids() -> dict[str, Grid]:
    """Grids around the origin: other orders, directions and plane positions of the same space."""
    uneven = np.cumsum(np.tile([2.0, 3.0, 2.5], 14)) - 2
    even = np.arange(40) * 2.5
    tilt = radians(10)
    across = (cos(tilt), sin(tilt), 0.0), (-sin(tilt), cos(tilt), 0.0)
    return {
        "axial": Grid((-49, -48, -50), (1, 0, 0), (0, 1, 0), (2.4, 2.6), uneven, (41, 39)),
        "prone": Grid((49, 48, -50), (-1, 0, 0), (0, -1, 0), (2.4, 2.6), uneven, (41, 39)),
        "feet first": Grid((49, -48, 50), (-1, 0, 0), (0, 1, 0), (2.4, 2.6), uneven, (41, 39)),
        "decubitus": Grid((-49, 48, -50), (0, -1, 0), (1, 0, 0), (2.6, 2.4), uneven, (39, 41)),
        "sagittal": Grid((48, -48, 49), (0, 1, 0), (0, 0, -1), (2.4, 2.5), even, (40, 40)),
        "oblique": Grid((-40, -55, -50), *across, (2.5, 2.5), even, (40, 40)),
    }


@pytest.mark.parametrize("name", list(turned_grids()))
def test_the_orientation_of_the_dose_grid_changes_nothing(name):
    gradient = (0.6, -0.5, 0.62)
    radii = naive.ball_radii(9, 2.5)
    stack = naive.stack_of({z: naive.disc(r, corners=180) for z, r in radii.items()}, 2.5)
    dvh = dose_volume(stack, naive.dose_of(linear(gradient), turned_grids()[name]))
    doses = np.linspace(-12, 12, 2001)
    below = naive.discs_curve(radii, 2.5, gradient, doses)
    for percent in (99, 50, 2):
        truth = 20 + np.interp(below[-1] * (1 - percent / 100), below, doses)
        assert value(dvh, f"D{percent}%") == pytest.approx(truth, rel=1e-3)
    assert dvh.outside_cc == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("name", ["axial", "oblique"])
def test_a_curved_dose_is_the_trilinear_one(name):
    def hill(x, y, z):
        return 50 * np.exp(-(((x - 2) / 9) ** 2) - (y / 7) ** 2 - ((z - 1) / 8) ** 2)

    planes = {z: naive.disc(r, corners=60) for z, r in naive.ball_radii(5, 2.5).items()}
    dose = naive.dose_of(hill, turned_grids()[name])
    dvh = dose_volume(naive.stack_of(planes, 2.5), dose)
    truth = naive.sampled(planes, 2.5, dose, 0.08)
    for percent in (98, 95, 50, 5, 2):
        wanted = np.quantile(truth, 1 - percent / 100)
        assert value(dvh, f"D{percent}%") == pytest.approx(wanted, rel=1e-3), percent
    assert dvh.mean_gy == pytest.approx(truth.mean(), rel=2e-4)
    assert truth.max() <= dvh.max_gy <= dose.max_gy
    assert truth.min() - 0.5 < dvh.min_gy <= truth.min()


@given(
    st.lists(st.tuples(st.floats(2, 9), st.floats(0, 1)), min_size=3, max_size=7),
    st.integers(0, 2**31),
)
@settings(max_examples=12)
def test_any_outline_in_any_dose_agrees_with_dense_sampling(spokes, seed):
    # a star-shaped outline, which may have sharp corners, in a dose of random numbers
    angles = 2 * pi * (np.arange(len(spokes)) + [0.6 * part for _, part in spokes]) / len(spokes)
    ring = np.array([(r * cos(a), r * sin(a)) for (r, _), a in zip(spokes, angles, strict=True)])
    planes = {0.7: [ring], 3.7: [ring * 0.8]}
    grid = Grid((-12, -12, -9), (1, 0, 0), (0, 1, 0), (3, 3), np.arange(8) * 3.0, (9, 9))
    noise = np.random.default_rng(seed)
    dose = naive.dose_of(lambda x, y, z: 30 + noise.normal(0, 5, x.shape) + 0 * (y + z), grid)
    stack = naive.stack_of(planes, 3.0)
    dvh = dose_volume(stack, dose)
    truth = naive.sampled(planes, 3.0, dose, 0.1)
    assert dvh.below_cc[-1] == pytest.approx(slab_volume_cc(stack), rel=1e-9)
    # the lattice of the twin itself holds the outline to about a tenth of a millimetre
    assert dvh.mean_gy == pytest.approx(truth.mean(), abs=0.1)
    assert value(dvh, "D50%") == pytest.approx(np.median(truth), abs=0.15)
    # between two points of the outline the dose may pass its value there by a little
    assert dvh.min_gy <= truth.min() + 0.02
    assert dvh.max_gy >= truth.max() - 0.02


def test_holes_and_islands_count_by_parity_and_keyholes_are_the_same():
    outer, hole = naive.box((-10, 10), (-10, 10)), naive.box((-4, 6), (-5, 5))
    keyhole = np.vstack([outer, outer[0], hole[[0, 3, 2, 1, 0]]])
    dose = naive.dose_of(linear((1, 0, 0)))
    ring = dose_volume(naive.stack_of({0.0: [outer, hole]}, 3), dose)
    keyed = dose_volume(naive.stack_of({0.0: [keyhole]}, 3), dose)
    assert ring.volume_cc == pytest.approx(0.9)
    # left of x = 0: 10 x 20 without 4 x 10
    assert volume_at_dose_cc(ring, 20.0) == pytest.approx(0.9 - 0.16 * 3, abs=1e-6)
    for percent in (95, 50, 5):
        assert value(keyed, f"D{percent}%") == pytest.approx(value(ring, f"D{percent}%"), abs=1e-3)


def test_a_uniform_dose_is_that_dose_everywhere():
    stack = naive.stack_of({0.0: naive.disc(5), 2.0: naive.disc(6)}, 2)
    dvh = dose_volume(stack, naive.dose_of(lambda x, y, z: 7.25 + 0 * (x + y + z)))
    readings = [value(dvh, text) for text in ("Min", "Max", "Mean", "D95%", "D0.03cc")]
    assert readings == pytest.approx([7.25] * 5, abs=1e-6)
    assert value(dvh, "V7.25Gy") == 100
    assert value(dvh, "V7.26Gy") == 0


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_what_lies_outside_the_dose_grid_is_counted_and_no_metric_is_given(axis):
    starts = [-30.0, -30.0, -30.0]
    starts[axis] = 2.0
    grid = Grid(tuple(starts), (1, 0, 0), (0, 1, 0), (3, 3), np.arange(20) * 3.0, (20, 20))
    stack = naive.stack_of({z: [naive.box((-6, 6), (-6, 6))] for z in (-4.5, -1.5, 1.5, 4.5)}, 3)
    dvh = dose_volume(stack, naive.dose_of(linear((0, 0, 0), 10), grid))
    assert dvh.outside_fraction == pytest.approx(8 / 12, rel=1e-9)
    assert dvh.outside_cc + dvh.below_cc[-1] == pytest.approx(dvh.volume_cc)
    assert dvh.min_gy == pytest.approx(10)
    for text in ("D95%", "Mean", "Min", "V5Gy", "D0.03cc", "CV5Gy", "HI", "gEUD(8)"):
        found = evaluate(dvh, parse_metric(text))
        assert found.value is None
        assert found.note == "66.7 % of the structure lies outside the dose grid"


def test_a_structure_far_from_the_dose_grid_has_no_dose():
    stack = naive.stack_of({0.0: naive.disc(5, (400, 0))}, 2)
    dvh = dose_volume(stack, naive.dose_of(linear((0, 0, 0))))
    assert dvh.outside_fraction == 1
    assert dvh.dose_gy.size == dvh.differential_cc.size == 0
    assert np.isnan([dvh.min_gy, dvh.max_gy, dvh.mean_gy]).all()
    assert evaluate(dvh, parse_metric("Max")).value is None


def test_one_dose_plane_says_nothing_about_a_volume():
    grid = Grid((-30, -30, 0), (1, 0, 0), (0, 1, 0), (3, 3), np.zeros(1), (20, 20))
    dvh = dose_volume(
        naive.stack_of({0.0: naive.disc(5)}, 2), naive.dose_of(linear((0, 0, 0)), grid)
    )
    assert dvh.outside_fraction == 1


def test_the_histogram_reaches_the_highest_dose_and_holds_all_volume():
    stack = naive.stack_of({0.0: naive.disc(5), 2.0: naive.disc(6)}, 2)
    dvh = dose_volume(stack, naive.dose_of(linear((0.5, 0.2, 0.1), 60)))
    edges, volumes = dvh.edges_gy, dvh.differential_cc
    assert edges.size == volumes.size + 1
    assert np.allclose(np.diff(edges), 0.01)
    assert edges[0] == 0
    assert edges[-2] <= dvh.max_gy < edges[-1] + 1e-9
    assert volumes.sum() == pytest.approx(dvh.volume_cc)
    middle = (edges[1:] + edges[:-1]) / 2
    assert volumes @ middle / volumes.sum() == pytest.approx(dvh.mean_gy, abs=1e-4)
    assert dose_at_volume_gy(dvh, 0.0) == dvh.max_gy
    assert dose_at_volume_gy(dvh, dvh.volume_cc) == dvh.min_gy


@pytest.mark.parametrize("step", [0, -1.0, float("nan"), float("inf")])
def test_a_step_that_is_no_length_is_refused(step):
    stack = naive.stack_of({0.0: naive.disc(5)}, 2)
    with pytest.raises(UsageError) as caught:
        dose_volume(stack, naive.dose_of(linear((0, 0, 0))), step_mm=step)
    assert caught.value.finding.code == "bad-step"


def test_a_plateau_counts_in_whole_at_its_own_dose():
    # dose nodes at x = 0, 2.5, ...: 52.8 Gy (no float32) for x <= 10, then down to 2.8 Gy at 20
    def table(x, y, z):
        return np.clip(52.8 - 5.0 * (x - 10), 2.8, 52.8) + 0 * (y + z)

    grid = Grid((-20, -20, -20), (1, 0, 0), (0, 1, 0), (2.5, 2.5), np.arange(17) * 2.5, (17, 17))
    planes = {z: [naive.box((-10.3, 15), (-7, 8.1))] for z in (-3.0, 0.0, 3.0)}
    dvh = dose_volume(naive.stack_of(planes, 3.0), naive.dose_of(table, grid))
    # 20.3 mm of 25.3 are flat, 5 mm fall evenly by 25 Gy
    flat, total = 20.3 / 25.3, 25.3
    assert value(dvh, "V100%", 52.8) == pytest.approx(100 * flat, abs=1e-4)
    assert value(dvh, "V52.8Gy") == pytest.approx(100 * flat, abs=1e-4)
    assert value(dvh, "V52.81Gy") == 0
    assert value(dvh, "CV52.8Gy[%]") == pytest.approx(100 * (1 - flat), abs=1e-4)
    assert value(dvh, "V52.79Gy") == pytest.approx(100 * (20.3 + 0.002) / total, abs=0.01)
    assert value(dvh, "V40.3Gy") == pytest.approx(100 * 22.8 / total, abs=0.01)
    for text in ("D80%", "D50%", "D2%", "D0.03cc", "Max"):
        assert value(dvh, text) == pytest.approx(52.8, rel=1e-7), text
    assert value(dvh, "D90%") == pytest.approx(52.8 - 5 * (0.9 * total - 20.3), abs=2e-3)
    assert value(dvh, "Min") == pytest.approx(27.8, abs=1e-4)
    assert value(dvh, "Mean") == pytest.approx(flat * 52.8 + (1 - flat) * 40.3, rel=1e-6)
    assert dvh.differential_cc.sum() == pytest.approx(dvh.volume_cc)


def test_two_plateaus_keep_their_volumes_apart():
    def step(x, y, z):
        return np.where(x < 0.1, 30.0, 45.0) + 0 * (y + z)

    grid = Grid((-20, -20, -20), (1, 0, 0), (0, 1, 0), (2.5, 2.5), np.arange(17) * 2.5, (17, 17))
    planes = {z: [naive.box((-10, 12.5), (-7, 8))] for z in (-2.5, 0.0, 2.5)}
    dvh = dose_volume(naive.stack_of(planes, 2.5), naive.dose_of(step, grid))
    assert value(dvh, "V45Gy[cc]") == pytest.approx(10.0 * 15 * 7.5 / 1000, rel=1e-6)
    assert value(dvh, "V30Gy") == 100
    assert value(dvh, "CV30.001Gy[cc]") == pytest.approx(10.0 * 15 * 7.5 / 1000, rel=1e-3)
    assert value(dvh, "D40%") == 45
    assert value(dvh, "D60%") == 30


def test_a_turned_grid_has_plateaus_too():
    tilt = radians(10)
    across = (cos(tilt), sin(tilt), 0.0), (-sin(tilt), cos(tilt), 0.0)
    grid = Grid((-40, -55, -50), *across, (2.5, 2.5), np.arange(40) * 2.5, (40, 40))
    dose = naive.dose_of(lambda x, y, z: np.where(x > -30, 48.0, 3.0) + 0 * (y + z), grid)
    dvh = dose_volume(naive.stack_of({0.0: naive.disc(9)}, 3.0), dose)
    assert value(dvh, "V48Gy") == 100
    assert value(dvh, "V48.0001Gy") == 0


def test_a_dose_that_hardly_changes_keeps_its_digits():
    """From 20 Gy less to 20 Gy more 1.6 mGy: bins follow the span of the dose, not 1 cGy."""
    gradient = (2e-4, 0, 0)
    stack = naive.stack_of({z: naive.disc(8.0) for z in np.arange(-4, 5, 2.0)}, 2.0)
    dvh = dose_volume(stack, naive.dose_of(linear(gradient)))
    doses = np.linspace(-0.002, 0.002, 4001)
    below = naive.discs_curve(dict.fromkeys(np.arange(-4, 5, 2.0), 8.0), 2.0, gradient, doses)
    for percent in (98, 90, 10, 2):
        truth = 20 + np.interp(below[-1] * (1 - percent / 100), below, doses)
        assert value(dvh, f"D{percent}%") == pytest.approx(truth, abs=2e-5)


def test_a_sliver_of_a_structure_has_its_dose():
    """A disc of 0.02 mm3 and 0.05 mm thickness, wholly on a plateau."""
    stack = naive.stack_of({0.3: naive.disc(0.36)}, 0.05)
    dvh = dose_volume(stack, naive.dose_of(linear((0.0, 0.0, 0.0))))
    assert dvh.volume_cc == pytest.approx(np.pi * 0.36**2 * 0.05 / 1000, rel=0.01)
    assert value(dvh, "D50%") == pytest.approx(20, abs=1e-6)
    assert value(dvh, "V20Gy") == pytest.approx(100)


def test_a_flat_part_below_a_cubic_millimetre_counts_in_whole():
    """Half of 0.28 mm3 lies on a plateau of 20 Gy, the rest rises by 1 Gy/mm."""
    bend = -38.7 + 15 * 2.5  # a plane of the grid: the dose bends there and nowhere else
    dose = naive.dose_of(lambda x, y, z: 20 + np.maximum(0.0, z - bend) + 0 * (x + y))
    dvh = dose_volume(naive.stack_of({bend: naive.disc(0.3)}, 1.0), dose)
    assert value(dvh, "D75%") == pytest.approx(20, abs=1e-4)
    assert value(dvh, "D25%") == pytest.approx(20.25, abs=5e-3)
    assert value(dvh, "V20.001Gy") == pytest.approx(50, abs=0.5)
