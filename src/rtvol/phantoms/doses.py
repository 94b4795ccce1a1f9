"""Doses known at every point of patient space, and their samples on a grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from rtvol.volumes import Dose

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtvol.geometry import Grid

Point = tuple[float, float, float]


class DoseField(Protocol):
    """Anything that knows its dose in Gy at points (..., 3), patient LPS in mm."""

    def at(self, points_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Dose (...) in Gy at points (..., 3)."""


@dataclass(frozen=True)
class Linear:
    """`dose_gy` at `origin_mm`, changing by `gradient_gy_per_mm` along x, y, z."""

    origin_mm: Point
    dose_gy: float
    gradient_gy_per_mm: Point

    def at(self, points_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Dose (...) in Gy at points (..., 3); below 0 where the line says so."""
        offset = np.asarray(points_mm) - np.array(self.origin_mm)
        dose: NDArray[np.float64] = self.dose_gy + offset @ np.array(self.gradient_gy_per_mm)
        return dose


@dataclass(frozen=True)
class Gaussian:
    """A bell with `peak_gy` at `centre_mm` and standard deviations along x, y, z in mm."""

    centre_mm: Point
    peak_gy: float
    sigma_mm: Point

    def at(self, points_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Dose (...) in Gy at points (..., 3)."""
        scaled = (np.asarray(points_mm) - np.array(self.centre_mm)) / np.array(self.sigma_mm)
        dose: NDArray[np.float64] = self.peak_gy * np.exp(-(scaled**2).sum(axis=-1) / 2)
        return dose


@dataclass(frozen=True)
class Plateau:
    """One SBRT target: a plateau that passes `rim_gy` on an ellipsoid and falls as a sigmoid.

    The dose is peak / (1 + exp((s - s50) / width)), where s is the distance from the centre
    measured in mm of an equal sphere (scaled by the semi-axes) and s50 is where half of the peak
    is reached, so that the dose is `rim_gy` on the ellipsoid itself.
    """

    centre_mm: Point
    semi_axes_mm: Point
    rim_gy: float
    peak_gy: float
    width_mm: float

    def at(self, points_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Dose (...) in Gy at points (..., 3)."""
        scaled = (np.asarray(points_mm) - np.array(self.centre_mm)) / np.array(self.semi_axes_mm)
        equal_mm = float(np.prod(self.semi_axes_mm)) ** (1 / 3)
        beyond = equal_mm * (np.sqrt((scaled**2).sum(axis=-1)) - 1) / self.width_mm
        fall = np.exp(beyond) * (self.peak_gy / self.rim_gy - 1)
        dose: NDArray[np.float64] = self.peak_gy / (1 + fall)
        return dose


@dataclass(frozen=True)
class Highest:
    """The highest of several doses at each point: one plan that treats several targets."""

    parts: tuple[DoseField, ...]

    def at(self, points_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Dose (...) in Gy at points (..., 3)."""
        points = np.asarray(points_mm, dtype=np.float64)
        dose: NDArray[np.float64] = np.max([part.at(points) for part in self.parts], axis=0)
        return dose


def voxel_centres_mm(grid: Grid) -> NDArray[np.float64]:
    """Centres (K, J, I, 3) of a grid's voxels, patient LPS in mm."""
    j, i = (np.arange(count)[:, None] for count in grid.shape_ji)
    down = j * grid.spacing_mm[0] * np.array(grid.column)
    along = i * grid.spacing_mm[1] * np.array(grid.row)
    centres: NDArray[np.float64] = (
        grid.planes_mm[:, None, None, :] + down[None, :, None, :] + along[None, None, :, :]
    )
    return centres


def rasterise(dose: DoseField, grid: Grid) -> Dose:
    """Sample a dose at the voxel centres of a grid.

    Parameters
    ----------
    dose
        Linear, Gaussian, Plateau, Highest, or anything with `at`.
    grid
        Where to sample; any orientation.

    Returns
    -------
    Dose
        Gy, float32, (K, J, I).
    """
    return Dose(dose.at(voxel_centres_mm(grid)).astype(np.float32), grid)
