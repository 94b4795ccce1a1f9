"""PlaneStack -> Boundary: the closed surface of a solid in pieces, and distances to it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from rtvol._kernels import locked
from rtvol.errors import CaseRejected
from rtvol.geometry import lock
from rtvol.solids.lattice import Lattice
from rtvol.solids.layers import faces_of, parts_of, step_of
from rtvol.solids.loft import loft
from rtvol.solids.pieces import Body
from rtvol.solids.planes import PlaneStack
from rtvol.solids.sections import Run, section_distances

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtvol.frames import Box
    from rtvol.solids.reading import SolidName

#: Distances are worked out as far as this from the surface, mm; those beyond are to the middles
#: of its pieces, less than a step apart: too long by less than step^2 / 2 NEAR_MM.
NEAR_MM = 8.0
#: In-plane distances are followed this far, mm, and to the middle of what closes: outlines may move
#: by as much between planes.
BAND_MM = 12.0
#: Half the distance between the two sections that hold a level face, mm.
FACE_MM = 5e-4
#: Sections of a loft nearer to each other hold a face between them, mm.
JUMP_MM = 3e-3
#: An outline jumps where it moves by more than this part of a step from one face to the other.
JUMP_STEPS = 0.2
#: Corners at which an outline turns by less, in sines of half the angle, are as round as lattices
#: make them.
BEND = 0.1
#: A point of a piece that lies farther off the surface, in steps, is not on the piece.
OFF_STEPS = 0.02


@dataclass(frozen=True, eq=False)
class Boundary:
    """The closed surface of a solid.

    Attributes
    ----------
    runs
        Its sections with in-plane distances, cut to BAND_MM or more.
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
    corner_mm, corner_mm2
        Corners (M, 3) of the contours that lie on the surface, and the area (M,) that the pieces
        beside each lack of it where the lattice rounds it.
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
    corner_mm2: NDArray[np.float64]
    faces_mm: NDArray[np.float64]
    is_slab: bool

    def __post_init__(self) -> None:
        for array in vars(self).values():
            if isinstance(array, np.ndarray):
                lock(array)

    @classmethod
    def of(
        cls,
        stack: PlaneStack,
        solid: SolidName,
        *,
        step_mm: float | None = None,
        faces_mm: NDArray[np.float64] | None = None,
        body: Body | None = None,
        box_mm: Box | None = None,
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
        body
            The stack's, where it is known already.
        box_mm
            Distances are asked for in this box, and about the solid itself; farther than NEAR_MM
            from the contours they are never exact.

        Raises
        ------
        CaseRejected
            `no-volume` when the solid has no thickness.
        """
        step = step_of(stack) if step_mm is None else step_mm
        if solid == "slab":
            faces = np.unique([stack.z_mm - stack.below_mm, stack.z_mm + stack.above_mm])
            runs, lattice = _slabs(stack, step, box_mm)
        else:
            body = Body.of(stack) if body is None else body
            faces = faces_of(body, step) if faces_mm is None else faces_mm
            runs, lattice = _lofted(body, step, faces, box_mm)
        pieces = np.concatenate([np.empty((0, 8)), *(_pieces(run, lattice) for run in runs)])
        if not len(pieces):
            raise CaseRejected(
                "no-volume",
                seen="the solid has no thickness between its ends",
                mend="use --caps half for a structure on one plane",
            )
        area, normal, middle = np.split(pieces[:, [0, 2, 3, 4, 5, 6, 7]], [1, 4], axis=1)
        point = _strewn(pieces, runs, lattice)
        corner, lost = _corners(stack, runs, lattice, solid)
        is_slab = solid == "slab"
        return cls(runs, lattice, area[:, 0], normal, point, middle, corner, lost, faces, is_slab)

    def sections(self, faces_mm: NDArray[np.float64]) -> PlaneStack:
        """Return the solid as prisms between the given heights: the outlines in their middles."""
        middles, halves = (faces_mm[1:] + faces_mm[:-1]) / 2, np.diff(faces_mm) / 2
        rings = [self.outline(float(z)) for z in middles]
        met = np.flatnonzero([bool(traced) for traced in rings])
        return PlaneStack.of(
            [rings[k] for k in met],
            z_mm=middles[met],
            below_mm=halves[met],
            above_mm=halves[met],
        )

    def outline(self, z_mm: float) -> list[NDArray[np.float64]]:
        """Rings (n, 2), mm, of the section at a height."""
        from rtvol._kernels.boundary import section_at
        from rtvol._kernels.trace import trace

        field, box = np.full(self.lattice.shape_ji, BAND_MM), np.zeros(4, np.int64)
        for run in self.runs:
            if run.z_mm[0] <= z_mm <= run.z_mm[-1]:
                box = section_at(*locked(run.field, run.z_mm), z_mm, field)
        if not box[1]:
            return []
        rows, columns = (slice(max(box[n] - 1, 0), box[n + 1] + 1) for n in (0, 2))
        x, y = self.lattice.x_mm[columns], self.lattice.y_mm[rows]
        points, starts = trace(*locked(field[rows, columns].copy()), 0.0, *locked(x, y))
        return np.split(points, starts[1:-1]) if starts.size > 1 else []

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
        return not self.is_slab and any(_jumps(run, self.lattice.step_mm) for run in self.runs)

    @cached_property
    def _tree(self) -> Any:
        from scipy.spatial import cKDTree

        return cKDTree(np.concatenate([self.middle_mm, self.corner_mm]))


def _jumps(run: Run, step_mm: float) -> bool:
    """Whether an outline moves by more than a part of a step within the height of a face."""
    for k in np.flatnonzero(np.diff(run.z_mm)[1:-1] < JUMP_MM) + 1:
        low, high = run.field[k], run.field[k + 1]
        if (((low < 0) != (high < 0)) & (np.abs(high - low) > JUMP_STEPS * step_mm)).any():
            return True
    return False


def _lattice(
    stack: PlaneStack, z_mm: NDArray[np.float64], step_mm: float, box_mm: Box | None
) -> Lattice:
    """Points as far around the contours as distances are exact, or are asked for.

    A solid stands out beyond its contours by no more than a quarter of a gap between two planes.
    """
    rim = 2 * step_mm + min(np.diff(stack.z_mm).max(initial=0.0) / 4, NEAR_MM)
    sides = []
    for axis in (0, 1):
        low, high = stack.bounds_mm[axis]
        reach = (low - NEAR_MM, high + NEAR_MM)
        if box_mm is not None:
            reach = (
                max(reach[0], min(low, box_mm[axis][0])),
                min(reach[1], max(high, box_mm[axis][1])),
            )
        sides.append((reach[0] - rim, reach[1] + rim))
    return Lattice.around(sides[0], sides[1], z_mm, step_mm)


def _slabs(
    stack: PlaneStack, step_mm: float, box_mm: Box | None
) -> tuple[tuple[Run, ...], Lattice]:
    """Each slab is its section at both of its faces, drawn in a little so that faces are pairs."""
    lattice = _lattice(stack, stack.z_mm, step_mm, box_mm)
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
    return np.linspace(low_mm, high_mm, parts_of(high_mm - low_mm, step_mm) + 1)


def _lofted(
    body: Body, step_mm: float, faces_mm: NDArray[np.float64], box_mm: Box | None
) -> tuple[tuple[Run, ...], Lattice]:
    """Return the loft by its runs; its dense planes lie in the middle between the faces."""
    lattice = _lattice(body.stack, (faces_mm[1:] + faces_mm[:-1]) / 2, step_mm, box_mm)
    if not lattice.z_mm.size:
        return (), lattice
    band = max([BAND_MM, *body.end_depths_mm])
    return tuple(loft(body, lattice, band_mm=band, reach_mm=BAND_MM)), lattice


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
    from rtvol._kernels.boundary import cut_cells as cut

    cells: NDArray[np.int64] = cut(*locked(field))
    return cells


def _strewn(
    pieces: NDArray[np.float64], runs: tuple[Run, ...], lattice: Lattice
) -> NDArray[np.float64]:
    """Return a point (N, 3) of each piece, on the surface.

    Middles of pieces lie in rows, so that all along an edge distances come in steps, and a
    percentile or a tolerance falls between two of them. Points of a sequence of low discrepancy
    spread evenly over the pieces instead; where that leaves the surface, at an edge, the middle
    stands.
    """
    from rtvol._kernels.boundary import strewn_points

    normal, middle = pieces[:, 2:5], pieces[:, 5:8]
    point: NDArray[np.float64] = strewn_points(*locked(pieces))
    off = _to_runs(point, runs, lattice)
    lost = np.abs(off) > OFF_STEPS * lattice.step_mm
    point[lost] = middle[lost]
    off[lost] = _to_runs(middle[lost], runs, lattice)
    near = np.abs(off) < lattice.step_mm
    point[near] -= off[near, None] * normal[near]
    return point


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
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Corners (M, 3) of the contours that lie on the surface, and the area (M,) lost at each, mm2.

    Those of slabs lie on it at both faces; those of a loft on their plane, and at a level end.
    """
    counts = np.diff(stack.ring_starts[stack.plane_rings])
    lost = _lost_mm(stack, runs, lattice) * np.repeat(stack.thickness_mm, counts)
    if solid == "slab":
        heights, areas = [stack.z_mm - stack.below_mm, stack.z_mm + stack.above_mm], [lost / 2] * 2
    else:
        heights, areas = [stack.z_mm], [lost]
    found = [np.column_stack([stack.xy_mm, np.repeat(z, counts)]) for z in heights]
    if solid == "loft":
        first = np.concatenate([[0], np.cumsum(counts)])
        for end, section in ((r.z_mm[k], r.field[k]) for r in runs for k in (0, -1)):
            if section.min() < -lattice.step_mm:  # a level end, not a tip
                plane = int(np.argmin(np.abs(stack.z_mm - end)))
                xy = stack.xy_mm[first[plane] : first[plane + 1]]
                found.append(np.column_stack([xy, np.full(len(xy), end)]))
                areas.append(np.zeros(len(xy)))
    every = np.concatenate(found)
    met = np.abs(_to_runs(every, runs, lattice)) < lattice.step_mm / 2
    return every[met], np.concatenate(areas)[met]


def _lost_mm(stack: PlaneStack, runs: tuple[Run, ...], lattice: Lattice) -> NDArray[np.float64]:
    """How much of its outline (N,) each corner of a stack loses to the lattice, mm."""
    from rtvol._kernels.boundary import corner_losses

    lost = np.zeros(len(stack.xy_mm))
    x0, y0 = float(lattice.x_mm[0]), float(lattice.y_mm[0])
    arrays = locked(stack.xy_mm, stack.ring_starts)
    for plane, z in enumerate(stack.z_mm.tolist()):
        rings = stack.plane_rings[plane : plane + 2].tolist()
        for run in runs:
            if run.z_mm[0] <= z <= run.z_mm[-1]:
                near = int(np.argmin(np.abs(run.z_mm - z)))
                (section,) = locked(run.field[near])
                corner_losses(*arrays, *rings, section, x0, y0, lattice.step_mm, BEND, lost)
    return lost
