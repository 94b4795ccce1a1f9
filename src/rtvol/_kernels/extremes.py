"""Extremes of a trilinear dose over a closed slab: its outline and what lies within.

A trilinear dose is linear along each of its own axes between two dose nodes, so that its extremes
over a solid lie at the nodes inside, or on the surface.
"""

from __future__ import annotations

import numpy as np

from rtvol._kernels.chords import chord_ends
from rtvol._kernels.jit import BARE, JIT, njit
from rtvol._kernels.order import cell, count_below
from rtvol._kernels.trilinear import TOUCH_MM, trilinear

#: Totals of a run: volume inside and outside the dose grid (mm3), lowest and highest dose (Gy).
INSIDE, OUTSIDE, LOWEST, HIGHEST = range(4)


@njit(**BARE)
def _touch(values, nodes, turn, x, y, levels, totals):
    """Let the doses at one place of the outline count, at each level."""
    for z in levels:
        u = turn[0, 0] * x + turn[0, 1] * y + turn[0, 2] * z
        v = turn[1, 0] * x + turn[1, 1] * y + turn[1, 2] * z
        w = turn[2, 0] * x + turn[2, 1] * y + turn[2, 2] * z
        dose = trilinear(values, nodes[0], nodes[1], nodes[2], u, v, w)[0]
        if dose == dose:  # neither outside the dose grid nor beside an unknown sample
            totals[LOWEST] = min(totals[LOWEST], dose)
            totals[HIGHEST] = max(totals[HIGHEST], dose)


@njit(**BARE)
def _walk(nodes, at, hint):
    """Index of the interval that holds a place near the interval `hint`: as `cell`, by steps."""
    while hint > 0 and at < nodes[hint]:
        hint -= 1
    while hint < nodes.size - 2 and at >= nodes[hint + 1]:
        hint += 1
    return hint


@njit(**BARE)
def _is_within(values, i, j, heights, totals):
    """Whether all samples round a column of cells lie in the range of doses found before."""
    low, high, within = totals[LOWEST], totals[HIGHEST], True
    for n in range(heights.shape[0]):
        k = int(heights[n, 0])
        for c in range(k, k + 2):
            for b in range(j, j + 2):
                near, far = values[c, b, i], values[c, b, i + 1]
                within &= (low <= near) & (near <= high) & (low <= far) & (far <= high)
    return within


@njit(**BARE)
def _touch_straight(values, nodes, at, x, y, heights, totals):
    """Do the same where the dose frame has the patient's axes: one cell for all levels.

    `at`: cell (i, j) of the place before, and whether nothing in it can widen the range;
    overwritten. `heights`: cell and share of each level.
    """
    xs, ys = nodes[0], nodes[1]
    if not (
        xs[0] - TOUCH_MM <= x <= xs[-1] + TOUCH_MM and ys[0] - TOUCH_MM <= y <= ys[-1] + TOUCH_MM
    ):
        return
    i, j = _walk(xs, x, at[0]), _walk(ys, y, at[1])
    if i != at[0] or j != at[1]:
        at[0], at[1], at[2] = i, j, _is_within(values, i, j, heights, totals)
    if at[2]:
        return
    r, s = (x - xs[i]) / (xs[i + 1] - xs[i]), (y - ys[j]) / (ys[j + 1] - ys[j])
    for n in range(heights.shape[0]):
        k = int(heights[n, 0])
        a00, a01 = np.float64(values[k, j, i]), np.float64(values[k, j + 1, i])
        a10, a11 = np.float64(values[k + 1, j, i]), np.float64(values[k + 1, j + 1, i])
        v00, v01 = a00 + r * (values[k, j, i + 1] - a00), a01 + r * (values[k, j + 1, i + 1] - a01)
        v10 = a10 + r * (values[k + 1, j, i + 1] - a10)
        v11 = a11 + r * (values[k + 1, j + 1, i + 1] - a11)
        below, above = v00 + s * (v01 - v00), v10 + s * (v11 - v10)
        dose = below + heights[n, 1] * (above - below)
        if dose < totals[LOWEST]:
            totals[LOWEST] = dose
        if dose > totals[HIGHEST]:
            totals[HIGHEST] = dose


@njit(**JIT)
def _heights(zs, levels):
    """Cell of the dose planes and share of it, for each level inside them."""
    found, n = np.empty((levels.size, 2)), 0
    for z in levels:
        if zs[0] - TOUCH_MM <= z <= zs[-1] + TOUCH_MM:
            k = cell(zs, z)
            found[n, 0], found[n, 1] = k, (z - zs[k]) / (zs[k + 1] - zs[k])
            n += 1
    return found[:n]


@njit(**JIT)
def outline_extremes(ring, levels, step, straight, values, nodes, turn, totals):
    """Let the doses along a ring count at each level.

    They are taken at its corners, at most `step` mm apart between them, and where an edge crosses
    a row or column of dose nodes: there the dose bends.
    """
    if min(nodes[0].size, nodes[1].size, nodes[2].size) < 2:
        return
    heights, at = _heights(nodes[2], levels), np.zeros(3, np.int64)
    _follow(ring, levels, heights, at, step, straight, values, nodes, turn, totals)


@njit(**BARE)
def _follow(ring, levels, heights, at, step, straight, values, nodes, turn, totals):
    """Go along a ring; `heights` and `at` as in `_touch_straight`."""
    a = ring.shape[0] - 1
    for b in range(ring.shape[0]):
        along_x, along_y = ring[b, 0] - ring[a, 0], ring[b, 1] - ring[a, 1]
        parts = max(int(np.ceil(np.hypot(along_x, along_y) / step - TOUCH_MM)), 1)
        for part in range(1, parts + 1):
            x, y = ring[a, 0] + along_x * part / parts, ring[a, 1] + along_y * part / parts
            if straight:
                _touch_straight(values, nodes, at, x, y, heights, totals)
            else:
                _touch(values, nodes, turn, x, y, levels, totals)
        for axis in range(2 if straight else 0):
            low, high = min(ring[a, axis], ring[b, axis]), max(ring[a, axis], ring[b, axis])
            places = nodes[axis]
            for m in range(_walk(places, low, at[axis]) + 1, places.size):
                if places[m] >= high:
                    break
                share = (places[m] - ring[a, axis]) / (ring[b, axis] - ring[a, axis])
                x, y = ring[a, 0] + share * along_x, ring[a, 1] + share * along_y
                if places[m] > low:
                    _touch_straight(values, nodes, at, x, y, heights, totals)
        a = b


@njit(**JIT)
def inner_extremes(pieces, levels, values, nodes, totals):
    """Let the doses at the dose rows and columns inside the outline count, at each level."""
    ys = nodes[1]
    lines, heights = np.empty(ys.size), np.empty(ys.size)
    for j in range(ys.size):
        lines[j], heights[j] = ys[j], np.inf
    starts, ends = chord_ends(pieces, lines, heights)
    _look_inside(starts, ends, levels, values, nodes, totals)


@njit(**BARE)
def _look_inside(starts, ends, levels, values, nodes, totals):
    """Let the doses along the chords of the dose rows count."""
    xs, ys, zs = nodes
    low, high = totals[LOWEST], totals[HIGHEST]
    for z in levels:
        if zs.size < 2 or z < zs[0] or z > zs[-1]:
            continue
        k = cell(zs, z)
        part = (z - zs[k]) / (zs[k + 1] - zs[k])
        for j in range(ys.size):
            for m in range(starts[j], starts[j + 1] - 1, 2):
                first, last = count_below(xs, ends[m, 0]), count_below(xs, ends[m + 1, 0])
                if last < xs.size and xs[last] == ends[m + 1, 0]:
                    last += 1
                below, above = values[k, j, first:last], values[k + 1, j, first:last]
                for i in range(below.size):
                    at = np.float64(below[i])
                    dose = at + part * (np.float64(above[i]) - at)
                    if dose < low:  # never so for an unknown sample
                        low = dose
                    if dose > high:
                        high = dose
    totals[LOWEST], totals[HIGHEST] = low, high


@njit(**BARE)
def _holds(pieces, x, y):
    """Whether a point lies in the closed region that boundary pieces enclose."""
    for aside in (-TOUCH_MM, TOUCH_MM):
        for up in (-TOUCH_MM, TOUCH_MM):
            inside = False
            for p in range(pieces.shape[0]):
                x0, y0, x1, y1 = pieces[p, 0], pieces[p, 1], pieces[p, 2], pieces[p, 3]
                if (y0 > y + up) != (y1 > y + up):
                    crossed = x0 + (y + up - y0) * (x1 - x0) / (y1 - y0) < x + aside
                    inside = inside != crossed
            if inside:
                return True
    return False


@njit(**BARE)
def turned_extremes(pieces, low, high, values, nodes, turn, totals):
    """Let the doses at the nodes inside a slab count, where the dose grid is turned to it."""
    back = turn.T
    for k in range(nodes[2].size):
        for j in range(nodes[1].size):
            for i in range(nodes[0].size):
                dose = np.float64(values[k, j, i])
                if not (dose < totals[LOWEST] or dose > totals[HIGHEST]):
                    continue
                u, v, w = nodes[0][i], nodes[1][j], nodes[2][k]
                z = back[2, 0] * u + back[2, 1] * v + back[2, 2] * w
                if not low - TOUCH_MM <= z <= high + TOUCH_MM:
                    continue
                x = back[0, 0] * u + back[0, 1] * v + back[0, 2] * w
                y = back[1, 0] * u + back[1, 1] * v + back[1, 2] * w
                if _holds(pieces, x, y):
                    totals[LOWEST] = min(totals[LOWEST], dose)
                    totals[HIGHEST] = max(totals[HIGHEST], dose)
