"""Exact 2-D signed distances to polygon edges on a lattice, also in an asymmetric gauge."""

from __future__ import annotations

import numpy as np
from numba import njit

from rtvol._kernels.jit import JIT

#: How far, in units of the margin, a gauge is followed from the edges.
FOLLOWED = 1.6


@njit(**JIT)
def mark_inside(xy, ring_starts, rings, x0, y0, step, inside):  # type: ignore[no-untyped-def]
    """Even-odd parity of lattice points by scanline crossings.

    `inside` (J, I) uint8 is overwritten with 1 where an odd number of ring edges of rings
    `rings[0]..rings[1]` lies at smaller x; lattice point (j, i) is (x0 + i step, y0 + j step).
    """
    rows, columns = inside.shape
    inside[:] = 0
    for ring in range(rings[0], rings[1]):
        first, end = ring_starts[ring], ring_starts[ring + 1]
        previous = end - 1
        for point in range(first, end):
            xa, ya = xy[previous, 0], xy[previous, 1]
            xb, yb = xy[point, 0], xy[point, 1]
            previous = point
            if ya > yb:
                xa, ya, xb, yb = xb, yb, xa, ya
            # half-open rows ya <= y < yb: a corner on a row is counted once
            low = max(int(np.ceil((ya - y0) / step)), 0)
            high = min(int(np.ceil((yb - y0) / step)), rows)
            for j in range(low, high):
                x = xa + (xb - xa) * (y0 + j * step - ya) / (yb - ya)
                i = max(int(np.floor((x - x0) / step)) + 1, 0)
                if i < columns:
                    inside[j, i] ^= 1
    for j in range(rows):
        parity = 0
        for i in range(columns):
            parity ^= inside[j, i]
            inside[j, i] = parity


@njit(**JIT)
def _scatter_edge(xa, ya, xb, yb, x0, y0, step, band, square):  # type: ignore[no-untyped-def]
    """Lower `square` (J, I), mm2, to the squared distance to one edge where nearer than `band`."""
    rows, columns = square.shape
    j_low = max(int(np.ceil((min(ya, yb) - band - y0) / step)), 0)
    j_high = min(int(np.floor((max(ya, yb) + band - y0) / step)) + 1, rows)
    i_low = max(int(np.ceil((min(xa, xb) - band - x0) / step)), 0)
    i_high = min(int(np.floor((max(xa, xb) + band - x0) / step)) + 1, columns)
    ex, ey = np.float32(xb - xa), np.float32(yb - ya)
    length = ex * ex + ey * ey
    inverse = np.float32(0.0)
    if length > 0:
        inverse = np.float32(1.0) / length
    fx, fy = ex * inverse, ey * inverse
    zero, one, pitch = np.float32(0.0), np.float32(1.0), np.float32(step)
    start = np.float32(x0 + i_low * step - xa)
    for j in range(j_low, j_high):
        py = np.float32(y0 + j * step - ya)
        along_y = py * fy
        row = square[j, i_low:i_high]
        for i in range(i_high - i_low):
            px = start + np.float32(i) * pitch
            t = min(max(px * fx + along_y, zero), one)
            dx = px - t * ex
            dy = py - t * ey
            row[i] = min(row[i], dx * dx + dy * dy)


@njit(**JIT)
def plane_distances(xy, ring_starts, plane_rings, x0, y0, step, band, out):  # type: ignore[no-untyped-def]
    """Signed distance, mm, to the polygon edges of each plane; negative inside (even-odd).

    Parameters
    ----------
    xy, ring_starts, plane_rings
        A `PlaneStack`: points (N, 2) mm, ring offsets, plane offsets into the rings.
    x0, y0, step
        Lattice: point (j, i) is (x0 + i step, y0 + j step), mm.
    band
        Distances beyond this many mm are cut to it.
    out
        (P, J, I) float32, overwritten.
    """
    planes, rows, columns = out.shape
    inside = np.empty((rows, columns), np.uint8)
    limit = np.float32(band * band)
    for plane in range(planes):
        square = out[plane]
        square[:] = limit
        for ring in range(plane_rings[plane], plane_rings[plane + 1]):
            first, end = ring_starts[ring], ring_starts[ring + 1]
            previous = end - 1
            for point in range(first, end):
                _scatter_edge(
                    xy[previous, 0],
                    xy[previous, 1],
                    xy[point, 0],
                    xy[point, 1],
                    x0,
                    y0,
                    step,
                    band,
                    square,
                )
                previous = point
        mark_inside(xy, ring_starts, plane_rings[plane : plane + 2], x0, y0, step, inside)
        for j in range(rows):
            for i in range(columns):
                value = np.sqrt(square[j, i])
                square[j, i] = -value if inside[j, i] else value


@njit(**JIT)
def _gauge_square(dx, dy, reach):  # type: ignore[no-untyped-def]
    """Square of the gauge of a displacement; `reach` (4,) is -x, +x, -y, +y in mm."""
    gx = dx / (reach[1] if dx > 0 else reach[0])
    gy = dy / (reach[3] if dy > 0 else reach[2])
    return gx * gx + gy * gy


@njit(**JIT)
def _gauge_to_edge(px, py, ex, ey, sign, reach):  # type: ignore[no-untyped-def]
    """Least squared gauge of sign * (p - t e), 0 <= t <= 1.

    The squared gauge is a quadratic of t between the sign changes of dx and dy: each piece has
    its minimum in closed form, and the whole is convex.
    """
    cut_x = px / ex if ex != 0 else -1.0
    cut_y = py / ey if ey != 0 else -1.0
    if not 0.0 < cut_x < 1.0:
        cut_x = 0.0
    if not 0.0 < cut_y < 1.0:
        cut_y = 0.0
    low, high = min(cut_x, cut_y), max(cut_x, cut_y)
    best = np.inf
    for piece in range(3):
        a = 0.0 if piece == 0 else (low if piece == 1 else high)
        b = low if piece == 0 else (high if piece == 1 else 1.0)
        if b <= a:
            continue
        middle = 0.5 * (a + b)
        wx = 1.0 / (reach[1] if sign * (px - middle * ex) > 0 else reach[0])
        wy = 1.0 / (reach[3] if sign * (py - middle * ey) > 0 else reach[2])
        curve = (ex * wx) ** 2 + (ey * wy) ** 2
        t = a
        if curve > 0:
            t = min(max((px * ex * wx * wx + py * ey * wy * wy) / curve, a), b)
        best = min(best, _gauge_square(sign * (px - t * ex), sign * (py - t * ey), reach))
    return best


@njit(**JIT)
def _window(xa, ya, xb, yb, x0, y0, step, reach, shape):  # type: ignore[no-untyped-def]
    """Rows j and columns i of the lattice as far as an edge's gauge is followed."""
    wide_x = FOLLOWED * max(reach[0], reach[1]) + 2 * step
    wide_y = FOLLOWED * max(reach[2], reach[3]) + 2 * step
    return (
        max(int(np.ceil((min(ya, yb) - wide_y - y0) / step)), 0),
        min(int(np.floor((max(ya, yb) + wide_y - y0) / step)) + 1, shape[0]),
        max(int(np.ceil((min(xa, xb) - wide_x - x0) / step)), 0),
        min(int(np.floor((max(xa, xb) + wide_x - x0) / step)) + 1, shape[1]),
    )


@njit(**JIT)
def _gauge_to_middle(px, py, pitch, sign, weights, out):  # type: ignore[no-untyped-def]
    """Squared gauge of sign * (p - q) for a row of points p; `weights` are 1 / reach^2."""
    zero = np.float32(0.0)
    for i in range(out.size):
        dx = sign[i] * (px + np.float32(i) * pitch)
        dy = sign[i] * py
        wx = weights[1] if dx > zero else weights[0]
        wy = weights[3] if dy > zero else weights[2]
        out[i] = dx * dx * wx + dy * dy * wy


@njit(**JIT)
def _scatter_gauge(xa, ya, xb, yb, x0, y0, step, reach, sign, row, exact, square):  # type: ignore[no-untyped-def]
    """Lower `square` (J, I) by the gauge to an edge's middle, or (exact) to the edge itself.

    A gauge obeys the triangle inequality: no point of the edge is nearer than the gauge of the
    way from its middle less the gauge `half` from the middle to an end. Where that is no less
    than what is known already, the edge itself need not be looked at.
    """
    j_low, j_high, i_low, i_high = _window(xa, ya, xb, yb, x0, y0, step, reach, square.shape)
    weights = (1.0 / reach**2).astype(np.float32)
    ex, ey = xb - xa, yb - ya
    half = np.sqrt(
        max(_gauge_square(ex / 2, ey / 2, reach), _gauge_square(-ex / 2, -ey / 2, reach))
    )
    half = np.float32(half * 1.0001)
    px = np.float32(x0 + i_low * step - xa - ex / 2)
    for j in range(j_low, j_high):
        py = np.float32(y0 + j * step - ya - ey / 2)
        near = row[: max(i_high - i_low, 0)]
        known = square[j, i_low:i_high]
        side = sign[j, i_low:i_high]
        _gauge_to_middle(px, py, np.float32(step), side, weights, near)
        if not exact:
            for i in range(near.size):
                known[i] = min(known[i], near[i])
            continue
        for i in range(near.size):
            bound = np.sqrt(known[i]) + half
            if near[i] < bound * bound:
                qx, qy = x0 + (i_low + i) * step - xa, y0 + j * step - ya
                value = np.float32(_gauge_to_edge(qx, qy, ex, ey, side[i], reach))
                known[i] = min(known[i], value)


@njit(**JIT)
def plane_gauges(xy, ring_starts, plane_rings, x0, y0, step, band, reach, out):  # type: ignore[no-untyped-def]
    """Signed gauge distance (no unit) to the edges of each plane; negative inside (even-odd).

    Outside, the least gauge of the way from a point of the section to the lattice point; inside,
    minus the least gauge of the way from the lattice point out of the section. Gauge 1 is the
    margin: `reach` (4,) float64 mm towards -x, +x, -y, +y. Values are exact up to gauge FOLLOWED
    and two lattice steps, and cut to `band`. Other parameters as in `plane_distances`.
    """
    planes, rows, columns = out.shape
    inside = np.empty((rows, columns), np.uint8)
    sign = np.empty((rows, columns), np.float32)
    row = np.empty(columns, np.float32)
    for plane in range(planes):
        square = out[plane]
        square[:] = np.float32(band * band)
        mark_inside(xy, ring_starts, plane_rings[plane : plane + 2], x0, y0, step, inside)
        for j in range(rows):
            for i in range(columns):
                sign[j, i] = -1.0 if inside[j, i] else 1.0
        for exact in (False, True):
            for ring in range(plane_rings[plane], plane_rings[plane + 1]):
                first, end = ring_starts[ring], ring_starts[ring + 1]
                a = end - 1
                for b in range(first, end):
                    _scatter_gauge(
                        xy[a, 0], xy[a, 1], xy[b, 0], xy[b, 1],
                        x0, y0, step, reach, sign, row, exact, square,
                    )  # fmt: skip
                    a = b
        for j in range(rows):
            for i in range(columns):
                square[j, i] = sign[j, i] * np.sqrt(square[j, i])
