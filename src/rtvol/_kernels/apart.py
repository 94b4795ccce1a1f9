"""How far the outlines of one set of rings lie from those of another, exactly."""

from __future__ import annotations

import numpy as np

from rtvol._kernels.jit import JIT, njit

#: Pieces of an edge are halved until the distance along them is known to this, mm.
_FINE_MM = 1e-6
_DEEPEST = 64


@njit(**JIT)
def _nearest(x, y, edges, hint):
    """Nearest edge to a point, and its distance; looked for from one that may be near."""
    at, least = hint, np.inf
    for turn in range(-1, edges.shape[0]):
        e = hint if turn < 0 else turn
        ax, ay, bx, by = edges[e, 0], edges[e, 1], edges[e, 2], edges[e, 3]
        dx = max(min(ax, bx) - x, x - max(ax, bx), 0.0)
        dy = max(min(ay, by) - y, y - max(ay, by), 0.0)
        if dx * dx + dy * dy >= least:
            continue
        ex, ey = bx - ax, by - ay
        length = ex * ex + ey * ey
        share = 0.0 if length == 0 else ((x - ax) * ex + (y - ay) * ey) / length
        share = min(max(share, 0.0), 1.0)
        dx, dy = x - ax - share * ex, y - ay - share * ey
        if dx * dx + dy * dy < least:
            at, least = e, dx * dx + dy * dy
    return at, np.sqrt(least)


@njit(**JIT)
def farthest(edges, others):
    """Largest distance from any point of edges (n, 4: x, y, x, y) to the nearest of others (m, 4).

    To one edge the distance is convex along another: between two points nearest to the same edge it
    is nowhere larger than at both. Other pieces are halved until no larger one can be in them.
    """
    most, hint = 0.0, 0
    ends, last = np.empty((_DEEPEST, 4)), np.empty((_DEEPEST, 2), np.int64)
    far = np.empty((_DEEPEST, 2))
    for n in range(edges.shape[0]):
        hint, found = _nearest(edges[n, 0], edges[n, 1], others, hint)
        most = max(most, found)
    for n in range(edges.shape[0]):
        ends[0] = edges[n]
        last[0, 0], far[0, 0] = _nearest(ends[0, 0], ends[0, 1], others, hint)
        last[0, 1], far[0, 1] = _nearest(ends[0, 2], ends[0, 3], others, last[0, 0])
        hint = last[0, 1]
        most = max(most, far[0, 0], far[0, 1])
        count = 1
        while count:
            count -= 1
            ax, ay, bx, by = ends[count]
            length = np.hypot(bx - ax, by - ay)
            bound = (far[count, 0] + far[count, 1] + length) / 2
            if last[count, 0] == last[count, 1] or bound <= most + _FINE_MM:
                continue
            if count + 2 > _DEEPEST:
                continue
            x, y = (ax + bx) / 2, (ay + by) / 2
            at, middle = _nearest(x, y, others, last[count, 0])
            most = max(most, middle)
            ends[count + 1, 0], ends[count + 1, 1] = x, y
            ends[count + 1, 2], ends[count + 1, 3] = bx, by
            last[count + 1, 0], last[count + 1, 1] = at, last[count, 1]
            far[count + 1, 0], far[count + 1, 1] = middle, far[count, 1]
            ends[count, 2], ends[count, 3] = x, y
            last[count, 1], far[count, 1] = at, middle
            count += 2
    return most
