"""PlaneStack -> Boundary: the closed surface of a solid in pieces, and distances to it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from rtvol._kernels import locked
from rtvol.errors import CaseRejected
from rtvol.geometry import lock
from rtvol.solids.distance import on_planes
from rtvol.solids.lattice import Lattice
from rtvol.solids.loft import loft
from rtvol.solids.pieces import Body
from rtvol.solids.planes import PlaneStack
from rtvol.solids.sections import Run, section_distances
from rtvol.solids.trace import trace_planes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rtvol.solids.reading import SolidName

#: Points in plane are this part of the structure's extent apart, within these bounds in mm ...
STEP_PER_SIZE, STEP_MM = 0.01, (0.3, 1.0)
#: ... but farther where a structure would need more points.
MOST_POINTS = 500_000
#: Sections are so many steps apart, and there are so many to a gap between two contour planes, and
#: to an end.
PITCH_STEPS, GAP_PARTS, END_PARTS = 1.4, (2, 6), 10
#: Distances are worked out as far as this from the surface, mm; those beyond are to the middles
#: of its pieces, less than a step apart: too long by less than step^2 / 2 NEAR_MM.
NEAR_MM = 8.0
#: In-plane distances are followed this far, mm: outlines may move by as much between planes.
BAND_MM = 12.0
#: Half the distance between the two sections that hold a level face, mm.
FACE_MM = 5e-4
#: Sections of a loft nearer to each other hold a face between them, mm.
JUMP_MM = 3e-3
#: Heights nearer to each other are one, mm.
SAME_FACE_MM = 1e-3
#: A point of a piece that lies farther off the surface, in steps, is not on the piece.
OFF_STEPS = 0.02


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
    middle_mm
        Their middles (N, 3), but for the rounding of the lattice.
    corner_mm
        Corners (M, 3) of the contours that lie on the surface.
    faces_mm
        Heights (F,), ascending, between which a section in the middle stands for the solid.
    is_slab
        Whether it is one of right prisms.
    """

    runs: tuple[Run, ...]
    lattice: Lattice
    area_mm2: NDArray[np.float64]
    normal: NDArray[np.float64]
    point_mm: NDArray[np.float64]
    middle_mm: NDArray[np.float64]
    corner_mm: NDArray[np.float64]
    faces_mm: NDArray[np.float64]
    is_slab: bool

    def __post_init__(self) -> None:
        for array in (self.area_mm2, self.normal, self.point_mm, self.middle_mm, self.corner_mm):
            lock(array)

    @classmethod
    def of(
        cls,
        stack: PlaneStack,
        solid: SolidName,
        *,
        step_mm: float | None = None,
        faces_mm: NDArray[np.float64] | None = None,
    ) -> Self:
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
        faces_mm
            Heights between which a loft has a section; `faces_of` unless given.

        Raises
        ------
        CaseRejected
            `no-volume` when the solid has no thickness.
        """
        step = step_of(stack) if step_mm is None else step_mm
        faces = faces_of(stack, step) if faces_mm is None else faces_mm
        if solid == "slab":
            runs, lattice = _slabs(stack, step)
        else:
            runs, lattice = _lofted(stack, step, faces)
        pieces = np.concatenate([np.empty((0, 8)), *(_pieces(run, lattice) for run in runs)])
        if not len(pieces):
            raise CaseRejected(
                "no-volume",
                seen="the solid has no thickness between its ends",
                mend="use --caps half for a structure on one plane",
            )
        area, normal, middle = np.split(pieces[:, [0, 2, 3, 4, 5, 6, 7]], [1, 4], axis=1)
        point = _strewn(area, normal, middle, (runs, lattice))
        corner = _corners(stack, runs, lattice, solid)
        is_slab = solid == "slab"
        return cls(runs, lattice, area[:, 0], normal, point, middle, corner, faces, is_slab)

    def sections(self, faces_mm: NDArray[np.float64]) -> PlaneStack:
        """Return the solid as prisms between the given heights: the outlines in their middles."""
        middles, halves = (faces_mm[1:] + faces_mm[:-1]) / 2, np.diff(faces_mm) / 2
        field = on_planes(self.runs, self.lattice.on(middles))
        met = field.min(axis=(1, 2)) < 0
        x, y = self.lattice.x_mm, self.lattice.y_mm
        points, starts, plane_rings = trace_planes(field[met], x_mm=x, y_mm=y)
        half = halves[met]
        return PlaneStack(
            z_mm=middles[met],
            below_mm=half,
            above_mm=half.copy(),
            lobe=np.zeros(half.size, np.int64),
            xy_mm=points,
            ring_starts=starts,
            plane_rings=plane_rings,
        )

    def signed_mm(self, points_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Signed distance (N,) of points (N, 3) to the surface, mm; negative inside."""
        found = _to_runs(np.ascontiguousarray(points_mm), self.runs, self.lattice)
        size = np.abs(found)
        far = size >= NEAR_MM
        unsure = far | (size > self.lattice.step_mm) if self.has_jumps else far
        if unsure.any():
            # what lies on the surface is never nearer than it
            distance, _ = self._tree.query(points_mm[unsure])
            size[unsure] = np.where(far[unsure], distance, np.minimum(size[unsure], distance))
        return np.copysign(size, found)

    @cached_property
    def has_jumps(self) -> bool:
        """Whether the outline of a loft jumps: its fields are then no distances in plane there."""
        return not self.is_slab and any(
            (np.diff(run.z_mm)[1:-1] < JUMP_MM).any() for run in self.runs
        )

    @cached_property
    def _tree(self) -> Any:
        from scipy.spatial import cKDTree

        return cKDTree(np.concatenate([self.middle_mm, self.corner_mm]))


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
    return int(np.clip(round(gap_mm / (PITCH_STEPS * step_mm)), *GAP_PARTS))


def _lattice(stack: PlaneStack, z_mm: NDArray[np.float64], step_mm: float) -> Lattice:
    (x, y, _) = stack.bounds_mm
    pad = NEAR_MM + 2 * step_mm
    return Lattice.around((x[0] - pad, x[1] + pad), (y[0] - pad, y[1] + pad), z_mm, step_mm)


def _slabs(stack: PlaneStack, step_mm: float) -> tuple[tuple[Run, ...], Lattice]:
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
    return tuple(runs), lattice


def _layers(low_mm: float, high_mm: float, step_mm: float) -> NDArray[np.float64]:
    """Heights in a slab, its faces among them, so that pieces of its walls are no strips."""
    return np.linspace(low_mm, high_mm, _parts(high_mm - low_mm, step_mm) + 1)


def _lofted(
    stack: PlaneStack, step_mm: float, faces_mm: NDArray[np.float64]
) -> tuple[tuple[Run, ...], Lattice]:
    """Return the loft by its runs; its dense planes lie in the middle between the faces."""
    lattice = _lattice(stack, (faces_mm[1:] + faces_mm[:-1]) / 2, step_mm)
    if not lattice.z_mm.size:
        return (), lattice
    return tuple(loft(Body.of(stack), lattice, band_mm=BAND_MM, reach_mm=0.0)), lattice


def faces_of(stack: PlaneStack, step_mm: float) -> NDArray[np.float64]:
    """Heights, ascending, mm, that part a loft as finely as its points in plane lie."""
    lobes = (np.flatnonzero(stack.lobe == lobe) for lobe in np.unique(stack.lobe))
    return merged_faces([_faces(stack, planes, step_mm) for planes in lobes])


def merged_faces(every: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return all heights of several solids, ascending; of those that coincide the lowest."""
    faces = np.unique(np.concatenate(every))
    return np.asarray(faces[np.diff(faces, prepend=-np.inf) > SAME_FACE_MM], np.float64)


def _faces(stack: PlaneStack, planes: NDArray[np.int64], step_mm: float) -> NDArray[np.float64]:
    """Borders between the sections of one lobe, mm: finer where the solid closes."""
    z = stack.z_mm[planes]
    low = z[0] - 2 * stack.below_mm[planes[0]]
    high = z[-1] + 2 * stack.above_mm[planes[-1]]
    ends = [np.linspace(low, z[0], END_PARTS + 1), np.linspace(z[-1], high, END_PARTS + 1)]
    gaps = [np.linspace(a, b, _parts(b - a, step_mm) + 1) for a, b in pairwise(z)]
    return merged_faces([ends[0], *gaps, ends[1]])


def _pieces(run: Run, lattice: Lattice) -> NDArray[np.float64]:
    """Pieces (N, 8) of the surface of a run, the level faces at its ends included."""
    from rtvol._kernels.boundary import surface_pieces

    field = np.concatenate([np.abs(run.field[:1]), run.field, np.abs(run.field[-1:])])
    z = np.concatenate([run.z_mm[:1] - FACE_MM, run.z_mm, run.z_mm[-1:] + FACE_MM])
    cells = cut_cells(field)
    arrays = locked(field, cells, lattice.x_mm, lattice.y_mm, z)
    pieces: NDArray[np.float64] = surface_pieces(*arrays)
    return pieces


def cut_cells(field: NDArray[np.float32]) -> NDArray[np.int64]:
    """First corners (C, 3), k j i, of the cells of a field with corners inside and outside."""
    inside = field < 0
    some, every = inside, inside
    for axis in range(3):
        low, high = ((slice(None),) * axis + (part,) for part in (slice(-1), slice(1, None)))
        some, every = some[low] | some[high], every[low] & every[high]
    return np.argwhere(some & ~every)


def _strewn(
    area: NDArray[np.float64],
    normal: NDArray[np.float64],
    middle: NDArray[np.float64],
    solid: tuple[tuple[Run, ...], Lattice],
) -> NDArray[np.float64]:
    """Return a point (N, 3) of each piece, on the surface.

    Middles of pieces lie in rows, so that all along an edge distances come in steps, and a
    percentile or a tolerance falls between two of them. Points of a sequence of low discrepancy
    (Roberts' R2) spread evenly over the pieces instead; where that leaves the surface, at an edge,
    the middle stands.
    """
    runs, lattice = solid
    rank = np.arange(1, len(area) + 1)[:, None]
    share = (rank * np.array([0.7548776662466927, 0.5698402909980532])) % 1.0 - 0.5
    along = np.cross(normal, np.eye(3)[np.argmin(np.abs(normal), axis=1)])
    along /= np.linalg.norm(along, axis=1)[:, None]
    steps = share[:, :1] * along + share[:, 1:] * np.cross(normal, along)
    point = middle + np.sqrt(area) * steps
    off = _to_runs(point, runs, lattice)
    lost = np.abs(off) > OFF_STEPS * lattice.step_mm
    point[lost] = middle[lost]
    off[lost] = _to_runs(middle[lost], runs, lattice)
    near = np.abs(off) < lattice.step_mm
    point[near] -= off[near, None] * normal[near]
    return np.asarray(point, np.float64)


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
