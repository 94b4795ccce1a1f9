"""Two drawings of one structure: volumes, overlap, and how far their surfaces lie apart."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from rtvol.frames import AXIAL
from rtvol.solids.boundary import Boundary
from rtvol.solids.layers import faces_of, merged_faces, step_of
from rtvol.solids.outline_paths import AddedPath, added_paths
from rtvol.solids.pieces import Body
from rtvol.solids.shared import moments, shared_cc
from rtvol.solids.turned import cut_across

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from rtvol.solids.planes import PlaneStack
    from rtvol.solids.reading import SolidName

#: Points in plane are this part of a structure's extent apart: a curve of radius R is missed by
#: step^2 / 8R at most.
PER_SIZE = 0.015
#: The lattice reaches about so far around a structure whose partner is near, mm.
AROUND_MM = 2.0
#: Lattice steps of two drawings that differ by less than this factor become one.
ALIKE = 1.5
#: Within so many lattice steps a corner's own distance to its own surface is taken off.
NEAR_STEPS = 2.0
#: No point lies farther off its own surface, in these.
MOST_OFF = 2.0
#: So many points are looked at again at a time, at most so many times.
LOOKS, MOST_LOOKS = 48, 16
#: Points that seem to lie farther by less are not looked at, mm.
SAME_MM = 0.002
#: Part of a surface that lies nearer than the distance given as its 95th percentile.
MOST = 0.95


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
    steps = [step_of(stack, per_size=PER_SIZE, around_mm=AROUND_MM) for stack in (one, other)]
    if max(steps) < ALIKE * min(steps):  # what sharp corners are rounded by is then the same
        steps = [min(steps)] * 2
    a, b = _surfaces((one, other), steps, solid)
    is_same = _same(one, other)
    apart = [_apart(*sides, is_same=is_same) for sides in ((a, b), (b, a))]
    areas = [np.concatenate([side.area_mm2, side.corner_mm2]) for side in (a, b)]
    farthest = _farthest((a, b), apart)
    from_a, from_b = (
        _directed(mm, area, tolerances_mm, (most, frame.to_patient(at)))
        for mm, area, (most, at) in zip(apart, areas, farthest, strict=True)
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
        shared_cc=volumes[0] if is_same else min(shared_cc(*prisms), *volumes),
        from_a=from_a,
        from_b=from_b,
        pooled_p95_mm=_percentile(np.concatenate(apart), np.concatenate(areas)),
        shift_mm=(float(shift[0]), float(shift[1]), float(shift[2])),
        paths=tuple(added_paths(one, a, other, path_tolerance_mm)),
    )


def _surfaces(
    stacks: tuple[PlaneStack, PlaneStack], steps: Sequence[float], solid: SolidName
) -> list[Boundary]:
    """Return both surfaces, with sections at the same heights.

    Steps of one that have no partner in the other would be a difference.
    """
    (one, other), (box, its_box) = stacks, (stack.bounds_mm for stack in stacks)
    if solid == "slab":
        return [
            Boundary.of(one, solid, step_mm=steps[0], box_mm=its_box),
            Boundary.of(other, solid, step_mm=steps[1], box_mm=box),
        ]
    bodies = [Body.of(stack) for stack in stacks]
    own = [faces_of(body, step) for body, step in zip(bodies, steps, strict=True)]
    faces = merged_faces(own)
    return [
        Boundary.of(
            body.stack,
            solid,
            step_mm=step,
            faces_mm=faces[(faces >= mine[0]) & (faces <= mine[-1])],
            body=body,
            box_mm=far,
        )
        for body, step, mine, far in zip(bodies, steps, own, (its_box, box), strict=True)
    ]


def _same(one: PlaneStack, other: PlaneStack) -> bool:
    """Whether two stacks are one drawing, point by point."""
    return all(
        np.array_equal(mine, its)
        for mine, its in zip(vars(one).values(), vars(other).values(), strict=True)
        if isinstance(mine, np.ndarray)
    )


def _apart(side: Boundary, other: Boundary, *, is_same: bool) -> NDArray[np.float64]:
    """Distances (N + M,) of the pieces and of the corners of one surface to the other, mm.

    At sharp corners and jumps the field between lattice points is not quite a distance, for both
    surfaces alike: what a point seems to lie off its own is taken off where the other passes near.
    """
    points = np.concatenate([side.point_mm, side.corner_mm])
    if is_same:
        return np.zeros(len(points))
    apart = other.signed_mm(points)
    reach = NEAR_STEPS * side.lattice.step_mm
    near = np.abs(apart) < MOST_OFF * reach
    own = side.signed_mm(points[near])
    beyond = (np.abs(apart[near]) - np.abs(own)) / reach
    apart[near] -= np.clip(1 - beyond, 0, 1) * own
    return np.abs(apart)


def _directed(
    apart_mm: NDArray[np.float64],
    area_mm2: NDArray[np.float64],
    tolerances_mm: Sequence[float],
    farthest: tuple[float, NDArray[np.float64]],
) -> Directed:
    x, y, z = farthest[1].tolist()
    area = float(area_mm2.sum())
    return Directed(
        area_cm2=area / 100,
        mean_mm=float((apart_mm * area_mm2).sum()) / area,
        p95_mm=_percentile(apart_mm, area_mm2),
        largest_mm=farthest[0],
        at_mm=(x, y, z),
        within={mm: float(area_mm2[apart_mm <= mm].sum()) / area for mm in tolerances_mm},
    )


def _farthest(
    sides: tuple[Boundary, Boundary], apart: Sequence[NDArray[np.float64]]
) -> list[tuple[float, NDArray[np.float64]]]:
    """For either side its greatest distance to the other, mm, and the point (3,) it is at.

    The points that seem to lie farthest are looked at again, by the contours themselves, and what
    they lie off their own surface is taken off, until none of the rest can lie farther.
    """
    points = [np.concatenate([side.point_mm, side.corner_mm]) for side in sides]
    best = [(0.0, places[0]) for places in points]
    orders = [np.argsort(-mm) for mm in apart]
    for first in range(0, MOST_LOOKS * LOOKS, LOOKS):
        chosen = [order[first : first + LOOKS] for order in orders]
        chosen = [
            some[mm[some] > most] for some, mm, (most, _) in zip(chosen, apart, best, strict=True)
        ]
        if not any(map(len, chosen)):
            break
        places = np.concatenate([at[some] for at, some in zip(points, chosen, strict=True)])
        limit = max(float(mm[some].max(initial=0)) for mm, some in zip(apart, chosen, strict=True))
        limit += max(side.lattice.step_mm for side in sides)
        off = [np.abs(side.exactly_mm(places, limit)) for side in sides]
        split = len(chosen[0])
        for number, part in enumerate((slice(split), slice(split, None))):
            between, own = off[1 - number][part], off[number][part]
            if between.size:
                sides[1 - number].lower_to_pieces(places[part], between)
                at = int(np.argmax(between - own))
                if between[at] - own[at] > best[number][0]:
                    best[number] = float(between[at] - own[at]), places[part][at]
    return best


def _percentile(distances_mm: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Return the least distance that MOST of the weight lies within."""
    order = np.argsort(distances_mm)
    reached = np.cumsum(weights[order])
    at = int(np.searchsorted(reached, MOST * reached[-1]))
    return float(distances_mm[order[min(at, len(order) - 1)]])
