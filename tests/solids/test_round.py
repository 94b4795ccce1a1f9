"""Round bodies between and beyond planes: poles and bulges in closed form."""

import numpy as np
import pytest

from naive.shapes import circle, planes, prism, sphere
from rtvol.solids.lattice import Lattice
from rtvol.solids.loft import loft
from rtvol.solids.pieces import Body
from rtvol.solids.round import bulge
from rtvol.solids.stack import stack_planes
from rtvol.structures import Contour, Roi


def runs_of(roi, step=0.6, cap_limit_mm=np.inf):
    stack, _ = stack_planes(roi, cap_limit_mm=cap_limit_mm)
    (x, y, z) = stack.bounds_mm
    lattice = Lattice.around(x, y, np.arange(z[0] - 4, z[1] + 4, 0.5), step)
    return loft(Body.of(stack), lattice, band_mm=30, reach_mm=0.0)


@pytest.mark.parametrize("phase", [0.05, 0.3, 0.55, 0.79])
def test_a_ball_ends_at_its_poles(phase):
    (run,) = runs_of(sphere(12, planes(2.5, phase)))
    assert run.z_mm[0] == pytest.approx(-12, abs=0.08)
    assert run.z_mm[-1] == pytest.approx(12, abs=0.08)


def test_a_flat_end_stays_at_half_a_spacing():
    (run,) = runs_of(prism(circle(9), np.arange(0, 21, 2.5)))
    assert (run.z_mm[0], run.z_mm[-1]) == pytest.approx((-1.25, 21.25))


@pytest.mark.compiled
def test_no_end_goes_on_beyond_a_spacing_nor_where_caps_are_limited():
    z = np.arange(0, 31, 2.5)
    cone = Roi("c", 1, "", tuple(Contour(circle(16 - 0.4 * k), k) for k in z))
    (run,) = runs_of(cone)
    assert run.z_mm[-1] <= z[-1] + 2.5
    (cut,) = runs_of(sphere(12, planes(2.5, 0.3)), cap_limit_mm=0.0)
    on = sphere(12, planes(2.5, 0.3)).planes_mm
    assert (cut.z_mm[0], cut.z_mm[-1]) == pytest.approx((on[0], on[-1]))


def test_the_bulge_of_a_ball_between_two_planes():
    z = np.array([-6.0, -3.0, 0.0, 3.0, 6.0, 9.0])
    radius = np.sqrt(144 - z**2)
    across = np.linspace(-12, 12, 7)
    knots = (abs(across)[None] - radius[:, None]).astype(np.float32)
    at = np.array([7.5])
    out = np.zeros((1, 7), np.float32)
    bulge(knots, z, radius, gap=4, z_out=at, out=out)
    # interpolated radii fall short of the ball, and every column moves alike
    assert np.ptp(out) < 1e-6
    assert -0.15 < out[0, 0] < -0.01


def test_nothing_bulges_where_nothing_moves():
    z = np.arange(4) * 2.0
    knots = np.full((4, 3), -5.0, np.float32)
    out = np.zeros((1, 3), np.float32)
    bulge(knots, z, np.full(4, 5.0), gap=1, z_out=np.array([3.0]), out=out)
    assert (out == 0).all()
