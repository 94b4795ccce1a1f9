"""Expressions of solids against closed forms: balls, lenses, caps; and what is simplified."""

import numpy as np
import pytest

from naive.shapes import box_ring, cap_cc, planes, prism, sphere, sphere_cc
from naive.trees import both, drawn, grown, less, shrunk, union, volume_cc
from rtvol.margins.algebra import Combined, Leaf, Resized, box_of, operations_in, simplified
from rtvol.margins.margin import Margin

Z = planes(2.0, 0.3)


def ball(radius, x=0.0):
    return drawn(sphere(radius, Z, centre=(x, 0.0, 0.0)))


def wall(face):
    return drawn(prism(box_ring((face, face + 60), (-50, 50)), Z))


def volume(tree):
    return volume_cc(tree, Z)


def test_growths_add_up_and_so_do_shrinkings():
    one = ball(12)
    assert simplified(grown(grown(one, 2), 4)) == Resized(one, Margin.uniform(6))
    assert simplified(shrunk(shrunk(one, 1), 2)) == Resized(one, Margin.uniform(-3))
    assert simplified(grown(one, 0)) == one
    there_and_back = simplified(shrunk(grown(one, 2), 2))
    assert isinstance(there_and_back, Resized)
    assert isinstance(there_and_back.part, Resized)


def test_margins_move_to_the_leaves_where_that_is_the_same():
    one, other = ball(12), ball(12, 16)
    assert simplified(grown(union(one, other), 3)) == union(grown(one, 3), grown(other, 3))
    assert simplified(shrunk(both(one, other), 3)) == both(shrunk(one, 3), shrunk(other, 3))
    assert simplified(shrunk(less(one, other), 3)) == less(shrunk(one, 3), grown(other, 3))
    six = Margin(-1, -2, -3, -4, -5, -6)
    cut = simplified(Resized(less(one, other), six))
    assert cut == less(Resized(one, six), Resized(other, Margin(2, 1, 4, 3, 6, 5)))
    kept = grown(both(one, other), 3)
    assert simplified(kept) == kept
    assert operations_in(kept) == {"intersect", "resize"}


@pytest.mark.parametrize("operation", ["union", "intersect", "subtract"])
@pytest.mark.parametrize("margin", ["2", "-2", "L4,R1,A2,P3,S2,I1", "L-4,R-1,A-2,P-3,S-2,I-1"])
def test_what_is_simplified_is_the_same_solid(operation, margin):
    """The same expression with its part made one solid first, which cannot be taken apart."""
    tree = Combined(operation, ball(12), ball(10, 12))
    whole = volume(grown(tree, margin))
    # a union with nothing of it is not taken apart by what shrinks, a cut by all not by growing
    hidden = both(tree, ball(40)) if "-" not in margin else union(tree, ball(2, 60))
    spare = 0.0 if "-" not in margin else volume(grown(ball(2, 60), margin))
    assert volume(grown(hidden, margin)) - spare == pytest.approx(whole, rel=0.012)


def test_shrunk_ball():
    assert volume(shrunk(ball(12), 2.0)) == pytest.approx(sphere_cc(10), rel=0.01)


def test_shrink_then_grow_stays_within():
    opened = grown(shrunk(ball(12), 2.0), 2)
    assert volume(opened) == pytest.approx(sphere_cc(12), rel=0.01)
    assert volume(less(opened, ball(12))) < 0.01


def test_booleans_of_two_balls():
    one, other = ball(12), ball(12, x=16.0)
    lens = 2 * cap_cc(12, 8)
    assert volume(both(one, other)) == pytest.approx(lens, rel=0.01)
    assert volume(union(one, other)) == pytest.approx(2 * sphere_cc(12) - lens, rel=0.006)
    assert volume(less(one, other)) == pytest.approx(sphere_cc(12) - lens, rel=0.006)


@pytest.mark.parametrize("gap", [0.0, 2.0, -2.0])
def test_cut_and_kept_at_a_wall(gap):
    lost = cap_cc(12, 6 - gap)
    assert volume(less(ball(12), grown(wall(6.0), gap))) == pytest.approx(
        sphere_cc(12) - lost, rel=0.008
    )
    inside = both(ball(12), grown(wall(6.0), -gap))
    assert volume(inside) == pytest.approx(cap_cc(12, 6 + gap), rel=0.025)


def test_a_cut_solid_grows_below_the_voxel():
    """A ball cut in half, grown by 3 mm: half a grown ball, a slab under it, a rounded rim."""
    half = less(ball(12), wall(0.0))
    m, r = 3.0, 12.0
    rim = np.pi * m * m / 4 * 2 * np.pi * (r + 4 * m / (3 * np.pi))
    truth = (2 / 3 * np.pi * (r + m) ** 3 + np.pi * r * r * m + rim) / 1000
    # the pieces only touch: half a grown ball, the slab under it, the quarter torus of the rim
    assert volume(grown(half, m)) == pytest.approx(truth, rel=0.008)


@pytest.mark.parametrize("thin_mm", [0.6, 1.0, 2.0])
def test_a_thin_shell_keeps_its_volume(thin_mm):
    one = ball(15)
    shell = less(grown(one, 2 + thin_mm), grown(one, 2))
    assert volume(shell) == pytest.approx(sphere_cc(17 + thin_mm) - sphere_cc(17), rel=0.004)


def test_what_is_gone_is_nothing():
    assert volume(shrunk(ball(5), 6.0)) == 0
    assert volume(both(ball(5), ball(5, x=60.0))) == 0
    assert volume(less(ball(5), ball(5))) == 0
    assert volume(grown(both(ball(5), ball(5, x=60.0)), 20)) == 0
    assert volume(union(both(ball(5), ball(5, x=60.0)), ball(8))) == pytest.approx(
        sphere_cc(8), rel=0.03
    )


def test_boxes_of_expressions():
    def box(x):
        return Leaf(((x[0], x[1]), (0, 1), (0, 1)))

    def of(tree):
        found = box_of(tree, lambda known: known)
        return found and found[0]

    one, other = box((0, 10)), box((4, 20))
    assert of(union(one, other)) == (0, 20)
    assert of(both(one, other)) == (4, 10)
    assert of(less(one, other)) == (0, 10)
    assert of(Resized(one, Margin(1, 2, 0, 0, 0, 0))) == (-2, 11)
    assert of(both(one, box((10, 20)))) is None
    assert of(union(both(one, box((10, 20))), one)) == (0, 10)
    assert of(shrunk(one, 0.6)) is None


def test_a_solid_worked_on_in_blocks_is_the_same(monkeypatch):
    tree = less(grown(ball(12), 3), grown(wall(4.0), 1))
    whole = volume(tree)
    monkeypatch.setattr("rtvol.margins.evaluate.BLOCK_POINTS", 20_000)
    assert volume(tree) == pytest.approx(whole, rel=1e-6)
