"""Solids as regions of contours, for tests: polygons of true area, none of rtvol's own code."""

import numpy as np

from rtvol.structures import Contour, Roi

GOLDEN = np.pi * (1 + 5**0.5)


def circle(radius, x=0.0, y=0.0, points=128):
    """Regular polygon with the area of the circle."""
    angle = 2 * np.pi * np.arange(points) / points
    fit = radius * np.sqrt(2 * np.pi / (points * np.sin(2 * np.pi / points)))
    return np.stack([x + fit * np.cos(angle), y + fit * np.sin(angle)], axis=1)


def planes(spacing, phase=0.0, reach=60):
    """Image planes with one of them at `phase` spacings from z = 0."""
    return (np.arange(-reach, reach + 1) + phase) * spacing


def sphere(radius, z, name="GTV", centre=(0.0, 0.0, 0.0)):
    """A ball of `radius` mm contoured on the planes `z`."""
    x, y, z0 = centre
    contours = [
        Contour(circle(np.sqrt(radius**2 - (zk - z0) ** 2), x, y), zk)
        for zk in z
        if abs(zk - z0) < radius - 1e-3
    ]
    return Roi(name, 1, "GTV", tuple(contours))


def prism(ring, z, name="organ"):
    """The same ring on each of the planes `z`."""
    return Roi(name, 2, "ORGAN", tuple(Contour(np.asarray(ring, float), zk) for zk in z))


def box_ring(x, y):
    """Corners of a rectangle x[0]..x[1] by y[0]..y[1]."""
    return [(x[0], y[0]), (x[1], y[0]), (x[1], y[1]), (x[0], y[1])]


def directions(count=40000):
    """Evenly spread unit vectors (a golden spiral)."""
    index = np.arange(count) + 0.5
    polar = np.arccos(1 - 2 * index / count)
    return np.stack(
        [
            np.cos(GOLDEN * index) * np.sin(polar),
            np.sin(GOLDEN * index) * np.sin(polar),
            np.cos(polar),
        ],
        axis=1,
    )


def octant_support(normals, left, right, anterior, posterior, superior, inferior):
    """Boundary point, for each outward normal, of the body of eight ellipsoid octants."""
    sides = np.where(normals > 0, [left, posterior, superior], [right, anterior, inferior])
    sides = np.maximum(sides.astype(float), 1e-9)
    weighted = sides**2 * normals
    return weighted / np.sqrt((weighted * normals).sum(axis=1))[:, None]


def sphere_cc(radius):
    """Volume of a ball, cc."""
    return 4 / 3 * np.pi * radius**3 / 1000


def cap_cc(radius, distance):
    """Volume, cc, of the part of a ball beyond a plane at `distance` from its centre."""
    height = radius - distance
    return np.pi * height**2 * (3 * radius - height) / 3000
