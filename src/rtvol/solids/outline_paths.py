"""How much of a drawing's outlines has to be drawn anew to make another of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtvol._kernels import locked
from rtvol.geometry import ON_PLANE_MM

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtvol.solids.boundary import Boundary
    from rtvol.solids.planes import PlaneStack

#: Outlines are looked at in parts of this length, mm.
PART_MM = 0.2


@dataclass(frozen=True)
class AddedPath:
    """Outline of the reference on one plane, mm: all of it, and what the drawing has not."""

    z_mm: float
    path_mm: float
    added_mm: float


def added_paths(
    one: PlaneStack, drawing: Boundary, reference: PlaneStack, tolerance_mm: float
) -> list[AddedPath]:
    """Follow the outline of the reference plane by plane, in the plane alone.

    It is held against the outline of the drawing there: as drawn, else that of its solid.
    """
    from rtvol._kernels.depth import depths_at

    found, own = [], one.rings
    for z, rings in zip(reference.z_mm, reference.rings, strict=True):
        parts = [_parts(ring) for ring in rings]
        lengths = np.concatenate([length for _, length in parts])
        middles = np.concatenate([middle for middle, _ in parts])
        plane = int(np.argmin(np.abs(one.z_mm - z)))
        is_drawn = abs(one.z_mm[plane] - z) < ON_PLANE_MM
        near = own[plane] if is_drawn else drawing.outline(float(z))
        added = np.ones(len(lengths), bool)
        if near:
            starts = np.cumsum([0, *map(len, near)], dtype=np.int64)
            apart = depths_at(middles, *locked(np.concatenate(near), starts), 0, len(near))
            added = np.abs(apart) > tolerance_mm
        found.append(AddedPath(float(z), float(lengths.sum()), float(lengths[added].sum())))
    return found


def _parts(ring: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Middles (N, 2) and lengths (N,) of short parts of a ring, mm."""
    ends = np.roll(ring, -1, axis=0)
    lengths = np.hypot(*(ends - ring).T)
    counts = np.maximum(np.ceil(lengths / PART_MM).astype(int), 1)
    edge = np.repeat(np.arange(len(ring)), counts)
    rank = np.arange(len(edge)) - np.repeat(np.cumsum(counts) - counts, counts)
    share = ((rank + 0.5) / counts[edge])[:, None]
    return ring[edge] + share * (ends[edge] - ring[edge]), (lengths / counts)[edge]
