"""The truth of `make accuracy` for DVHs, against closed forms that need no contours."""

from __future__ import annotations

import importlib
import math

import numpy as np
import pytest
from scipy import integrate

from rtvol.phantoms import Box, Cylinder, EllipticCylinder, Linear, Sphere, Torus, Tube, contour


@pytest.fixture(scope="module")
def truth(project_root):
    """The module that `make accuracy` takes its truths from, found the way it finds it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(project_root / "benchmarks" / "accuracy"))
        yield importlib.import_module("dvh_truth")


def slabs_of(truth, solid, spacing, points=2000, phase=0.5):
    planes = (np.arange(-60, 60) + phase) * spacing
    return truth.slabs_of(contour(solid, planes, "S", points=points, true_area=True), spacing)


def linear(*gradient):
    return Linear((0.0, 0.0, 0.0), 50.0, gradient)


def box_share_below(edges, gradient, room):
    """Share of a box below a plane of constant dose, `room` Gy above its coldest corner."""
    steps = np.abs(np.array(edges) * gradient)
    corners = np.array(np.meshgrid([0, 1], [0, 1], [0, 1])).reshape(3, 8).T
    signs = (-1) ** corners.sum(axis=1)
    return float(signs @ np.maximum(room - corners @ steps, 0) ** 3 / (6 * steps.prod()))


def test_box_with_an_oblique_gradient(truth):
    edges, gradient = (10.0, 14.0, 12.0), (0.48, -0.6, 0.64)
    exact = truth.LinearTruth(slabs_of(truth, Box((0, 0, 0), edges), 3.0), linear(*gradient))
    reach = float(np.abs(np.array(edges) * gradient).sum()) / 2
    assert (exact.min_gy, exact.max_gy) == pytest.approx((50 - reach, 50 + reach))
    assert exact.mean_gy == pytest.approx(50, rel=1e-9)
    assert exact.volume_cc == pytest.approx(1.68, rel=1e-9)
    for room in np.linspace(0.05, 0.95, 10) * 2 * reach:
        below = 1.68 * box_share_below(edges, gradient, room)
        assert exact.at_least_cc(50 - reach + room) == pytest.approx(1.68 - below, rel=1e-7)
        assert exact.hottest_gy(1.68 - below) == pytest.approx(50 - reach + room, rel=1e-7)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_box_with_a_gradient_along_an_axis_has_a_straight_curve(truth, axis):
    edges = np.array([10.0, 14.0, 12.0])
    gradient = np.eye(3)[axis] * -0.8
    exact = truth.LinearTruth(slabs_of(truth, Box((0, 0, 0), tuple(edges)), 1.0), linear(*gradient))
    half = 0.8 * edges[axis] / 2
    for share in (0.01, 0.3, 0.97):
        assert exact.hottest_gy(share * 1.68) == pytest.approx(50 + half - share * 2 * half)


def test_upright_cylinder_across_is_a_disc_cut_by_a_chord(truth):
    exact = truth.LinearTruth(slabs_of(truth, Cylinder((0, 0, 0), 12, 24), 2.0), linear(0, 1, 0))
    for offset in (-11.0, -4.0, 0.0, 7.5):
        cap = 144 * math.acos(offset / 12) - offset * math.sqrt(144 - offset**2)
        assert exact.at_least_cc(50 + offset) == pytest.approx(cap * 24 / 1000, rel=1e-5)


def test_elliptic_cylinder_oblique_is_a_scaled_disc(truth):
    """Dose along the longest width of the scaled disc, smeared over the height: a quadrature."""
    solid = EllipticCylinder((0, 0, 0), (15, 9), 20)
    exact = truth.LinearTruth(slabs_of(truth, solid, 2.5), linear(0.6, 0.3, 0.5))
    reach = math.hypot(0.6 * 15, 0.3 * 9)

    def part(z, dose):
        u = min(max((dose - 50 - 0.5 * z) / reach, -1), 1)
        return (math.acos(u) - u * math.sqrt(1 - u * u)) * 15 * 9

    for dose in (44.0, 50.0, 57.0):
        inner = [max(min((dose - 50 + s * reach) / 0.5, 10), -10) for s in (-1, 1)]
        hot, _ = integrate.quad(part, -10, 10, args=(dose,), points=inner, epsabs=1e-7)
        assert exact.at_least_cc(dose) == pytest.approx(hot / 1000, rel=1e-5)


@pytest.mark.parametrize("spacing", [1.0, 3.0])
def test_sphere_along_z_is_a_stair_of_discs(truth, spacing):
    slabs = slabs_of(truth, Sphere((0, 0, 0), 12), spacing)
    exact = truth.LinearTruth(slabs, linear(0, 0, 1))
    planes = (np.arange(-60, 60) + 0.5) * spacing
    discs = np.pi * np.maximum(144 - planes**2, 0)
    assert exact.volume_cc == pytest.approx(discs.sum() * spacing / 1000, rel=1e-9)
    for dose in (41.0, 50.0, 55.3):
        above = np.clip((planes + spacing / 2 - (dose - 50)) / spacing, 0, 1)
        assert exact.at_least_cc(dose) == pytest.approx((discs @ above) * spacing / 1000, rel=1e-9)


@pytest.mark.parametrize("solid", [Tube((0, 0, 0), 15, 8, 24), Torus((0, 0, 0), 16, 6)])
def test_holes_are_left_out(truth, solid):
    exact = truth.LinearTruth(slabs_of(truth, solid, 1.0), linear(1, 0, 0))
    planes = np.arange(-60, 60) + 0.5
    area = sum(solid.section_area_mm2(float(z)) for z in planes)
    assert exact.volume_cc == pytest.approx(area / 1000, rel=1e-9)
    assert exact.at_least_cc(50.0) == pytest.approx(exact.volume_cc / 2, rel=1e-5)
    assert exact.mean_gy == pytest.approx(50, rel=1e-9)


def test_both_truths_agree_on_a_linear_dose(truth):
    dose = linear(0.48, -0.6, 0.64)
    slabs = slabs_of(truth, Sphere((0.3, -0.2, 0.1), 6), 2.0, points=60)
    exact = truth.LinearTruth(slabs, dose)
    dense = truth.DenseTruth(slabs, dose.at, 0.1, np.empty((0, 3)))
    assert dense.min_gy == pytest.approx(exact.min_gy, rel=1e-9)
    assert dense.max_gy == pytest.approx(exact.max_gy, rel=1e-9)
    assert dense.mean_gy == pytest.approx(exact.mean_gy, rel=1e-5)
    for share in (0.99, 0.95, 0.5, 0.05, 0.01):
        part = share * exact.volume_cc
        assert dense.hottest_gy(part) == pytest.approx(exact.hottest_gy(part), rel=5e-5)


def test_dense_truth_of_a_bell_in_a_long_cylinder(truth):
    """A Gaussian that depends on the distance from the axis only: discs of constant dose."""
    slabs = slabs_of(truth, Cylinder((0, 0, 0), 12, 4), 1.0)
    dense = truth.DenseTruth(
        slabs, lambda p: 60 * np.exp(-(p[:, :2] ** 2).sum(axis=1) / 200), 0.05, np.zeros((1, 3))
    )
    assert (dense.min_gy, dense.max_gy) == pytest.approx((60 * math.exp(-0.72), 60), rel=1e-5)
    for radius in (2.0, 6.0, 11.0):
        dose, cc = 60 * math.exp(-(radius**2) / 200), math.pi * radius**2 * 4 / 1000
        assert dense.hottest_gy(cc) == pytest.approx(dose, rel=5e-5)
