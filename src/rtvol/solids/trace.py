"""Level lines of a lattice of values as closed rings in mm, below the lattice spacing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rtvol._kernels import locked
from rtvol.errors import GeometryError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    TracedRings = tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]


def trace_rings(
    values: NDArray[np.floating],
    *,
    x_mm: NDArray[np.float64],
    y_mm: NDArray[np.float64],
    level: float = 0.0,
) -> list[NDArray[np.float64]]:
    """Trace the region where `values` < `level` (marching squares, linear between nodes).

    Parameters
    ----------
    values
        Lattice (J, I) of values, for example signed distances in mm, negative inside.
    x_mm, y_mm
        Lattice coordinates (I,) and (J,) in mm, each strictly ascending or descending; at least
        two.
    level
        The value on the lines.

    Returns
    -------
    Closed rings (n, 2) of x, y in mm: anticlockwise round the region (x to the right, y up),
    clockwise round its holes. The first corner is not repeated, no corner comes twice in a row. A
    region that reaches the border of the lattice is closed along it. Small rings are kept; regions
    without area are not.

    Raises
    ------
    GeometryError
        `bad-lattice` when the shapes do not match, the coordinates do not ascend or descend, or a
        value is not a number or minus infinity.
    """
    from rtvol._kernels.trace import trace

    lattice = np.array(values, dtype=np.float64, order="C")
    x, y = np.array(x_mm, dtype=np.float64), np.array(y_mm, dtype=np.float64)
    mirrored = _is_mirrored(lattice.shape, x, y)
    if not (lattice > -np.inf).all():
        raise _no_numbers()
    points, starts = trace(lattice, float(level), x, y)
    rings = np.split(points, starts[1:-1]) if starts.size > 1 else []
    return [np.ascontiguousarray(ring[::-1]) for ring in rings] if mirrored else rings


def trace_planes(
    field: NDArray[np.float32], *, x_mm: NDArray[np.float64], y_mm: NDArray[np.float64]
) -> TracedRings:
    """Trace {field < 0} on each plane of a field (K, J, I), as `trace_rings` does.

    Coordinates (I,) and (J,), mm, ascend.

    Returns
    -------
    Corners (N, 2), mm, offsets (R + 1,) of the rings into them, and of the planes (K + 1,) into
    the rings.

    Raises
    ------
    GeometryError
        `bad-lattice` as in `trace_rings`.
    """
    from rtvol._kernels.trace import trace_planes as trace_all

    _is_mirrored(field.shape[1:], x_mm, y_mm)
    points, starts, plane_rings, bad = trace_all(*locked(field), x_mm, y_mm)
    if bad:
        raise _no_numbers()
    return points, starts, plane_rings


def _is_mirrored(shape: tuple[int, ...], x: NDArray[np.float64], y: NDArray[np.float64]) -> bool:
    """Whether one coordinate ascends and one descends; an error where they do not fit values."""
    if shape != (y.size, x.size) or min(shape) < 2:
        raise GeometryError(
            "bad-lattice", seen=f"values {shape} at {y.size} rows, {x.size} columns"
        )
    return _sense(x) != _sense(y)


def _no_numbers() -> GeometryError:
    return GeometryError("bad-lattice", seen="a value that is not a number, or minus infinity")


def _sense(coordinates_mm: NDArray[np.float64]) -> bool:
    """Whether the coordinates ascend; an error when they do neither."""
    steps = np.diff(coordinates_mm)
    if (steps > 0).all():
        return True
    if (steps < 0).all():
        return False
    raise GeometryError("bad-lattice", seen="lattice coordinates neither ascend nor descend")
