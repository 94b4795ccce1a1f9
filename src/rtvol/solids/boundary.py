"""PlaneStack -> Boundary: the closed surface of a solid in pieces, and distances to it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from rtvol._kernels.polygon import locked
from rtvol.errors import CaseRejected
from rtvol.geometry import lock
from rtvol.solids.distance import on_planes
from rtvol.solids.lattice import Lattice
from rtvol.solids.loft import loft
from rtvol.solids.pieces import Body
from rtvol.solids.planes import PlaneStack
from rtvol.solids.sections import Run, section_distances
from rtvol.solids.trace import trace_rings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtvol.solids.reading import SolidName

#: Points in plane are this part of the structure's extent apart, within these bounds in mm ...
STEP_PER_SIZE, STEP_MM = 0.01, (0.3, 1.0)
#: ... but farther where a structure would need more points.
MOST_POINTS = 700_000
#: Sections to a gap between two contour planes (no closer than the points in plane), and to an end.
GAP_PARTS, END_PARTS = (2, 6), 12
#: Distances are worked out as far as this from the surface, mm; those beyond are to points of it
#: less than a step away from the nearest: too long by less than step^2 / 2 NEAR_MM.
NEAR_MM = 8.0
#: In-plane distances are followed this far, mm: outlines may move by as much between planes.
BAND_MM = 12.0
#: Half the distance between the two sections that hold a level face, mm.
FACE_MM = 5e-4
#: A point of a piece that lies farther off the surface, in steps, is not on the piece.
OFF_STEPS = 0.02
#: No shorter vector is divided by.
TINY = 1e-9


@dataclass(frozen=True, eq=False)
class Boundary:
    """The closed surface of a solid.

    Attributes
    ----------
    runs
        Its sections with in-plane distances, cut to BAND_MM.
    lattice
        The points in plane of the runs.
    area_mm2
        Areas (N,) of the pieces of the surface, one per lattice cell it crosses.
    normal
        Unit vectors (N, 3) outward.
    point_mm
        A point (N, 3) of each, patient LPS: strewn evenly, not in rows along the lattice.
    corner_mm
        Corners (M, 3) of the contours that lie on the surface.
    sections
        The solid as prisms: its slabs, or fine sections of its loft.
    """

    runs: tuple[Run, ...]
    lattice: Lattice
    area_mm2: NDArray[np.float64]
    normal: NDArray[np.float64]
    point_mm: NDArray[np.float64]
    corner_mm: NDArray[np.float64]
    sections: PlaneStack

    def __post_init__(self) -> None:
        for array in (self.area_mm2, self.normal, self.point_mm, self.corner_mm):
            lock(array)

    @classmethod
    def of(cls, stack: PlaneStack, solid: SolidName, *, step_mm: float | None = None) -> Self:
        """Find the surface of a contour stack.

        Parameters
        ----------
        stack
            The contours.
        solid
            "slab": right prisms, their walls and their level faces; "loft": the surface
            interpolated between the planes.
        step_mm
            Points in plane are so far apart; `step_of` unless given.

        Raises
        ------
        CaseRejected
            `no-volume` when the solid has no thickness.
        """
        step = step_of(stack) if step_mm is None else step_mm
        runs, lattice, sections = (_slabs if solid == "slab" else _lofted)(stack, step)
        if not runs or float(sections.thickness_mm.sum()) <= 0:
            raise CaseRejected("no-volume", seen="the solid has no thickness between its ends")
        pieces = np.concatenate([_pieces(run, lattice) for run in runs])
        area, normal, point = _strewn(pieces, runs, lattice)
        corners = _corners(stack, runs, lattice, solid)
        return cls(runs, lattice, area.copy(), normal, point, corners, sections)

    def signed_mm(self, points_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Signed distance (N,) of points (N, 3) to the surface, mm; negative inside."""
        found = _to_runs(np.ascontiguousarray(points_mm), self.runs, self.lattice)
        far = np.abs(found) >= NEAR_MM
        if far.any():
            distance, _ = self._tree.query(points_mm[far])
            found[far] = np.copysign(np.maximum(distance, NEAR_MM), found[far])
        return found

    @cached_property
    def _tree(self) -> Any:
        from scipy.spatial import cKDTree

        return cKDTree(np.concatenate([self.point_mm, self.corner_mm]))


def step_of(stack: PlaneStack) -> float:
    """Distance of points in plane, mm, that suits a structure."""
    sides = [side[1] - side[0] for side in stack.bounds_mm]
    step = float(np.clip(max(sides[:2]) * STEP_PER_SIZE, *STEP_MM))
    wide = [side + 2 * NEAR_MM for side in sides[:2]]
    while True:
        sections = sum(_parts(gap, step) for gap in np.diff(stack.z_mm)) + 2 * END_PARTS
        points = sections * math.prod(side / step for side in wide)
        if points <= MOST_POINTS:
            return step
        step *= 1.1


def _parts(gap_mm: float, step_mm: float) -> int:
    return int(np.clip(round(gap_mm / step_mm), *GAP_PARTS))


def _lattice(stack: PlaneStack, z_mm: NDArray[np.float64], step_mm: float) -> Lattice:
    (x, y, _) = stack.bounds_mm
    pad = NEAR_MM + 2 * step_mm
    return Lattice.around((x[0] - pad, x[1] + pad), (y[0] - pad, y[1] + pad), z_mm, step_mm)


def _slabs(stack: PlaneStack, step_mm: float) -> tuple[tuple[Run, ...], Lattice, PlaneStack]:
    """Each slab is its section at both of its faces, drawn in a little so that faces are pairs."""
    lattice = _lattice(stack, stack.z_mm, step_mm)
    distances = section_distances(stack, slice(0, stack.z_mm.size), lattice, BAND_MM)
    low, high = stack.z_mm - stack.below_mm, stack.z_mm + stack.above_mm
    thick = np.flatnonzero(high - low > 4 * FACE_MM)
    apart = low[thick[1:]] - high[thick[:-1]] > 4 * FACE_MM
    runs = []
    for group in np.split(thick, np.flatnonzero(apart) + 1):
        if group.size:
            layers = [_layers(low[k] + FACE_MM, high[k] - FACE_MM, step_mm) for k in group]
            z = np.concatenate(layers)
            z[0], z[-1] = low[group[0]], high[group[-1]]
            runs.append(Run(z, np.repeat(distances[group], [len(one) for one in layers], axis=0)))
    return tuple(runs), lattice, stack


def _layers(low_mm: float, high_mm: float, step_mm: float) -> NDArray[np.float64]:
    """Heights in a slab, its faces among them, so that pieces of its walls are no strips."""
    return np.linspace(low_mm, high_mm, _parts(high_mm - low_mm, step_mm) + 1)


def _lofted(stack: PlaneStack, step_mm: float) -> tuple[tuple[Run, ...], Lattice, PlaneStack]:
    """Return the loft by its runs, and the outlines in the middle between its sections."""
    faces = [_faces(stack, np.flatnonzero(stack.lobe == lobe), step_mm) for lobe in _lobes(stack)]
    middles = np.unique(np.concatenate([(one[1:] + one[:-1]) / 2 for one in faces]))
    lattice = _lattice(stack, middles, step_mm)
    runs = tuple(loft(Body.of(stack), lattice, band_mm=BAND_MM, reach_mm=0.0))
    rings, z, half = [], [], []
    for one in faces:
        own = lattice.on((one[1:] + one[:-1]) / 2)
        for k, plane in enumerate(on_planes(runs, own)):
            if plane.min() < 0:
                rings.append(trace_rings(plane, x_mm=lattice.x_mm, y_mm=lattice.y_mm))
                z.append(own.z_mm[k])
                half.append((one[k + 1] - one[k]) / 2)
    halves = np.array(half)
    sections = PlaneStack.of(rings, z_mm=np.array(z), below_mm=halves, above_mm=halves.copy())
    return runs, lattice, sections


def _lobes(stack: PlaneStack) -> NDArray[np.int64]:
    return np.unique(stack.lobe)


def _faces(stack: PlaneStack, planes: NDArray[np.int64], step_mm: float) -> NDArray[np.float64]:
    """Borders between the sections of one lobe, mm: finer where the solid closes."""
    z = stack.z_mm[planes]
    low = z[0] - 2 * stack.below_mm[planes[0]]
    high = z[-1] + 2 * stack.above_mm[planes[-1]]
    ends = [np.linspace(low, z[0], END_PARTS + 1), np.linspace(z[-1], high, END_PARTS + 1)]
    gaps = [np.linspace(a, b, _parts(b - a, step_mm) + 1) for a, b in pairwise(z)]
    faces = np.unique(np.concatenate([ends[0], *gaps, ends[1]]))
    return np.asarray(faces[np.diff(faces, prepend=-np.inf) > 1e-6], np.float64)


def _pieces(run: Run, lattice: Lattice) -> NDArray[np.float64]:
    """Pieces (N, 7) of the surface of a run, the level faces at its ends included."""
    from rtvol._kernels.boundary import surface_pieces

    field = np.concatenate([np.abs(run.field[:1]), run.field, np.abs(run.field[-1:])])
    z = np.concatenate([run.z_mm[:1] - FACE_MM, run.z_mm, run.z_mm[-1:] + FACE_MM])
    inside = field < 0
    some, every = inside, inside
    for axis in range(3):
        low, high = ((slice(None),) * axis + (part,) for part in (slice(-1), slice(1, None)))
        some, every = some[low] | some[high], every[low] & every[high]
    cells = np.argwhere(some & ~every)
    arrays = locked(field, cells, lattice.x_mm, lattice.y_mm, z)
    pieces: NDArray[np.float64] = surface_pieces(*arrays)
    return pieces


def _strewn(
    pieces: NDArray[np.float64], runs: tuple[Run, ...], lattice: Lattice
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Area (N,), unit normal (N, 3) and a point (N, 3) on the surface of each piece.

    Middles of pieces lie in rows, so that all along an edge distances come in steps, and a
    percentile or a tolerance falls between two of them. Points of a sequence of low discrepancy
    (Roberts' R2) spread evenly over the pieces instead; where that leaves the surface, at an edge,
    the middle stands.
    """
    area, middle = pieces[:, 0].copy(), pieces[:, 4:]
    normal = pieces[:, 1:4] / np.maximum(np.linalg.norm(pieces[:, 1:4], axis=1), TINY)[:, None]
    rank = np.arange(1, len(area) + 1)[:, None]
    share = (rank * np.array([0.7548776662466927, 0.5698402909980532])) % 1.0 - 0.5
    along = np.cross(normal, np.eye(3)[np.argmin(np.abs(normal), axis=1)])
    along /= np.linalg.norm(along, axis=1)[:, None]
    steps = share[:, :1] * along + share[:, 1:] * np.cross(normal, along)
    point = middle + np.sqrt(area)[:, None] * steps
    off = _to_runs(point, runs, lattice)
    lost = np.abs(off) > OFF_STEPS * lattice.step_mm
    point[lost] = middle[lost]
    off[lost] = _to_runs(middle[lost], runs, lattice)
    near = np.abs(off) < lattice.step_mm
    point[near] -= off[near, None] * normal[near]
    return area, normal, point


def _to_runs(
    points_mm: NDArray[np.float64], runs: tuple[Run, ...], lattice: Lattice
) -> NDArray[np.float64]:
    """Signed distance (N,) to the union of runs, exact below NEAR_MM and cut to it."""
    from rtvol._kernels.boundary import distances_to_run

    nearest = np.full(len(points_mm), NEAR_MM)
    out = np.empty_like(nearest)
    x0, y0 = float(lattice.x_mm[0]), float(lattice.y_mm[0])
    points = locked(np.ascontiguousarray(points_mm, dtype=np.float64))[0]
    for run in runs:
        arrays = locked(run.field, run.z_mm)
        distances_to_run(points, *arrays, x0, y0, lattice.step_mm, NEAR_MM, out)
        np.minimum(nearest, out, out=nearest)
    return nearest


def _corners(
    stack: PlaneStack, runs: tuple[Run, ...], lattice: Lattice, solid: SolidName
) -> NDArray[np.float64]:
    """Corners (M, 3) of the contours that lie on the surface.

    Those of slabs lie on it at both faces; those of a loft on their plane, and at a level end.
    """
    counts = np.diff(stack.ring_starts[stack.plane_rings])
    if solid == "slab":
        heights = [stack.z_mm - stack.below_mm, stack.z_mm + stack.above_mm]
    else:
        heights = [stack.z_mm]
    found = [np.column_stack([stack.xy_mm, np.repeat(z, counts)]) for z in heights]
    if solid == "loft":
        first = np.concatenate([[0], np.cumsum(counts)])
        for end, section in ((r.z_mm[k], r.field[k]) for r in runs for k in (0, -1)):
            if section.min() < -lattice.step_mm:  # a level end, not a tip
                plane = int(np.argmin(np.abs(stack.z_mm - end)))
                xy = stack.xy_mm[first[plane] : first[plane + 1]]
                found.append(np.column_stack([xy, np.full(len(xy), end)]))
    every = np.concatenate(found)
    return every[np.abs(_to_runs(every, runs, lattice)) < lattice.step_mm / 2]
