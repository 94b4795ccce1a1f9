"""Two even-odd regions of one plane combined exactly: union, intersection, difference.

The sweep is that of `polygon`, with two parities: going along x, each edge flips the parity of
its own operand, and is boundary of the result where the operation's answer changes there. Bands
end at crossings as well as at corners. Edges that run on each other through a band are passed in
one step, so that contours with common parts (a tumour's outline copied into its organ as a hole)
leave neither slivers nor slits.

The pieces found close to rings over level lines. At each height the ends of pieces, sorted in x,
are joined in pairs: level edges carry no even-odd parity, so the rings enclose exactly the region
of the pieces, however ends that coincide are paired.
"""

from __future__ import annotations

import numpy as np

from rtvol._kernels.jit import BARE, JIT, njit
from rtvol._kernels.order import sort_by
from rtvol._kernels.polygon import _TAG, _Y_HIGH, _Y_LOW, _rising_edges, _x_at

#: Edges nearer than this at both ends of a band run on each other, in mm: far above the round-off
#: of patient coordinates, far below any contour's accuracy.
_ON_EACH_OTHER_MM = 1e-9


@njit(**BARE)
def _sort(active, k, xa, xb):
    """Sort the active edges by x at the band's foot, then at its head (nearly sorted already)."""
    for r in range(1, k):
        e, p = active[r], r
        while p > 0:
            f = active[p - 1]
            if xa[f] < xa[e] or (xa[f] == xa[e] and xb[f] <= xb[e]):
                break
            active[p] = f
            p -= 1
        active[p] = e


@njit(**BARE)
def _uncross(edges, active, k, xa, xb, foot, head):
    """Put the active edges in the order they have above the foot; return where that order ends.

    Neighbours that meet at the foot swap at once; others that are out of order at the head cross
    in between, and the band ends there. Every step takes away an inversion or height.
    """
    while True:
        rank, least = -1, np.inf
        for m in range(k - 1):
            left, right = active[m], active[m + 1]
            behind = xb[left] - xb[right]
            if behind > _ON_EACH_OTHER_MM:
                ahead = xa[right] - xa[left]
                t = ahead / (ahead + behind) if ahead > _ON_EACH_OTHER_MM else 0.0
                if t < least:
                    rank, least = m, t
        if rank < 0:
            return head
        y = foot + least * (head - foot)
        if foot < y < head:
            head = y
            for r in range(k):
                xb[active[r]] = _x_at(edges, active[r], head)
        else:
            active[rank], active[rank + 1] = active[rank + 1], active[rank]


@njit(**BARE)
def _finish(pieces, m, begun, e, x, y):
    """End edge e's running piece at (x, y), if it has one with height; the number of pieces.

    `begun`: where the running piece begins (x, y), and whether the boundary runs up (+1) or down
    (-1) along it; 0 for none.
    """
    if begun[e, 2] != 0 and y > begun[e, 1]:
        low = 0 if begun[e, 2] > 0 else 2
        high = 2 - low
        pieces[m, low], pieces[m, low + 1] = begun[e, 0], begun[e, 1]
        pieces[m, high], pieces[m, high + 1] = x, y
        m += 1
    return m


@njit(**BARE)
def _pass(edges, active, k, xa, xb, foot, operands, begun, pieces, m):
    """Go along a band from left to right and begin, keep or end the piece of each edge."""
    one_rings, keep = operands
    state, r = 0, 0
    while r < k:
        last = r
        before = keep[state]
        carrier = active[r]
        while True:
            e = active[last]
            state ^= 1 if abs(edges[e, _TAG]) <= one_rings else 2
            if begun[e, 2] != 0:
                carrier = e
            last += 1
            if last == k:
                break
            f = active[last]
            if max(abs(xa[f] - xa[e]), abs(xb[f] - xb[e])) > _ON_EACH_OTHER_MM:
                break
        # the region lies on the left of its boundary: down along its left border, up the right
        sense = before - keep[state]
        for q in range(r, last):
            e = active[q]
            wanted = sense if e == carrier else 0.0
            if begun[e, 2] != wanted:
                m = _finish(pieces, m, begun, e, xa[e], foot)
                begun[e, 0], begun[e, 1], begun[e, 2] = xa[e], foot, wanted
        r = last
    return m


@njit(**JIT)
def _sweep_into(edges, operands, pieces):
    """Fill in the boundary pieces of the result; their number, or -1 for want of room."""
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
            k += 1
            fresh += 1
        head = edges[fresh, _Y_LOW] if fresh < n else np.inf
        for r in range(k):
            head = min(head, edges[active[r], _Y_HIGH])
        for r in range(k):
            xa[active[r]] = _x_at(edges, active[r], foot)
            xb[active[r]] = _x_at(edges, active[r], head)
        _sort(active, k, xa, xb)
        head = _uncross(edges, active, k, xa, xb, foot, head)
        if m + 2 * k > pieces.shape[0]:
            return -1
        m = _pass(edges, active, k, xa, xb, foot, operands, begun, pieces, m)
        going = 0
        for r in range(k):
            e = active[r]
            if edges[e, _Y_HIGH] <= head:
                m = _finish(pieces, m, begun, e, xb[e], head)
            else:
                active[going] = e
                going += 1
        k, foot = going, head
    return m


@njit(**JIT)
def _partners(pieces):
    """For each end of a piece (2 p where it begins, 2 p + 1 where it ends) the end it joins.

    Ends of one height are joined in pairs along x. Where several meet in a point, one that comes
    from the same side is taken: parts that touch there become rings of their own.
    """
    ends = 2 * pieces.shape[0]
    x, y, above = np.empty(ends), np.empty(ends), np.empty(ends)
    for p in range(pieces.shape[0]):
        for end in range(2):
            x[2 * p + end], y[2 * p + end] = pieces[p, 2 * end], pieces[p, 2 * end + 1]
            above[2 * p + end] = pieces[p, 3 - 2 * end] > pieces[p, 2 * end + 1]
    order = np.arange(ends)
    for keys in (above, x, y):
        sort_by(order, keys)
    partner = np.empty(ends, np.int64)
    for q in range(0, ends, 2):
        one, r = order[q], q + 1
        while r < ends and x[order[r]] == x[order[q + 1]] and y[order[r]] == y[one]:
            if above[order[r]] == above[one]:
                order[q + 1], order[r] = order[r], order[q + 1]
                break
            r += 1
        partner[one], partner[order[q + 1]] = order[q + 1], one
    return partner


@njit(**JIT)
def _link(pieces):
    """Rings made of the pieces and the level lines between them: corners and ring offsets."""
    partner = _partners(pieces)
    xy = np.empty((2 * pieces.shape[0], 2))
    starts = np.zeros(pieces.shape[0] + 1, np.int64)
    used = np.zeros(pieces.shape[0], np.bool_)
    n, rings = 0, 0
    for p in range(pieces.shape[0]):
        if used[p]:
            continue
        end = 2 * p
        while not used[end // 2]:
            used[end // 2] = True
            for corner in (end, end ^ 1):
                x, y = (
                    pieces[corner // 2, 2 * (corner % 2)],
                    pieces[corner // 2, 2 * (corner % 2) + 1],
                )
                if n == starts[rings] or xy[n - 1, 0] != x or xy[n - 1, 1] != y:
                    xy[n, 0], xy[n, 1] = x, y
                    n += 1
            end = partner[end ^ 1]
        first = starts[rings]
        if n - 1 > first and xy[n - 1, 0] == xy[first, 0] and xy[n - 1, 1] == xy[first, 1]:
            n -= 1
        if n - first < 3:
            n = first
        else:
            rings += 1
            starts[rings] = n
    return xy[:n], starts[: rings + 1]


@njit(**JIT)
def combine_rings(xy, starts, one_rings, keep):
    """Rings round the combination of two even-odd regions of one plane.

    Parameters
    ----------
    xy : float64 (N, 2)
        Corners of all rings, mm.
    starts : int64 (R + 1,)
        Offsets of the rings into `xy`.
    one_rings : int
        The first so many rings are the first operand's, the others the second's.
    keep : float64 (4,)
        1 where points belong to the result that lie in neither, in the first only, in the second
        only, in both, else 0; `keep[0]` is 0.

    Returns
    -------
    float64 (M, 2), int64 (S + 1,)
        Corners and offsets of rings whose even-odd region is the result. Its area is exact but
        for strips narrower than 1e-9 mm.
    """
    edges = _rising_edges(xy, starts, np.int64(0), starts.size - 1, (0.0, 0.0))
    room = 2 * edges.shape[0]
    while True:
        pieces = np.empty((room, 4))
        m = _sweep_into(edges, (one_rings, keep), pieces)
        if m >= 0:
            return _link(pieces[:m])
        room *= 2
