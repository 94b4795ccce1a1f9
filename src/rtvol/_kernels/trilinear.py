"""Trilinear dose: at points, and along rows, in the dose grid's own frame."""

from __future__ import annotations

import numpy as np

from rtvol._kernels.jit import BARE, JIT, njit
from rtvol._kernels.order import cell

#: Rows of a row buffer: position x (mm), dose (Gy), its derivatives along y and z (Gy/mm); per
#: interval the box it is spread over (`whole_pieces`); and what rows at all heights between two
#: dose planes share, on the lower plane and on the upper: dose, derivative along y.
X, DOSE, DY, DZ, LOW, HIGH, DENSITY, BELOW, BELOW_DY, ABOVE, ABOVE_DY = range(11)
#: Points this far outside the outermost dose nodes count as on them (mm).
TOUCH_MM = 1e-6


@njit(**BARE)
def trilinear(values, xs, ys, zs, x, y, z):
    """Dose and its three derivatives at a point of the dose frame; NaN outside the nodes."""
    if (
        min(xs.size, ys.size, zs.size) < 2
        or x < xs[0] - TOUCH_MM
        or x > xs[-1] + TOUCH_MM
        or y < ys[0] - TOUCH_MM
        or y > ys[-1] + TOUCH_MM
        or z < zs[0] - TOUCH_MM
        or z > zs[-1] + TOUCH_MM
    ):
        return np.nan, 0.0, 0.0, 0.0
    # the slopes jump at a node: which side is meant must not hang on the last digit of a place
    i, j, k = cell(xs, x + TOUCH_MM), cell(ys, y + TOUCH_MM), cell(zs, z + TOUCH_MM)
    wide, deep, high = xs[i + 1] - xs[i], ys[j + 1] - ys[j], zs[k + 1] - zs[k]
    r, s, t = (x - xs[i]) / wide, (y - ys[j]) / deep, (z - zs[k]) / high
    a00, a01 = np.float64(values[k, j, i]), np.float64(values[k, j + 1, i])
    a10, a11 = np.float64(values[k + 1, j, i]), np.float64(values[k + 1, j + 1, i])
    x00, x01 = values[k, j, i + 1] - a00, values[k, j + 1, i + 1] - a01
    x10, x11 = values[k + 1, j, i + 1] - a10, values[k + 1, j + 1, i + 1] - a11
    v00, v01, v10, v11 = a00 + r * x00, a01 + r * x01, a10 + r * x10, a11 + r * x11
    low, up = v00 + s * (v01 - v00), v10 + s * (v11 - v10)
    x_low, x_up = x00 + s * (x01 - x00), x10 + s * (x11 - x10)
    dx = (x_low + t * (x_up - x_low)) / wide
    dy = ((1 - t) * (v01 - v00) + t * (v11 - v10)) / deep
    return low + t * (up - low), dx, dy, (up - low) / high


@njit(**JIT)
def dose_at(points, values, nodes, turn):
    """Trilinear dose (n,) in Gy at patient points (n, 3) in mm; NaN outside the dose grid.

    `values`, `nodes` and `turn` as in `spread_stack`.
    """
    out = np.empty(points.shape[0])
    for p in range(points.shape[0]):
        x, y, z = points[p, 0], points[p, 1], points[p, 2]
        u = turn[0, 0] * x + turn[0, 1] * y + turn[0, 2] * z
        v = turn[1, 0] * x + turn[1, 1] * y + turn[1, 2] * z
        w = turn[2, 0] * x + turn[2, 1] * y + turn[2, 2] * z
        out[p] = trilinear(values, nodes[0], nodes[1], nodes[2], u, v, w)[0]
    return out


@njit(**BARE)
def straight_rows(values, nodes, y, k, x_low, x_high, row):
    """Fill a row buffer with what rows at y between dose planes k and k + 1 have in common.

    At the dose nodes from x_low to x_high; returns how many it holds.
    """
    xs, ys = nodes[0], nodes[1]
    if min(xs.size, ys.size) < 2 or not ys[0] <= y <= ys[-1]:
        return 0
    j, first = cell(ys, y), cell(xs, x_low)
    deep, count = ys[j + 1] - ys[j], cell(xs, x_high) + 2 - first
    s = (y - ys[j]) / deep
    # views of single rows, so that the loop is vectorised
    c00, c01 = values[k, j, first:], values[k, j + 1, first:]
    c10, c11 = values[k + 1, j, first:], values[k + 1, j + 1, first:]
    at, x, below, above = xs[first:], row[X], row[BELOW], row[ABOVE]
    below_dy, above_dy = row[BELOW_DY], row[ABOVE_DY]
    for i in range(count):
        v00, v01 = np.float64(c00[i]), np.float64(c01[i])
        v10, v11 = np.float64(c10[i]), np.float64(c11[i])
        x[i] = at[i]
        below[i], above[i] = v00 + s * (v01 - v00), v10 + s * (v11 - v10)
        below_dy[i], above_dy[i] = (v01 - v00) / deep, (v11 - v10) / deep
    return count


@njit(**BARE)
def straight_row(row, count, share, height):
    """Fill in the dose of the row at a share of the way between two dose planes, `height` apart."""
    below, above, below_dy, above_dy = row[BELOW], row[ABOVE], row[BELOW_DY], row[ABOVE_DY]
    dose, dy, dz = row[DOSE], row[DY], row[DZ]
    for i in range(count):
        rise = above[i] - below[i]
        dose[i] = below[i] + share * rise
        dy[i] = (1 - share) * below_dy[i] + share * above_dy[i]
        dz[i] = rise / height


@njit(**BARE)
def turned_row(values, nodes, turn, y, z, x_low, x_high, step, row):
    """Fill a row buffer every `step` mm of the stretch inside a dose grid turned to the row."""
    for axis in range(3):
        first, last = nodes[axis][0], nodes[axis][-1]
        fixed = turn[axis, 1] * y + turn[axis, 2] * z
        rise = turn[axis, 0]
        if abs(rise) < 1e-12:
            if fixed < first or fixed > last:
                return 0
        else:
            a, b = (first - fixed) / rise, (last - fixed) / rise
            x_low, x_high = max(x_low, min(a, b)), min(x_high, max(a, b))
    if x_high - x_low <= TOUCH_MM:
        return 0
    parts = max(int(np.ceil((x_high - x_low) / step - TOUCH_MM)), 1)
    for i in range(parts + 1):
        x = x_low + (x_high - x_low) * i / parts
        u = turn[0, 0] * x + turn[0, 1] * y + turn[0, 2] * z
        v = turn[1, 0] * x + turn[1, 1] * y + turn[1, 2] * z
        w = turn[2, 0] * x + turn[2, 1] * y + turn[2, 2] * z
        dose, du, dv, dw = trilinear(values, nodes[0], nodes[1], nodes[2], u, v, w)
        row[X, i] = x
        row[DOSE, i] = dose
        row[DY, i] = du * turn[0, 1] + dv * turn[1, 1] + dw * turn[2, 1]
        row[DZ, i] = du * turn[0, 2] + dv * turn[1, 2] + dw * turn[2, 2]
    return parts + 1
