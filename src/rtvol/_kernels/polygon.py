"""Even-odd regions of closed rings: sweep the rings of a plane into directed edges, measure areas.

Contours on one plane combine by even-odd parity, however they are wound, nested, touching or
crossing. A sweep in y (after Bentley and Ottmann, IEEE Trans. Comput. C-28 (1979) 643) keeps the
edges of each band between two events sorted in x: the first, third, ... edge of a band has the
region on its right, the second, fourth, ... on its left. An edge is cut where its place in that
order changes parity, which happens at true crossings only. What comes out are pieces of edges that
run round the region with it on their left, so that signed sums over them (areas here, coverage in
`raster`) are exact. A wrong order of two edges that lie on each other moves no area, so touching
rings and keyhole bridges need no tolerance.
"""

from __future__ import annotations

import numpy as np

from rtvol._kernels import ON_EACH_OTHER_MM
from rtvol._kernels.jit import BARE, JIT, njit
from rtvol._kernels.order import sort_by

#: Columns of an edge: its lower and upper end, its ring counted from 1, negative where the ring
#: runs downwards along it.
_X_LOW, _Y_LOW, _X_HIGH, _Y_HIGH, _TAG = range(5)


@njit(**JIT)
def _rising_edges(xy, starts, first, last, origin):
    """Edges (n, 5) of rings first..last-1, sorted by y_low; horizontal ones enclose nothing."""
    room, n = starts[last] - starts[first], 0
    found, lows = np.empty((room, 5)), np.empty(room)
    for r in range(first, last):
        a = starts[r + 1] - 1
        xa, ya = xy[a, 0] - origin[0], xy[a, 1] - origin[1]
        for b in range(starts[r], starts[r + 1]):
            xb, yb = xy[b, 0] - origin[0], xy[b, 1] - origin[1]
            if ya != yb:
                rises = ya < yb
                low, high = (_X_LOW, _X_HIGH) if rises else (_X_HIGH, _X_LOW)
                found[n, low], found[n, low + 1] = xa, ya
                found[n, high], found[n, high + 1] = xb, yb
                found[n, _TAG] = r - first + 1.0 if rises else first - r - 1.0
                lows[n] = min(ya, yb)
                n += 1
            xa, ya = xb, yb
    order, edges = np.arange(n), np.empty((n, 5))
    sort_by(order, lows)
    for e in range(n):
        for column in range(5):
            edges[e, column] = found[order[e], column]
    return edges


@njit(**BARE)
def _x_at(edges, e, y):
    """Where edge e is at height y; its upper end is exact."""
    if y >= edges[e, _Y_HIGH]:
        return edges[e, _X_HIGH]
    slope = (edges[e, _X_HIGH] - edges[e, _X_LOW]) / (edges[e, _Y_HIGH] - edges[e, _Y_LOW])
    return edges[e, _X_LOW] + (y - edges[e, _Y_LOW]) * slope


@njit(**BARE)
def _next_crossing(active, k, xa, xb):
    """Rank of the neighbours that cross first in this band, and the fraction of it where they do.

    Neighbours in their order at the band's foot that are out of order at its head cross between.
    """
    rank, least = -1, np.inf
    for m in range(k - 1):
        left, right = active[m], active[m + 1]
        behind = xb[left] - xb[right]
        if behind > 0:
            ahead = xa[right] - xa[left]
            if ahead / (ahead + behind) < least:
                rank, least = m, ahead / (ahead + behind)
    return rank, least


@njit(**BARE)
def _cut(pieces, m, begun, e, x, y):
    """End edge e's running piece at (x, y), if it has length, and begin its next one there.

    `begun` holds where the running piece begins (x, y) and whether it runs up (+1) or down (-1).
    Returns the number of pieces.
    """
    if y > begun[e, 1]:
        low = 0 if begun[e, 2] > 0 else 2
        high = 2 - low
        pieces[m, low], pieces[m, low + 1] = begun[e, 0], begun[e, 1]
        pieces[m, high], pieces[m, high + 1] = x, y
        m += 1
    begun[e, 0], begun[e, 1] = x, y
    return m


@njit(**BARE)
def _weigh(lean, active, k, xa, xb, edges, begun, height):
    """Add to each ring's lean where the edges of this band run the way the ring was drawn.

    An edge weighs as much as the area (mm2) between it and its nearer neighbour, negative where
    it runs the other way. Edges that lie on each other have no certain order, and no weight.
    """
    for r in range(k):
        e = active[r]
        gap = np.inf
        if r > 0:
            gap = min(gap, xa[e] + xb[e] - xa[active[r - 1]] - xb[active[r - 1]])
        if r < k - 1:
            gap = min(gap, xa[active[r + 1]] + xb[active[r + 1]] - xa[e] - xb[e])
        if gap > 2 * ON_EACH_OTHER_MM:
            ring = int(abs(edges[e, _TAG])) - 1
            lean[ring] += np.sign(edges[e, _TAG]) * begun[e, 2] * gap / 2 * height


@njit(**JIT)
def _sweep_into(edges, pieces, lean):
    """Do the work of `sweep` on sorted edges; the number of pieces, or -1 for want of room."""
    n, m = edges.shape[0], np.int64(0)
    active = np.empty(n, np.int64)
    begun = np.zeros((n, 3))
    xa, xb = np.empty(n), np.empty(n)
    k, fresh, foot = 0, 0, 0.0
    while k > 0 or fresh < n:
        if k == 0:
            foot = edges[fresh, _Y_LOW]
        while fresh < n and edges[fresh, _Y_LOW] == foot:
            active[k] = fresh
            xb[fresh] = edges[fresh, _X_LOW]
            k += 1
            fresh += 1
        head = edges[fresh, _Y_LOW] if fresh < n else np.inf
        for r in range(k):
            head = min(head, edges[active[r], _Y_HIGH])
        for r in range(k):  # insertion sort by x at the band's foot, then at its head
            e = active[r]
            xa[e] = xb[e]
            xb[e] = _x_at(edges, e, head)
            p = r
            while p > 0:
                f = active[p - 1]
                if xa[f] < xa[e] or (xa[f] == xa[e] and xb[f] <= xb[e]):
                    break
                active[p] = f
                p -= 1
            active[p] = e
        if m + 2 * k > pieces.shape[0]:
            return -1
        sense, furthest, crossed = -1.0, -np.inf, False
        for r in range(k):
            e = active[r]
            if begun[e, 2] == 0:
                begun[e, 0], begun[e, 1] = xa[e], foot
            elif begun[e, 2] != sense:
                m = _cut(pieces, m, begun, e, xa[e], foot)
            begun[e, 2] = sense
            sense = -sense
            crossed |= xb[e] < furthest
            furthest = xb[e]
        if lean.size > 0 and not crossed:
            _weigh(lean, active, k, xa, xb, edges, begun, head - foot)
        # each swap removes one inversion, so this ends whatever the round-off
        at, rank, t = 0.0, -1, 0.0
        if crossed:
            rank, t = _next_crossing(active, k, xa, xb)
        while rank >= 0:
            if m + k + 2 > pieces.shape[0]:
                return -1
            at = max(at, t)
            y = min(foot + at * (head - foot), head)
            for e in (active[rank], active[rank + 1]):
                x = xa[e] + at * (xb[e] - xa[e])
                m = _cut(pieces, m, begun, e, x, y)
                begun[e, 2] = -begun[e, 2]
            active[rank], active[rank + 1] = active[rank + 1], active[rank]
            rank, t = _next_crossing(active, k, xa, xb)
        going = 0
        for r in range(k):
            e = active[r]
            if edges[e, _Y_HIGH] <= head:
                m = _cut(pieces, m, begun, e, edges[e, _X_HIGH], head)
            else:
                active[going] = e
                going += 1
        k, foot = going, head
    return m


@njit(**JIT)
def sweep(xy, starts, first, last, lean, origin):
    """Boundary of the even-odd region of the rings first..last-1 of one plane.

    Parameters
    ----------
    xy : float64 (N, 2)
        Corners of all rings; any unit.
    starts : int64 (R + 1,)
        Offsets of the rings into `xy`.
    first, last : int
        The rings of this plane.
    lean : float64 (last - first,) or (0,)
        Set, unless empty: see `_weigh`.
    origin : (float, float)
        What the pieces count from: near the rings, no digits are lost.

    Returns
    -------
    float64 (M, 4)
        Directed pieces x0, y0, x1, y1 with the region on their left (x to the right, y up), none
        of them horizontal.
    """
    edges = _rising_edges(xy, starts, first, last, origin)
    room = 2 * edges.shape[0]
    while True:
        pieces = np.empty((room, 4))
        lean[:] = 0.0
        m = _sweep_into(edges, pieces, lean)
        if m >= 0:
            return pieces[:m]
        room *= 2


@njit(**JIT)
def measure(xy, starts, plane_rings):
    """Even-odd area per plane, and how far it is from the signed sum of whole ring areas (mm2).

    Each ring's sign is the direction most of it runs in round the region. Where no rings cross
    and none crosses itself, whole rings have one sign each and the two sums are equal. A ring
    that lies on others all round has no sign; it is taken to add, so that it shows.
    """
    planes = plane_rings.size - 1
    areas, doubts = np.zeros(planes), np.zeros(planes)
    for p in range(planes):
        first, last = plane_rings[p], plane_rings[p + 1]
        if starts[first] == starts[last]:
            continue
        x, y = xy[starts[first], 0], xy[starts[first], 1]
        lean, area, whole = np.zeros(last - first), 0.0, 0.0
        pieces = sweep(xy, starts, first, last, lean, (x, y))
        for m in range(pieces.shape[0]):
            area += (pieces[m, 0] + pieces[m, 2]) / 2 * (pieces[m, 3] - pieces[m, 1])
        for r in range(last - first):
            a, alone = starts[first + r + 1] - 1, 0.0
            for b in range(starts[first + r], starts[first + r + 1]):
                rise = (xy[b, 1] - y) - (xy[a, 1] - y)
                alone += ((xy[a, 0] - x) + (xy[b, 0] - x)) / 2 * rise
                a = b
            whole += np.sign(lean[r]) * alone if lean[r] != 0 else abs(alone)
        areas[p] = max(area, 0.0)
        doubts[p] = abs(area - whole)
    return areas, doubts
