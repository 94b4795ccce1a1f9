"""PlaneStack -> Boundary: the closed surface of a solid in pieces, and distances to it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from rtvol._kernels import locked
from rtvol.errors import CaseRejected
from rtvol.geometry import lock
from rtvol.solids.corners import corners_of
from rtvol.solids.distance import on_planes
from rtvol.solids.lattice import Lattice, Spots
from rtvol.solids.layers import faces_of, parts_of, step_of
from rtvol.solids.loft import loft
from rtvol.solids.nearest import NEAR_MM, to_runs
from rtvol.solids.pieces import Body
from rtvol.solids.planes import PlaneStack
from rtvol.solids.sections import Run, section_distances
from rtvol.solids.trace import trace_planes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtvol.frames import Box
    from rtvol.solids.reading import SolidName

#: In-plane distances are followed this far, mm, and to the middle of what closes: outlines may move
#: by as much between planes.
BAND_MM = 12.0
#: Half the distance between the two sections that hold a level face, mm.
FACE_MM = 5e-4
#: Sections of a loft nearer to each other hold a face between them, mm.
JUMP_MM = 3e-3
#: An outline jumps where it moves by more than this part of a step from one face to the other.
JUMP_STEPS = 0.2
#: A piece reaches at least so far around its middle, in roots of its area.
DISC = 0.25
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
    drawn
        The contours: of a loft with the pieces they make.
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
    drawn: PlaneStack | Body

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
            body = None
            faces = np.unique([stack.z_mm - stack.below_mm, stack.z_mm + stack.above_mm])
            lattice = _lattice(stack, stack.z_mm, step, box_mm)
            runs = _slabs(stack, step, lattice)
        else:
            body = Body.of(stack) if body is None else body
            faces = faces_of(body, step) if faces_mm is None else faces_mm
            # dense planes lie in the middle between the faces
            lattice = _lattice(stack, (faces[1:] + faces[:-1]) / 2, step, box_mm)
            runs = _lofted(body, lattice)
        pieces = np.concatenate([np.empty((0, 8)), *(_pieces(run, lattice) for run in runs)])
        if not len(pieces):
            raise CaseRejected(
                "no-volume",
                seen="the solid has no thickness between its ends",
                mend="use --caps half for a structure on one plane",
            )
        area, normal, middle = np.split(pieces[:, [0, 2, 3, 4, 5, 6, 7]], [1, 4], axis=1)
        point = _strewn(pieces, runs, lattice)
        corner, lost = corners_of(stack, runs, lattice, solid)
        drawn = body or stack
        return cls(runs, lattice, area[:, 0], normal, point, middle, corner, lost, faces, drawn)

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

    def outline(self, z_mm: float) -> list[NDArray[np.float64]]:
        """Rings (n, 2), mm, of the section at a height."""
        field = on_planes(self.runs, self.lattice.on(np.array([z_mm])))
        points, starts, _ = trace_planes(field, x_mm=self.lattice.x_mm, y_mm=self.lattice.y_mm)
        return np.split(points, starts[1:-1]) if starts.size > 1 else []

    def signed_mm(self, points_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Signed distance (N,) of points (N, 3) to the surface, mm; negative inside."""
        found = to_runs(np.ascontiguousarray(points_mm), self.runs, self.lattice)
        size = np.abs(found)
        far = size >= NEAR_MM
        unsure = far | (size > self.lattice.step_mm) if self.has_jumps else far
        if unsure.any():
            # what lies on the surface is never nearer than it
            distance = self._to_pieces(points_mm[unsure])
            size[unsure] = np.where(far[unsure], distance, np.minimum(size[unsure], distance))
        return np.copysign(size, found)

    def exactly_mm(self, points_mm: NDArray[np.float64], limit_mm: float) -> NDArray[np.float64]:
        """Return `signed_mm` of a few points by the contours themselves, to any distance.

        The lattice rounds corners of contours by a part of its step; here the distance in plane is
        that to the polygons. Distances beyond the limit, mm, are cut to it.
        """
        from rtvol._kernels.boundary import distances_to_run

        where = Spots(points_mm[:, :2].copy(), self.lattice.z_mm)
        if isinstance(self.drawn, Body):
            runs = _lofted(self.drawn, where, limit_mm + BAND_MM)
        else:
            runs = _slabs(self.drawn, np.inf, where, limit_mm)
        # each spot is a point of a lattice of its own, of step 1
        count = len(points_mm)
        places = np.column_stack([np.arange(count), np.zeros(count), points_mm[:, 2]])
        nearest, out = np.full(count, limit_mm), np.empty(count)
        for run in runs:
            field = np.empty((run.z_mm.size, 2, count + 1), np.float32)
            field[:, :, :count], field[:, :, count] = run.field, 0.0
            distances_to_run(*locked(places, field, run.z_mm), 0.0, 0.0, 1.0, limit_mm, out)
            np.minimum(nearest, out, out=nearest)
        return nearest

    def lower_to_pieces(
        self, points_mm: NDArray[np.float64], apart_mm: NDArray[np.float64]
    ) -> None:
        """Let no distance (N,) of points (N, 3) exceed that to a piece of the surface.

        Between planes whose outlines differ much, and beyond the last one, the field of a loft is 0
        where the surface is, but grows faster than the distance to it.
        """
        from rtvol._kernels.boundary import lower_to_pieces

        if isinstance(self.drawn, Body):
            pieces = locked(self.area_mm2, self.normal, self.middle_mm)
            lower_to_pieces(*locked(points_mm), *pieces, DISC, apart_mm)

    @cached_property
    def has_jumps(self) -> bool:
        """Whether the outline of a loft jumps: its fields are then no distances in plane there."""
        return isinstance(self.drawn, Body) and any(
            _jumps(run, self.lattice.step_mm) for run in self.runs
        )

    def _to_pieces(self, points_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Distance (N,), mm, of points to the disc of the piece whose middle is nearest."""
        distance, nearest = self._tree.query(points_mm)
        is_piece = nearest < len(self.middle_mm)
        at = nearest[is_piece]
        way = points_mm[is_piece] - self.middle_mm[at]
        off = np.einsum("nc,nc->n", way, self.normal[at])
        beside = np.sqrt(np.maximum(distance[is_piece] ** 2 - off**2, 0))
        beside = np.maximum(beside - DISC * np.sqrt(self.area_mm2[at]), 0)
        distance[is_piece] = np.hypot(off, beside)
        return np.asarray(distance, np.float64)

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
    stack: PlaneStack, step_mm: float, where: Lattice | Spots, band_mm: float = BAND_MM
) -> tuple[Run, ...]:
    """Each slab is its section at both of its faces, drawn in a little so that faces are pairs."""
    distances = section_distances(stack, slice(0, stack.z_mm.size), where, band_mm)
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
    return tuple(runs)


def _layers(low_mm: float, high_mm: float, step_mm: float) -> NDArray[np.float64]:
    """Heights in a slab, its faces among them, so that pieces of its walls are no strips."""
    return np.linspace(low_mm, high_mm, parts_of(high_mm - low_mm, step_mm) + 1)


def _lofted(body: Body, where: Lattice | Spots, band_mm: float = BAND_MM) -> tuple[Run, ...]:
    """Return the loft by its runs."""
    if not where.z_mm.size:
        return ()
    band = max([band_mm, *body.end_depths_mm])
    return tuple(loft(body, where, band_mm=band, reach_mm=BAND_MM))


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
    off = to_runs(point, runs, lattice)
    lost = np.abs(off) > OFF_STEPS * lattice.step_mm
    point[lost] = middle[lost]
    off[lost] = to_runs(middle[lost], runs, lattice)
    near = np.abs(off) < lattice.step_mm
    point[near] -= off[near, None] * normal[near]
    return point
