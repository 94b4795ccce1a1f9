"""Read-only arrays on a Grid: images (HU), doses (Gy), masks, coverage and distance maps (mm)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rtvol.errors import GeometryError
from rtvol.geometry import Grid, lock

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


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


@dataclass(frozen=True, eq=False)
class Dose:
    """Absorbed dose on a grid; `values_gy` (K, J, I) float32 in Gy."""

    values_gy: NDArray[np.float32]
    grid: Grid

    def __post_init__(self) -> None:
        _check(self.values_gy, self.grid)

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
