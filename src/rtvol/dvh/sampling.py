"""PlaneStack + Dose -> DVH: the slab solid of the contours in the dose's own trilinear field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtvol.dvh.curve import DVH, SAME_VOLUME
from rtvol.errors import UsageError
from rtvol.geometry import lock
from rtvol.masks import slab_volume_cc

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtvol.masks.stack import PlaneStack
    from rtvol.volumes import Dose

#: Rows and layers are at most this part of the structure's size (cube root of its volume) ...
STEP_PER_SIZE = 0.025
#: ... within these bounds, in mm.
STEP_MM = (0.2, 2.5)
#: Layers each slab is cut into, unless the step asks for fewer.
LAYERS = 3
#: Across a dose grid turned to the patient, rows and layers cannot end at its planes, where the
#: dose bends: there they are at most this part of its spacing.
STEP_PER_SPACING = 0.25
#: Doses of the distribution between the lowest and the highest, at least this many ...
LEAST_STEPS = 4096
#: ... and at most this far apart, in Gy, unless doses reach past 100 Gy.
STEP_GY = 0.01
#: Dose axes that leave the patient's axes by less than this over the whole grid are parallel.
PARALLEL_MM = 0.005


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


def dose_volume(stack: PlaneStack, dose: Dose, *, step_mm: float | None = None) -> DVH:
    """Dose-volume distribution of the slab solid of a contour stack.

    Each plane's polygons (even-odd) are extruded over the plane's slab. The dose is trilinear
    between the centres of the dose voxels, in the dose grid's own frame, whatever its orientation
    and plane positions; beyond the outermost centres it is unknown, and that volume is counted
    as outside. Extremes are over the closed solid, its surface included.

    Parameters
    ----------
    stack
        The contours by plane, in patient LPS mm, in the dose's frame of reference.
    dose
        Dose in Gy.
    step_mm
        Greatest height of rows and layers in mm; by default 1/40 of the structure's size (cube
        root of its volume), from 0.2 to 2.5 mm.

    Returns
    -------
    DVH

    Raises
    ------
    UsageError
        `bad-step` when `step_mm` is not above 0.
    """
    from rtvol._kernels.dose import MARGIN, spread_stack

    volume_cc = slab_volume_cc(stack)
    nodes = dose_nodes(dose, stack.bounds_mm)
    steps_mm = _steps(volume_cc, float(np.median(stack.thickness_mm)), step_mm)
    if not nodes.is_straight:
        limit_mm = STEP_PER_SPACING * nodes.spacing_mm
        steps_mm = (min(steps_mm[0], limit_mm), min(steps_mm[1], limit_mm))
    low, high = float(nodes.values_gy.min()), float(nodes.values_gy.max())
    # a uniform dose still needs a width; neighbouring float32 doses differ by more than this
    pitch = max(min((high - low) / LEAST_STEPS, STEP_GY), 1e-8 * max(abs(high), 1.0))
    size = int((high - low) / pitch) + 2 * MARGIN + 2
    zero = low - MARGIN * pitch
    slabs = np.column_stack([stack.z_mm - stack.below_mm, stack.z_mm + stack.above_mm])
    lock(slabs)
    rings = (stack.xy_mm, stack.ring_starts, stack.plane_rings)
    field = (nodes.values_gy, nodes.axes_mm, nodes.turn)
    scale = (zero, 1 / pitch, size)
    curve, totals = spread_stack(*rings, slabs, steps_mm, *field, scale)
    doses: NDArray[np.float64] = np.asarray(zero + pitch * np.arange(size), dtype=np.float64)
    return _distribution(doses, curve, totals, volume_cc)


def dose_nodes(dose: Dose, bounds_mm: tuple[tuple[float, float], ...]) -> Nodes:
    """Dose samples around a box of patient space, in ascending order of the dose frame's axes.

    Where the dose grid's axes are the patient's (in any order and direction: axial, sagittal,
    decubitus, prone), samples are put in patient order and `turn` is the identity.
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
        turn = np.eye(3)
    else:
        axes = [along[axis] + float(basis[axis] @ np.array(grid.origin_mm)) for axis in range(3)]
        turn = basis
    local = turn @ np.array(np.meshgrid(*bounds_mm)).reshape(3, -1)
    crop = tuple(
        slice(
            max(int(np.searchsorted(nodes, low, side="right")) - 1, 0),
            int(np.searchsorted(nodes, high, side="left")) + 1,
        )
        for nodes, low, high in zip(axes, local.min(axis=1), local.max(axis=1), strict=True)
    )
    kept = np.ascontiguousarray(values[crop].transpose(2, 1, 0), dtype=np.float32)
    x, y, z = (np.ascontiguousarray(nodes[part]) for nodes, part in zip(axes, crop, strict=True))
    return Nodes(kept, (x, y, z), turn)


def _parallel(
    basis: NDArray[np.float64], near: NDArray[np.float64], along: tuple[NDArray[np.float64], ...]
) -> bool:
    """Whether the rows of `basis` are patient axes, to PARALLEL_MM over the whole grid."""
    permutes = np.abs(near).sum(axis=0).tolist() == np.abs(near).sum(axis=1).tolist() == [1, 1, 1]
    reach = np.array([np.ptp(a) for a in along])
    return permutes and bool((np.abs(basis - near) * reach[:, None]).max() < PARALLEL_MM)


def _steps(volume_cc: float, thickness_mm: float, step_mm: float | None) -> tuple[float, float]:
    """Greatest height in mm of a row and of a layer."""
    if step_mm is None:
        size_mm = float(np.cbrt(volume_cc * 1000))
        step_mm = float(np.clip(size_mm * STEP_PER_SIZE, *STEP_MM))
    if not 0 < step_mm < np.inf:
        raise UsageError("bad-step", seen=f"{step_mm:g} mm", mend="give a step above 0 mm")
    return step_mm, max(step_mm, thickness_mm / LAYERS)


def _distribution(
    doses_gy: NDArray[np.float64],
    curve_mm3: NDArray[np.float64],
    totals: NDArray[np.float64],
    volume_cc: float,
) -> DVH:
    inside, outside, low, high = (float(total) for total in totals)
    if inside <= SAME_VOLUME * volume_cc * 1000:
        return DVH(np.empty(0), np.empty(0), volume_cc, volume_cc)
    within = (doses_gy > low) & (doses_gy < high)
    below = np.maximum.accumulate(np.clip(curve_mm3[within], 0, inside))
    return DVH(
        dose_gy=np.concatenate([[low], doses_gy[within], [high]]),
        below_cc=np.concatenate([[0.0], below, [inside]]) / 1000,
        volume_cc=volume_cc,
        outside_cc=outside / 1000,
    )
