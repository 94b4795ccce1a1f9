"""Plain twin of the ROI algebra: faces by shapely, plane by plane, slab by slab."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import shapely

from naive.raster import winds_round

OPERATIONS = {
    "union": lambda one, other: one or other,
    "intersect": lambda one, other: one and other,
    "subtract": lambda one, other: one and not other,
}


def odd(rings, point):
    return sum(winds_round(ring, point.x, point.y) for ring in rings) % 2 == 1


def combined_region(one, other, operation):
    """Faces that the edges of both part the plane into, those the operation keeps."""
    closed = [shapely.LineString(np.vstack([ring, ring[:1]])) for ring in [*one, *other]]
    keeps = OPERATIONS[operation]
    kept = []
    for face in shapely.get_parts(shapely.polygonize([shapely.unary_union(closed)])):
        point = face.representative_point()
        if keeps(odd(one, point), odd(other, point)):
            kept.append(face)
    return kept


def rings_at(stack, z_mm):
    """Rings of the plane whose slab holds a height; none outside the stack."""
    for p, z in enumerate(stack.z_mm):
        if z - stack.below_mm[p] < z_mm < z + stack.above_mm[p]:
            rings = range(stack.plane_rings[p], stack.plane_rings[p + 1])
            return [stack.xy_mm[stack.ring_starts[r] : stack.ring_starts[r + 1]] for r in rings]
    return []


def combined_cc(one, other, operation):
    """Volume of the combination: the area between every two neighbouring faces of slabs."""
    faces = set()
    for stack in (one, other):
        faces |= {*(stack.z_mm - stack.below_mm), *(stack.z_mm + stack.above_mm)}
    volume = 0.0
    for low, high in pairwise(sorted(faces)):
        middle = (low + high) / 2
        region = combined_region(rings_at(one, middle), rings_at(other, middle), operation)
        volume += sum(face.area for face in region) * (high - low)
    return volume / 1000
