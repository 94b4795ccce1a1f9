"""Expressions of solids -> fields on a lattice, volumes and contours."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from rtvol.errors import CaseRejected
from rtvol.margins.algebra import Combined, Drawn, Expanded, Shrunk, bounds_mm
from rtvol.margins.clip import BEYOND_MM
from rtvol.margins.grow import grow, runs_of, shrink
from rtvol.solids.distance import level_volume_cc, signed_distance
from rtvol.solids.lattice import Lattice
from rtvol.solids.loft import loft
from rtvol.solids.pieces import Body

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtvol.margins.algebra import Solid
    from rtvol.solids.sections import Run


def field_of(solid: Solid, lattice: Lattice) -> NDArray[np.float32]:
    """Field (K, J, I) of an expression: negative inside, zero on the surface.

    Parameters
    ----------
    solid
        The expression (`rtvol.margins.algebra`).
    lattice
        Points wanted; the solid may reach beyond them.
    """
    match solid:
        case Drawn():
            return signed_distance(_runs(solid, lattice, 0.0), lattice)
        case Expanded(inner, margin):
            wide = _padded(lattice, margin.largest_mm)
            runs = _runs(inner, wide, margin.largest_mm)
            return np.minimum(
                _crop(grow(runs, wide, margin), wide, lattice), field_of(inner, lattice)
            )
        case Shrunk(inner, margin_mm):
            wide = _padded(lattice, margin_mm)
            return _crop(shrink(_runs(inner, wide, margin_mm), wide, margin_mm), wide, lattice)
        case Combined(operation, one, other):  # pragma: no branch - there is no fifth kind
            first, second = field_of(one, lattice), field_of(other, lattice)
            if operation == "union":
                return np.minimum(first, second)
            return np.maximum(first, second if operation == "intersect" else -second)


def solid_volume_cc(solid: Solid, lattice: Lattice) -> float:
    """Volume of an expression in cc, integrated below the lattice step.

    Raises
    ------
    CaseRejected
        `nothing-left` when no lattice point lies inside: an empty result is never 0 cc.
    """
    field = field_of(solid, lattice)
    if not (field < 0).any():
        raise CaseRejected(
            "nothing-left",
            seen="the result has no volume",
            mend="use a smaller margin or gap, or check which structures are cut",
        )
    return level_volume_cc(field, lattice)


def lattice_of(solid: Solid, step_mm: float, pitch_mm: float | None = None) -> Lattice:
    """Return a lattice that holds an expression.

    Parameters
    ----------
    solid
        The expression.
    step_mm, pitch_mm
        Distance between points in plane, and between planes (the same unless given), mm.
    """
    x, y, z = bounds_mm(solid)
    pitch = pitch_mm or step_mm
    planes = np.arange(np.floor(z[0] / pitch) - 2, np.ceil(z[1] / pitch) + 3) * pitch
    pad = 2 * step_mm
    return Lattice.around((x[0] - pad, x[1] + pad), (y[0] - pad, y[1] + pad), planes, step_mm)


def _runs(solid: Solid, lattice: Lattice, reach_mm: float) -> list[Run]:
    """Sections of a solid with exact in-plane distances, as far as the reach."""
    band = reach_mm + BEYOND_MM
    if isinstance(solid, Drawn):
        return loft(Body.of(solid.stack), lattice, band_mm=band, reach_mm=reach_mm)
    return runs_of(field_of(solid, lattice), lattice, band_mm=band)


def _padded(lattice: Lattice, reach_mm: float) -> Lattice:
    """Widen a lattice so that whatever is within reach of its points lies on it."""
    more = int(np.ceil(reach_mm / lattice.step_mm)) + 2
    below, above = lattice.z_mm[1] - lattice.z_mm[0], lattice.z_mm[-1] - lattice.z_mm[-2]
    low = lattice.z_mm[0] - below * np.arange(int(np.ceil(reach_mm / below)) + 2, 0, -1)
    high = lattice.z_mm[-1] + above * np.arange(1, int(np.ceil(reach_mm / above)) + 3)
    return replace(
        lattice,
        first=(lattice.first[0] - more, lattice.first[1] - more),
        shape_ji=(lattice.shape_ji[0] + 2 * more, lattice.shape_ji[1] + 2 * more),
        z_mm=np.concatenate([low, lattice.z_mm, high]),
    )


def _crop(field: NDArray[np.float32], wide: Lattice, lattice: Lattice) -> NDArray[np.float32]:
    k = int(np.searchsorted(wide.z_mm, lattice.z_mm[0]))
    j, i = lattice.first[0] - wide.first[0], lattice.first[1] - wide.first[1]
    depth, rows, columns = lattice.shape
    return np.ascontiguousarray(field[k : k + depth, j : j + rows, i : i + columns])
