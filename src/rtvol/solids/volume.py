"""Volume of the slab solid: exact polygon areas, no mask."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rtvol.solids.areas import plane_areas_mm2

if TYPE_CHECKING:
    from rtvol.solids.planes import PlaneStack


def slab_volume_cc(stack: PlaneStack) -> float:
    """Sum of exact polygon area (even-odd parity) times slab thickness, in cc.

    Needs no mask and depends on no CT or dose grid. Right prisms between planes, half a spacing
    at the ends (Pepin 2022, doi 10.1002/mp.15916).
    """
    areas_mm2 = plane_areas_mm2(stack.xy_mm, stack.ring_starts, stack.plane_rings)
    return float(np.dot(areas_mm2, stack.thickness_mm)) / 1000


def slab_readings_cc(stack: PlaneStack) -> dict[str, float]:
    """Volume, cc, by each rule in use: `slab`, `slab without caps`, `joined` where rings cross.

    Without caps the solid ends on its last planes (Eclipse 8); `joined` counts what crossing rings
    enclose by direction, and what overlapping rings share, as inside.
    """
    from rtvol.solids.doubts import joined_areas_mm2

    areas_mm2 = plane_areas_mm2(stack.xy_mm, stack.ring_starts, stack.plane_rings)
    thickness_mm = stack.thickness_mm
    first = np.diff(stack.lobe, prepend=-1) > 0
    last = np.diff(stack.lobe, append=stack.lobe[-1] + 1) > 0
    caps_mm = np.where(first, stack.below_mm, 0) + np.where(last, stack.above_mm, 0)
    volumes = {
        "slab": float(np.dot(areas_mm2, thickness_mm)) / 1000,
        "slab without caps": float(np.dot(areas_mm2, thickness_mm - caps_mm)) / 1000,
    }
    joined = float(np.dot(joined_areas_mm2(stack), thickness_mm)) / 1000
    if not np.isclose(joined, volumes["slab"], rtol=1e-6):
        volumes["joined"] = joined
    return volumes
