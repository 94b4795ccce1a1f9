"""The surface of a solid given by in-plane distances on dense planes: its pieces, and how far."""

from __future__ import annotations

import numpy as np

from rtvol._kernels.jit import BARE, JIT, njit
from rtvol._kernels.order import cell

#: Corners of a cell by number: bit 0 along x, bit 1 along y, bit 2 along z.
_FIRST, _LAST, _CORNERS = 0, 7, 8
#: The six ways from the first corner to the last along three edges: tetrahedra that fill the cell
#: and meet those of its neighbours face to face (Freudenthal, Ann. Math. 43 (1942) 580).
_WAYS = np.array([[1, 3], [1, 5], [2, 3], [2, 6], [4, 5], [4, 6]], np.int64)
#: The pairs of corners that are edges of these: the lower corner's bits are the upper one's, too.
_EDGES = np.array([[a, b] for a in range(8) for b in range(a + 1, 8) if a & b == a], np.int64)


@njit(**BARE)
def _add_triangle(at, one, two, three, outward, found):
    """Add a triangle to `found`: area of all, and area, normal and middle of the largest."""
    ax, ay, az = at[one, 0], at[one, 1], at[one, 2]
    bx, by, bz = at[two, 0], at[two, 1], at[two, 2]
    cx, cy, cz = at[three, 0], at[three, 1], at[three, 2]
    ux, uy, uz = bx - ax, by - ay, bz - az
    vx, vy, vz = cx - ax, cy - ay, cz - az
    nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
    double = np.sqrt(nx * nx + ny * ny + nz * nz)
    found[0] += 0.5 * double
    if double > found[1]:
        turn = 1.0 if nx * outward[0] + ny * outward[1] + nz * outward[2] > 0 else -1.0
        found[1] = double
        found[2], found[3], found[4] = turn * nx / double, turn * ny / double, turn * nz / double
        found[5], found[6], found[7] = (
            (ax + bx + cx) / 3.0,
            (ay + by + cy) / 3.0,
            (az + bz + cz) / 3.0,
        )


@njit(**BARE)
def _cross_edges(values, places, crossings):
    """Where the edges of a cell's tetrahedra meet the surface: `crossings` (64, 3), both ways."""
    for edge in range(_EDGES.shape[0]):
        a, b = _EDGES[edge, 0], _EDGES[edge, 1]
        if (values[a] < 0) != (values[b] < 0):
            share = values[a] / (values[a] - values[b])
            for axis in range(3):
                at = places[a, axis] + share * (places[b, axis] - places[a, axis])
                crossings[8 * a + b, axis] = at
                crossings[8 * b + a, axis] = at


@njit(**BARE)
def _cut_tetrahedron(inside, places, four, crossings, found):
    """Add the surface within one tetrahedron, a triangle or two."""
    p, q, r, s = four
    m = int(inside[p]) + int(inside[q]) + int(inside[r]) + int(inside[s])
    if m == 0 or m == 4:
        return
    # those of the lesser side first
    side = m <= 2
    if inside[q] == side and inside[p] != side:
        p, q = q, p
    if inside[r] == side and inside[p] != side:
        p, r = r, p
    if inside[s] == side and inside[p] != side:
        p, s = s, p
    if m == 2:
        if inside[r] == side:
            q, r = r, q
        elif inside[s] == side:
            q, s = s, q
    sense = 1.0 if side else -1.0
    outward = (
        sense * (places[s, 0] - places[p, 0]),
        sense * (places[s, 1] - places[p, 1]),
        sense * (places[s, 2] - places[p, 2]),
    )
    if m == 2:
        _add_triangle(crossings, 8 * p + r, 8 * p + s, 8 * q + s, outward, found)
        _add_triangle(crossings, 8 * p + r, 8 * q + s, 8 * q + r, outward, found)
    else:
        _add_triangle(crossings, 8 * p + q, 8 * p + r, 8 * p + s, outward, found)


@njit(**JIT)
def cut_cells(field):
    """First corners (C, 3), k j i, of the cells of a field with corners inside and outside.

    Parameters
    ----------
    field
        (K, J, I) float32, negative inside.
    """
    layers, rows, columns = field.shape
    cells, n = np.empty((256, 3), np.int64), 0
    inside = np.empty(columns, np.int8)
    for k in range(layers - 1):
        for j in range(rows - 1):
            one, two = field[k, j], field[k, j + 1]
            three, four = field[k + 1, j], field[k + 1, j + 1]
            some = np.int8(0)
            for i in range(columns):
                inside[i] = (
                    np.int8(one[i] < 0)
                    + np.int8(two[i] < 0)
                    + np.int8(three[i] < 0)
                    + np.int8(four[i] < 0)
                )
                some |= inside[i]
            if some == 0:
                continue
            for i in range(columns - 1):
                both = inside[i] + inside[i + 1]
                if both == 0 or both == _CORNERS:
                    continue
                if n == len(cells):
                    wider = np.empty((2 * n, 3), np.int64)
                    wider[:n] = cells
                    cells = wider
                cells[n, 0], cells[n, 1], cells[n, 2] = k, j, i
                n += 1
    return cells[:n]


@njit(**BARE)
def _crossings(plane, j, i, x, y, step, found):
    """Where the outline of a plane crosses the border of a cell: how often, and both places."""
    n = 0
    for side in range(4):
        # the borders below, right, above and left
        j1, i1 = j + (side == 2), i + (side == 1)
        j2, i2 = j + (side != 0), i + (side != 3)
        a, b = plane[j1, i1], plane[j2, i2]
        if (a < 0) != (b < 0):
            if n < 2:
                share = a / (a - b)
                found[n, 0] = x + step * (i1 - i + share * (i2 - i1))
                found[n, 1] = y + step * (j1 - j + share * (j2 - j1))
            n += 1
    return n


@njit(**JIT)
def corner_losses(xy, starts, first, last, plane, x0, y0, step, bend, out):
    """How much longer the outline is at its corners than where the lattice rounds them, mm.

    Only where a corner stands alone in its cell, and the outline turns by more than `bend`.

    Parameters
    ----------
    xy, starts, first, last
        Points (N, 2), mm, and offsets of the rings; those from `first` to `last` - 1 are meant.
    plane
        (J, I) float32, signed distance to them, mm.
    x0, y0, step
        Lattice: point (j, i) is (x0 + i step, y0 + j step), mm.
    bend
        Sine of half the angle.
    out
        (N,) overwritten for these rings.
    """
    rows, columns = plane.shape
    found = np.empty((2, 2))
    for ring in range(first, last):
        begin, end = starts[ring], starts[ring + 1]
        for n in range(begin, end):
            out[n] = 0.0
            before = n - 1 if n > begin else end - 1
            after = n + 1 if n + 1 < end else begin
            x, y = xy[n, 0], xy[n, 1]
            ax, ay = x - xy[before, 0], y - xy[before, 1]
            bx, by = xy[after, 0] - x, xy[after, 1] - y
            one, two = np.hypot(ax, ay), np.hypot(bx, by)
            i, j = int(np.floor((x - x0) / step)), int(np.floor((y - y0) / step))
            if min(one, two) < step or not (0 <= i < columns - 1 and 0 <= j < rows - 1):
                continue
            if np.hypot(ax / one - bx / two, ay / one - by / two) < 2.0 * bend:
                continue
            if _crossings(plane, j, i, x0 + i * step, y0 + j * step, step, found) != 2:
                continue
            sides = np.hypot(found[0, 0] - x, found[0, 1] - y)
            sides += np.hypot(found[1, 0] - x, found[1, 1] - y)
            straight = np.hypot(found[0, 0] - found[1, 0], found[0, 1] - found[1, 1])
            out[n] = min(sides - straight, step)


@njit(**JIT)
def surface_pieces(field, cells, xs, ys, zs):
    """Parts of the surface {field = 0}, one for each cell it crosses.

    In each of the six tetrahedra of a cell the field is taken as linear.

    Parameters
    ----------
    field
        (K, J, I) float32, negative inside.
    cells
        First corners (C, 3), k j i, of the cells that have corners inside and outside.
    xs, ys, zs
        Places (I,), (J,), (K,) of its values, mm, ascending.

    Returns
    -------
    (N <= C, 8) float64: area, mm2; of the largest triangle in the cell twice the area, the unit
    vector outward along x, y, z, and the middle x, y, z, mm.
    """
    pieces, n = np.zeros((len(cells), 8)), 0
    values, places = np.empty(_CORNERS), np.empty((_CORNERS, 3))
    inside, crossings = np.empty(_CORNERS, np.bool_), np.empty((_CORNERS * _CORNERS, 3))
    for k, j, i in cells:
        for corner in range(_CORNERS):
            dx, dy, dz = corner & 1, (corner >> 1) & 1, corner >> 2
            values[corner] = field[k + dz, j + dy, i + dx]
            inside[corner] = values[corner] < 0
            places[corner, 0] = xs[i + dx]
            places[corner, 1] = ys[j + dy]
            places[corner, 2] = zs[k + dz]
        _cross_edges(values, places, crossings)
        found = pieces[n]
        for way in range(_WAYS.shape[0]):
            four = (_FIRST, _WAYS[way, 0], _WAYS[way, 1], _LAST)
            _cut_tetrahedron(inside, places, four, crossings, found)
        n += found[1] > 0
    return pieces[:n]


@njit(**JIT)
def strewn_points(pieces):
    """Return a point (N, 3) in the plane of each piece, strewn by Roberts' R2 sequence, mm."""
    points = np.empty((len(pieces), 3))
    for n in range(len(pieces)):
        nx, ny, nz = pieces[n, 2], pieces[n, 3], pieces[n, 4]
        # along the piece, across the axis it faces least
        if abs(nx) <= abs(ny) and abs(nx) <= abs(nz):
            ax, ay, az = 0.0, nz, -ny
        elif abs(ny) <= abs(nz):
            ax, ay, az = -nz, 0.0, nx
        else:
            ax, ay, az = ny, -nx, 0.0
        size = np.sqrt(pieces[n, 0]) / np.sqrt(ax * ax + ay * ay + az * az)
        s = size * (((n + 1) * 0.7548776662466927) % 1.0 - 0.5)
        t = size * (((n + 1) * 0.5698402909980532) % 1.0 - 0.5)
        points[n, 0] = pieces[n, 5] + s * ax + t * (ny * az - nz * ay)
        points[n, 1] = pieces[n, 6] + s * ay + t * (nz * ax - nx * az)
        points[n, 2] = pieces[n, 7] + s * az + t * (nx * ay - ny * ax)
    return points


@njit(**JIT)
def lower_to_pieces(points, area, normal, middle, share, out):
    """Lower `out` (N,) to the distance of each point to the nearest of the pieces, mm.

    Parameters
    ----------
    points
        (N, 3) x, y, z, mm.
    area, normal, middle
        (M,), (M, 3) and (M, 3) of the pieces: each is taken as a disc.
    share
        Radius of the disc over the root of the area.
    out
        (N,) distances, mm, never negative.
    """
    radius = share * np.sqrt(area)
    for n in range(len(points)):
        x, y, z = points[n, 0], points[n, 1], points[n, 2]
        best = out[n] * out[n]
        for m in range(len(middle)):
            dx, dy, dz = x - middle[m, 0], y - middle[m, 1], z - middle[m, 2]
            square = dx * dx + dy * dy + dz * dz
            if square < (np.sqrt(best) + radius[m]) ** 2:
                off = dx * normal[m, 0] + dy * normal[m, 1] + dz * normal[m, 2]
                beside = np.sqrt(max(square - off * off, 0.0)) - radius[m]
                beside = max(beside, 0.0)
                best = min(best, off * off + beside * beside)
        out[n] = np.sqrt(best)


@njit(**BARE)
def _blended(plane, j, i, v, u):
    near = plane[j, i] + u * (plane[j, i + 1] - plane[j, i])
    far = plane[j + 1, i] + u * (plane[j + 1, i + 1] - plane[j + 1, i])
    return near + v * (far - near)


@njit(**BARE)
def _lowered(best, lower, upper, low, high, z):
    """Lower `best` to the least max(0, f)^2 + (z - t)^2, f linear from `lower` to `upper`."""
    slope = (upper - lower) / (high - low)
    at_z = lower + slope * (z - low)
    free = z - slope * max(at_z, 0.0) / (1.0 + slope * slope)
    t = min(max(free, low), high)
    f = max(lower + slope * (t - low), 0.0)
    return min(best, f * f + (z - t) * (z - t))


@njit(**BARE)
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
        gap = cell(zs, z)
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
