"""Plain twins of the kernels that find depths and move outlines."""

import math

from naive.distance import edge_distance, inside_even_odd, signed_distance


def section_depth(rings, spacing):
    """Greatest depth on a lattice of points; too small by 0.71 spacings at most."""
    x = [p[0] for ring in rings for p in ring]
    y = [p[1] for ring in rings for p in ring]
    columns = int((max(x) - min(x)) / spacing) + 1
    rows = int((max(y) - min(y)) / spacing) + 1
    return max(
        -signed_distance(min(x) + (i + 0.5) * spacing, min(y) + (j + 0.5) * spacing, rings)
        for j in range(rows)
        for i in range(columns)
    )


def moved_outline(x, y, rings, speeds, delta):
    """How far inside edges that have moved by speed x delta a point is left (positive: behind)."""
    edges = [(a, b) for ring in rings for a, b in zip([ring[-1], *ring[:-1]], ring, strict=True)]
    return max(
        s * delta - edge_distance(x, y, a, b) for (a, b), s in zip(edges, speeds, strict=True)
    )


def edge_moves(rings, before, limit, samples=4000):
    """Walk from the middle of each edge along its outward normal to the outline before."""
    moves = []
    for ring in rings:
        for a, b in zip([ring[-1], *ring[:-1]], ring, strict=True):
            x, y = (a[0] + b[0]) / 2, (a[1] + b[1]) / 2
            nx, ny = b[1] - a[1], a[0] - b[0]
            length = math.hypot(nx, ny)
            nx, ny = nx / length, ny / length
            if inside_even_odd(x + 1e-3 * nx, y + 1e-3 * ny, rings):
                nx, ny = -nx, -ny
            way = 0.0
            while way < limit and inside_even_odd(x + way * nx, y + way * ny, before):
                way += limit / samples
            moves.append(min(way, limit))
    return moves
