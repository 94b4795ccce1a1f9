"""How far the outlines of one set of rings lie from those of another, exactly."""

from __future__ import annotations

import numpy as np

from rtvol._kernels.jit import JIT, njit

#: Pieces of an edge are halved until the distance along them is known to this, mm.
_FINE_MM = 1e-6
_DEEPEST = 64


@njit(**JIT)
def _square(x, y, edge):
    """Squared distance from a point to an edge."""
    ax, ay = edge[0], edge[1]
    ex, ey = edge[2] - ax, edge[3] - ay
    length = ex * ex + ey * ey
    share = 0.0 if length == 0 else ((x - ax) * ex + (y - ay) * ey) / length
    share = min(max(share, 0.0), 1.0)
    dx, dy = x - ax - share * ex, y - ay - share * ey
    return dx * dx + dy * dy


@njit(**JIT)
def _nearest(x, y, edges, lefts, widest, hint):
    """Nearest of edges, sorted by their left ends, and its distance; `hint` may be near."""
    at, least = hint, _square(x, y, edges[hint])
    reach = np.sqrt(least)
    for e in range(np.searchsorted(lefts, x - reach - widest), edges.shape[0]):
        if lefts[e] > x + reach:
            break
        found = _square(x, y, edges[e])
        if found < least:
            at, least = e, found
            reach = np.sqrt(least)
    return at, reach


@njit(**JIT)
def farthest(edges, others):
    """Largest distance from any point of edges (n, 4: x, y, x, y) to the nearest of others (m, 4).

    To one edge the distance is convex along another: between two points nearest to the same edge it
    is nowhere larger than at both. Other pieces are halved until no larger one can be in them.
    """
    order = np.argsort(np.minimum(others[:, 0], others[:, 2]))
    others = others[order]
    lefts = np.minimum(others[:, 0], others[:, 2])
    widest = np.abs(others[:, 0] - others[:, 2]).max()
    n = edges.shape[0]
    start, start_mm = np.empty(n, np.int64), np.empty(n)
    most, hint = 0.0, 0
    for e in range(n):
        hint, found = _nearest(edges[e, 0], edges[e, 1], others, lefts, widest, hint)
        start[e], start_mm[e] = hint, found
        most = max(most, found)
    ends, last = np.empty((_DEEPEST, 4)), np.empty((_DEEPEST, 2), np.int64)
    far = np.empty((_DEEPEST, 2))
    for e in range(n):
        ends[0] = edges[e]
        last[0, 0], far[0, 0] = start[e], start_mm[e]
        goes_on = e + 1 < n and edges[e + 1, 0] == edges[e, 2] and edges[e + 1, 1] == edges[e, 3]
        if goes_on:
            last[0, 1], far[0, 1] = start[e + 1], start_mm[e + 1]
        else:
            x, y = edges[e, 2], edges[e, 3]
            last[0, 1], far[0, 1] = _nearest(x, y, others, lefts, widest, start[e])
            most = max(most, far[0, 1])
        count = 1
        while count:
            count -= 1
            ax, ay, bx, by = ends[count]
            bound = (far[count, 0] + far[count, 1] + np.hypot(bx - ax, by - ay)) / 2
            is_known = last[count, 0] == last[count, 1] or bound <= most + _FINE_MM
            if is_known or count + 2 > _DEEPEST:
                continue
            x, y = (ax + bx) / 2, (ay + by) / 2
            at, middle = _nearest(x, y, others, lefts, widest, last[count, 0])
            most = max(most, middle)
            ends[count + 1, 0], ends[count + 1, 1] = x, y
            ends[count + 1, 2], ends[count + 1, 3] = bx, by
            last[count + 1, 0], last[count + 1, 1] = at, last[count, 1]
            far[count + 1, 0], far[count + 1, 1] = middle, far[count, 1]
            ends[count, 2], ends[count, 3] = x, y
            last[count, 1], far[count, 1] = at, middle
            count += 2
    return most
