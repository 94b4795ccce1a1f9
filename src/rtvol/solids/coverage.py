"""PlaneStack -> Coverage (exact, cropped) and Mask (full grid, for export)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from rtvol._kernels import locked
from rtvol.errors import GeometryError
from rtvol.geometry import (
    ON_PLANE_MM,
    SAME_MM,
    Grid,
    crop_grid,
    grid_frame,
    seen_from,
    stacking,
)
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
    planes = shown[in_k[0] : in_k[-1] + 1]
    pixels, start, stop = _to_pixels(stack, grid, planes)
    if stop[0] <= start[0] or stop[1] <= start[1]:
        raise _outside(stack, grid)
    values = np.zeros((planes.size, stop[1] - start[1], stop[0] - start[0]), dtype=np.float32)
    pixels -= start
    if not cover_planes(*locked(pixels, stack.ring_starts, stack.plane_rings), planes, values):
        raise _outside(stack, grid)
    start_kji = (int(in_k[0]), start[1], start[0])
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
    from rtvol._kernels.raster import shown_planes

    z = grid.origin_mm[2] + grid.offsets_mm * stacking(grid)[2]
    slabs = locked(z, stack.z_mm, stack.below_mm, stack.above_mm)
    shown: NDArray[np.int64] = shown_planes(*slabs, ON_PLANE_MM, SAME_MM)
    return shown


def _to_pixels(
    stack: PlaneStack, grid: Grid, shown: NDArray[np.int64]
) -> tuple[NDArray[np.float64], tuple[int, int], tuple[int, int]]:
    """Corners (N, 2) in pixels (along i, along j; pixel 0 is 0..1), and the box of those shown.

    The first voxel and the one after the last, along (i, j), that the planes shown can reach.
    Planes between those shown count, too: with a grid coarser than the contours the box may be
    larger than needed.
    """
    from rtvol._kernels.raster import place_rings

    ends = stack.ring_starts[stack.plane_rings]
    pixels = np.empty(stack.xy_mm.shape)
    axes = (grid.origin_mm, grid.row, grid.column, grid.normal, grid.shear, grid.spacing_mm[::-1])
    met = int(shown[shown >= 0].min()), int(shown.max())
    box = place_rings(*locked(stack.xy_mm, stack.z_mm, ends), met, axes, pixels).tolist()
    rows, columns = grid.shape_ji
    start = min(max(math.floor(box[0]), 0), columns), min(max(math.floor(box[2]), 0), rows)
    stop = min(max(math.ceil(box[1]), 0), columns), min(max(math.ceil(box[3]), 0), rows)
    return pixels, start, stop


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
