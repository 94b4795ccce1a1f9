"""Corners of contours that lie on the surface of a solid, and what a lattice takes off there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rtvol._kernels import locked
from rtvol.solids.nearest import to_runs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtvol.solids.lattice import Lattice
    from rtvol.solids.planes import PlaneStack
    from rtvol.solids.reading import SolidName
    from rtvol.solids.sections import Run

#: Corners at which an outline turns by less, in sines of half the angle, are as round as lattices
#: make them.
BEND = 0.1


def corners_of(
    stack: PlaneStack, runs: tuple[Run, ...], lattice: Lattice, solid: SolidName
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Corners (M, 3) of the contours that lie on the surface, and the area (M,) lost at each, mm2.

    Those of slabs lie on it at both faces; those of a loft on their plane, and at a level end.
    """
    counts = np.diff(stack.ring_starts[stack.plane_rings])
    lost = _lost_mm(stack, runs, lattice) * np.repeat(stack.thickness_mm, counts)
    if solid == "slab":
        heights, areas = [stack.z_mm - stack.below_mm, stack.z_mm + stack.above_mm], [lost / 2] * 2
    else:
        heights, areas = [stack.z_mm], [lost]
    found = [np.column_stack([stack.xy_mm, np.repeat(z, counts)]) for z in heights]
    if solid == "loft":
        first = np.concatenate([[0], np.cumsum(counts)])
        for end, section in ((r.z_mm[k], r.field[k]) for r in runs for k in (0, -1)):
            if section.min() < -lattice.step_mm:  # a level end, not a tip
                plane = int(np.argmin(np.abs(stack.z_mm - end)))
                xy = stack.xy_mm[first[plane] : first[plane + 1]]
                found.append(np.column_stack([xy, np.full(len(xy), end)]))
                areas.append(np.zeros(len(xy)))
    every = np.concatenate(found)
    met = np.abs(to_runs(every, runs, lattice)) < lattice.step_mm / 2
    return every[met], np.concatenate(areas)[met]


def _lost_mm(stack: PlaneStack, runs: tuple[Run, ...], lattice: Lattice) -> NDArray[np.float64]:
    """How much of its outline (N,) each corner of a stack loses to the lattice, mm."""
    from rtvol._kernels.boundary import corner_losses

    lost = np.zeros(len(stack.xy_mm))
    x0, y0 = float(lattice.x_mm[0]), float(lattice.y_mm[0])
    arrays = locked(stack.xy_mm, stack.ring_starts)
    for plane, z in enumerate(stack.z_mm.tolist()):
        rings = stack.plane_rings[plane : plane + 2].tolist()
        for run in runs:
            if run.z_mm[0] <= z <= run.z_mm[-1]:
                near = int(np.argmin(np.abs(run.z_mm - z)))
                (section,) = locked(run.field[near])
                corner_losses(*arrays, *rings, section, x0, y0, lattice.step_mm, BEND, lost)
    return lost
