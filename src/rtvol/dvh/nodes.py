"""Dose samples in the order the kernels take them, around a structure, in the dose's own frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtvol._kernels import locked
from rtvol.geometry import lock

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtvol.volumes import Dose

#: Dose axes that leave the patient's axes by less than this over the whole grid are parallel.
PARALLEL_MM = 0.005
#: No rotation.
STRAIGHT: NDArray[np.float64] = np.eye(3)
lock(STRAIGHT)
#: Samples this near to the edge of a structure lie on it, and the next ones are taken too: which
#: samples, and so the steps of the curve, must not hang on the last digit of its place.
ON_EDGE_MM = 1e-6


@dataclass(frozen=True, eq=False)
class Nodes:
    """Dose samples in the order the kernels take them: ascending along the dose frame's axes.

    Attributes
    ----------
    values_gy
        Dose (nz, ny, nx) in Gy, cropped to the structure.
    axes_mm
        Positions x, y, z of the samples along the axes of the dose frame.
    turn
        Rotation (3, 3) from patient LPS into that frame.
    """

    values_gy: NDArray[np.float32]
    axes_mm: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]
    turn: NDArray[np.float64]

    def __post_init__(self) -> None:
        for array in (self.values_gy, *self.axes_mm, self.turn):
            lock(array)

    @property
    def is_straight(self) -> bool:
        """Whether the axes of the dose frame are the patient's."""
        return bool(np.array_equal(self.turn, np.eye(3)))

    @property
    def spacing_mm(self) -> float:
        """Least distance between neighbouring samples in mm."""
        return min(float(np.diff(axis).min(initial=np.inf)) for axis in self.axes_mm)


def dose_nodes(dose: Dose, bounds_mm: tuple[tuple[float, float], ...], *, beyond: int = 0) -> Nodes:
    """Dose samples around a box of patient space, in ascending order of the dose frame's axes.

    Where the dose grid's axes are the patient's (in any order and direction: axial, sagittal,
    decubitus, prone), samples are put in patient order and `turn` is the identity. `beyond` asks
    for so many more samples on each side, where there are any.
    """
    grid = dose.grid
    basis = np.array([grid.row, grid.column, grid.normal], dtype=np.float64)
    j, i = grid.shape_ji
    along = (
        np.arange(i, dtype=np.float64) * grid.spacing_mm[1],
        np.arange(j, dtype=np.float64) * grid.spacing_mm[0],
        grid.offsets_mm,
    )
    near = np.rint(basis)
    values = dose.values_gy.transpose(2, 1, 0)
    if _parallel(basis, near, along):
        order = [int(np.argmax(np.abs(near[:, axis]))) for axis in range(3)]
        signs = [float(near[order[axis], axis]) for axis in range(3)]
        flips = tuple(slice(None, None, -1 if sign < 0 else None) for sign in signs)
        values = values.transpose(order)[flips]
        axes = [
            (grid.origin_mm[axis] + signs[axis] * along[order[axis]])[flips[axis]]
            for axis in range(3)
        ]
        turn = STRAIGHT
    else:
        axes = [along[axis] + float(basis[axis] @ np.array(grid.origin_mm)) for axis in range(3)]
        turn = basis
    ends = np.array(bounds_mm).T
    if turn is not STRAIGHT:
        corners = turn @ np.array(np.meshgrid(*bounds_mm)).reshape(3, -1)
        ends = np.array([corners.min(axis=1), corners.max(axis=1)])
    crop = tuple(
        slice(
            max(int(np.searchsorted(nodes, low - ON_EDGE_MM)) - 1 - beyond, 0),
            int(np.searchsorted(nodes, high + ON_EDGE_MM)) + 1 + beyond,
        )
        for nodes, low, high in zip(axes, *ends, strict=True)
    )
    kept = np.ascontiguousarray(values[crop].transpose(2, 1, 0), dtype=np.float32)
    x, y, z = (np.ascontiguousarray(nodes[part]) for nodes, part in zip(axes, crop, strict=True))
    return Nodes(kept, (x, y, z), turn)


def doses_at(points_mm: NDArray[np.float64], nodes: Nodes) -> NDArray[np.float64]:
    """Trilinear dose (n,) in Gy at patient points (n, 3) in mm; NaN outside the dose grid."""
    from rtvol._kernels.trilinear import dose_at

    (points,) = locked(np.ascontiguousarray(points_mm))
    found: NDArray[np.float64] = dose_at(points, nodes.values_gy, nodes.axes_mm, nodes.turn)
    return found


def _parallel(
    basis: NDArray[np.float64], near: NDArray[np.float64], along: tuple[NDArray[np.float64], ...]
) -> bool:
    """Whether the rows of `basis` are patient axes, to PARALLEL_MM over the whole grid."""
    permutes = np.abs(near).sum(axis=0).tolist() == np.abs(near).sum(axis=1).tolist() == [1, 1, 1]
    reach = np.array([np.ptp(a) for a in along])
    return permutes and bool((np.abs(basis - near) * reach[:, None]).max() < PARALLEL_MM)
