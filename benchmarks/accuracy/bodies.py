"""Exact signed distances to ideal solids: what the quadrature of the truth integrates.

A distance function takes points (N, 3), patient LPS in mm, and returns (N,) mm: negative inside.
They share nothing with rtvol's kernels; only the solids' names and lengths come from there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rtvol.phantoms import Box, Cone, Cylinder, Ellipsoid, LShape, Sphere, Step, Torus, Tube

if TYPE_CHECKING:
    from rtvol.phantoms import Solid

Points = NDArray[np.float64]
Distance = Callable[[Points], NDArray[np.float64]]


def distance_to(*solids: Solid) -> Distance:
    """Return the signed distance to a solid, or to several that lie apart (outside exact)."""
    parts = [(np.array(solid.centre_mm), _centred(solid)) for solid in solids]

    def nearest(points: Points) -> NDArray[np.float64]:
        found: NDArray[np.float64] = np.min([f(points - c) for c, f in parts], axis=0)
        return found

    return nearest


def _centred(solid: Solid) -> Distance:
    match solid:
        case Sphere(radius_mm=r):
            return lambda p: np.sqrt((p**2).sum(axis=1)) - r
        case Ellipsoid(semi_axes_mm=axes):
            return lambda p: ellipsoid_distance(p, np.array(axes))
        case Box(edges_mm=edges):
            return lambda p: box_distance(p, np.array(edges) / 2)
        case Torus(ring_mm=big, tube_mm=r, axis=axis):
            return lambda p: np.hypot(_turn(p, axis)[:, 0] - big, _turn(p, axis)[:, 1]) - r
        case LShape(arm_mm=a, leg_mm=b, length_mm=h):
            corners = np.array([(0, 0), (a, 0), (a, b), (b, b), (b, a), (0, a)]) - a / 2
            return lambda p: _prism(polygon_distance(p[:, :2], corners), p[:, 2], h / 2)
        case _:
            corners, axis = _profile(solid)
            return lambda p: polygon_distance(_turn(p, axis), corners)


def _profile(solid: Solid) -> tuple[Points, str]:
    """Corners (across, along) of a body of revolution's half section, mirrored, and its axis.

    Across is never negative, so the mirror image is farther than the profile itself; it only
    takes away the edge on the axis.
    """
    match solid:
        case Cylinder(radius_mm=r, length_mm=length, axis=axis):
            return np.array([(-r, -1), (r, -1), (r, 1), (-r, 1)]) * (1, length / 2), axis
        case Cone(radius_mm=r, height_mm=h, axis=axis):
            return np.array([(-r, -h / 2), (r, -h / 2), (0, h / 2)]), axis
        case Tube(outer_mm=R, inner_mm=r, length_mm=length):
            return np.array([(r, -1), (R, -1), (R, 1), (r, 1)]) * (1, length / 2), "z"
        case Step(lower_radius_mm=R, lower_length_mm=a, upper_radius_mm=r, upper_length_mm=b):
            right = [(R, -a), (R, 0), (r, 0), (r, b)]
            return np.array(right + [(-x, z) for x, z in right[::-1]]), "z"
    raise NotImplementedError(type(solid).__name__)


def _turn(points: Points, axis: str) -> Points:
    """Distance from an axis and position along it (N, 2)."""
    place = "xyz".index(axis)
    rest = np.delete(points, place, axis=1)
    return np.column_stack([np.hypot(rest[:, 0], rest[:, 1]), points[:, place]])


def polygon_distance(points: Points, corners: Points) -> NDArray[np.float64]:
    """Signed distance (N,) to a polygon in its plane, even-odd."""
    square = np.full(len(points), np.inf)
    inside = np.zeros(len(points), bool)
    for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        edge, way = b - a, points - a
        share = np.clip(way @ edge / (edge @ edge), 0, 1)
        square = np.minimum(square, ((way - share[:, None] * edge) ** 2).sum(axis=1))
        crosses = (a[1] <= points[:, 1]) != (b[1] <= points[:, 1])
        if edge[1] != 0:
            inside ^= crosses & (way[:, 0] < way[:, 1] / edge[1] * edge[0])
    return np.where(inside, -1, 1) * np.sqrt(square)


def box_distance(points: Points, half: NDArray[np.float64]) -> NDArray[np.float64]:
    """Signed distance (N,) to a box with half edges `half`."""
    beyond = np.abs(points) - half
    outside = np.sqrt((np.maximum(beyond, 0) ** 2).sum(axis=1))
    found: NDArray[np.float64] = outside + np.minimum(beyond.max(axis=1), 0)
    return found


def _prism(flat: NDArray[np.float64], z: NDArray[np.float64], half: float) -> NDArray[np.float64]:
    """Distance to a prism from that to its base polygon and its half length."""
    up = np.abs(z) - half
    found: NDArray[np.float64] = np.hypot(np.maximum(flat, 0), np.maximum(up, 0)) + np.minimum(
        np.maximum(flat, up), 0
    )
    return found


def ellipsoid_distance(points: Points, axes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Signed distance (N,) to an ellipsoid: the foot point x_i a_i^2 / (a_i^2 + t) lies on it.

    The sum of (a_i x_i / (a_i^2 + t))^2 falls steadily to the right of its last pole; it is
    bisected until Newton's steps are safe (Eberly, Distance from a Point to an Ellipsoid).
    """
    p = np.maximum(np.abs(points), 1e-9)
    square = axes**2
    low = (axes * p - square).max(axis=1)
    high = np.sqrt((square * p**2).sum(axis=1)) - square.min()
    for _ in range(20):
        middle = (low + high) / 2
        above = ((axes * p / (square + middle[:, None])) ** 2).sum(axis=1) > 1
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    for _ in range(6):
        ratio = axes * p / (square + low[:, None])
        excess = (ratio**2).sum(axis=1) - 1
        low += excess / (2 * (ratio**2 / (square + low[:, None])).sum(axis=1))
    gap = np.sqrt(((p * low[:, None] / (square + low[:, None])) ** 2).sum(axis=1))
    inside = ((p / axes) ** 2).sum(axis=1) < 1
    return np.where(inside, -gap, gap)
