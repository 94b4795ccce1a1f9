"""Distances in 3-D to a solid given by its sections, and volumes of their level sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rtvol._kernels import locked
from rtvol.solids.sections import Run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rtvol.solids.lattice import Lattice

#: Puts a plane of the complement just beyond the end of a solid (mm).
JUST_BEYOND_MM = 1e-3
#: A distance that stands for "deep inside" or "nowhere near" (mm); its square fits float32.
FAR_MM = 1e6
#: A signed distance is never cut nearer to the surface than this many lattice steps.
STEPS_NEAR = 3
#: Where the area of a section changes by more than this share of the largest between two planes,
#: the volume between them is integrated over END_PARTS interpolated sections.
STEEP_AREA, END_PARTS = 0.02, 8


def distance_outside(
    runs: Sequence[Run], lattice: Lattice, *, limit: float, up: float = 1.0, down: float = 1.0
) -> NDArray[np.float32]:
    """Distance (K, J, I) of lattice points to a solid; 0 inside.

    Parameters
    ----------
    runs
        Sections of the solid in mm, or in units of a gauge.
    lattice
        Points wanted; the in-plane points are those of the runs.
    limit
        Distances beyond are cut to it.
    up, down
        Gauge: the length, mm, of distance 1 above and below the solid; 1 for distances in mm.
    """
    from rtvol._kernels.grow import grow_planes

    if not runs:
        return np.full(lattice.shape, limit, np.float32)
    whole = np.empty(lattice.shape, np.float32)
    near = np.empty_like(whole) if len(runs) > 1 else whole
    for number, run in enumerate(runs):
        out = near if number else whole
        grow_planes(run.field, run.z_mm, lattice.z_mm, float(up), float(down), float(limit), out)
        if number:
            np.minimum(whole, near, out=whole)
    return whole


def distance_inside(
    runs: Sequence[Run], lattice: Lattice, *, limit_mm: float
) -> NDArray[np.float32]:
    """Distance (K, J, I) of lattice points to the outside of a solid, mm; 0 outside."""
    whole = np.zeros(lattice.shape, np.float32)
    for outside in outsides(runs):
        np.maximum(whole, distance_outside([outside], lattice, limit=limit_mm), out=whole)
    return whole


def outsides(runs: Sequence[Run]) -> list[Run]:
    """Return what lies outside each run, by the same sections."""
    z = np.array([-FAR_MM, -JUST_BEYOND_MM])
    found = []
    for run in runs:
        beyond = np.full((2, *run.field.shape[1:]), -FAR_MM, np.float32)
        heights = np.concatenate([run.z_mm[0] + z, run.z_mm, run.z_mm[-1] - z[::-1]])
        found.append(Run(heights, np.concatenate([beyond, -run.field, beyond])))
    return found


def on_planes(runs: Sequence[Run], lattice: Lattice) -> NDArray[np.float32]:
    """In-plane field (K, J, I) of the runs on the lattice's planes; far outside where none is."""
    whole = np.full(lattice.shape, FAR_MM, np.float32)
    for run in runs:
        for k, z in enumerate(lattice.z_mm):
            if run.z_mm[0] <= z <= run.z_mm[-1]:
                above = int(np.clip(np.searchsorted(run.z_mm, z), 1, run.z_mm.size - 1))
                share = np.float32(
                    (z - run.z_mm[above - 1]) / (run.z_mm[above] - run.z_mm[above - 1])
                )
                section = run.field[above - 1] + share * (run.field[above] - run.field[above - 1])
                np.minimum(whole[k], section, out=whole[k])
    return whole


def signed_distance(
    runs: Sequence[Run], lattice: Lattice, *, outside_mm: float = 0.0, inside_mm: float = 0.0
) -> NDArray[np.float32]:
    """Signed distance (K, J, I), mm, of lattice points to the surface of a solid.

    Positive outside and exact up to `outside_mm`, negative inside and exact down to -`inside_mm`;
    some lattice steps at least on both sides, so that the surface is where the field is zero.
    """
    near = near_mm(lattice)
    outside = distance_outside(runs, lattice, limit=max(outside_mm, near))
    inside = distance_inside(runs, lattice, limit_mm=max(inside_mm, near))
    return np.where(outside > 0, outside, -inside).astype(np.float32)


def near_mm(lattice: Lattice) -> float:
    """How near to a surface, mm, a signed distance is never cut: some lattice steps."""
    return STEPS_NEAR * max(lattice.step_mm, float(np.diff(lattice.z_mm).max()))


def level_volume_cc(field: NDArray[np.float32], lattice: Lattice) -> float:
    """Volume of {field < 0}, cc, by sub-voxel integration.

    Areas of the sections below the lattice step, trapezoids between planes; where the area
    changes much from one plane to the next (the ends), the field is interpolated between them.
    """
    every = np.arange(lattice.z_mm.size)
    areas = _areas_mm2(field, lattice, every, np.zeros(every.size, np.float32))
    parts = (areas[1:] + areas[:-1]) / 2
    steep = np.flatnonzero(abs(np.diff(areas)) > STEEP_AREA * areas.max())
    shares = np.linspace(0, 1, END_PARTS + 1, dtype=np.float32)[1:-1]
    between = np.repeat(steep, shares.size), np.tile(shares, steep.size)
    inner = _areas_mm2(field, lattice, *between).reshape(-1, shares.size)
    parts[steep] = (parts[steep] + inner.sum(axis=1)) / END_PARTS
    return float(np.dot(parts, np.diff(lattice.z_mm))) / 1000


def _areas_mm2(
    field: NDArray[np.float32],
    lattice: Lattice,
    below: NDArray[np.int64],
    shares: NDArray[np.float32],
) -> NDArray[np.float64]:
    """Areas (N,) of sections, mm2: shares (N,) of the way up from planes (N,)."""
    from rtvol._kernels.trace import section_areas

    step = lattice.step_mm
    areas: NDArray[np.float64] = section_areas(*locked(field), below, shares, step, step)
    return areas
