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
def _inside_box(values, level):
    """Rows and columns (first and last + 1) that hold the inside, and how many are no numbers."""
    rows, columns = values.shape
    top, bottom, left, right, bad = rows, 0, columns, 0, 0
    for j in range(rows):
        row, count = values[j], 0
        for i in range(columns):
            count += row[i] < level
            bad += not row[i] > -np.inf
        if count == 0:
            continue
        top, bottom = min(top, j), j + 1
        i = 0
        while i < left and not row[i] < level:
            i += 1
        left, i = i, columns
        while i > right and not row[i - 1] < level:
            i -= 1
        right = i
    return top, bottom, left, right, bad


@njit(**BARE)
def _copy_points(source, count, target, at):
    """Copy the first points (N, 2) to a place in others."""
    for n in range(count):
        target[at + n, 0], target[at + n, 1] = source[n, 0], source[n, 1]


@njit(**JIT)
def trace_planes(field, level, x_mm, y_mm):
    """`trace` of planes one after the other, each on as much of it as holds the region.

    Parameters
    ----------
    field : float32 (K, J, I)
        Planes of values; `level` and the coordinates as in `trace`.

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
        top, bottom, left, right, wrong = _inside_box(field[k], level)
        bad += wrong
        if bottom > top:
            # a rim of what is outside: no line runs beyond it
            top, bottom = max(top - 1, 0), min(bottom + 1, rows)
            left, right = max(left - 1, 0), min(right + 1, columns)
            values = field[k, top:bottom, left:right].astype(np.float64)
            found, own = trace(values, level, x_mm[left:right], y_mm[top:bottom])
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
def _mark_row(row, level, inside):
    """Mark the points of a row that are inside; returns how many are."""
    count = np.int32(0)
    for i in range(row.size):
        inside[i] = np.int32(row[i] < level)
        count += inside[i]
    return count


@njit(**BARE)
def _add_row_area(cells, south, north, in_south, in_north, level, is_mixed):
    """Add to `cells` the area inside a row of unit cells, some of which are inside in part."""
    whole, mixed = np.int32(0), np.int32(0)
    for i in range(is_mixed.size):
        every = in_south[i] & in_south[i + 1] & in_north[i] & in_north[i + 1]
        some = in_south[i] | in_south[i + 1] | in_north[i] | in_north[i + 1]
        is_mixed[i] = np.int32(every ^ some)
        whole += np.int32(every)
        mixed += is_mixed[i]
    cells, i = cells + whole, 0
    while mixed > 0:
        if is_mixed[i]:
            mixed -= 1
            cells += _cell_area(south[i], south[i + 1], north[i + 1], north[i], level)
        i += 1
    return cells


@njit(**JIT)
def section_areas(field, below, shares, h_x, h_y, level):
    """Area in mm2 within the level lines that `trace` draws, without drawing them.

    Parameters
    ----------
    field : float32 (K, J, I)
        Planes of values.
    below : int64 (N,)
        The sections: each from this plane to the next one up,
    shares : float32 (N,)
        this part of the way, interpolated; 0 for the plane itself.
    h_x, h_y : float
        Lattice spacing in mm along i and j.
    level : float
        The inside is where the values are less.

    Returns
    -------
    float64 (N,)
    """
    last, rows, columns = field.shape[0] - 1, field.shape[1], field.shape[2]
    areas, rough = np.empty(below.size), np.float32(level)
    blended, inside = np.empty((rows, columns), np.float32), np.empty((2, columns), np.int32)
    is_mixed = np.empty(columns - 1, np.int32)
    for n in range(below.size):
        plane, share = field[below[n]], shares[n]
        if share > 0:
            above = field[min(below[n] + 1, last)]
            for j in range(rows):
                for i in range(columns):
                    blended[j, i] = plane[j, i] + share * (above[j, i] - plane[j, i])
        values = blended if share > 0 else plane
        cells, before = 0.0, 0
        for j in range(rows):
            count = _mark_row(values[j], rough, inside[j % 2])
            if j > 0 and count + before == 2 * columns:
                cells += columns - 1
            elif j > 0 and count + before > 0:
                mark = inside[(j + 1) % 2], inside[j % 2]
                cells = _add_row_area(cells, values[j - 1], values[j], *mark, level, is_mixed)
            before = count
        areas[n] = cells * h_x * h_y
    return areas
