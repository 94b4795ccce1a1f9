"""The surface of a solid given by in-plane distances on dense planes: its pieces, and how far."""

from __future__ import annotations

import numpy as np
from numba import njit

from rtvol._kernels.jit import JIT

#: Corners of a cell by number: bit 0 along x, bit 1 along y, bit 2 along z.
_FIRST, _LAST, _CORNERS = 0, 7, 8
#: The six ways from the first corner to the last along three edges: tetrahedra that fill the cell
#: and meet those of its neighbours face to face (Freudenthal, Ann. Math. 43 (1942) 580).
_WAYS = np.array([[1, 3], [1, 5], [2, 3], [2, 6], [4, 5], [4, 6]], np.int64)


@njit(**JIT)
def _add_triangle(a, b, c, outward, found):
    """Add a triangle to `found`: its area vector (turned outward), area, and area x middle."""
    ux, uy, uz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    vx, vy, vz = c[0] - a[0], c[1] - a[1], c[2] - a[2]
    nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
    double = np.sqrt(nx * nx + ny * ny + nz * nz)
    turn = 0.5 if nx * outward[0] + ny * outward[1] + nz * outward[2] > 0 else -0.5
    area = 0.5 * double
    found[0] += area
    found[1] += turn * nx
    found[2] += turn * ny
    found[3] += turn * nz
    for axis in range(3):
        found[4 + axis] += area * (a[axis] + b[axis] + c[axis]) / 3.0


@njit(**JIT)
def _crossing(values, places, one, other):
    """Where the line between two corners meets the surface."""
    share = values[one] / (values[one] - values[other])
    return (
        places[one, 0] + share * (places[other, 0] - places[one, 0]),
        places[one, 1] + share * (places[other, 1] - places[one, 1]),
        places[one, 2] + share * (places[other, 2] - places[one, 2]),
    )


@njit(**JIT)
def _cut_tetrahedron(values, places, four, sides, found):
    """Add the surface within one tetrahedron, a triangle or two; `sides` (2, 4) is overwritten."""
    inner, outer = sides
    m, n = 0, 0
    for corner in four:
        if values[corner] < 0:
            inner[m] = corner
            m += 1
        else:
            outer[n] = corner
            n += 1
    if m == 0 or n == 0:
        return
    outward = (
        places[outer[0], 0] - places[inner[0], 0],
        places[outer[0], 1] - places[inner[0], 1],
        places[outer[0], 2] - places[inner[0], 2],
    )
    if m == 2:
        a = _crossing(values, places, inner[0], outer[0])
        b = _crossing(values, places, inner[0], outer[1])
        c = _crossing(values, places, inner[1], outer[1])
        d = _crossing(values, places, inner[1], outer[0])
        _add_triangle(a, b, c, outward, found)
        _add_triangle(a, c, d, outward, found)
        return
    lone, rest = (inner[0], outer) if m == 1 else (outer[0], inner)
    a = _crossing(values, places, lone, rest[0])
    b = _crossing(values, places, lone, rest[1])
    c = _crossing(values, places, lone, rest[2])
    _add_triangle(a, b, c, outward, found)


@njit(**JIT)
def _cut_cells(field):
    """First corners (N, 3), k j i, of the cells with corners inside and outside."""
    depth, rows, columns = field.shape
    cells, count = np.empty((4096, 3), np.int64), 0
    for k in range(depth - 1):
        for j in range(rows - 1):
            low, high = field[k, j], field[k, j + 1]
            over, beyond = field[k + 1, j], field[k + 1, j + 1]
            left = (low[0] < 0) + (high[0] < 0) + (over[0] < 0) + (beyond[0] < 0)
            for i in range(columns - 1):
                right = (
                    (low[i + 1] < 0) + (high[i + 1] < 0) + (over[i + 1] < 0) + (beyond[i + 1] < 0)
                )
                if 0 < left + right < _CORNERS:
                    if count == cells.shape[0]:
                        cells = np.concatenate((cells, np.empty_like(cells)))
                    cells[count, 0], cells[count, 1], cells[count, 2] = k, j, i
                    count += 1
                left = right
    return cells[:count]


@njit(**JIT)
def surface_pieces(field, xs, ys, zs):
    """Parts of the surface {field = 0}, one for each cell it crosses.

    In each of the six tetrahedra of a cell the field is taken as linear.

    Parameters
    ----------
    field
        (K, J, I) float32, negative inside.
    xs, ys, zs
        Places (I,), (J,), (K,) of its values, mm, ascending.

    Returns
    -------
    (N, 7) float64: area, mm2; mean of the unit vectors outward along x, y, z, shorter than 1 where
    the part is bent; middle x, y, z, mm.
    """
    cells = _cut_cells(field)
    pieces, n = np.zeros((len(cells), 7)), 0
    values, places = np.empty(_CORNERS), np.empty((_CORNERS, 3))
    sides = np.empty((2, 4), np.int64)
    for k, j, i in cells:
        for corner in range(_CORNERS):
            dx, dy, dz = corner & 1, (corner >> 1) & 1, corner >> 2
            values[corner] = field[k + dz, j + dy, i + dx]
            places[corner, 0] = xs[i + dx]
            places[corner, 1] = ys[j + dy]
            places[corner, 2] = zs[k + dz]
        found = pieces[n]
        for way in range(_WAYS.shape[0]):
            four = (_FIRST, _WAYS[way, 0], _WAYS[way, 1], _LAST)
            _cut_tetrahedron(values, places, four, sides, found)
        if found[0] > 0:
            found[1:] /= found[0]
            n += 1
        else:
            found[:] = 0
    return pieces[:n]


@njit(**JIT)
def _blended(plane, j, i, v, u):
    near = plane[j, i] + u * (plane[j, i + 1] - plane[j, i])
    far = plane[j + 1, i] + u * (plane[j + 1, i + 1] - plane[j + 1, i])
    return near + v * (far - near)


@njit(**JIT)
def _lowered(best, lower, upper, low, high, z):
    """Lower `best` to the least max(0, f)^2 + (z - t)^2, f linear from `lower` to `upper`."""
    slope = (upper - lower) / (high - low)
    at_z = lower + slope * (z - low)
    free = z - slope * max(at_z, 0.0) / (1.0 + slope * slope)
    t = min(max(free, low), high)
    f = max(lower + slope * (t - low), 0.0)
    return min(best, f * f + (z - t) * (z - t))


@njit(**JIT)
def distances_to_run(points, field, zs, x0, y0, step, limit, out):
    """Signed distance of points to the surface of one run of sections; negative inside.

    Outside, the least of sqrt(max(0, f)^2 + dz^2) over all heights, f the in-plane signed distance
    to the section there; inside the same with -f, and the way out through the ends.

    Parameters
    ----------
    points
        (N, 3) patient x, y, z, mm.
    field
        (S, J, I) float32, in-plane signed distance, mm, on the planes `zs` (S,), S >= 2; linear
        between planes and bilinear in them.
    x0, y0, step
        Lattice: point (j, i) is (x0 + i step, y0 + j step), mm.
    limit
        Values beyond it are not looked for, nor beyond the lattice: `limit` with the sign (plus
        beyond the lattice).
    out
        (N,) overwritten.
    """
    planes, rows, columns = field.shape
    for n in range(points.shape[0]):
        x, y, z = (points[n, 0] - x0) / step, (points[n, 1] - y0) / step, points[n, 2]
        if not (0.0 <= x <= columns - 1 and 0.0 <= y <= rows - 1):
            out[n] = limit
            continue
        i, j = min(int(x), columns - 2), min(int(y), rows - 2)
        u, v = x - i, y - j
        gap = min(max(np.searchsorted(zs, z, side="right") - 1, 0), planes - 2)
        lower, upper = _blended(field[gap], j, i, v, u), _blended(field[gap + 1], j, i, v, u)
        here = lower + (upper - lower) * (z - zs[gap]) / (zs[gap + 1] - zs[gap])
        sign = -1.0 if zs[0] <= z <= zs[-1] and here < 0 else 1.0
        best = limit * limit
        if sign < 0:
            best = min(best, (z - zs[0]) ** 2, (zs[-1] - z) ** 2)
        best = _lowered(best, sign * lower, sign * upper, zs[gap], zs[gap + 1], z)
        last, s = upper, gap + 1
        while s < planes - 1 and (zs[s] - z) * abs(zs[s] - z) < best:
            value = _blended(field[s + 1], j, i, v, u)
            best = _lowered(best, sign * last, sign * value, zs[s], zs[s + 1], z)
            last, s = value, s + 1
        last, s = lower, gap
        while s > 0 and (z - zs[s]) * abs(z - zs[s]) < best:
            value = _blended(field[s - 1], j, i, v, u)
            best = _lowered(best, sign * value, sign * last, zs[s - 1], zs[s], z)
            last, s = value, s - 1
        out[n] = sign * np.sqrt(best)
