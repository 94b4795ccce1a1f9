"""Distances between outlines by points strewn along them, each to each edge; slow and plain."""

from __future__ import annotations

import numpy as np


def edges_of(rings):
    """Both ends (n, 2) of all edges of closed rings."""
    ends = [np.roll(ring, -1, axis=0) for ring in rings]
    return np.concatenate(rings), np.concatenate(ends)


def strewn(rings, step_mm):
    """Points along closed rings, corners included."""
    start, end = edges_of(rings)
    longest = np.hypot(*(end - start).T).max()
    shares = np.arange(int(np.ceil(longest / step_mm)) + 1)
    shares = shares / shares.size
    return (start[:, None] + (end - start)[:, None] * shares[:, None]).reshape(-1, 2)


def to_outline(points, rings):
    """Distance of each point to the nearest edge of rings."""
    least = np.full(len(points), np.inf)
    for start, end in zip(*edges_of(rings), strict=True):
        along = end - start
        away = points - start
        share = np.clip(away @ along / (along @ along or 1.0), 0, 1)
        least = np.minimum(least, ((away - share[:, None] * along) ** 2).sum(axis=1))
    return np.sqrt(least)


def largest_distance(ones, others, step_mm):
    """Largest distance from points strewn along one's outlines to the other's."""
    return float(to_outline(strewn(ones, step_mm), others).max())


def crosses(rings):
    """Whether any two edges cross, each pair."""
    start, end = edges_of(rings)

    def side(points):
        """On which side of each edge (n) each point (m) lies: (n, m)."""
        away = points[None] - start[:, None]
        along = (end - start)[:, None]
        return np.sign(along[..., 0] * away[..., 1] - along[..., 1] * away[..., 0])

    parts = side(start) * side(end) < 0
    return bool((parts & parts.T).any())


def area(ring):
    """Signed area by the shoelace formula."""
    x, y = ring.T
    return float(x @ np.roll(y, -1) - np.roll(x, -1) @ y) / 2
