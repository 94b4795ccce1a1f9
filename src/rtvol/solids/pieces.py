"""A lobe -> pieces that end by themselves: separate parts, and limbs of one that branches.

The areas of a plane that belong together (an outline with its holes) are joined to those they
overlap on the next plane. An area that overlaps none there is a tip: something ends at it. Parts
that are joined nowhere are pieces; of a part with several tips, each tip but one is the end of a
limb, which is a piece of its own down to the area where it meets the others.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Self

import numpy as np

from rtvol._kernels import locked
from rtvol.solids.ends import SAME_DEPTH_MM, SHAPING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from rtvol.solids.planes import PlaneStack

    FlatRings = tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]

#: Depths are found to SAME_DEPTH_MM, or to this share of themselves where that is more.
DEPTH_SHARE = 0.002


@dataclass(frozen=True, eq=False)
class Area:
    """Rings of one plane that enclose one connected area.

    Attributes
    ----------
    plane
        Index into the planes of the stack.
    rings
        Their indices (R,).
    depth_mm, centre_mm
        The largest circle it holds.
    """

    plane: int
    rings: NDArray[np.int64]
    depth_mm: float
    centre_mm: tuple[float, float]
    above: list[Area] = field(default_factory=list)
    below: list[Area] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Piece:
    """Areas, plane by plane, that are interpolated together.

    Attributes
    ----------
    areas
        One list of areas for each of consecutive planes, ascending.
    first, last
        Planes between which the piece is solid; those beyond only shape it.
    """

    areas: list[list[Area]]
    first: int
    last: int

    @cached_property
    def planes(self) -> NDArray[np.int64]:
        """Planes (P,) with areas, ascending."""
        return np.array([areas[0].plane for areas in self.areas])

    @cached_property
    def depths_mm(self) -> NDArray[np.float64]:
        """Depth (P,) of the deepest area of each plane."""
        return np.array([max(area.depth_mm for area in areas) for areas in self.areas])

    def rings(self, stack: PlaneStack, near: slice) -> FlatRings:
        """Points, ring offsets and plane offsets of the rings on some of the piece's planes."""
        chosen = [np.concatenate([area.rings for area in areas]) for areas in self.areas[near]]
        spans = [
            (stack.ring_starts[r], stack.ring_starts[r + 1]) for rings in chosen for r in rings
        ]
        return (
            np.concatenate([stack.xy_mm[a:b] for a, b in spans]),
            np.cumsum([0, *(b - a for a, b in spans)], dtype=np.int64),
            np.cumsum([0, *map(len, chosen)], dtype=np.int64),
        )


@dataclass(frozen=True, eq=False)
class Body:
    """Contours and the pieces they make: what is lofted, found once whatever is grown from it.

    Attributes
    ----------
    stack
        The contours.
    pieces
        All of them, lobe by lobe.
    """

    stack: PlaneStack
    pieces: tuple[Piece, ...]

    @classmethod
    def of(cls, stack: PlaneStack) -> Self:
        """Part the contours into pieces."""
        pieces: list[Piece] = []
        for lobe in np.unique(stack.lobe):
            levels = [_areas(stack, int(plane)) for plane in np.flatnonzero(stack.lobe == lobe)]
            for lower, upper in pairwise(levels):
                _join(stack, lower, upper)
            pieces += [piece for part in _parts(levels) for piece in _limbs(part)]
        return cls(stack, tuple(pieces))

    @property
    def end_depths_mm(self) -> list[float]:
        """Greatest depth of the planes that shape an end, for each piece and either end."""
        return [
            float(near.max())
            for piece in self.pieces
            for near in (piece.depths_mm[:SHAPING], piece.depths_mm[-SHAPING:])
        ]


def _areas(stack: PlaneStack, plane: int) -> list[Area]:
    from rtvol._kernels.depth import section_depth

    first, last = int(stack.plane_rings[plane]), int(stack.plane_rings[plane + 1])
    found = []
    for rings in _connected(stack, first, last):
        xy, starts = _cut_out(stack, rings)
        depth, x, y = section_depth(*locked(xy, starts), 0, len(rings), SAME_DEPTH_MM, DEPTH_SHARE)
        found.append(Area(plane, rings, float(depth), (float(x), float(y))))
    return found


def _connected(stack: PlaneStack, first: int, last: int) -> list[NDArray[np.int64]]:
    """Rings of a plane grouped into areas: each outline with its holes and what crosses it."""
    from rtvol._kernels.depth import rings_meet

    if last - first == 1:
        return [np.array([first])]
    count = last - first
    arrays = locked(stack.xy_mm, stack.ring_starts)
    holds = np.zeros((count, count), bool)
    linked = np.eye(count, dtype=bool)
    for a in range(count):
        for b in range(count):
            if a != b and _boxes_meet(stack, first + a, first + b):
                holds[a, b] = _is_within(stack, first + b, first + a)
                crossing = (first + a, first + a + 1), (first + b, first + b + 1)
                linked[a, b] |= a < b and rings_meet(*arrays, *crossing)
    nesting = holds.sum(axis=0)
    linked |= holds & (nesting[None] % 2 == 1) & (nesting[:, None] == nesting[None] - 1)
    return [first + np.flatnonzero(label) for label in _labels(linked | linked.T)]


def _labels(linked: NDArray[np.bool_]) -> Iterator[NDArray[np.bool_]]:
    """Masks (N,) of the connected groups of a symmetric relation."""
    left = np.ones(len(linked), bool)
    while left.any():
        group = np.zeros_like(left)
        group[np.argmax(left)] = True
        while True:
            wider = linked[group].any(axis=0) | group
            if (wider == group).all():
                break
            group = wider
        left &= ~group
        yield group


def _boxes_meet(stack: PlaneStack, one: int, other: int) -> bool:
    a, b = (
        stack.xy_mm[stack.ring_starts[ring] : stack.ring_starts[ring + 1]] for ring in (one, other)
    )
    return bool((a.min(axis=0) <= b.max(axis=0)).all() and (b.min(axis=0) <= a.max(axis=0)).all())


def _is_within(stack: PlaneStack, ring: int, outer: int) -> bool:
    """Whether most of some points of a ring lie inside another one."""
    from rtvol._kernels.depth import depth_at

    points = stack.xy_mm[stack.ring_starts[ring] : stack.ring_starts[ring + 1]]
    some = points[:: max(len(points) // 5, 1)]
    arrays = locked(stack.xy_mm, stack.ring_starts)
    return bool(np.mean([depth_at(x, y, *arrays, outer, outer + 1) > 0 for x, y in some]) > 0.5)


def _cut_out(
    stack: PlaneStack, rings: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    each = [stack.xy_mm[stack.ring_starts[r] : stack.ring_starts[r + 1]] for r in rings]
    if len(each) == 1:
        return each[0], np.array([0, len(each[0])], dtype=np.int64)
    return np.concatenate(each), np.cumsum([0, *map(len, each)], dtype=np.int64)


def _join(stack: PlaneStack, lower: list[Area], upper: list[Area]) -> None:
    for low in lower:
        for high in upper:
            if _overlap(stack, low, high):
                low.above.append(high)
                high.below.append(low)


def _overlap(stack: PlaneStack, one: Area, other: Area) -> bool:
    """Whether two areas have points in common, seen from above."""
    from rtvol._kernels.depth import depth_at, rings_meet

    xy, starts = _cut_out(stack, one.rings)
    other_xy, other_starts = _cut_out(stack, other.rings)
    of_one, of_other = locked(xy, starts), locked(other_xy, other_starts)
    if depth_at(*one.centre_mm, *of_other, 0, other.rings.size) > 0:
        return True
    low, high = (np.array([f(p, axis=0) for p in (xy, other_xy)]) for f in (np.min, np.max))
    if (low.max(axis=0) > high.min(axis=0)).any():
        return False
    points = [(*point, *of_one, 0, one.rings.size) for point in (other.centre_mm, *other_xy)]
    points += [(*point, *of_other, 0, other.rings.size) for point in xy]
    if any(depth_at(*point) > 0 for point in points):
        return True
    both = np.concatenate([xy, other_xy])
    every = np.concatenate([starts, other_starts[1:] + len(xy)])
    split, end = one.rings.size, one.rings.size + other.rings.size
    return bool(rings_meet(*locked(both, every), (0, split), (split, end)))


def _parts(levels: list[list[Area]]) -> Iterator[list[list[Area]]]:
    """Areas that are joined, over any number of planes; each part's planes ascend."""
    left = {area for areas in levels for area in areas}
    while left:
        part, reached = set(), {next(area for areas in levels for area in areas if area in left)}
        while reached:
            part |= reached
            reached = {n for area in reached for n in (*area.above, *area.below)} - part
        left -= part
        of_planes = [[area for area in areas if area in part] for areas in levels]
        yield [areas for areas in of_planes if areas]


def _limbs(part: list[list[Area]]) -> Iterator[Piece]:
    """Cut the limbs off a part; what is left comes first."""
    limbs = []
    for upwards in (True, False):
        while True:
            tips = _tips(part, upwards=upwards)
            if len(tips) < 2:
                break
            limb, root = _limb(min(tips, key=lambda a: a.depth_mm), part, upwards=upwards)
            if not root:
                break
            taken = {area for areas in limb for area in areas}
            rest = [[area for area in areas if area not in taken] for areas in part]
            part = [areas for areas in rest if areas]
            limbs.append(_shaped(limb, root, upwards=upwards))
    planes = [areas[0].plane for areas in part]
    yield Piece(part, planes[0], planes[-1])
    yield from limbs


def _tips(part: list[list[Area]], *, upwards: bool) -> list[Area]:
    """Areas with none to join beyond them, within the part."""
    present = {area for areas in part for area in areas}
    return [
        area
        for areas in part
        for area in areas
        if not any(n in present for n in (area.above if upwards else area.below))
    ]


def _limb(
    tip: Area, part: list[list[Area]], *, upwards: bool
) -> tuple[list[list[Area]], list[Area]]:
    """Planes of a limb from its tip, and the areas it grows out of; none where it is all."""
    present = {area for areas in part for area in areas}
    limb, taken, current = [[tip]], {tip}, [tip]
    while True:
        ahead = {n for area in current for n in (area.below if upwards else area.above)} & present
        if not ahead:
            return limb, []
        back = {n for area in ahead for n in (area.above if upwards else area.below)} & present
        if back - taken:
            return limb, _in_order(ahead)
        current = _in_order(ahead)
        limb.append(current)
        taken |= ahead


def _shaped(limb: list[list[Area]], root: list[Area], *, upwards: bool) -> Piece:
    """Return a limb as a piece: solid from its root on, shaped by what lies behind that."""
    planes = [*limb, root]
    while len(planes) < len(limb) + 1 + SHAPING:
        behind = {n for area in planes[-1] for n in (area.below if upwards else area.above)}
        if not behind:
            break
        planes.append(_in_order(behind))
    tip, joint = limb[0][0].plane, root[0].plane
    ascending = planes[::-1] if upwards else planes
    return Piece(ascending, min(tip, joint), max(tip, joint))


def _in_order(areas: set[Area]) -> list[Area]:
    return sorted(areas, key=lambda area: int(area.rings[0]))
