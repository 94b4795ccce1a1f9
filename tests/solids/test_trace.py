"""Level lines: closed forms with their error bound, a plain twin, topology, scikit-image."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.measure import find_contours

from naive.trace import region
from rtvol._kernels.trace import section_areas
from rtvol.errors import GeometryError
from rtvol.solids.trace import trace_planes, trace_rings


def lattice(rows=90, columns=80, step=0.5):
    x, y = np.arange(columns) * step - 20.3, np.arange(rows) * step - 22.1
    return x, y, *np.meshgrid(x, y)


def signed_area(ring):
    x, y = (ring - ring[0]).T
    return (x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


def total(rings):
    return sum(map(signed_area, rings))


@st.composite
def rough_values(draw):
    """Rough lattices: saddles, lone nodes, regions over the border, and whole numbers on level."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    values = rng.normal(size=(draw(st.integers(2, 9)), draw(st.integers(2, 9))))
    return np.round(values) if draw(st.booleans()) else values


def coordinates(values, step_x=0.75, step_y=2.0):
    return np.arange(values.shape[1]) * step_x + 3, np.arange(values.shape[0]) * step_y - 8


# closed forms ---------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [1.0, 0.5, 0.25])
def test_circle_area_within_the_bound_of_linear_interpolation(step):
    radius = 11.0
    x, y, xx, yy = lattice(int(45 / step), int(40 / step), step)
    (ring,) = trace_rings(np.hypot(xx, yy) - radius, x_mm=x, y_mm=y)
    # |second derivative| <= 1/r on an edge: points are off by <= h^2/8r; chords of <= h sqrt 2
    # lose <= h^2/4r more
    bound = 2 * np.pi * radius * (step**2 / (8 * radius) + step**2 / (4 * radius))
    assert abs(signed_area(ring) - np.pi * radius**2) < bound
    assert np.abs(np.hypot(*ring.T) - radius).max() < step**2 / (8 * (radius - step))


def test_a_plane_field_is_traced_exactly():
    x, y, xx, yy = lattice()
    (ring,) = trace_rings(0.6 * xx - 0.8 * yy, x_mm=x, y_mm=y, level=2.9)
    at_border = np.isin(ring[:, 0], x[[0, -1]]) | np.isin(ring[:, 1], y[[0, -1]])
    assert (~at_border).sum() > 50
    assert ring[~at_border] @ [0.6, -0.8] == pytest.approx(2.9, abs=1e-12)
    assert (ring @ [0.6, -0.8] < 2.9 + 1e-9).all()


def test_outer_rings_run_anticlockwise_and_holes_clockwise():
    x, y, xx, yy = lattice()
    shell = np.abs(np.hypot(xx, yy) - 8) - 3
    island = np.hypot(xx, yy) - 2
    rings = trace_rings(np.minimum(shell, island), x_mm=x, y_mm=y)
    expected = np.pi * np.array([121, -25, 4])
    assert sorted(map(signed_area, rings)) == pytest.approx(sorted(expected), rel=0.02)


@pytest.mark.parametrize(("flip_x", "flip_y"), [(1, -1), (-1, 1), (-1, -1)])
def test_descending_coordinates_trace_the_same_region(flip_x, flip_y):
    x, y, xx, yy = lattice()
    values = np.abs(np.hypot(xx - 1, yy) - 8) - 3
    plain = trace_rings(values, x_mm=x, y_mm=y)
    turned = trace_rings(values[::flip_y, ::flip_x], x_mm=x[::flip_x], y_mm=y[::flip_y])
    assert sorted(map(signed_area, turned)) == pytest.approx(sorted(map(signed_area, plain)))


def test_the_border_of_the_lattice_closes_the_region():
    x, y = np.array([0.0, 1.0, 3.0]), np.array([5.0, 7.0])
    (ring,) = trace_rings(np.full((2, 3), -1.0), x_mm=x, y_mm=y)
    assert signed_area(ring) == pytest.approx(6)
    (half,) = trace_rings(np.array([[-1.0, -1, 1], [-1, -1, 1]]), x_mm=x, y_mm=y)
    assert signed_area(half) == pytest.approx(4)


def test_saddles_are_decided_by_their_middle():
    x = y = np.arange(4.0)
    apart = np.full((4, 4), 1.0)
    apart[1, 1] = apart[2, 2] = -0.5
    joined = np.full((4, 4), 1.0)
    joined[1, 1] = joined[2, 2] = -3.0
    assert len(trace_rings(apart, x_mm=x, y_mm=y)) == 2
    assert len(trace_rings(joined, x_mm=x, y_mm=y)) == 1
    assert len(trace_rings(apart[:, ::-1], x_mm=x, y_mm=y)) == 2
    assert len(trace_rings(joined[:, ::-1], x_mm=x, y_mm=y)) == 1


def test_no_region_no_rings_and_a_lone_node_is_kept():
    x = y = np.arange(3.0)
    assert trace_rings(np.ones((3, 3)), x_mm=x, y_mm=y) == []
    assert trace_rings(np.zeros((3, 3)), x_mm=x, y_mm=y) == []
    lone = np.ones((3, 3))
    lone[1, 1] = -1e-6
    (ring,) = trace_rings(lone, x_mm=x, y_mm=y)
    assert signed_area(ring) == pytest.approx(2e-12, rel=1e-4)


# laws -----------------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None)
@given(rough_values(), st.sampled_from([0.0, 0.5, -1.0]))
def test_rings_bound_the_insides_of_all_cells(values, level):
    x, y = coordinates(values)
    rings = trace_rings(values, x_mm=x, y_mm=y, level=level)
    expected = region(values, x, y, level)
    assert total(rings) == pytest.approx(expected.area, rel=1e-9, abs=1e-9)
    if not rings or (values == level).any():
        return  # rings may touch along nodes on the level, where the union has no border
    lines = [shapely.LineString(np.vstack([r, r[:1]])) for r in rings]
    stray = shapely.difference(shapely.unary_union(lines), expected.boundary.buffer(1e-7))
    assert stray.length < 1e-6


@settings(max_examples=150, deadline=None)
@given(rough_values(), st.floats(-1, 1, width=32))
def test_a_section_area_is_the_shoelace_of_the_rings(values, level):
    values, (x, y) = (values - level).astype(np.float32), coordinates(values)
    expected = total(trace_rings(values, x_mm=x, y_mm=y))
    # single precision
    assert areas_of([values], [0], [0.0]) == pytest.approx([expected], rel=1e-5, abs=1e-6)


@settings(max_examples=100, deadline=None)
@given(rough_values(), st.integers(0, 2**32 - 1), st.floats(0, 1, width=32))
def test_areas_between_planes_are_those_of_interpolated_planes(values, seed, share):
    values = values.astype(np.float32)
    above = np.random.default_rng(seed).normal(size=values.shape).astype(np.float32)
    between = values + np.float32(share) * (above - values)
    expected = areas_of([values, above, between], [0, 1, 2], [0, 0, 0])
    found = areas_of([values, above], [0, 1, 0], [0, 0, share])
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-12)


def areas_of(planes, below, shares):
    field = np.array(planes, np.float32)
    field.setflags(write=False)
    below, shares = np.array(below), np.array(shares, np.float32)
    return section_areas(field, below, shares, 0.75, 2.0)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=5), st.floats(-1.5, 1.5))
def test_planes_are_traced_as_each_alone(seeds, shift):
    """Also where the region touches the border, fills the plane, or is not on it."""
    field = np.array([np.random.default_rng(s).normal(size=(6, 9)) + shift for s in seeds])
    field = field.astype(np.float32)
    x, y = coordinates(field[0])
    corners, starts, plane_rings = trace_planes(field, x_mm=x, y_mm=y)
    assert plane_rings.size == len(seeds) + 1
    for plane, values in enumerate(field):
        expected = trace_rings(values, x_mm=x, y_mm=y)
        own = starts[plane_rings[plane] : plane_rings[plane + 1] + 1]
        assert own.size == len(expected) + 1
        for first, end, ring in zip(own, own[1:], expected, strict=False):
            assert np.array_equal(corners[first:end], ring)


@pytest.mark.parametrize("value", [np.nan, -np.inf])
def test_planes_with_what_is_no_number_are_refused(value):
    field = np.ones((2, 4, 4), np.float32)
    field[1, 2, 2] = value
    with pytest.raises(GeometryError, match="not a number"):
        trace_planes(field, x_mm=np.arange(4.0), y_mm=np.arange(4.0))


@settings(max_examples=80, deadline=None)
@given(rough_values())
def test_rings_have_three_corners_or_more_and_repeat_none_in_a_row(values):
    x, y = coordinates(values)
    for ring in trace_rings(values, x_mm=x, y_mm=y):
        assert ring.shape[0] >= 3
        assert (ring != np.roll(ring, 1, axis=0)).any(axis=1).all()


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_inside_and_outside_fill_the_lattice(seed):
    values = np.random.default_rng(seed).normal(size=(7, 8))
    x, y = coordinates(values)
    inside = total(trace_rings(values, x_mm=x, y_mm=y))
    outside = total(trace_rings(-values, x_mm=x, y_mm=y))
    assert inside + outside == pytest.approx(np.ptp(x) * np.ptp(y), rel=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_as_many_rings_as_discs_and_holes(seed):
    rng = np.random.default_rng(seed)
    x, y, xx, yy = lattice(120, 120, 0.4)
    values, outer, holes = np.full(xx.shape, 9.0), 0, 0
    for cx in (-12.0, 4.0, 18.0):
        for cy in (-14.0, 2.0, 17.0):
            kind = rng.integers(3)
            away = np.hypot(xx - cx - rng.uniform(-1, 1), yy - cy - rng.uniform(-1, 1))
            part = [away - 5.5, np.abs(away - 4) - 1.5, away + 1][kind]
            values, outer, holes = np.minimum(values, part), outer + (kind < 2), holes + (kind == 1)
    areas = np.array([signed_area(r) for r in trace_rings(values, x_mm=x, y_mm=y)])
    assert ((areas > 0).sum(), (areas < 0).sum()) == (outer, holes)


def test_the_same_lines_as_scikit_image():
    x, y, xx, yy = lattice(140, 120, 0.4)
    values = np.sin(0.35 * xx) * np.cos(0.28 * yy) + 0.004 * (xx**2 + yy**2) - 0.3
    rings = trace_rings(values, x_mm=x, y_mm=y)
    theirs = [c[:-1] * 0.4 for c in find_contours(values, 0.0)]
    assert len(rings) == len(theirs)
    ours = sorted(map(signed_area, rings))
    assert ours == pytest.approx(sorted(-signed_area(c[:, ::-1]) for c in theirs), rel=1e-9)


# bad input ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "x", "y"),
    [
        (np.ones((3, 4)), np.arange(3.0), np.arange(4.0)),
        (np.ones((1, 4)), np.arange(4.0), np.arange(1.0)),
        (np.ones((3, 4)), np.array([0.0, 1, 1, 2]), np.arange(3.0)),
        (np.array([[1.0, np.nan], [1, 1]]), np.arange(2.0), np.arange(2.0)),
        (np.array([[1.0, -np.inf], [1, 1]]), np.arange(2.0), np.arange(2.0)),
    ],
)
def test_a_bad_lattice_is_refused(values, x, y):
    with pytest.raises(GeometryError, match="bad-lattice"):
        trace_rings(values, x_mm=x, y_mm=y)
