"""Contours of balls and boxes, drawn so that their sections have the true area; closed forms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rtvol.solids.stack import stack_planes
from rtvol.structures import Contour, Roi

if TYPE_CHECKING:
    from rtvol.solids.planes import PlaneStack

    Point = tuple[float, float, float]


def ball(
    centre: Point, radius: float, spacing: float, *, points: int = 200, phase: float = 0.0
) -> PlaneStack:
    """Stack of a ball's sections at `phase` of a spacing from whole multiples of it."""
    low = np.floor((centre[2] - radius) / spacing)
    z = (np.arange(low, low + 2 * radius / spacing + 3) + phase) * spacing
    angle = 2 * np.pi * np.arange(points) / points
    swell = np.sqrt(2 * np.pi / points / np.sin(2 * np.pi / points))
    rings = []
    for at in z:
        square = radius**2 - (at - centre[2]) ** 2
        if square > 0.05:
            r = swell * np.sqrt(square)
            xy = np.stack([centre[0] + r * np.cos(angle), centre[1] + r * np.sin(angle)], axis=1)
            rings.append(Contour(xy, float(at)))
    return stack_planes(Roi("ball", 1, "", tuple(rings)))[0]


def box(centre: Point, size: Point, spacing: float) -> PlaneStack:
    """Stack of a box whose height is a whole number of spacings."""
    x, y = (np.array([-1, 1, 1, -1]), np.array([-1, -1, 1, 1]))
    xy = np.stack([centre[0] + x * size[0] / 2, centre[1] + y * size[1] / 2], axis=1)
    z = centre[2] - size[2] / 2 + (np.arange(round(size[2] / spacing)) + 0.5) * spacing
    return stack_planes(Roi("box", 1, "", tuple(Contour(xy, float(at)) for at in z)))[0]


def lens_cc(one: float, other: float, apart: float) -> float:
    """What two balls share (elementary: two caps)."""
    if apart <= abs(one - other):
        return 4 / 3 * np.pi * min(one, other) ** 3 / 1000
    gap = one + other - apart
    rest = apart**2 + 2 * apart * (one + other) - 3 * (one - other) ** 2
    return np.pi * gap**2 * rest / (12 * apart) / 1000


def balls_dice(one: float, other: float, apart: float) -> float:
    """Dice coefficient of two balls."""
    return 2 * lens_cc(one, other, apart) / (4 / 3 * np.pi * (one**3 + other**3) / 1000)


def balls_mean(one: float, other: float, apart: float) -> float:
    """Mean distance of both spheres: |p - c| - r over each, by the polar angle."""
    t = (np.arange(4000) + 0.5) / 2000 - 1
    means = [
        np.abs(np.sqrt(r * r + apart**2 + 2 * r * apart * t) - s).mean()
        for r, s in ((one, other), (other, one))
    ]
    return float(np.average(means, weights=[one**2, other**2]))
