"""Read-only arrays on a Grid: images (HU), doses (Gy), masks, coverage and distance maps (mm)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rtvol.errors import GeometryError
from rtvol.geometry import Grid, grid_text, lock, seen_from

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtvol.frames import PlaneFrame


def _check(values: NDArray[np.generic], grid: Grid) -> None:
    if values.shape != grid.shape:
        raise GeometryError(
            "grid-mismatch", seen=f"array {values.shape} on a grid of {grid.shape} voxels (k, j, i)"
        )
    lock(values)


@dataclass(frozen=True, eq=False)
class Image:
    """Image values on a grid; `values` (K, J, I) float32: HU for CT, stored units otherwise."""

    values: NDArray[np.float32]
    grid: Grid
    modality: str = "CT"

    def __post_init__(self) -> None:
        _check(self.values, self.grid)

    def __repr__(self) -> str:
        return f"Image({self.modality}, {grid_text(self.grid)})"

    def seen_from(self, frame: PlaneFrame) -> Image:
        """Return the same image with its place given in a frame of planes."""
        return self if frame.is_axial else replace(self, grid=seen_from(self.grid, frame))

    def to_simpleitk(self, *, thickness_mm: float | None = None) -> Any:
        """Hand it to SimpleITK in its place in the patient (`itk_image`): HU, or stored units."""
        return itk_image(self.values, self.grid, thickness_mm)


@dataclass(frozen=True, eq=False)
class Dose:
    """Absorbed dose on a grid; `values_gy` (K, J, I) float32 in Gy."""

    values_gy: NDArray[np.float32]
    grid: Grid

    def __post_init__(self) -> None:
        _check(self.values_gy, self.grid)

    def __repr__(self) -> str:
        return f"Dose({grid_text(self.grid)}, up to {self.max_gy:.2f} Gy)"

    def to_simpleitk(self, *, thickness_mm: float | None = None) -> Any:
        """Hand it to SimpleITK in its place in the patient (`itk_image`): Gy."""
        return itk_image(self.values_gy, self.grid, thickness_mm)

    def seen_from(self, frame: PlaneFrame) -> Dose:
        """Return the same dose with its place given in a frame of planes."""
        return self if frame.is_axial else replace(self, grid=seen_from(self.grid, frame))

    @property
    def max_gy(self) -> float:
        """Highest stored dose in Gy."""
        return float(self.values_gy.max())


@dataclass(frozen=True, eq=False)
class Mask:
    """A boolean structure on a grid, for export only; `values` (K, J, I) bool."""

    values: NDArray[np.bool_]
    grid: Grid

    def __post_init__(self) -> None:
        _check(self.values, self.grid)

    def __repr__(self) -> str:
        return f"Mask({int(self.values.sum())} of {grid_text(self.grid)})"

    def to_simpleitk(self, *, thickness_mm: float | None = None) -> Any:
        """Hand it to SimpleITK in its place in the patient (`itk_image`): 0 and 1 of 8 bits."""
        return itk_image(self.values.astype(np.uint8), self.grid, thickness_mm)


@dataclass(frozen=True, eq=False)
class Coverage:
    """Fraction of each voxel's in-plane area inside the polygons; `values` (K, J, I) float32, 0..1.

    The grid is cropped to the structure; `start_kji` says where it lies in the grid it was cut
    from.
    """

    values: NDArray[np.float32]
    grid: Grid
    start_kji: tuple[int, int, int] = (0, 0, 0)

    def __post_init__(self) -> None:
        _check(self.values, self.grid)

    def __repr__(self) -> str:
        return f"Coverage({grid_text(self.grid)})"

    def to_simpleitk(self, *, thickness_mm: float | None = None) -> Any:
        """Hand it to SimpleITK in its place in the patient (`itk_image`): fractions, 0 to 1."""
        return itk_image(self.values, self.grid, thickness_mm)


def itk_image(values: NDArray[np.generic], grid: Grid, thickness_mm: float | None = None) -> Any:
    """Hand an array on a grid to SimpleITK, in its place in the patient.

    Parameters
    ----------
    values, grid
        Voxels (K, J, I), and where they are.
    thickness_mm
        Distance of planes for a grid of one plane, in mm; not used otherwise.

    Returns
    -------
    SimpleITK.Image
        Origin, spacing and direction cosines in patient LPS mm, as ITK has them.

    Raises
    ------
    GeometryError
        `irregular-planes` when the planes are not equally far apart, or when there is one plane
        and no thickness; `sheared-planes` when they are stacked aslant.
    """
    import SimpleITK as sitk

    if any(grid.shear):
        raise GeometryError("sheared-planes", seen=f"planes slide by {grid.shear} mm for each mm")
    spacing_mm = _plane_spacing_mm(grid, thickness_mm)
    image: Any = sitk.GetImageFromArray(values)
    image.SetOrigin(grid.origin_mm)
    image.SetSpacing((grid.spacing_mm[1], grid.spacing_mm[0], spacing_mm))
    image.SetDirection(_direction(grid).ravel().tolist())
    return image


def _plane_spacing_mm(grid: Grid, thickness_mm: float | None) -> float:
    """Distance of planes in mm, by the outermost two, so that both ends lie exactly right."""
    if not grid.is_uniform:
        steps = np.diff(grid.offsets_mm)
        raise GeometryError(
            "irregular-planes",
            seen=f"planes {steps.min():.3f} to {steps.max():.3f} mm apart",
            mend="NIfTI holds equal steps only: resample first, or use the contours",
        )
    if grid.offsets_mm.size > 1:
        return float(grid.offsets_mm[-1] - grid.offsets_mm[0]) / (grid.offsets_mm.size - 1)
    if thickness_mm is None:
        raise GeometryError(
            "irregular-planes",
            seen="a single plane, whose thickness is not known",
            mend="give its thickness (thickness_mm)",
        )
    return thickness_mm


def _direction(grid: Grid) -> NDArray[np.float64]:
    """Columns: unit vectors of i, j, k; the rotation nearest to the stored, rounded cosines.

    ITK refuses to read NIfTI whose directions are not orthonormal to about 1e-6.
    """
    left, _, right = np.linalg.svd(np.array([grid.row, grid.column, grid.normal]).T)
    rotation: NDArray[np.float64] = left @ right
    return rotation
