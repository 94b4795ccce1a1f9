"""Where voxels are: patient coordinates are DICOM LPS in mm, array axes are (k, j, i)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from rtvol.errors import GeometryError
from rtvol.frames import AXIAL, Box, PlaneFrame

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from rtvol.frames import Rigid


#: The same in plane alone: (x, x), (y, y).
Edges = tuple[tuple[float, float], tuple[float, float]]

#: Two directions, positions or spacings closer than this are the same: DICOM decimal strings
#: carry at most 16 characters, and exports round positions to about a micrometre.
SAME_MM = 1e-3
SAME_COSINE = 1e-4
#: Nothing of a patient lies further from the origin than this; sums of such numbers stay exact
#: to a nanometre.
FARTHEST_MM = 1e6
#: Steps between planes whose positions were rounded to 0.01 mm differ by up to twice that.
EVEN_MM = 0.025
#: What lies this near to a plane lies on it: systems round positions, and some draw the rings of
#: one slice a few hundredths of a mm apart; slices lie 0.2 mm apart and more.
ON_PLANE_MM = 0.1
#: Between planes, a gap of more than this many spacings beside it lacks some.
WIDE_GAP = 1.5


def lock(array: NDArray[np.generic]) -> NDArray[np.generic]:
    """Return `array` write-locked, so that a frozen record stays what it was."""
    array.setflags(write=False)
    return array


def as_locked(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a write-locked copy of values, or themselves where they are locked already."""
    if type(values) is np.ndarray and values.dtype == np.float64:
        flags = values.flags
        if flags.c_contiguous and not flags.writeable:
            return values
    copy = np.array(values, dtype=np.float64)
    copy.setflags(write=False)
    return copy


@dataclass(frozen=True, eq=False)
class Grid:
    """A stack of equal, parallel planes of voxels in patient space.

    Attributes
    ----------
    origin_mm
        Centre of voxel (0, 0, 0), patient LPS (x, y, z) in mm (ImagePositionPatient of plane 0).
    row, column
        Unit vectors, LPS, along which the index i (along a row) and the index j (down a column)
        grow: the two halves of ImageOrientationPatient (PS3.3 C.7.6.2.1.1).
    spacing_mm
        Distance between voxel centres along (j, i), in mm, in the order of PixelSpacing.
    offsets_mm
        Position of each plane k along `normal`, in mm from plane 0; strictly ascending.
    shape_ji
        Number of voxels along (j, i).
    frame_uid
        Frame of reference UID; two grids in different frames never meet.
    shear
        How far planes slide along row and column for each mm along the normal: not 0 for a tilted
        gantry, whose slices are stacked along the table.

    Raises
    ------
    GeometryError
        At birth: `bad-grid` when a value is not finite, a spacing is not positive, the
        directions are not orthonormal or the planes do not ascend.
    """

    origin_mm: tuple[float, float, float]
    row: tuple[float, float, float]
    column: tuple[float, float, float]
    spacing_mm: tuple[float, float]
    offsets_mm: NDArray[np.float64]
    shape_ji: tuple[int, int]
    frame_uid: str = ""
    shear: tuple[float, float] = (0.0, 0.0)

    def __repr__(self) -> str:
        return f"Grid({grid_text(self)})"

    def __post_init__(self) -> None:
        offsets = np.array(self.offsets_mm, dtype=np.float64)
        object.__setattr__(self, "offsets_mm", lock(offsets))
        numbers = (*self.origin_mm, *self.row, *self.column, *self.spacing_mm)
        if not (all(map(math.isfinite, numbers)) and np.isfinite(offsets).all()):
            raise GeometryError("bad-grid", seen="a position, direction or spacing is not finite")
        if min(self.spacing_mm) <= 0 or min(self.shape_ji) < 1 or offsets.size < 1:
            raise GeometryError(
                "bad-grid", seen=f"spacing {self.spacing_mm} mm, {self.shape_ji} voxels"
            )
        row, column = self.row, self.column
        unit = abs(_dot(row, row) - 1) + abs(_dot(column, column) - 1) + abs(_dot(row, column))
        if unit > 10 * SAME_COSINE:
            raise GeometryError("bad-grid", seen=f"directions {self.row} and {self.column}")
        if (offsets[1:] <= offsets[:-1]).any():
            raise GeometryError("bad-grid", seen="planes do not ascend along the normal")

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of voxels along (k, j, i)."""
        return (self.offsets_mm.size, *self.shape_ji)

    @property
    def normal(self) -> tuple[float, float, float]:
        """Unit vector, LPS, along which the plane index k grows: row x column."""
        (a, b, c), (d, e, f) = self.row, self.column
        return (float(b * f - c * e), float(c * d - a * f), float(a * e - b * d))

    @property
    def plane_spacing_mm(self) -> float:
        """Distance between neighbouring planes in mm; 0.0 for one plane.

        Their mean where the planes are evenly spaced, so that the last plane of a long series
        with rounded positions still comes out right; else the usual one (median).
        """
        if self.offsets_mm.size < 2:
            return 0.0
        steps = np.diff(self.offsets_mm)
        return float(steps.mean() if self.is_uniform else np.median(steps))

    @property
    def is_uniform(self) -> bool:
        """Whether neighbouring planes are equally far apart (positions rounded to 0.01 mm pass)."""
        if self.offsets_mm.size < 3:
            return True
        return bool(np.ptp(np.diff(self.offsets_mm)) < EVEN_MM)

    @property
    def is_axial(self) -> bool:
        """Whether the planes are perpendicular to the patient's long axis (z)."""
        return plane_frame(self.row, self.column).is_axial

    @property
    def affine(self) -> NDArray[np.float64]:
        """4 x 4 matrix from index (i, j, k, 1) to patient LPS mm (x, y, z, 1).

        The third column uses the plane spacing: exact for uniform grids only.
        """
        matrix = np.eye(4)
        matrix[:3, 0] = np.array(self.row) * self.spacing_mm[1]
        matrix[:3, 1] = np.array(self.column) * self.spacing_mm[0]
        matrix[:3, 2] = stacking(self) * (self.plane_spacing_mm or 1.0)
        matrix[:3, 3] = self.origin_mm
        return matrix

    @property
    def heights_mm(self) -> NDArray[np.float64]:
        """Patient z (K,) in mm of voxel (k, 0, 0) of each plane, ascending."""
        heights: NDArray[np.float64] = np.sort(self.planes_mm[:, 2])
        return heights

    @property
    def planes_mm(self) -> NDArray[np.float64]:
        """Patient LPS position (K, 3) in mm of voxel (k, 0, 0) of each plane."""
        positions: NDArray[np.float64] = np.array(self.origin_mm) + self.offsets_mm[
            :, None
        ] * stacking(self)
        return positions

    def to_plane_frame(self, points_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Patient LPS points (N, 3) in mm -> (N, 3) of i (voxels), j (voxels), offset (mm)."""
        basis = np.array([self.row, self.column, self.normal])
        # einsum, not @: BLAS wakes its threads for this product, at 20 times the cost of the sums
        away = np.asarray(points_mm) - np.array(self.origin_mm)
        local: NDArray[np.float64] = np.einsum("nc,bc->nb", away, basis)
        if any(self.shear):
            local[:, :2] -= local[:, 2:] * np.array(self.shear)
        local[:, 0] /= self.spacing_mm[1]
        local[:, 1] /= self.spacing_mm[0]
        return local

    def same_as(self, other: Grid) -> bool:
        """Whether both grids have the same voxels at the same places of the same frame."""
        return (
            self.frame_uid == other.frame_uid
            and self.shape == other.shape
            and bool(np.allclose(self.origin_mm, other.origin_mm, rtol=0, atol=SAME_MM))
            and bool(np.allclose(self.row, other.row, rtol=0, atol=SAME_COSINE))
            and bool(np.allclose(self.shear, other.shear, rtol=0, atol=SAME_COSINE))
            and bool(np.allclose(self.column, other.column, rtol=0, atol=SAME_COSINE))
            and bool(np.allclose(self.spacing_mm, other.spacing_mm, rtol=1e-6, atol=0))
            and bool(np.allclose(self.offsets_mm, other.offsets_mm, rtol=0, atol=SAME_MM))
        )


def _triple(vector: NDArray[np.float64]) -> tuple[float, float, float]:
    x, y, z = vector.tolist()
    return x, y, z


def plane_frame(row: Sequence[float], column: Sequence[float]) -> PlaneFrame:
    """Return the frame of image rows and columns; patient LPS for transverse planes."""
    normal_z = float(row[0] * column[1] - row[1] * column[0])
    return AXIAL if abs(abs(normal_z) - 1) < SAME_COSINE else PlaneFrame.along(row, column)


def _dot(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def stacking(grid: Grid) -> NDArray[np.float64]:
    """Return how a plane lies from the one before (3,), for each mm along the normal."""
    step = np.array(grid.normal)
    if any(grid.shear):
        along_row, down_column = grid.shear
        step += along_row * np.array(grid.row) + down_column * np.array(grid.column)
    return step


def grid_frame(grid: Grid) -> PlaneFrame:
    """Return the frame of a grid's planes; patient LPS for transverse ones, however rows run."""
    return plane_frame(grid.row, grid.column)


def seen_from(grid: Grid, frame: PlaneFrame) -> Grid:
    """Return the same voxels with positions and directions in a frame of planes."""
    if frame.is_axial:
        return grid
    return _with_axes(grid, frame.from_patient(np.array([grid.origin_mm, grid.row, grid.column])))


def move_grid(grid: Grid, motion: Rigid, frame_uid: str) -> Grid:
    """Return a grid carried into another frame of reference."""
    axes = motion.vectors(np.array([grid.row, grid.column]))
    origin = motion.points(np.array(grid.origin_mm))
    return replace(_with_axes(grid, np.vstack([origin, axes])), frame_uid=frame_uid)


def _with_axes(grid: Grid, axes: NDArray[np.float64]) -> Grid:
    """Return a grid with another origin, row and column (3, 3)."""
    origin, row, column = map(_triple, axes)
    return replace(grid, origin_mm=origin, row=row, column=column)


def plane_thickness_mm(grid: Grid) -> NDArray[np.float64]:
    """Return what each plane (K,) stands for, mm: half-way to its neighbours, ends as the next.

    Raises
    ------
    GeometryError
        `irregular-planes` for a single plane.
    """
    if grid.offsets_mm.size < 2:
        seen = "a single plane, whose thickness is not known"
        raise GeometryError("irregular-planes", seen=seen, mend="export the whole series")
    gaps = np.diff(grid.offsets_mm)
    thickness: NDArray[np.float64] = (np.append(gaps, gaps[-1]) + np.append(gaps[0], gaps)) / 2
    return thickness


def grid_text(grid: Grid) -> str:
    """Return voxels (k, j, i) and their spacing in mm, in words."""
    steps = np.diff(grid.offsets_mm)
    planes = f"{np.median(steps):g}" if steps.size else "-"
    rows, columns = grid.spacing_mm
    size = " x ".join(map(str, grid.shape))
    return f"{size} voxels of {planes} x {rows:g} x {columns:g} mm"


def crop_grid(grid: Grid, start_kji: tuple[int, int, int], shape: tuple[int, ...]) -> Grid:
    """Cut the box of `shape` (k, j, i) voxels that begins at voxel `start_kji` out of a grid."""
    k, j, i = start_kji
    up, down, along = float(grid.offsets_mm[k]), j * grid.spacing_mm[0], i * grid.spacing_mm[1]
    x, y, z = (
        at + up * step + down * column + along * row
        for at, step, column, row in zip(
            grid.origin_mm, stacking(grid).tolist(), grid.column, grid.row, strict=True
        )
    )
    return replace(
        grid,
        origin_mm=(float(x), float(y), float(z)),
        offsets_mm=grid.offsets_mm[k : k + shape[0]] - grid.offsets_mm[k],
        shape_ji=(shape[1], shape[2]),
    )


def grid_box_mm(grid: Grid, *, beyond: float = 0.0) -> Box:
    """Return the box (x, y, z) of patient space, mm, that holds all voxel centres of a grid.

    `beyond`: so many voxels more on each side of each plane; 0.5 takes in the pixels' edges.
    """
    rows, columns = grid.shape_ji
    corners = np.array(
        [
            k * stacking(grid)
            + j * grid.spacing_mm[0] * np.array(grid.column)
            + i * grid.spacing_mm[1] * np.array(grid.row)
            for k in (0.0, float(grid.offsets_mm[-1]))
            for j in (-beyond, rows - 1 + beyond)
            for i in (-beyond, columns - 1 + beyond)
        ]
    ) + np.array(grid.origin_mm)
    x, y, z = zip(corners.min(axis=0).tolist(), corners.max(axis=0).tolist(), strict=True)
    return x, y, z


def planes_at(
    z_mm: ArrayLike, planes_mm: ArrayLike, *, within_mm: float = ON_PLANE_MM
) -> NDArray[np.int64]:
    """Find the plane that each position lies on, the nearest; -1 where it lies on none.

    Parameters
    ----------
    z_mm
        Positions, mm, of any shape: so is the result.
    planes_mm
        Planes (P,), P >= 1, mm, in any order.
    within_mm
        How far from it a position may be and still lie on a plane, mm.
    """
    apart = np.abs(np.subtract.outer(z_mm, planes_mm))
    return np.where(apart.min(axis=-1) <= within_mm, apart.argmin(axis=-1), -1).astype(np.int64)


def wider_beside(gaps_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the wider of the gaps beside each gap (G,), mm; a lone one is its own measure."""
    if gaps_mm.size == 1:
        return gaps_mm
    around = np.concatenate([[0.0], gaps_mm, [0.0]])
    beside: NDArray[np.float64] = np.maximum(around[:-2], around[2:])
    return beside


def fill_planes(planes_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Put planes at the spacing there into gaps that lack some.

    Parameters
    ----------
    planes_mm
        Positions (P,), P >= 2, mm, ascending.
    """
    gaps = np.diff(planes_mm)
    beside = wider_beside(gaps)
    parts = np.where(gaps > WIDE_GAP * beside, np.rint(gaps / beside), 1)
    return _split_gaps(planes_mm, parts.astype(np.int64))


def continue_planes(
    planes_mm: NDArray[np.float64], low_mm: float, high_mm: float
) -> NDArray[np.float64]:
    """Continue planes (P,), P >= 2, at the spacing of each end, beyond two heights."""
    below, above = planes_mm[1] - planes_mm[0], planes_mm[-1] - planes_mm[-2]
    down = max(int(np.ceil((planes_mm[0] - low_mm) / below)), 0) + 1
    up = max(int(np.ceil((high_mm - planes_mm[-1]) / above)), 0) + 1
    return np.concatenate(
        [
            planes_mm[0] + below * np.arange(-down, 0),
            planes_mm,
            planes_mm[-1] + above * np.arange(1, up + 1),
        ]
    )


def subdivide(planes_mm: NDArray[np.float64], pitch_mm: float) -> NDArray[np.float64]:
    """Divide each gap into an even number of parts of at most the pitch: slab faces are met."""
    halves = np.ceil(np.diff(planes_mm) / (2 * pitch_mm) - 1e-9)
    return _split_gaps(planes_mm, 2 * halves.astype(np.int64))


def _split_gaps(planes_mm: NDArray[np.float64], parts: NDArray[np.int64]) -> NDArray[np.float64]:
    first = np.cumsum(parts) - parts
    number = np.arange(parts.sum()) - np.repeat(first, parts)
    inner = np.repeat(planes_mm[:-1], parts)
    inner += np.repeat(np.diff(planes_mm) / parts, parts) * number
    return np.concatenate([inner, planes_mm[-1:]])
