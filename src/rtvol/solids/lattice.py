"""The points where fields are evaluated: fine, square in plane, on chosen planes, not the CT's.

Or a few spots anywhere, where a field has to be exact.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np

from rtvol.frames import AXIAL
from rtvol.geometry import lock

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtvol.frames import PlaneFrame


@dataclass(frozen=True, eq=False)
class Lattice:
    """Lattice points: (x0 + i step, y0 + j step) on each of the planes `z_mm` of a frame, mm.

    The in-plane points lie at whole multiples of the step, so that lattices of one step share
    their points wherever they overlap, and nothing depends on where the CT's pixels lie.

    Attributes
    ----------
    first
        Index (j, i) of the first point: its y and x are these times the step.
    shape_ji
        Number of points along (j, i).
    step_mm
        Distance between neighbouring points in plane, mm.
    z_mm
        Planes (K,), mm along the frame's normal, ascending.
    frame
        The frame of the planes, in which x, y and z are meant; patient LPS for axial ones.
    """

    first: tuple[int, int]
    shape_ji: tuple[int, int]
    step_mm: float
    z_mm: NDArray[np.float64]
    frame: PlaneFrame = AXIAL

    def __post_init__(self) -> None:
        lock(self.z_mm)

    @classmethod
    def around(
        cls,
        x_mm: tuple[float, float],
        y_mm: tuple[float, float],
        z_mm: NDArray[np.float64],
        step_mm: float,
        frame: PlaneFrame = AXIAL,
    ) -> Self:
        """Cover the box x_mm by y_mm, with one point more on each side."""
        low = [int(np.floor(side[0] / step_mm)) - 1 for side in (y_mm, x_mm)]
        high = [int(np.ceil(side[1] / step_mm)) + 1 for side in (y_mm, x_mm)]
        return cls(
            first=(low[0], low[1]),
            shape_ji=(high[0] - low[0] + 1, high[1] - low[1] + 1),
            step_mm=step_mm,
            z_mm=z_mm,
            frame=frame,
        )

    @property
    def x_mm(self) -> NDArray[np.float64]:
        """Place x (I,) of the columns, mm."""
        return np.arange(self.first[1], self.first[1] + self.shape_ji[1]) * np.float64(self.step_mm)

    @property
    def y_mm(self) -> NDArray[np.float64]:
        """Place y (J,) of the rows, mm."""
        return np.arange(self.first[0], self.first[0] + self.shape_ji[0]) * np.float64(self.step_mm)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of points along (k, j, i)."""
        return (self.z_mm.size, *self.shape_ji)

    def on(self, z_mm: NDArray[np.float64]) -> Self:
        """Return the same points in plane on other planes."""
        return replace(self, z_mm=z_mm)


@dataclass(frozen=True, eq=False)
class Spots:
    """Points anywhere in plane, on each of the planes `z_mm` of a frame: fields on one row.

    Attributes
    ----------
    xy_mm
        (N, 2) in the frame, mm.
    z_mm
        Planes (K,), mm along the frame's normal, ascending.
    frame
        The frame of the planes.
    """

    xy_mm: NDArray[np.float64]
    z_mm: NDArray[np.float64]
    frame: PlaneFrame = AXIAL

    def __post_init__(self) -> None:
        lock(self.xy_mm)
        lock(self.z_mm)

    @property
    def shape_ji(self) -> tuple[int, int]:
        """Number of points along (j, i)."""
        return (1, len(self.xy_mm))
