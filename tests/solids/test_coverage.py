"""Coverage and masks: closed forms, a plain twin, laws, grids turned any way."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naive.raster import coverage as naive_coverage
from naive.raster import even_odd_region
from rtvol._kernels import locked
from rtvol._kernels.raster import cover_planes, place_rings, shown_planes
from rtvol.errors import GeometryError
from rtvol.geometry import ON_PLANE_MM, SAME_MM, Grid, crop_grid
from rtvol.solids.areas import plane_areas_mm2
from rtvol.solids.coverage import cover, fill
from rtvol.solids.planes import PlaneStack

AXES = {
    "HFS": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
    "HFP": ((-1.0, 0.0, 0.0), (0.0, -1.0, 0.0)),
    "FFS": ((-1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
    "FFP": ((1.0, 0.0, 0.0), (0.0, -1.0, 0.0)),
    "HFDR": ((0.0, 1.0, 0.0), (-1.0, 0.0, 0.0)),
    "HFDL": ((0.0, -1.0, 0.0), (1.0, 0.0, 0.0)),
    "turned": ((0.8, 0.6, 0.0), (-0.6, 0.8, 0.0)),
}


def stack_of(planes, *, z_mm=None, half_mm=1.25):
    """Planes 2.5 mm apart, each a list of rings."""
    z = np.arange(len(planes)) * 2.5 if z_mm is None else np.asarray(z_mm, dtype=float)
    half = np.full(z.size, half_mm)
    return PlaneStack.of(planes, z_mm=z, below_mm=half, above_mm=half.copy())


def grid_at(position="HFS", *, size=40, spacing=(1.0, 0.8), planes=(0.0, 2.5, 5.0)):
    """Build a grid round (0, 0) whose planes lie at the given patient z."""
    row, column = (np.array(axis) for axis in AXES[position])
    up = np.cross(row, column)[2]
    z = np.sort(np.asarray(planes)) if up > 0 else np.sort(np.asarray(planes))[::-1]
    corner = -(size - 1) / 2 * (row * spacing[1] + column * spacing[0])
    return Grid(
        origin_mm=(float(corner[0]), float(corner[1]), float(z[0])),
        row=AXES[position][0],
        column=AXES[position][1],
        spacing_mm=spacing,
        offsets_mm=np.abs(z - z[0]),
        shape_ji=(size, size),
    )


def star(rng, radius_mm, *, centre=(0.0, 0.0), corners=24):
    angles = np.sort(rng.uniform(0, 2 * np.pi, corners))
    radii = rng.uniform(0.4, 1.0, corners) * radius_mm
    ring = np.column_stack([np.cos(angles), np.sin(angles)]) * radii[:, None] + centre
    return ring[::-1] if rng.random() < 0.5 else ring


@st.composite
def planes_of_stars(draw):
    """A ring with a hole and an island, or rings that cross; any winding."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    if draw(st.booleans()):
        return [star(rng, 12.0), star(rng, 4.0), star(rng, 1.4)]
    return [star(rng, 8.0, centre=rng.uniform(-4, 4, 2)) for _ in range(3)]


def kernel(rings, rows, columns):
    starts = np.cumsum([0, *(len(r) for r in rings)], dtype=np.int64)
    plane = np.array([0, len(rings)], dtype=np.int64)
    arrays = locked(np.concatenate(rings), starts, plane)
    out = np.zeros((1, rows, columns), dtype=np.float32)
    cover_planes(*arrays, np.zeros(1, dtype=np.int64), out)
    return out[0]


# the kernel -----------------------------------------------------------------------------------


def test_rectangle_between_pixel_borders():
    rectangle = np.array([[1.25, 0.5], [3.5, 0.5], [3.5, 2.75], [1.25, 2.75]])
    in_x, in_y = np.array([0, 0.75, 1, 0.5, 0]), np.array([0.5, 1, 0.75, 0])
    np.testing.assert_array_equal(kernel([rectangle], 4, 5), np.outer(in_y, in_x))


def test_triangle_halves_the_pixels_of_its_diagonal():
    triangle = np.array([[0.0, 0.0], [4.0, 0.0], [4.0, 4.0]])
    expected = np.triu(np.ones((4, 4)), 1) + np.eye(4) / 2
    np.testing.assert_allclose(kernel([triangle], 4, 4), expected, atol=1e-7)


@settings(max_examples=40, deadline=None)
@given(planes_of_stars(), st.floats(-6, 12), st.floats(-6, 12))
def test_each_pixel_holds_its_clipped_area_also_beyond_the_border(rings, x, y):
    moved = [ring + np.array([x, y]) for ring in rings]
    got = kernel(moved, 9, 11)
    np.testing.assert_allclose(got, naive_coverage(moved, 9, 11), atol=2e-7)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_scribbles_on_a_lattice_are_even_odd(seed, coarse):
    rng = np.random.default_rng(seed)
    rings = [rng.uniform(0, 8, (rng.integers(3, 9), 2)) for _ in range(rng.integers(1, 4))]
    rings = [np.round(ring) for ring in rings] if coarse else rings
    np.testing.assert_allclose(kernel(rings, 8, 8), naive_coverage(rings, 8, 8), atol=2e-7)


def test_outside_is_zero_and_inside_is_one_without_round_off():
    rng = np.random.default_rng(5)
    rings = [star(rng, 30.0, centre=(32.1, 31.7), corners=90)]
    got = kernel(rings, 64, 64)
    exact = naive_coverage(rings, 64, 64)
    assert (got[exact == 0] == 0).all()
    assert (got[exact > 1 - 1e-12] == 1).all()


# cover ----------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(planes_of_stars(), st.sampled_from(sorted(AXES)))
def test_coverage_sums_to_the_polygon_area(rings, position):
    grid = grid_at(position)
    got = cover(stack_of([rings, rings[:1], rings]), grid)
    sums = got.values.sum(axis=(1, 2), dtype=float) * 1.0 * 0.8
    whole, one = even_odd_region(rings).area, even_odd_region(rings[:1]).area
    assert sums == pytest.approx([whole, one, whole], rel=1e-6)


@settings(max_examples=25, deadline=None)
@given(planes_of_stars(), st.integers(-3, 3), st.integers(-3, 3))
def test_a_shift_by_whole_voxels_shifts_the_coverage(rings, di, dj):
    grid = grid_at()
    here = _on_full_grid(cover(stack_of([rings] * 3), grid), grid)
    moved = [ring + np.array([0.8 * di, 1.0 * dj]) for ring in rings]
    there = _on_full_grid(cover(stack_of([moved] * 3), grid), grid)
    np.testing.assert_allclose(there, np.roll(here, (dj, di), axis=(1, 2)), atol=1e-6)


def _on_full_grid(coverage, grid):
    full = np.zeros(grid.shape)
    k, j, i = coverage.start_kji
    a, b, c = coverage.values.shape
    full[k : k + a, j : j + b, i : i + c] = coverage.values
    return full


@pytest.mark.parametrize("position", sorted(AXES))
def test_voxels_lie_where_the_grid_says(position):
    ring = np.array([[2.0, -5.0], [9.0, -5.0], [9.0, 1.0], [2.0, 1.0]])
    grid = grid_at(position, spacing=(0.5, 0.7), size=60)
    got = cover(stack_of([[ring]] * 3), grid)
    k, j, i = np.nonzero(got.values == 1)
    centres = (got.grid.affine @ np.stack([i, j, k, np.ones(k.size)]))[:3].T
    assert (centres[:, :2] > ring.min(axis=0)).all()
    assert (centres[:, :2] < ring.max(axis=0)).all()
    mean = (got.grid.affine @ np.append(_mean_kji(got.values)[::-1], 1))[:3]
    # partly covered voxels count at their centres, so the mean is only near the rectangle's
    assert mean == pytest.approx([5.5, -2.0, 2.5], abs=0.01)


def _mean_kji(values):
    axes = np.meshgrid(*(np.arange(n) for n in values.shape), indexing="ij")
    return np.array([np.average(axis, weights=values.astype(float)) for axis in axes])


def test_the_crop_is_tight_and_in_the_same_frame():
    ring = np.array([[-1.0, -2.0], [3.0, -2.0], [3.0, 4.0], [-1.0, 4.0]])
    grid = grid_at("HFS", spacing=(1.0, 1.0), size=41, planes=np.arange(9) * 2.5 - 5)
    got = cover(stack_of([[ring]] * 3), grid)
    assert got.start_kji == (2, 18, 19)
    assert got.values.shape == (3, 7, 5)
    assert got.grid.planes_mm[0] == pytest.approx(grid.planes_mm[2] + [19, 18, 0])
    assert got.grid.same_as(crop_grid(grid, got.start_kji, got.values.shape))
    assert not got.values.flags.writeable


def test_each_grid_plane_shows_the_slab_it_lies_in():
    areas = [4.0, 16.0, 36.0]
    rings = [[np.array([[0, 0], [a, 0], [a, a], [0, a]])] for a in (2.0, 4.0, 6.0)]
    z = np.array([-1.3, -1.2, -0.6, 0.0, 1.2499, 1.2501, 2.5, 3.7, 4.9, 6.2, 6.3])
    grid = grid_at(spacing=(1.0, 1.0), planes=z)
    got = _on_full_grid(cover(stack_of(rings), grid), grid).sum(axis=(1, 2))
    expected = [0, 4, 4, 4, areas[1], areas[1], 16, 16, 36, 36, 0]
    assert got == pytest.approx(expected)


def test_a_slab_border_belongs_to_one_slab_whatever_the_rounding():
    ring = [np.array([[0.0, 0.0], [5.0, 0.0], [5.0, 5.0], [0.0, 5.0]])]
    rng = np.random.default_rng(3)
    borders = np.arange(-1, 11) * 2.5 + 1.25
    for _ in range(20):
        z = np.arange(11) * 2.5 + rng.uniform(-1e-4, 1e-4, 11)
        grid = grid_at(spacing=(1.0, 1.0), planes=borders)
        got = cover(stack_of([ring] * 11, z_mm=z), grid)
        assert got.values.sum() == pytest.approx(11 * 25)


def test_ends_without_caps_still_show_their_own_plane():
    ring = [np.array([[0.0, 0.0], [5.0, 0.0], [5.0, 5.0], [0.0, 5.0]])]
    stack = stack_of([ring] * 3)
    bare = PlaneStack(
        **{**vars(stack), "below_mm": np.array([0, 1.25, 1.25])}
        | {"above_mm": np.array([1.25, 1.25, 0])}
    )
    assert cover(bare, grid_at()).values.sum() * 0.8 == pytest.approx(75)


def test_a_structure_that_leaves_the_grid_is_cut():
    ring = np.array([[10.0, -3.0], [60.0, -3.0], [60.0, 3.0], [10.0, 3.0]])
    grid = grid_at(spacing=(1.0, 1.0))
    got = cover(stack_of([[ring]] * 3), grid)
    assert got.values.sum(axis=(1, 2)) == pytest.approx([60] * 3)  # to x = 20 mm, 6 mm high
    assert cover(stack_of([[ring - (70, 0)]] * 3), grid).values.sum() == pytest.approx(180)
    around = np.array([[-90.0, -90.0], [90.0, -90.0], [90.0, 90.0], [-90.0, 90.0]])
    assert (cover(stack_of([[around]] * 3), grid).values == 1).all()


def test_holes_right_and_left_of_the_grid_do_not_smear_into_it():
    big = np.array([[-90.0, -9.0], [90.0, -9.0], [90.0, 9.0], [-90.0, 9.0]])
    left = np.array([[-80.0, -3.0], [-15.0, -3.0], [-15.0, 3.0], [-80.0, 3.0]])
    right = -left
    grid = grid_at(spacing=(1.0, 1.0))
    got = cover(stack_of([[big, left, right]] * 3), grid)
    assert got.values.sum(axis=(1, 2)) == pytest.approx([40 * 18 - 2 * 5 * 6] * 3)


@pytest.mark.parametrize(
    ("shift", "planes"),
    [((300.0, 0.0), (0, 2.5)), ((0.0, -300.0), (0, 2.5)), ((0.0, 0.0), (90.0, 92.5))],
)
def test_nothing_on_the_grid_is_an_error_that_says_where_both_are(shift, planes):
    ring = np.array([[0.0, 0.0], [5.0, 0.0], [5.0, 5.0]]) + shift
    with pytest.raises(GeometryError) as error:
        cover(stack_of([[ring]] * 2), grid_at(planes=planes))
    assert error.value.finding.code == "roi-outside-grid"
    assert f"x {shift[0]:.1f}" in error.value.finding.seen


def test_a_ring_round_a_corner_of_the_grid_is_outside():
    bracket = np.array([[25.0, 0], [25.0, 25.0], [0, 25.0], [0, 24.0], [24.0, 24.0], [24.0, 0]])
    with pytest.raises(GeometryError, match="roi-outside-grid"):
        cover(stack_of([[bracket]] * 3), grid_at(spacing=(1.0, 1.0)))


@pytest.mark.parametrize(
    ("row", "column"),
    [((0, 1, 0), (0, 0, -1)), ((1, 0, 0), (0, 0.8, 0.6)), ((0.6, 0.8, 0), (0, 0, 1))],
)
def test_planes_across_the_contours_show_the_same_solid(row, column):
    """A box of 20 x 16 x 12 mm, cut by planes of another orientation: its volume stays."""
    ring = np.array([[-10.0, -8.0], [10.0, -8.0], [10.0, 8.0], [-10.0, 8.0]])
    steps, size = np.arange(-20, 20.1, 0.5), 91
    grid = Grid((0, 0, 0), row, column, (0.5, 0.5), steps + 20, (size, size))
    corner = -20 * np.array(grid.normal) - 22.5 * np.array(row) - 22.5 * np.array(column)
    grid = dataclasses.replace(grid, origin_mm=tuple(corner.tolist()))
    box = stack_of([[ring]] * 6)
    z = box.z_mm.mean()
    box = dataclasses.replace(box, z_mm=box.z_mm - z)
    volume = float(box.thickness_mm.sum()) * 320
    assert cover(box, grid).values.sum() * 0.125 == pytest.approx(volume, rel=5e-3)


# fill -----------------------------------------------------------------------------------------


def test_a_mask_holds_the_voxels_at_least_half_covered():
    ring = np.array([[-1.5, -1.5], [3.0, -1.5], [3.0, 4.2], [-1.5, 4.2]])
    grid = grid_at(spacing=(1.0, 1.0), size=41)
    mask = fill(stack_of([[ring]] * 3), grid)
    expected = np.zeros(grid.shape, dtype=bool)
    expected[:, 19:25, 19:24] = True  # column 23 is half covered, row 24 to 0.7
    expected[:, 24, 23] = False
    np.testing.assert_array_equal(mask.values, expected)
    assert mask.grid is grid


@settings(max_examples=20, deadline=None)
@given(planes_of_stars())
def test_coverage_on_the_crop_agrees_with_the_plane_areas(rings):
    stack = stack_of([rings] * 2)
    areas = plane_areas_mm2(stack.xy_mm, stack.ring_starts, stack.plane_rings)
    got = cover(stack, grid_at(spacing=(0.25, 0.25), size=130, planes=(0.0, 2.5)))
    assert got.values.sum(axis=(1, 2), dtype=float) / 16 == pytest.approx(areas, rel=1e-6)


# the kernels that lay a structure out on a grid ------------------------------------------------


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_plane_shown_is_the_one_nearby_or_the_slab_it_lies_in(seed):
    """Planes at any heights, ragged slabs with gaps between them; grids up and down."""
    rng = np.random.default_rng(seed)
    z = np.sort(rng.choice(np.arange(-40, 40), rng.integers(1, 9), replace=False)) * 0.5
    half = np.concatenate([[1.0], np.diff(z) / 2, [1.0]])
    below, above = half[:-1] * rng.uniform(0.4, 1.0, z.size), half[1:] * rng.uniform(0.4, 1.0)
    heights = np.concatenate([rng.uniform(-25, 25, 30), z + 0.05, z + above])[
        :: rng.choice([1, -1])
    ]
    found = shown_planes(*locked(heights, z, below, above), ON_PLANE_MM, SAME_MM)
    for height, shown in zip(heights, found, strict=True):
        nearest = int(np.argmin(np.abs(z - height)))
        holding = np.flatnonzero((z - below <= height + SAME_MM) & (height + SAME_MM < z + above))
        if abs(z[nearest] - height) <= ON_PLANE_MM:
            assert shown == nearest
        else:
            assert shown == (holding[0] if holding.size else -1)


@pytest.mark.parametrize("shear", [(0.0, 0.0), (0.1, -0.2)])
@pytest.mark.parametrize("position", AXES)
def test_corners_in_pixels_are_those_of_the_grid(position, shear):
    grid = dataclasses.replace(grid_at(position), shear=shear)
    rng = np.random.default_rng(7)
    xy, z = rng.normal(size=(12, 2)) * 9, np.array([0.0, 2.5, 5.0])
    ends, out = np.array([0, 3, 8, 12]), np.empty((12, 2))
    axes = grid.origin_mm, grid.row, grid.column, grid.normal, grid.shear, grid.spacing_mm[::-1]
    box = place_rings(*locked(xy, z, ends), (1, 2), axes, out)
    points = np.column_stack([xy, np.repeat(z, np.diff(ends))])
    expected = grid.to_plane_frame(points)[:, :2] + 0.5
    assert out == pytest.approx(expected, abs=1e-9)
    met = expected[3:]
    low, high = met.min(axis=0), met.max(axis=0)
    assert box == pytest.approx([low[0], high[0], low[1], high[1]], abs=1e-9)
