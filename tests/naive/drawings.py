"""Contours of balls and boxes, drawn so that their sections have the area of the true ones."""

from __future__ import annotations

import numpy as np

from rtvol.solids.stack import stack_planes
from rtvol.structures import Contour, Roi


def ball(centre, radius, spacing, *, points=200, phase=0.0):
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


def box(centre, size, spacing):
    """Stack of a box whose height is a whole number of spacings."""
    x, y = (np.array([-1, 1, 1, -1]), np.array([-1, -1, 1, 1]))
    xy = np.stack([centre[0] + x * size[0] / 2, centre[1] + y * size[1] / 2], axis=1)
    z = centre[2] - size[2] / 2 + (np.arange(round(size[2] / spacing)) + 0.5) * spacing
    return stack_planes(Roi("box", 1, "", tuple(Contour(xy, float(at)) for at in z)))[0]
