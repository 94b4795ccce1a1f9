"""The largest distance between two drawings of the same contours, plane by plane, exactly."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from rtvol.geometry import ON_PLANE_MM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rtvol.structures import Contour


def largest_distance_mm(ones: Sequence[Contour], others: Sequence[Contour]) -> tuple[float, float]:
    """Largest distance from any point of one's outlines to the other's on the same plane, each way.

    Parameters
    ----------
    ones, others
        Contours in one frame. What a ring runs there and back (the bridge of a keyhole) is no
        outline.

    Returns
    -------
    From one to the other, and back, in mm; infinite where only one has contours on a plane.
    """
    from rtvol._kernels.apart import farthest

    first, second = _edges(ones), _edges(others)
    if first.keys() != second.keys():
        first, second = _matched(first, second)
    if not all(edges.size for each in (first, second) for edges in each.values()):
        return math.inf, math.inf
    there = max((farthest(first[z], second[z]) for z in first), default=0.0)
    back = max((farthest(second[z], first[z]) for z in first), default=0.0)
    return float(there), float(back)


_Edges = dict[float, "NDArray[np.float64]"]


def _matched(first: _Edges, second: _Edges) -> tuple[_Edges, _Edges]:
    """Edges by the planes of both: positions are rounded where they are written."""
    every = np.sort(np.array([*first, *second]))
    heads = every[np.diff(every, prepend=-np.inf) > ON_PLANE_MM]

    def by_head(edges: _Edges) -> _Edges:
        found: dict[float, list[NDArray[np.float64]]] = defaultdict(list)
        for z, own in edges.items():
            found[float(heads[np.searchsorted(heads, z, side="right") - 1])].append(own)
        return {z: np.concatenate([np.empty((0, 4)), *found.get(z, [])]) for z in heads.tolist()}

    return by_head(first), by_head(second)


def _edges(contours: Sequence[Contour]) -> _Edges:
    """Edges (n, 4) of the outlines on each plane."""
    planes: dict[float, list[NDArray[np.float64]]] = defaultdict(list)
    for contour in contours:
        edges = np.hstack([contour.xy_mm, np.roll(contour.xy_mm, -1, axis=0)])
        planes[contour.z_mm].append(_without_bridges(edges))
    return {z: np.ascontiguousarray(np.concatenate(own)) for z, own in planes.items()}


def _without_bridges(edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Edges of a ring but for those it runs back again."""
    if np.unique(edges[:, 0] + 1j * edges[:, 1]).size == len(edges):
        return edges  # no corner comes twice
    known = {edge.tobytes() for edge in edges}
    back = edges[:, [2, 3, 0, 1]]
    return edges[[edge.tobytes() not in known for edge in back]]
