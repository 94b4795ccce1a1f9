"""Exact area coverage of pixels by even-odd regions: signed areas accumulated along scanlines.

Each directed edge piece of a region adds, to the cells of a row it crosses, the change along x of
the area that lies between it and the row's right end; a running sum along the row turns the changes
into the covered fraction of each pixel (Levien, font-rs 2016, after FreeType's smooth rasteriser).
Sums are kept in float64 and rounded once, to float32, on the way out.
"""

from __future__ import annotations

import numpy as np

from rtvol._kernels.jit import BARE, JIT, njit
from rtvol._kernels.polygon import sweep

#: Round-off of a row's running sum; what is closer to 0 or 1 than this is 0 or 1.
_NOISE = 1e-9

#: Rows are summed in blocks of this many cells; blocks without an edge are filled, not summed.
_BLOCK = 16


@njit(**BARE)
def _add_row(changes, touched, row, dy, xa, xb):
    """Add to one row of `changes` a piece of height dy (signed) between xa and xb, 0..columns."""
    low, high = min(xa, xb), max(xa, xb)
    i, end = int(low), int(high)
    for block in range(i // _BLOCK, (end + 1) // _BLOCK + 1):
        touched[row, block] = 1
    if end == i:
        right = (xa + xb) / 2 - i
        changes[row, i] += dy * (1 - right)
        changes[row, i + 1] += dy * right
        return
    per_x = dy / (high - low)
    into = i + 1 - low
    last = per_x * into * into / 2  # covered in the first cell
    changes[row, i] += last
    for cell in range(i + 1, end):
        covered = per_x * (into + (cell - i - 1) + 0.5)
        changes[row, cell] += covered - last
        last = covered
    beyond = high - end
    covered = dy - per_x * beyond * beyond / 2
    changes[row, end] += covered - last
    changes[row, end + 1] += dy - covered


@njit(**BARE)
def _add_piece(changes, touched, x0, y0, x1, y1):
    """Add a piece that lies within 0 <= x <= columns, row by row; what runs down covers."""
    rows = changes.shape[0]
    sign = 1.0
    if y0 < y1:
        x0, y0, x1, y1, sign = x1, y1, x0, y0, -1.0
    # here y1 is the lower end
    low, high = max(y1, 0.0), min(y0, float(rows))
    if low >= high:
        return
    slope = (x0 - x1) / (y0 - y1)
    x_min, x_max = min(x0, x1), max(x0, x1)
    y, x = low, min(max(x1 + (low - y1) * slope, x_min), x_max)
    for row in range(int(low), int(np.ceil(high))):
        y_next = min(row + 1.0, high)
        x_next = x0 if y_next == y0 else min(max(x1 + (y_next - y1) * slope, x_min), x_max)
        _add_row(changes, touched, row, sign * (y_next - y), x, x_next)
        y, x = y_next, x_next


@njit(**BARE)
def _add_clipped(changes, touched, x0, y0, x1, y1):
    """Add a piece from anywhere, cut at the borders x = 0 and x = columns.

    What lies outside is moved to the border: left of column 0 it covers whole rows, right of the
    last column nothing.
    """
    columns = float(changes.shape[1] - 2)
    near, far = (0.0, columns) if x0 < x1 else (columns, 0.0)
    into, out = 0.0, 1.0
    if x0 != x1:
        into = min(max((near - x0) / (x1 - x0), 0.0), 1.0)
        out = min(max((far - x0) / (x1 - x0), 0.0), 1.0)
    xa, ya = min(max(x0, 0.0), columns), y0
    for t in (into, out, 1.0):
        xb = x1 if t == 1 else x0 + t * (x1 - x0)
        yb = y1 if t == 1 else y0 + t * (y1 - y0)
        xb = min(max(xb, 0.0), columns)
        _add_piece(changes, touched, xa, ya, xb, yb)
        xa, ya = xb, yb


@njit(**BARE)
def _flush(changes, touched, plane):
    """Sum the changes along each row into `plane` (rows, columns), all zero, and clear them.

    Returns whether anything is covered.
    """
    rows, columns = plane.shape
    blocks, is_any = touched.shape[1], False
    for row in range(rows):
        covered, value = 0.0, np.float32(0)
        block = 0
        while block < blocks:
            first = block * _BLOCK
            if not touched[row, block]:
                while block < blocks and not touched[row, block]:
                    block += 1
                if value != 0:
                    plane[row, first : min(block * _BLOCK, columns)] = value
                continue
            touched[row, block] = 0
            block += 1
            for i in range(first, min(first + _BLOCK, columns + 2)):
                covered += changes[row, i]
                changes[row, i] = 0.0
                value = np.float32(covered)
                if covered < _NOISE:
                    value = np.float32(0)
                elif covered > 1 - _NOISE:
                    value = np.float32(1)
                if i < columns:
                    plane[row, i] = value
                    is_any |= value != 0
    return is_any


@njit(**JIT)
def shown_planes(z_out, z, below, above, near, same):
    """Which contour plane (K,) each plane of a grid shows; -1 for none.

    The nearest within `near`, else the one in whose slab it lies; heights in mm, ascending.

    Parameters
    ----------
    z_out : float64 (K,)
        Planes of the grid.
    z, below, above : float64 (P,)
        Contour planes, and how far their slabs reach.
    near : float
        How far from a contour plane one may be and still lie on it.
    same : float
        Slabs are half open; this shift keeps rounded borders from being in both or in none.
    """
    shown = np.full(z_out.size, -1)
    for k in range(z_out.size):
        nearest = 0
        for p in range(1, z.size):
            if abs(z_out[k] - z[p]) < abs(z_out[k] - z[nearest]):
                nearest = p
        shifted = z_out[k] + same
        if abs(z_out[k] - z[nearest]) <= near:
            shown[k] = nearest
            continue
        slab = 0
        while slab < z.size - 1 and z[slab] + above[slab] <= shifted:
            slab += 1
        if z[slab] - below[slab] <= shifted < z[slab] + above[slab]:
            shown[k] = slab
    return shown


@njit(**JIT)
def place_rings(xy, z, ends, planes, axes, out):
    """Put the corners of planes into pixels; returns their least and greatest x, and y, there.

    Parameters
    ----------
    xy : float64 (N, 2)
        Corners, mm.
    z, ends : float64 (P,), int64 (P + 1,)
        Height of each plane, mm, and its offsets into the corners.
    planes : (int, int)
        The first and the last of the planes that count for what is returned.
    axes : six tuples of float
        Of the grid: origin, row, column and normal, mm; shear along the row and down the column,
        mm for each mm along the normal; spacing along the row and down the column, mm.
    out : float64 (N, 2)
        Overwritten; pixel 0 is 0..1.
    """
    box = np.array((np.inf, -np.inf, np.inf, -np.inf))
    origin, row, column, normal, shear, spacing = axes
    for p in range(z.size):
        counts = planes[0] <= p <= planes[1]
        for n in range(ends[p], ends[p + 1]):
            x, y, h = xy[n, 0] - origin[0], xy[n, 1] - origin[1], z[p] - origin[2]
            above = x * normal[0] + y * normal[1] + h * normal[2]
            along = x * row[0] + y * row[1] + h * row[2] - above * shear[0]
            down = x * column[0] + y * column[1] + h * column[2] - above * shear[1]
            i, j = along / spacing[0] + 0.5, down / spacing[1] + 0.5
            out[n, 0], out[n, 1] = i, j
            if counts:
                box[0], box[1] = min(box[0], i), max(box[1], i)
                box[2], box[3] = min(box[2], j), max(box[3], j)
    return box


@njit(**JIT)
def cover_planes(xy, starts, plane_rings, plane_of, out):
    """Fraction of each pixel's area inside the even-odd regions of a stack of planes.

    Parameters
    ----------
    xy : float64 (N, 2)
        Ring corners in pixels (x along columns, y along rows); pixel (row, column) is the square
        column <= x <= column + 1, row <= y <= row + 1. Rings may reach beyond the array.
    starts : int64 (R + 1,)
        Offsets of the rings into `xy`.
    plane_rings : int64 (P + 1,)
        Offsets of the planes into the rings.
    plane_of : int64 (K,)
        Which plane each array plane shows; -1 for none.
    out : float32 (K, rows, columns)
        All zero; gets the fractions, 0..1. Made by the caller, because numpy's zeros cost nothing
        until they are written.

    Returns
    -------
    bool
        Whether anything is covered.
    """
    rows, columns = out.shape[1:]
    changes = np.zeros((rows, columns + 2))
    touched = np.zeros((rows, (columns + 1) // _BLOCK + 1), np.uint8)
    is_any = False
    for k in range(plane_of.size):
        p = plane_of[k]
        if p < 0:
            continue
        if k > 0 and plane_of[k - 1] == p:
            for row in range(rows):
                for column in range(columns):
                    out[k, row, column] = out[k - 1, row, column]
            continue
        pieces = sweep(xy, starts, plane_rings[p], plane_rings[p + 1], np.empty(0), (0.0, 0.0))
        for m in range(pieces.shape[0]):
            x0, y0, x1, y1 = pieces[m, 0], pieces[m, 1], pieces[m, 2], pieces[m, 3]
            if min(x0, x1) >= 0 and max(x0, x1) <= columns:
                _add_piece(changes, touched, x0, y0, x1, y1)
            else:
                _add_clipped(changes, touched, x0, y0, x1, y1)
        is_any |= _flush(changes, touched, out[k])
    return is_any
