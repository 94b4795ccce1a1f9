import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naive import distance as naive
from naive.shapes import box_ring, circle, planes, prism, sphere
from rtvol._kernels.distance import FOLLOWED, plane_distances, plane_gauges
from rtvol._kernels.grow import grow_planes
from rtvol._kernels.loft import extend_end, interpolate_planes, plane_slopes
from rtvol.solids.distance import (
    distance_inside,
    distance_outside,
    level_volume_cc,
    signed_distance,
)
from rtvol.solids.lattice import Lattice
from rtvol.solids.loft import loft
from rtvol.solids.pieces import Body
from rtvol.solids.stack import stack_planes

EDGE = 12.0


@st.composite
def star_rings(draw):
    """One star-shaped ring, sometimes with a smaller one within (hole) or beside (island)."""
    count = draw(st.integers(3, 9))
    radii = draw(st.lists(st.floats(2, 9), min_size=count, max_size=count))
    angles = 2 * np.pi * (np.arange(count) + draw(st.floats(0, 1))) / count
    ring = np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1)
    if draw(st.booleans()):
        ring = ring[::-1].copy()
    rings = [ring]
    if draw(st.booleans()):
        rings.append(ring * 0.4 + draw(st.sampled_from([0.0, 11.0])))
    return rings


def on_lattice(kernel, rings, step, *extra):
    axis = np.arange(-EDGE, EDGE, step)
    out = np.empty((1, axis.size, axis.size), np.float32)
    starts = np.cumsum([0, *map(len, rings)], dtype=np.int64)
    of_planes = np.array([0, len(rings)], np.int64)
    kernel(np.concatenate(rings), starts, of_planes, -EDGE, -EDGE, step, *extra, out)
    return axis, out[0]


@settings(max_examples=40, deadline=None)
@given(star_rings(), st.sampled_from([1.3, 2.0]))
def test_plane_distances_agree_with_the_plain_twin(rings, step):
    axis, values = on_lattice(plane_distances, rings, step, 50.0)
    plain = [[naive.signed_distance(x, y, [r.tolist() for r in rings]) for x in axis] for y in axis]
    size = np.abs(plain)
    np.testing.assert_allclose(np.abs(values), size, atol=2e-5)
    clear = size > 1e-3
    np.testing.assert_array_equal(np.sign(values)[clear], np.sign(plain)[clear])


@settings(max_examples=15, deadline=None)
@given(star_rings(), st.lists(st.floats(0.5, 6), min_size=4, max_size=4))
def test_plane_gauges_agree_with_the_plain_twin(rings, reach):
    axis, values = on_lattice(plane_gauges, rings, 2.5, 40.0, np.array(reach))
    lists = [r.tolist() for r in rings]
    plain = np.array([[naive.signed_gauge(x, y, lists, reach) for x in axis] for y in axis])
    clear = (np.abs(plain) > 1e-2) & (plain < FOLLOWED)
    found, bound = values[clear], np.abs(plain[clear])
    np.testing.assert_array_equal(np.sign(found), np.sign(plain[clear]))
    # the twin samples each edge: its nearest sample lies up to half a sample from the true foot
    longest = max(np.linalg.norm(r - np.roll(r, 1, axis=0), axis=1).max() for r in rings)
    missed = longest / naive.SAMPLES / 2 / min(reach)
    assert (np.abs(found) <= bound * (1 + 1e-5) + 1e-5).all()
    assert (np.hypot(found, missed) >= bound * (1 - 1e-5) - 1e-5).all()


@pytest.mark.parametrize("way", [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1)])
def test_edges_far_beyond_the_lattice_touch_no_point_of_it(way):
    rings = [circle(5) + np.array(way) * 40.0]
    _, euclid = on_lattice(plane_distances, rings, 0.7, 6.0)
    _, gauge = on_lattice(plane_gauges, rings, 0.7, 2.0, np.array([3.0, 1.0, 2.0, 4.0]))
    assert (euclid == 6.0).all()
    assert (gauge == 2.0).all()


def test_equal_reach_is_the_plain_distance():
    rings = [circle(7)]
    _, euclid = on_lattice(plane_distances, rings, 0.7, 30.0)
    _, gauge = on_lattice(plane_gauges, rings, 0.7, 10.0, np.full(4, 3.0))
    near = np.abs(euclid) < 3 * FOLLOWED
    np.testing.assert_allclose(gauge[near] * 3, euclid[near], atol=1e-4)


def test_band_bounds_and_never_changes_what_lies_within():
    rings = [circle(6)]
    _, wide = on_lattice(plane_distances, rings, 0.5, 40.0)
    _, narrow = on_lattice(plane_distances, rings, 0.5, 3.0)
    np.testing.assert_allclose(narrow, np.clip(wide, -3, 3), atol=1e-6)


columns = st.lists(st.floats(-6, 6), min_size=4, max_size=7)


def interpolated(values, z, gap, z_out):
    slopes, out = np.empty_like(values), np.empty((len(z_out), values.shape[1]), np.float32)
    plane_slopes(values, z, slopes)
    interpolate_planes(values, slopes, z, gap, np.asarray(z_out), out)
    return out


@settings(max_examples=60, deadline=None)
@given(columns, st.floats(0.5, 4), st.floats(0.5, 4))
def test_grow_planes_agrees_with_the_plain_twin(column, up, down):
    z = np.arange(len(column)) * 0.8
    z_out = np.linspace(-4, 8, 9)
    out = np.empty((9, 1, 1), np.float32)
    field = np.array(column, np.float32)[:, None, None]
    grow_planes(field, z, z_out, up, down, 50.0, out)
    plain = [naive.grown(zo, z, field[:, 0, 0], up, down) for zo in z_out]
    np.testing.assert_allclose(out[:, 0, 0], plain, rtol=1e-3, atol=2e-3)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.5, 3), st.floats(0.5, 3), st.floats(1.5, 6))
def test_grow_planes_agrees_with_the_plain_twin_on_whole_rows(dice, up, down, limit):
    """Rows with several parts, holes and points out of reach; planes unevenly spaced."""
    random = np.random.default_rng(dice)
    field = random.uniform(-3, 7, (5, 2, 23)).astype(np.float32)
    field[:, 0, 6:15] -= random.uniform(0, 6)
    z = np.cumsum(random.uniform(0.3, 1.5, 5))
    z_out = np.sort(random.uniform(z[0] - 3, z[-1] + 3, 6))
    out = np.empty((6, 2, 23), np.float32)
    grow_planes(field, z, z_out, up, down, limit, out)
    for k, j, i in np.ndindex(out.shape):
        plain = naive.grown(z_out[k], z, field[:, j, i], up, down, samples=100)
        assert out[k, j, i] == pytest.approx(min(plain, limit), rel=0.02, abs=0.02)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-0.9, 0.9), min_size=4, max_size=8), st.floats(0, 0.999))
def test_interpolation_agrees_with_the_plain_twin(column, share):
    z = np.arange(len(column)) * 2.5
    values = np.array(column, np.float32)[:, None]
    for gap in range(len(column) - 1):
        at = z[gap] + share * 2.5
        found = interpolated(values, z, gap, [at])[0, 0]
        assert found == pytest.approx(naive.akima(z, column, at), abs=1e-4)


def test_interpolation_keeps_a_line_and_a_jump():
    z = np.arange(6) * 2.0
    line = (0.4 * z - 1)[:, None].astype(np.float32)
    jump = np.array([-6, -6, -6, 6, 6, 6], np.float32)[:, None]
    assert interpolated(line, z, 2, [5.2])[0, 0] == pytest.approx(0.4 * 5.2 - 1, abs=1e-6)
    assert interpolated(jump, z, 2, [4.9, 5.1])[:, 0].tolist() == [-6.0, 6.0]


@pytest.mark.parametrize(
    ("values", "slope"),
    [
        ([-1.0], 0.0),  # one plane: nothing says how it ends
        ([-1.0, -1.8], 0.4),  # two: their line, where it closes
        ([-1.8, -1.0], 0.0),  # never outwards
        ([1.0, 2.0, 2.2], 0.0),
    ],
)
def test_ends_that_few_planes_decide_never_run_outwards(values, slope):
    planes_in = np.array(values, np.float32)[:, None]
    z, z_out = -2.0 * np.arange(len(values)), np.array([0.5, 1.5])
    out = np.empty((2, 1), np.float32)
    extend_end(planes_in, z, z_out, out)
    np.testing.assert_allclose(out[:, 0], values[0] + slope * z_out, atol=1e-6)


def test_ends_follow_the_parabola_of_three_planes():
    z = np.array([0.0, -2.0, -4.0])
    parabola = (0.1 * z**2 + 0.3 * z - 2)[:, None].astype(np.float32)
    at = np.array([0.5, 1.0])
    out = np.empty((2, 1), np.float32)
    extend_end(parabola, z, at, out)
    np.testing.assert_allclose(out[:, 0], 0.1 * at**2 + 0.3 * at - 2, atol=1e-5)


def lattice_for(reach, z, step=0.5):
    return Lattice.around((-reach, reach), (-reach, reach), z, step)


@pytest.mark.compiled
def test_signed_distance_of_a_sphere():
    stack, _ = stack_planes(sphere(10, planes(1.0, 0.25)))
    lattice = lattice_for(16, np.arange(-16, 16.1, 1.0))
    runs = loft(Body.of(stack), lattice, band_mm=20, reach_mm=8)
    distance = signed_distance(runs, lattice, outside_mm=5.0, inside_mm=5.0)
    z, y, x = np.meshgrid(lattice.z_mm, lattice.y_mm, lattice.x_mm, indexing="ij")
    truth = np.sqrt(x * x + y * y + z * z) - 10
    error = np.where(np.abs(truth) < 4, np.abs(distance - truth), 0)
    assert error[np.abs(truth) < 4].mean() < 0.02
    assert error[np.abs(z) < 6].max() < 0.05
    # the last contours lie up to a spacing below the poles, and ends close within half of one
    assert error.max() < 0.5


@pytest.mark.compiled
def test_depth_below_a_flat_end_is_the_way_to_that_end():
    ring = box_ring((-20, 20), (-20, 20))
    stack, _ = stack_planes(prism(ring, np.arange(0, 21, 2.0)))
    lattice = lattice_for(22, np.arange(-2, 23, 0.5))
    runs = loft(Body.of(stack), lattice, band_mm=25, reach_mm=6)
    inside = distance_inside(runs, lattice, limit_mm=6)
    centre = inside[:, lattice.shape_ji[0] // 2, lattice.shape_ji[1] // 2]
    expected = np.clip(np.minimum(lattice.z_mm + 1, 21 - lattice.z_mm), 0, 6)
    np.testing.assert_allclose(centre, expected, atol=2e-3)


def test_level_volume_of_a_half_space_between_planes():
    lattice = lattice_for(5, np.arange(0, 10.1, 1.0))
    field = np.broadcast_to(
        (lattice.z_mm - 4.3).astype(np.float32)[:, None, None], lattice.shape
    ).copy()
    area = (lattice.shape_ji[0] - 1) * (lattice.shape_ji[1] - 1) * 0.25
    assert level_volume_cc(field, lattice) == pytest.approx(area * 4.3 / 1000, rel=0.02)


def test_no_solid_is_nowhere_near_and_two_are_as_near_as_the_nearer():
    lattice = Lattice.around((-12, 12), (-12, 12), np.arange(-8, 9, 1.0), 1.0)
    assert (distance_outside([], lattice, limit=4.0) == 4.0).all()
    runs = [
        loft(Body.of(stack_planes(prism(circle(5), z))[0]), lattice, band_mm=30, reach_mm=0.0)[0]
        for z in (np.arange(-8, -3, 2.0), np.arange(2, 9, 2.0))
    ]
    both = distance_outside(runs, lattice, limit=40.0)
    each = [distance_outside([run], lattice, limit=40.0) for run in runs]
    np.testing.assert_array_equal(both, np.minimum(*each))
    assert (each[0] != each[1]).any()
