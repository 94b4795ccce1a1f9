"""The lofted solid: the surface interpolated between contour planes, closed beyond the ends.

Between contour planes the in-plane distances are interpolated along z (modified Akima, real jumps
kept as slabs), with the bulge of round bodies added (`rtvol.masks.round`); beyond the ends round
bodies taper to a point, all others follow the parabola of the last three planes and are cut at
half a spacing, where the slab ends (docs/decisions/0006).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rtvol._kernels.loft import interpolate_planes
from rtvol.masks.round import NEIGHBOURS, End, bulge, section_depths
from rtvol.masks.sections import Run, section_distances

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtvol.masks.lattice import Lattice
    from rtvol.masks.stack import PlaneStack

#: Two planes closer than this are one plane (mm).
SAME_Z_MM = 1e-4
#: Half the distance between the two dense planes that hold the face of a jump (mm).
FACE_MM = 1e-3


def loft(stack: PlaneStack, lattice: Lattice, *, band_mm: float, reach_mm: float) -> list[Run]:
    """Interpolate the outlines of a structure between its planes.

    Parameters
    ----------
    stack
        The contours.
    lattice
        Points in plane; its planes inside the solid become planes of the runs.
    band_mm
        In-plane distances beyond are cut to it; take the largest distance asked for and some
        spacings more.
    reach_mm
        Layers are made as far as this beyond the lattice's planes, mm.

    Returns
    -------
    One run per lobe; an empty list when the solid lies out of reach.
    """
    wanted = (lattice.z_mm[0] - reach_mm, lattice.z_mm[-1] + reach_mm)
    runs = []
    for lobe in np.unique(stack.lobe):
        planes = np.flatnonzero(stack.lobe == lobe)
        bottom = stack.z_mm[planes[0]] - 2 * stack.below_mm[planes[0]]
        top = stack.z_mm[planes[-1]] + 2 * stack.above_mm[planes[-1]]
        span = (max(bottom, wanted[0]), min(top, wanted[1]))
        if span[1] - span[0] > SAME_Z_MM:
            runs += _loft_lobe(stack, planes, lattice, band_mm, span)
    return runs


def _loft_lobe(
    stack: PlaneStack,
    planes: NDArray[np.int64],
    lattice: Lattice,
    band_mm: float,
    span_mm: tuple[float, float],
) -> list[Run]:
    low, high = np.searchsorted(stack.z_mm[planes], span_mm)
    near = planes[max(low - NEIGHBOURS, 0) : high + NEIGHBOURS]
    z = stack.z_mm[near]
    of_planes = slice(int(near[0]), int(near[-1]) + 1)
    sections = section_distances(stack, of_planes, lattice, band_mm)
    whole = _holds(lattice, stack)
    depths = section_depths(stack, of_planes, sections, lattice) if whole else None
    knots = sections.reshape(z.size, -1)
    halves = (float(stack.below_mm[near[0]]), float(stack.above_mm[near[-1]]))
    below = End.of(knots, z, depths, halves[0])
    above = End.of(knots[::-1], z[::-1], None if depths is None else depths[::-1], halves[1])
    span = (max(span_mm[0], z[0] - below.height_mm), min(span_mm[1], z[-1] + above.height_mm))
    if span[1] - span[0] <= SAME_Z_MM:
        return []
    dense = _dense_planes(z, lattice.z_mm, (below, above), span)
    field = np.empty((dense.size, knots.shape[1]), np.float32)
    edges = np.searchsorted(dense, z)
    edges[-1] = np.searchsorted(dense, z[-1], side="right")
    below.extend(dense[: edges[0]], field[: edges[0]])
    above.extend(dense[edges[-1] :], field[edges[-1] :])
    field[edges[0] : edges[-1]] = knots[0]
    for gap in range(z.size - 1):
        of_gap = slice(edges[gap], edges[gap + 1])
        interpolate_planes(knots, z, gap, dense[of_gap], field[of_gap])
        if depths is not None:
            bulge(knots, z, depths, gap=gap, z_out=dense[of_gap], out=field[of_gap])
    return [Run(dense, field.reshape(dense.size, *lattice.shape_ji))]


def _holds(lattice: Lattice, stack: PlaneStack) -> bool:
    """Whether the points in plane cover the whole structure."""
    x, y, _ = stack.bounds_mm
    points = (lattice.x_mm, lattice.y_mm)
    return all(p[0] <= s[0] and s[1] <= p[-1] for p, s in zip(points, (x, y), strict=True))


def _dense_planes(
    z: NDArray[np.float64],
    wanted: NDArray[np.float64],
    ends: tuple[End, End],
    span_mm: tuple[float, float],
) -> NDArray[np.float64]:
    """Contour planes, lattice planes, both sides of each middle and the two ends, in the span.

    A jump keeps two slabs that meet in the middle of its gap: a plane on either side of it keeps
    that face sharp, whatever the pitch of the lattice.
    """
    middles = (z[1:] + z[:-1]) / 2
    levels = [end.levels_mm for end in ends]
    inside = np.concatenate([z, wanted, middles - FACE_MM, middles + FACE_MM, *levels])
    inside = inside[(inside > span_mm[0] + FACE_MM) & (inside < span_mm[1] - FACE_MM)]
    merged = np.unique(np.concatenate([inside, span_mm]))
    return merged[np.diff(merged, prepend=-np.inf) > SAME_Z_MM]
