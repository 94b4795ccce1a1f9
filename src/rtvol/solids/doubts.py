"""What makes contours doubtful: rings that cross, lie on one another, or run out and back.

What changes the volume by next to nothing is a warning. Where one rule would give another volume
than the next, there is no number: the drawing does not say what is meant.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from rtvol import codes
from rtvol.errors import CaseRejected, Finding
from rtvol.solids.areas import crossing_planes, even_odd_area_mm2, plane_areas_mm2

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from rtvol.solids.planes import PlaneStack

#: Self-crossing rings may leave this part of the area open; beyond it, rings that run both ways
#: round, or whose area by parity is less than this part of that by direction, give no number.
OPEN_PART, LEAST_PART = 0.01, 0.2
#: Two rings are one, drawn twice, when their outlines lie this close and share nearly all area.
TWIN_MM, TWIN_PART = 0.5, 0.1
#: A spike: two edges at least this long that run back along each other.
SPIKE_MM, SPIKE_COSINE = 5.0, 0.9962  # 5 degrees

#: A ring that shares all but this part of its area with another lies within it.
NESTED_PART = 1e-6

_REDRAW = "redraw these contours in the planning system"


def ring_findings(stack: PlaneStack, name: str) -> list[Finding]:
    """Warn where the area depends on how rings are combined, or where a ring has a spike.

    Parameters
    ----------
    stack
        Contours by plane, identical rings already counted once.
    name
        Of the region, for the findings.

    Returns
    -------
    list of Finding
        `contour-self-crossing`, `contour-overlap`, `contour-spike`.

    Raises
    ------
    CaseRejected
        `contour-self-crossing` for figures of eight and rings that run round twice;
        `contour-duplicate` when two rings on one plane are nearly, but not quite, the same.
    """
    _refuse_twins(stack, name)
    return [*_crossings(stack, name), *_spikes(stack, name)]


def _crossings(stack: PlaneStack, name: str) -> Iterator[Finding]:
    each_ring = np.arange(stack.ring_starts.size, dtype=np.int64)
    by_itself = crossing_planes(stack.xy_mm, stack.ring_starts, each_ring)
    on_plane = by_itself
    if stack.plane_rings.size < stack.ring_starts.size:  # several rings on a plane
        on_plane = crossing_planes(stack.xy_mm, stack.ring_starts, stack.plane_rings)
    own = np.logical_or.reduceat(by_itself, stack.plane_rings[:-1])
    if own.any():
        yield _self_crossing(stack, f"ROI {name}, z {stack.z_mm[own][0]:.1f} mm", by_itself)
    if (on_plane & ~own).any():
        z = stack.z_mm[on_plane & ~own]
        seen = f"contours overlap on {z.size} planes; even-odd parity leaves out what "
        seen += "two of them enclose"
        mend = "join or separate them in the planning system"
        where = f"ROI {name}, z {z[0]:.1f} mm"
        yield codes.CONTOUR_OVERLAP.warn(where=where, seen=seen, mend=mend)


def _self_crossing(stack: PlaneStack, where: str, crossing: NDArray[np.bool_]) -> Finding:
    """Warn of rings that cross themselves; refuse those that parity and direction read apart."""
    each_ring = np.arange(stack.ring_starts.size, dtype=np.int64)
    each_mm2 = plane_areas_mm2(stack.xy_mm, stack.ring_starts, each_ring)
    all_mm2 = plane_areas_mm2(stack.xy_mm, stack.ring_starts, stack.plane_rings).sum()
    parity = each_mm2[crossing].sum()
    direction = np.abs(signed_areas_mm2(stack))[crossing].sum()
    seen = f"{int(crossing.sum())} contours cross themselves: {parity / 100:.2f} cm2 by even-odd "
    seen += f"parity, {direction / 100:.2f} cm2 by the way they run"
    is_small = abs(parity - direction) <= OPEN_PART * max(all_mm2, direction)
    if is_small or LEAST_PART * direction <= parity <= direction:
        return codes.CONTOUR_SELF_CROSSING.warn(
            where=where, seen=f"{seen}; parity counts", mend=_REDRAW
        )
    raise CaseRejected("contour-self-crossing", where=where, seen=seen, mend=_REDRAW)


def joined_areas_mm2(stack: PlaneStack) -> NDArray[np.float64]:
    """Area (P,) of each plane, mm2, where all that crossing rings enclose counts as inside.

    Parity leaves out what a ring runs round twice, and what two rings on one plane share.
    """
    areas = plane_areas_mm2(stack.xy_mm, stack.ring_starts, stack.plane_rings)
    each_ring = np.arange(stack.ring_starts.size, dtype=np.int64)
    crossing = crossing_planes(stack.xy_mm, stack.ring_starts, stack.plane_rings)
    if not crossing.any():
        return areas
    by_itself = crossing_planes(stack.xy_mm, stack.ring_starts, each_ring)
    parity = plane_areas_mm2(stack.xy_mm, stack.ring_starts, each_ring)
    own = np.where(by_itself, np.maximum(np.abs(signed_areas_mm2(stack)), parity), parity)
    for plane in np.flatnonzero(crossing).tolist():
        first, last = stack.plane_rings[plane : plane + 2].tolist()
        areas[plane] += (own - parity)[first:last].sum()
        for a, b in combinations(range(first, last), 2):
            pair = np.concatenate([_ring(stack, a), _ring(stack, b)])
            ends = np.array([0, len(_ring(stack, a)), len(pair)], dtype=np.int64)
            both = plane_areas_mm2(pair, ends, np.array([0, 2], dtype=np.int64))[0]
            shared = (parity[a] + parity[b] - both) / 2
            # a ring that lies within the other is a hole, or an island in one
            if shared < (1 - NESTED_PART) * min(parity[a], parity[b]):
                areas[plane] += max(shared, 0.0)
    return areas


def _ring(stack: PlaneStack, ring: int) -> NDArray[np.float64]:
    points: NDArray[np.float64] = stack.xy_mm[stack.ring_starts[ring] : stack.ring_starts[ring + 1]]
    return points


def signed_areas_mm2(stack: PlaneStack) -> NDArray[np.float64]:
    """Shoelace area (R,) of each ring in mm2, positive where it runs counter-clockwise."""
    xy, starts = stack.xy_mm - stack.xy_mm[0], stack.ring_starts
    following = _following(starts)
    cross = xy[:, 0] * xy[following, 1] - xy[following, 0] * xy[:, 1]
    areas: NDArray[np.float64] = np.add.reduceat(cross, starts[:-1]) / 2
    return areas


def _following(starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Index of the corner behind each corner; the last of a ring is followed by its first."""
    following = np.arange(1, starts[-1] + 1)
    following[starts[1:] - 1] = starts[:-1]
    return following


def _refuse_twins(stack: PlaneStack, name: str) -> None:
    """Refuse rings of one plane that are nearly the same: parity would leave a skin of them."""
    several = np.flatnonzero(np.diff(stack.plane_rings) > 1)
    if not several.size:
        return
    starts = stack.ring_starts[:-1]
    low = np.minimum.reduceat(stack.xy_mm, starts)
    high = np.maximum.reduceat(stack.xy_mm, starts)
    for plane in several.tolist():
        first, last = stack.plane_rings[plane : plane + 2].tolist()
        box = np.hstack([low[first:last], high[first:last]])
        apart = np.abs(box[:, None] - box[None]).max(axis=2)
        for one, other in np.argwhere(np.triu(apart <= TWIN_MM, k=1)).tolist():
            if _are_twins(stack, first + one, first + other):
                seen = f"two contours that differ by less than {TWIN_MM} mm lie on one another: "
                seen += "one drawn twice, or a hole?"
                where = f"ROI {name}, z {stack.z_mm[plane]:.1f} mm"
                mend = "delete one of them in the planning system"
                raise CaseRejected("contour-duplicate", where=where, seen=seen, mend=mend)


def _are_twins(stack: PlaneStack, one: int, other: int) -> bool:
    """Whether two rings share all but a tenth of their area."""
    rings = [stack.xy_mm[stack.ring_starts[at] : stack.ring_starts[at + 1]] for at in (one, other)]
    ends = np.cumsum([0, *map(len, rings)], dtype=np.int64)
    each = [even_odd_area_mm2(ring, np.array([0, len(ring)], np.int64)) for ring in rings]
    return even_odd_area_mm2(np.concatenate(rings), ends) < TWIN_PART * sum(each)


def _spikes(stack: PlaneStack, name: str) -> Iterator[Finding]:
    """Warn of corners where a contour runs far out and straight back."""
    following = _following(stack.ring_starts)
    leaving = stack.xy_mm[following] - stack.xy_mm
    arriving = np.empty_like(leaving)
    arriving[following] = leaving
    along = np.einsum("nc,nc->n", leaving, arriving)
    lengths = np.hypot(*leaving.T), np.hypot(*arriving.T)
    is_spike = (np.minimum(*lengths) >= SPIKE_MM) & (
        along < -SPIKE_COSINE * lengths[0] * lengths[1]
    )
    if is_spike.any():
        longest = float(np.minimum(*lengths)[is_spike].max())
        ring = int(np.searchsorted(stack.ring_starts, np.flatnonzero(is_spike)[0], side="right"))
        plane = int(np.searchsorted(stack.plane_rings, ring, side="left")) - 1
        seen = f"{int(is_spike.sum())} spikes, the longest {longest:.0f} mm: out and straight back"
        where = f"ROI {name}, z {stack.z_mm[plane]:.1f} mm"
        yield codes.CONTOUR_SPIKE.warn(where=where, seen=seen, mend=_REDRAW)
