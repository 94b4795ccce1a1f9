"""A solid by its sections: dense planes, each with the signed distance to its outline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtvol._kernels import locked
from rtvol.geometry import lock
from rtvol.solids.planes import PlaneStack
from rtvol.solids.trace import trace_planes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtvol.frames import PlaneFrame
    from rtvol.solids.lattice import Lattice
    from rtvol.solids.trace import TracedRings


#: Where sections are added between the last plane that is met and the end, as shares of the way.
END_SHARES = (0.35, 0.7, 0.9, 0.99)


@dataclass(frozen=True, eq=False)
class Run:
    """Dense, parallel sections of one connected range of planes.

    Attributes
    ----------
    z_mm
        Planes (S,) of the lattice's frame, mm, ascending. The first and the last end the solid,
        unless it goes on beyond the range that was asked for.
    field
        (S, J, I) float32 on a lattice: signed distance in plane to the section's outline,
        negative inside; in mm, or in units of a margin's gauge.
    """

    z_mm: NDArray[np.float64]
    field: NDArray[np.float32]

    def __post_init__(self) -> None:
        lock(self.z_mm)
        lock(self.field)


def section_distances(
    stack: PlaneStack, planes: slice, lattice: Lattice, band_mm: float
) -> NDArray[np.float32]:
    """Exact signed distance (P, J, I), mm, of lattice points to the polygons of each plane.

    Negative inside (even-odd parity); cut to `band_mm` on both sides.
    """
    rings = stack.plane_rings[planes.start : planes.stop + 1]
    return distances_of(stack.xy_mm, stack.ring_starts, rings, lattice, band_mm)


def distances_of(
    xy_mm: NDArray[np.float64],
    ring_starts: NDArray[np.int64],
    plane_rings: NDArray[np.int64],
    lattice: Lattice,
    band_mm: float,
) -> NDArray[np.float32]:
    """`section_distances` of rings that are no stack: points (N, 2) and offsets as there."""
    from rtvol._kernels.distance import plane_distances

    out = np.empty((plane_rings.size - 1, *lattice.shape_ji), np.float32)
    x0, y0 = float(lattice.x_mm[0]), float(lattice.y_mm[0])
    arrays = locked(xy_mm, ring_starts, plane_rings)
    plane_distances(*arrays, x0, y0, lattice.step_mm, float(band_mm), out)
    return out


def section_gauges(
    stack: PlaneStack, lattice: Lattice, reach_mm: NDArray[np.float64], *, band: float
) -> NDArray[np.float32]:
    """Exact signed gauge distance (P, J, I) of lattice points to the polygons of each plane.

    Parameters
    ----------
    stack, lattice
        The polygons and the points.
    reach_mm
        (4,) the length of gauge 1 towards -x, +x, -y and +y, mm.
    band
        Values beyond are cut to it.
    """
    from rtvol._kernels.distance import plane_gauges

    out = np.empty((stack.z_mm.size, *lattice.shape_ji), np.float32)
    plane_gauges(
        stack.xy_mm,
        stack.ring_starts,
        stack.plane_rings,
        float(lattice.x_mm[0]),
        float(lattice.y_mm[0]),
        lattice.step_mm,
        float(band),
        reach_mm,
        out,
    )
    return out


def trace_sections(
    field: NDArray[np.float32],
    lattice: Lattice,
    z_mm: NDArray[np.float64] | None = None,
    *,
    ends: bool = False,
) -> list[PlaneStack]:
    """Trace the outline {field < 0} on dense planes, one stack per connected run of planes.

    The end of each run is set where the field's least value crosses zero between the last plane
    that is met and the next: `below_mm` and `above_mm` of the end planes reach there. A run that
    goes on to the first or last plane given ends on it.

    Parameters
    ----------
    field
        (K, J, I) negative inside.
    lattice
        The points in plane.
    z_mm
        The planes (K,), mm; the lattice's unless given.
    ends
        Whether to add sections between the last plane that is met and the solid's end, where the
        field is interpolated: a flat end keeps its edge.
    """
    z = lattice.z_mm if z_mm is None else z_mm
    if ends:
        z, field = _with_end_sections(z, field)
    least = field.reshape(z.size, -1).min(axis=1)
    traced = trace_planes(field, x_mm=lattice.x_mm, y_mm=lattice.y_mm)
    met = np.concatenate([[False], np.diff(traced[2]) > 0, [False]])
    starts, stops = np.flatnonzero(met[1:] & ~met[:-1]), np.flatnonzero(met[:-1] & ~met[1:])
    return [
        _stack_of(traced, (int(start), int(stop)), z, least, lattice.frame)
        for start, stop in zip(starts, stops, strict=True)
    ]


def _with_end_sections(
    z: NDArray[np.float64], field: NDArray[np.float32]
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Insert interpolated planes where the field's least value changes sign between two planes."""
    least = field.reshape(z.size, -1).min(axis=1)
    heights, planes = [z], [field]
    for k in np.flatnonzero((least[1:] < 0) != (least[:-1] < 0)):
        share = least[k] / (least[k] - least[k + 1])
        reach = share if least[k] < 0 else share - 1
        start = k if least[k] < 0 else k + 1
        for part in END_SHARES:
            t = np.float32(start - k + part * reach)
            heights.append(z[k : k + 1] + t * (z[k + 1] - z[k]))
            planes.append((field[k] + t * (field[k + 1] - field[k]))[None])
    order = np.argsort(np.concatenate(heights), kind="stable")
    return np.concatenate(heights)[order], np.concatenate(planes)[order]


def _stack_of(
    traced: TracedRings,
    planes: tuple[int, int],
    z: NDArray[np.float64],
    least: NDArray[np.float32],
    frame: PlaneFrame,
) -> PlaneStack:
    start, stop = planes
    points, starts, plane_rings = traced
    rings = plane_rings[start : stop + 1]
    own = starts[rings[0] : rings[-1] + 1]
    half = np.diff(z[start:stop]) / 2
    return PlaneStack(
        z_mm=z[start:stop].copy(),
        below_mm=np.concatenate([[_tip(z, least, start, -1)], half]),
        above_mm=np.concatenate([half, [_tip(z, least, stop - 1, 1)]]),
        lobe=np.zeros(stop - start, np.int64),
        xy_mm=points[own[0] : own[-1]].copy(),
        ring_starts=own - own[0],
        plane_rings=rings - rings[0],
        frame=frame,
    )


def _tip(z: NDArray[np.float64], least: NDArray[np.float32], k: int, step: int) -> float:
    """How far beyond plane k the field's least value reaches zero, mm."""
    if not 0 <= k + step < z.size:
        return 0.0
    share = least[k] / (least[k] - least[k + step])
    return float(abs(z[k + step] - z[k]) * share)
