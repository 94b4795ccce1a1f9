"""Slow, plain twins of the dose kernels, and closed forms of dose-volume curves."""

from __future__ import annotations

from itertools import product
from math import factorial, pi, prod, sqrt
from typing import TYPE_CHECKING

import numpy as np

from rtvol.geometry import Grid
from rtvol.solids import PlaneStack
from rtvol.volumes import Dose

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Rings = Sequence[NDArray[np.float64]]


def stack_of(planes: dict[float, Rings], thickness_mm: float) -> PlaneStack:
    """Rings per plane z, every slab half a thickness either way."""
    rings = [ring for z in sorted(planes) for ring in planes[z]]
    half = np.full(len(planes), thickness_mm / 2)
    return PlaneStack(
        z_mm=np.array(sorted(planes), dtype=float),
        below_mm=half,
        above_mm=half.copy(),
        lobe=np.zeros(len(planes), np.int64),
        xy_mm=np.concatenate(rings),
        ring_starts=np.cumsum([0, *(len(ring) for ring in rings)], dtype=np.int64),
        plane_rings=np.cumsum([0, *(len(planes[z]) for z in sorted(planes))], dtype=np.int64),
    )


def disc(radius: float, centre: tuple[float, float] = (0.0, 0.0), corners: int = 720) -> Rings:
    """One ring with the area of the disc."""
    turn = 2 * pi / corners
    angle = turn * (np.arange(corners) + 0.3)
    fit = radius * sqrt(turn / np.sin(turn))
    return [np.column_stack([centre[0] + fit * np.cos(angle), centre[1] + fit * np.sin(angle)])]


def box(x: tuple[float, float], y: tuple[float, float]) -> NDArray[np.float64]:
    return np.array([[x[0], y[0]], [x[1], y[0]], [x[1], y[1]], [x[0], y[1]]])


def dose_of(
    value: Callable[..., NDArray[np.float64]], grid: Grid | None = None, spacing_mm: float = 2.5
) -> Dose:
    """Sample a function of patient x, y, z at the voxel centres of a grid."""
    if grid is None:
        n = int(80 / spacing_mm)
        start = (-39.4, -40.3, -38.7)
        offsets = np.arange(n) * spacing_mm
        grid = Grid(start, (1, 0, 0), (0, 1, 0), (spacing_mm, spacing_mm), offsets, (n, n))
    j, i = np.arange(grid.shape_ji[0]), np.arange(grid.shape_ji[1])
    points = (
        grid.planes_mm[:, None, None, :]
        + (j * grid.spacing_mm[0])[None, :, None, None] * np.array(grid.column)
        + (i * grid.spacing_mm[1])[None, None, :, None] * np.array(grid.row)
    )
    return Dose(value(*np.moveaxis(points, -1, 0)).astype(np.float32), grid)


def trilinear(dose: Dose, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weighted sum over eight corners at points (n, 3); NaN outside the voxel centres."""
    i, j, offset = dose.grid.to_plane_frame(points).T
    offsets = dose.grid.offsets_mm
    at = [np.interp(offset, offsets, np.arange(offsets.size)), j, i]
    known = (offset >= offsets[0] - 1e-9) & (offset <= offsets[-1] + 1e-9)
    for place, size in zip(at, dose.grid.shape, strict=True):
        known &= (place >= -1e-9) & (place <= size - 1 + 1e-9)
    lows = [
        np.clip(np.floor(place).astype(int), 0, size - 2)
        for place, size in zip(at, dose.grid.shape, strict=True)
    ]
    total = np.zeros(len(points))
    for corner in product((0, 1), repeat=3):
        weights = [
            place - low if up else 1 - (place - low)
            for up, place, low in zip(corner, at, lows, strict=True)
        ]
        k, j, i = (low + up for low, up in zip(lows, corner, strict=True))
        total += prod(weights) * dose.values_gy[k, j, i].astype(float)
    return np.where(known, total, np.nan)


def is_inside(rings: Rings, points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Even-odd: whether an odd number of edges lies to the left of each point (n, 2)."""
    x, y = points.T
    crossed = np.zeros(len(points), bool)
    for ring in rings:
        for (xa, ya), (xb, yb) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
            if ya != yb:
                crossed ^= ((ya > y) != (yb > y)) & (xa + (y - ya) * (xb - xa) / (yb - ya) < x)
    return crossed


def sampled(
    planes: dict[float, Rings], thickness_mm: float, dose: Dose, step_mm: float
) -> NDArray[np.float64]:
    """Dose at the points of a dense lattice inside the slab solid; NaN outside the dose grid."""
    doses = []
    for z, rings in planes.items():
        low, high = np.vstack(rings).min(axis=0), np.vstack(rings).max(axis=0)
        axes = [np.arange(a + step_mm / 2, b, step_mm) for a, b in zip(low, high, strict=True)]
        points = np.array(np.meshgrid(*axes)).reshape(2, -1).T
        points = points[is_inside(rings, points)]
        layers = round(thickness_mm / step_mm)
        for height in z + thickness_mm * ((np.arange(layers) + 0.5) / layers - 0.5):
            spots = np.column_stack([points, np.full(len(points), height)])
            doses.append(trilinear(dose, spots))
    return np.concatenate(doses)


def sum_of_boxes(doses: NDArray[np.float64], low: float, widths: Sequence[float]) -> NDArray:
    """Part below each dose of `low` + sum of numbers spread evenly over 0..width.

    Inclusion and exclusion over the corners of a box; widths above zero.
    """
    total = np.zeros(np.shape(doses))
    order = len(widths)
    for corners in product((0, 1), repeat=order):
        at = low + sum(width for width, taken in zip(widths, corners, strict=True) if taken)
        total += (-1) ** sum(corners) * np.maximum(doses - at, 0) ** order
    return total / factorial(order) / prod(widths)


def discs_curve(
    radii: dict[float, float],
    thickness_mm: float,
    gradient: tuple[float, float, float],
    doses: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Volume in cc below each dose of a linear dose (0 Gy at the origin) in a stack of discs.

    Areas of circular segments in closed form; midpoint rule along z.
    """
    steep = sqrt(gradient[0] ** 2 + gradient[1] ** 2)
    parts = 200
    below = np.zeros(doses.size)
    for plane, radius in radii.items():
        for z in plane + thickness_mm * ((np.arange(parts) + 0.5) / parts - 0.5):
            chord = (doses - gradient[2] * z) / max(steep, 1e-9) / radius
            chord = np.clip(chord, -1, 1)
            angle = pi - np.arccos(chord)
            area = radius**2 * (angle + chord * np.sqrt(1 - chord**2))
            below += area * thickness_mm / parts / 1000
    return below


def ball_radii(radius: float, spacing_mm: float, phase_mm: float = 0.0) -> dict[float, float]:
    """Disc radius per plane of a ball at the origin."""
    count = int(radius / spacing_mm) + 2
    planes = np.arange(-count, count + 1) * spacing_mm + phase_mm
    return {float(z): sqrt(radius**2 - z**2) for z in planes if abs(z) < radius - 0.02}


def share_of_cell(corners: NDArray[np.float64], level: float, count: int = 60) -> float:
    """Part of the points in a cell whose trilinear dose reaches a level."""
    at = (np.arange(count) + 0.5) / count
    total = 0.0
    for c, b, a in product((0, 1), repeat=3):
        weights = [at if corner else 1 - at for corner in (c, b, a)]
        total = total + corners[c, b, a] * np.einsum("k,j,i->kji", *weights)
    return float(np.mean(total >= level))
