"""Fields of a lattice read where an outline runs through it."""

from __future__ import annotations

import numpy as np

from rtvol._kernels.jit import JIT, njit


@njit(**JIT)
def read_at(values, k, row, column):
    """Read a field between its points: bilinear in plane, on the lattice's planes.

    Parameters
    ----------
    values : float32 (K, J, I)
        The field.
    k : int64 (N,)
        The planes,
    row, column : float64 (N,)
        and the places in them, in lattice steps.

    Returns
    -------
    float64 (N,)
    """
    found = np.empty(k.size)
    rows, columns = values.shape[1:]
    for n in range(k.size):
        j, i = min(max(int(row[n]), 0), rows - 2), min(max(int(column[n]), 0), columns - 2)
        v, u = row[n] - j, column[n] - i
        plane = values[k[n]]
        near = plane[j, i] * (1.0 - u) + plane[j, i + 1] * u
        far = plane[j + 1, i] * (1.0 - u) + plane[j + 1, i + 1] * u
        found[n] = near * (1.0 - v) + far * v
    return found


@njit(**JIT)
def ways_at(values, z, step, k, row, column):
    """Gradient (N, 3) of a field along x, y, z at the points of the lattice nearest to places.

    Parameters
    ----------
    values, k, row, column
        As in `read_at`.
    z : float64 (K,)
        The planes, mm.
    step : float
        Distance between neighbouring points in plane, mm.
    """
    found = np.empty((k.size, 3))
    depth, rows, columns = values.shape
    across = np.float32(2 * step)
    for n in range(k.size):
        here = k[n]
        below, above = max(here - 1, 0), min(here + 1, depth - 1)
        j = min(max(int(np.rint(row[n])), 1), rows - 2)
        i = min(max(int(np.rint(column[n])), 1), columns - 2)
        found[n, 0] = (values[here, j, i + 1] - values[here, j, i - 1]) / across
        found[n, 1] = (values[here, j + 1, i] - values[here, j - 1, i]) / across
        found[n, 2] = (values[above, j, i] - values[below, j, i]) / (z[above] - z[below])
    return found
