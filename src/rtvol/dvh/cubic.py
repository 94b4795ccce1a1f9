"""A dose refined by cubic splines, bounded by the samples around, for curved fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rtvol.dvh.nodes import Nodes

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Samples beyond the structure that still shape the spline: each one less weighs 0.27 times.
BEYOND = 8
#: Cells between two samples are parted into at most this many.
MOST_PARTS = 8
#: A cell this part of a step longer than a whole number of them is that number of them: the parts
#: must not hang on the last digit of a position.
SLACK = 1e-6


def parts_of(nodes: Nodes, step_mm: float) -> tuple[int, int, int]:
    """Into how many steps (z, y, x) the cells of a dose grid are parted, each at most `step_mm`.

    The error of a trilinear dose falls with the square of this number.
    """
    widest = [float(np.diff(axis).max(initial=0.0)) for axis in nodes.axes_mm]
    x, y, z = (int(np.clip(np.ceil(wide / step_mm - SLACK), 1, MOST_PARTS)) for wide in widest)
    return z, y, x


def refined(wide: Nodes, inner: tuple[slice, slice, slice], parts: tuple[int, int, int]) -> Nodes:
    """Refine dose samples by natural cubic splines along the three axes, one after the other.

    Beyond the outermost samples a spline goes on as a straight line (odd extension): linear doses
    stay exact up to the edge. Each value is cut to the least and the greatest of the 64 samples
    around its cell, so that noise and steps make no dose that is nowhere near; only a smooth peak
    or hollow may pass them, by what its second differences say.

    Parameters
    ----------
    wide
        Samples with some more on each side, as far as there are any.
    inner
        The part (z, y, x) wanted, at least two samples along each axis.
    parts
        Steps between two samples along z, y and x.

    Returns
    -------
    Nodes
        The part wanted on a grid so many times finer; every sample keeps its value.
    """
    from rtvol._kernels import cubic

    block: NDArray[np.float64] = np.asarray(wide.values_gy, np.float64)
    axes = list(wide.axes_mm)
    for axis, (part, count) in enumerate(zip(inner, parts, strict=True)):
        at = wide.axes_mm[2 - axis]
        lines = np.ascontiguousarray(np.moveaxis(block, axis, 0))
        shape = lines.shape[1:]
        fine = cubic.refine(lines.reshape(at.size, -1), at, count, part.start, part.stop - 1)
        block = np.moveaxis(fine.reshape(-1, *shape), 0, axis)
        kept = np.arange((part.stop - 1 - part.start) * count + 1) / count + part.start
        axes[2 - axis] = np.interp(kept, np.arange(at.size), at)
    values = np.ascontiguousarray(block, dtype=np.float32)
    starts = tuple(part.start for part in inner)
    cubic.bound(values, wide.values_gy, parts, starts)
    return Nodes(values, (axes[0], axes[1], axes[2]), wide.turn)
