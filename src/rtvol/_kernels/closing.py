"""Sections beyond the last contour: its outline moves inwards, each edge at a speed of its own."""

from __future__ import annotations

import numpy as np

from rtvol._kernels.depth import depth_at
from rtvol._kernels.jit import BARE, JIT, njit

#: An outline within this distance of another lies on it, mm.
TOUCHING = 1e-3


@njit(**BARE)
def _ray_length(x, y, nx, ny, xy, starts, limit):
    """How far from (x, y) along the unit vector (nx, ny) the first edge is met, at most `limit`."""
    least = limit
    for ring in range(starts.size - 1):
        a = starts[ring + 1] - 1
        for b in range(starts[ring], starts[ring + 1]):
            ax, ay = xy[a, 0] - x, xy[a, 1] - y
            bx, by = xy[b, 0] - x, xy[b, 1] - y
            a = b
            # across the ray: which side; along it: how far
            left, right = nx * ay - ny * ax, nx * by - ny * bx
            if (left > 0) != (right > 0):
                share = left / (left - right)
                along = nx * (ax + share * (bx - ax)) + ny * (ay + share * (by - ay))
                if along >= 0:
                    least = min(least, along)
    return least


@njit(**JIT)
def edge_moves(xy, starts, before, before_starts, limit):
    """How far each edge of a section has moved inwards since the section before, mm.

    Measured from the edge's middle along its outward normal to the outline before; 0 where it
    lies on that outline or outside it. Value n (N,) is that of the edge that ends at point n.
    """
    moves, none = np.zeros(len(xy)), np.int64(0)
    for ring in range(starts.size - 1):
        a = starts[ring + 1] - 1
        for b in range(starts[ring], starts[ring + 1]):
            x, y = (xy[a, 0] + xy[b, 0]) / 2, (xy[a, 1] + xy[b, 1]) / 2
            nx, ny = xy[b, 1] - xy[a, 1], xy[a, 0] - xy[b, 0]
            a = b
            length = np.sqrt(nx * nx + ny * ny)
            inside = depth_at(x, y, before, before_starts, none, before_starts.size - 1)
            if length == 0 or inside <= TOUCHING:
                continue
            nx, ny = nx / length, ny / length
            ahead = x + TOUCHING * nx, y + TOUCHING * ny
            if depth_at(ahead[0], ahead[1], xy, starts, none, starts.size - 1) > 0:
                nx, ny = -nx, -ny
            moves[b] = _ray_length(x, y, nx, ny, before, before_starts, limit)
    return moves


@njit(**BARE)
def _away_from_edge(x, y, a, b, away, inside):
    """Distances (I,) to an edge from the points of a row; turns `inside` where it lies beyond."""
    ex, ey, ay, by = b[0] - a[0], b[1] - a[1], a[1] - y, b[1] - y
    length = ex * ex + ey * ey
    inverse = 1.0 / length if length > 0 else 0.0
    ahead, across, rises = a[0], ay * ey, by > ay
    for i in range(x.size):
        ax = ahead - x[i]
        t = min(max(-(ax * ex + across) * inverse, 0.0), 1.0)
        dx, dy = ax + t * ex, ay + t * ey
        away[i] = np.float32(np.sqrt(dx * dx + dy * dy))
    if (ay > 0) != (by > 0):
        for i in range(x.size):
            ax = ahead - x[i]
            inside[i] ^= (ax * by - (ax + ex) * ay > 0) == rises


@njit(**JIT)
def move_outline(xy, starts, speeds, x, y, deltas, out):
    """Move the outline of a section inwards, each edge at its own speed.

    A point inside is left while it is farther from every edge than that edge has moved: there the
    field is the greatest of speed x delta less the distance to the edge. Outside the section it is
    the distance to it.

    Parameters
    ----------
    xy, starts
        Rings of the section: points (N, 2), mm, and offsets.
    speeds
        (N,) of the edge that ends at each point.
    x, y
        Columns (I,) and rows (J,), mm.
    deltas
        (K,) how far an edge of speed 1 has moved, mm.
    out
        (K, J, I) float32, overwritten.
    """
    moves = np.empty((speeds.size, deltas.size), np.float32)
    for b in range(speeds.size):
        for k in range(deltas.size):
            moves[b, k] = speeds[b] * deltas[k]
    found = np.empty((deltas.size, x.size), np.float32)
    away, nearest = np.empty(x.size, np.float32), np.empty(x.size, np.float32)
    inside = np.empty(x.size, np.bool_)
    for j in range(y.size):
        found[:], nearest[:], inside[:] = -np.inf, np.inf, False
        for ring in range(starts.size - 1):
            a = starts[ring + 1] - 1
            for b in range(starts[ring], starts[ring + 1]):
                _away_from_edge(x, y[j], xy[a], xy[b], away, inside)
                for i in range(x.size):
                    nearest[i] = min(nearest[i], away[i])
                for k in range(deltas.size):
                    moved, deepest = moves[b, k], found[k]
                    for i in range(x.size):
                        deepest[i] = max(deepest[i], moved - away[i])
                a = b
        for k in range(deltas.size):
            for i in range(x.size):
                out[k, j, i] = found[k, i] if inside[i] else nearest[i]
