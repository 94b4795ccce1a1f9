"""Points of contours to rings: repeated neighbours dropped, how far off their plane, how thin."""

from __future__ import annotations

import numpy as np

from rtvol._kernels.jit import JIT, njit


@njit(**JIT)
def ring_facts(points, first):
    """Look at each ring once.

    `points` (N, 3) float64 mm, z along the normal of the planes; `first` (R + 1,) int64 where each
    ring begins. Returns the corners (M, 2) that differ from the next of their ring, which closes
    by itself; where those of each begin (R + 1,); how far its points lie apart in z (R,); twice
    the area within (R,), mm2; and how far a corner is from the first at most, |x| + |y| (R,), mm.
    """
    count = first.size - 1
    corners = np.empty((points.shape[0], 2))
    starts = np.zeros(count + 1, np.int64)
    spread, twice_area, reach = np.empty(count), np.empty(count), np.empty(count)
    kept = 0
    for ring in range(count):
        begin, stop = first[ring], first[ring + 1]
        x0, y0 = points[begin, 0], points[begin, 1]
        low, high = points[begin, 2], points[begin, 2]
        area, far = 0.0, 0.0
        x, y = x0, y0
        for at in range(begin, stop):
            low, high = min(low, points[at, 2]), max(high, points[at, 2])
            following = at + 1 if at + 1 < stop else begin
            next_x, next_y = points[following, 0], points[following, 1]
            if next_x != x or next_y != y:
                corners[kept, 0], corners[kept, 1] = x, y
                kept += 1
            area += (x - x0) * (next_y - y) - (y - y0) * (next_x - x)
            far = max(far, abs(x - x0) + abs(y - y0))
            x, y = next_x, next_y
        starts[ring + 1] = kept
        spread[ring], twice_area[ring], reach[ring] = high - low, abs(area), far
    return corners[:kept], starts, spread, twice_area, reach
