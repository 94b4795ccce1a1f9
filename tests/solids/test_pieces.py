"""Parts and limbs of a structure, and the depths of its sections."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naive import depth as naive
from naive.shapes import box_ring, circle, planes, prism, sphere
from rtvol._kernels.closing import edge_moves, move_outline
from rtvol._kernels.depth import section_depth
from rtvol.margins.grow import runs_of
from rtvol.solids.distance import level_volume_cc, on_planes
from rtvol.solids.ends import MovingOutline
from rtvol.solids.lattice import Lattice
from rtvol.solids.loft import loft
from rtvol.solids.pieces import Body
from rtvol.solids.stack import stack_planes
from rtvol.structures import Contour, Roi


def flat(rings):
    rings = [np.asarray(ring, float) for ring in rings]
    return np.concatenate(rings), np.cumsum([0, *map(len, rings)], dtype=np.int64)


@st.composite
def stars(draw):
    count = draw(st.integers(3, 9))
    radii = draw(st.lists(st.floats(2, 9), min_size=count, max_size=count))
    angles = 2 * np.pi * (np.arange(count) + draw(st.floats(0, 1))) / count
    return np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1)


@settings(max_examples=25, deadline=None)
@given(stars(), st.booleans())
def test_depth_agrees_with_the_plain_twin(ring, with_hole):
    rings = [ring, ring * 0.3] if with_hole else [ring]
    depth, x, y = section_depth(*flat(rings), 0, len(rings), 0.004, 0.0)
    lists = [r.tolist() for r in rings]
    coarse = naive.section_depth(lists, 0.25)
    assert coarse - 0.005 <= depth <= coarse + 0.18
    assert -naive.signed_distance(x, y, lists) == pytest.approx(depth, abs=1e-6)


@pytest.mark.compiled
def test_depths_in_closed_form():
    for ring, true in (
        (circle(7, x=0.17, points=400), 7),
        (box_ring((0, 24), (0, 0.25)), 0.125),
        (box_ring((3, 24), (1, 11)), 5),
    ):
        assert section_depth(*flat([ring]), 0, 1, 0.004, 0.0)[0] == pytest.approx(true, abs=0.01)
    tube = [circle(15, points=400), circle(8, points=400)]
    assert section_depth(*flat(tube), 0, 2, 0.004, 0.0)[0] == pytest.approx(3.5, abs=0.01)


@pytest.mark.compiled
@pytest.mark.parametrize("shift", [0.0, 0.17, 0.31, 0.49, 1000.0])
def test_depth_moves_with_the_rings(shift):
    at_rest = section_depth(*flat([circle(7)]), 0, 1, 0.004, 0.002)
    moved = section_depth(*flat([circle(7) + shift]), 0, 1, 0.004, 0.002)
    assert moved[0] == pytest.approx(at_rest[0], abs=1e-9)


@settings(max_examples=25, deadline=None)
@given(stars(), st.floats(1.1, 1.6))
def test_edge_moves_agree_with_the_plain_twin(ring, larger):
    found = edge_moves(*flat([ring]), *flat([ring * larger]), 6.0)
    plain = naive.edge_moves([ring.tolist()], [(ring * larger).tolist()], 6.0)
    np.testing.assert_allclose(found, plain, atol=5e-3)


@settings(max_examples=25, deadline=None)
@given(stars(), st.data())
def test_moved_outline_agrees_with_the_plain_twin(ring, data):
    speeds = np.array(data.draw(st.lists(st.floats(0, 3), min_size=len(ring), max_size=len(ring))))
    axis = np.arange(-10, 10, 1.7)
    lists, deltas = [ring.tolist()], np.array([0.2, 1.5])
    out = np.empty((2, axis.size, axis.size), np.float32)
    move_outline(*flat([ring]), speeds, axis, axis, deltas, out)
    for k, j, i in np.ndindex(out.shape):
        own = naive.signed_distance(axis[i], axis[j], lists)
        plain = naive.moved_outline(axis[i], axis[j], lists, speeds, deltas[k])
        assert out[k, j, i] == pytest.approx(plain if own < 0 else own, abs=1e-4)


def stack_of(*rois):
    contours = tuple(contour for roi in rois for contour in roi.contours)
    return stack_planes(Roi("GTV", 1, "GTV", contours))[0]


def split(stack):
    return list(Body.of(stack).pieces)


@pytest.mark.compiled
def test_two_lesions_are_two_pieces_and_a_tube_is_one():
    z = planes(2.5, 0.3)
    pair = stack_of(sphere(9, z, centre=(-12, 0, 4)), sphere(6, z, centre=(12, 0, -4)))
    spans = {(p.planes.size, p.rings(pair, slice(None))[1].size - 1) for p in split(pair)}
    own = {sum(abs(z - centre) < r) for centre, r in ((4, 9), (-4, 6))}
    assert spans == {(n, n) for n in own}
    tube = stack_of(prism(circle(15), [0, 2, 4]), prism(circle(8), [0, 2, 4]))
    (piece,) = split(tube)
    assert [len(areas) for areas in piece.areas] == [1, 1, 1]


def fork(left_planes, right_planes):
    """A trunk on planes 0..8 with a leg on either side above it."""
    trunk = prism(box_ring((-20, 20), (-6, 6)), np.arange(0, 9, 2.0))
    legs = [
        prism(box_ring((x - 6, x + 6), (-6, 6)), 8 + 2.0 * np.arange(1, count + 1))
        for x, count in ((-12, left_planes), (12, right_planes))
    ]
    return stack_of(trunk, *legs)


@pytest.mark.parametrize("counts", [(3, 6), (4, 4)])
def test_each_leg_of_a_fork_ends_by_itself(counts):
    stack = fork(*counts)
    main, limb = split(stack)
    assert main.planes[0] == 0
    tops = {stack.z_mm[piece.last] for piece in (main, limb)}
    assert tops == {8 + 2.0 * count for count in counts}
    assert stack.z_mm[limb.first] == 8.0


@pytest.mark.compiled
def test_both_poles_of_a_pair_are_reached_whatever_the_other_does():
    z = planes(2.5, 0.3)
    pair = stack_of(sphere(9, z, centre=(-12, 0, 4)), sphere(6, z, centre=(12, 0, -4)))
    lattice = Lattice.around((-22, 22), (-10, 10), np.arange(-14, 16, 0.5), 0.5)
    (run,) = loft(Body.of(pair), lattice, band_mm=30, reach_mm=0.0)
    for centre, top in ((-12, 13), (12, 2)):
        column = np.argmin(abs(lattice.x_mm - centre))
        row = np.argmin(abs(lattice.y_mm))
        inside = run.z_mm[run.field[:, row, column] < 0]
        assert inside[-1] == pytest.approx(top, abs=0.55)
        assert inside[-1] <= top + 0.05


@pytest.mark.compiled
def test_a_ridge_closes_where_its_depth_falls_to_nothing():
    """A bar with a gabled roof: the ridge lies at z = 6 mm, 14 mm above the eaves."""
    for phase in (0.2, 0.9, 1.6):
        z = np.arange(-16, 6, 2.0) + phase
        rings = []
        for k in z[z < 6]:
            half = min(8.0, 8 * (6 - k) / 14)
            rings.append(Contour(np.array(box_ring((-15, 15), (-half, half))), k))
        stack, _ = stack_planes(Roi("bar", 1, "", tuple(rings)))
        lattice = Lattice.around((-16, 16), (-9, 9), np.arange(-18, 9, 0.5), 0.5)
        (run,) = loft(Body.of(stack), lattice, band_mm=30, reach_mm=0.0)
        assert run.z_mm[-1] == pytest.approx(6, abs=0.1)


@pytest.mark.compiled
@pytest.mark.parametrize("counts", [(3, 6), (4, 4), (1, 5)])
def test_a_fork_is_lofted_with_both_its_legs(counts):
    stack = fork(*counts)
    lattice = Lattice.around((-22, 22), (-8, 8), np.arange(-3, 26, 0.5), 0.5)
    (run,) = loft(Body.of(stack), lattice, band_mm=30, reach_mm=0.0)
    field = on_planes([run], lattice)
    # slabs: the trunk to half a spacing beyond its planes, each leg from there to beyond its own
    exact = (40 * 12 * 10 + sum(12 * 12 * 2 * count for count in counts)) / 1000
    assert level_volume_cc(field, lattice) == pytest.approx(exact, rel=0.03)
    for x, count in zip((-12, 12), counts, strict=True):
        column = np.argmin(abs(lattice.x_mm - x))
        inside = lattice.z_mm[field[:, np.argmin(abs(lattice.y_mm)), column] < 0]
        assert inside[-1] == pytest.approx(9 + 2 * count, abs=0.55)


@pytest.mark.compiled
def test_legs_below_a_trunk_and_a_lattice_that_ends_before_them():
    trunk = prism(box_ring((-20, 20), (-6, 6)), np.arange(0, 9, 2.0))
    low, lower = (np.arange(-2, -2 - 2 * count, -2.0)[::-1] for count in (3, 5))
    legs = [prism(box_ring((x - 6, x + 6), (-6, 6)), z) for x, z in ((-12, low), (12, lower))]
    stack = stack_of(trunk, *legs)
    lattice = Lattice.around((-22, 22), (-8, 8), np.arange(-14, 13, 0.5), 0.5)
    (run,) = loft(Body.of(stack), lattice, band_mm=30, reach_mm=0.0)
    exact = (40 * 12 * 10 + 12 * 12 * 2 * (3 + 5)) / 1000
    assert level_volume_cc(on_planes([run], lattice), lattice) == pytest.approx(exact, rel=0.03)
    short = Lattice.around((-22, 22), (-8, 8), np.arange(-3, 6.5, 0.5), 0.5)
    (part,) = loft(Body.of(fork(1, 1)), short, band_mm=30, reach_mm=0.0)
    assert (part.z_mm[0], part.z_mm[-1]) == (-1.0, 6.0)


def test_an_arch_between_two_blocks_and_what_is_left_of_them():
    """The arch is the thinner tip; without it the blocks are apart, and only one has a tower."""
    blocks = [prism(box_ring(x, (-6, 6)), [0.0]) for x in ((-20, -2), (2, 20))]
    arch = prism(box_ring((-6, 12), (-2, 2)), [2.0])
    tower = prism(box_ring((-20, -14), (-6, 6)), [2.0])
    main, limb = split(stack_of(*blocks, arch, tower))
    assert [len(areas) for areas in main.areas] == [2, 1]
    assert limb.areas[-1][0].depth_mm == pytest.approx(2, abs=0.05)


def test_legs_on_a_trunk_of_one_plane():
    trunk = prism(box_ring((-20, 20), (-6, 6)), [0.0])
    legs = [prism(box_ring((x - 6, x + 6), (-6, 6)), [2.0, 4.0, 6.0]) for x in (-12, 12)]
    main, limb = split(stack_of(trunk, *legs))
    assert main.planes.tolist() == [0, 1, 2, 3]
    assert (limb.first, limb.last) == (0, 3)


def test_bars_that_cross_are_one_piece_and_those_that_pass_are_two():
    bar = prism(box_ring((-20, 20), (-3, 3)), [0.0, 2.0])
    across = prism(box_ring((8, 14), (-20, 20)), [4.0, 6.0])
    assert len(split(stack_of(bar, across))) == 1
    hook = [(-20, -20), (20, -20), (20, -14), (-14, -14), (-14, 20), (-20, 20)]
    beside = prism(box_ring((-8, 8), (-8, 8)), [4.0, 6.0])
    assert len(split(stack_of(prism(hook, [0.0, 2.0]), beside))) == 2


@pytest.mark.compiled
def test_two_planes_end_as_their_slab_does():
    stack = stack_of(prism(box_ring((-9, 9), (-6, 6)), [0.0, 2.0]))
    lattice = Lattice.around((-11, 11), (-8, 8), np.arange(-2, 5, 0.25), 0.5)
    (run,) = loft(Body.of(stack), lattice, band_mm=30, reach_mm=0.0)
    assert (run.z_mm[0], run.z_mm[-1]) == (-1.0, 3.0)
    field = on_planes([run], lattice)
    assert level_volume_cc(field, lattice) == pytest.approx(18 * 12 * 4 / 1000, rel=0.02)


@pytest.mark.compiled
def test_an_outline_too_thin_to_be_moved_leaves_its_field():
    sliver, starts = flat([np.array(box_ring((-9, 9), (-0.002, 0.002)))])
    lattice = Lattice.around((-11, 11), (-3, 3), np.arange(0, 2, 1.0), 0.5)
    own = np.full(lattice.shape_ji, 1.0, np.float32).reshape(-1)
    field = np.stack([own, own])
    end = MovingOutline(sliver, starts, np.array([1.0, 0.5, 1.0, 0.5]), lattice)
    end.move(np.array([0.1, 0.2]), own, field)
    assert (field == 1.0).all()


@pytest.mark.compiled
def test_a_field_that_reaches_the_last_plane_ends_there():
    lattice = Lattice.around((-8, 8), (-8, 8), np.arange(0, 5, 1.0), 0.5)
    away = np.hypot(lattice.x_mm[None, :], lattice.y_mm[:, None]) - 5
    (run,) = runs_of(np.repeat(away[None], 5, axis=0).astype(np.float32), lattice, band_mm=9)
    assert run.z_mm.tolist() == lattice.z_mm.tolist()
    np.testing.assert_allclose(run.field[2], away, atol=0.02)


@pytest.mark.compiled
def test_a_field_ends_between_the_last_plane_it_holds_and_the_first_it_does_not():
    lattice = Lattice.around((-8, 8), (-8, 8), np.arange(-5.5, 6, 1.0), 0.5)
    x, y, z = lattice.x_mm, lattice.y_mm[:, None], lattice.z_mm[:, None, None]
    ball = (np.sqrt(x**2 + y**2 + z**2) - 5).astype(np.float32)
    (run,) = runs_of(ball, lattice, band_mm=9)
    assert (run.z_mm[0], run.z_mm[-1]) == pytest.approx((-5, 5), abs=0.15)
