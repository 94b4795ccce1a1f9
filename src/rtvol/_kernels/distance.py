"""Exact 2-D signed distances to polygon edges on a lattice, also in an asymmetric gauge."""

from __future__ import annotations

import numpy as np

from rtvol._kernels.jit import BARE, JIT, njit

#: How far, in units of the margin, a gauge is followed from the edges.
FOLLOWED = 1.6


@njit(**BARE)
def mark_inside(xy, ring_starts, rings, x0, y0, step, inside):
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


@njit(**BARE)
def _points_within(low, high, origin, step, count):
    """First and last + 1 of the lattice points from low to high; equal where there are none."""
    first = max(int(np.ceil((low - origin) / step)), 0)
    return first, max(min(int(np.floor((high - origin) / step)) + 1, count), first)


@njit(**BARE)
def _scatter_edge(xa, ya, xb, yb, x0, y0, step, band, offsets, square):
    """Lower `square` (J, I), mm2, to the squared distance to one edge where nearer than `band`."""
    rows, columns = square.shape
    j_low, j_high = _points_within(min(ya, yb) - band, max(ya, yb) + band, y0, step, rows)
    i_low, i_high = _points_within(min(xa, xb) - band, max(xa, xb) + band, x0, step, columns)
    ex, ey = np.float32(xb - xa), np.float32(yb - ya)
    length = ex * ex + ey * ey
    inverse = np.float32(0.0)
    if length > 0:
        inverse = np.float32(1.0) / length
    fx, fy = ex * inverse, ey * inverse
    zero, one = np.float32(0.0), np.float32(1.0)
    start = np.float32(x0 + i_low * step - xa)
    for j in range(j_low, j_high):
        py = np.float32(y0 + j * step - ya)
        along_y = py * fy
        row = square[j, i_low:i_high]
        for i in range(i_high - i_low):
            px = start + offsets[i]
            t = min(max(px * fx + along_y, zero), one)
            dx = px - t * ex
            dy = py - t * ey
            row[i] = min(row[i], dx * dx + dy * dy)


@njit(**JIT)
def plane_distances(xy, ring_starts, plane_rings, x0, y0, step, band, out):
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
    offsets = (np.arange(columns) * step).astype(np.float32)
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
                    offsets,
                    square,
                )
                previous = point
        mark_inside(xy, ring_starts, plane_rings[plane : plane + 2], x0, y0, step, inside)
        for j in range(rows):
            for i in range(columns):
                value = np.sqrt(square[j, i])
                square[j, i] = -value if inside[j, i] else value


@njit(**BARE)
def _gauge_square(dx, dy, weights):
    """Square of the gauge of a displacement; `weights` are 1 / reach^2 for -x, +x, -y, +y."""
    wx = weights[1] if dx > 0 else weights[0]
    wy = weights[3] if dy > 0 else weights[2]
    return dx * dx * wx + dy * dy * wy


@njit(**BARE)
def _gauge_to_piece(dx, dy, ex, ey, part, weights):
    """Least squared gauge of d - t e over t in `part`, where neither component changes sign."""
    middle = 0.5 * (part[0] + part[1])
    wx = weights[1] if dx - middle * ex > 0 else weights[0]
    wy = weights[3] if dy - middle * ey > 0 else weights[2]
    curve = ex * ex * wx + ey * ey * wy
    t = part[0]
    if curve > 0:
        t = min(max((dx * ex * wx + dy * ey * wy) / curve, part[0]), part[1])
    return _gauge_square(dx - t * ex, dy - t * ey, weights)


@njit(**BARE)
def _gauge_to_edge(dx, dy, ex, ey, weights):
    """Least squared gauge of d - t e, 0 <= t <= 1.

    The squared gauge is a quadratic of t between the sign changes of dx and dy: each piece has
    its minimum in closed form, and the whole is convex.
    """
    turns_x, turns_y = (dx > 0) != (dx - ex > 0), (dy > 0) != (dy - ey > 0)
    if not turns_x and not turns_y:
        return _gauge_to_piece(dx, dy, ex, ey, (0.0, 1.0), weights)
    cut_x = dx / ex if turns_x else 0.0
    cut_y = dy / ey if turns_y else 0.0
    low, high = min(cut_x, cut_y), max(cut_x, cut_y)
    return min(
        _gauge_to_piece(dx, dy, ex, ey, (0.0, low), weights),
        _gauge_to_piece(dx, dy, ex, ey, (low, high), weights),
        _gauge_to_piece(dx, dy, ex, ey, (high, 1.0), weights),
    )


@njit(**BARE)
def _window(a, b, x0, y0, step, reach, shape):
    """Rows j and columns i of the lattice as far as an edge's gauge is followed."""
    wide_x = FOLLOWED * max(reach[0], reach[1]) + 2 * step
    wide_y = FOLLOWED * max(reach[2], reach[3]) + 2 * step
    rows = _points_within(min(a[1], b[1]) - wide_y, max(a[1], b[1]) + wide_y, y0, step, shape[0])
    columns = _points_within(min(a[0], b[0]) - wide_x, max(a[0], b[0]) + wide_x, x0, step, shape[1])
    return rows, columns


@njit(**BARE)
def _as_float32(weights):
    """Return the four weights in single precision."""
    return (
        np.float32(weights[0]), np.float32(weights[1]),
        np.float32(weights[2]), np.float32(weights[3]),
    )  # fmt: skip


@njit(**BARE)
def _half_gauge(ex, ey, weights):
    """Gauge, rounded up, from the middle of an edge to its farther end."""
    half = max(_gauge_square(ex / 2, ey / 2, weights), _gauge_square(-ex / 2, -ey / 2, weights))
    return np.sqrt(half) * 1.0001


@njit(**BARE)
def _scatter_gauge(a, b, grid, weights, window, sign, bounds, exact, squares):
    """Lower `squares` by the gauge to an edge's middle, or (exact) to the edge itself.

    A gauge obeys the triangle inequality: no point of the edge is nearer than the gauge of the
    way from its middle less that from the middle to an end. Where the middle's square is beyond
    `bounds`, the edge itself need not be looked at. `sign`, `bounds` and `squares` are flat.
    """
    x0, y0, step, columns, offsets = grid
    (j_low, j_high), (i_low, i_high) = window
    rough = _as_float32(weights)
    ex, ey = b[0] - a[0], b[1] - a[1]
    px = np.float32(x0 - a[0] - ex / 2)
    for j in range(j_low, j_high):
        qy = y0 + j * step - a[1]
        py = np.float32(qy - ey / 2)
        start, count = np.uint64(j * columns), 0
        for i in range(np.uint64(i_low), np.uint64(i_high)):  # unsigned: no look for i < 0
            at = start + i
            turn = sign[at]
            near = _gauge_square(turn * (px + offsets[i]), turn * py, rough)
            if exact:
                count += near < bounds[at]
            else:
                squares[at] = min(squares[at], near)
        for i in range(i_low, i_high if count else i_low):
            at = j * columns + i
            turn = sign[at]
            near = _gauge_square(turn * (px + offsets[i]), turn * py, rough)
            if near < bounds[at]:
                turn = np.float64(turn)
                qx = x0 + i * step - a[0]
                value = _gauge_to_edge(turn * qx, turn * qy, turn * ex, turn * ey, weights)
                squares[at] = min(squares[at], np.float32(value))


@njit(**JIT)
def plane_gauges(xy, ring_starts, plane_rings, x0, y0, step, band, reach, out):
    """Signed gauge distance (no unit) to the edges of each plane; negative inside (even-odd).

    Outside, the least gauge of the way from a point of the section to the lattice point; inside,
    minus the least gauge of the way from the lattice point out of the section. Gauge 1 is the
    margin: `reach` (4,) float64 mm towards -x, +x, -y, +y. Values are exact up to gauge FOLLOWED
    and two lattice steps, and cut to `band`. Other parameters as in `plane_distances`.
    """
    planes, rows, columns = out.shape
    inside = np.empty((rows, columns), np.uint8)
    sign, bounds = np.empty(rows * columns, np.float32), np.empty(rows * columns, np.float32)
    grid = x0, y0, step, columns, (np.arange(columns) * step).astype(np.float32)
    w = 1.0 / reach**2
    weights = w[0], w[1], w[2], w[3]
    for plane in range(planes):
        squares = out[plane].reshape(-1)
        squares[:] = np.float32(band * band)
        rings = plane_rings[plane : plane + 2]
        mark_inside(xy, ring_starts, rings, x0, y0, step, inside)
        parity = inside.reshape(-1)
        for at in range(sign.size):
            sign[at] = -1.0 if parity[at] else 1.0
        longest = 0.0
        for exact in (False, True):
            for ring in range(rings[0], rings[1]):
                first, end = ring_starts[ring], ring_starts[ring + 1]
                a = xy[end - 1, 0], xy[end - 1, 1]
                for point in range(first, end):
                    b = xy[point, 0], xy[point, 1]
                    longest = max(longest, _half_gauge(b[0] - a[0], b[1] - a[1], weights))
                    window = _window(a, b, x0, y0, step, reach, (rows, columns))
                    _scatter_gauge(a, b, grid, weights, window, sign, bounds, exact, squares)
                    a = b
            for at in range(bounds.size):
                bounds[at] = (np.sqrt(squares[at]) + np.float32(longest)) ** 2
        for at in range(squares.size):
            squares[at] = sign[at] * np.sqrt(squares[at])
