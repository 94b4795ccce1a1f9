"""Volumes of solids given by a distance function: cells cut by planes, to 1e-4 and better.

A cell farther from the surface than its half diagonal is full or empty; the others are parted
until they are small, and the last ones are cut by the tangent plane. The error goes with the
square of the cell, so two cell sizes give the limit (Richardson).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bodies import Distance, Points

Box = tuple[tuple[float, float], tuple[float, float], tuple[float, float]]

#: Cells along the edge of a cube of the solid's volume, and how often cells are parted.
CELLS, PARTINGS = 32, 4
#: Two cubes' corners: children of a cell, in half edges of the child.
CHILDREN = np.array(np.meshgrid([-1, 1], [-1, 1], [-1, 1])).reshape(3, 8).T


@dataclass(frozen=True)
class Truth:
    """What a perfect system finds: volume in cc, and the surface's area in mm2."""

    volume_cc: float
    area_mm2: float

    def error_mm(self, volume_cc: float) -> float:
        """How far a volume's surface lies outside the true one, evened out over it, in mm."""
        return (volume_cc - self.volume_cc) * 1000 / self.area_mm2


def measure(distance: Distance, box: Box, *, cells: int = CELLS) -> Truth:
    """Volume and area of the solid {distance <= 0} inside a box.

    Parameters
    ----------
    distance
        Falls and rises by no more than 1 per mm; the area asks for a true distance.
    box
        Holds the solid.
    cells
        How fine: cells along the edge of a cube with the solid's volume.
    """
    edge = (_volume_mm3(distance, box, min(h - low for low, h in box) / 20)) ** (1 / 3) / cells
    coarse, fine = _volume_mm3(distance, box, edge), _volume_mm3(distance, box, edge / 2)
    out = _volume_mm3(lambda p: distance(p) - edge / 2, _wider(box, edge), edge)
    inner = _volume_mm3(lambda p: distance(p) + edge / 2, box, edge)
    return Truth((4 * fine - coarse) / 3000, (out - inner) / edge)


def _wider(box: Box, by: float) -> Box:
    x, y, z = ((low - by, high + by) for low, high in box)
    return (x, y, z)


def _volume_mm3(distance: Distance, box: Box, cell: float) -> float:
    edge = cell * 2**PARTINGS
    sides = [np.arange(low + edge / 2, high + edge, edge) for low, high in box]
    centres = np.stack(np.meshgrid(*sides, indexing="ij"), axis=-1).reshape(-1, 3)
    whole = 0.0
    for parting in range(PARTINGS + 1):
        level = distance(centres)
        half_diagonal = np.sqrt(3) / 2 * edge
        whole += float((level < -half_diagonal).sum()) * edge**3
        centres = centres[np.abs(level) <= half_diagonal]
        if parting < PARTINGS:
            edge /= 2
            centres = (centres[:, None, :] + CHILDREN * edge / 2).reshape(-1, 3)
    return whole + float(_shares(distance, centres, edge).sum()) * edge**3


def _shares(distance: Distance, centres: Points, edge: float) -> NDArray[np.float64]:
    """Share of each cell on the inner side of the tangent plane (Scardovelli, JCP 164 (2000))."""
    steps = np.eye(3) * edge / 4
    slope = np.column_stack([distance(centres + s) - distance(centres - s) for s in steps])
    slope = np.maximum(np.abs(slope) / (edge / 2), 1e-3)
    total = slope.sum(axis=1)
    # plane a.x = t in the unit cube with sum(a) = 1 and a >= 0; t = 1/2 through the middle
    a = slope / total[:, None]
    t = np.clip(0.5 - distance(centres) / (total * edge), 0, 1)
    cubes = np.maximum(t, 0) ** 3
    for i in range(3):
        cubes = cubes - np.maximum(t - a[:, i], 0) ** 3 + np.maximum(t - 1 + a[:, i], 0) ** 3
    return np.clip(cubes / (6 * a.prod(axis=1)), 0, 1)
