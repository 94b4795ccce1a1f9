"""Growing a solid by a margin: fields on a lattice, zero at the grown surface."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rtvol.frames import AXIAL, box_in
from rtvol.margins.margin import THIN_MM, along_frame
from rtvol.solids.distance import (
    FAR_MM,
    distance_inside,
    distance_outside,
    outsides,
    signed_distance,
)
from rtvol.solids.sections import Run, section_distances, section_gauges, trace_sections
from rtvol.solids.turned import lattice_over, read_across

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rtvol.margins.margin import Margin
    from rtvol.solids.lattice import Lattice
    from rtvol.solids.planes import PlaneStack

#: Lattice steps beyond the grown surface over which a gauge rises without being cut.
STEPS_BEYOND = 3
#: Lattice steps beyond the grown surface up to which distances in mm are exact: one step, or one
#: pitch of the dense planes, crosses the surface.
NEAR_STEPS = 2
#: A lattice point this near to a surface lies on it, mm: inside for what grows from there, outside
#: for what shrinks, or the next point, a margin deeper, would move the surface towards itself.
ON_SURFACE_MM = 1e-3


def runs_of(field: NDArray[np.float32], lattice: Lattice, *, band_mm: float) -> list[Run]:
    """Sections of the solid {field < 0} with exact in-plane distances to its traced outlines.

    This is how a cut solid is grown again: its outline is traced below the lattice step, never
    turned into voxels.
    """
    runs = []
    for stack in trace_sections(field, lattice, ends=True):
        distances = section_distances(stack, slice(0, stack.z_mm.size), lattice, band_mm)
        runs.append(_with_tips(stack, distances))
    return runs


def grow(runs: Sequence[Run], lattice: Lattice, margin: Margin) -> NDArray[np.float32]:
    """Field (K, J, I) that is negative inside the solid grown by a margin.

    Uniform margins: distance less margin, mm, exact up to some steps beyond the grown surface.
    Six margins: gauge of the body of eight ellipsoid octants, less 1, times the largest of them.
    Negative margins shrink; of mixed signs the positive ones grow first.

    Parameters
    ----------
    runs
        The solid (`rtvol.solids.loft.loft` or `runs_of`), distances in mm.
    lattice
        Points wanted; it must hold the grown solid.
    margin
        How far, patient directions.
    """
    if margin.is_zero:
        return signed_distance(runs, lattice)
    if margin.is_uniform and margin.left_mm < 0:
        return shrink(runs, lattice, -margin.left_mm)
    if margin.is_uniform:
        beyond = margin.left_mm + NEAR_STEPS * lattice.step_mm
        field = distance_outside(runs, lattice, limit=beyond)
        field -= np.float32(margin.left_mm)
        return field
    turned = along_frame(margin, lattice.frame)
    if turned is None:
        return _grow_in_patient(runs, lattice, margin)
    outwards, inwards = turned.outwards, turned.inwards
    if inwards.is_zero:
        return _grow_six(runs, lattice, outwards)
    if not outwards.is_zero:
        runs = runs_of(grow(runs, lattice, outwards), lattice, band_mm=FAR_MM)
    return _shrink_six(runs, lattice, inwards)


def _grow_in_patient(runs: Sequence[Run], lattice: Lattice, margin: Margin) -> NDArray[np.float32]:
    """Grow a solid on planes that lie between the patient's axes by six margins along these.

    Its distance field is read on transverse planes, grown there, and read back.
    """
    own = signed_distance(runs, lattice)
    at = np.argwhere(own < 0)
    if not at.size:
        return own
    reach = max(margin.largest_mm, 0.0) + (NEAR_STEPS + STEPS_BEYOND + 1) * lattice.step_mm
    (k, j, i), (c, b, a) = at.min(axis=0), at.max(axis=0)
    x_mm, y_mm, z_mm = lattice.x_mm, lattice.y_mm, lattice.z_mm
    drawn = ((x_mm[i], x_mm[a]), (y_mm[j], y_mm[b]), (z_mm[k], z_mm[c]))
    x, y, z = ((low - reach, high + reach) for low, high in box_in(drawn, lattice.frame, AXIAL))
    upright = lattice_over((x, y, z), lattice.step_mm, AXIAL)
    field = read_across(own, lattice, upright, beyond=float(own.max()))
    grown = grow(runs_of(field, upright, band_mm=FAR_MM), upright, margin)
    return read_across(grown, upright, lattice, beyond=float(grown.max()))


def shrink(runs: Sequence[Run], lattice: Lattice, margin_mm: float) -> NDArray[np.float32]:
    """Field (K, J, I), mm, negative inside the solid shrunk by a margin on all sides.

    Shrinking is growing the outside: what lies deeper than the margin stays.
    """
    inside = distance_inside(runs, lattice, limit_mm=margin_mm + 3 * lattice.step_mm)
    return (np.float32(margin_mm) - inside).astype(np.float32)


def _grow_six(runs: Sequence[Run], lattice: Lattice, margin: Margin) -> NDArray[np.float32]:
    """Gauge of the way from the solid, less 1, times the largest margin: mm towards that side."""
    band = _band(margin, lattice)
    up, down = max(margin.superior_mm, THIN_MM), max(margin.inferior_mm, THIN_MM)
    gauges = _gauges(runs, lattice, margin)
    outside = distance_outside(gauges, lattice, limit=band, up=up, down=down)
    field: NDArray[np.float32] = (outside - np.float32(1)) * np.float32(margin.largest_mm)
    if margin.least_mm >= lattice.step_mm:
        return field
    # Towards a margin of less than a step the surface is the solid's own, whose distance says
    # below the step where it lies; the gauge there rises from one lattice point to the next.
    own = signed_distance(runs, lattice)
    own[np.abs(own) < ON_SURFACE_MM] = -ON_SURFACE_MM
    return np.where(own < 0, own, np.minimum(field, own))


def _shrink_six(runs: Sequence[Run], lattice: Lattice, margin: Margin) -> NDArray[np.float32]:
    """Points stay from which the whole body of the margin fits into the solid."""
    band = _band(margin, lattice)
    up, down = max(margin.superior_mm, THIN_MM), max(margin.inferior_mm, THIN_MM)
    whole = np.full(lattice.shape, 1, np.float32)
    for run in _gauges(runs, lattice, margin):
        # of the outside, which lies above a point towards whose top the body reaches
        inside = distance_outside(outsides([run]), lattice, limit=band, up=down, down=up)
        np.minimum(whole, np.float32(1) - inside, out=whole)
    field: NDArray[np.float32] = whole * np.float32(margin.largest_mm)
    if margin.least_mm >= lattice.step_mm:
        return field
    # as in growing: towards a margin of less than a step the solid's own surface says where it is
    own = signed_distance(runs, lattice)
    own[np.abs(own) < ON_SURFACE_MM] = ON_SURFACE_MM
    return np.where(own > 0, own, np.maximum(field, own))


def _band(margin: Margin, lattice: Lattice) -> float:
    return 1 + STEPS_BEYOND * lattice.step_mm / max(margin.least_mm, THIN_MM)


def _gauges(runs: Sequence[Run], lattice: Lattice, margin: Margin) -> list[Run]:
    """Sections of a solid with in-plane gauges of a margin instead of distances."""
    sides = (margin.right_mm, margin.left_mm, margin.anterior_mm, margin.posterior_mm)
    reach = np.maximum(np.array(sides, np.float64), THIN_MM)
    band = _band(margin, lattice)
    return [
        _with_tips(stack, section_gauges(stack, lattice, reach, band=band))
        for run in runs
        for stack in trace_sections(run.field, lattice, run.z_mm, ends=True)
    ]


def _with_tips(stack: PlaneStack, distances: NDArray[np.float32]) -> Run:
    """Close both ends of traced sections at the tips found by `trace_sections`."""
    z, field = [stack.z_mm], [distances]
    if stack.below_mm[0] > 0:
        z.insert(0, stack.z_mm[:1] - stack.below_mm[0])
        field.insert(0, distances[:1] - distances[0].min())
    if stack.above_mm[-1] > 0:
        z.append(stack.z_mm[-1:] + stack.above_mm[-1])
        field.append(distances[-1:] - distances[-1].min())
    return Run(np.concatenate(z), np.concatenate(field))
