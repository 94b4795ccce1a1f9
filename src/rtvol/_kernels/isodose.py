"""Volumes of {dose >= level} in a trilinear field, cell by cell, region by region."""

from __future__ import annotations

import numpy as np

from rtvol._kernels.jit import BARE, JIT, njit

#: A cell that the isodose cuts is parted into so many along each axis.
PARTS = 4
#: A gradient that makes up less than this part of all is none.
_FLAT = 1e-9


@njit(**BARE)
def share_above(value, dx, dy, dz):
    """Part of a unit cube where value + dx u + dy v + dz w >= 0; u, v, w in -1/2 .. 1/2.

    Scardovelli and Zaleski, J. Comput. Phys. 164 (2000) 228, with the slopes in ascending order.
    """
    total = abs(dx) + abs(dy) + abs(dz)
    if 2 * abs(value) >= total:
        return 1.0 if value >= 0 else 0.0
    m1, m2, m3 = abs(dx) / total, abs(dy) / total, abs(dz) / total
    if m1 > m2:
        m1, m2 = m2, m1
    if m2 > m3:
        m2, m3 = m3, m2
    if m1 > m2:
        m1, m2 = m2, m1
    if m1 < _FLAT:
        m1 = 0.0
    at = 0.5 - abs(value) / total
    m12 = m1 + m2
    if at < m1:
        share = at * at * at / (6 * m1 * m2 * m3)
    elif at < m2:
        share = (at * (at - m1) + m1 * m1 / 3) / (2 * m2 * m3)
    elif at < min(m12, m3):
        share = at * at * (3 * m12 - at) + m1 * m1 * (m1 - 3 * at) + m2 * m2 * (m2 - 3 * at)
        share /= 6 * m1 * m2 * m3
    elif m12 <= m3:
        share = (2 * at - m12) / (2 * m3)
    else:
        share = at * at * (3 - 2 * at) + m1 * m1 * (m1 - 3 * at)
        share += m2 * m2 * (m2 - 3 * at) + m3 * m3 * (m3 - 3 * at)
        share /= 6 * m1 * m2 * m3
    return 1 - share if value > 0 else share


@njit(**BARE)
def cell_share(corners, level):
    """Part of a cell where the trilinear dose of its corners (2, 2, 2) reaches a level.

    The cell is parted; in each part the dose is taken as linear, with its gradient in the middle.
    """
    share = 0.0
    for c in range(PARTS):
        t = (c + 0.5) / PARTS
        for b in range(PARTS):
            s = (b + 0.5) / PARTS
            v00 = corners[0, 0, 0] * (1 - t) + corners[1, 0, 0] * t
            v01 = corners[0, 0, 1] * (1 - t) + corners[1, 0, 1] * t
            v10 = corners[0, 1, 0] * (1 - t) + corners[1, 1, 0] * t
            v11 = corners[0, 1, 1] * (1 - t) + corners[1, 1, 1] * t
            a, z = v00 * (1 - s) + v10 * s, v01 * (1 - s) + v11 * s
            low0 = corners[0, 0, 0] * (1 - s) + corners[0, 1, 0] * s
            low1 = corners[0, 0, 1] * (1 - s) + corners[0, 1, 1] * s
            up0 = corners[1, 0, 0] * (1 - s) + corners[1, 1, 0] * s
            up1 = corners[1, 0, 1] * (1 - s) + corners[1, 1, 1] * s
            for e in range(PARTS):
                r = (e + 0.5) / PARTS
                value = a * (1 - r) + z * r - level
                dy = (v10 - v00) * (1 - r) + (v11 - v01) * r
                dz = (up0 - low0) * (1 - r) + (up1 - low1) * r
                share += share_above(value, (z - a) / PARTS, dy / PARTS, dz / PARTS)
    return share / PARTS**3


@njit(**JIT)
def region_volumes(values, nodes, labels, level, count):
    """Volume in mm3 of each region of {dose >= level}, and whether it goes on unseen.

    Parameters
    ----------
    values : float32 (nz, ny, nx)
        Dose in Gy at the nodes; NaN where it is not known.
    nodes : three float64 arrays
        Ascending x, y, z of the nodes in mm.
    labels : int32 (nz, ny, nx)
        Region of each node that reaches the level, from 1; 0 for the others. Nodes of one cell
        that reach it are of one region.
    level : float
        In Gy.
    count : int
        Number of regions.

    Returns
    -------
    float64 (count + 1,), bool (count + 1,)
        By region: volume, and whether it reaches the outermost nodes or one that is not known.
    """
    xs, ys, zs = nodes
    volumes, is_open = np.zeros(count + 1), np.zeros(count + 1, np.bool_)
    corners = np.empty((2, 2, 2))
    nz, ny, nx = values.shape
    for k in range(nz):
        for j in range(ny):
            on_edge = k == 0 or j == 0 or k == nz - 1 or j == ny - 1
            for i in range(nx):
                if labels[k, j, i] and (on_edge or i in (0, nx - 1)):
                    is_open[labels[k, j, i]] = True
    for k in range(nz - 1):
        for j in range(ny - 1):
            for i in range(nx - 1):
                region, reached, known = 0, 0, True
                for c in range(2):
                    for b in range(2):
                        for a in range(2):
                            label = labels[k + c, j + b, i + a]
                            region = max(region, label)
                            reached += label > 0
                            corners[c, b, a] = values[k + c, j + b, i + a]
                            known = known and corners[c, b, a] == corners[c, b, a]
                if region == 0:
                    continue
                if not known:
                    is_open[region] = True
                    continue
                size = (xs[i + 1] - xs[i]) * (ys[j + 1] - ys[j]) * (zs[k + 1] - zs[k])
                share = 1.0 if reached == 8 else cell_share(corners, level)
                volumes[region] += size * share
    return volumes, is_open
