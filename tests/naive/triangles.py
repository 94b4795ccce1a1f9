"""Surfaces of triangles read from the bytes of their files, and what closed ones must be."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def triangles_of(path: Path) -> NDArray[np.float64]:
    """Triangles (n, 3, 3) of a binary STL or an OBJ, by their formats."""
    if path.suffix == ".stl":
        data = path.read_bytes()
        (count,) = struct.unpack_from("<I", data, 80)
        assert len(data) == 84 + 50 * count
        assert not data.startswith(b"solid")  # that would be an ASCII one
        rows = np.frombuffer(data, np.uint8, 50 * count, 84).reshape(count, 50)
        return rows[:, 12:48].copy().view("<f4").reshape(count, 3, 3).astype(float)
    lines = [line.split() for line in path.read_text().splitlines()]
    corners = np.array([line[1:] for line in lines if line[0] == "v"], float)
    faces = np.array([line[1:] for line in lines if line[0] == "f"], int)
    return corners[faces - 1]


def boundary_of(triangles: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Edges met more often one way than the other: none where a surface is closed."""
    _, at = np.unique(triangles.reshape(-1, 3), axis=0, return_inverse=True)
    at = at.reshape(-1, 3)
    pairs = np.concatenate([at[:, [0, 1]], at[:, [1, 2]], at[:, [2, 0]]])
    way = np.sign(pairs[:, 1] - pairs[:, 0])
    edges, number = np.unique(np.sort(pairs, axis=1), axis=0, return_inverse=True)
    balance = np.bincount(number.ravel(), weights=way, minlength=len(edges))
    return [(int(a), int(b)) for a, b in edges[balance != 0]]


def winding_numbers(
    points: NDArray[np.float64], triangles: NDArray[np.float64]
) -> NDArray[np.float64]:
    """How often a surface goes round each point: 1 inside of one turned outwards, 0 outside.

    Solid angles of the triangles (Van Oosterom and Strackee, IEEE Trans. Biomed. Eng. 30 (1983)
    125).
    """
    found = []
    for point in points:
        a, b, c = (triangles[:, n] - point for n in range(3))
        la, lb, lc = (np.linalg.norm(side, axis=1) for side in (a, b, c))
        over = np.einsum("nc,nc->n", a, np.cross(b, c))
        dots = [np.einsum("nc,nc->n", u, v) for u, v in ((a, b), (b, c), (c, a))]
        under = la * lb * lc + dots[0] * lc + dots[1] * la + dots[2] * lb
        found.append(float((2 * np.arctan2(over, under)).sum()) / (4 * np.pi))
    return np.array(found)
