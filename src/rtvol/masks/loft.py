"""The lofted solid: the surface interpolated between contour planes, closed beyond the ends.

Between contour planes the in-plane distances are interpolated along z (modified Akima, real jumps
kept as slabs); beyond the ends they follow the parabola of the last three planes and are cut at
half a spacing, where the slab ends. Of the ways compared in the project's accuracy study this one
came nearest to the ideal solid without overshoot.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rtvol.masks.sections import Run, section_distances

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtvol.masks.lattice import Lattice
    from rtvol.masks.stack import PlaneStack

#: Two planes closer than this are one plane (mm).
SAME_Z_MM = 1e-4
#: Half the distance between the two dense planes that hold the face of a jump (mm).
FACE_MM = 1e-3
#: How many contour planes beyond the range wanted still shape the interpolation.
NEIGHBOURS = 3


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
    low, high = lattice.z_mm[0] - reach_mm, lattice.z_mm[-1] + reach_mm
    runs = []
    for lobe in np.unique(stack.lobe):
        planes = np.flatnonzero(stack.lobe == lobe)
        bottom = stack.z_mm[planes[0]] - stack.below_mm[planes[0]]
        top = stack.z_mm[planes[-1]] + stack.above_mm[planes[-1]]
        span = (max(bottom, low), min(top, high))
        if span[1] - span[0] > SAME_Z_MM:
            runs.append(_loft_lobe(stack, planes, lattice, band_mm, span))
    return runs


def _loft_lobe(
    stack: PlaneStack,
    planes: NDArray[np.int64],
    lattice: Lattice,
    band_mm: float,
    span_mm: tuple[float, float],
) -> Run:
    from rtvol._kernels.loft import extend_end, interpolate_planes

    low, high = np.searchsorted(stack.z_mm[planes], span_mm)
    near = planes[max(low - NEIGHBOURS, 0) : high + NEIGHBOURS]
    z = stack.z_mm[near]
    of_planes = slice(int(near[0]), int(near[-1]) + 1)
    knots = section_distances(stack, of_planes, lattice, band_mm).reshape(z.size, -1)
    dense = _dense_planes(z, lattice.z_mm, span_mm)
    field = np.empty((dense.size, knots.shape[1]), np.float32)
    edges = np.searchsorted(dense, z)
    edges[-1] = np.searchsorted(dense, z[-1], side="right")
    first, last = edges[0], edges[-1]
    extend_end(knots[:3], z[:3], dense[:first], field[:first])
    extend_end(knots[-3:][::-1].copy(), z[-3:][::-1].copy(), dense[last:], field[last:])
    if z.size == 1:
        field[first:last] = knots[0]
    for gap in range(z.size - 1):
        of_gap = slice(edges[gap], edges[gap + 1])
        interpolate_planes(knots, z, gap, dense[of_gap], field[of_gap])
    return Run(dense, field.reshape(dense.size, *lattice.shape_ji))


def _dense_planes(
    z: NDArray[np.float64], wanted: NDArray[np.float64], span_mm: tuple[float, float]
) -> NDArray[np.float64]:
    """Contour planes, lattice planes, both sides of each middle and the two ends, in the span.

    A jump keeps two slabs that meet in the middle of its gap: a plane on either side of it keeps
    that face sharp, whatever the pitch of the lattice.
    """
    middles = (z[1:] + z[:-1]) / 2
    inside = np.concatenate([z, wanted, middles - FACE_MM, middles + FACE_MM])
    inside = inside[(inside > span_mm[0] + FACE_MM) & (inside < span_mm[1] - FACE_MM)]
    merged = np.unique(np.concatenate([inside, span_mm]))
    return merged[np.diff(merged, prepend=-np.inf) > SAME_Z_MM]
