"""Outlines on the planes of a page: axial as written, coronal and sagittal by solid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtvol.geometry import ON_PLANE_MM, SAME_MM, subdivide
from rtvol.solids.lattice import Lattice
from rtvol.solids.loft import loft
from rtvol.solids.sections import Run
from rtvol.solids.trace import trace_rings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from rtvol.margins.levels import LevelSet
    from rtvol.report.view import View
    from rtvol.solids.pieces import Body
    from rtvol.structures import Roi

    #: The plane's number and a closed ring (n, 2) on it, mm.
    PlaneRing = tuple[int, NDArray[np.float64]]

#: Lattice steps of solids cut for a page, mm: a circle of 10 mm radius is drawn to 0.02 mm.
FINEST_MM, COARSEST_MM, STEPS_ACROSS = 0.5, 1.25, 60
#: In-plane distances are followed so far, mm: enough between planes that differ by a centimetre.
BAND_MM = 12.0
#: Corners that leave the line between their neighbours by less are left out, mm.
STRAIGHT_MM = 0.02
THINNINGS = 4


@dataclass(frozen=True, eq=False)
class Outlines:
    """Closed rings of one structure in three planes; numbers are those of the view's planes.

    `axial` rings hold x and y in mm, `coronal` x and z, `sagittal` y and z.
    """

    axial: tuple[PlaneRing, ...]
    coronal: tuple[PlaneRing, ...] = ()
    sagittal: tuple[PlaneRing, ...] = ()


def drawn_rings(roi: Roi, view: View) -> tuple[PlaneRing, ...]:
    """Return the contours of a region on the planes of a view, as they are stored.

    A plane shows the contours nearest to it, where these are nearer to no other plane.
    """
    if not roi.contours:
        return ()
    planes, heights = view.planes_mm, np.array([contour.z_mm for contour in roi.contours])
    nearest = abs(heights[:, None] - planes[None, :]).argmin(axis=1)
    away = abs(heights - planes[nearest])
    # beyond the outermost planes as far as their neighbours are half away
    below, above = np.diff(planes)[[0, -1]] / 2 if planes.size > 1 else (0.0, 0.0)
    met = (heights >= planes[0] - below - ON_PLANE_MM) & (
        heights <= planes[-1] + above + ON_PLANE_MM
    )
    best = np.full(planes.size, np.nan)
    for n in np.flatnonzero(met)[np.argsort(-away[met], kind="stable")]:
        best[nearest[n]] = heights[n]
    shown = met & (abs(heights - best[nearest]) < ON_PLANE_MM)
    return tuple(
        (int(k), contour.xy_mm)
        for k, contour, is_shown in zip(nearest, roi.contours, shown, strict=True)
        if is_shown
    )


@dataclass(frozen=True, eq=False)
class SolidSections:
    """A solid by its dense sections, and the points in plane they are known at."""

    runs: tuple[Run, ...]
    lattice: Lattice


def lofted(body: Body, view: View) -> SolidSections | None:
    """Return the surface between contours within the box of a view; None where it shows nothing."""
    lattice = view_lattice(body, view)
    if lattice is None:
        return None
    return SolidSections(tuple(loft(body, lattice, band_mm=BAND_MM, reach_mm=0.0)), lattice)


def as_grown(level: LevelSet) -> SolidSections:
    """Return a solid as it was computed."""
    return SolidSections((Run(level.lattice.z_mm, level.values),), level.lattice)


def level_axial(level: LevelSet, view: View) -> tuple[PlaneRing, ...]:
    """Cut a solid as it was computed on the axial planes of a view."""
    z = level.lattice.z_mm
    return tuple(
        (k, ring)
        for k, field in _sections(level.values, z, view.planes_mm)
        for ring in trace_rings(field, x_mm=level.lattice.x_mm, y_mm=level.lattice.y_mm)
    )


def view_lattice(body: Body, view: View, around_mm: float = 0.0) -> Lattice | None:
    """Return the lattice that covers what a view shows of a structure and a rim around it."""
    stack = body.stack
    x, y, (low_mm, high_mm) = stack.bounds_mm
    # a loft that tapers may close beyond the end of the slab, before the next plane
    sides = [x, y, (low_mm - stack.below_mm.max(), high_mm + stack.above_mm.max())]
    step = max(side[1] - side[0] for side in sides[:2]) / STEPS_ACROSS
    step = min(max(step, FINEST_MM), COARSEST_MM)
    shown = [(axis[0], axis[-1]) for axis in (view.x_mm, view.y_mm, view.planes_mm)]
    # the rim: what reaches the lattice's border is closed along it, beyond the picture's edge
    rims = (_pixel(view.x_mm) + 2 * step, _pixel(view.y_mm) + 2 * step, _pixel(view.planes_mm))
    box = [
        (max(low - around_mm, first - rim), min(high + around_mm, last + rim))
        for (low, high), (first, last), rim in zip(sides, shown, rims, strict=True)
    ]
    if any(high <= low for low, high in box):
        return None
    own = stack.z_mm
    between = own[(own > box[2][0] + SAME_MM) & (own < box[2][1] - SAME_MM)]
    ends = np.unique(np.concatenate([[box[2][0]], between, [box[2][1]]]))
    return Lattice.around(box[0], box[1], subdivide(ends, step), step)


def cut(solid: SolidSections, view: View) -> tuple[tuple[PlaneRing, ...], tuple[PlaneRing, ...]]:
    """Return the coronal rings (x, z) and the sagittal rings (y, z) of a solid."""
    coronal: list[PlaneRing] = []
    sagittal: list[PlaneRing] = []
    lattice = solid.lattice
    for run in solid.runs:
        if run.z_mm.size < 2:
            continue
        by_row = run.field.transpose(1, 0, 2)
        by_column = run.field.transpose(2, 0, 1)
        coronal += _traced(_sections(by_row, lattice.y_mm, view.y_mm), lattice.x_mm, run.z_mm)
        sagittal += _traced(_sections(by_column, lattice.x_mm, view.x_mm), lattice.y_mm, run.z_mm)
    return tuple(coronal), tuple(sagittal)


def _traced(
    sections: Iterable[tuple[int, NDArray[np.float32]]],
    across_mm: NDArray[np.float64],
    z_mm: NDArray[np.float64],
) -> Iterator[PlaneRing]:
    for number, field in sections:
        for ring in trace_rings(field, x_mm=across_mm, y_mm=z_mm):
            yield number, thinned(ring)


def _sections(
    field: NDArray[np.float32], at_mm: NDArray[np.float64], wanted_mm: NDArray[np.float64]
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Interpolate a field along its first axis at the planes wanted; those it does not meet go."""
    met = field.reshape(field.shape[0], -1).min(axis=1) < 0
    for number, place in enumerate(wanted_mm):
        above = int(np.searchsorted(at_mm, place))
        if above in (0, at_mm.size) or not met[above - 1 : above + 1].any():
            continue
        share = np.float32((place - at_mm[above - 1]) / (at_mm[above] - at_mm[above - 1]))
        yield number, field[above - 1] + share * (field[above] - field[above - 1])


def thinned(ring: NDArray[np.float64]) -> NDArray[np.float64]:
    """Leave out corners (n, 2) that stand on the line between their neighbours."""
    for _ in range(THINNINGS):
        last = (len(ring) - 1) // 2 * 2
        if last < 8:
            break
        # every other corner, so that never two neighbours go at a time
        before, middle, after = ring[0:last:2], ring[1:last:2], ring[2 : last + 1 : 2]
        (ax, ay), (mx, my) = (after - before).T, (middle - before).T
        keep = np.ones(len(ring), bool)
        keep[1:last:2] = (ax * my - ay * mx) ** 2 > STRAIGHT_MM**2 * (ax * ax + ay * ay)
        ring = ring[keep]
    return ring


def _pixel(axis: NDArray[np.float64]) -> float:
    return float(np.diff(axis).max()) if axis.size > 1 else 1.0
