"""Rings with fewer corners: none of either outline farther from the other than a tolerance."""

from __future__ import annotations

import numpy as np

from rtvol._kernels.jit import JIT, njit

#: Rings of so few corners stay as they are.
_FEW = 8
#: Passes in which corners that moved too far are put back; after the last one all are.
_PASSES = 6


@njit(**JIT)
def _to_segment(x, y, ax, ay, bx, by):
    """Squared distance from a point to a segment."""
    ex, ey = bx - ax, by - ay
    length = ex * ex + ey * ey
    share = 0.0 if length == 0 else min(max(((x - ax) * ex + (y - ay) * ey) / length, 0.0), 1.0)
    dx, dy = x - ax - share * ex, y - ay - share * ey
    return dx * dx + dy * dy


@njit(**JIT)
def _worst(ring, first, last, ax, ay, bx, by):
    """Find the corner between two (counted round the ring) farthest from a segment: where, d2."""
    n, at, most = ring.shape[0], -1, -1.0
    for m in range(first + 1, last):
        found = _to_segment(ring[m % n, 0], ring[m % n, 1], ax, ay, bx, by)
        if found > most:
            at, most = m, found
    return at, most


@njit(**JIT)
def _keep(ring, square):
    """Corners that stay (Douglas and Peucker 1973), ascending; all others are near enough."""
    n = ring.shape[0]
    start, far = 0, 0
    for m in range(n):  # from the leftmost corner, which lies on the hull, to the one farthest off
        if ring[m, 0] < ring[start, 0]:
            start = m
    most = -1.0
    for m in range(n):
        dx, dy = ring[m, 0] - ring[start, 0], ring[m, 1] - ring[start, 1]
        if dx * dx + dy * dy > most:
            far, most = m, dx * dx + dy * dy
    stays = np.zeros(n, np.bool_)
    stays[start] = stays[far] = True
    spans, count = np.empty((n + 2, 2), np.int64), 2
    middle = far if far > start else far + n
    spans[0, 0], spans[0, 1], spans[1, 0], spans[1, 1] = start, middle, middle, start + n
    while count:
        count -= 1
        a, b = spans[count, 0], spans[count, 1]
        at, off = _worst(ring, a, b, ring[a % n, 0], ring[a % n, 1], ring[b % n, 0], ring[b % n, 1])
        if off > square:
            stays[at % n] = True
            spans[count, 0], spans[count, 1] = a, at
            spans[count + 1, 0], spans[count + 1, 1] = at, b
            count += 2
    return np.flatnonzero(stays)


@njit(**JIT)
def _lost_areas(ring, kept):
    """Signed area (m,) between each kept edge and the corners it leaves out, to the ring's side."""
    n, m = ring.shape[0], kept.size
    lost = np.zeros(m)
    for k in range(m):
        a, b = kept[k], kept[(k + 1) % m]
        b += n if b <= a else 0
        x0, y0 = ring[a, 0], ring[a, 1]
        for p in range(a, b):
            xa, ya = ring[p % n, 0] - x0, ring[p % n, 1] - y0
            xb, yb = ring[(p + 1) % n, 0] - x0, ring[(p + 1) % n, 1] - y0
            lost[k] += (xa * yb - xb * ya) / 2
    return lost


@njit(**JIT)
def _is_near(ring, kept, moved, k, square):
    """Whether the corners that an edge stands for lie within the tolerance of it, moved."""
    n, m = ring.shape[0], kept.size
    a, b = kept[k], kept[(k + 1) % m]
    b += n if b <= a else 0
    ax, ay, bx, by = moved[k, 0], moved[k, 1], moved[(k + 1) % m, 0], moved[(k + 1) % m, 1]
    return _worst(ring, a - 1, b + 1, ax, ay, bx, by)[1] <= square


@njit(**JIT)
def _moved(ring, kept, tolerance):
    """Kept corners (m, 2), moved across so that their edges enclose the area that the ring does.

    An edge of a convex ring lies within it: all corners left out, the ring would shrink by two
    thirds of the tolerance. A corner that takes an edge too far from the ring stays where it was.
    """
    m, square = kept.size, tolerance * tolerance
    lost = _lost_areas(ring, kept)
    free, moved = np.ones(m, np.bool_), np.empty((m, 2))
    for turn in range(_PASSES):
        for k in range(m):
            x, y = ring[kept[k], 0], ring[kept[k], 1]
            moved[k, 0], moved[k, 1] = x, y
            before, behind = ring[kept[k - 1]], ring[kept[(k + 1) % m]]
            gx, gy = behind[1] - before[1], before[0] - behind[0]  # twice the area's gradient
            length = np.hypot(gx, gy)
            if not free[k] or length == 0 or turn == _PASSES - 1:
                continue
            way = (lost[k - 1] + lost[k]) / length
            way = min(max(way, -tolerance), tolerance)
            moved[k, 0], moved[k, 1] = x + way * gx / length, y + way * gy / length
        is_good = True
        for k in range(m):
            if not _is_near(ring, kept, moved, k, square):
                free[k] = free[(k + 1) % m] = False
                is_good = False
        if is_good:
            break
    return moved


@njit(**JIT)
def thin(xy, starts, tolerance):
    """Corners of rings (R) with fewer of them, and where (R + 1,) each ring begins.

    Every corner left out lies within `tolerance` of the edge that stands for it, so that neither
    outline is farther from the other than that; areas are kept to the second order.
    """
    out, ends = np.empty_like(xy), np.zeros_like(starts)
    count = 0
    for r in range(starts.size - 1):
        ring = xy[starts[r] : starts[r + 1]]
        made = ring
        if ring.shape[0] > _FEW:
            kept = _keep(ring, tolerance * tolerance)
            if 3 <= kept.size < ring.shape[0]:
                made = _moved(ring, kept, tolerance)
        out[count : count + made.shape[0]] = made
        count += made.shape[0]
        ends[r + 1] = count
    return out[:count].copy(), ends


@njit(**JIT)
def _turn(ax, ay, bx, by, x, y):
    return (bx - ax) * (y - ay) - (by - ay) * (x - ax)


@njit(**JIT)
def do_cross(xy, starts):
    """Whether any two edges of the rings of a plane cross or touch, but for shared corners."""
    n = xy.shape[0]
    behind = np.arange(1, n + 1)
    for r in range(starts.size - 1):
        behind[starts[r + 1] - 1] = starts[r]
    order = np.argsort(np.minimum(xy[:, 0], xy[behind, 0]))
    for p in range(n):
        e = order[p]
        ax, ay, bx, by = xy[e, 0], xy[e, 1], xy[behind[e], 0], xy[behind[e], 1]
        right, low, high = max(ax, bx), min(ay, by), max(ay, by)
        for q in range(p + 1, n):
            f = order[q]
            cx, cy, dx, dy = xy[f, 0], xy[f, 1], xy[behind[f], 0], xy[behind[f], 1]
            if min(cx, dx) > right:
                break
            if max(cy, dy) < low or min(cy, dy) > high or behind[e] == f or behind[f] == e:
                continue
            one = _turn(ax, ay, bx, by, cx, cy) * _turn(ax, ay, bx, by, dx, dy)
            if one <= 0 and _turn(cx, cy, dx, dy, ax, ay) * _turn(cx, cy, dx, dy, bx, by) <= 0:
                return True
    return False
