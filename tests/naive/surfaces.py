"""Plain twin of the comparison of prism solids: surfaces sampled piece by piece, by shapely."""

from __future__ import annotations

from functools import reduce
from itertools import pairwise

import numpy as np
import shapely


def prisms_of(stack):
    """Slabs of a stack: low and high face, mm, and the even-odd region between them."""
    found = []
    for p, z in enumerate(stack.z_mm):
        rings = range(stack.plane_rings[p], stack.plane_rings[p + 1])
        areas = [
            shapely.make_valid(
                shapely.Polygon(stack.xy_mm[stack.ring_starts[r] : stack.ring_starts[r + 1]])
            )
            for r in rings
        ]
        region = reduce(shapely.symmetric_difference, areas)
        found.append((z - stack.below_mm[p], z + stack.above_mm[p], region))
    return found


def surface_of(prisms, step):
    """Points (N, 3) on the surface, and the area (N,) each stands for: walls, then level faces."""
    points, areas = [], []
    for low, high, region in prisms:
        for line in shapely.get_parts(shapely.get_rings(shapely.get_parts(region))):
            ring = shapely.get_coordinates(line)
            for a, b in pairwise(ring):
                length = float(np.hypot(*(b - a)))
                n, m = (
                    max(int(np.ceil(length / step)), 1),
                    max(int(np.ceil((high - low) / step)), 1),
                )
                for t in (np.arange(n) + 0.5) / n:
                    for z in low + (high - low) * (np.arange(m) + 0.5) / m:
                        points.append([*(a + t * (b - a)), z])
                        areas.append(length * (high - low) / n / m)
    levels = sorted({round(face, 6) for low, high, _ in prisms for face in (low, high)})
    nothing = shapely.Polygon()
    for z in levels:
        below = next((r for low, high, r in prisms if low < z - 1e-6 < high), nothing)
        above = next((r for low, high, r in prisms if low < z + 1e-6 < high), nothing)
        face = shapely.symmetric_difference(below, above)
        x0, y0, x1, y1 = face.bounds if not face.is_empty else (0, 0, 0, 0)
        x, y = np.arange(x0 + step / 2, x1, step), np.arange(y0 + step / 2, y1, step)
        grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
        kept = grid[shapely.contains_xy(face, grid)]
        if len(kept):
            points += [[px, py, z] for px, py in kept]
            areas += [face.area / len(kept)] * len(kept)
    return np.array(points), np.array(areas)


def distances(points, prisms):
    """Distance of each point to the surface of a solid of prisms."""
    flat = shapely.points(points[:, :2])
    z = points[:, 2]
    outside, inside = np.full(len(points), np.inf), np.full(len(points), np.inf)
    within = np.zeros(len(points), bool)
    for low, high, region in prisms:
        dz = np.maximum(np.maximum(low - z, z - high), 0)
        held = shapely.contains(region, flat)
        outside = np.minimum(outside, np.hypot(shapely.distance(region, flat), dz))
        leave = np.where(held, shapely.distance(region.boundary, flat), 0)
        inside = np.minimum(inside, np.hypot(leave, dz))
        within |= held & (dz == 0)
    faces = sorted({round(face, 6) for low, high, _ in prisms for face in (low, high)})
    for low, high in zip([-np.inf, *faces], [*faces, np.inf], strict=True):
        middle = (max(low, faces[0] - 1) + min(high, faces[-1] + 1)) / 2
        if not any(a < middle < b for a, b, _ in prisms):  # nothing there: a way out
            inside = np.minimum(inside, np.maximum(np.maximum(low - z, z - high), 0))
    return np.where(within, inside, outside)


def compared(one, other, step=0.4):
    """Mean, 95th percentile (greater directed) and greatest distance, mm, and both areas, mm2."""
    sides = [prisms_of(stack) for stack in (one, other)]
    found = []
    for side, far in ((sides[0], sides[1]), (sides[1], sides[0])):
        points, areas = surface_of(side, step)
        found.append((distances(points, far), areas))
    total = sum(areas.sum() for _, areas in found)
    mean = sum(np.dot(mm, areas) for mm, areas in found) / total
    p95 = max(percentile(mm, areas) for mm, areas in found)
    return mean, p95, max(mm.max() for mm, _ in found), [areas.sum() for _, areas in found]


def percentile(mm, areas, part=0.95):
    order = np.argsort(mm)
    reached = np.cumsum(areas[order])
    return mm[order][np.searchsorted(reached, part * reached[-1])]
