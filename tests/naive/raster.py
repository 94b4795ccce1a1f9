"""Plain twins of the polygon and raster kernels: regions and clipped pixels by shapely."""

from __future__ import annotations

import numpy as np
import shapely


def winds_round(ring, x, y):
    """Whether a ray from (x, y) to the right crosses the ring an odd number of times."""
    odd = False
    for (xa, ya), (xb, yb) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
        if (ya > y) != (yb > y) and xa + (y - ya) / (yb - ya) * (xb - xa) > x:
            odd = not odd
    return odd


def even_odd_region(rings):
    """Faces that all rings' edges part the plane into, those inside an odd number of rings."""
    closed = [shapely.LineString(np.vstack([ring, ring[:1]])) for ring in rings]
    noded = shapely.unary_union(closed)
    faces = []
    for face in shapely.get_parts(shapely.polygonize([noded])):
        point = face.representative_point()
        if sum(winds_round(ring, point.x, point.y) for ring in rings) % 2:
            faces.append(face)
    return shapely.unary_union(faces)


def coverage(rings, rows, columns):
    """Area of the even-odd region in each unit pixel, pixel (0, 0) from (0, 0) to (1, 1)."""
    region = even_odd_region(rings)
    i, j = np.meshgrid(np.arange(columns), np.arange(rows))
    return shapely.area(shapely.intersection(shapely.box(i, j, i + 1, j + 1), region))
