"""Rows through the even-odd region of a plane: their borders, and the chords along them."""

from __future__ import annotations

import numpy as np

from rtvol._kernels.jit import BARE, JIT, njit
from rtvol._kernels.order import count_below, sort_by

#: Border vertices nearer to each other than this part of the row height share one row border.
_THIN = 1 / 16
#: Where the polygon's edge runs flatter than this (dx/dy), rows end at its ends.
_FLAT = 2.0
#: A length this part longer than a whole number of steps is that number of them: what a slab is
#: cut into must not hang on the last digit of its place in the patient.
_SLACK = 1e-6
#: A line that passes a vertex nearer than this, mm, passes above it, for the same reason.
NEAR_MM = 1e-6


@njit(**BARE)
def parts_of(length, step):
    """Into how many equal parts, none longer than `step`, a length is cut."""
    return max(int(np.ceil(length / step - _SLACK)), 1)


@njit(**JIT)
def cuts(marks, count, step):
    """Borders from the least to the greatest of the first `count` marks, at most `step` apart."""
    order, kept = np.arange(count), np.empty(count)
    sort_by(order, marks)
    kept[0], n = marks[order[0]], 1
    for m in range(1, count):
        mark = marks[order[m]]
        if mark - kept[n - 1] >= (_THIN - _SLACK) * step:
            kept[n] = mark
            n += 1
    if n == 1:
        n = 2
    kept[n - 1] = marks[order[count - 1]]
    total = 1
    for m in range(1, n):
        total += parts_of(kept[m] - kept[m - 1], step)
    borders, c = np.empty(total), 0
    for m in range(1, n):
        parts = parts_of(kept[m] - kept[m - 1], step)
        for part in range(parts):
            borders[c] = kept[m - 1] + (kept[m] - kept[m - 1]) * part / parts
            c += 1
    borders[c] = kept[n - 1]
    return borders[: c + 1]


@njit(**JIT)
def row_cuts(xy, nodes, step):
    """Borders of the rows: ends of flat edges, rows of dose nodes, and steps between (y, mm).

    Rings are taken as one chain: the edges between them only add a border too many.
    """
    marks, n = np.empty(2 * xy.shape[0] + nodes.size + 2), np.int64(2)
    low, high = xy[0, 1], xy[0, 1]
    for p in range(1, xy.shape[0]):
        low, high = min(low, xy[p, 1]), max(high, xy[p, 1])
    marks[0], marks[1] = low, high
    a = xy.shape[0] - 1
    for b in range(xy.shape[0]):
        if abs(xy[b, 0] - xy[a, 0]) > (_FLAT + _SLACK) * abs(xy[b, 1] - xy[a, 1]):
            marks[n], marks[n + 1] = xy[a, 1], xy[b, 1]
            n += 2
        a = b
    for node in nodes:
        if low < node < high:
            marks[n] = node
            n += 1
    return cuts(marks, n, step)


@njit(**JIT)
def chord_ends(pieces, lines, height):
    """Where the boundary pieces cross the lines in the middle of rows of the heights given.

    Returns the offsets (lines + 1,) into the crossings and the crossings (n, 2): x in mm,
    ascending in each row, and the slant dx/dy of the boundary there.
    """
    rows = lines.size
    starts = np.zeros(rows + 1, np.int64)
    reach = np.empty((pieces.shape[0], 2), np.int64)
    for p in range(pieces.shape[0]):
        reach[p, 0] = count_below(lines, min(pieces[p, 1], pieces[p, 3]) - NEAR_MM)
        reach[p, 1] = count_below(lines, max(pieces[p, 1], pieces[p, 3]) - NEAR_MM)
        for row in range(reach[p, 0], reach[p, 1]):
            starts[row + 1] += 1
    filled = np.zeros(rows, np.int64)
    for row in range(rows):
        filled[row] = starts[row]
        starts[row + 1] += starts[row]
    ends = np.empty((starts[rows], 2))
    for p in range(pieces.shape[0]):
        x0, y0, x1, y1 = pieces[p, 0], pieces[p, 1], pieces[p, 2], pieces[p, 3]
        slant = (x1 - x0) / (y1 - y0)
        for row in range(reach[p, 0], reach[p, 1]):
            x = x0 + (min(max(lines[row], min(y0, y1)), max(y0, y1)) - y0) * slant
            # a flat edge shorter than the row must not be drawn out to the row's height
            low = max(min(y0, y1), lines[row] - height[row] / 2)
            high = min(max(y0, y1), lines[row] + height[row] / 2)
            limit = max(_FLAT, abs(slant) * (high - low) / height[row])
            m = filled[row]
            while m > starts[row] and ends[m - 1, 0] > x:
                ends[m, 0], ends[m, 1] = ends[m - 1, 0], ends[m - 1, 1]
                m -= 1
            ends[m, 0] = x
            ends[m, 1] = min(max(slant, -limit), limit)
            filled[row] += 1
    return starts, ends
