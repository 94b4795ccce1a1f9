"""Plain twins of the kernels of a surface in pieces: cells, points strewn on pieces, distances."""

from __future__ import annotations

from itertools import product

import numpy as np


def cut_cells(field):
    """First corners, k j i in order, of the cells with corners on both sides of 0."""
    found = []
    for k, j, i in product(*(range(n - 1) for n in field.shape)):
        inside = field[k : k + 2, j : j + 2, i : i + 2] < 0
        if inside.any() and not inside.all():
            found.append((k, j, i))
    return np.array(found, np.int64).reshape(-1, 3)


def distance_to_disc(point, middle, normal, radius):
    """Least distance of a point to points of a disc: the nearest lies along its plane."""
    way = np.asarray(point) - middle
    along = way - np.dot(way, normal) * normal
    length = np.linalg.norm(along)
    nearest = middle + along * (min(1.0, radius / length) if length > 0 else 0.0)
    return float(np.linalg.norm(point - nearest))


def corner_loss(ring, at, field):
    """How much shorter the zero line of `field` is than the ring's two sides, in the corner's cell.

    The sides run from the corner to where the zero line, linear along the borders of the unit cell,
    enters and leaves it.
    """
    x, y = ring[at]
    i, j = int(np.floor(x)), int(np.floor(y))
    corners = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)]
    met = []
    for (x1, y1), (x2, y2) in zip(corners, corners[1:] + corners[:1], strict=True):
        a, b = float(field[y1, x1]), float(field[y2, x2])
        if (a < 0) != (b < 0):
            met.append(np.array([x1, y1]) + a / (a - b) * np.array([x2 - x1, y2 - y1]))
    if len(met) != 2:  # the lattice has lost the whole corner, or cannot tell it from another
        return 0.0
    one, other = met
    corner = np.array([x, y])
    sides = np.linalg.norm(one - corner) + np.linalg.norm(other - corner)
    return float(min(sides - np.linalg.norm(one - other), 1.0))
