"""Holes as keyholes: one polygon that runs to the hole, round it, and back the same way.

Planning systems and readers disagree on nested contours; some fill the hole. A keyhole is read
alike by all (PS3.3 C.8.8.6.3 describes the technique).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def join_holes(rings: Sequence[NDArray[np.float64]]) -> list[NDArray[np.float64]]:
    """Join each hole to the ring around it, by a bridge of zero width.

    Parameters
    ----------
    rings
        Closed rings (n >= 3, 2) of one plane in mm, first point not repeated, in any order and
        winding, combined by even-odd parity. Rings lie apart or inside each other.

    Returns
    -------
    list of (m, 2) float64
        One ring per connected region, largest first; together they hold the same points by
        even-odd parity. A ring with holes has exactly the area of its outer ring less that of
        its holes (shoelace formula). Islands in holes are rings of their own. A ring without
        holes is returned as it came. Should rings cross, parity still holds.

    Notes
    -----
    A hole is bridged from its rightmost corner to a corner of the outer ring it can see (D.
    Eberly, "Triangulation by Ear Clipping"); going through the holes from right to left keeps
    each bridge clear of the holes not yet joined.
    """
    if len(rings) < 2:
        return list(rings)
    areas = [_signed_area(ring) for ring in rings]
    order = sorted(range(len(rings)), key=lambda index: -abs(areas[index]))
    holes = _holes_by_outer(rings, order)
    joined = []
    for outer, inner in holes.items():
        polygon = rings[outer]
        if inner:
            polygon = polygon if areas[outer] > 0 else polygon[::-1]
            clockwise = [rings[i] if areas[i] < 0 else rings[i][::-1] for i in inner]
            for hole in sorted(clockwise, key=lambda ring: -float(ring[:, 0].max())):
                polygon = _bridge(polygon, hole)
        joined.append(polygon)
    return joined


def _signed_area(ring: NDArray[np.float64]) -> float:
    x, y = (ring - ring[0]).T
    return float(np.dot(x, np.roll(y, -1)) - np.dot(np.roll(x, -1), y)) / 2


def _holes_by_outer(
    rings: Sequence[NDArray[np.float64]], order: Sequence[int]
) -> dict[int, list[int]]:
    """Sort rings, largest first, into outer rings and the holes directly inside them."""
    lows, highs = [r.min(axis=0) for r in rings], [r.max(axis=0) for r in rings]
    holes: dict[int, list[int]] = {}
    for place, index in enumerate(order):
        around = [
            other
            for other in reversed(order[:place])
            if (lows[other] <= lows[index]).all() and (highs[other] >= highs[index]).all()
        ]
        point = _inner_point(rings[index]) if around else (0.0, 0.0)
        parent = next((other for other in around if _contains(rings[other], point)), None)
        if parent in holes:
            holes[parent].append(index)
        else:
            holes[index] = []
    return holes


def _crossings(ring: NDArray[np.float64], y_mm: float) -> NDArray[np.float64]:
    """Where the horizontal line at `y_mm` crosses the ring: x in mm, ascending."""
    end = np.roll(ring, -1, axis=0)
    cut = (ring[:, 1] <= y_mm) != (end[:, 1] <= y_mm)
    start, end = ring[cut], end[cut]
    share = (y_mm - start[:, 1]) / (end[:, 1] - start[:, 1])
    return np.sort(start[:, 0] + share * (end[:, 0] - start[:, 0]))


def _inner_point(ring: NDArray[np.float64]) -> tuple[float, float]:
    """Find a point well inside the ring: the middle of a chord at half its height."""
    levels = np.unique(ring[:, 1])
    middle = levels.size // 2
    y_mm = float(levels[middle - 1] + levels[middle]) / 2 if middle else float(levels[0])
    x_mm = _crossings(ring, y_mm)
    if x_mm.size < 2:
        return (float(ring[0, 0]), float(ring[0, 1]))
    widest = 2 * int(np.argmax(x_mm[1::2] - x_mm[:-1:2]))
    return (float(x_mm[widest] + x_mm[widest + 1]) / 2, y_mm)


def _contains(ring: NDArray[np.float64], point: tuple[float, float]) -> bool:
    return bool(np.count_nonzero(_crossings(ring, point[1]) > point[0]) % 2)


def _bridge(polygon: NDArray[np.float64], hole: NDArray[np.float64]) -> NDArray[np.float64]:
    """Splice a clockwise hole into a counter-clockwise polygon."""
    start = int(np.argmax(hole[:, 0]))
    corner = _visible_corner(polygon, hole[start])
    there_and_back = np.concatenate([hole[start:], hole[: start + 1]])
    return np.concatenate([polygon[: corner + 1], there_and_back, polygon[corner:]])


def _visible_corner(polygon: NDArray[np.float64], point: NDArray[np.float64]) -> int:
    """Index of a corner of the polygon that the straight line from `point` meets first."""
    hit = _edge_to_the_right(polygon, point)
    if hit is None:  # rings that cross: no bridge is clear of them, the nearest is as good
        return int(np.argmin(((polygon - point) ** 2).sum(axis=1)))
    x_mm, edge = hit
    ends = np.array([edge, (edge + 1) % len(polygon)])
    far = polygon[ends[np.argmax(polygon[ends, 0])]]
    # corners in the triangle (point, hit, far) hide `far`; the one nearest to the ray is in sight
    inside = _in_triangle(polygon, point, np.array([x_mm, point[1]]), far)
    seen = np.flatnonzero(inside | (polygon == far).all(axis=1))
    step = polygon[seen] - point
    steepness = np.arctan2(np.abs(step[:, 1]), step[:, 0])
    nearest = np.lexsort((np.hypot(step[:, 0], step[:, 1]), steepness))[0]
    copies = np.flatnonzero((polygon == polygon[seen[nearest]]).all(axis=1))
    return next((int(c) for c in copies if _opens_to(polygon, int(c), point)), int(copies[0]))


def _edge_to_the_right(
    polygon: NDArray[np.float64], point: NDArray[np.float64]
) -> tuple[float, int] | None:
    """First edge met by the ray from `point` along +x: where (x in mm) and its index."""
    end = np.roll(polygon, -1, axis=0)
    cut = np.flatnonzero((polygon[:, 1] <= point[1]) != (end[:, 1] <= point[1]))
    a, b = polygon[cut], end[cut]
    x_mm = a[:, 0] + (point[1] - a[:, 1]) / (b[:, 1] - a[:, 1]) * (b[:, 0] - a[:, 0])
    right = np.flatnonzero(x_mm >= point[0])
    if not right.size:
        return None
    first = right[np.argmin(x_mm[right])]
    return float(x_mm[first]), int(cut[first])


def _cross(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    product: NDArray[np.float64] = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    return product


def _in_triangle(
    points: NDArray[np.float64],
    a: NDArray[np.float64],
    b: NDArray[np.float64],
    c: NDArray[np.float64],
) -> NDArray[np.bool_]:
    sides = [_cross(b - a, points - a), _cross(c - b, points - b), _cross(a - c, points - c)]
    inside: NDArray[np.bool_] = (np.min(sides, axis=0) >= 0) | (np.max(sides, axis=0) <= 0)
    return inside


def _opens_to(polygon: NDArray[np.float64], corner: int, point: NDArray[np.float64]) -> bool:
    """Whether the inside of a counter-clockwise polygon at a corner lies towards `point`."""
    here = polygon[corner]
    before, after = polygon[corner - 1] - here, polygon[(corner + 1) % len(polygon)] - here
    towards = point - here
    left_of_after, right_of_before = _cross(after, towards) >= 0, _cross(towards, before) >= 0
    if _cross(after, before) > 0:
        return bool(left_of_after and right_of_before)
    return bool(left_of_after or right_of_before)
