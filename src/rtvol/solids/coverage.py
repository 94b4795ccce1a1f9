"""PlaneStack -> Coverage (exact, cropped) and Mask (full grid, for export)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rtvol._kernels import locked
from rtvol.errors import GeometryError
from rtvol.geometry import SAME_MM, Grid, crop_grid, grid_frame, planes_at, seen_from
from rtvol.solids.turned import cut_across
from rtvol.volumes import Coverage, Mask

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtvol.solids.planes import PlaneStack


def cover(stack: PlaneStack, grid: Grid) -> Coverage:
    """Rasterise a structure: the exact fraction of each voxel's in-plane area inside its contours.

    Each plane of the grid shows the contour plane it lies on, else the one in whose slab it lies;
    a grid plane on the border of two slabs shows the one at larger patient z. Rings of a plane
    combine by even-odd parity, whatever their winding, also where they cross.

    Parameters
    ----------
    stack
        Contours of one structure.
    grid
        Grid, with its in-plane axes turned any way (prone, feet first, decubitus). Where its
        planes are turned against the contours', the slab solid is cut along them first.

    Returns
    -------
    Coverage (k, j, i) float32, 0..1, cropped to what of the structure is on the grid. On each
    plane the coverage sums to polygon area / pixel area (float32 round-off, below 1e-6), less what
    lies beside the grid.

    Raises
    ------
    GeometryError
        `roi-outside-grid` when nothing of the structure is on the grid.
    """
    from rtvol._kernels.raster import cover_planes

    whole, stack = grid, cut_across(stack, grid_frame(grid))
    grid = seen_from(grid, stack.frame)
    shown = _shown_planes(stack, grid)
    in_k = np.flatnonzero(shown >= 0)
    if in_k.size == 0:
        raise _outside(stack, grid)
    pixels = _to_pixels(stack, grid)
    start, stop = _box(pixels, stack, shown[in_k], grid)
    if (stop <= start).any():
        raise _outside(stack, grid)
    start_kji = (int(in_k[0]), int(start[1]), int(start[0]))
    planes = shown[in_k[0] : in_k[-1] + 1]
    values = np.zeros((planes.size, stop[1] - start[1], stop[0] - start[0]), dtype=np.float32)
    rings = locked(pixels - start, stack.ring_starts, stack.plane_rings)
    cover_planes(*rings, planes, values)
    if not any(plane.any() for plane in values):
        raise _outside(stack, grid)
    return Coverage(values, crop_grid(whole, start_kji, values.shape), start_kji)


def fill(stack: PlaneStack, grid: Grid) -> Mask:
    """Boolean mask on the whole grid for export: voxels at least half covered.

    Parameters and errors are those of `cover`. For volumes and doses use `cover`: a boolean mask
    of a 0.3 cc target is some per cent off.
    """
    return Mask(spread(cover(stack, grid), grid).values >= np.float32(0.5), grid)


def spread(coverage: Coverage, grid: Grid) -> Coverage:
    """Return a coverage on the whole grid that it was cut from."""
    values = np.zeros(grid.shape, dtype=np.float32)
    box = tuple(
        slice(first, first + size)
        for first, size in zip(coverage.start_kji, coverage.values.shape, strict=True)
    )
    values[box] = coverage.values
    return Coverage(values, grid)


def _shown_planes(stack: PlaneStack, grid: Grid) -> NDArray[np.int64]:
    """Contour plane (K,) that each plane of the grid shows; -1 for none."""
    z = grid.planes_mm[:, 2]
    nearest = planes_at(z, stack.z_mm)
    # slabs are half open; the shift keeps rounded borders from being in both slabs or in none
    shifted = z + SAME_MM
    slab = np.searchsorted(stack.z_mm + stack.above_mm, shifted, side="right")
    slab = np.minimum(slab, stack.z_mm.size - 1)
    below, above = stack.z_mm - stack.below_mm, stack.z_mm + stack.above_mm
    in_slab = (shifted >= below[slab]) & (shifted < above[slab])
    return np.where(nearest >= 0, nearest, np.where(in_slab, slab, -1)).astype(np.int64)


def _to_pixels(stack: PlaneStack, grid: Grid) -> NDArray[np.float64]:
    """Corners (N, 2) in pixels (along i, along j); pixel 0 is 0..1."""
    ends = stack.ring_starts[stack.plane_rings]
    points = np.column_stack([stack.xy_mm, np.repeat(stack.z_mm, np.diff(ends))])
    pixels: NDArray[np.float64] = grid.to_plane_frame(points)[:, :2] + 0.5
    return pixels


def _box(
    pixels: NDArray[np.float64], stack: PlaneStack, planes: NDArray[np.int64], grid: Grid
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First voxel and the one after the last, along (i, j), that the planes shown can reach.

    Planes between those shown count, too: with a grid coarser than the contours the box may be
    larger than needed.
    """
    ends = stack.ring_starts[stack.plane_rings]
    corners = pixels[ends[planes.min()] : ends[planes.max() + 1]].T
    limit = np.array(grid.shape_ji[::-1])
    start = np.clip(np.floor([along.min() for along in corners]), 0, limit)
    stop = np.clip(np.ceil([along.max() for along in corners]), 0, limit)
    return start.astype(np.int64), stop.astype(np.int64)


def _outside(stack: PlaneStack, grid: Grid) -> GeometryError:
    z = grid.planes_mm[:, 2]
    x, y, reach = stack.bounds_mm
    return GeometryError(
        "roi-outside-grid",
        seen=(
            f"contours at x {x[0]:.1f}..{x[1]:.1f}, y {y[0]:.1f}..{y[1]:.1f}, z {reach[0]:.1f}.."
            f"{reach[1]:.1f} mm; grid planes at z {z.min():.1f}..{z.max():.1f} mm"
        ),
        mend="check that the structure set and the images are of the same series",
    )
