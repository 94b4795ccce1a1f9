"""Marching squares on a lattice: closed level lines, and the area within them without tracing.

After Lorensen and Cline, SIGGRAPH 1987, in two dimensions: a level line crosses the edges of the
lattice where linear interpolation puts the level. Cells with two opposite corners inside (saddles)
are decided by the mean of the four corners, the value in the cell's middle. The lattice's border
closes the region: it is the region's intersection with the rectangle of the lattice.
"""

from __future__ import annotations

import numpy as np

from rtvol._kernels.jit import BARE, JIT, njit


@njit(**BARE)
def _fraction(a, b, level):
    """How far from a to b linear interpolation reaches the level, 0..1."""
    return min(max((level - a) / (b - a), 0.0), 1.0)


@njit(**JIT)
def _link(values, level):
    """For each crossed edge of the padded lattice, the edge the level line goes to; else -1.

    The lattice is padded by one outside node all round. Edge 2 n runs from padded node n to the
    next one along i, edge 2 n + 1 to the next one along j. The inside is on the left (i to the
    right, j up).
    """
    rows, columns = values.shape
    width = columns + 2
    inside = np.zeros((rows + 2, width), np.uint8)
    for j in range(rows):
        for i in range(columns):
            inside[j + 1, i + 1] = values[j, i] < level
    after = np.full(2 * (rows + 2) * width, -1, np.int32)
    for j in range(rows + 1):
        for i in range(columns + 1):
            a, b = inside[j, i], inside[j, i + 1]
            d, c = inside[j + 1, i], inside[j + 1, i + 1]
            count = a + b + c + d
            if count in (0, 4):
                continue
            node = j * width + i
            south, west = 2 * node, 2 * node + 1
            east, north = 2 * (node + 1) + 1, 2 * (node + width)
            if count == 2 and a == c:
                middle = values[j - 1, i - 1] + values[j - 1, i] + values[j, i - 1] + values[j, i]
                if middle / 4 < level:
                    pairs = ((south, east), (north, west)) if a else ((west, south), (east, north))
                else:
                    pairs = ((south, west), (north, east)) if a else ((east, south), (west, north))
                for start, end in pairs:
                    after[start] = end
                continue
            # round the cell anticlockwise: the line starts where the inside ends
            start, end = -1, -1
            if a != b:
                start, end = (south, end) if a else (start, south)
            if b != c:
                start, end = (east, end) if b else (start, east)
            if c != d:
                start, end = (north, end) if c else (start, north)
            if d != a:
                start, end = (west, end) if d else (start, west)
            after[start] = end
    return after


@njit(**BARE)
def _place(edge, values, level, x_mm, y_mm):
    """Point (x, y) in mm where the level line crosses an edge of the padded lattice."""
    rows, columns = values.shape
    width = columns + 2
    j, i = edge // 2 // width - 1, edge // 2 % width - 1
    if edge % 2 == 0:
        if i < 0:
            return x_mm[0], y_mm[j]
        if i == columns - 1:
            return x_mm[i], y_mm[j]
        t = _fraction(values[j, i], values[j, i + 1], level)
        return x_mm[i] + t * (x_mm[i + 1] - x_mm[i]), y_mm[j]
    if j < 0:
        return x_mm[i], y_mm[0]
    if j == rows - 1:
        return x_mm[i], y_mm[j]
    t = _fraction(values[j, i], values[j + 1, i], level)
    return x_mm[i], y_mm[j] + t * (y_mm[j + 1] - y_mm[j])


@njit(**JIT)
def trace(values, level, x_mm, y_mm):
    """Level lines round the region where `values` < `level`.

    Parameters
    ----------
    values : float64 (J, I)
        Lattice of values.
    level : float
        The level.
    x_mm, y_mm : float64 (I,), (J,)
        Lattice coordinates.

    Returns
    -------
    points : float64 (N, 2)
        Corners x, y of all rings, the inside on their left as i and j grow; no corner twice in a
        row, the first not repeated. Rings of fewer than three different corners are left out.
    starts : int64 (R + 1,)
        Offsets of the rings.
    """
    after = _link(values, level)
    crossed = 0
    for edge in range(after.size):
        crossed += after[edge] >= 0
    points = np.empty((crossed, 2))
    starts = np.zeros(crossed // 2 + 1, np.int64)
    n, rings = 0, 0
    for edge in range(after.size):
        if after[edge] < 0:
            continue
        first, at = n, edge
        while after[at] >= 0:
            x, y = _place(at, values, level, x_mm, y_mm)
            if n == first or points[n - 1, 0] != x or points[n - 1, 1] != y:
                points[n, 0], points[n, 1] = x, y
                n += 1
            following = after[at]
            after[at] = -1
            at = following
        x, y = points[first, 0], points[first, 1]
        while n - 1 > first and points[n - 1, 0] == x and points[n - 1, 1] == y:
            n -= 1
        if n - first < 3:
            n = first
        else:
            rings += 1
            starts[rings] = n
    return points[:n], starts[: rings + 1]


@njit(**BARE)
def _inside_box(values):
    """Rows and columns (first, last + 1, with a rim of one) where values (J, I) are below zero.

    The last of the five numbers says how many values are not a number or minus infinity. Without
    any inside there are no rows.
    """
    rows, columns = values.shape
    top, bottom, left, right, bad = rows, 0, columns, 0, 0
    for j in range(rows):
        row, count, wrong = values[j], np.int32(0), np.int32(0)
        for i in range(columns):
            count += np.int32(row[i] < np.float32(0.0))
            wrong += np.int32(not row[i] > np.float32(-np.inf))
        bad += int(wrong)
        if count == 0:
            continue
        top, bottom = min(top, j), j + 1
        i = 0
        while i < left and not row[i] < np.float32(0.0):
            i += 1
        left, i = i, columns
        while i > right and not row[i - 1] < np.float32(0.0):
            i -= 1
        right = i
    if bottom == 0:
        return 0, 0, 0, 0, bad
    return max(top - 1, 0), min(bottom + 1, rows), max(left - 1, 0), min(right + 1, columns), bad


@njit(**BARE)
def _copy_points(source, count, target, at):
    """Copy the first points (N, 2) to a place in others."""
    for n in range(count):
        target[at + n, 0], target[at + n, 1] = source[n, 0], source[n, 1]


@njit(**JIT)
def trace_planes(field, x_mm, y_mm):
    """`trace` of planes at level 0, one after the other, each on as much as holds the region.

    Parameters
    ----------
    field : float32 (K, J, I)
        Planes of values; the coordinates are as in `trace`.

    Returns
    -------
    points : float64 (N, 2)
        Corners of all rings, plane by plane.
    starts : int64 (R + 1,)
        Offsets of the rings into `points`.
    plane_rings : int64 (K + 1,)
        Offsets of the planes into the rings.
    bad : int
        How many values are not a number or minus infinity: the rings are then not to be used.
    """
    count, rows, columns = field.shape
    points, starts = np.empty((4 * (rows + columns), 2)), np.zeros(count + 1, np.int64)
    plane_rings = np.zeros(count + 1, np.int64)
    bad, rings = 0, 0
    for k in range(count):
        top, bottom, left, right, wrong = _inside_box(field[k])
        bad += int(wrong)
        if bottom > top:
            values = field[k, top:bottom, left:right].astype(np.float64)
            found, own = trace(values, 0.0, x_mm[left:right], y_mm[top:bottom])
            n, more = starts[rings], own.size - 1
            if n + len(found) > len(points):
                kept, points = points, np.empty((2 * (n + len(found)), 2))
                _copy_points(kept, n, points, np.int64(0))
            if rings + more >= starts.size:
                kept_starts, starts = starts, np.zeros(2 * (rings + more), np.int64)
                for ring in range(rings + 1):
                    starts[ring] = kept_starts[ring]
            _copy_points(found, len(found), points, n)
            for ring in range(more):
                starts[rings + 1 + ring] = n + own[ring + 1]
            rings += more
        plane_rings[k + 1] = rings
    return points[: starts[rings]], starts[: rings + 1], plane_rings, bad


@njit(**BARE)
def _cell_area(a, b, c, d, level):
    """Part of a unit cell with corner values a, b, c, d (anticlockwise) that is inside, 0..1."""
    ins = (a < level, b < level, c < level, d < level)
    # as integers: added as numpy booleans, where nothing is compiled, two are one
    count = int(ins[0]) + int(ins[1]) + int(ins[2]) + int(ins[3])
    if count in (0, 4):
        return count / 4
    south, north = _fraction(a, b, level), _fraction(d, c, level)
    west, east = _fraction(a, d, level), _fraction(b, c, level)
    if count == 2 and ins[0] == ins[1]:
        return (west + east) / 2 if ins[0] else 1 - (west + east) / 2
    if count == 2 and ins[0] == ins[3]:
        return (south + north) / 2 if ins[0] else 1 - (south + north) / 2
    # one, three or two opposite corners: triangles are cut off at the lone ones
    whole = count == 3 or (count == 2 and (a + b + c + d) / 4 < level)
    triangles = (
        south * west / 2,
        (1 - south) * east / 2,
        (1 - east) * (1 - north) / 2,
        north * (1 - west) / 2,
    )
    area = 0.0
    for corner in range(4):
        if ins[corner] != whole:
            area += triangles[corner]
    return 1 - area if whole else area


@njit(**BARE)
def _mark_row(row, inside):
    """Mark the points of a row that are inside; returns how many are."""
    count = np.int32(0)
    for i in range(row.size):
        inside[i] = np.int32(row[i] < np.float32(0.0))
        count += inside[i]
    return count


@njit(**BARE)
def _add_row_area(cells, south, north, in_south, in_north, is_mixed):
    """Add to `cells` the area inside a row of unit cells, some of which are inside in part."""
    whole, mixed = np.int32(0), np.int32(0)
    for i in range(south.size - 1):
        every = in_south[i] & in_south[i + 1] & in_north[i] & in_north[i + 1]
        some = in_south[i] | in_south[i + 1] | in_north[i] | in_north[i + 1]
        is_mixed[i] = np.int32(every ^ some)
        whole += np.int32(every)
        mixed += is_mixed[i]
    cells, i = cells + whole, 0
    while mixed > 0:
        if is_mixed[i]:
            mixed -= 1
            cells += _cell_area(south[i], south[i + 1], north[i + 1], north[i], 0.0)
        i += 1
    return cells


@njit(**BARE)
def _cells_inside(values, box, inside, is_mixed):
    """Count the unit cells inside on a plane of values, within a box that holds all of them."""
    top, bottom, left, right = box
    cells, before, width = 0.0, 0, right - left
    for j in range(top, bottom):
        north, mark = values[j, left:right], inside[j % 2]
        count = _mark_row(north, mark)
        if j > top and count + before == 2 * width:
            cells += width - 1
        elif j > top and count + before > 0:
            south = values[j - 1, left:right]
            cells = _add_row_area(cells, south, north, inside[(j + 1) % 2], mark, is_mixed)
        before = count
    return cells


@njit(**BARE)
def _blend(low, high, share, box, found):
    """Write low + share (high - low) into a box of `found`."""
    top, bottom, left, right = box
    for j in range(top, bottom):
        for i in range(np.uint64(left), np.uint64(right)):
            found[j, i] = low[j, i] + share * (high[j, i] - low[j, i])


@njit(**JIT)
def section_areas(field, below, shares, h_x, h_y):
    """Area in mm2 within the lines that `trace` draws at level 0, without drawing them.

    Parameters
    ----------
    field : float32 (K, J, I)
        Planes of values; the inside is where they are below zero.
    below : int64 (N,)
        The sections: each from this plane to the next one up,
    shares : float32 (N,)
        this part of the way, interpolated; 0 for the plane itself.
    h_x, h_y : float
        Lattice spacing in mm along i and j.

    Returns
    -------
    float64 (N,)
    """
    last, rows, columns = field.shape[0] - 1, field.shape[1], field.shape[2]
    areas, boxes = np.empty(below.size), np.full((last + 1, 5), -1)
    blended, inside = np.empty((rows, columns), np.float32), np.empty((2, columns), np.int32)
    is_mixed = np.empty(columns, np.int32)
    for n in range(below.size):
        low, high = below[n], min(below[n] + 1, last)
        for k in (low, high):
            if boxes[k, 0] < 0 and (k == low or shares[n] > 0):
                boxes[k] = _inside_box(field[k])
        top, bottom, left, right = boxes[low, 0], boxes[low, 1], boxes[low, 2], boxes[low, 3]
        if shares[n] > 0:
            # what is inside between two planes is so on one of them
            if bottom == 0:
                top, left = rows, columns
            if boxes[high, 1] > 0:
                top, bottom = min(top, boxes[high, 0]), max(bottom, boxes[high, 1])
                left, right = min(left, boxes[high, 2]), max(right, boxes[high, 3])
            _blend(field[low], field[high], shares[n], (top, bottom, left, right), blended)
            areas[n] = _cells_inside(blended, (top, bottom, left, right), inside, is_mixed)
        else:
            areas[n] = _cells_inside(field[low], (top, bottom, left, right), inside, is_mixed)
        areas[n] = areas[n] * h_x * h_y
    return areas
