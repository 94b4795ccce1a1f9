"""Expressions of solids against closed forms: balls, lenses, caps."""

import numpy as np
import pytest

from naive.shapes import box_ring, cap_cc, planes, prism, sphere, sphere_cc
from rtvol.errors import CaseRejected, UsageError
from rtvol.margins.algebra import (
    Expanded,
    clip,
    confine,
    drawn,
    expand,
    intersect,
    shrink,
    subtract,
    union,
)
from rtvol.margins.evaluate import lattice_of, solid_volume_cc
from rtvol.margins.margin import Margin
from rtvol.solids.stack import stack_planes

Z = planes(2.0, 0.3)


def ball(radius, x=0.0):
    return drawn(stack_planes(sphere(radius, Z, centre=(x, 0.0, 0.0)))[0])


def wall(face):
    return drawn(stack_planes(prism(box_ring((face, face + 60), (-50, 50)), Z))[0])


def volume(solid, step=0.6):
    return solid_volume_cc(solid, lattice_of(solid, step))


def test_growth_of_a_growth_is_one_growth():
    chain = expand(expand(ball(12), Margin.uniform(2)), Margin.uniform(4))
    assert isinstance(chain, Expanded)
    assert chain.margin == Margin.uniform(6)
    assert volume(chain) == pytest.approx(sphere_cc(18), rel=0.005)


def test_shrunk_ball():
    assert volume(shrink(ball(12), 2.0)) == pytest.approx(sphere_cc(10), rel=0.01)


def test_shrink_then_expand_stays_within():
    opened = expand(shrink(ball(12), 2.0), Margin.uniform(2))
    assert volume(opened) == pytest.approx(sphere_cc(12), rel=0.01)
    assert volume(opened) <= volume(ball(12)) * 1.001


def test_booleans_of_two_balls():
    one, other = ball(12), ball(12, x=16.0)
    lens = 2 * cap_cc(12, 8)
    assert volume(intersect(one, other)) == pytest.approx(lens, rel=0.01)
    assert volume(union(one, other)) == pytest.approx(2 * sphere_cc(12) - lens, rel=0.006)
    assert volume(subtract(one, other)) == pytest.approx(sphere_cc(12) - lens, rel=0.006)


@pytest.mark.parametrize("gap", [0.0, 2.0, -2.0])
def test_clip_and_confine_at_a_wall(gap):
    lost = cap_cc(12, 6 - gap)
    assert volume(clip(ball(12), wall(6.0), gap_mm=gap)) == pytest.approx(
        sphere_cc(12) - lost, rel=0.008
    )
    inside = confine(ball(12), wall(6.0), gap_mm=gap)
    assert volume(inside) == pytest.approx(cap_cc(12, 6 + gap), rel=0.025)


def test_a_cut_solid_grows_below_the_voxel():
    """A ball cut in half, grown by 3 mm: half a grown ball, a slab under it, a rounded rim."""
    half = clip(ball(12), wall(0.0))
    m, r = 3.0, 12.0
    rim = np.pi * m * m / 4 * 2 * np.pi * (r + 4 * m / (3 * np.pi))
    truth = (2 / 3 * np.pi * (r + m) ** 3 + np.pi * r * r * m + rim) / 1000
    # the pieces only touch: half a grown ball, the slab under it, the quarter torus of the rim
    assert volume(expand(half, Margin.uniform(m)), 0.4) == pytest.approx(truth, rel=0.008)


def test_what_is_gone_is_an_error_not_0_cc():
    with pytest.raises(CaseRejected) as caught:
        volume(shrink(ball(5), 6.0))
    assert caught.value.finding.code == "nothing-left"
    with pytest.raises(UsageError):
        volume(intersect(ball(5), ball(5, x=60.0)))


def test_a_finer_or_coarser_lattice_says_the_same():
    solid = expand(clip(ball(12), wall(6.0), gap_mm=1.0), Margin.uniform(3))
    assert volume(solid, 0.4) == pytest.approx(volume(solid, 0.6), rel=5e-3)
