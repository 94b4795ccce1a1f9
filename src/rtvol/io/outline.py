"""Voxels of one plane -> the outline of the region they fill, exactly, along their edges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def outline(rows: NDArray[np.intp], columns: NDArray[np.intp]) -> list[NDArray[np.float64]]:
    """Return the boundary of the union of unit squares around voxel centres.

    Parameters
    ----------
    rows, columns
        Indices (N,) of the voxels; none twice.

    Returns
    -------
    Closed rings (n, 2) of (column, row) coordinates, halves of whole numbers: each corner once,
    none on a straight run. By even-odd parity they enclose just these voxels. Voxels that touch at
    a corner only are apart, so that no ring crosses itself.
    """
    if not rows.size:
        return []
    top, left = int(rows.min()), int(columns.min())
    filled = np.zeros((int(rows.max()) - top + 3, int(columns.max()) - left + 3), np.bool_)
    filled[rows - top + 1, columns - left + 1] = True
    y, x, beside, along = _corners(filled)
    return [
        np.column_stack([x[ring] + (left - 0.5), y[ring] + (top - 0.5)])
        for ring in _rings(_paired(np.lexsort((beside, x, y))), _paired(np.lexsort((along, y, x))))
    ]


def _corners(filled: NDArray[np.bool_]) -> tuple[NDArray[np.intp], ...]:
    """Corners of the boundary: row and column, and which of two corners at one place comes first.

    Where voxels meet at a corner only there are two: the order along the row, and along the column.
    """
    nw, ne, sw, se = filled[:-1, :-1], filled[:-1, 1:], filled[1:, :-1], filled[1:, 1:]
    count = nw.astype(np.int8) + ne + sw + se
    falling = nw & se & (count == 2)
    rising = ne & sw & (count == 2)
    y, x = np.nonzero((count == 1) | (count == 3))
    parts_y, parts_x = [y], [x]
    beside, along = [np.zeros_like(y)], [np.zeros_like(y)]
    # the upper left voxel's corner has the edges to the left and above; the upper right one's, to
    # the right and above; the lower ones' have the others
    for cross, first in ((falling, 0), (rising, 1)):
        at_y, at_x = np.nonzero(cross)
        for upper in (0, 1):
            parts_y.append(at_y)
            parts_x.append(at_x)
            beside.append(np.full_like(at_y, first ^ upper))
            along.append(np.full_like(at_y, upper))
    return tuple(np.concatenate(parts) for parts in (parts_y, parts_x, beside, along))


def _paired(order: NDArray[np.intp]) -> list[int]:
    """Partner of each corner: sorted along a line, each two are the ends of one edge."""
    partner = np.empty_like(order)
    partner[order[::2]], partner[order[1::2]] = order[1::2], order[::2]
    found: list[int] = partner.tolist()
    return found


def _rings(across: list[int], down: list[int]) -> list[list[int]]:
    """Follow edges along rows and columns in turn until each corner was met."""
    left, rings = [True] * len(across), []
    for start in range(len(across)):
        ring, at = [], start
        while left[at]:
            beside = across[at]
            left[at] = left[beside] = False
            ring += [at, beside]
            at = down[beside]
        if ring:
            rings.append(ring)
    return rings
