"""Two drawings of one structure: volumes, overlap, and how far their surfaces lie apart."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from rtvol._kernels import locked
from rtvol.frames import AXIAL
from rtvol.geometry import ON_PLANE_MM
from rtvol.solids.areas import plane_areas_mm2
from rtvol.solids.boundary import STEP_MM, Boundary, faces_of, merged_faces, step_of
from rtvol.solids.distance import on_planes
from rtvol.solids.planes import PlaneStack
from rtvol.solids.trace import trace_rings
from rtvol.solids.turned import cut_across

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from rtvol.frames import PlaneFrame
    from rtvol.solids.reading import SolidName

    Rings = list[NDArray[np.float64]]

#: Lattice steps of two drawings that differ by less than this factor become one.
ALIKE = 1.5
#: Within so many lattice steps a corner's own distance to its own surface is taken off.
NEAR_STEPS = 2.0
#: No point lies farther off its own surface, in these.
MOST_OFF = 2.0
#: Less than this part of an area is round-off.
SAME_AREA = 1e-9
#: Outlines are looked at in parts of this length, mm.
PART_MM = 0.2
#: Part of a surface that lies nearer than the distance given as its 95th percentile.
MOST = 0.95


@dataclass(frozen=True)
class AddedPath:
    """Outline of the reference on one plane, mm: all of it, and what the drawing has not."""

    z_mm: float
    path_mm: float
    added_mm: float


@dataclass(frozen=True)
class Directed:
    """Distances from all of one surface to the other: area-weighted, mm, never negative.

    Attributes
    ----------
    area_cm2
        Area of the surface they start from.
    mean_mm, p95_mm
        Mean, and what 95 % of the area lies within.
    largest_mm
        Directed Hausdorff distance.
    at_mm
        Where that is, patient LPS x, y, z.
    within
        By tolerance in mm, the part of the area that lies within it.
    """

    area_cm2: float
    mean_mm: float
    p95_mm: float
    largest_mm: float
    at_mm: tuple[float, float, float]
    within: Mapping[float, float]


@dataclass(frozen=True)
class Agreement:
    """How a drawing A agrees with a drawing B, the reference.

    Attributes
    ----------
    solid
        "slab" or "loft": what both are read as, for every number here.
    a_cc, b_cc, shared_cc
        Volumes of A, of B, and of what they share, cc.
    from_a, from_b
        Distances from the surface of A to that of B, and back.
    pooled_p95_mm
        95th percentile of both sets of distances taken together, mm.
    shift_mm
        Centroid of B less that of A, patient LPS x, y, z: towards left, posterior, superior.
    paths
        Outline of B, plane by plane, and what of it A has not.
    """

    solid: SolidName
    a_cc: float
    b_cc: float
    shared_cc: float
    from_a: Directed
    from_b: Directed
    pooled_p95_mm: float
    shift_mm: tuple[float, float, float]
    paths: tuple[AddedPath, ...] = field(repr=False)

    @property
    def dice(self) -> float:
        """2 |A and B| / (|A| + |B|) (Dice 1945)."""
        return 2 * self.shared_cc / (self.a_cc + self.b_cc)

    @property
    def mean_mm(self) -> float:
        """Mean distance over both surfaces together, mm."""
        a, b = self.from_a, self.from_b
        total = a.mean_mm * a.area_cm2 + b.mean_mm * b.area_cm2
        return total / (a.area_cm2 + b.area_cm2)

    @property
    def p95_mm(self) -> float:
        """Greater of the two directed 95th percentiles, mm."""
        return max(self.from_a.p95_mm, self.from_b.p95_mm)

    @property
    def largest_mm(self) -> float:
        """Hausdorff distance: the greater of the two directed ones, mm."""
        return max(self.from_a.largest_mm, self.from_b.largest_mm)

    @property
    def largest_at_mm(self) -> tuple[float, float, float]:
        """Where the surfaces lie farthest apart, patient LPS, mm."""
        first = self.from_a.largest_mm >= self.from_b.largest_mm
        return self.from_a.at_mm if first else self.from_b.at_mm

    @property
    def surface_dice(self) -> dict[float, float]:
        """By tolerance in mm: part of both surfaces within it of the other (Nikolov 2021)."""
        a, b = self.from_a, self.from_b
        total = a.area_cm2 + b.area_cm2
        return {
            mm: (a.within[mm] * a.area_cm2 + b.within[mm] * b.area_cm2) / total for mm in a.within
        }

    @property
    def shift_length_mm(self) -> float:
        """Distance of the two centroids, mm."""
        return math.hypot(*self.shift_mm)

    @property
    def added_path_mm(self) -> float:
        """Outline of B that A has not, over all planes of B, mm (Vaassen 2020)."""
        return sum(path.added_mm for path in self.paths)

    @property
    def path_mm(self) -> float:
        """All outline of B, mm."""
        return sum(path.path_mm for path in self.paths)


def agree(
    one: PlaneStack,
    other: PlaneStack,
    *,
    solid: SolidName = "loft",
    tolerances_mm: Sequence[float] = (2.0,),
    path_tolerance_mm: float = 1.0,
) -> Agreement:
    """Compare two drawings, in one frame of reference, on whatever planes each was drawn.

    Parameters
    ----------
    one, other
        Contours of A and of B, the reference. Where their planes are turned against each other, B
        is cut along those of A (`rtvol.solids.turned`).
    solid
        What both are read as.
    tolerances_mm
        Of the surface Dice coefficient.
    path_tolerance_mm
        Outline of B within this of A's outline, in plane, need not be added.

    Raises
    ------
    CaseRejected
        `no-volume` where one has no thickness.
    """
    frame = one.frame
    one, other = (
        stack if stack.frame.is_axial else replace(stack, frame=AXIAL)
        for stack in (one, cut_across(other, frame))
    )
    steps = [step_of(one), step_of(other)]
    if max(steps) < ALIKE * min(steps):  # what sharp corners are rounded by is then the same
        steps = [min(steps)] * 2
    a, b = _surfaces((one, other), steps, solid)
    if a.has_jumps or b.has_jumps:  # what jumps is known to a part of a step only
        a, b = _surfaces((one, other), [max(step / 2, STEP_MM[0]) for step in steps], solid)
    is_same = _same(one, other)
    apart = _apart(a, b, is_same=is_same), _apart(b, a, is_same=is_same)
    from_a, from_b = (
        _directed(side, *mm, tolerances_mm, frame) for side, mm in zip((a, b), apart, strict=True)
    )
    pooled = _percentile(
        np.concatenate([apart[0][0], apart[1][0]]), np.concatenate([a.area_mm2, b.area_mm2])
    )
    prisms = [one, other]
    if solid == "loft":
        prisms = [side.sections(side.faces_mm) for side in (a, b)]
    volumes, centres = zip(*map(moments, prisms), strict=True)
    shift = frame.to_patient(centres[1] - centres[0])
    return Agreement(
        solid=solid,
        a_cc=volumes[0],
        b_cc=volumes[1],
        shared_cc=volumes[0] if is_same else min(_shared_cc(*prisms), *volumes),
        from_a=from_a,
        from_b=from_b,
        pooled_p95_mm=pooled,
        shift_mm=(float(shift[0]), float(shift[1]), float(shift[2])),
        paths=tuple(_added_paths(one, a, other, path_tolerance_mm)),
    )


def _surfaces(
    stacks: tuple[PlaneStack, PlaneStack], steps: Sequence[float], solid: SolidName
) -> list[Boundary]:
    """Return both surfaces, with sections at the same heights.

    Steps of one that have no partner in the other would be a difference.
    """
    pairs = list(zip(stacks, steps, strict=True))
    faces = merged_faces([faces_of(stack, step) for stack, step in pairs])
    return [
        Boundary.of(stack, solid, step_mm=step, faces_mm=_between(faces, faces_of(stack, step)))
        for stack, step in pairs
    ]


def _between(faces_mm: NDArray[np.float64], own_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Those of the faces that lie within a solid's own."""
    within = (faces_mm >= own_mm[0]) & (faces_mm <= own_mm[-1])
    return np.asarray(faces_mm[within], np.float64)


def _same(one: PlaneStack, other: PlaneStack) -> bool:
    """Whether two stacks are one drawing, point by point."""
    return all(
        np.array_equal(mine, its)
        for mine, its in zip(vars(one).values(), vars(other).values(), strict=True)
        if isinstance(mine, np.ndarray)
    )


def _apart(
    side: Boundary, other: Boundary, *, is_same: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Distances of the pieces (N,) and of the corners (M,) of one surface to the other, mm.

    At sharp corners and jumps the field between lattice points is not quite a distance, for both
    surfaces alike: what a point seems to lie off its own is taken off where the other passes near.
    """
    if is_same:
        return np.zeros(len(side.point_mm)), np.zeros(len(side.corner_mm))
    points = np.concatenate([side.point_mm, side.corner_mm])
    apart = other.signed_mm(points)
    reach = NEAR_STEPS * side.lattice.step_mm
    near = np.abs(apart) < MOST_OFF * reach
    own = side.signed_mm(points[near])
    beyond = (np.abs(apart[near]) - np.abs(own)) / reach
    apart[near] -= np.clip(1 - beyond, 0, 1) * own
    pieces, corners = np.split(np.abs(apart), [len(side.point_mm)])
    return pieces, corners


def _directed(
    side: Boundary,
    pieces_mm: NDArray[np.float64],
    corners_mm: NDArray[np.float64],
    tolerances_mm: Sequence[float],
    frame: PlaneFrame,
) -> Directed:
    every = np.concatenate([pieces_mm, corners_mm])
    farthest = int(np.argmax(every))
    points = np.concatenate([side.point_mm, side.corner_mm])
    x, y, z = frame.to_patient(points[farthest]).tolist()
    area = float(side.area_mm2.sum())
    return Directed(
        area_cm2=area / 100,
        mean_mm=float(np.dot(pieces_mm, side.area_mm2)) / area,
        p95_mm=_percentile(pieces_mm, side.area_mm2),
        largest_mm=float(every[farthest]),
        at_mm=(x, y, z),
        within={mm: float(side.area_mm2[pieces_mm <= mm].sum()) / area for mm in tolerances_mm},
    )


def _percentile(distances_mm: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Return the least distance that MOST of the weight lies within."""
    order = np.argsort(distances_mm)
    reached = np.cumsum(weights[order])
    at = int(np.searchsorted(reached, MOST * reached[-1]))
    return float(distances_mm[order[min(at, len(order) - 1)]])


def _shared_cc(one: PlaneStack, other: PlaneStack) -> float:
    """Volume, cc, that two prism solids share, exact.

    Slab by slab of both, |A and B| = (|A| + |B| - |A xor B|) / 2; the even-odd region of the rings
    of both is what only one of them holds.
    """
    sides = [(s.z_mm - s.below_mm, s.z_mm + s.above_mm) for s in (one, other)]
    faces = np.unique(np.concatenate([face for side in sides for face in side]))
    middles = (faces[1:] + faces[:-1]) / 2
    held = [np.searchsorted(low, middles) - 1 for low, _ in sides]
    met = [
        (at >= 0) & (middles < high[np.maximum(at, 0)])
        for at, (_, high) in zip(held, sides, strict=True)
    ]
    both = met[0] & met[1]
    if not both.any():
        return 0.0
    pairs = [(int(a), int(b)) for a, b in zip(held[0][both], held[1][both], strict=True)]
    rings = [[*_rings(one, a), *_rings(other, b)] for a, b in pairs]
    xor = PlaneStack.of(
        rings, z_mm=middles[both], below_mm=np.zeros(len(pairs)), above_mm=np.zeros(len(pairs))
    )
    only = plane_areas_mm2(xor.xy_mm, xor.ring_starts, xor.plane_rings)
    areas = [
        plane_areas_mm2(s.xy_mm, s.ring_starts, s.plane_rings)[at[both]]
        for s, at in zip((one, other), held, strict=True)
    ]
    shared = (areas[0] + areas[1] - only) / 2
    shared[shared < SAME_AREA * np.minimum(*areas)] = 0.0
    return float(np.dot(shared, np.diff(faces)[both])) / 1000


def moments(stack: PlaneStack) -> tuple[float, NDArray[np.float64]]:
    """Volume, cc, and centroid (3,), mm in its frame, of prisms."""
    from rtvol._kernels.moments import plane_moments

    area, along_x, along_y = plane_moments(
        *locked(stack.xy_mm, stack.ring_starts, stack.plane_rings)
    ).T
    thick = stack.thickness_mm
    z = stack.z_mm + (stack.above_mm - stack.below_mm) / 2
    volume = float(np.dot(area, thick))
    sums = np.array([np.dot(along_x, thick), np.dot(along_y, thick), np.dot(area * z, thick)])
    return volume / 1000, sums / volume


def _added_paths(
    one: PlaneStack, drawing: Boundary, reference: PlaneStack, tolerance_mm: float
) -> list[AddedPath]:
    """Follow the outline of the reference plane by plane, in the plane alone."""
    from rtvol._kernels.depth import depths_at

    found = []
    for plane, z in enumerate(reference.z_mm):
        rings = _rings(reference, plane)
        parts = [_parts(ring) for ring in rings]
        lengths = np.concatenate([length for _, length in parts])
        middles = np.concatenate([middle for middle, _ in parts])
        near = _section(one, drawing, float(z))
        added = np.ones(len(lengths), bool)
        if near:
            starts = np.cumsum([0, *map(len, near)], dtype=np.int64)
            apart = depths_at(middles, *locked(np.concatenate(near), starts), 0, len(near))
            added = np.abs(apart) > tolerance_mm
        found.append(AddedPath(float(z), float(lengths.sum()), float(lengths[added].sum())))
    return found


def _rings(stack: PlaneStack, plane: int) -> Rings:
    first, last = stack.plane_rings[plane], stack.plane_rings[plane + 1]
    return [stack.xy_mm[a:b] for a, b in pairwise(stack.ring_starts[first : last + 1])]


def _parts(ring: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Middles (N, 2) and lengths (N,) of short parts of a ring, mm."""
    ends = np.roll(ring, -1, axis=0)
    lengths = np.hypot(*(ends - ring).T)
    counts = np.maximum(np.ceil(lengths / PART_MM).astype(int), 1)
    edge = np.repeat(np.arange(len(ring)), counts)
    rank = np.arange(len(edge)) - np.repeat(np.cumsum(counts) - counts, counts)
    share = ((rank + 0.5) / counts[edge])[:, None]
    return ring[edge] + share * (ends[edge] - ring[edge]), (lengths / counts)[edge]


def _section(stack: PlaneStack, solid: Boundary, z_mm: float) -> Rings:
    """Outline of a drawing on a plane: as drawn there, else that of its solid; empty beyond it."""
    plane = int(np.argmin(np.abs(stack.z_mm - z_mm)))
    if abs(stack.z_mm[plane] - z_mm) < ON_PLANE_MM:
        return _rings(stack, plane)
    lattice = solid.lattice.on(np.array([z_mm]))
    (field,) = on_planes(solid.runs, lattice)
    return trace_rings(field, x_mm=lattice.x_mm, y_mm=lattice.y_mm) if field.min() < 0 else []
