"""Cubic doses: the kernels against plain twins, linear fields exactly, curved fields closely."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naive import cubic as plain
from naive import dose as naive
from rtvol._kernels import cubic
from rtvol.dvh import dose_volume, evaluate, parse_metric, sampling
from rtvol.geometry import Grid
from rtvol.phantoms.doses import Gaussian, Plateau


@given(st.integers(0, 2**31), st.integers(2, 9), st.integers(1, 5))
@settings(max_examples=25)
def test_refined_lines_are_natural_splines(seed, count, parts):
    draw = np.random.default_rng(seed)
    at = np.cumsum(draw.uniform(1, 4, count))
    values = draw.uniform(0, 60, (count, 3))
    first = int(draw.integers(0, count - 1))
    found = cubic.refine(values, at, parts, first, count - 1)
    index = np.arange((count - 1 - first) * parts + 1) / parts + first
    wanted = np.interp(index, np.arange(count), at)
    for column in range(3):
        truth = plain.spline(values[:, column], at, wanted)
        assert np.allclose(found[:, column], truth, atol=1e-9)
    assert np.array_equal(found[::parts], values[first:])


@given(st.integers(0, 2**31))
@settings(max_examples=10)
def test_bounds_are_those_of_the_samples_around(seed):
    draw = np.random.default_rng(seed)
    samples = draw.uniform(0, 60, (5, 6, 4)).astype(np.float32)
    if seed % 2:
        samples = np.sort(samples, axis=seed % 3) ** 2
    assert np.allclose(cubic.headroom(samples), plain.headroom(samples), atol=1e-4)
    parts, first = (2, 3, 1), (1, 0, 1)
    fine = draw.uniform(-900, 4000, (5, 13, 2)).astype(np.float32)
    cut = fine.copy()
    cubic.bound(cut, samples, parts, first)
    for place in np.ndindex(*fine.shape):
        cell = tuple(
            min(index // part + start, size - 2)
            for index, part, start, size in zip(place, parts, first, samples.shape, strict=True)
        )
        low, high = plain.bounds(samples, cell)
        assert cut[place] == pytest.approx(min(max(fine[place], low), high), abs=1e-3)


@pytest.mark.compiled
def test_a_step_makes_no_dose_beyond_it():
    dose = naive.dose_of(lambda x, y, z: np.where(x > 0.3, 60.0, 0.0) + 0 * (y + z))
    stack = naive.stack_of({z: naive.disc(9) for z in (-2.5, 0.0, 2.5)}, 2.5)
    dvh = dose_volume(stack, dose, interpolation="cubic")
    assert dvh.min_gy == 0
    assert dvh.max_gy == 60


@pytest.mark.parametrize("gradient", [(0.5, 0.2, -0.4), (0.0, 0.0, 0.7)])
def test_linear_doses_stay_what_they_are_up_to_the_edge_of_the_grid(gradient):
    def field(x, y, z):
        return 30 + gradient[0] * x + gradient[1] * y + gradient[2] * z

    grid = Grid(
        (-8, -7, -6), (1, 0, 0), (0, 1, 0), (2.5, 2.0), np.array([0, 2, 5, 7, 12.0]), (6, 8)
    )
    stack = naive.stack_of({z: [naive.box((-8, 6), (-7, 5.5))] for z in (-4.5, -1.5, 1.5, 4.5)}, 3)
    dose = naive.dose_of(field, grid)
    one, other = (dose_volume(stack, dose, interpolation=kind) for kind in ("linear", "cubic"))
    assert other.outside_fraction == one.outside_fraction == 0
    assert other.volume_cc == one.volume_cc
    for text in ("Min", "Max", "Mean", "D95%", "D50%", "D2%"):
        metric = parse_metric(text)
        assert evaluate(other, metric).value == pytest.approx(evaluate(one, metric).value, rel=2e-4)


def true_doses(planes, thickness_mm, field, step_mm):
    """Doses of a field at a dense lattice inside a slab solid, no grid in between."""
    doses = []
    for z, rings in planes.items():
        low, high = np.vstack(rings).min(axis=0), np.vstack(rings).max(axis=0)
        axes = [np.arange(a + step_mm / 2, b, step_mm) for a, b in zip(low, high, strict=True)]
        points = np.array(np.meshgrid(*axes)).reshape(2, -1).T
        points = points[naive.is_inside(rings, points)]
        layers = round(thickness_mm / step_mm)
        heights = z + thickness_mm * ((np.arange(layers) + 0.5) / layers - 0.5)
        doses += [field.at(np.column_stack([points, np.full(len(points), h)])) for h in heights]
    return np.concatenate(doses)


@pytest.mark.compiled
@pytest.mark.parametrize(
    ("radius", "spacing", "grid_mm", "field"),
    [
        (12, 2.5, 2.5, Gaussian((1.0, -0.5, 0.7), 50.0, (12.0, 9.6, 10.8))),
        (12, 3.0, 3.0, Plateau((0.5, -0.3, 0.2), (12.0, 12.0, 12.0), 40.0, 60.0, 4.0)),
        (4.15, 2.5, 2.0, Gaussian((1.0, -0.5, 0.7), 50.0, (9.0, 7.2, 8.1))),
    ],
)
def test_curved_doses_come_within_two_tenths_of_a_percent_of_the_field(
    radius, spacing, grid_mm, field
):
    planes = {
        z: naive.disc(r, corners=90) for z, r in naive.ball_radii(radius, spacing, 0.3).items()
    }
    stack = naive.stack_of(planes, spacing)
    dose = naive.dose_of(lambda x, y, z: field.at(np.stack([x, y, z], axis=-1)), spacing_mm=grid_mm)
    truth = true_doses(planes, spacing, field, 0.15 if radius > 5 else 0.06)
    trilinear, dvh = (dose_volume(stack, dose, interpolation=kind) for kind in ("linear", "cubic"))
    errors = []
    for percent in (99, 95, 50, 5, 1):
        wanted = np.quantile(truth, 1 - percent / 100)
        found = evaluate(dvh, parse_metric(f"D{percent}%")).value
        coarse = evaluate(trilinear, parse_metric(f"D{percent}%")).value
        errors.append(abs(found / wanted - 1))
        assert errors[-1] < 0.2 * abs(coarse / wanted - 1) + 5e-4, percent
    assert np.mean(errors) < 1.5e-3
    assert dvh.mean_gy == pytest.approx(truth.mean(), rel=1.5e-3)


@pytest.mark.compiled
def test_a_large_structure_is_worked_through_in_parts(monkeypatch):
    field = Gaussian((1.0, -0.5, 0.7), 50.0, (14.0, 12.0, 13.0))
    dose = naive.dose_of(lambda x, y, z: field.at(np.stack([x, y, z], axis=-1)))
    planes = {z: naive.disc(r, corners=60) for z, r in naive.ball_radii(10, 2.5).items()}
    stack = naive.stack_of(planes, 2.5)
    whole = dose_volume(stack, dose, interpolation="cubic")
    monkeypatch.setattr(sampling, "SAMPLES_HELD", 1000)
    parts = dose_volume(stack, dose, interpolation="cubic")
    for text in ("D95%", "D50%", "D2%", "Mean", "Min", "Max"):
        metric = parse_metric(text)
        wanted = evaluate(whole, metric).value
        assert evaluate(parts, metric).value == pytest.approx(wanted, rel=2e-5), text


def test_unknown_samples_are_outside_and_spoil_nothing_else():
    dose = naive.dose_of(lambda x, y, z: np.where(x > 4, np.nan, 20 + 0 * (y + z)))
    # samples lie 2.5 mm apart, the last known one at x = 3.1 mm
    stack = naive.stack_of({z: [naive.box((-5, 6), (-4, 4))] for z in (-1.5, 1.5)}, 3)
    known = (3.1 + 5) / 11
    for kind in ("linear", "cubic"):
        dvh = dose_volume(stack, dose, interpolation=kind)
        assert dvh.outside_fraction == pytest.approx(1 - known, abs=1e-6)
        assert dvh.below_cc[-1] == pytest.approx(known * dvh.volume_cc, rel=1e-6)
        assert (dvh.min_gy, dvh.max_gy) == (20, 20)


def test_unknown_samples_far_away_cost_the_spline_nothing():
    field = Gaussian((1.0, -0.5, 0.7), 50.0, (12.0, 9.6, 10.8))
    planes = {z: naive.disc(r, corners=90) for z, r in naive.ball_radii(9, 2.5, 0.3).items()}
    stack = naive.stack_of(planes, 2.5)

    def known_right_of(left_mm):
        def dose(x, y, z):
            return np.where(x < left_mm, np.nan, field.at(np.stack([x, y, z], axis=-1)))

        return dose_volume(stack, naive.dose_of(dose), interpolation="cubic")

    truth = true_doses(planes, 2.5, field, 0.15)
    far, in_the_box = known_right_of(-17), known_right_of(-9)
    assert far.interpolation == "cubic"
    assert far.outside_fraction == 0
    assert far.mean_gy == pytest.approx(truth.mean(), rel=1.5e-3)
    # beside the structure a spline would have to guess: the dose is linear there, and says so
    assert in_the_box.interpolation == "linear"
