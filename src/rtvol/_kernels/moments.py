"""First moments of even-odd regions, plane by plane."""

from __future__ import annotations

import numpy as np

from rtvol._kernels.jit import JIT, njit
from rtvol._kernels.polygon import sweep


@njit(**JIT)
def plane_moments(xy, ring_starts, plane_rings):
    """Area and first moments of the even-odd region of each plane.

    Sums over the directed boundary (Green): area = x dy, moments x^2 / 2 dy and x y dy.

    Parameters
    ----------
    xy, ring_starts, plane_rings
        Points (N, 2) mm, ring offsets, plane offsets into the rings, as of a `PlaneStack`.

    Returns
    -------
    (P, 3) float64: area, mm2; area times the centroid's x and y, mm3.
    """
    planes, lean = plane_rings.size - 1, np.empty(0)
    found = np.zeros((planes, 3))
    for p in range(planes):
        first, last = plane_rings[p], plane_rings[p + 1]
        if ring_starts[first] == ring_starts[last]:
            continue
        origin = xy[ring_starts[first], 0], xy[ring_starts[first], 1]
        pieces = sweep(xy, ring_starts, first, last, lean, origin)
        area, along_x, along_y = 0.0, 0.0, 0.0
        for m in range(pieces.shape[0]):
            xa, ya, xb, yb = pieces[m, 0], pieces[m, 1], pieces[m, 2], pieces[m, 3]
            rise = yb - ya
            area += rise * (xa + xb) / 2.0
            along_x += rise * (xa * xa + xa * xb + xb * xb) / 6.0
            along_y += rise * (2.0 * xa * ya + xa * yb + xb * ya + 2.0 * xb * yb) / 6.0
        found[p, 0] = area
        found[p, 1] = along_x + area * origin[0]
        found[p, 2] = along_y + area * origin[1]
    return found
