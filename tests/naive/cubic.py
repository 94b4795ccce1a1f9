"""Slow, plain twins of the cubic kernels."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def spline(values: NDArray, at: NDArray, wanted: NDArray) -> NDArray:
    """Natural cubic spline through values (n,) at `at`, evaluated at `wanted`.

    As one linear system for the coefficients of each interval: it passes the samples, its first
    and second derivatives go on, and it is straight at the ends.
    """
    n = values.size - 1
    rows, right = [], []

    def powers(interval: int, x: float, order: int) -> NDArray:
        row = np.zeros(4 * n)
        u = x - at[interval]
        terms = [(1, u, u**2, u**3), (0, 1, 2 * u, 3 * u**2), (0, 0, 2, 6 * u)][order]
        row[4 * interval : 4 * interval + 4] = terms
        return row

    for k in range(n):
        rows += [powers(k, at[k], 0), powers(k, at[k + 1], 0)]
        right += [values[k], values[k + 1]]
    for k in range(n - 1):
        for order in (1, 2):
            rows.append(powers(k, at[k + 1], order) - powers(k + 1, at[k + 1], order))
            right.append(0.0)
    rows += [powers(0, at[0], 2), powers(n - 1, at[n], 2)]
    right += [0.0, 0.0]
    found = np.linalg.solve(np.array(rows), np.array(right))
    cells = np.clip(np.searchsorted(at, wanted, side="right") - 1, 0, n - 1)
    return np.array([powers(c, x, 0) @ found for c, x in zip(cells, wanted, strict=True)])


def headroom(samples: NDArray) -> NDArray:
    """How far a smooth extremum may pass each sample, down and up."""
    found = np.zeros((2, *samples.shape))
    for place in np.ndindex(*samples.shape):
        for axis in range(3):
            line = samples[tuple(slice(None) if a == axis else p for a, p in enumerate(place))]
            bends = [
                line[m - 1] + line[m + 1] - 2 * line[m] if 0 < m < line.size - 1 else 0.0
                for m in range(place[axis] - 1, place[axis] + 2)
            ]
            if 0 < place[axis] < line.size - 1:
                if min(bends) > 0:
                    found[(0, *place)] += min(bends) * 1.25 / 8
                if max(bends) < 0:
                    found[(1, *place)] -= max(bends) * 1.25 / 8
    return found


def bounds(samples: NDArray, cell: tuple[int, int, int]) -> tuple[float, float]:
    """Least and greatest value allowed in a cell of the samples."""
    around = tuple(slice(max(c - 1, 0), c + 3) for c in cell)
    room = headroom(samples)
    corners = [
        tuple(c + s for c, s in zip(cell, side, strict=True)) for side in product((0, 1), repeat=3)
    ]
    down = max(room[(0, *corner)] for corner in corners)
    up = max(room[(1, *corner)] for corner in corners)
    return float(samples[around].min()) - down, float(samples[around].max()) + up
