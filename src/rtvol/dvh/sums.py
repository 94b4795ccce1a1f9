"""Several doses -> one: beams of a plan, or plans of different grids and fractionations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from rtvol.dvh.bed import Survival, effect_gy
from rtvol.dvh.nodes import dose_nodes, doses_at
from rtvol.errors import CaseRejected, UsageError
from rtvol.geometry import crop_grid, grid_box_mm
from rtvol.volumes import Dose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rtvol.frames import Box
    from rtvol.geometry import Grid


#: How doses of several plans are added: in Gy, or each as its equivalent in 2 Gy fractions.
Sum = Literal["physical", "eqd2"]

#: A structure may pass the outermost voxel centres of a grid that covers it by this, in mm.
COVERED_MM = 1e-3


@dataclass(frozen=True, eq=False)
class PlanDose:
    """A dose with the number of fractions it is given in; None where that is not known."""

    dose: Dose
    fractions: int | None = None
    label: str = ""


def sum_doses(
    parts: Sequence[PlanDose],
    *,
    bounds_mm: Box | None = None,
    alpha_beta_gy: float | None = None,
) -> Dose:
    """Add doses on the finest grid that covers a box.

    Parameters
    ----------
    parts
        Doses in one frame of reference; their grids may differ in every way.
    bounds_mm
        Box (x, y, z) of patient space the sum is wanted in; the whole of the finest grid if None.
    alpha_beta_gy
        Turn each voxel of each dose into its EQD2 with that dose's own fractions before adding:
        D (D/n + a/b) / (2 Gy + a/b) (linear-quadratic model; Fowler 1989). None adds Gy.

    Returns
    -------
    Dose
        On the voxels of the finest grid whose centres hold the box (of the finest of all where
        none holds it). Doses on that very grid are added as they are; others are interpolated
        once (trilinear). A voxel beyond one of the grids is NaN: outside, never 0 Gy.

    Raises
    ------
    UsageError
        `bad-fractionation` when `alpha_beta_gy` is not above 0.
    CaseRejected
        `frame-mismatch`; `no-fractions` when EQD2 is asked of a dose without fractions.
    """
    if alpha_beta_gy is not None and not 0 < alpha_beta_gy < np.inf:
        mend = "give alpha/beta in Gy, above 0"
        raise UsageError("bad-fractionation", seen=f"alpha/beta {alpha_beta_gy:g} Gy", mend=mend)
    if len({part.dose.grid.frame_uid for part in parts}) != 1:
        raise CaseRejected(
            "frame-mismatch",
            where="RTDOSE",
            seen="the doses to be added lie in different frames of reference",
            mend="register the plans, or export their doses in one frame",
        )
    grid = _finest([part.dose.grid for part in parts], bounds_mm)
    place = _crop(grid, bounds_mm)
    whole = np.zeros((), np.float64)
    for part in parts:
        # on the same voxels they are added as they are
        values = (
            np.asarray(part.dose.values_gy[place], np.float64)
            if part.dose.grid.same_as(grid)
            else dose_on(part.dose, _cropped(grid, place))
        )
        whole = whole + (values if alpha_beta_gy is None else _eqd2(values, part, alpha_beta_gy))
    return Dose(np.asarray(whole, np.float32), _cropped(grid, place))


def _eqd2(
    values_gy: NDArray[np.float64], part: PlanDose, alpha_beta_gy: float
) -> NDArray[np.float64]:
    if part.fractions is None or part.fractions < 1:
        raise CaseRejected(
            "no-fractions",
            where=f"RTDOSE {part.label}".strip(),
            seen="no plan says in how many fractions this dose is given",
            mend="export its RTPLAN too, or add the doses in Gy",
        )
    return effect_gy(values_gy, part.fractions, Survival(alpha_beta_gy), "eqd2")


def _finest(grids: Sequence[Grid], bounds_mm: Box | None) -> Grid:
    covering = [grid for grid in grids if bounds_mm is None or _covers(grid, bounds_mm)]
    return min(covering or list(grids), key=_voxel_mm3)


def _voxel_mm3(grid: Grid) -> float:
    return float(np.prod(grid.spacing_mm)) * (grid.plane_spacing_mm or np.inf)


def _corners(bounds_mm: Box) -> NDArray[np.float64]:
    return np.array(np.meshgrid(*bounds_mm)).reshape(3, -1).T.astype(np.float64)


def _covers(grid: Grid, bounds_mm: Box) -> bool:
    i, j, offset = grid.to_plane_frame(_corners(bounds_mm)).T
    rows, columns = grid.shape_ji
    down, along = (COVERED_MM / spacing for spacing in grid.spacing_mm)
    inside = (i >= -along) & (i <= columns - 1 + along) & (j >= -down) & (j <= rows - 1 + down)
    first, last = grid.offsets_mm[0] - COVERED_MM, grid.offsets_mm[-1] + COVERED_MM
    return bool((inside & (offset >= first) & (offset <= last)).all())


def _crop(grid: Grid, bounds_mm: Box | None) -> tuple[slice, slice, slice]:
    """Voxels (k, j, i) around a box, a few more on each side; at least two along each axis."""
    if bounds_mm is None:
        return slice(0, grid.shape[0]), slice(0, grid.shape[1]), slice(0, grid.shape[2])
    i, j, offset = grid.to_plane_frame(_corners(bounds_mm)).T
    k = np.interp(offset, grid.offsets_mm, np.arange(grid.offsets_mm.size))
    parts = []
    for index, count in zip((k, j, i), grid.shape, strict=True):
        # eight more samples, for a cubic dose
        first = int(np.clip(np.floor(index.min()) - 9, 0, max(count - 2, 0)))
        last = int(np.clip(np.ceil(index.max()) + 10, min(2, count), count))
        parts.append(slice(first, max(last, min(first + 2, count))))
    return parts[0], parts[1], parts[2]


def _cropped(grid: Grid, place: tuple[slice, slice, slice]) -> Grid:
    k, j, i = place
    shape = tuple(part.stop - part.start for part in place)
    return crop_grid(grid, (k.start, j.start, i.start), shape)


def dose_on(dose: Dose, grid: Grid) -> NDArray[np.float64]:
    """Return a dose in Gy (K, J, I) at the voxel centres of a grid.

    Trilinear; NaN beyond the outermost voxel centres of the dose: outside, never 0 Gy.
    """
    if dose.grid.same_as(grid):
        return np.asarray(dose.values_gy, np.float64)
    j, i = (np.arange(count)[:, None] for count in grid.shape_ji)
    plane = (j * grid.spacing_mm[0] * np.array(grid.column))[:, None, :] + (
        i * grid.spacing_mm[1] * np.array(grid.row)
    )[None, :, :]
    points = plane.reshape(-1, 3)
    values = np.empty(grid.shape)
    nodes = dose_nodes(dose, grid_box_mm(grid))
    for k, origin in enumerate(grid.planes_mm):
        values[k] = doses_at(points + origin, nodes).reshape(grid.shape_ji)
    return values
