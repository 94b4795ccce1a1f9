"""What two solids of prisms share, exactly; volume and centroid of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rtvol._kernels import locked
from rtvol.solids.areas import plane_areas_mm2
from rtvol.solids.planes import PlaneStack

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Less than this part of an area is round-off.
SAME_AREA = 1e-9


def shared_cc(one: PlaneStack, other: PlaneStack) -> float:
    """Volume, cc, that two prism solids share, exact.

    Slab by slab of both, |A and B| = (|A| + |B| - |A xor B|) / 2; the even-odd region of the rings
    of both is what only one of them holds.
    """
    sides = [(s.z_mm - s.below_mm, s.z_mm + s.above_mm) for s in (one, other)]
    faces = np.unique(np.concatenate([face for side in sides for face in side]))
    middles = (faces[1:] + faces[:-1]) / 2
    held = [np.searchsorted(low, middles) - 1 for low, _ in sides]
    met = [
        (at >= 0) & (middles < high[np.maximum(at, 0)])
        for at, (_, high) in zip(held, sides, strict=True)
    ]
    both = met[0] & met[1]
    if not both.any():
        return 0.0
    rings_of = one.rings, other.rings
    pairs = [(int(a), int(b)) for a, b in zip(held[0][both], held[1][both], strict=True)]
    rings = [[*rings_of[0][a], *rings_of[1][b]] for a, b in pairs]
    xor = PlaneStack.of(
        rings, z_mm=middles[both], below_mm=np.zeros(len(pairs)), above_mm=np.zeros(len(pairs))
    )
    only = plane_areas_mm2(xor.xy_mm, xor.ring_starts, xor.plane_rings)
    areas = [
        plane_areas_mm2(s.xy_mm, s.ring_starts, s.plane_rings)[at[both]]
        for s, at in zip((one, other), held, strict=True)
    ]
    shared = (areas[0] + areas[1] - only) / 2
    shared[shared < SAME_AREA * np.minimum(*areas)] = 0.0
    return float(np.dot(shared, np.diff(faces)[both])) / 1000


def moments(stack: PlaneStack) -> tuple[float, NDArray[np.float64]]:
    """Volume, cc, and centroid (3,), mm in its frame, of prisms."""
    from rtvol._kernels.moments import plane_moments

    area, along_x, along_y = plane_moments(
        *locked(stack.xy_mm, stack.ring_starts, stack.plane_rings)
    ).T
    thick = stack.thickness_mm
    z = stack.z_mm + (stack.above_mm - stack.below_mm) / 2
    volume = float(np.dot(area, thick))
    sums = np.array([np.dot(along_x, thick), np.dot(along_y, thick), np.dot(area * z, thick)])
    return volume / 1000, sums / volume
