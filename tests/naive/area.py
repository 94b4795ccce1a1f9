"""Even-odd area of rings in fractions: every crossing found, every trapezoid added, no rounding."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise


def edges_of(rings):
    """Edges (low point, high point) of all rings but the horizontal ones."""
    edges = []
    for ring in rings:
        points = [(Fraction(x), Fraction(y)) for x, y in ring]
        for one, other in zip(points, [*points[1:], points[0]], strict=True):
            if one[1] != other[1]:
                edges.append((one, other) if one[1] < other[1] else (other, one))
    return edges


def x_at(edge, y):
    (x0, y0), (x1, y1) = edge
    return x0 + (y - y0) * (x1 - x0) / (y1 - y0)


def heights(edges):
    """Every height at which the order of the edges can change: ends and crossings."""
    found = {point[1] for edge in edges for point in edge}
    for number, one in enumerate(edges):
        for other in edges[:number]:
            low, high = max(one[0][1], other[0][1]), min(one[1][1], other[1][1])
            if low < high:
                left = x_at(one, low) - x_at(other, low)
                right = x_at(one, high) - x_at(other, high)
                if left * right < 0:
                    found.add(low + (high - low) * left / (left - right))
    return sorted(found)


def even_odd_area(rings) -> Fraction:
    """Area of the points that an odd number of the rings' edges lie to the left of."""
    edges, area = edges_of(rings), Fraction(0)
    for low, high in pairwise(heights(edges)):
        middle = (low + high) / 2
        crossed = sorted(x_at(e, middle) for e in edges if e[0][1] < middle < e[1][1])
        inside = [b - a for a, b in zip(crossed[::2], crossed[1::2], strict=True)]
        area += sum(inside, Fraction(0)) * (high - low)
    return area
