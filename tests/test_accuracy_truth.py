"""The truth engine of `make accuracy`, itself held against closed forms to 1e-4."""

import numpy as np
import pytest

import sums
from bodies import distance_to, ellipsoid_distance
from cases import SIX, shapes, truth_of
from rtvol.margins import Margin
from rtvol.phantoms import Box, Cone, Cylinder, Ellipsoid, Sphere, Torus, Tube
from truth import measure

C = (0.3, -0.2, 0.1)
EXACT = 1e-4


def extent(solid, half, reach=0.0):
    return tuple((c - h - reach - 1, c + h + reach + 1) for c, h in zip(C, half, strict=True))


@pytest.mark.parametrize(
    ("solid", "half"),
    [
        (Sphere(C, 12), (12, 12, 12)),
        (Cylinder(C, 12, 24, "x"), (12, 12, 12)),
        (Cone(C, 12, 24, "z"), (12, 12, 12)),
        (Torus(C, 16, 6), (22, 22, 6)),
        (Tube(C, 15, 8, 24), (15, 15, 12)),
        (Box(C, (20, 16, 10)), (10, 8, 5)),
        (Ellipsoid(C, (15, 10, 12)), (15, 10, 12)),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("margin", [2.0, 6.0])
def test_quadrature_meets_steiner_and_pappus(solid, half, margin):
    distance = distance_to(solid)
    found = measure(lambda p: distance(p) - margin, extent(solid, half, margin))
    assert found.volume_cc == pytest.approx(solid.grown_volume_cc(margin), rel=EXACT)


def test_quadrature_of_shrunk_and_cut_balls():
    ball, face = distance_to(Sphere(C, 12)), C[0] + 5.0
    box = extent(None, (12, 12, 12))
    shrunk = measure(lambda p: ball(p) + 2, box)
    assert shrunk.volume_cc == pytest.approx(Sphere(C, 10).volume_cc, rel=EXACT)
    cut = measure(lambda p: np.maximum(ball(p), p[:, 0] - face), box)
    cap = np.pi * 7**2 * (3 * 12 - 7) / 3000
    assert cut.volume_cc == pytest.approx(Sphere(C, 12).volume_cc - cap, rel=EXACT)


def test_ellipsoid_distance_is_that_of_the_nearest_surface_point():
    axes = np.array([15.0, 10.0, 12.0])
    n = sums.spread(200)
    on = axes * n / np.linalg.norm(n, axis=1)[:, None]
    normal = on / axes**2
    normal /= np.linalg.norm(normal, axis=1)[:, None]
    for way in (-3.0, 0.5, 7.0):
        np.testing.assert_allclose(ellipsoid_distance(on + way * normal, axes), way, atol=1e-6)


def test_hull_of_supports_meets_the_closed_form_of_a_box():
    edges = np.array([20.0, 16.0, 10.0])
    hull = sums.convex_sum(Box(C, tuple(edges)), SIX)
    assert hull.volume_cc == pytest.approx(sums.box_sum_cc(edges, SIX), rel=5e-4)


@pytest.mark.parametrize("solid", [Sphere(C, 12), Cylinder(C, 12, 24, "z"), Cone(C, 12, 24, "x")])
def test_equal_margins_are_a_ball(solid):
    found = sums.convex_sum(solid, Margin.uniform(4))
    assert found.volume_cc == pytest.approx(solid.grown_volume_cc(4), rel=3e-4)


def test_section_sums_meet_the_hull_and_pappus():
    equal = Margin.uniform(4)
    torus, tube = Torus(C, 16, 6).grown_volume_cc(4), Tube(C, 15, 8, 24).grown_volume_cc(4)
    assert sums.torus_sum_cc(16, 6, equal) == pytest.approx(torus, rel=EXACT)
    assert sums.tube_sum_cc(15, 8, 24, equal) == pytest.approx(tube, rel=EXACT)
    upright = sums.convex_sum(Cylinder(C, 12, 24, "z"), SIX).volume_cc
    assert sums.step_sum_cc((12, 12), (12, 12), SIX) == pytest.approx(upright, rel=3e-4)


def test_every_shape_has_every_truth():
    for shape in shapes():
        before = 0.0
        for operation in ("gtv", "grow 2", "grow 4", "2 then 4"):
            truth = truth_of(shape, operation)
            assert truth.volume_cc > before
            assert truth.area_mm2 > 0
            before = truth.volume_cc
