"""Dose-volume distributions of slab solids: chords of the polygons through a trilinear dose field.

A slab is cut into rows (in y) and layers (in z), thin against the dose grid, and each row of a
layer into the pieces of its chords between two planes of dose nodes. Along such a piece the
trilinear dose is linear, so its volume is spread evenly between the doses of its two ends; each
end is smeared over the range of dose across the row and the layer there, along the slanted edge
of the polygon where the chord ends at one. For a linear dose in the plane this is exact.

The distribution is kept as the third differences of the cumulative curve at equidistant doses:
a quadratic kink anywhere between two nodes is three additions, whatever range it spreads over
(fourth differences and four additions for a cubic one).
"""

from __future__ import annotations

import numpy as np

from rtvol._kernels.chords import chord_ends, cuts, row_cuts
from rtvol._kernels.extremes import (
    HIGHEST,
    INSIDE,
    LOWEST,
    OUTSIDE,
    inner_extremes,
    outline_extremes,
    turned_extremes,
)
from rtvol._kernels.jit import BARE, JIT, njit
from rtvol._kernels.order import cell
from rtvol._kernels.polygon import sweep
from rtvol._kernels.trilinear import (
    DENSITY,
    DOSE,
    DY,
    DZ,
    HIGH,
    LOW,
    TOUCH_MM,
    X,
    straight_row,
    straight_rows,
    turned_row,
)

#: Nothing is spread over less than this many steps of the curve.
_SHARP = 0.5
#: Two boxes are convolved when the narrower is at least this many steps and this part of the wider.
_BLUNT, _EVEN = 1.0, 0.2
#: Steps of the curve kept free below the lowest and above the highest dose.
MARGIN = 5


@njit(**BARE)
def _kink(curve, at, amount):
    """Add amount * max(0, d - at)**2 / 2 to the cumulative curve (d, at in steps of it)."""
    n = int(at)
    u = 1 - (at - n)
    curve[n + 1] += amount * u * u / 2
    curve[n + 2] += amount * (0.5 + u - u * u)
    curve[n + 3] += amount * (1 - u) * (1 - u) / 2


@njit(**BARE)
def _bend(curve, at, amount):
    """Add amount * max(0, d - at)**3 / 6 to the cumulative curve: fourth differences."""
    n = int(at)
    u = 1 - (at - n)
    v = 1 - u
    curve[n + 1] += amount * u * u * u / 6
    curve[n + 2] += amount * (4 - 3 * v * v * (1 + u)) / 6
    curve[n + 3] += amount * (4 - 3 * u * u * (1 + v)) / 6
    curve[n + 4] += amount * v * v * v / 6


@njit(**BARE)
def spread(kinks, bends, volume, a, b, width_a, width_b, width):
    """Spread a volume evenly between doses a and b, smeared over two boxes at either end.

    The density is the convolution of three boxes: from a to b, over `width_a` and `width_b`
    (across the row, at either end) and over `width` (across the layer); all in steps of the
    curve. Adds to the third (`kinks`) and fourth (`bends`) differences of the cumulative curve.
    Smears are limited so that nothing passes the ends of the curve.
    """
    top = kinks.size - MARGIN
    if abs(b - a) < _SHARP:
        a, b = (a + b - _SHARP) / 2, (a + b + _SHARP) / 2
    density = volume / (b - a)
    for end in range(2):
        at, across = (b, width_b) if end else (a, width_a)
        density = -density if end else density
        room = min(at - 1, top - at)
        wide, narrow = max(across, width) / 2, min(across, width) / 2
        if narrow > max(_BLUNT, wide * _EVEN) and wide + narrow < room:
            amount = density / (4 * wide * narrow)
            _bend(bends, at - wide - narrow, amount)
            _bend(bends, at - wide + narrow, -amount)
            _bend(bends, at + wide - narrow, -amount)
            _bend(bends, at + wide + narrow, amount)
        else:
            # one box with the variance of both
            half = max(min(np.sqrt(wide * wide + narrow * narrow), room), _SHARP / 2)
            amount = density / (2 * half)
            _kink(kinks, at - half, amount)
            _kink(kinks, at + half, -amount)


@njit(**BARE)
def is_flat(row, m):
    """Whether the dose is the same, to the last digit, all around a piece of a row."""
    return (
        row[DOSE, m] == row[DOSE, m + 1]
        and row[DY, m] == 0
        and row[DY, m + 1] == 0
        and row[DZ, m] == 0
        and row[DZ, m + 1] == 0
    )


@njit(**BARE)
def _keep_flat(flats, dose, at, size):
    """Add a volume to the point masses, one to each step of the curve; `at` in steps of it."""
    n = int(at)
    flats[0, n] += size
    flats[1, n] = min(flats[1, n], dose)
    flats[2, n] = max(flats[2, n], dose)


@njit(**BARE)
def whole_pieces(row, count, heights, zero, steps, top):
    """Fill the last rows of a row buffer: the box each whole piece is spread over.

    For every interval of the buffer: the ends of one box with the mean and the variance of the
    three (along the row, across it, across the layer), in steps of the curve, and its density for
    a volume of 1 per mm. Where the dose is flat the box has no width, and its volume stands in
    place of the density. `heights` of row and layer, mm; `top`: nodes of the curve.
    """
    high, deep = heights[0] * steps / 2, heights[1] * steps / 2
    x, dose, dy, dz = row[X], row[DOSE], row[DY], row[DZ]
    ends, tops, densities = row[LOW], row[HIGH], row[DENSITY]
    for m in range(count - 1):
        a, b = (dose[m] - zero) * steps, (dose[m + 1] - zero) * steps
        across, through = (dy[m] + dy[m + 1]) * high, (dz[m] + dz[m + 1]) * deep
        middle = (a + b) / 2
        spread2 = (b - a) * (b - a) + across * across + through * through
        half = max(min(np.sqrt(spread2) / 2, middle - 1, top - MARGIN - middle), _SHARP / 2)
        half = half if spread2 > 0 else 0.0
        ends[m], tops[m] = middle - half, middle + half
        densities[m] = (x[m + 1] - x[m]) / (2 * half if half > 0 else 1.0)


@njit(**BARE)
def _spread_whole(curves, row, first, last, volume, totals):
    """Spread the whole pieces first .. last - 1 of a row, each over its box.

    `curves` hold the second differences of the cumulative curve; `volume` per mm of the row.
    """
    ramps, flats = curves[2], curves[3]
    ends, tops, densities = row[LOW], row[HIGH], row[DENSITY]
    for m in range(first, last):
        a, b, density = ends[m], tops[m], densities[m] * volume
        if not a < b:
            if a == b:
                _keep_flat(flats, row[DOSE, m], a, density)
                continue
            # a sample beside it is not known
            size = (row[X, m + 1] - row[X, m]) * volume
            totals[OUTSIDE] += size
            totals[INSIDE] -= size
            continue
        n, k = int(a), int(b)
        u, v = density * (a - n), density * (b - k)
        ramps[n + 1] += density - u
        ramps[n + 2] += u
        ramps[k + 1] -= density - v
        ramps[k + 2] -= v


@njit(**BARE)
def _spread_part(piece, m, slants, heights, row, curves, scale, totals):
    """Spread the piece of a row from a to b, in interval m of the row buffer.

    `slants` of the outline at its two ends, 0 where it does not end there.
    """
    a, b = piece
    zero, steps, volume = scale
    per_mm = 1 / (row[X, m + 1] - row[X, m])
    dx = (row[DOSE, m + 1] - row[DOSE, m]) * per_mm
    dose_a = row[DOSE, m] + (a - row[X, m]) * dx
    dose_b = row[DOSE, m] + (b - row[X, m]) * dx
    middle = ((a + b) / 2 - row[X, m]) * per_mm
    dy = row[DY, m] + middle * (row[DY, m + 1] - row[DY, m])
    dz = row[DZ, m] + middle * (row[DZ, m + 1] - row[DZ, m])
    size = (b - a) * volume
    if not dose_a == dose_a or not dose_b == dose_b:
        totals[OUTSIDE] += size
        totals[INSIDE] -= size
        return
    totals[LOWEST] = min(totals[LOWEST], dose_a, dose_b)
    totals[HIGHEST] = max(totals[HIGHEST], dose_a, dose_b)
    if is_flat(row, m):
        _keep_flat(curves[3], dose_a, (dose_a - zero) * steps, size)
        return
    spread(
        curves[0],
        curves[1],
        size,
        (dose_a - zero) * steps,
        (dose_b - zero) * steps,
        abs(dx * slants[0] + dy) * heights[0] * steps,
        abs(dx * slants[1] + dy) * heights[0] * steps,
        abs(dz) * heights[1] * steps,
    )


@njit(**BARE)
def _spread_chord(chord, heights, row, count, curves, scale, totals):
    """Spread one chord of a row, piece by piece between the positions of the row buffer.

    `chord`: x and slant of its two ends; `heights` of row and layer; `scale`: dose at node 0 of
    the curve, steps per Gy, volume per mm of chord. The pieces at its ends are spread exactly.
    """
    x_a, slant_a, x_b, slant_b = chord
    volume = scale[2]
    left = max(x_a, row[X, 0]) if count else x_b
    right = min(x_b, row[X, count - 1]) if count else x_b
    if right <= left:
        totals[OUTSIDE] += (x_b - x_a) * volume
        return
    totals[OUTSIDE] += (x_b - x_a - (right - left)) * volume
    totals[INSIDE] += (right - left) * volume
    # an end this near to a node has the whole cell beside it, whatever its last digit says
    first, last = cell(row[X, :count], left + TOUCH_MM), cell(row[X, :count], right - TOUCH_MM)
    lean_a = slant_a if left - x_a < TOUCH_MM else 0.0
    lean_b = slant_b if x_b - right < TOUCH_MM else 0.0
    alone = first >= last
    if not alone:
        _spread_whole(curves, row, first + 1, last, volume, totals)
    for end in range(1 if alone else 2):
        m = last if end else first
        piece = row[X, m] if end else left, right if alone or end else row[X, m + 1]
        leans = 0.0 if end else lean_a, lean_b if alone or end else 0.0
        _spread_part(piece, m, leans, heights, row, curves, scale, totals)


@njit(**JIT)
def _spread_slab(pieces, rows, layers, step, straight, field, curves, scale, totals):
    """Spread the region bounded by `pieces`, in rows and layers between the borders given."""
    nodes = field[1]
    zero, steps = scale
    lines, tall = np.empty(rows.size - 1), np.empty(rows.size - 1)
    for r in range(lines.size):
        lines[r], tall[r] = (rows[r + 1] + rows[r]) / 2, rows[r + 1] - rows[r]
    starts, ends = chord_ends(pieces, lines, tall)
    area, chords = 0.0, 0.0
    for p in range(pieces.shape[0]):
        area += (pieces[p, 0] + pieces[p, 2]) / 2 * (pieces[p, 3] - pieces[p, 1])
    for r in range(rows.size - 1):
        for m in range(starts[r], starts[r + 1] - 1, 2):
            chords += (ends[m + 1, 0] - ends[m, 0]) * (rows[r + 1] - rows[r])
    if chords <= 0 or area <= 0:
        return
    left, right = np.inf, -np.inf
    for m in range(ends.shape[0]):
        left, right = min(left, ends[m, 0]), max(right, ends[m, 0])
    width = int(np.ceil((right - left) / step)) + 3
    row = np.empty((11, max(width, nodes[0].size)))
    per_row = (zero, steps, area / chords)
    _spread_rows((starts, ends), rows, layers, step, straight, field, row, curves, per_row, totals)


@njit(**BARE)
def _spread_rows(found, rows, layers, step, straight, field, row, curves, scale, totals):
    """Spread the chords of every row and layer; `scale`: dose at node 0, steps per Gy, part."""
    starts, ends = found
    values, nodes, turn = field
    zero, steps, part = scale
    top, zs = curves[0].size, nodes[2]
    for r in range(rows.size - 1):
        first, end = starts[r], starts[r + 1]
        if end - first < 2:
            continue
        height, y = rows[r + 1] - rows[r], (rows[r + 1] + rows[r]) / 2
        x_low, x_high = ends[first, 0], ends[end - 1, 0]
        held, count = -1, 0
        for n in range(layers.size - 1):
            depth, z = layers[n + 1] - layers[n], (layers[n + 1] + layers[n]) / 2
            if straight and (zs.size < 2 or not zs[0] <= z <= zs[-1]):
                held, count = -1, 0
            elif straight:
                k = cell(zs, z)
                if k != held:
                    held, count = k, straight_rows(values, nodes, y, k, x_low, x_high, row)
                deep = zs[k + 1] - zs[k]
                straight_row(row, count, (z - zs[k]) / deep, deep)
            else:
                count = turned_row(values, nodes, turn, y, z, x_low, x_high, step, row)
            whole_pieces(row, count, (height, depth), zero, steps, top)
            # the exact area of the polygons, whatever the rows left of it
            volume = height * depth * part
            for m in range(first, end - 1, 2):
                chord = (ends[m, 0], ends[m, 1], ends[m + 1, 0], ends[m + 1, 1])
                _spread_chord(
                    chord, (height, depth), row, count, curves, (zero, steps, volume), totals
                )


@njit(**JIT)
def _summed(curves):
    """Cumulative curve from its fourth, third and second differences."""
    kinks, bends, ramps = curves[0], curves[1], curves[2]
    curve = np.empty(kinks.size)
    fourth, third, second, total = 0.0, 0.0, 0.0, 0.0
    for n in range(curve.size):
        fourth += bends[n]
        third += kinks[n] + fourth
        second += ramps[n] + third
        total += second
        curve[n] = total
    return curve


@njit(**JIT)
def spread_stack(xy, ring_starts, plane_rings, slabs, steps_mm, values, nodes, turn, scale):
    """Cumulative dose-volume curve of a stack of slabs.

    Parameters
    ----------
    xy, ring_starts, plane_rings
        A `PlaneStack`: points (N, 2) mm, ring offsets, plane offsets into the rings.
    slabs : float64 (P, 2)
        Lower and upper face of each plane's slab, z in mm.
    steps_mm : (float, float)
        Greatest height of a row and of a layer.
    values : float32 (nz, ny, nx)
        Dose in Gy at the nodes.
    nodes : three float64 arrays
        Ascending x, y, z of the dose nodes in the dose's own frame, in mm.
    turn : float64 (3, 3)
        Rotation from patient LPS into the dose frame; the identity when both have the same axes.
    scale : (float, float, int)
        Dose of node 0 of the curve in Gy, steps per Gy, and number of nodes; at least `MARGIN`
        nodes lie below the lowest and above the highest of `values`.

    Returns
    -------
    float64 (n,)
        Volume in mm3 that receives at most the dose of each node of the curve, without what
        lies where the dose is flat.
    float64 (4,)
        Volume inside and outside the dose grid in mm3, lowest and highest dose in Gy.
    float64 (3, n)
        Where the dose is flat, by step of the curve: volume in mm3, lowest and highest dose in Gy.
    """
    zero, steps, size = scale
    flats = np.zeros((3, size))
    flats[1], flats[2] = np.inf, -np.inf
    curves = np.zeros(size), np.zeros(size), np.zeros(size), flats
    totals = np.zeros(4)
    totals[LOWEST], totals[HIGHEST] = np.inf, -np.inf
    turned = 0.0
    for axis in range(3):
        for other in range(3):
            turned += abs(turn[axis, other] - (1.0 if axis == other else 0.0))
    straight = turned == 0
    none = np.empty(0)
    for p in range(plane_rings.size - 1):
        first, last = plane_rings[p], plane_rings[p + 1]
        points = xy[ring_starts[first] : ring_starts[last]]
        if points.shape[0] < 3:
            continue
        rows = row_cuts(points, nodes[1] if straight else none, steps_mm[0])
        marks, n = np.empty(nodes[2].size + 2), np.int64(2)
        marks[0], marks[1] = slabs[p, 0], slabs[p, 1]
        if straight:
            for node in nodes[2]:
                if slabs[p, 0] < node < slabs[p, 1]:
                    marks[n] = node
                    n += 1
        layers = cuts(marks, n, steps_mm[1])
        pieces = sweep(xy, ring_starts, first, last, none, (0.0, 0.0))
        field = (values, nodes, turn)
        _spread_slab(
            pieces, rows, layers, steps_mm[0], straight, field, curves, (zero, steps), totals
        )
        # between two dose planes the dose is linear in z: its extremes are at the ends
        levels = marks[:n] if straight else layers
        if straight:
            inner_extremes(pieces, levels, values, nodes, totals)
        else:
            turned_extremes(pieces, slabs[p, 0], slabs[p, 1], values, nodes, turn, totals)
        for r in range(first, last):
            ring = xy[ring_starts[r] : ring_starts[r + 1]]
            outline_extremes(ring, levels, steps_mm[0], straight, values, nodes, turn, totals)
    return _summed(curves), totals, flats
