"""The margin that was reached: distances measured on the result, not taken from the request."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rtvol.margins.targets import Achieved

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rtvol.masks.lattice import Lattice
    from rtvol.masks.stack import PlaneStack

DIRECTIONS = ("left", "right", "anterior", "posterior", "superior", "inferior")
_AXES = np.array([[1, 0, 0], [-1, 0, 0], [0, -1, 0], [0, 1, 0], [0, 0, 1], [0, 0, -1]], float)


def measure_achieved(
    outlines: Sequence[PlaneStack], distance_mm: NDArray[np.float32], lattice: Lattice
) -> Achieved:
    """Read the parent's distance map along the child's outlines.

    Parameters
    ----------
    outlines
        The child's traced sections on lattice planes (`rtvol.masks.sections.trace_sections`).
    distance_mm
        Signed distance (K, J, I) of lattice points to the parent's surface, mm.
    lattice
        The points of the map.
    """
    x = np.concatenate([stack.xy_mm[:, 0] for stack in outlines])
    y = np.concatenate([stack.xy_mm[:, 1] for stack in outlines])
    z = np.concatenate([_z_of_points(stack) for stack in outlines])
    k = np.searchsorted(lattice.z_mm, z - 1e-6)
    column = (x - lattice.x_mm[0]) / lattice.step_mm
    row = (y - lattice.y_mm[0]) / lattice.step_mm
    values = _bilinear(distance_mm, k, row, column)
    along = _direction(
        distance_mm, k, np.rint(row).astype(int), np.rint(column).astype(int), lattice
    )
    main = np.argmax(along @ _AXES.T, axis=1)
    toward = {
        name: _three(values[main == number])
        for number, name in enumerate(DIRECTIONS)
        if (main == number).any()
    }
    return Achieved(*_three(values), toward_mm=toward)


def _three(values: NDArray[np.float64]) -> tuple[float, float, float]:
    """Least, mean and 95th percentile."""
    return float(values.min()), float(values.mean()), float(np.percentile(values, 95))


def _z_of_points(stack: PlaneStack) -> NDArray[np.float64]:
    counts = np.diff(stack.ring_starts[stack.plane_rings])
    return np.repeat(stack.z_mm, counts)


def _bilinear(
    values: NDArray[np.float32],
    k: NDArray[np.int64],
    row: NDArray[np.float64],
    column: NDArray[np.float64],
) -> NDArray[np.float64]:
    j = np.clip(row.astype(int), 0, values.shape[1] - 2)
    i = np.clip(column.astype(int), 0, values.shape[2] - 2)
    v, u = row - j, column - i
    near = values[k, j, i] * (1 - u) + values[k, j, i + 1] * u
    far = values[k, j + 1, i] * (1 - u) + values[k, j + 1, i + 1] * u
    blended: NDArray[np.float64] = near * (1 - v) + far * v
    return blended


def _direction(
    values: NDArray[np.float32],
    k: NDArray[np.int64],
    j: NDArray[np.int64],
    i: NDArray[np.int64],
    lattice: Lattice,
) -> NDArray[np.float64]:
    """Gradient (N, 3) along patient x, y, z at the lattice points nearest the outline."""
    depth, rows, columns = values.shape
    k0, k1 = np.maximum(k - 1, 0), np.minimum(k + 1, depth - 1)
    j, i = np.clip(j, 1, rows - 2), np.clip(i, 1, columns - 2)
    step = 2 * lattice.step_mm
    gx = (values[k, j, i + 1] - values[k, j, i - 1]) / step
    gy = (values[k, j + 1, i] - values[k, j - 1, i]) / step
    gz = (values[k1, j, i] - values[k0, j, i]) / (lattice.z_mm[k1] - lattice.z_mm[k0])
    return np.stack([gx, gy, gz], axis=1).astype(np.float64)
