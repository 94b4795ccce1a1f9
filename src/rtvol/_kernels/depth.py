"""The greatest depth of a section: the radius of the largest circle its rings hold."""

from __future__ import annotations

import numpy as np

from rtvol._kernels.jit import BARE, JIT, njit

#: Squares along the shorter side of a section's box when the search begins, and at most in all.
FIRST, MOST_FIRST = 2, 4096


@njit(**BARE)
def depth_at(x, y, xy, starts, first, last):
    """Distance from a point to the nearest edge, mm; negative outside (even-odd)."""
    least, inside = np.inf, False
    for ring in range(first, last):
        a = starts[ring + 1] - 1
        xa, ya = xy[a, 0] - x, xy[a, 1] - y
        for b in range(starts[ring], starts[ring + 1]):
            xb, yb = xy[b, 0] - x, xy[b, 1] - y
            ex, ey = xb - xa, yb - ya
            length = ex * ex + ey * ey
            t = 0.0
            if length > 0:
                t = min(max(-(xa * ex + ya * ey) / length, 0.0), 1.0)
            px, py = xa + t * ex, ya + t * ey
            least = min(least, px * px + py * py)
            if (ya > 0) != (yb > 0) and (xa * yb - xb * ya > 0) == (yb > ya):
                inside = not inside
            xa, ya = xb, yb
    return np.sqrt(least) if inside else -np.sqrt(least)


@njit(**JIT)
def depths_at(centres, xy, starts, first, last):
    """`depth_at` of points (N, 2), all of them edge by edge."""
    count = len(centres)
    x, y = centres[:, 0].copy(), centres[:, 1].copy()
    least, inside = np.full(count, np.inf), np.zeros(count, np.bool_)
    for ring in range(first, last):
        a = starts[ring + 1] - 1
        for b in range(starts[ring], starts[ring + 1]):
            xa, ya, yb = xy[a, 0], xy[a, 1], xy[b, 1]
            ex, ey = xy[b, 0] - xa, yb - ya
            length = ex * ex + ey * ey
            inverse = 1.0 / length if length > 0 else 0.0
            for n in range(count):
                ax, ay = xa - x[n], ya - y[n]
                t = min(max(-(ax * ex + ay * ey) * inverse, 0.0), 1.0)
                px, py = ax + t * ex, ay + t * ey
                least[n] = min(least[n], px * px + py * py)
                by = yb - y[n]  # not ay + ey: the next edge must see the same corner
                beyond = (ax * by - (ax + ex) * ay > 0) == (by > ay)
                inside[n] ^= ((ay > 0) != (by > 0)) & beyond
            a = b
    for n in range(count):
        least[n] = np.sqrt(least[n]) if inside[n] else -np.sqrt(least[n])
    return least


@njit(**JIT)
def _first_squares(xy, first_point, last_point):
    """Centres (N, 2) of squares that cover the box of some points, and half a square's edge."""
    low, high = np.empty(2), np.empty(2)
    for axis in range(2):
        low[axis], high[axis] = np.inf, -np.inf
        for p in range(first_point, last_point):
            low[axis], high[axis] = min(low[axis], xy[p, axis]), max(high[axis], xy[p, axis])
    wide, tall = high[0] - low[0], high[1] - low[1]
    edge = max(min(wide, tall) / FIRST, np.sqrt(wide * tall / MOST_FIRST), 1e-3)
    columns, rows = int(np.ceil(wide / edge)), int(np.ceil(tall / edge))
    centres = np.empty((max(columns * rows, 1), 2))
    centres[0, 0], centres[0, 1] = (low[0] + high[0]) / 2, (low[1] + high[1]) / 2
    for n in range(columns * rows):
        centres[n, 0] = low[0] + (n % columns + 0.5) * edge
        centres[n, 1] = low[1] + (n // columns + 0.5) * edge
    return centres, edge / 2


@njit(**JIT)
def section_depth(xy, starts, first, last, near, share):
    """Radius, mm, of the largest circle inside rings `first`..`last` - 1 of one plane.

    Squares are parted in four while one of their points may be deeper than what is known: the
    distance changes by no more than the way gone. Nothing but the rings takes part, so that the
    depth moves with them.

    Parameters
    ----------
    xy, starts
        Points (N, 2), mm, and offsets of the rings; they combine by even-odd parity.
    near, share
        The depth is found to `near` mm, or to this share of itself where that is more.

    Returns
    -------
    The depth and the circle's centre x, y, mm; 0 where the rings hold nothing.
    """
    centres, half = _first_squares(xy, starts[first], starts[last])
    best, x, y = 0.0, centres[0, 0], centres[0, 1]
    while len(centres) > 0:
        count = len(centres)
        depth = depths_at(centres, xy, starts, first, last)
        for n in range(count):
            if depth[n] > best:
                best, x, y = depth[n], centres[n, 0], centres[n, 1]
        kept = 0
        bound = best + max(near, share * best) - np.sqrt(2.0) * half
        parts = np.empty((4 * count, 2))
        for n in range(count):
            if depth[n] > bound:
                for part in range(4):
                    parts[kept, 0] = centres[n, 0] + half * (part % 2 - 0.5)
                    parts[kept, 1] = centres[n, 1] + half * (part // 2 - 0.5)
                    kept += 1
        centres, half = parts[:kept], half / 2
    return best, x, y


@njit(**BARE)
def rings_meet(xy, starts, one, other):
    """Whether an edge of rings one[0]..one[1] - 1 properly crosses an edge of other[0].. ."""
    for r in range(one[0], one[1]):
        a = starts[r + 1] - 1
        for b in range(starts[r], starts[r + 1]):
            ax, ay, bx, by = xy[a, 0], xy[a, 1], xy[b, 0], xy[b, 1]
            a = b
            for s in range(other[0], other[1]):
                c = starts[s + 1] - 1
                for d in range(starts[s], starts[s + 1]):
                    cx, cy, dx, dy = xy[c, 0], xy[c, 1], xy[d, 0], xy[d, 1]
                    c = d
                    if max(cx, dx) < min(ax, bx) or min(cx, dx) > max(ax, bx):
                        continue
                    left = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
                    right = (bx - ax) * (dy - ay) - (by - ay) * (dx - ax)
                    below = (dx - cx) * (ay - cy) - (dy - cy) * (ax - cx)
                    above = (dx - cx) * (by - cy) - (dy - cy) * (bx - cx)
                    if left * right < 0 and below * above < 0:
                        return True
    return False
