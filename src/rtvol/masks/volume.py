"""Volume of the slab solid: exact polygon areas, no mask."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from rtvol.masks.stack import PlaneStack


def slab_volume_cc(stack: PlaneStack) -> float:
    """Sum of exact polygon area (even-odd parity) times slab thickness, in cc.

    Needs no mask and depends on no CT or dose grid. Right prisms between planes, half a spacing
    at the ends (Pepin 2022, doi 10.1002/mp.15916).
    """
    from rtvol._kernels.polygon import plane_areas_mm2

    areas_mm2 = plane_areas_mm2(stack.xy_mm, stack.ring_starts, stack.plane_rings)
    return float(np.dot(areas_mm2, stack.thickness_mm)) / 1000
