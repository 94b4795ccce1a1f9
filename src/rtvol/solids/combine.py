"""PlaneStack x PlaneStack -> PlaneStack: the exact union, intersection or difference."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np

from rtvol._kernels import locked
from rtvol.errors import CaseRejected
from rtvol.solids.areas import plane_areas_mm2
from rtvol.solids.planes import PlaneStack
from rtvol.solids.turned import cut_across

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtvol.frames import PlaneFrame

    Rings = list[NDArray[np.float64]]

Operation = Literal["union", "intersect", "subtract"]

#: Whether points in neither, in the first only, in the second only, in both are in the result.
_KEEP: dict[Operation, tuple[bool, bool, bool, bool]] = {
    "union": (False, True, True, True),
    "intersect": (False, False, False, True),
    "subtract": (False, True, False, False),
}
#: Faces of slabs nearer to each other than this are one face, mm: sums of positions and half
#: spacings are rounded.
_SAME_FACE_MM = 1e-9
#: Less area than this on a plane is round-off, mm2.
_NOTHING_MM2 = 1e-7


def combine(one: PlaneStack, other: PlaneStack, operation: Operation) -> PlaneStack:
    """Combine the slab solids of two contour stacks exactly.

    Both solids are prisms over slabs. Where the slabs' faces differ they are cut into thinner
    slabs, each with a plane in its middle; whole slabs keep their plane. Per slab, polygons
    are combined by a sweep (even-odd parity in each operand), so that volumes are exact:
    V(A) + V(B) = V(A or B) + V(A and B).

    Parameters
    ----------
    one, other
        The operands, in the same frame of reference. Where their planes are turned against each
        other, the second is cut along the planes of the first (`rtvol.solids.turned`).
    operation
        "union": in either; "intersect": in both; "subtract": in `one` and not in `other`.

    Returns
    -------
    PlaneStack
        Rings combine by even-odd parity. Slabs that touch form one lobe.

    Raises
    ------
    CaseRejected
        `nothing-left` when the result has no volume.
    """
    pair = (one, cut_across(other, one.frame))
    faces = _faces(*pair)
    rows: list[tuple[float, float, float]] = []
    planes: list[Rings] = []
    for low, high in pairwise(faces):
        at = [_plane_in(stack, (low + high) / 2) for stack in pair]
        rings = _combined([_rings(s, p) for s, p in zip(pair, at, strict=True)], _KEEP[operation])
        if rings:
            rows.append(_slab(pair, at, low, high))
            planes.append(rings)
    return _stacked(rows, planes, operation, one.frame)


def _faces(one: PlaneStack, other: PlaneStack) -> NDArray[np.float64]:
    """All slab faces of both, ascending, mm; of those that coincide the lowest."""
    every = [face for s in (one, other) for face in (s.z_mm - s.below_mm, s.z_mm + s.above_mm)]
    faces = np.sort(np.concatenate(every))
    kept: NDArray[np.float64] = faces[np.diff(faces, prepend=-np.inf) > _SAME_FACE_MM]
    return kept


def _plane_in(stack: PlaneStack, z_mm: float) -> int:
    """Index of the plane whose slab holds a height; -1 for none."""
    held = (stack.z_mm - stack.below_mm < z_mm) & (z_mm < stack.z_mm + stack.above_mm)
    return int(np.argmax(held)) if held.any() else -1


def _rings(stack: PlaneStack, plane: int) -> Rings:
    if plane < 0:
        return []
    first, last = stack.plane_rings[plane], stack.plane_rings[plane + 1]
    starts = stack.ring_starts[first : last + 1]
    return [stack.xy_mm[a:b] for a, b in pairwise(starts)]


def _combined(operands: list[Rings], keep: tuple[bool, bool, bool, bool]) -> Rings:
    """Rings of the result on one slab; empty where nothing is left."""
    from rtvol._kernels.boolean import combine_rings

    one, other = operands
    if not (one and other):  # a lone operand is kept as it was drawn, or not at all
        rings = [*(one if keep[1] else []), *(other if keep[2] else [])]
    else:
        flat, starts = _flat([*one, *other])
        xy, ends = combine_rings(*locked(flat, starts), len(one), np.array(keep, dtype=np.float64))
        rings = [xy[a:b] for a, b in pairwise(ends)]
    if not rings:
        return []
    flat, starts = _flat(rings)
    area = plane_areas_mm2(flat, starts, np.array([0, len(rings)], dtype=np.int64))[0]
    return rings if area > _NOTHING_MM2 else []


def _flat(rings: Rings) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    return np.concatenate(rings), np.cumsum([0, *map(len, rings)], dtype=np.int64)


def _slab(
    pair: tuple[PlaneStack, PlaneStack], at: list[int], low: float, high: float
) -> tuple[float, float, float]:
    """Plane and reach below and above it of the slab between two faces."""
    for stack, plane in zip(pair, at, strict=True):
        if plane >= 0:
            z, below, above = (
                float(a[plane]) for a in (stack.z_mm, stack.below_mm, stack.above_mm)
            )
            if max(abs(z - below - low), abs(z + above - high)) <= _SAME_FACE_MM:
                return z, below, above
    return (low + high) / 2, (high - low) / 2, (high - low) / 2


def _stacked(
    rows: list[tuple[float, float, float]],
    planes: list[Rings],
    operation: Operation,
    frame: PlaneFrame,
) -> PlaneStack:
    if not rows:
        seen = {
            "union": "neither structure has volume",
            "intersect": "the structures have no volume in common",
            "subtract": "the second structure covers all of the first",
        }[operation]
        raise CaseRejected("nothing-left", seen=seen, mend="check which structures are combined")
    z, below, above = np.array(rows).T.copy()
    parted = z[1:] - below[1:] - (z[:-1] + above[:-1]) > 2 * _SAME_FACE_MM
    lobe = np.concatenate([[0], np.cumsum(parted)]).astype(np.int64)
    return PlaneStack.of(planes, z_mm=z, below_mm=below, above_mm=above, lobe=lobe, frame=frame)
