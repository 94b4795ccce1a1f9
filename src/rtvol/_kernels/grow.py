"""From in-plane distances on dense planes to distances in 3-D."""

from __future__ import annotations

import numpy as np

from rtvol._kernels.jit import BARE, JIT, njit
from rtvol._kernels.order import count_below


@njit(**BARE)
def _lower_span(row, pull, span, part, u, weight, squares, start):
    """Lower `squares` to the least max(0, f)^2 + weight (u - t)^2 over t in `part` of a gap.

    f = lower + slope t (`row` holds both) for the points `span` of the row of `squares` from
    `start` on. The sum is convex in t, so the free minimum, clamped, is the minimum: t = u where
    f(u) <= 0, else u - pull f(u), with `pull` = f' / (weight + f'^2).
    """
    lower, slope = row
    zero, start = np.float32(0.0), np.uint64(start)
    for i in range(np.uint64(span[0]), np.uint64(span[1])):  # unsigned: no look for i < 0
        free = u - pull[i] * max(lower[i] + slope[i] * u, zero)
        t = min(max(free, part[0]), part[1])
        f = max(lower[i] + slope[i] * t, zero)
        gap = u - t
        squares[start + i] = min(squares[start + i], f * f + weight * gap * gap)


@njit(**BARE)
def _reached(lower, upper, limit):
    """First and last + 1 of the points where the field of a gap comes below a limit."""
    first, end = 0, lower.size
    while first < end and min(lower[first], upper[first]) >= limit:
        first += 1
    while end > first and min(lower[end - 1], upper[end - 1]) >= limit:
        end -= 1
    return first, end


@njit(**BARE)
def _find_cores(field, z, z_out, cores, squares):
    """Set the longest run of points within the solid in each row to 0, and note where it lies.

    `cores` (K, J, 2) is overwritten with first and last + 1; both 0 where a row has none.
    """
    cores[:] = 0
    for k in range(z_out.size):
        if not z[0] <= z_out[k] <= z[-1]:
            continue
        s = max(count_below(z, z_out[k]), 1)
        share = np.float32((z_out[k] - z[s - 1]) / (z[s] - z[s - 1]))
        for j in range(field.shape[1]):
            lower, upper = field[s - 1, j], field[s, j]
            begin, end, first = 0, 0, 0
            for i in range(lower.size):
                if lower[i] + share * (upper[i] - lower[i]) > np.float32(0.0):
                    first = i + 1
                elif i + 1 - first > end - begin:
                    begin, end = first, i + 1
            cores[k, j] = begin, end
            squares[k, j, begin:end] = np.float32(0.0)


@njit(**JIT)
def grow_planes(field, z, z_out, up, down, limit, out):
    """Distance to a solid given by its in-plane distances on dense planes.

    D(x, y, z)^2 = min over s of max(0, field(x, y, s))^2 + ((z - s) / reach)^2, with the field
    linear in s between planes: closed form in each gap.

    Parameters
    ----------
    field
        (S, J, I) float32, in-plane signed distance (mm, or gauge) on the planes `z` (S,), S >= 2.
    z_out
        (K,) planes wanted, mm, ascending.
    up, down
        Reach in mm per unit of field for points above and below the solid's points; 1 for mm.
    limit
        Distances beyond it are cut to it.
    out
        (K, J, I) float32, overwritten with D >= 0.
    """
    _, rows, columns = field.shape
    zero, cap = np.float32(0.0), np.float32(limit * limit)
    out[:] = cap
    weights = np.float32(1.0 / (up * up)), np.float32(1.0 / (down * down))
    row = np.empty(columns, np.float32), np.empty(columns, np.float32)
    lower, slope = row
    pull_up, pull_down = np.empty(columns, np.float32), np.empty(columns, np.float32)
    cores = np.empty((z_out.size, rows, 2), np.int64)
    _find_cores(field, z, z_out, cores, out)
    squares = out.reshape(-1)
    for s in range(z.size - 1):
        width = np.float32(z[s + 1] - z[s])
        near_from = count_below(z_out, z[s] - limit * down)
        near_to = count_below(z_out, z[s + 1] + limit * up)
        for j in range(rows):
            first, end = _reached(field[s, j], field[s + 1, j], np.float32(limit))
            if first == end:
                continue
            for i in range(columns):
                lower[i] = field[s, j, i]
                slope[i] = (field[s + 1, j, i] - lower[i]) / width
                pull_up[i] = slope[i] / (weights[0] + slope[i] * slope[i])
                pull_down[i] = slope[i] / (weights[1] + slope[i] * slope[i])
            for k in range(near_from, near_to):
                u = np.float32(z_out[k] - z[s])
                start = (k * rows + j) * columns
                # the core is at 0 already: what lies before it and behind it is left
                core = max(cores[k, j, 0], first), min(cores[k, j, 1], end)
                if core[0] >= core[1]:
                    core = end, end
                for span in ((first, core[0]), (core[1], end)):
                    if span[0] < span[1] and u > zero:
                        part = zero, min(u, width)
                        _lower_span(row, pull_up, span, part, u, weights[0], squares, start)
                    if span[0] < span[1] and u < width:
                        part = max(u, zero), width
                        _lower_span(row, pull_down, span, part, u, weights[1], squares, start)
    for i in range(squares.size):
        squares[i] = np.sqrt(squares[i])
