"""The curves that planes cut out of solids: points on the curve, and the area it truly encloses."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Axis = Literal["x", "y", "z"]


@dataclass(frozen=True, eq=False)
class Outline:
    """One closed curve of an axial section.

    Attributes
    ----------
    xy_mm
        Points (N, 2) on the true curve, patient LPS x and y in mm; the first is not repeated.
    area_mm2
        Area the true curve encloses, in mm2.
    is_hole
        Whether the curve bounds a hole.
    """

    xy_mm: NDArray[np.float64]
    area_mm2: float
    is_hole: bool = False


@cache
def gauss_legendre(count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Nodes and weights of the Gauss-Legendre rule on -1 .. 1 (slow to find, so found once)."""
    nodes, weights = np.polynomial.legendre.leggauss(count)
    return nodes, weights


def polygon_area_mm2(xy_mm: NDArray[np.float64]) -> float:
    """Area (mm2, positive when counter-clockwise) of a polygon (N, 2) by the shoelace formula."""
    x, y = (xy_mm - xy_mm[0]).T
    return float(np.dot(x, np.roll(y, -1)) - np.dot(np.roll(x, -1), y)) / 2


def area_true(outline: Outline) -> NDArray[np.float64]:
    """Points (N, 2) of the outline, scaled about their mean so that the polygon has its area."""
    middle = outline.xy_mm.mean(axis=0)
    scale = np.sqrt(outline.area_mm2 / abs(polygon_area_mm2(outline.xy_mm)))
    ring: NDArray[np.float64] = middle + scale * (outline.xy_mm - middle)
    return ring


def ellipse(
    centre_mm: Sequence[float], a_mm: float, b_mm: float, points: int
) -> NDArray[np.float64]:
    """Points (N, 2) on an ellipse with semi-axes a (along x) and b (along y), in mm."""
    angle = np.arange(points) * (2 * np.pi / points)
    return np.column_stack(
        [centre_mm[0] + a_mm * np.cos(angle), centre_mm[1] + b_mm * np.sin(angle)]
    )


def polygon(corners_mm: Sequence[Sequence[float]], points: int) -> NDArray[np.float64]:
    """About `points` points (N, 2) along a polygon's sides, its corners among them."""
    corners = np.asarray(corners_mm, dtype=np.float64)
    sides = np.roll(corners, -1, axis=0) - corners
    lengths = np.hypot(sides[:, 0], sides[:, 1])
    counts = np.maximum(1, np.rint(lengths / lengths.sum() * points)).astype(int)
    return np.concatenate(
        [
            corner + np.arange(count)[:, None] / count * side
            for corner, side, count in zip(corners, sides, counts, strict=True)
        ]
    )


def rectangle(
    centre_mm: Sequence[float], width_mm: float, height_mm: float, points: int
) -> NDArray[np.float64]:
    """About `points` points (N, 2) round a rectangle, width along x and height along y, in mm."""
    x, y, w, h = centre_mm[0], centre_mm[1], width_mm / 2, height_mm / 2
    return polygon([(x - w, y - h), (x + w, y - h), (x + w, y + h), (x - w, y + h)], points)


def lying(
    along_across_mm: NDArray[np.float64], centre_mm: Sequence[float], axis: Axis
) -> NDArray[np.float64]:
    """Place a curve given along and across a lying axis ("x" or "y") into the patient's x and y."""
    turned = along_across_mm if axis == "x" else along_across_mm[::-1, ::-1]
    placed: NDArray[np.float64] = turned + np.array([centre_mm[0], centre_mm[1]])
    return placed


def keyhole(
    outer_mm: NDArray[np.float64], holes_mm: Sequence[NDArray[np.float64]]
) -> NDArray[np.float64]:
    """Join an outer ring (N, 2) and its holes into one ring by bridges of zero width.

    Each hole is wound against the outer ring and entered at the nearest pair of points
    (PS3.3 C.8.8.6.3, the keyhole technique).
    """
    ring = outer_mm
    turn = np.sign(polygon_area_mm2(outer_mm))
    for each in holes_mm:
        hole = each if np.sign(polygon_area_mm2(each)) == -turn else each[::-1]
        gaps = ((ring[:, None, :] - hole[None, :, :]) ** 2).sum(axis=2)
        i, j = np.unravel_index(int(gaps.argmin()), gaps.shape)
        hole = np.roll(hole, -int(j), axis=0)
        ring = np.concatenate([ring[: i + 1], hole, hole[:1], ring[i:]])
    return ring
